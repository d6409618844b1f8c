"""The options that everything at Google needs, checked when they are saved."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from zoomauto.errors import InvalidOptions

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class GoogleOptions:
    """Whose application asks, for which login, and where Google answers."""

    #: Of the OAuth client, type "desktop app", in your Google Cloud project.
    client_id: str
    #: Tells logins apart: any word. Destinations of one type and client share the login of a word.
    account: str = "default"
    #: Where a person grants access; others for tests.
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    #: Where tokens are given out; likewise.
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a token

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        if not self.client_id.strip():
            raise InvalidOptions("the client_id is empty")
        if not _ACCOUNT.fullmatch(self.account):
            raise InvalidOptions("account is one word of letters, digits, dots and dashes")
        for name in ("auth_url", "token_url"):
            check_address(name, getattr(self, name))


def check_address(name: str, address: str) -> None:
    """Raise InvalidOptions unless secrets may be sent to that address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    if not host or not is_safe or parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidOptions(f"{name} must be an https address, not {address!r}")


def _is_this_machine(host: str) -> bool:
    """Whether what is sent there unencrypted never leaves the machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
