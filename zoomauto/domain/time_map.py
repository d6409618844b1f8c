"""From the clock of a recording to that of what was kept of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

_NOTHING = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A piece of a recording, from its own beginning."""

    start: timedelta
    end: timedelta

    @property
    def length(self) -> timedelta:
        """How long the piece is."""
        return self.end - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeMap:
    """The pieces that were kept, in order and apart; they follow each other without a gap."""

    kept: tuple[Span, ...]

    @property
    def length(self) -> timedelta:
        """How long the pieces are together."""
        return sum((span.length for span in self.kept), _NOTHING)

    def moved(self, start: timedelta, end: timedelta) -> Span | None:
        """Give where a span of the recording lies in what was kept; None when all of it went.

        A span that lies partly in what was cut becomes shorter.
        """
        first, last = self._at(start), self._at(end)
        return Span(start=first, end=last) if last > first else None

    def _at(self, instant: timedelta) -> timedelta:
        """Give the place of an instant; one that was cut falls on the joint."""
        passed = _NOTHING
        for span in self.kept:
            if instant <= span.start:
                return passed
            if instant < span.end:
                return passed + instant - span.start
            passed += span.length
        return passed

    def to_details(self) -> dict[str, Any]:
        """Give the map as details of an artifact keep it, in seconds."""
        pieces = [[s.start.total_seconds(), s.end.total_seconds()] for s in self.kept]
        return {"kept_seconds": pieces}


def time_map_of(details: Mapping[str, Any]) -> TimeMap | None:
    """Read the map from an artifact's details; None for an artifact of which nothing was cut."""
    pieces: Sequence[Iterable[float]] | None = details.get("kept_seconds")
    if pieces is None:
        return None
    spans = ((timedelta(seconds=start), timedelta(seconds=end)) for start, end in pieces)
    return TimeMap(kept=tuple(Span(start=start, end=end) for start, end in spans))
