"""What can be asked of the database as a thing to look after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseStatus:
    """Which database this is and how its schema stands."""

    #: Without a password.
    url: str
    #: ``current``, ``outdated``, ``missing`` or ``too new``.
    state: str
    #: The schema's revision; None when there is none yet.
    revision: str | None
    newest_revision: str
    #: Size of the file in bytes; None for a server.
    size_bytes: int | None
    #: Table -> rows; empty unless the schema is current.
    counts: Mapping[str, int] = field(default_factory=dict)


class Database(Protocol):
    """A database, whatever its schema."""

    def status(self) -> DatabaseStatus:
        """Look without changing anything."""

    def upgrade(self) -> DatabaseStatus:
        """Bring the schema to the newest revision; SQLite keeps a copy beside first."""

    def backup(self, target: PurePath) -> int:
        """Write a consistent copy to ``target`` while others write; give its size in bytes.

        Raise UsageError for a server database, naming the server's own tool.
        """
