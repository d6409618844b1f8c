"""When a crontab should start a job: the schedule's times on the host's wall clock.

A line is *starred* when its minute or hour begins with ``*``, else *plain*. Debian's cron and
cronie start a starred line whenever the clock shows its times. They pass over a plain one while the
clock shows an hour for the second time, and make up for it after a gap; busybox and macOS start
either whenever the clock shows its times. So what holds everywhere is: a starred line starts at
every time it names, a plain one does except in a second pass. Nothing else is relied upon.

Of days of the month and weekdays, neither with a star, every cron takes what is in either. With a
star in one of them, Debian's and its kin take what is in both; busybox still takes what is in
either, and reads the one without a star as everybody does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

from zoomauto.domain.cron import CronExpression
from zoomauto.domain.cron_field import DAY, HOUR, MINUTE, MONTH, WEEKDAY, Field, list_text
from zoomauto.domain.entry import HORIZON
from zoomauto.domain.instant import as_utc
from zoomauto.domain.schedule import Schedule, cron_of
from zoomauto.domain.start_pattern import (
    ALL_DAYS,
    ALL_WEEKDAYS,
    DayRule,
    StartPattern,
    dated_patterns,
    day_rules,
    delicate_span,
    joined_patterns,
    start_patterns,
    wanted_starts,
)
from zoomauto.domain.zone import zone_named
from zoomauto.domain.zone_offsets import OffsetChange, offset_changes, offset_differences

#: Offsets of the time before count as well: rules are changed at short notice, mostly back to what
#: they were, and a needless start ends at once.
_MARGIN = timedelta(days=2 * 366)


@dataclass(frozen=True, kw_only=True, slots=True)
class CrontabTimes:
    """The times of a job for a crontab."""

    #: Five fields each, nothing else.
    lines: tuple[str, ...]
    #: Up to here every occurrence has its start; in UTC.
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    pattern: StartPattern
    text: str
    is_starred: bool

    def starts(self, local: datetime) -> bool:
        return self.pattern.matches(local) and (self.is_starred or not local.fold)


def crontab_times(
    schedule: Schedule,
    *,
    host_timezone: str,
    start: datetime,
    horizon: timedelta = HORIZON,
    shift: timedelta = timedelta(),
) -> CrontabTimes:
    """Give few lines that start a job at every occurrence + ``shift``, in any cron.

    ``host_timezone`` is an IANA name; ``shift`` is 0 to 59 whole minutes. Every occurrence from
    ``start`` to ``start`` + ``horizon`` has a start at most one minute late; there may be needless
    ones (contract, section 5). Raise InvalidSchedule for an unusable schedule or zone, ValueError
    for a naive ``start``.
    """
    host, job = zone_named(host_timezone), zone_named(schedule.timezone)
    since = as_utc(start)
    until = since + horizon
    changes = offset_changes(host, since - shift, until + shift)
    all_changes = (*changes, *offset_changes(job, since - shift, until))
    lines = _regular_lines(cron_of(schedule), _shifts(host, job, since, until, shift), changes)
    delicate = (delicate_span(change, shift=shift) for change in all_changes)
    wanted = wanted_starts(schedule, delicate, shift=shift)
    shown = (at.astimezone(host) for at in wanted if since <= at <= until + shift)
    missed = [local for local in shown if not any(line.starts(local) for line in lines)]
    return CrontabTimes(
        lines=tuple(line.text for line in (*lines, *_dated_lines(missed))), until=until
    )


def _shifts(
    host: ZoneInfo, job: ZoneInfo, since: datetime, until: datetime, shift: timedelta
) -> tuple[timedelta, ...]:
    ahead = offset_differences(host, job, since, until)
    if ahead == (timedelta(),):
        return (shift,)
    return tuple(d + shift for d in offset_differences(host, job, since - _MARGIN, until))


def _regular_lines(
    cron: CronExpression, shifts: tuple[timedelta, ...], changes: Iterable[OffsetChange]
) -> tuple[_Line, ...]:
    patterns = joined_patterns(start_patterns(cron, day_rules(cron), shifts))
    if not cron.interval_like:
        return tuple(map(_plain, patterns))
    is_repeated = any(change.repeated for change in changes)
    return tuple(map(_starred if is_repeated else _starred_if_free, patterns))


def _dated_lines(missed: Iterable[datetime]) -> tuple[_Line, ...]:
    """Name single starts by their date; only those in a second pass need a star."""
    again = [local for local in missed if local.fold]
    once = [local for local in missed if not local.fold]
    return (*map(_plain, dated_patterns(once)), *map(_starred, dated_patterns(again)))


def _plain(pattern: StartPattern) -> _Line:
    times = f"{_unstarred(pattern.minutes, MINUTE)} {_unstarred(pattern.hours, HOUR)}"
    return _line(pattern, times, is_starred=False)


def _starred(pattern: StartPattern) -> _Line:
    return _line(pattern, _cheapest_star(pattern)[1], is_starred=True)


def _starred_if_free(pattern: StartPattern) -> _Line:
    extra, times = _cheapest_star(pattern)
    return _plain(pattern) if extra else _line(pattern, times, is_starred=True)


def _line(pattern: StartPattern, times: str, *, is_starred: bool) -> _Line:
    days, weekdays = _day_fields(pattern.on)
    text = f"{times} {days} {list_text(pattern.on.months, MONTH)} {weekdays}"
    return _Line(pattern=pattern, text=text, is_starred=is_starred)


def _day_fields(on: DayRule) -> tuple[str, str]:
    """Write both day fields; without a star before one of two, either is enough."""
    days, weekdays = list_text(on.days, DAY), list_text(on.weekdays, WEEKDAY)
    if on.either_day or on.days == ALL_DAYS or on.weekdays == ALL_WEEKDAYS:
        return days, weekdays
    more_days, starred_days = _with_star(on.days, DAY)
    more_weekdays, starred_weekdays = _with_star(on.weekdays, WEEKDAY)
    by_day = more_days * len(on.weekdays), (starred_days, weekdays)
    by_weekday = more_weekdays * len(on.days), (days, starred_weekdays)
    return min(by_day, by_weekday, key=itemgetter(0))[1]


def _unstarred(values: tuple[int, ...], field: Field) -> str:
    text = list_text(values, field)
    return f"{field.low}-{field.high}" if text == "*" else text


def _cheapest_star(pattern: StartPattern) -> tuple[int, str]:
    """Put a star before minutes or hours; give the needless starts a day, and both fields."""
    minutes, hours = pattern.minutes, pattern.hours
    more_minutes, starred_minutes = _with_star(minutes, MINUTE)
    more_hours, starred_hours = _with_star(hours, HOUR)
    by_minute = more_minutes * len(hours), f"{starred_minutes} {list_text(hours, HOUR)}"
    by_hour = more_hours * len(minutes), f"{list_text(minutes, MINUTE)} {starred_hours}"
    return min(by_minute, by_hour, key=itemgetter(0))


def _with_star(values: tuple[int, ...], field: Field) -> tuple[int, str]:
    """Write values as ``*/step,...`` with the fewest others among them; give their number, too.

    Never ``*/60`` or ``*/24``, which would name nothing but 0: Debian 13 and cronie warn of steps
    beyond the range, each time anyone edits that crontab. One value more is the lesser evil.
    """
    wanted, numbers = set(values), range(field.low, field.low + field.size)
    steps = field.high - field.low + 1
    extra, step = min((len({*numbers[::n]} - wanted), n) for n in range(1, steps))
    rest = (str(value) for value in values if (value - field.low) % step)
    return extra, ",".join(("*" if step == 1 else f"*/{step}", *rest))
