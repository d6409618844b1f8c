"""When the clocks of a zone are changed, found by asking the zone for its offset."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from zoomauto.domain.instant import as_utc

#: No zone changes its offset back within this time: Morocco's month of Ramadan is the shortest.
_STEP = timedelta(days=1)
#: Where any zone's wall clock still fits into the calendar.
_FIRST = datetime(1, 1, 3, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class OffsetChange:
    """The clocks of a zone are put forward or back."""

    #: The first instant with the new offset, in UTC, to the second.
    at: datetime
    #: Local time minus UTC.
    before: timedelta
    after: timedelta

    @property
    def repeated(self) -> timedelta:
        """How much of the wall clock is shown a second time from ``at`` on."""
        return max(self.before - self.after, timedelta())


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    """Give local time minus UTC at an aware instant."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def offset_changes(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[OffsetChange, ...]:
    """Give the changes with ``start`` < change <= ``end``, ascending.

    Changes of any size and for any reason: daylight saving time, decrees, date lines.
    Raise ValueError for naive instants.
    """
    since, until = as_utc(start), as_utc(end)
    known = _changes_of_years(zone, since.year, until.year)
    return tuple(change for change in known if since < change.at <= until)


@lru_cache(maxsize=1024)
def offset_differences(
    host: ZoneInfo, job: ZoneInfo, start: datetime, end: datetime
) -> tuple[timedelta, ...]:
    """Give every value that host time minus job time takes from ``start`` to ``end``, ascending.

    Looked up after every change of either zone: a difference may last for three hours only, as
    between New York and Los Angeles twice a year.
    """
    changes = (*offset_changes(host, start, end), *offset_changes(job, start, end))
    instants = (start, *(change.at for change in changes))
    return tuple(sorted({offset_at(host, at) - offset_at(job, at) for at in instants}))


@lru_cache(maxsize=1024)
def _changes_of_years(zone: ZoneInfo, first: int, last: int) -> tuple[OffsetChange, ...]:
    """Look day by day, once for all the jobs of a zone and whatever they are shifted by."""
    start = max(datetime(first, 1, 1, tzinfo=UTC), _FIRST)
    end = _LAST if last == _LAST.year else datetime(last + 1, 1, 1, tzinfo=UTC)
    return tuple(_changes(zone, start, end))


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[OffsetChange]:
    steps = -((start - end) // _STEP)
    instants = (min(start + n * _STEP, end) for n in range(steps + 1))
    for (low, before), (high, after) in pairwise((at, offset_at(zone, at)) for at in instants):
        if before != after:
            yield OffsetChange(at=_first_with(zone, after, low, high), before=before, after=after)


def _first_with(zone: ZoneInfo, offset: timedelta, low: datetime, high: datetime) -> datetime:
    seconds = range(int((high - low).total_seconds()) + 1)
    first = bisect_left(
        seconds, 1, key=lambda n: int(offset_at(zone, low + timedelta(seconds=n)) == offset)
    )
    return low + timedelta(seconds=first)
