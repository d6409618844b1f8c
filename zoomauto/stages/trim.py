"""Cutting silence out of a recording without touching a frame of the rest; finding blank ones."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import Recording
from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.errors import CorruptMedia, DiskFull, InvalidOptions, TemporaryError
from zoomauto.media.cut import (
    INDEXED,
    WRITERS,
    cut_arguments,
    join_arguments,
    join_script,
    without_pauses,
)
from zoomauto.media.picture import is_black
from zoomauto.media.probe import MediaInfo, probe
from zoomauto.media.silence import (
    Silence,
    Sound,
    bridged,
    inner_pauses,
    leading_silence,
    listen,
    silent_share,
    span_to_keep,
    trailing_silence,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import Produced, StageContext, StageResult

#: Less than this is not worth another copy of the file.
_LEAST_CUT = timedelta(seconds=1)
#: A copied stream ends with whole packets, and slides change slowly: a frame may last for seconds,
#: and those that are decoded out of order bring others along.
_TOO_SHORT = timedelta(seconds=1)
_TOO_LONG = timedelta(seconds=10)
#: What a joint may add: a frame of sound, and the frames around a key frame.
_JOINT = timedelta(milliseconds=100)
_NOTHING = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrimOptions:
    """The options of the trim stage. Measured defaults; a miss means that less is cut.

    Blank is what has next to no sound, by one of three signs, and a picture that stays black.
    """

    #: Samples below this are silence, in dB below full scale.
    threshold_db: float = -40.0
    #: Shorter pauses are never cut.
    min_silence_seconds: float = 2.0
    #: Silence that is left before the first sound and after the last.
    padding_seconds: float = 1.0
    #: Shorter sounds between two silences do not end the silence: a click, a chair.
    bridge_seconds: float = 0.5
    #: Pauses between two sounds that last so long are cut too, to the padding; 0 keeps them all.
    inner_pause_seconds: float = 0.0
    #: Of the whole length; when more than this would go, nothing is cut.
    max_cut_share: float = 0.95
    #: First sign: silent for so much of its length. The second: no sound above threshold_db.
    blank_silence_share: float = 0.98
    #: Third sign: fewer bytes than that. AAC needs 350 for silence; no codec of speech needs less
    #: than 750.
    blank_bytes_per_second: float = 400.0
    #: A picture is black when each key frame is, by so much of its area.
    blank_black_share: float = 0.98
    #: For each pass over a file.
    timeout_seconds: float = 3600.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for values outside their range."""
        _require("threshold_db", self.threshold_db, -90, -1)
        _require("min_silence_seconds", self.min_silence_seconds, 0.1, 3600)
        _require("padding_seconds", self.padding_seconds, 0, 3600)
        _require("bridge_seconds", self.bridge_seconds, 0, 3600)
        _require("inner_pause_seconds", self.inner_pause_seconds, 0, 86_400)
        _require("max_cut_share", self.max_cut_share, 0, 1)
        _require("blank_silence_share", self.blank_silence_share, 0, 1)
        _require("blank_bytes_per_second", self.blank_bytes_per_second, 0, 1e6)
        _require("blank_black_share", self.blank_black_share, 0, 1)
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

    #: The pieces to keep; None to keep the original.
    kept: TimeMap | None = None
    #: In words.
    note: str
    #: Why nothing worth publishing was recorded; None when something was.
    blank_reason: str | None = None


def judge(info: MediaInfo, sound: Sound | None, options: TrimOptions) -> Verdict:
    """Decide what to keep of a file.

    Each piece begins at a key frame, so that picture and sound begin together and its start is
    known exactly. Raise CorruptMedia when its sound could not be decoded.
    """
    if sound and sound.damage:
        raise CorruptMedia(_damage(sound))
    if sound is None or not sound.length:
        return Verdict(note="kept: it has no sound")
    if sound.is_silent:
        return Verdict(note=f"kept: no sound above {options.threshold_db:g} dB")
    if info.container not in WRITERS:
        return Verdict(note=f"kept: {info.container} cannot be cut without encoding it")
    return _cut(info, info.duration or sound.length, _without_clicks(sound, options), options)


def silence_reason(
    info: MediaInfo, sound: Sound | None, size_bytes: int, options: TrimOptions
) -> str | None:
    """Say why a file counts as silent; None when there is something to hear."""
    if sound is None or not sound.length:
        return "it has no sound"
    if sound.is_silent:
        return f"no sound above {options.threshold_db:g} dB"
    share = silent_share(_without_clicks(sound, options))
    if share >= options.blank_silence_share:
        return f"silent for {share:.1%} of its length"
    seconds = (info.duration or sound.length).total_seconds()
    if seconds and size_bytes / seconds < options.blank_bytes_per_second:
        return f"only {size_bytes / seconds:.0f} bytes a second"
    return None


class TrimStage:
    """Cuts silence from both ends, and long pauses if asked to, by copying the streams.

    Nothing is encoded again, and the input stays as it is. A file of which nothing is cut produces
    nothing: it goes on itself.
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
            sound = self._listen(context, source, info)
            verdict = judge(info, sound, self._options)
            if silence := silence_reason(info, sound, artifact.size_bytes, self._options):
                reason = self._blank_reason(context, source, info, silence)
                verdict = replace(verdict, blank_reason=reason)
            verdicts.append(verdict)
            if verdict.kept:
                piece = self._cut(context, source, info, verdict.kept)
                produced.append(_produced(artifact, piece, info, verdict.kept))
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

    def _blank_reason(
        self, context: StageContext, source: Path, info: MediaInfo, silence: str
    ) -> str | None:
        """Look at what cannot be heard. What cannot be seen either is blank, the unknown is not."""
        if not info.has_video:
            return silence
        with context.progress.step(f"look at {source.name}", unit="seconds") as step:
            try:
                black = is_black(
                    source,
                    self._tools.ffmpeg,
                    share=self._options.blank_black_share,
                    timeout=self._timeout,
                    advance=step.advance,
                )
            except CorruptMedia:
                return None
        return f"{silence}, and its picture stays black" if black else None

    def _cut(self, context: StageContext, source: Path, info: MediaInfo, kept: TimeMap) -> Path:
        """Write the piece under an unfinished name, look at it, then give it its name."""
        folder = Path(context.folder) / "trim"
        target = folder / source.name
        unfinished = folder / f"{source.name}.part"
        total = kept.length.total_seconds()
        try:
            folder.mkdir(exist_ok=True)
            with (
                self._room(source, unfinished),
                context.progress.step(f"cut {source.name}", total=total, unit="seconds") as step,
                _arguments(source, unfinished, kept, info) as arguments,
            ):
                self._tools.ffmpeg.run(arguments, timeout=self._timeout, advance=step.advance)
            self._refuse_wrong_piece(unfinished, info, kept)
            unfinished.replace(target)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull(f"the disk became full while {source.name} was cut") from error
            raise TemporaryError(f"{source.name} cannot be cut: {error.strerror}") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return target

    def _room(self, source: Path, unfinished: Path) -> AbstractContextManager[None]:
        """Claim the space, or raise DiskFull."""
        needed = source.stat().st_size

        def refuse(others: int) -> None:
            free = self._tools.workspace.free_bytes() - others
            if free < needed:
                raise DiskFull(
                    f"cutting {source.name} needs up to {needed:,} bytes, {free:,} are free",
                    hint="free some space where the work folders lie",
                )

        def still_needed() -> int:
            return needed - (unfinished.stat().st_size if unfinished.exists() else 0)

        return self._tools.room.claimed(still_needed, refuse=refuse)

    def _refuse_wrong_piece(self, piece: Path, info: MediaInfo, kept: TimeMap) -> None:
        """Raise CorruptMedia unless the piece has the length and the tracks it should have."""
        cut = probe(piece, self._tools.ffmpeg)
        length, joints = cut.duration or _NOTHING, _JOINT * (len(kept.kept) - 1)
        if not -_TOO_SHORT - joints <= length - kept.length <= _TOO_LONG + joints:
            raise CorruptMedia(
                f"the cut would last {length.total_seconds():.1f} s"
                f" instead of {kept.length.total_seconds():.1f} s"
            )
        if (cut.has_video, cut.has_audio) != (info.has_video, info.has_audio):
            raise CorruptMedia("the cut would lose its picture or its sound")


@contextmanager
def _arguments(
    source: Path, target: Path, kept: TimeMap, info: MediaInfo
) -> Iterator[Sequence[str]]:
    """Give ffmpeg's arguments; several pieces are listed in a script that goes afterwards."""
    if len(kept.kept) == 1:
        yield cut_arguments(source, target, kept.kept[0], info)
        return
    script = target.with_name(f"{source.name}.ffconcat")
    try:
        script.write_bytes(os.fsencode(join_script(source, kept, info)))
        yield join_arguments(script, target, kept, info)
    finally:
        script.unlink(missing_ok=True)


def _require(name: str, value: float, least: float, most: float) -> None:
    # Written so that "not a number", which compares with nothing, is refused too.
    if not least <= value <= most:
        raise InvalidOptions(f"trim.{name} cannot be {value:g}: it goes from {least} to {most}")


def _damage(sound: Sound) -> str:
    count = len(sound.damage)
    errors = "1 error" if count == 1 else f"{count} errors"
    return f"the sound is damaged, {errors} while decoding it; the first: {sound.damage[0]}"


def _without_clicks(sound: Sound, options: TrimOptions) -> Sound:
    gap = timedelta(seconds=options.bridge_seconds)
    return replace(sound, silences=bridged(sound.silences, gap))


def _cut(info: MediaInfo, duration: timedelta, sound: Sound, options: TrimOptions) -> Verdict:
    padding = timedelta(seconds=options.padding_seconds)
    wanted = span_to_keep(sound, duration, padding)
    outer = Span(start=_start_of_picture(info, wanted.start), end=wanted.end)
    kept, least = TimeMap(kept=(outer,)), timedelta(seconds=options.inner_pause_seconds)
    if least and info.container in INDEXED:
        pauses = inner_pauses(sound, outer, least, padding)
        kept = without_pauses(outer, pauses, info, least=_LEAST_CUT)
    if duration - kept.length < _LEAST_CUT:
        silent = leading_silence(sound) + trailing_silence(sound, duration)
        why = "no silence at either end" if not silent else "too little silence to cut"
        return Verdict(note=f"kept: {why}")
    if kept.length <= _NOTHING or duration - kept.length > options.max_cut_share * duration:
        return Verdict(note=f"kept: more than {options.max_cut_share:.0%} of it would be cut")
    return Verdict(kept=kept, note=f"cut {_cut_words(kept, duration)}")


def _cut_words(kept: TimeMap, duration: timedelta) -> str:
    first, last = kept.kept[0], kept.kept[-1]
    inside = last.end - first.start - kept.length
    pauses = len(kept.kept) - 1
    parts = {
        "from the start": first.start,
        "from the end": duration - last.end,
        f"in {pauses} pauses" if pauses > 1 else "in a pause": inside,
    }
    words = {where: f"{cut.total_seconds():.1f} s" for where, cut in parts.items()}
    return ", ".join(f"{cut} {where}" for where, cut in words.items() if cut != "0.0 s")


def _start_of_picture(info: MediaInfo, wanted: timedelta) -> timedelta:
    """Give where a piece may begin: at ``wanted``, or where the picture before it does."""
    if not info.has_video:
        return wanted
    return max((time for time in info.keyframes or () if time <= wanted), default=_NOTHING)


def _produced(artifact: Artifact, piece: Path, info: MediaInfo, kept: TimeMap) -> Produced:
    first, last = kept.kept[0], kept.kept[-1]
    duration = info.duration or last.end
    return Produced(
        path=piece,
        file_key=artifact.file_key,
        kind=artifact.kind,
        details={
            "cut_start_seconds": first.start.total_seconds(),
            "cut_end_seconds": (duration - last.end).total_seconds(),
            "duration_seconds": kept.length.total_seconds(),
            **kept.to_details(),
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
