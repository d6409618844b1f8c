"""Wall-clock times at which something is to be started: a schedule, moved to another clock."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product, zip_longest

from zoomauto.domain.cron import LONGEST_MONTHS, CronExpression
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences_between
from zoomauto.domain.schedule import Schedule, cron_of
from zoomauto.domain.zone_offsets import OffsetChange

ALL_DAYS = tuple(range(1, 32))
ALL_MONTHS = tuple(range(1, 13))
ALL_WEEKDAYS = tuple(range(7))

#: From one instant to another.
Span = tuple[datetime, datetime]

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_MINUTES_PER_DAY = 24 * 60
#: A common year and a leap year: together they hold every step from one date to another.
_YEARS = (2023, 2024)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayRule:
    """Days on which all three fields match; values ascending, each once."""

    #: Days of the month.
    days: tuple[int, ...] = ALL_DAYS
    months: tuple[int, ...] = ALL_MONTHS
    #: 0 = Sunday ... 6 = Saturday, as in cron.
    weekdays: tuple[int, ...] = ALL_WEEKDAYS
    #: Whether one of ``days`` and ``weekdays`` is enough, which no rule with all of either says.
    either_day: bool = False

    def shifted(self, by: int) -> "DayRule":
        """Give the smallest rule that holds every day ``by`` days after one of this rule.

        Days of the month that were not restricted stay so.
        """
        if not by:
            return self
        dates = {(moved.month, moved.day) for moved in self._dates(timedelta(days=by))}
        days = tuple(sorted({day for _, day in dates}))
        return DayRule(
            days=ALL_DAYS if self.days == ALL_DAYS else days,
            months=tuple(sorted({month for month, _ in dates})),
            weekdays=tuple(sorted((weekday + by) % 7 for weekday in self.weekdays)),
        )

    def matches(self, day: date) -> bool:
        """Whether this is one of the days."""
        combine = any if self.either_day else all
        is_day = combine((day.day in self.days, day.isoweekday() % 7 in self.weekdays))
        return is_day and day.month in self.months

    def _dates(self, moved_by: timedelta) -> Iterator[date]:
        for year, month, day in product(_YEARS, self.months, self.days):
            if day <= monthrange(year, month)[1]:
                yield date(year, month, day) + moved_by


@dataclass(frozen=True, kw_only=True, slots=True)
class StartPattern:
    """Wall-clock times whose minute, hour and day all match; values ascending, each once."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    on: DayRule

    def matches(self, wall: datetime) -> bool:
        """Whether the clock shows a time of this pattern."""
        return wall.minute in self.minutes and wall.hour in self.hours and self.on.matches(wall)


def day_rules(cron: CronExpression) -> tuple[DayRule, ...]:
    """Give the days of a cron expression: those of any of these rules.

    Two rules when one of two restricted day fields is enough. A rule that no date fulfils, such as
    31 February beside a weekday, is left out.
    """
    both = DayRule(days=cron.days, months=cron.months, weekdays=cron.weekdays)
    if not cron.either_day:
        return (both,)
    if len(cron.days) == len(ALL_DAYS) or len(cron.weekdays) == len(ALL_WEEKDAYS):
        return (DayRule(months=cron.months),)
    by_day, by_weekday = replace(both, weekdays=ALL_WEEKDAYS), replace(both, days=ALL_DAYS)
    longest = max(LONGEST_MONTHS[month - 1] for month in cron.months)
    return (by_day, by_weekday) if cron.days[0] <= longest else (by_weekday,)


def start_patterns(
    cron: CronExpression, rules: Iterable[DayRule], shifts: Iterable[timedelta]
) -> tuple[StartPattern, ...]:
    """Move each time of ``cron`` on the days of ``rules`` by each of ``shifts``, whole minutes.

    Hours, days, weekdays and month ends follow. Few patterns: minutes of the same hours and days
    share one.
    """
    hours_of: dict[DayRule, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for rule, (days, times) in product(rules, _moved_times(cron, shifts).items()):
        hours_at = hours_of[rule.shifted(days)]
        for hour, minute in times:
            hours_at[minute].add(hour)
    return tuple(
        StartPattern(minutes=minutes, hours=hours, on=rule)
        for rule, by_minute in hours_of.items()
        for hours, minutes in sorted(_grouped(by_minute).items())
    )


def joined_patterns(patterns: Iterable[StartPattern]) -> tuple[StartPattern, ...]:
    """Give fewer patterns for a clock that knows :attr:`DayRule.either_day`.

    One of days of the month and one of weekdays at the same times become one, in which a day that
    both hold counts once. Beside one of every day, neither is needed.
    """
    alike: dict[object, list[StartPattern]] = defaultdict(list)
    for pattern in patterns:
        alike[pattern.minutes, pattern.hours, pattern.on.months].append(pattern)
    return tuple(pattern for group in alike.values() for pattern in _joined(group))


def _joined(group: Sequence[StartPattern]) -> Iterator[StartPattern]:
    """Join patterns of the same times and months."""
    by_day = [p for p in group if p.on.days != ALL_DAYS and p.on.weekdays == ALL_WEEKDAYS]
    by_weekday = [p for p in group if p.on.days == ALL_DAYS and p.on.weekdays != ALL_WEEKDAYS]
    others = [p for p in group if p not in by_day and p not in by_weekday]
    yield from others
    if any(p.on.days == ALL_DAYS and p.on.weekdays == ALL_WEEKDAYS for p in others):
        return
    for one, other in zip_longest(by_day, by_weekday):
        if one and other:
            both = replace(one.on, weekdays=other.on.weekdays, either_day=True)
            yield replace(one, on=both)
        else:
            yield one or other


def delicate_span(change: OffsetChange, *, shift: timedelta) -> Span:
    """Give the time from a change on in which a moved pattern may not hold every start.

    Between changes a clock runs evenly, so that a pattern moved by the difference of two clocks
    holds them all. What is left: starts while a clock shows times again, starts that a gap has
    moved, and starts before which a change came after the occurrence.
    """
    return change.at, change.at + change.repeated + shift


def wanted_starts(
    schedule: Schedule, spans: Iterable[Span], *, shift: timedelta
) -> tuple[datetime, ...]:
    """Give ``occurrence + shift`` within ``spans``, both ends included: in UTC, ascending."""
    cron = cron_of(schedule)
    found: set[datetime] = set()
    for first, last in spans:
        since, until = first - shift - _SECOND, last - shift
        # Most schedules do not occur on most of these days, and to open a calendar costs more.
        if not any(map(cron.matches_day, _days_around(since, until))):
            continue
        within = occurrences_between(schedule, since, until)
        found.update(as_utc(instant) + shift for instant in within)
    return tuple(sorted(found))


def _days_around(since: datetime, until: datetime) -> Iterator[date]:
    """Give every day that any clock shows in this time."""
    first, last = since.toordinal() - 1, until.toordinal() + 1
    return map(date.fromordinal, range(first, last + 1))


def dated_patterns(walls: Iterable[datetime]) -> tuple[StartPattern, ...]:
    """Give few patterns, by month, that match each of ``walls`` in every year."""
    minutes_of: dict[tuple[int, int, int], set[int]] = defaultdict(set)
    for wall in walls:
        minutes_of[wall.month, wall.hour, wall.day].add(wall.minute)
    days_of: dict[tuple[int, int, tuple[int, ...]], set[int]] = defaultdict(set)
    for (month, hour, day), minutes in minutes_of.items():
        days_of[month, hour, tuple(sorted(minutes))].add(day)
    return tuple(
        StartPattern(
            minutes=minutes, hours=(hour,), on=DayRule(days=tuple(sorted(days)), months=(month,))
        )
        for (month, hour, minutes), days in sorted(days_of.items())
    )


def _moved_times(
    cron: CronExpression, shifts: Iterable[timedelta]
) -> dict[int, set[tuple[int, int]]]:
    """Give hours and minutes by the number of days they moved."""
    moved: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for shift, hour, minute in product(shifts, cron.hours, cron.minutes):
        days, clock = divmod(60 * hour + minute + shift // _MINUTE, _MINUTES_PER_DAY)
        moved[days].add(divmod(clock, 60))
    return dict(sorted(moved.items()))


def _grouped(hours_of: dict[int, set[int]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Turn minute -> hours into hours -> minutes."""
    minutes_of: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for minute, hours in sorted(hours_of.items()):
        minutes_of[tuple(sorted(hours))].append(minute)
    return {hours: tuple(minutes) for hours, minutes in minutes_of.items()}
