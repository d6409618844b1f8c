"""Who is logged in: one file per login in the state directory, never the database.

A refresh token may be replaced by Google at any time, so it is state and no configuration.
"""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from zoomauto.errors import AuthenticationError, ConfigurationError
from zoomauto.google.options import GoogleOptions
from zoomauto.google.private_file import locked, read_private, write_private
from zoomauto.masking import mask
from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret

LOGIN_HINT = "zoomauto destination login NAME"


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What a person granted us."""

    refresh_token: Secret
    scopes: frozenset[str]
    #: When Google will end it by itself, if it says so.
    ends_at: datetime | None = None
    #: Tells one login from the next: an upload begun for one account is not for another.
    id: str = field(default_factory=lambda: secrets.token_hex(8))


class LoginFile:
    """Where one login is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, options: GoogleOptions, tools: Tools, *, service: str) -> "LoginFile":
        """Give the file of a service's login. Raise ConfigurationError without a state folder."""
        if tools.state_folder is None:
            raise ConfigurationError("there is no folder for logins", hint="ZOOMAUTO_STATE_FOLDER")
        client = hashlib.sha256(f"{options.client_id}\n{options.token_url}".encode()).hexdigest()
        name = f"{service}-{options.account}-{client[:8]}.json"
        return cls(Path(tools.state_folder) / "google" / name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process from changing the login."""
        with locked(self.path.with_suffix(".lock")):
            yield

    def read(self) -> Login | None:
        """Give the login; None when there is none."""
        document = read_private(self.path)
        token = (document or {}).get("refresh_token")
        if document is None or not isinstance(token, str) or not token:
            return None
        mask(token)
        ends_at = document.get("ends_at")
        return Login(
            refresh_token=Secret(token),
            scopes=frozenset(str(document.get("scopes", "")).split()),
            ends_at=datetime.fromisoformat(str(ends_at)) if ends_at else None,
            id=str(document.get("id", "")),
        )

    def required(self) -> Login:
        """Give the login. Raise AuthenticationError when there is none."""
        login = self.read()
        if login is None:
            raise AuthenticationError(f"nobody is logged in at Google; {LOGIN_HINT}")
        return login

    def save(self, login: Login) -> None:
        """Keep a login in place of the one before."""
        mask(login.refresh_token.reveal())
        write_private(
            self.path,
            {
                "refresh_token": login.refresh_token.reveal(),
                "scopes": " ".join(sorted(login.scopes)),
                "ends_at": None if login.ends_at is None else login.ends_at.isoformat(),
                "id": login.id,
            },
        )
