"""The instants at which a schedule occurs, clock changes included (contract, section 5).

croniter finds the days of a pattern on a calendar without zones; what the clocks of a zone make of
their times is decided here.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile, groupby, takewhile
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from zoomauto.domain.cron import CronExpression
from zoomauto.domain.cron_field import DAY, MONTH, WEEKDAY, list_text
from zoomauto.domain.instant import as_utc
from zoomauto.domain.schedule import Schedule, cron_of
from zoomauto.domain.zone import zone_named

if TYPE_CHECKING:
    from croniter import croniter

_MINUTE = timedelta(minutes=1)
#: Where any zone's wall clock still fits into the calendar.
_FIRST = datetime(1, 1, 4, tzinfo=UTC)
_LAST = datetime(9999, 12, 28, tzinfo=UTC)


def occurrences(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Give the occurrences strictly after ``after``, ascending, aware, in the schedule's zone.

    Python compares two instants of one zone by their wall clocks: take them to UTC
    (:func:`~zoomauto.domain.instant.as_utc`) before comparing.
    Raise ValueError for a naive ``after``, InvalidSchedule for an unusable schedule.
    """
    zone = zone_named(schedule.timezone)
    instants = _instants_after(cron_of(schedule), zone, as_utc(after))
    return (instant.astimezone(zone) for instant in instants)


def occurrences_between(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Give the occurrences with ``start`` < occurrence <= ``end``, as :func:`occurrences` does."""
    limit = as_utc(end)
    return takewhile(lambda instant: as_utc(instant) <= limit, occurrences(schedule, start))


def next_occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """Give the first occurrence after ``after``; None when the calendar ends before it."""
    return next(occurrences(schedule, after), None)


def latest_occurrence(schedule: Schedule, *, after: datetime, until: datetime) -> datetime | None:
    """Give the newest occurrence with ``after`` < occurrence <= ``until``, if there is one."""
    zone, since = zone_named(schedule.timezone), as_utc(after)
    newest = _newest(cron_of(schedule), zone, _within_calendar(as_utc(until)))
    return newest.astimezone(zone) if newest and newest > since else None


def _within_calendar(instant: datetime) -> datetime:
    return min(max(instant, _FIRST), _LAST)


def _instants_after(cron: CronExpression, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    shown = _shown(_within_calendar(after), zone)
    # In the first pass of a repeated hour the second pass of earlier walls is still to come.
    walls = _walls(cron, shown - _repeated(shown, zone))
    ascending = _in_order(_meaning(cron, wall, zone) for wall in walls)
    # Several walls of one gap have collapsed into one instant.
    distinct = (instant for instant, _ in groupby(ascending))
    return dropwhile(lambda instant: instant <= after, distinct)


def _newest(cron: CronExpression, zone: ZoneInfo, until: datetime) -> datetime | None:
    shown = _shown(until, zone)
    newest: datetime | None = None
    # Walls later than what the clock shows may have passed before it was put back.
    for wall in _walls_back(cron, shown + _repeated(shown, zone)):
        reached = [instant for instant in _meaning(cron, wall, zone) if instant <= until]
        newest = max((x for x in (newest, *reached) if x), default=None)
        if newest and wall <= shown:
            break
    return newest


def _in_order(meanings: Iterable[tuple[datetime, ...]]) -> Iterator[datetime]:
    """Merge first and second passes; both ascend by themselves."""
    second_pass: deque[datetime] = deque()
    for meaning in meanings:
        if not meaning:
            continue
        while second_pass and second_pass[0] < meaning[0]:
            yield second_pass.popleft()
        yield meaning[0]
        second_pass.extend(meaning[1:])
    yield from second_pass


def _meaning(cron: CronExpression, wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Give the instants, in UTC, that a wall-clock time of the pattern stands for."""
    first, second = _passes(wall, zone)
    if first == second:
        return (first,)
    if first < second:
        return (first, second) if cron.interval_like else (first,)
    return () if cron.interval_like else (_end_of_gap(wall, zone, second, first),)


def _passes(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Read a wall-clock time with the offset before and after a change of offset, in UTC.

    Equal: it is shown once. Ascending: shown twice. Descending: skipped (PEP 495).
    """
    local = wall.replace(tzinfo=zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)


def _shown(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _repeated(wall: datetime, zone: ZoneInfo) -> timedelta:
    """Give the time between two passes of ``wall``; zero when it is shown once."""
    first, second = _passes(wall, zone)
    return max(second - first, timedelta())


def _end_of_gap(wall: datetime, zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Find the first instant, to the second, at which the clock of ``zone`` is past ``wall``."""
    seconds = range(int((high - low).total_seconds()))
    passed = bisect_right(seconds, wall, key=lambda n: _shown(low + timedelta(seconds=n), zone))
    return low + timedelta(seconds=passed)


def _walls(cron: CronExpression, after: datetime) -> Iterator[datetime]:
    times = _times(cron)
    walls = (datetime.combine(day, at) for day in _days(cron, after) for at in times)
    return dropwhile(lambda wall: wall <= after, walls)


def _walls_back(cron: CronExpression, until: datetime) -> Iterator[datetime]:
    times = _times(cron)[::-1]
    walls = (datetime.combine(day, at) for day in _days_back(cron, until) for at in times)
    return dropwhile(lambda wall: wall > until, walls)


def _times(cron: CronExpression) -> tuple[time, ...]:
    return tuple(time(hour, minute) for hour in cron.hours for minute in cron.minutes)


def _days(cron: CronExpression, start: datetime) -> Iterator[date]:
    """Give the days of the pattern from the day of ``start`` on, to the end of the calendar."""
    if _is_every_day(cron):
        yield from _consecutive(start.date(), _LAST.date())
        return
    calendar = _calendar(cron, datetime.combine(start, time()) - _MINUTE)
    try:
        while (day := calendar.get_next(datetime).date()) <= _LAST.date():
            yield day
    except ValueError:  # croniter went past the year 9999
        return


def _days_back(cron: CronExpression, start: datetime) -> Iterator[date]:
    """Give the days of the pattern from the day of ``start`` back to the first year."""
    if _is_every_day(cron):
        yield from _consecutive(start.date(), _FIRST.date())
        return
    calendar = _calendar(cron, datetime.combine(start, time()) + _MINUTE)
    try:
        while (day := calendar.get_prev(datetime).date()) >= _FIRST.date():
            yield day
    except ValueError:  # croniter went back past the year 1
        return


def _is_every_day(cron: CronExpression) -> bool:
    sizes = (len(cron.days), len(cron.months), len(cron.weekdays))
    return sizes == (DAY.size, MONTH.size, WEEKDAY.size)


def _consecutive(first: date, last: date) -> Iterator[date]:
    """Give every day from ``first`` to ``last``, whichever of them is the later one."""
    step = 1 if first <= last else -1
    return map(date.fromordinal, range(first.toordinal(), last.toordinal() + step, step))


def _calendar(cron: CronExpression, start: datetime) -> "croniter":
    """Open croniter on midnights alone, with plain lists: its own reading of ``*`` is no matter."""
    # A thirtieth of a start that finds nothing due; a pattern of every day needs no calendar.
    from croniter import croniter

    days, weekdays = cron.days, cron.weekdays
    if cron.either_day and (len(days) == DAY.size or len(weekdays) == WEEKDAY.size):
        days, weekdays = tuple(range(1, 32)), tuple(range(7))
    fields = (list_text(days, DAY), list_text(cron.months, MONTH), list_text(weekdays, WEEKDAY))
    return croniter(f"0 0 {' '.join(fields)}", start, day_or=cron.either_day)
