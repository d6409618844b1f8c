"""Copying a recording's files from its source into the work folder."""

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.naming import safe_part
from zoomauto.domain.recording import FileKind, Recording, RecordingFile
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
from zoomauto.ports.source import Fetched
from zoomauto.ports.stage import Produced, StageContext, StageResult

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")
_USUAL_EXTENSIONS = {FileKind.VIDEO: ".mp4", FileKind.AUDIO: ".m4a"}
_LONGEST_STEM = 100
_WEEK = 7 * 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadOptions:
    """The options of the download stage."""

    #: Bytes that must stay free on the work folder's disk; 1 GiB leaves room for what else runs.
    keep_free_bytes: int = 2**30
    #: Decode all of each file, picture and sound: over a minute for each hour on two cores.
    #: Without it the index is walked, and the trim stage hears what is damaged in the sound.
    deep_check: bool = False
    #: For the decoding of one file.
    deep_check_timeout_seconds: float = 6 * 3600.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for a negative size and a time that cannot be kept."""
        if self.keep_free_bytes < 0:
            raise InvalidOptions(f"keep_free_bytes cannot be {self.keep_free_bytes}")
        # Written so that "not a number", which compares with nothing, is refused too.
        if not 1 <= self.deep_check_timeout_seconds <= _WEEK:
            raise InvalidOptions(
                f"deep_check_timeout_seconds cannot be {self.deep_check_timeout_seconds:g}:"
                f" it goes from 1 to {_WEEK}"
            )


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
        with self._room(files, copies):
            produced = tuple(
                self._fetch(context, file, copy) for file, copy in zip(files, copies, strict=True)
            )
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
            info = probe_header(unfinished)
            if self._options.deep_check:
                self._decode(context, unfinished, info)
        unfinished.replace(copy)
        return Produced(path=copy, file_key=file.key, kind=file.kind, sha256=fetched.sha256)

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
