"""Writing the small text files that stages make."""

import errno
from pathlib import Path

from zoomauto.errors import DiskFull, TemporaryError


def write_text(path: Path, text: str) -> None:
    """Write a file, and its folder if need be. Raise DiskFull, or TemporaryError."""
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"the disk became full while {path.name} was written") from error
        raise TemporaryError(f"{path.name} cannot be written: {error.strerror}") from error
