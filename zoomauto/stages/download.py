"""Copying a recording's files from its source into the work folder."""

import errno
import math
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, ClassVar

from zoomauto.domain.artifact import derived_details
from zoomauto.domain.naming import safe_part
from zoomauto.domain.recording import MEDIA, FileKind, Recording, RecordingFile
from zoomauto.errors import (
    CorruptMedia,
    DiskFull,
    InvalidOptions,
    PermanentError,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.media.decode import damage
from zoomauto.media.probe import MediaInfo, probe_header
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress, Step
from zoomauto.ports.source import Fetched
from zoomauto.ports.stage import Produced, StageContext, StageResult

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_USUAL_EXTENSIONS = {FileKind.VIDEO: ".mp4", FileKind.AUDIO: ".m4a"}
_LONGEST_STEM = 100
#: Connections that a source keeps open.
_MOST_AT_ONCE = 8
_WEEK = 7 * 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadOptions:
    """The options of the download stage."""

    #: Bytes that must stay free on the work folder's disk; 1 GiB leaves room for what else runs.
    keep_free_bytes: int = 2**30
    #: Files of one recording that are copied at the same time.
    at_once: int = 3
    #: Decode all of each file, picture and sound: over a minute for each hour on two cores.
    #: Without it the index is walked, and the trim stage hears what is damaged in the sound.
    deep_check: bool = False
    #: For the decoding of one file.
    deep_check_timeout_seconds: float = 6 * 3600.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for values outside their range."""
        if self.keep_free_bytes < 0:
            raise InvalidOptions(f"keep_free_bytes cannot be {self.keep_free_bytes}")
        if not 1 <= self.at_once <= _MOST_AT_ONCE:
            raise InvalidOptions(f"at_once must be from 1 to {_MOST_AT_ONCE}, not {self.at_once}")
        # Written so that "not a number", which compares with nothing, is refused too.
        if not 1 <= self.deep_check_timeout_seconds <= _WEEK:
            raise InvalidOptions(
                f"deep_check_timeout_seconds cannot be {self.deep_check_timeout_seconds:g}:"
                f" it goes from 1 to {_WEEK}"
            )


def files_to_take(recording: Recording, *, chat: bool = False) -> tuple[RecordingFile, ...]:
    """Choose what to copy: the pictures, segments in order; the sound only without a picture.

    Behind them the chats, when somebody is to be given them.
    """
    for kind in (FileKind.VIDEO, FileKind.AUDIO):
        if chosen := _in_order(recording, kind):
            return (*chosen, *(_in_order(recording, FileKind.CHAT) if chat else ()))
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
        is_chat_wanted = context.template.output.is_wanted(FileKind.CHAT)
        files = files_to_take(context.recording, chat=is_chat_wanted)
        if not files:
            raise PermanentError("the recording has neither picture nor sound")
        folder = Path(context.folder) / "download"
        folder.mkdir(exist_ok=True)
        copies = [folder / work_name(number, file) for number, file in enumerate(files, start=1)]
        side = _Side(context=context, at_once=self._options.at_once, fetch_file=self._fetch)
        with self._room(files, copies):
            produced = side.fetch(files, copies)
        total = sum(copy.stat().st_size for copy in copies)
        return StageResult(produced=produced, note=f"copied {_count(produced)}, {total:,} bytes")

    def _room(
        self, files: Sequence[RecordingFile], copies: Sequence[Path]
    ) -> AbstractContextManager[None]:
        """Claim the space, or raise DiskFull before the first byte."""
        needed = sum(file.size_bytes or 0 for file in files)
        pieces = [path for copy in copies for path in (copy, _unfinished(copy))]

        def refuse(others: int) -> None:
            # What an earlier try left behind is replaced.
            free = self._tools.workspace.free_bytes() + sum(map(_size, pieces)) - others
            if free - needed < self._options.keep_free_bytes:
                raise DiskFull(
                    f"{needed:,} bytes are to be copied and {self._options.keep_free_bytes:,} kept "
                    f"free, but only {free:,} are free",
                    hint="free some space where the work folders lie, or lower keep_free_bytes",
                )

        return self._tools.room.claimed(lambda: needed - sum(map(_size, pieces)), refuse=refuse)

    def _fetch(self, context: StageContext, file: RecordingFile, copy: Path) -> Produced:
        """Copy one file under an unfinished name, look at it, then give it its name."""
        unfinished = _unfinished(copy)
        # What a broken connection left is kept: the source may go on from there.
        with _deleted_after(DiskFull, PermanentError, piece=unfinished):
            fetched = _fetched(context, file, unfinished)
        with _deleted_after(ZoomautoError, piece=unfinished):
            _refuse_other_size(file, fetched.size_bytes, _size(unfinished))
            if file.kind in MEDIA:
                self._check(context, unfinished)
        unfinished.replace(copy)
        return Produced(
            path=copy,
            file_key=file.key,
            kind=file.kind,
            sha256=fetched.sha256,
            details=_details(context.recording, file),
        )

    def _check(self, context: StageContext, copy: Path) -> None:
        """Raise CorruptMedia for what is no media, is cut short or cannot be decoded."""
        info = probe_header(copy)
        if self._options.deep_check:
            self._decode(context, copy, info)

    def _decode(self, context: StageContext, copy: Path, info: MediaInfo | None) -> None:
        """Raise CorruptMedia for what cannot be decoded."""
        length = info.duration if info else None
        total = length.total_seconds() if length else None
        with context.progress.step(f"check {copy.name}", total=total, unit="seconds") as step:
            found = damage(
                copy,
                self._tools.ffmpeg,
                timeout=timedelta(seconds=self._options.deep_check_timeout_seconds),
                advance=step.advance,
            )
        if found:
            errors = "1 error" if len(found) == 1 else f"{len(found)} errors"
            raise CorruptMedia(f"the file is damaged, {errors} while decoding it: {found[0]}")


@dataclass(kw_only=True)
class _Side:
    """Files side by side, of which one that fails takes those behind it with it.

    Those before it are brought to their ends: what is raised does not depend on who was faster.
    """

    context: StageContext
    at_once: int
    fetch_file: Callable[[StageContext, RecordingFile, Path], Produced]
    #: Files from this place on are given up.
    _end: float = math.inf
    _running: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def fetch(self, files: Sequence[RecordingFile], copies: Sequence[Path]) -> tuple[Produced, ...]:
        """Fetch all files; raise what the first of those that fail raises."""
        if self.at_once == 1 or len(files) == 1:
            pairs = zip(files, copies, strict=True)
            return tuple(self.fetch_file(self.context, file, copy) for file, copy in pairs)
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
            return self.fetch_file(replace(self.context, progress=progress), file, copy)
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
    # Of words, a source says only roughly how many there are.
    listed = file.size_bytes if file.kind in MEDIA else None
    if written != fetched or (listed is not None and listed != fetched):
        wanted = fetched if listed is None else listed
        raise TemporaryError(f"{file.name} should have {wanted:,} bytes, its copy has {written:,}")


def _in_order(recording: Recording, kind: FileKind) -> tuple[RecordingFile, ...]:
    chosen = (file for file in recording.files if file.kind is kind)
    return tuple(sorted(chosen, key=lambda file: file.start_at or recording.start_at))


def _details(recording: Recording, file: RecordingFile) -> dict[str, Any]:
    """Tie a chat to the picture or sound that it began with or after."""
    if file.kind in MEDIA:
        return {}
    media = files_to_take(recording)
    begun = [m for m in media if m.start_at and file.start_at and m.start_at <= file.start_at]
    return derived_details((begun or media[:1])[-1].key, ".chat.txt")


def _unfinished(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _count(produced: Sequence[Produced]) -> str:
    return "1 file" if len(produced) == 1 else f"{len(produced)} files"
