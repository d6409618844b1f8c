"""Where a WebDAV folder is, and who may write into it."""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, unquote, urlsplit

from zoomauto.errors import InvalidOptions

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_HINT = "write url=https://cloud.example.org/remote.php/dav/files/USER/FOLDER"


class Proof(StrEnum):
    """How it is proved that what arrived is what was sent."""

    READ = "read"
    SIZE = "size"


@dataclass(frozen=True, kw_only=True, slots=True)
class WebdavOptions:
    """The options of a WebDAV folder."""

    #: Address of the folder. Its last part is made when it is missing.
    url: str
    #: Who logs in, with the secret ``password``; nobody unless told.
    user: str | None = None
    #: Speak to the server without encryption. Never needed for this machine itself.
    allow_http: bool = False
    #: ``read``: every file is read back and hashed before it gets its name, since WebDAV has no
    #: checksums. ``size``: only its size is compared.
    verify: Proof = Proof.READ
    #: How long the server may say nothing: some copy a file when it gets its name. 10 to 7200.
    patience_seconds: int = 600

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can be seen to fail."""
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError as error:
            raise InvalidOptions("the url is no address", hint=_HINT) from error
        if parts.username is not None:
            # Not repeated: it may hold a password.
            raise InvalidOptions(
                "the url must not name a user", hint="give user=NAME and the secret password"
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidOptions(f"{self.url!r} is no http or https address", hint=_HINT)
        if parts.query or parts.fragment:
            raise InvalidOptions("the url of a folder has no ? and no #", hint=_HINT)
        if parts.scheme == "http" and not (self.allow_http or parts.hostname in _LOCAL):
            raise InvalidOptions(
                "the address is not encrypted", hint="write https://, or allow_http=true"
            )
        if self.user is not None and (not self.user or ":" in self.user):
            raise InvalidOptions("a user has a name, without a colon", hint="give user=NAME")
        if not 10 <= self.patience_seconds <= 7200:  # noqa: PLR2004 - said above
            raise InvalidOptions(
                f"patience_seconds must be 10 to 7200, not {self.patience_seconds}",
                hint="600 suits most servers",
            )

    @property
    def folder(self) -> str:
        """The address, encoded, without a slash at its end."""
        parts = urlsplit(self.url)
        path = quote(unquote(parts.path).rstrip("/"))
        return f"{parts.scheme}://{parts.netloc}{path}"
