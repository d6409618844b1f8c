"""A folder of recordings: the Zoom desktop client's, a share, a camera's card."""

import errno
import hashlib
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path, PurePath
from typing import BinaryIO, ClassVar

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.domain.zone import zone_named
from zoomauto.errors import (
    DiskFull,
    IncompleteListing,
    InvalidOptions,
    InvalidSchedule,
    PermanentError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.media.probe import probe, probe_header
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Fetched
from zoomauto.sources.folder.layout import fingerprint, path_of, readable
from zoomauto.sources.folder.scan import GONE, Scan, with_pending

LONGEST_SETTLE = 3600
#: Recordings held back before their files are looked at a second time.
_HELD = 256
_CHUNK = 2**20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_ALL_TIME = Window(
    start_at=datetime.min.replace(tzinfo=UTC), end_at=datetime.max.replace(tzinfo=UTC)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderOptions:
    """The options of a folder source (contract, section 3)."""

    #: Absolute; ``~`` stands for the home directory.
    path: str
    #: A file that changed less than so many seconds ago is still being written. 0 to 3600.
    settle_seconds: float = 0
    #: IANA name of the zone of the times in folder names; None means this machine's.
    timezone: str | None = None

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        if "\0" in self.path or not self.root.is_absolute():
            raise InvalidOptions(
                f"the path of a folder source must be absolute, not {self.path!r}",
                hint=f"--option path={Path(self.path.replace(chr(0), '')).absolute()}",
            )
        if not 0 <= self.settle_seconds <= LONGEST_SETTLE:
            raise InvalidOptions(
                f"settle_seconds must lie between 0 and {LONGEST_SETTLE},"
                f" {self.settle_seconds:g} does not"
            )
        try:
            _ = self.zone
        except InvalidSchedule as error:
            raise InvalidOptions(error.message, hint=error.hint) from error

    @property
    def root(self) -> Path:
        """The path without ``~``."""
        with suppress(RuntimeError):
            return Path(self.path).expanduser()
        return Path(self.path)

    @property
    def zone(self) -> tzinfo | None:
        """The zone of folder names; None means this machine's."""
        return None if self.timezone is None else zone_named(self.timezone)


class FolderSource:
    """Recordings in a folder and all folders below it.

    A folder that the Zoom desktop client made for a meeting is one recording; every other media
    file is one of its own. Nothing in the folder is ever changed.
    """

    Options: ClassVar[type] = FolderOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()
    #: A file is there or it is not.
    late_by: ClassVar[timedelta] = timedelta()
    texts_late_by: ClassVar[timedelta] = timedelta()

    def __init__(self, options: FolderOptions, tools: Tools) -> None:
        self._root = options.root
        self._zone = options.zone
        self._settle = timedelta(seconds=options.settle_seconds)
        self._tools = tools

    def list_recordings(self, window: Window) -> Iterator[ListedRecording]:
        """Give every recording that started within ``window``, each once, in no order.

        Raise Unreachable when there is no such folder, IncompleteListing at the end when some of
        it could not be read. Memory does not grow with the number of recordings.
        """
        before = self._reach()
        scan = self._scan()
        now = self._tools.clock.now()
        held: deque[ListedRecording] = deque()
        for recording in scan.recordings():
            if recording.start_at not in window:
                continue
            held.append(recording)
            if len(held) > _HELD:
                yield from self._settled(held.popleft(), now)
        for recording in held:
            yield from self._settled(recording, now)
        if not os.path.samestat(before, self._reach()):
            raise IncompleteListing(f"{self._shown} became another folder while it was listed")
        if scan.unread_count:
            raise IncompleteListing(
                f"{scan.unread_count} places in {self._shown} could not be read:"
                f" {'; '.join(map(readable, scan.unread))}",
                unread=scan.unread_count,
            )

    def find(self, key: str) -> ListedRecording | None:
        """Give one recording, whatever its age. None when it is gone, or never was.

        Raise Unreachable when the folder itself is gone, TemporaryError when it cannot be read.
        """
        self._reach()
        path = path_of(key)
        if path is None:
            return None
        scan = self._scan()
        try:
            found = scan.find(path)
        except OSError as error:
            if error.errno in GONE | {errno.ENAMETOOLONG}:
                return None
            raise TemporaryError(f"{readable(path)} cannot be read: {error.strerror}") from error
        if scan.unread_count:
            raise TemporaryError(f"{readable(path)} cannot be read: {readable(scan.unread[0])}")
        if found is None:
            return None
        return next(self._settled(found, self._tools.clock.now()), None)

    def measure(self, recording: ListedRecording) -> timedelta | None:
        """Add up the lengths of its video files, or of its audio files where there is no video.

        None when one of them cannot be told: a broken file is found out later, by a stage.
        """
        for kind in (FileKind.VIDEO, FileKind.AUDIO):
            lengths = [self._length(file) for file in recording.files if file.kind is kind]
            if lengths:
                known = [length for length in lengths if length is not None]
                return sum(known, timedelta()) if len(known) == len(lengths) else None
        return None

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Copy one file to ``target``, hashing what is read. Half a copy never stays there.

        Raise PermanentError when the file is gone, TemporaryError when it is not the one that was
        listed or cannot be read, DiskFull when ``target`` has no room for it.
        """
        copy = Path(target)
        with self._opened(file) as source, _nothing_left_after_errors(copy):
            self._refuse_change(file, source, "since it was listed")
            fetched = _copied(source, copy, file, progress)
            self._refuse_change(file, source, "while it was copied")
            if fetched.size_bytes != os.fstat(source.fileno()).st_size:
                raise _changed(file, "while it was copied")
        return fetched

    def check(self) -> tuple[Check, ...]:
        """Look at everything once. Nothing is written."""
        try:
            self._reach()
        except Unreachable as error:
            return (Check(name="folder", ok=False, detail=f"{error.message}. {error.hint}"),)
        total = pending = 0
        trouble = None
        try:
            for recording in self.list_recordings(_ALL_TIME):
                total += 1
                pending += recording.pending_reason is not None
        except TemporaryError as error:
            trouble = error.message
        counts = f"{total} recordings, {total - pending} ready, {pending} not finished"
        return (
            Check(name="folder", ok=True, detail=f"{self._shown} can be read"),
            Check(
                name="recordings",
                ok=trouble is None,
                detail="; ".join(filter(None, (counts, trouble))),
            ),
        )

    @property
    def _shown(self) -> str:
        return readable(str(self._root))

    def _scan(self) -> Scan:
        return Scan(root=self._root, zone=self._zone)

    def _reach(self) -> os.stat_result:
        """Raise Unreachable unless the folder is there and can be read."""
        try:
            with os.scandir(self._root):
                return self._root.stat()
        except OSError as error:
            raise Unreachable(
                f"the folder {self._shown} cannot be read: {error.strerror}",
                hint="mount it, or: zoomauto source update NAME --option path=/where/it/is",
            ) from error

    def _path(self, file: RecordingFile) -> Path:
        path = path_of(file.key)
        if path is None:
            raise PermanentError(f"{file.key!r} names no file of a folder source")
        return Path(self._root, path)

    def _settled(self, recording: ListedRecording, now: datetime) -> Iterator[ListedRecording]:
        """Give the recording after a second look at its files; nothing when all are gone."""
        states = [self._is_settled(file, now) for file in recording.files]
        if states and all(state is None for state in states):
            return
        for file, is_settled in zip(recording.files, states, strict=True):
            if not is_settled:
                yield with_pending(recording, f"{file.name} is still changing")
                return
        yield recording

    def _is_settled(self, file: RecordingFile, now: datetime) -> bool | None:
        """Whether nobody writes a file any more; None when it is gone."""
        try:
            status = self._path(file).stat()
        except OSError as error:
            return None if error.errno in GONE else False
        if fingerprint(status.st_size, status.st_mtime_ns) != file.fingerprint:
            return False
        # A share's clock may be ahead of ours: what was written just now may lie in the future.
        return abs(now.timestamp() - status.st_mtime) >= self._settle.total_seconds()

    def _length(self, file: RecordingFile) -> timedelta | None:
        with suppress(ZoomautoError, OSError):
            path = self._path(file)
            info = probe_header(path)
            if info is None or info.duration is None:
                info = probe(path, self._tools.ffmpeg)
            return info.duration
        return None

    def _opened(self, file: RecordingFile) -> BinaryIO:
        try:
            source = open(self._path(file), "rb", opener=_at_once)  # noqa: SIM115 - the caller closes
        except OSError as error:
            if error.errno not in GONE | {errno.EISDIR}:
                raise _unreadable(file, error) from error
            self._reach()
            raise PermanentError(f"{file.name} is no longer in {self._shown}") from error
        if stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            return source
        source.close()
        raise PermanentError(f"{file.name} is no longer a file")

    @staticmethod
    def _refuse_change(file: RecordingFile, source: BinaryIO, since: str) -> None:
        status = os.fstat(source.fileno())
        if file.fingerprint not in {"", fingerprint(status.st_size, status.st_mtime_ns)}:
            raise _changed(file, since)


@contextmanager
def _nothing_left_after_errors(copy: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise


def _at_once(path: str, flags: int) -> int:
    # Opening a pipe would wait for its writer; for a file the flag means nothing.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _copied(source: BinaryIO, copy: Path, file: RecordingFile, progress: Progress) -> Fetched:
    digest = hashlib.sha256()
    size = 0
    try:
        with (
            copy.open("wb") as target,
            progress.step(f"copying {file.name}", total=file.size_bytes, unit="bytes") as step,
        ):
            while chunk := _next_chunk(source, file):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                step.advance(len(chunk))
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"no space left for {file.name} in {copy.parent}") from error
        raise TemporaryError(f"{copy} cannot be written: {error.strerror}") from error
    return Fetched(size_bytes=size, sha256=digest.hexdigest())


def _next_chunk(source: BinaryIO, file: RecordingFile) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: RecordingFile, error: OSError) -> TemporaryError:
    return TemporaryError(f"{file.name} cannot be read: {error.strerror}")


def _changed(file: RecordingFile, since: str) -> TemporaryError:
    return TemporaryError(f"{file.name} changed {since}")
