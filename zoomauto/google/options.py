"""The options that everything at Google needs, checked when they are saved."""

import re
from dataclasses import dataclass

from zoomauto.address import require_secure
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
            require_secure(name, getattr(self, name))
