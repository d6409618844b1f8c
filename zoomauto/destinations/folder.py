"""A folder on this machine, or on anything that is mounted here."""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from zoomauto.domain.place_name import name_candidates, temporary_name
from zoomauto.domain.source import Check
from zoomauto.errors import (
    CorruptMedia,
    DiskFull,
    InvalidOptions,
    Unreachable,
    ZoomautoError,
)
from zoomauto.media.parcel_file import opened
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress

_CHUNK = 2**20
_NO_HARD_LINKS = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderOptions:
    """The options of a folder destination."""

    #: Absolute; ``~`` stands for the home directory. Its last part is made when it is missing.
    path: str

    def __post_init__(self) -> None:
        """Raise InvalidOptions for a path whose meaning depends on where we are started."""
        if not self.path or "\0" in self.path or not self.folder.is_absolute():
            raise InvalidOptions(
                f"the path of a folder destination must be absolute, not {self.path!r}",
                hint=f"write folder:{Path(self.path.replace(chr(0), '')).absolute()}",
            )

    @property
    def folder(self) -> Path:
        """The path without ``~``."""
        with suppress(RuntimeError):
            return Path(self.path).expanduser()
        return Path(self.path)


class FolderDestination:
    """Publishes into a folder: never half a file under its name, never over another file.

    A parcel is copied to a hidden name beside its place, hashed on the way, flushed to disk and
    then given its name in one step that fails when the name is taken. A name taken by the same
    bytes counts as published.
    """

    Options: ClassVar[type] = FolderOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: FolderOptions, tools: Tools) -> None:
        """Open the destination; nothing is touched yet."""
        self._root = options.folder
        self._tools = tools

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, DiskFull when they do
        not fit, Unreachable when the folder is not there or cannot be written.
        """
        with self._translated():
            self._make_root()
            targets = [self._root / name for name in name_candidates(parcel)]
            temporary = targets[0].parent / temporary_name(parcel)
            temporary.unlink(missing_ok=True)
            found = next((target for target in targets if _is_same(target, parcel)), None)
            if found is None:
                found = self._deliver(parcel, temporary, targets, progress)
        return Delivered(
            location=str(found),
            url=found.as_uri(),
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size."""
        try:
            status = Path(delivered.location).lstat()
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Prove that the folder can be written, by writing a file and deleting it."""
        probe = self._root / f".zoomauto-check-{os.getpid()}"
        try:
            with self._translated():
                self._make_root()
                try:
                    _write_probe(probe)
                finally:
                    probe.unlink(missing_ok=True)
                free = shutil.disk_usage(self._root).free
        except ZoomautoError as error:
            return (Check(name="write", ok=False, detail=error.message),)
        return (
            Check(name="write", ok=True, detail=f"{self._root} can be written"),
            Check(name="space", ok=True, detail=f"{free:,} bytes free"),
        )

    def _deliver(
        self, parcel: Parcel, temporary: Path, targets: list[Path], progress: Progress
    ) -> Path:
        """Copy the parcel and give it the first name that is free."""
        _make_folders(temporary.parent)
        self._refuse_full(parcel)
        try:
            _copy(parcel, temporary, progress)
            for target in targets:
                if _claim_name(temporary, target):
                    _flush_folder(target.parent)
                    return target
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise Unreachable(f"every name for {targets[0].name!r} is taken in {targets[0].parent}")

    def _make_root(self) -> None:
        """Make the folder itself, but nothing above it: that may be a disk that is not mounted."""
        if not self._root.is_dir():
            self._root.mkdir(exist_ok=True)
            _flush_folder(self._root.parent)

    def _refuse_full(self, parcel: Parcel) -> None:
        disk = shutil.disk_usage(self._root)
        # Some network mounts do not tell; then writing will.
        if disk.total and disk.free < parcel.size_bytes:
            raise DiskFull(
                f"{self._root} has {disk.free:,} bytes free, {parcel.size_bytes:,} are needed",
                hint=f"free some space in {self._root}",
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say of every failure of the disk what it means for the run."""
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(
                    f"{self._root} is full", hint=f"free some space in {self._root}"
                ) from error
            raise Unreachable(
                f"{self._root} cannot be written: {error.strerror or error}",
                hint=f"see that {self._root} is mounted and may be written by this user",
            ) from error


def _is_same(target: Path, parcel: Parcel) -> bool:
    """Whether a file with the parcel's bytes has this name."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(status.st_mode) or status.st_size != parcel.size_bytes:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == parcel.sha256


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, each flushed to disk."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _copy(parcel: Parcel, temporary: Path, progress: Progress) -> None:
    """Copy the parcel's bytes and flush them; raise CorruptMedia when they are not its own."""
    digest = hashlib.sha256()
    size = 0
    with opened(parcel) as source, temporary.open("xb", buffering=0) as target:
        with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                _write_all(target.fileno(), chunk)
                size += len(chunk)
                step.advance(len(chunk))
        os.fsync(target.fileno())
        written = os.fstat(target.fileno()).st_size
    if digest.hexdigest() != parcel.sha256 or not size == written == parcel.size_bytes:
        raise CorruptMedia(f"{parcel.path.name} has changed since it was made; it is not published")


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _claim_name(temporary: Path, target: Path) -> bool:
    """Give a finished file its name. False when the name is taken."""
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        return _rename(temporary, target)
    return True


def _rename(temporary: Path, target: Path) -> bool:
    """Give the name where there are no hard links (FAT, some network mounts).

    Linux has no rename there that refuses a taken name, so we look first.
    """
    if os.path.lexists(target):
        return False
    temporary.rename(target)
    return True


def _write_probe(path: Path) -> None:
    with path.open("xb") as file:
        file.write(b"zoomauto\n")
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network mounts have nothing to flush for a folder.
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(descriptor)
