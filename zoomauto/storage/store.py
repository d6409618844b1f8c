"""The store: transactions on one database."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine

from zoomauto.errors import ConfigurationError, UsageError
from zoomauto.ports.store import Transaction
from zoomauto.storage.engine import (
    PATIENCE,
    make_folder,
    open_engine,
    reading,
    sqlite_path,
    writing,
)
from zoomauto.storage.schema import HEAD, UPGRADE, read_revision, require_current, upgrade
from zoomauto.storage.transaction import SqlTransaction


def open_store(
    url: str, *, read_only: bool = False, create: bool = True, patience: timedelta = PATIENCE
) -> "SqlStore":
    """Open the database at ``url`` (``sqlite:///PATH`` or ``postgresql://...``).

    A SQLite database is created and migrated as needed; without ``create`` it must exist, with
    ``read_only`` nothing is written at all, not even beside it. A server's must be current.
    ``patience`` is how long a transaction waits for a locked database, then StoreBusy.
    Raise SchemaOutdated, SchemaTooNew or ConfigurationError for a database that cannot be used.
    """
    file = sqlite_path(url)
    if file is not None:
        _find(file, create=create and not read_only)
    engine = open_engine(url, read_only=read_only, patience=patience)
    try:
        revision = read_revision(engine)
        if file is None or read_only:
            require_current(revision)
        elif revision != HEAD:
            upgrade(engine, file)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine=engine, is_read_only=read_only)


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlStore:
    """Implements :class:`zoomauto.ports.store.Store`; threads may share it."""

    engine: Engine
    is_read_only: bool = False

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a transaction that only reads, and sees everything as at one moment."""
        with reading(self.engine).connect() as connection:
            yield SqlTransaction(connection)

    @contextmanager
    def writing(self, *, owner: str | None = None) -> Iterator[Transaction]:
        """Open a transaction that writes; commit at its end, roll back on an exception.

        With ``owner``, at most one such transaction per owner runs at a time, on all hosts:
        what it counted is still true when it commits.
        Raise StoreBusy when the database stays locked.
        """
        if self.is_read_only:
            raise UsageError("the database was opened for reading only")
        with writing(self.engine).begin() as connection:
            if owner is not None:
                _lock_owner(connection, owner)
            yield SqlTransaction(connection)

    def close(self) -> None:
        """Close every connection; a SQLite database leaves no ``-wal`` file behind."""
        self.engine.dispose()


def _find(file: Path, *, create: bool) -> None:
    if create:
        make_folder(file)
    elif not file.exists():
        raise ConfigurationError(f"there is no database {file} yet", hint=UPGRADE)


def _lock_owner(connection: Connection, owner: str) -> None:
    # On SQLite only one transaction writes at a time anyway.
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(f"zoomauto owner {owner}".encode("utf-8", "replace")).digest()
        number = int.from_bytes(digest[:8], signed=True)
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({number})")
