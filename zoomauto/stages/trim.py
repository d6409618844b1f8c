"""Cutting silence from both ends of a recording, without touching a frame of the rest."""

import errno
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import Recording
from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.errors import CorruptMedia, DiskFull, InvalidOptions, TemporaryError
from zoomauto.media.ffmpeg import file_url, source_arguments
from zoomauto.media.probe import MediaInfo, probe
from zoomauto.media.silence import (
    Silence,
    Sound,
    bridged,
    leading_silence,
    listen,
    span_to_keep,
    trailing_silence,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import Produced, StageContext, StageResult

#: Less than this is not worth another copy of the file.
_LEAST_CUT = timedelta(seconds=1)
#: A copied stream ends with whole packets, and slides change slowly.
_TOLERANCE = timedelta(seconds=1)
_NOTHING = timedelta()
#: Container -> ffmpeg's writer for it; of others the original is kept.
_WRITERS = {"mp4": "mp4", "m4a": "ipod", "mov": "mov", "mp3": "mp3", "wav": "wav"}
_INDEXED = frozenset({"mp4", "m4a", "mov"})


@dataclass(frozen=True, kw_only=True, slots=True)
class TrimOptions:
    """The options of the trim stage. Measured defaults; a miss means that less is cut."""

    #: Samples below this are silence, in dB below full scale.
    threshold_db: float = -40.0
    #: Shorter pauses are never cut.
    min_silence_seconds: float = 2.0
    #: Silence that is left before the first sound and after the last.
    padding_seconds: float = 1.0
    #: Shorter sounds between two silences do not end the silence: a click, a chair.
    bridge_seconds: float = 0.5
    #: Of the whole length; when more than this would go, nothing is cut.
    max_cut_share: float = 0.95
    #: For each pass over a file.
    timeout_seconds: float = 3600.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for values outside their range."""
        _require("threshold_db", self.threshold_db, -90, -1)
        _require("min_silence_seconds", self.min_silence_seconds, 0.1, 3600)
        _require("padding_seconds", self.padding_seconds, 0, 3600)
        _require("bridge_seconds", self.bridge_seconds, 0, 3600)
        _require("max_cut_share", self.max_cut_share, 0, 1)
        _require("timeout_seconds", self.timeout_seconds, 1, 7 * 86_400)

    @property
    def silence(self) -> Silence:
        """What counts as silence."""
        return Silence(
            threshold_db=self.threshold_db, length=timedelta(seconds=self.min_silence_seconds)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is to be done with one file."""

    #: The piece to keep; None to keep the original.
    span: Span | None
    #: In words.
    note: str
    #: Why nothing worth publishing was recorded; None when something was.
    blank_reason: str | None = None


def judge(info: MediaInfo, sound: Sound | None, options: TrimOptions) -> Verdict:
    """Decide what to keep of a file.

    The piece begins at a key frame, so that picture and sound begin together and its start is
    known exactly. Raise CorruptMedia when its sound could not be decoded.
    """
    if sound and sound.damage:
        raise CorruptMedia(_damage(sound))
    if sound is None or sound.loudest_db is None:
        return Verdict(span=None, note="kept: it has no sound")
    if sound.loudest_db < options.threshold_db:
        reason = f"no sound above {options.threshold_db:g} dB"
        return Verdict(span=None, note=f"kept: {reason}", blank_reason=reason)
    if info.container not in _WRITERS:
        return Verdict(span=None, note=f"kept: {info.container} cannot be cut without encoding it")
    return _cut(info, info.duration or sound.length, sound, options)


def cut_arguments(source: PurePath, target: PurePath, span: Span, info: MediaInfo) -> list[str]:
    """Give ffmpeg's arguments that copy a piece of the streams as they are."""
    start = ["-ss", _seconds(span.start)] if span.start else []
    streams = ["-map", "0:V?", "-map", "0:a?", "-c", "copy", "-t", _seconds(span.length)]
    index = ["-movflags", "+faststart"] if info.container in _INDEXED else []
    writer = ["-f", _WRITERS[info.container], "-y", file_url(target)]
    return [*start, *source_arguments(source), *streams, *index, *writer]


class TrimStage:
    """Cuts silence from both ends by copying the streams; nothing is encoded again.

    The input stays as it is. A file of which nothing is cut produces nothing: it goes on itself.
    """

    Options: ClassVar[type] = TrimOptions

    def __init__(self, options: TrimOptions, tools: Tools) -> None:
        """Prepare the stage; ffmpeg is looked for when it is needed."""
        self._options = options
        self._tools = tools
        self._timeout = timedelta(seconds=options.timeout_seconds)

    def unavailable(self, recording: Recording) -> str | None:
        """Serve every recording."""

    def run(self, context: StageContext) -> StageResult:
        """Listen to every file and cut it.

        Raise CorruptMedia for damaged sound, DiskFull when the piece does not fit,
        TemporaryError when ffmpeg takes too long.
        """
        produced: list[Produced] = []
        verdicts: list[Verdict] = []
        for artifact in context.media:
            source = Path(context.folder) / artifact.path
            info = probe(source, self._tools.ffmpeg)
            verdict = judge(info, self._listen(context, source, info), self._options)
            verdicts.append(verdict)
            if verdict.span:
                piece = self._cut(context, source, info, verdict.span)
                produced.append(_produced(artifact, piece, info, verdict.span))
        return StageResult(
            produced=tuple(produced),
            note="; ".join(_notes(context, verdicts)),
            blank_reason=_common_blank_reason(verdicts),
        )

    def _listen(self, context: StageContext, source: Path, info: MediaInfo) -> Sound | None:
        if not info.has_audio:
            return None
        total = info.duration.total_seconds() if info.duration else None
        with context.progress.step(f"listen {source.name}", total=total, unit="seconds") as step:
            return listen(
                source,
                self._tools.ffmpeg,
                self._options.silence,
                timeout=self._timeout,
                advance=step.advance,
            )

    def _cut(self, context: StageContext, source: Path, info: MediaInfo, span: Span) -> Path:
        """Write the piece under an unfinished name, look at it, then give it its name."""
        folder = Path(context.folder) / "trim"
        target = folder / source.name
        unfinished = folder / f"{source.name}.part"
        self._refuse_full(source)
        total = span.length.total_seconds()
        try:
            folder.mkdir(exist_ok=True)
            with context.progress.step(f"cut {source.name}", total=total, unit="seconds") as step:
                arguments = cut_arguments(source, unfinished, span, info)
                self._tools.ffmpeg.run(arguments, timeout=self._timeout, advance=step.advance)
            self._refuse_wrong_piece(unfinished, info, span)
            unfinished.replace(target)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"the disk became full while {source.name} was cut") from error
            raise TemporaryError(f"{source.name} cannot be cut: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return target

    def _refuse_full(self, source: Path) -> None:
        needed = source.stat().st_size
        free = self._tools.workspace.free_bytes()
        if free < needed:
            raise DiskFull(
                f"cutting {source.name} needs up to {needed:,} bytes, {free:,} are free",
                hint="free some space where the work folders lie",
            )

    def _refuse_wrong_piece(self, piece: Path, info: MediaInfo, span: Span) -> None:
        """Raise CorruptMedia unless the piece has the length and the tracks it should have."""
        cut = probe(piece, self._tools.ffmpeg)
        length = cut.duration or _NOTHING
        if abs(length - span.length) > _TOLERANCE:
            raise CorruptMedia(
                f"the cut would last {length.total_seconds():.1f} s"
                f" instead of {span.length.total_seconds():.1f} s"
            )
        if (cut.has_video, cut.has_audio) != (info.has_video, info.has_audio):
            raise CorruptMedia("the cut would lose its picture or its sound")


def _require(name: str, value: float, least: float, most: float) -> None:
    # Written so that "not a number", which compares with nothing, is refused too.
    if not least <= value <= most:
        raise InvalidOptions(f"trim.{name} cannot be {value:g}: it goes from {least} to {most}")


def _damage(sound: Sound) -> str:
    count = len(sound.damage)
    errors = "1 error" if count == 1 else f"{count} errors"
    return f"the sound is damaged, {errors} while decoding it; the first: {sound.damage[0]}"


def _cut(info: MediaInfo, duration: timedelta, sound: Sound, options: TrimOptions) -> Verdict:
    joined = Sound(
        silences=bridged(sound.silences, timedelta(seconds=options.bridge_seconds)),
        loudest_db=sound.loudest_db,
        length=sound.length,
        damage=sound.damage,
    )
    wanted = span_to_keep(joined, duration, timedelta(seconds=options.padding_seconds))
    span = Span(start=_start_of_picture(info, wanted.start), end=wanted.end)
    silent = leading_silence(joined) + trailing_silence(joined, duration)
    if duration - span.length < _LEAST_CUT:
        why = "no silence at either end" if not silent else "too little silence to cut"
        return Verdict(span=None, note=f"kept: {why}")
    if span.length <= _NOTHING or duration - span.length > options.max_cut_share * duration:
        why = f"more than {options.max_cut_share:.0%} of it would be cut"
        return Verdict(span=None, note=f"kept: {why}")
    return Verdict(span=span, note=f"cut {_cut_words(span, duration)}")


def _cut_words(span: Span, duration: timedelta) -> str:
    parts = {"start": span.start.total_seconds(), "end": (duration - span.end).total_seconds()}
    words = {where: f"{cut:.1f} s" for where, cut in parts.items()}
    return ", ".join(f"{cut} from the {where}" for where, cut in words.items() if cut != "0.0 s")


def _start_of_picture(info: MediaInfo, wanted: timedelta) -> timedelta:
    """Give where a piece may begin: at ``wanted``, or where the picture before it does."""
    if not info.has_video:
        return wanted
    return max((time for time in info.keyframes or () if time <= wanted), default=_NOTHING)


def _seconds(span: timedelta) -> str:
    """Write a time as ffmpeg reads it, to the microsecond: less would miss the key frame."""
    return f"{span // timedelta(seconds=1)}.{span.microseconds:06d}"


def _produced(artifact: Artifact, piece: Path, info: MediaInfo, span: Span) -> Produced:
    duration = info.duration or span.end
    return Produced(
        path=piece,
        file_key=artifact.file_key,
        kind=artifact.kind,
        details={
            "cut_start_seconds": span.start.total_seconds(),
            "cut_end_seconds": (duration - span.end).total_seconds(),
            "duration_seconds": span.length.total_seconds(),
            **TimeMap(kept=(span,)).to_details(),
        },
    )


def _notes(context: StageContext, verdicts: list[Verdict]) -> list[str]:
    if len(verdicts) == 1:
        return [verdicts[0].note]
    names = (PurePath(artifact.path).name for artifact in context.media)
    return [f"{name}: {v.note}" for name, v in zip(names, verdicts, strict=True)]


def _common_blank_reason(verdicts: list[Verdict]) -> str | None:
    """Give why the recording is blank: only when each of its files is."""
    reasons = [verdict.blank_reason for verdict in verdicts]
    return reasons[0] if reasons and all(reasons) else None
