"""From what the database says went wrong to an error of ours; one place for both databases."""

import sqlite3
from collections.abc import Callable, Sequence

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from zoomauto.errors import (
    ConfigurationError,
    DiskFull,
    NotFound,
    StoreBusy,
    TemporaryError,
    UsageError,
    ZoomautoError,
)

#: What a server says about a connection it refuses for good; such errors carry no SQLSTATE.
_REFUSALS = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
)


def translate_errors_of(engine: Engine, place: str) -> None:
    """Let every error of ``engine`` surface as one of ours; ``place`` names the database.

    A broken unique constraint stays an IntegrityError: only the statement's author knows what
    was unique about it.
    """

    def translate(context: ExceptionContext) -> ZoomautoError | None:
        # A failed ping is no failure yet: the pool connects anew and only that may fail.
        return None if context.is_pre_ping else meaning(context.original_exception, place)

    event.listen(engine, "handle_error", translate, retval=True)


def meaning(error: BaseException, place: str) -> ZoomautoError | None:
    """Say what a driver's error means for us. None when it is a bug, or not ours to judge."""
    if isinstance(error, UnicodeEncodeError):
        return UsageError(f"half a surrogate pair cannot be stored: {error.object!r:.100}")
    if isinstance(error, sqlite3.Error):
        return _look_up(_SQLITE, _sqlite_name(error), error, place)
    if not type(error).__module__.startswith("psycopg"):
        return None
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        return _meaning_without_state(error, place)
    return _look_up(_POSTGRES, state, error, place)


def is_duplicate(error: BaseException) -> bool:
    """Whether a unique constraint was broken."""
    if isinstance(error, sqlite3.Error):
        return _sqlite_name(error) in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
    return getattr(error, "sqlstate", None) == "23505"


def _sqlite_name(error: sqlite3.Error) -> str:
    # Errors that the sqlite3 module raises by itself have no such attribute.
    return getattr(error, "sqlite_errorname", "")


def _meaning_without_state(error: BaseException, place: str) -> ZoomautoError | None:
    kind, said = type(error).__name__, _one_line(error)
    if kind == "DataError" and "NUL" in said:
        return UsageError("a text holds a NUL character, which the database cannot store")
    if kind == "ProgrammingError" or any(refusal in said for refusal in _REFUSALS):
        return _unusable(place, said)
    if kind in ("OperationalError", "ConnectionTimeout"):
        return _not_available(place, said)
    return None


def _gone(place: str, said: str) -> ZoomautoError:
    return NotFound("what this belongs to has been removed meanwhile", database=place, said=said)


def _busy(place: str, said: str) -> ZoomautoError:
    return StoreBusy(f"the database {place} is locked by another process ({said})")


def _full(place: str, said: str) -> ZoomautoError:
    return DiskFull(f"there is no space left for the database {place} ({said})")


def _not_available(place: str, said: str) -> ZoomautoError:
    return TemporaryError(f"the database {place} is not available: {said}")


def _damaged(place: str, said: str) -> ZoomautoError:
    return ConfigurationError(
        f"{place} is not a database, or it is damaged ({said})", hint="zoomauto config show"
    )


def _too_long(place: str, said: str) -> ZoomautoError:
    return UsageError(f"a text is too long for the database {place}: {said}")


def _unusable(place: str, said: str) -> ZoomautoError:
    return ConfigurationError(
        f"the database {place} cannot be used: {said}", hint="zoomauto database status"
    )


Meanings = Sequence[tuple[tuple[str, ...], Callable[[str, str], ZoomautoError]]]

#: By the beginning of SQLite's name for the error.
_SQLITE: Meanings = (
    (("SQLITE_CONSTRAINT_FOREIGNKEY",), _gone),
    (("SQLITE_BUSY", "SQLITE_LOCKED"), _busy),
    (("SQLITE_FULL",), _full),
    (("SQLITE_IOERR",), _not_available),
    (("SQLITE_NOTADB", "SQLITE_CORRUPT"), _damaged),
    (("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_ERROR"), _unusable),
)
#: By the beginning of the SQLSTATE.
_POSTGRES: Meanings = (
    (("23503",), _gone),
    # Lock not available, cancelled while it waited, deadlock, serialization failure.
    (("55P03", "57014", "40P01", "40001"), _busy),
    (("53100",), _full),
    # Resources, operator intervention, lost connection, system error.
    (("53", "57", "08", "58"), _not_available),
    (("54",), _too_long),
    # Privilege, table or column missing; refused login; no such database; read-only server.
    (("42501", "42P01", "42703", "28", "3D", "25006"), _unusable),
)


def _look_up(
    meanings: Meanings, name: str, error: BaseException, place: str
) -> ZoomautoError | None:
    for beginnings, make in meanings:
        if name.startswith(beginnings):
            return make(place, _one_line(error))
    return None


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
