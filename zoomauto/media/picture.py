"""Whether there is anything to see in a recording, told by its key frames alone.

Decoding only those costs 6 s for an hour, where the whole picture costs over a minute.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import PurePath

from zoomauto.media.ffmpeg import Ffmpeg, source_arguments

#: Luma of the darkest tenth, in limited range, as ffmpeg's blackdetect draws the line.
_BLACK = 38
_LOW, _HIGH = 16, 235
#: What may become bright or dark between two key frames of a picture in which nothing moves.
_STILL = 0.002
_MEAN = re.compile(r"\[Parsed_metadata\S* @ \S+\] \[info\] lavfi\.signalstats\.YAVG=(?P<mean>\S+)")


def is_black(
    path: PurePath,
    ffmpeg: Ffmpeg,
    *,
    share: float,
    timeout: timedelta,
    advance: Callable[[float], None] | None = None,
) -> bool:
    """Whether each key frame is black by ``share`` of its area, and none differs from the others.

    False when no frame can be seen. Raise what :meth:`Ffmpeg.run` raises.
    """
    finished = ffmpeg.run(look_arguments(path), timeout=timeout, advance=advance)
    bright = parse_brightness(finished.lines)
    return bool(bright) and max(bright) <= 1 - share and max(bright) - min(bright) <= _STILL


def look_arguments(path: PurePath) -> list[str]:
    """Give ffmpeg's arguments for one pass over the key frames, without the sound."""
    black_or_white = f"lutyuv=y='if(gt(val,{_BLACK}),{_HIGH},{_LOW})'"
    measure = "signalstats,metadata=print:key=lavfi.signalstats.YAVG"
    picture = ["-an", "-map", "0:V:0", "-vf", f"format=yuv420p,{black_or_white},{measure}"]
    return ["-skip_frame", "nokey", *source_arguments(path), *picture, "-f", "null", "-"]


def parse_brightness(lines: Sequence[str]) -> tuple[float, ...]:
    """Read from what the filters printed how much of each frame is not black, from 0 to 1."""
    means = (float(found["mean"]) for line in lines if (found := _MEAN.match(line)))
    return tuple((mean - _LOW) / (_HIGH - _LOW) for mean in means)
