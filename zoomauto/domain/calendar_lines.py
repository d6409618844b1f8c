"""When a systemd timer should start a job: values of ``OnCalendar=``.

A calendar in a zone skips what lies in a gap, and is silent while an hour is shown for the second
time. When it looks for its next time within a gap, it may pass over the rest of that day as well,
or give up until another line starts the job (seen with systemd 252 in Dublin and Casablanca, whose
winter time is the "daylight saving" one, and in Chatham, where the gap begins at a quarter to). A
calendar in UTC has none of these troubles. So the regular times stand in the job's zone, and the
single starts that systemd could miss are named in UTC; one instant named twice is still one start.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from zoomauto.domain.entry import HORIZON
from zoomauto.domain.instant import as_utc
from zoomauto.domain.schedule import Schedule, cron_of
from zoomauto.domain.start_pattern import (
    ALL_DAYS,
    ALL_MONTHS,
    ALL_WEEKDAYS,
    Span,
    StartPattern,
    day_rules,
    delicate_span,
    start_patterns,
    wanted_starts,
)
from zoomauto.domain.zone import zone_named
from zoomauto.domain.zone_name import canonical_name
from zoomauto.domain.zone_offsets import OffsetChange, offset_changes

_UTC = "Etc/UTC"
_SECOND = timedelta(seconds=1)
_HOUR = timedelta(hours=1)
_ALL_HOURS = tuple(range(24))
_ALL_MINUTES = tuple(range(60))
#: From Sunday on, as cron counts.
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


@dataclass(frozen=True, kw_only=True, slots=True)
class CalendarTimes:
    """The times of a job for a systemd timer."""

    #: One value of ``OnCalendar=`` each, with its zone.
    lines: tuple[str, ...]
    #: Up to here every occurrence has its start; in UTC.
    until: datetime


def calendar_lines(
    schedule: Schedule,
    *,
    start: datetime,
    horizon: timedelta = HORIZON,
    shift: timedelta = timedelta(),
) -> CalendarTimes:
    """Give few lines with which systemd starts a job at every occurrence + ``shift``.

    ``shift`` is 0 to 59 whole minutes. Occurrences from ``start`` to ``start`` + ``horizon`` have a
    start; after a shift over midnight there may be needless ones (contract, section 5). Raise
    InvalidSchedule for an unusable schedule, ValueError for a naive ``start``.
    """
    cron, zone = cron_of(schedule), zone_named(schedule.timezone)
    since = as_utc(start)
    until = since + horizon
    patterns = start_patterns(cron, day_rules(cron), (shift,))
    changes = offset_changes(zone, since - shift, until + shift)
    shaken = tuple(filter(None, (_shaken_span(change, patterns, zone) for change in changes)))
    spans = (*shaken, *(delicate_span(change, shift=shift) for change in changes))
    missed = [
        at
        for at in wanted_starts(schedule, spans, shift=shift)
        if since <= at <= until + shift
        and (_is_within(at, shaken) or not _starts(patterns, at.astimezone(zone)))
    ]
    timezone = canonical_name(schedule.timezone)
    if timezone == _UTC:
        # In a zone systemd computes each time in a process of its own; for this word it does not.
        timezone = "UTC"
    regular = (_regular_line(pattern, timezone) for pattern in patterns)
    return CalendarTimes(lines=(*regular, *_dated_lines(missed)), until=until)


def _shaken_span(
    change: OffsetChange, patterns: Iterable[StartPattern], zone: ZoneInfo
) -> Span | None:
    """Give the rest of a day with a gap, if an hour that the gap cuts into is in a pattern."""
    first = (change.at + change.before).replace(minute=0, second=0)
    last = change.at + change.after
    hours = (first + n * _HOUR for n in range(-((first - last) // _HOUR)))
    if not any(
        wall.hour in pattern.hours and pattern.on.matches(wall)
        for wall, pattern in product(hours, patterns)
    ):
        return None
    midnight = datetime.combine(last.date() + timedelta(days=1), time(), zone)
    return change.at, midnight.astimezone(UTC) - _SECOND


def _is_within(at: datetime, spans: Iterable[Span]) -> bool:
    return any(first <= at <= last for first, last in spans)


def _starts(patterns: Iterable[StartPattern], local: datetime) -> bool:
    return not local.fold and any(pattern.matches(local) for pattern in patterns)


def _regular_line(pattern: StartPattern, timezone: str) -> str:
    on = pattern.on
    month, day = _listed(on.months, ALL_MONTHS), _listed(on.days, ALL_DAYS)
    hour, minute = _listed(pattern.hours, _ALL_HOURS), _listed(pattern.minutes, _ALL_MINUTES)
    return f"{_weekdays(on.weekdays)}*-{month}-{day} {hour}:{minute}:00 {timezone}"


def _weekdays(weekdays: tuple[int, ...]) -> str:
    if weekdays == ALL_WEEKDAYS:
        return ""
    from_monday = sorted(weekdays, key=lambda weekday: (weekday - 1) % 7)
    return ",".join(_WEEKDAYS[weekday] for weekday in from_monday) + " "


def _listed(values: Iterable[int], full: tuple[int, ...]) -> str:
    # Every value by itself: systemd knows no */n for minutes, and no range that runs backwards.
    values = tuple(values)
    return "*" if values == full else ",".join(f"{value:02}" for value in values)


def _dated_lines(instants: Iterable[datetime]) -> Iterator[str]:
    """Name single instants; hours of one day with the same minutes share a line."""
    minutes_of: dict[tuple[date, int], list[int]] = defaultdict(list)
    for at in instants:
        minutes_of[at.date(), at.hour].append(at.minute)
    hours_of: dict[tuple[date, str], list[int]] = defaultdict(list)
    for (day, hour), minutes in minutes_of.items():
        hours_of[day, _listed(minutes, _ALL_MINUTES)].append(hour)
    for (day, times), hours in hours_of.items():
        yield f"{day} {_listed(hours, _ALL_HOURS)}:{times}:00 UTC"
