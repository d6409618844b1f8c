"""Chapters of a recording, and the forms in which players and people read them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from zoomauto.domain.subtitle_text import escaped, vtt_file
from zoomauto.domain.transcript import Cue

_NOTHING = timedelta()
_SECOND = timedelta(seconds=1)
_LONGEST_TITLE = 80
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
#: YouTube takes no chapters from fewer lines, nor when one is shorter.
_FEWEST_LINES = 3
_SHORTEST_SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """Where a topic begins: with which cue, counted from 0."""

    cue: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Chapter:
    """A part of a recording. Each ends where the next one starts."""

    start: timedelta
    end: timedelta
    title: str


def chapters_of(
    headings: Iterable[Heading], cues: Sequence[Cue], *, shortest: timedelta, most: int
) -> tuple[Chapter, ...]:
    """Make chapters of what an engine found; times are those of cues, whatever it says.

    The first starts at zero, whatever was said first. What begins sooner than ``shortest`` after
    another, or before the end, is left out; of more than ``most`` chapters, the shortest.
    """
    length = max((cue.end for cue in cues), default=_NOTHING)
    starts: list[tuple[timedelta, str]] = []
    for heading in sorted(headings, key=lambda heading: heading.cue):
        title = _tidied(heading.title)
        if not 0 <= heading.cue < len(cues) or not title:
            continue
        start = cues[heading.cue].start if starts else _NOTHING
        if not starts or min(start - starts[-1][0], length - start) >= shortest:
            starts.append((start, title))
    while len(starts) > most:
        gaps = [after[0] - before[0] for before, after in pairwise(starts)]
        del starts[gaps.index(min(gaps)) + 1]
    ends = [*(start for start, _ in starts[1:]), length]
    return tuple(
        Chapter(start=start, end=end, title=title)
        for (start, title), end in zip(starts, ends, strict=False)
    )


def chapters_document(chapters: Iterable[Chapter]) -> dict[str, Any]:
    """Give chapters as podcast players read them: JSON chapters, version 1.2.0."""
    rows = [
        {
            "startTime": chapter.start.total_seconds(),
            "endTime": chapter.end.total_seconds(),
            "title": chapter.title,
        }
        for chapter in chapters
    ]
    return {"version": "1.2.0", "chapters": rows}


def chapters_vtt(chapters: Iterable[Chapter]) -> str:
    """Give chapters as players of WebVTT read them."""
    return vtt_file((c.start, c.end, escaped(c.title)) for c in chapters)


def description_lines(chapters: Sequence[Chapter]) -> str:
    """Give the lines of a description that YouTube takes for chapters.

    Empty when it would not: it wants three, the first at zero, none below ten seconds.
    """
    if len(chapters) < _FEWEST_LINES or chapters[0].start >= _SECOND:
        return ""
    if min(c.end // _SECOND - c.start // _SECOND for c in chapters) < _SHORTEST_SECONDS:
        return ""
    return "\n".join(f"{_clock(c.start)} {c.title}" for c in chapters)


def _tidied(title: str) -> str:
    """Put a title on one line, and cut it between words."""
    line = _UNWRITABLE.sub("", " ".join(title.split()))
    if len(line) <= _LONGEST_TITLE:
        return line
    cut = line[: _LONGEST_TITLE - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:-") + "…"


def _clock(time: timedelta) -> str:
    """Write a time as people do: ``0:00``, ``1:02:03``."""
    minutes, seconds = divmod(time // _SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
