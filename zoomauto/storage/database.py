"""The database as a thing to look after, whatever its schema."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path, PurePath

from sqlalchemy import Engine, func, select

from zoomauto.errors import AlreadyExists, NotFound, UsageError
from zoomauto.ports.database import DatabaseStatus
from zoomauto.storage.copy import copy_sqlite
from zoomauto.storage.engine import (
    make_folder,
    open_engine,
    reading,
    sqlite_path,
    without_password,
)
from zoomauto.storage.schema import HEAD, UPGRADE, read_revision, state_of, upgrade
from zoomauto.storage.tables import Row


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlDatabase:
    """Implements :class:`zoomauto.ports.database.Database`; every call opens and closes it."""

    #: ``sqlite:///PATH`` or ``postgresql://...``
    url: str

    def status(self) -> DatabaseStatus:
        """Look without changing anything. Raise ConfigurationError when it is no database."""
        file = sqlite_path(self.url)
        if file is not None and not file.exists():
            return self._status(revision=None, counts={})
        engine = open_engine(self.url, read_only=True)
        try:
            revision = read_revision(engine)
            counts = _counts(engine) if revision == HEAD else {}
        finally:
            engine.dispose()
        return self._status(revision=revision, counts=counts)

    def upgrade(self) -> DatabaseStatus:
        """Bring the schema to the newest revision; SQLite keeps a copy beside first.

        A missing SQLite database is made. Raise SchemaTooNew for one that is ahead of us.
        """
        file = sqlite_path(self.url)
        if file is not None:
            make_folder(file)
        engine = open_engine(self.url)
        try:
            upgrade(engine, file)
        finally:
            engine.dispose()
        return self.status()

    def backup(self, target: PurePath) -> int:
        """Write a consistent copy to ``target`` while others write; give its size in bytes.

        Raise AlreadyExists rather than overwrite anything, NotFound when there is no database,
        UsageError for a server database, naming the server's own tool.
        """
        file = sqlite_path(self.url)
        if file is None:
            raise UsageError(
                "a server's database is backed up with the server's own tool",
                hint=self._dump_command(target),
            )
        if not file.exists():
            raise NotFound(f"there is no database {file} yet", hint=UPGRADE)
        if os.path.lexists(target):
            raise AlreadyExists(f"{target} exists and is not overwritten")
        return copy_sqlite(file, Path(target))

    def _dump_command(self, target: PurePath) -> str:
        return shlex.join(
            ["pg_dump", "--format=custom", f"--file={target}", without_password(self.url)]
        )

    def _status(self, *, revision: str | None, counts: dict[str, int]) -> DatabaseStatus:
        file = sqlite_path(self.url)
        return DatabaseStatus(
            url=without_password(self.url),
            state=state_of(revision),
            revision=revision,
            newest_revision=HEAD,
            size_bytes=file.stat().st_size if file is not None and file.exists() else None,
            counts=counts,
        )


def _counts(engine: Engine) -> dict[str, int]:
    with reading(engine).connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Row.metadata.sorted_tables
        }
