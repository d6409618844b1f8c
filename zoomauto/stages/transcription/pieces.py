"""Cutting sound into pieces where nobody speaks. Times only; nothing here touches a file."""

from collections.abc import Sequence
from datetime import timedelta

from zoomauto.domain.time_map import Span

_NOTHING = timedelta()
#: Left before the first sound of a piece and after its last.
_PADDING = timedelta(milliseconds=250)


def first_piece(rest: Span, silences: Sequence[Span], longest: timedelta) -> Span:
    """Give the first piece of what is left, at most ``longest``.

    It ends in the last pause of its second half; without one, a word may be cut.
    """
    if rest.length <= longest:
        return rest
    latest = rest.start + longest
    earliest = rest.start + longest / 2
    pauses = (silence.start + silence.length / 2 for silence in silences)
    end = max((pause for pause in pauses if earliest <= pause <= latest), default=latest)
    return Span(start=rest.start, end=end)


def sounding(piece: Span, silences: Sequence[Span]) -> Span | None:
    """Give a piece without the silence at its ends; None when there is nothing else."""
    start, end = piece.start, piece.end
    for silence in silences:
        if silence.start <= start < silence.end:
            start = silence.end
        if silence.start < end <= silence.end:
            end = silence.start
    if start >= end:
        return None
    return Span(start=max(start - _PADDING, piece.start), end=min(end + _PADDING, piece.end))


def silent_part(span: Span, silences: Sequence[Span]) -> timedelta:
    """Give how much of a span is silent."""
    return sum((_common(span, silence) for silence in silences), _NOTHING)


def _common(one: Span, other: Span) -> timedelta:
    return max(min(one.end, other.end) - max(one.start, other.start), _NOTHING)
