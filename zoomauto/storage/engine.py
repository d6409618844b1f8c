"""How connections are opened and transactions begun, on SQLite and on Postgres.

A SQLite URL is ``sqlite:///`` plus the path as it stands: nothing in it is decoded, so spaces,
``%``, ``?`` and ``#`` need no care. An absolute path makes four slashes.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from zoomauto.errors import ConfigurationError
from zoomauto.storage.faults import translate_errors_of

#: How long a transaction waits for another one to finish.
PATIENCE = timedelta(seconds=30)

_SQLITE = "sqlite:///"
_WRITES = "zoomauto_writes"
_CONNECT_SECONDS = 10


def sqlite_path(url: str) -> Path | None:
    """Give the absolute path of a SQLite URL; None for any other URL.

    Raise ConfigurationError when there is no usable path in it.
    """
    if not url.startswith("sqlite:"):
        return None
    name = url.removeprefix(_SQLITE)
    if name in ("", url, ":memory:") or "\0" in name:
        raise ConfigurationError(
            f"{url!r} names no database file", hint="write it as sqlite:////absolute/path"
        )
    return Path(name).absolute()


def server_url(url: str) -> URL:
    """Give the URL of a Postgres server, for psycopg 3. Raise ConfigurationError for others."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ConfigurationError("the database URL cannot be read", hint=_KINDS) from error
    if parsed.drivername not in ("postgresql", "postgresql+psycopg"):
        raise ConfigurationError(
            f"databases of the kind {parsed.drivername!r} are not supported", hint=_KINDS
        )
    return parsed.set(drivername="postgresql+psycopg")


_KINDS = "use sqlite:///PATH or postgresql://USER@HOST/NAME"


def without_password(url: str) -> str:
    """Give the URL as it may be shown."""
    path = sqlite_path(url)
    if path is not None:
        return f"{_SQLITE}{path}"
    full = server_url(url)
    shown = URL.create(
        "postgresql",
        username=full.username,
        host=full.host,
        port=full.port,
        database=full.database,
        query=full.query,
    )
    return shown.difference_update_query(["password", "sslpassword"]).render_as_string()


def open_engine(url: str, *, read_only: bool = False, patience: timedelta = PATIENCE) -> Engine:
    """Make an engine for a database URL; nothing is opened before its first use.

    ``read_only`` opens a SQLite file without changing it or making any file beside it.
    ``patience`` is how long a transaction waits for a locked database.
    """
    path = sqlite_path(url)
    if path is None:
        return _postgres_engine(url, patience)
    return _read_only_engine(path, patience) if read_only else _sqlite_engine(path, patience)


def reading(engine: Engine) -> Engine:
    """Give the engine whose transactions see one moment and refuse to write."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Engine:
    """Give the engine whose transactions write."""
    return engine.execution_options(**{_WRITES: True})


def make_folder(path: Path) -> None:
    """Make the folder of a database file, and those above it, for this user alone."""
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        for folder in reversed(missing):
            # Folder by folder: mkdir(parents=True) gives the mode to the last one only.
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the folder {path.parent} cannot be made ({error.strerror})",
            hint="zoomauto config show",
        ) from error


def _sqlite_engine(path: Path, patience: timedelta) -> Engine:
    def connect() -> sqlite3.Connection:
        return _connect(os.fspath(path), patience)

    engine = _engine("sqlite://", connect, poolclass=QueuePool, max_overflow=-1)
    translate_errors_of(engine, str(path))
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_only_engine(path: Path, patience: timedelta) -> Engine:
    def connect() -> sqlite3.Connection:
        return _connect(f"file:{quote(os.fsencode(path))}?{_read_only_mode(path)}", patience)

    # No pool: each transaction looks anew whether somebody has begun to write.
    engine = _engine("sqlite://", connect, poolclass=NullPool)
    translate_errors_of(engine, str(path))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_only_mode(path: Path) -> str:
    # Even mode=ro makes a -shm file beside a database in WAL mode; immutable=1 does not, but is
    # only true while nobody writes.
    in_use = any(Path(f"{path}{suffix}").exists() for suffix in ("-wal", "-journal"))
    return "mode=ro" if in_use else "immutable=1"


def _connect(name: str, patience: timedelta) -> sqlite3.Connection:
    return sqlite3.connect(
        name,
        timeout=patience.total_seconds(),
        # The module must not begin transactions by its own lights: _begin_sqlite does.
        isolation_level=None,
        check_same_thread=False,
        uri=name.startswith("file:"),
    )


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {0 if writes else 1}")
    # A transaction that begins by reading cannot always be turned into one that writes:
    # those that will write say so at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgres_engine(url: str, patience: timedelta) -> Engine:
    full = server_url(url)
    if find_spec("psycopg") is None:
        raise ConfigurationError(
            "the driver for Postgres is not installed", hint='pip install "zoomauto[postgres]"'
        )
    limits = {} if "connect_timeout" in full.query else {"connect_timeout": _CONNECT_SECONDS}
    # Hours may pass between two transactions of a run; the server may have been restarted.
    engine = _engine(full, None, connect_args=limits, pool_pre_ping=True, max_overflow=-1)
    translate_errors_of(engine, without_password(url))
    event.listen(engine, "begin", partial(_begin_postgres, patience))
    return engine


def _begin_postgres(patience: timedelta, connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        milliseconds = int(patience.total_seconds() * 1000)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")


def _engine(
    url: str | URL, creator: Callable[[], sqlite3.Connection] | None, **options: Any
) -> Engine:
    if creator is not None:
        options["creator"] = creator
    # One encoder for all: json.dumps with options makes a new one for every value.
    encode = json.JSONEncoder(separators=(",", ":")).encode
    return create_engine(url, json_serializer=encode, **options)
