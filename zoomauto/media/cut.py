"""Copying pieces of a recording into a new file; not a frame is encoded again.

One piece needs only a start and a length. Several are listed for ffmpeg's concat demuxer, each
with its own key frame as its beginning, so that picture and sound move together.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePath

from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.media.ffmpeg import file_url, source_arguments
from zoomauto.media.probe import MediaInfo

#: Container -> ffmpeg's writer for it; others cannot be cut without encoding.
WRITERS = {"mp4": "mp4", "m4a": "ipod", "mov": "mov", "mp3": "mp3", "wav": "wav"}
#: Those from which pieces are joined: their key frames are known.
INDEXED = frozenset({"mp4", "m4a", "mov"})

#: So much before the key frame that ends a piece, for it belongs to what is left out.
_JUST_BEFORE = timedelta(milliseconds=1)


def cut_arguments(source: PurePath, target: PurePath, span: Span, info: MediaInfo) -> list[str]:
    """Give ffmpeg's arguments that copy a piece of the streams as they are."""
    start = ["-ss", _seconds(span.start)] if span.start else []
    return [*start, *source_arguments(source), *_copy(target, span.length, info)]


def join_arguments(script: PurePath, target: PurePath, kept: TimeMap, info: MediaInfo) -> list[str]:
    """Give ffmpeg's arguments that copy the pieces that a script lists, one behind the other."""
    # Only ours is a script: what it lists was seen to be media.
    whitelists = ["-protocol_whitelist", "file", "-format_whitelist", "concat,mov,mp4"]
    pieces = ["-f", "concat", "-safe", "0", "-i", file_url(script)]
    # Else the first stamp, of sound a little before the picture, would become zero.
    return [*whitelists, *pieces, "-copyts", *_copy(target, kept.length, info)]


def join_script(source: PurePath, kept: TimeMap, info: MediaInfo) -> str:
    """List the pieces of a file for ffmpeg's concat demuxer.

    A piece ends where the key frame behind it is decoded, which is before it is shown; what it
    lasts is told apart, so that the next begins exactly where the time map says.
    """
    name = file_url(source).replace("'", r"'\''")
    lines = ["ffconcat version 1.0"]
    for number, span in enumerate(kept.kept, start=1):
        lines += [f"file '{name}'", f"inpoint {_seconds(span.start)}"]
        if number < len(kept.kept):
            end = span.end - (info.reorder + _JUST_BEFORE if info.has_video else timedelta())
            lines += [f"outpoint {_seconds(end)}", f"duration {_seconds(span.length)}"]
    return "\n".join([*lines, ""])


def without_pauses(
    outer: Span, pauses: Sequence[Span], info: MediaInfo, *, least: timedelta
) -> TimeMap:
    """Give what is left of a piece when ``pauses`` inside it go, as far as key frames allow.

    Of a pause that begins and ends between key frames the rest stays; one of which less than
    ``least`` would go stays as a whole.
    """
    gaps = (_between_key_frames(pause, info) for pause in pauses)
    gone = [gap for gap in gaps if gap is not None and gap.length >= least]
    starts = [outer.start, *(gap.end for gap in gone)]
    ends = [*(gap.start for gap in gone), outer.end]
    return TimeMap(kept=tuple(Span(start=a, end=b) for a, b in zip(starts, ends, strict=True)))


def _between_key_frames(pause: Span, info: MediaInfo) -> Span | None:
    if not info.has_video:
        return pause
    inside = [time for time in info.keyframes or () if pause.start <= time <= pause.end]
    return Span(start=inside[0], end=inside[-1]) if inside else None


def _copy(target: PurePath, length: timedelta, info: MediaInfo) -> list[str]:
    streams = ["-map", "0:V?", "-map", "0:a?", "-c", "copy", "-t", _seconds(length)]
    index = ["-movflags", "+faststart"] if info.container in INDEXED else []
    return [*streams, *index, "-f", WRITERS[info.container], "-y", file_url(target)]


def _seconds(span: timedelta) -> str:
    """Write a time as ffmpeg reads it, to the microsecond: less would miss the key frame."""
    return f"{span // timedelta(seconds=1)}.{span.microseconds:06d}"
