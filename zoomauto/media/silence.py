"""Hearing where a recording is silent, and deciding what of it to keep.

One pass over the sound alone. ``silencedetect`` compares sample peaks, not loudness: quieter noise
is silence, louder noise is not, and a miss means that less is cut.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath

from zoomauto.domain.time_map import Span
from zoomauto.media.ffmpeg import Ffmpeg, complaints, source_arguments

#: Encoders begin and end with up to two frames that were never recorded; 48 ms for AAC at 44.1 kHz.
_EDGE = timedelta(milliseconds=50)
#: A codec's frames are short, and handing each from filter to filter costs more than what they do.
_GATHERED = "asetnsamples=n=8192:p=0"
_NOTHING = timedelta()

_START = re.compile(r"\[\S*silencedetect\S* @ \S+\] \[info\] silence_start: (?P<at>\S+)")
_END = re.compile(r"\[\S*silencedetect\S* @ \S+\] \[info\] silence_end: (?P<at>\S+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sound:
    """What was heard in a recording."""

    #: In order, never touching.
    silences: tuple[Span, ...]
    #: Where the sound ends; 0 when there was none.
    length: timedelta
    #: What ffmpeg could not decode, in its own words; empty for a sound file.
    damage: tuple[str, ...]

    @property
    def is_silent(self) -> bool:
        """Whether no sample was as loud as silence may be."""
        if len(self.silences) != 1:
            return not self.length
        (silence,) = self.silences
        return silence.start <= _EDGE and silence.end >= self.length - _EDGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """What counts as silence."""

    threshold_db: float
    #: The shortest.
    length: timedelta


def listen(
    path: PurePath,
    ffmpeg: Ffmpeg,
    silence: Silence,
    *,
    timeout: timedelta,
    advance: Callable[[float], None] | None = None,
) -> Sound:
    """Listen to a recording's first sound track. Raise what :meth:`Ffmpeg.run` raises."""
    arguments = listen_arguments(path, silence)
    finished = ffmpeg.run(arguments, timeout=timeout, advance=advance)
    return parse_sound(finished.lines, finished.length or _NOTHING)


def listen_arguments(path: PurePath, silence: Silence) -> list[str]:
    """Give ffmpeg's arguments for one pass over the sound, without the picture."""
    detect = f"silencedetect=n={silence.threshold_db}dB:d={silence.length.total_seconds()}"
    sound = ["-vn", "-map", "0:a:0", "-af", f"{_GATHERED},{detect}"]
    return [*source_arguments(path), *sound, "-f", "null", "-"]


def parse_sound(lines: Sequence[str], length: timedelta) -> Sound:
    """Read what the filter printed. ``length`` is how far the sound went."""
    return Sound(
        silences=tuple(_silences(lines, length)),
        length=length,
        damage=complaints(lines),
    )


def bridged(silences: Sequence[Span], gap: timedelta) -> tuple[Span, ...]:
    """Join silences with less than ``gap`` of sound between them: a click ends no silence."""
    joined: list[Span] = []
    for silence in silences:
        if joined and silence.start - joined[-1].end < gap:
            joined[-1] = Span(start=joined[-1].start, end=silence.end)
        else:
            joined.append(silence)
    return tuple(joined)


def leading_silence(sound: Sound) -> timedelta:
    """Give how long it is silent from the start."""
    first = sound.silences[0] if sound.silences else None
    return first.end if first and first.start <= _EDGE else _NOTHING


def trailing_silence(sound: Sound, duration: timedelta) -> timedelta:
    """Give how long it is silent up to the end of the recording, whose sound may end earlier."""
    last = sound.silences[-1] if sound.silences else None
    return duration - last.start if last and last.end >= sound.length - _EDGE else _NOTHING


def span_to_keep(sound: Sound, duration: timedelta, padding: timedelta) -> Span:
    """Give the piece from the first sound to the last, with ``padding`` on both sides."""
    start = leading_silence(sound) - padding
    end = duration - trailing_silence(sound, duration) + padding
    return Span(start=max(start, _NOTHING), end=min(end, duration))


def silent_share(sound: Sound) -> float:
    """Give how much of the sound is silence, from 0 to 1; 1 when there is no sound at all."""
    silent = sum((silence.length for silence in sound.silences), _NOTHING)
    return min(silent / sound.length, 1.0) if sound.length else 1.0


def inner_pauses(sound: Sound, kept: Span, least: timedelta, padding: timedelta) -> list[Span]:
    """Give the silences of ``least`` and more inside a piece, less ``padding`` at both sides."""
    return [
        Span(start=silence.start + padding, end=silence.end - padding)
        for silence in sound.silences
        if kept.start < silence.start and silence.end < kept.end
        if silence.length >= max(least, 2 * padding)
    ]


def _silences(lines: Sequence[str], length: timedelta) -> Iterator[Span]:
    start: timedelta | None = None
    for line in lines:
        if found := _START.match(line):
            start = max(timedelta(seconds=float(found["at"])), _NOTHING)
        elif (found := _END.match(line)) and start is not None:
            yield Span(start=start, end=timedelta(seconds=float(found["at"])))
            start = None
    if start is not None:
        yield Span(start=start, end=max(length, start))
