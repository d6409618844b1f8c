"""Copying a recording's files from its source into the work folder."""

import errno
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.naming import safe_part
from zoomauto.domain.recording import FileKind, Recording, RecordingFile
from zoomauto.errors import (
    DiskFull,
    InvalidOptions,
    PermanentError,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.media.probe import probe_header
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress, Step
from zoomauto.ports.source import Fetched
from zoomauto.ports.stage import Produced, StageContext, StageResult

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_USUAL_EXTENSIONS = {FileKind.VIDEO: ".mp4", FileKind.AUDIO: ".m4a"}
_LONGEST_STEM = 100
#: Connections that a source keeps open.
_MOST_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadOptions:
    """The options of the download stage."""

    #: Bytes that must stay free on the work folder's disk; 1 GiB leaves room for what else runs.
    keep_free_bytes: int = 2**30
    #: Files of one recording that are copied at the same time.
    at_once: int = 3

    def __post_init__(self) -> None:
        """Raise InvalidOptions for a negative size, or for no or very many files at once."""
        if self.keep_free_bytes < 0:
            raise InvalidOptions(f"keep_free_bytes cannot be {self.keep_free_bytes}")
        if not 1 <= self.at_once <= _MOST_AT_ONCE:
            raise InvalidOptions(f"at_once must be from 1 to {_MOST_AT_ONCE}, not {self.at_once}")


def files_to_take(recording: Recording) -> tuple[RecordingFile, ...]:
    """Choose what to copy: the pictures, segments in order; the sound only without a picture."""
    for kind in (FileKind.VIDEO, FileKind.AUDIO):
        chosen = [file for file in recording.files if file.kind is kind]
        if chosen:
            return tuple(sorted(chosen, key=lambda file: file.start_at or recording.start_at))
    return ()


def work_name(number: int, file: RecordingFile) -> str:
    """Give the name of a copy: its number, then what the source calls it."""
    name = PurePath(file.name)
    suffix = name.suffix if _EXTENSION.fullmatch(name.suffix) else ""
    stem = safe_part(name.name.removesuffix(suffix), most_bytes=_LONGEST_STEM)
    extension = suffix.lower() or _USUAL_EXTENSIONS.get(file.kind, "")
    return f"{number:02d}-{stem}{extension}"


class DownloadStage:
    """Copies the files, and makes sure that they are complete and are media.

    A copy gets its name only when it is complete. Its hash is the one the source's bytes had, so
    that sealing it proves the copy.
    """

    Options: ClassVar[type] = DownloadOptions

    def __init__(self, options: DownloadOptions, tools: Tools) -> None:
        """Prepare the stage."""
        self._options = options
        self._tools = tools

    def unavailable(self, recording: Recording) -> str | None:
        """Serve every recording."""

    def run(self, context: StageContext) -> StageResult:
        """Copy the files.

        Raise DiskFull when they do not fit, CorruptMedia when a file is damaged or is no media,
        PermanentError when there is nothing to copy, and what the source raises.
        """
        files = files_to_take(context.recording)
        if not files:
            raise PermanentError("the recording has neither picture nor sound")
        folder = Path(context.folder) / "download"
        folder.mkdir(exist_ok=True)
        copies = [folder / work_name(number, file) for number, file in enumerate(files, start=1)]
        self._refuse_full(files, copies)
        produced = _Side(context=context, at_once=self._options.at_once).fetch(files, copies)
        total = sum(copy.stat().st_size for copy in copies)
        return StageResult(produced=produced, note=f"copied {_count(produced)}, {total:,} bytes")

    def _refuse_full(self, files: Sequence[RecordingFile], copies: Sequence[Path]) -> None:
        """Raise DiskFull before the first byte; what an earlier try left behind is replaced."""
        needed = sum(file.size_bytes or 0 for file in files)
        replaced = sum(_size(path) for copy in copies for path in (copy, _unfinished(copy)))
        free = self._tools.workspace.free_bytes() + replaced
        if free - needed < self._options.keep_free_bytes:
            raise DiskFull(
                f"{needed:,} bytes are to be copied and {self._options.keep_free_bytes:,} kept "
                f"free, but only {free:,} are free",
                hint="free some space where the work folders lie, or lower keep_free_bytes",
            )


@dataclass(kw_only=True)
class _Side:
    """Files side by side, of which one that fails takes those behind it with it.

    Those before it are brought to their ends: what is raised does not depend on who was faster.
    """

    context: StageContext
    at_once: int
    #: Files from this place on are given up.
    _end: float = math.inf
    _running: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def fetch(self, files: Sequence[RecordingFile], copies: Sequence[Path]) -> tuple[Produced, ...]:
        """Fetch all files; raise what the first of those that fail raises."""
        if self.at_once == 1 or len(files) == 1:
            pairs = zip(files, copies, strict=True)
            return tuple(_fetch(self.context, file, copy) for file, copy in pairs)
        pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="download")
        try:
            return tuple(pool.map(self._fetch_one, range(len(files)), files, copies))
        finally:
            # After an interruption nobody writes on behind the back of whoever comes next. The
            # pool does not wait for a thread that it was just starting.
            self._give_up_from(-1)
            pool.shutdown(cancel_futures=True)
            with self._changed:
                self._changed.wait_for(lambda: self._running == 0)

    def _fetch_one(self, place: int, file: RecordingFile, copy: Path) -> Produced:
        progress = _Stoppable(progress=self.context.progress, is_stopped=lambda: place >= self._end)
        with self._changed:
            progress.check()
            self._running += 1
        try:
            return _fetch(replace(self.context, progress=progress), file, copy)
        except BaseException:
            self._give_up_from(place + 1)
            raise
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _give_up_from(self, place: int) -> None:
        with self._changed:
            self._end = min(self._end, place)


class _GivenUp(TemporaryError):
    """Given up because another file failed."""


@dataclass(frozen=True, kw_only=True)
class _Stoppable:
    """Passes progress on, and ends the work that tells of it once it is stopped."""

    progress: Progress
    is_stopped: Callable[[], bool]

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[Step]:
        with self.progress.step(label, total=total, unit=unit) as step:
            yield _StoppableStep(step=step, check=self.check)

    def note(self, text: str) -> None:
        self.progress.note(text)

    def check(self) -> None:
        if self.is_stopped():
            raise _GivenUp


@dataclass(frozen=True, kw_only=True)
class _StoppableStep:
    step: Step
    check: Callable[[], None]

    def advance(self, amount: float) -> None:
        self.check()
        self.step.advance(amount)


def _fetch(context: StageContext, file: RecordingFile, copy: Path) -> Produced:
    """Copy one file under an unfinished name, look at it, then give it its name."""
    unfinished = _unfinished(copy)
    # What a broken connection left is kept: the source may go on from there.
    with _deleted_after(DiskFull, PermanentError, piece=unfinished):
        fetched = _fetched(context, file, unfinished)
    with _deleted_after(ZoomautoError, piece=unfinished):
        _refuse_other_size(file, fetched.size_bytes, _size(unfinished))
        probe_header(unfinished)
    unfinished.replace(copy)
    return Produced(path=copy, file_key=file.key, kind=file.kind, sha256=fetched.sha256)


def _fetched(context: StageContext, file: RecordingFile, unfinished: Path) -> Fetched:
    """Have the source write the file; what its disk says, it need not translate."""
    try:
        return context.source.fetch(file, unfinished, context.progress)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"the disk became full while {file.name} was copied") from error
        raise TemporaryError(f"{file.name} cannot be copied: {error.strerror}") from error


@contextmanager
def _deleted_after(*errors: type[ZoomautoError], piece: Path) -> Iterator[None]:
    """Delete a piece that is of no use after one of these errors."""
    try:
        yield
    except errors:
        piece.unlink(missing_ok=True)
        raise


def _refuse_other_size(file: RecordingFile, fetched: int, written: int) -> None:
    """Raise TemporaryError for a copy of another size: the next listing tells which is right."""
    listed = file.size_bytes
    if written != fetched or (listed is not None and listed != fetched):
        wanted = fetched if listed is None else listed
        raise TemporaryError(f"{file.name} should have {wanted:,} bytes, its copy has {written:,}")


def _unfinished(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _count(produced: Sequence[Produced]) -> str:
    return "1 file" if len(produced) == 1 else f"{len(produced)} files"
