"""Copies of a SQLite database, consistent while others write."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from zoomauto.errors import UsageError
from zoomauto.storage.faults import meaning


def copy_sqlite(source: Path, target: Path) -> int:
    """Write a copy of ``source`` as it stands at one moment to ``target``; give its size.

    ``target`` appears whole, after it was flushed to disk, and replaces what has that name.
    Raise UsageError when its folder cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=".zoomauto-copy-", dir=target.parent)
    except OSError as error:
        raise UsageError(f"{target.parent} cannot be written ({error.strerror})") from error
    os.close(descriptor)
    partial = Path(name)
    try:
        _copy(source, partial)
        _flush(partial)
        partial.replace(target)
        _flush(target.parent)
    except sqlite3.Error as error:
        raise meaning(error, str(source)) or error from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    # Not mode=ro: the last reader of a database in WAL mode tidies up only if it may write.
    uri = f"file:{quote(os.fsencode(source))}?mode=rw"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=30)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
