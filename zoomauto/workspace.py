"""Work folders on this machine's disk: ``<root>/<recording id>/``."""

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

from zoomauto.errors import ConfigurationError, DiskFull, PermanentError, TemporaryError
from zoomauto.ports.workspace import Sealed

_OURS = re.compile(r"[1-9][0-9]*")
_CHUNK = 2**20


class DiskWorkspace:
    """Work folders below one directory, which nobody but its owner may read.

    Only folders whose name is a recording's number are ever deleted; whatever else lies in the
    directory is not ours.
    """

    def __init__(self, root: Path) -> None:
        """Use a directory; it is made when the first work folder is."""
        self.root = root

    def folder(self, recording_id: int) -> PurePath:
        """Give the recording's folder, made if need be.

        Raise DiskFull, or ConfigurationError when the directory cannot be written.
        """
        folder = self.root / str(recording_id)
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"no space for work folders in {self.root}") from error
            raise ConfigurationError(
                f"work folders cannot be made in {self.root}: {error.strerror}",
                hint="set ZOOMAUTO_WORKSPACE to a directory that can be written",
            ) from error
        return folder

    def seal(self, path: PurePath) -> Sealed:
        """Flush a file and its folder entries to disk, then measure and hash it by reading it.

        Raise PermanentError when it is no file of a work folder, DiskFull when the disk has no
        place for it after all, TemporaryError when the disk fails.
        """
        file = Path(path)
        if not self._is_inside(file):
            raise PermanentError(f"{path} is not inside the work folders")
        try:
            sealed = _hash(file)
            for folder in self._folders_above(file):
                _flush_folder(folder)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"{path} could not be flushed to disk") from error
            raise TemporaryError(f"{path} cannot be sealed: {error.strerror}") from error
        return sealed

    def holds(self, recording_id: int, path: str, *, size_bytes: int) -> bool:
        """Whether the file is still there with that size."""
        file = self.root / str(recording_id) / path
        if not self._is_inside(file):
            return False
        try:
            return file.is_file() and file.stat().st_size == size_bytes
        except OSError:
            return False

    def remove(self, recording_id: int) -> None:
        """Delete the recording's folder with all it holds."""
        try:
            shutil.rmtree(self.root / str(recording_id))
        except FileNotFoundError:
            return
        except OSError as error:
            raise TemporaryError(
                f"the work folder of recording {recording_id} cannot be deleted: {error.strerror}"
            ) from error

    def sweep(self, *, keep: Collection[int]) -> Collection[int]:
        """Delete the folders of all recordings but ``keep``; give those deleted."""
        doomed = sorted(number for number in self._numbers() if number not in keep)
        for number in doomed:
            self.remove(number)
        return tuple(doomed)

    def free_bytes(self) -> int:
        """Give the free space where work folders lie, or will lie."""
        place = self.root
        while not place.exists() and place != place.parent:
            place = place.parent
        return shutil.disk_usage(place).free

    def _numbers(self) -> Iterator[int]:
        if not self.root.is_dir():
            return
        with os.scandir(self.root) as entries:
            for entry in entries:
                if _OURS.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    yield int(entry.name)

    def _is_inside(self, path: Path) -> bool:
        """Whether a path lies in a work folder by its letters, and by its links too."""
        root = self.root.resolve()
        return ".." not in path.parts and root in path.resolve().parents

    def _folders_above(self, path: Path) -> Iterator[Path]:
        for folder in path.resolve().parents:
            yield folder
            if folder == self.root.resolve():
                return


def _hash(path: Path) -> Sealed:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        os.fsync(file.fileno())
        size = 0
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Sealed(size_bytes=size, sha256=digest.hexdigest())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
