"""Which addresses an option may hold, checked when it is saved."""

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from zoomauto.errors import InvalidOptions


def require_secure(name: str, address: str) -> None:
    """Raise InvalidOptions unless secrets may be sent to that address."""
    parts = _parts(address)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    if parts.query or parts.fragment or "@" in parts.netloc:
        # What was given may hold a secret: it must not be repeated.
        raise InvalidOptions(f"{name} must be an address without user, password, query or fragment")
    if not parts.hostname or not is_safe:
        raise InvalidOptions(f"{name} must be an https address, not {address!r}")


def require_base(table: str, base_url: str) -> None:
    """Raise InvalidOptions unless an engine may be asked below ``base_url``.

    A server in the house may do without encryption. ``table`` is the stage's, for the message.
    """
    parts = _parts(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidOptions(f"{table}.base_url must begin with http:// or https:// and a host")
    if parts.username or parts.password or parts.query:
        # What was given may hold the secret itself: it must not be repeated.
        raise InvalidOptions(
            f"{table}.base_url cannot hold credentials",
            hint=f"give {table}.api_key a reference such as env:OPENAI_API_KEY",
        )


def _parts(address: str) -> SplitResult:
    """Take an address apart; one that is none has no parts."""
    if not address.isprintable() or " " in address:
        return urlsplit("")
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        return urlsplit("")
    return parts


def _is_here(host: str | None) -> bool:
    """Whether what is sent there unencrypted never leaves the machine."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
