"""What an SFTP destination needs to know."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import quote

from zoomauto.errors import InvalidOptions

_DEFAULT_PORT = 22
_LAST_PORT = 65535


@dataclass(frozen=True, kw_only=True, slots=True)
class SftpOptions:
    """The options of an SFTP destination."""

    #: Name or address of the server.
    host: str
    #: Whom to log in as.
    user: str
    #: The folder on the server; what does not begin with ``/`` lies below the user's own folder.
    #: Its last part is made when it is missing.
    path: str
    port: int = _DEFAULT_PORT
    #: File with the host keys to trust, as ``ssh`` writes it. Without the server's key in it
    #: nothing is sent.
    known_hosts: str = "~/.ssh/known_hosts"
    #: File with a private key to log in with; without one the secret ``password`` is used.
    key_file: str | None = None
    #: ``sent``: the bytes are hashed as they are sent and the size is compared at the end.
    #: ``read``: all of it is read back and hashed as well, before it gets its name.
    verify: Literal["sent", "read"] = "sent"

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        for name in ("host", "user", "path"):
            text = getattr(self, name)
            if not text.strip() or any(ord(character) < ord(" ") for character in text):
                raise InvalidOptions(
                    f"the {name} of an SFTP destination cannot be {text!r}",
                    hint="--option host=files.example.org --option user=ann --option path=films",
                )
        if "/" in self.host or "@" in self.host:
            raise InvalidOptions(
                f"the host is a name or an address alone, not {self.host!r}",
                hint="user, port and path are options of their own",
            )
        if not 1 <= self.port <= _LAST_PORT:
            raise InvalidOptions(f"there is no port {self.port}; SSH usually has {_DEFAULT_PORT}")
        for name in ("known_hosts", "key_file"):
            _refuse_relative(name, getattr(self, name))

    @property
    def place(self) -> str:
        """The server as messages name it."""
        port = "" if self.port == _DEFAULT_PORT else f":{self.port}"
        return f"{self.user}@{self.host}{port}"

    def url(self, path: PurePosixPath) -> str:
        """Give the address of a file on the server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORT else f":{self.port}"
        return f"sftp://{quote(self.user, safe='')}@{host}{port}{quote(str(path))}"


def local_path(text: str) -> Path:
    """Give a path on this machine without ``~``."""
    with suppress(RuntimeError):
        return Path(text).expanduser()
    return Path(text)


def _refuse_relative(name: str, text: str | None) -> None:
    if text is not None and ("\0" in text or not local_path(text).is_absolute()):
        raise InvalidOptions(
            f"{name} of an SFTP destination must be an absolute path, not {text!r}",
            hint=f"--option {name}=~/.ssh/...: who starts jobs has another folder than you",
        )
