"""Cron expressions as Debian's cron reads them, without running anything."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise

from zoomauto.domain.cron_field import DAY, HOUR, MINUTE, MONTH, WEEKDAY, parse_field
from zoomauto.errors import InvalidSchedule

_FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
#: The most days each month ever has, from January on.
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2
_MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class CronExpression:
    """Five fields as the values they stand for, ascending, each once."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    #: Days of the month.
    days: tuple[int, ...]
    months: tuple[int, ...]
    #: 0 = Sunday ... 6 = Saturday, as in cron.
    weekdays: tuple[int, ...]
    #: The field begins with ``*``, whatever follows.
    day_star: bool
    weekday_star: bool
    #: Minute or hour begins with ``*``: occurs at every real minute that matches. Otherwise each
    #: wall-clock time occurs exactly once (contract, section 5: Occurrences).
    interval_like: bool
    #: As it was written, blanks evened out.
    source: str

    @property
    def either_day(self) -> bool:
        """Whether one of the two day fields is enough; otherwise both must match."""
        return not (self.day_star or self.weekday_star)

    def matches_day(self, day: date) -> bool:
        """Whether the pattern occurs on ``day`` at all (day rule of Debian's cron)."""
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either_day else by_day and by_weekday


@lru_cache(maxsize=4096)
def parse_cron(expression: str) -> CronExpression:
    """Read a five-field expression or a macro such as ``@daily``.

    Raise InvalidSchedule, which says what to write instead where there is something, for all that
    the contract refuses (section 5, row ``cron``).
    """
    source = re.sub(r"[ \t]+", " ", expression.strip())
    fields = _MACROS.get(source, source).split(" ") if source else []
    _check_count(fields)
    minute, hour, day, _, weekday = fields
    minutes, hours, days, months, weekdays = map(parse_field, fields, _FIELDS)
    cron = CronExpression(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        day_star=day.startswith("*"),
        weekday_star=weekday.startswith("*"),
        interval_like=minute.startswith("*") or hour.startswith("*"),
        source=source,
    )
    _check_fires(cron, fields)
    return cron


def minimum_interval(cron: CronExpression) -> timedelta:
    """Give the smallest gap between two consecutive occurrences of the pattern.

    On the wall clock, over the 400 years after which the calendar repeats, DST aside (contract,
    section 2).
    """
    times = [60 * hour + minute for hour in cron.hours for minute in cron.minutes]
    within = min((b - a for a, b in pairwise(times)), default=None)
    overnight = _MINUTES_PER_DAY - times[-1] + times[0]
    if within is not None and within <= overnight:
        return timedelta(minutes=within)
    overnight += _MINUTES_PER_DAY * (_closest_days(cron) - 1)
    return timedelta(minutes=overnight if within is None else min(within, overnight))


def _check_count(fields: list[str]) -> None:
    if len(fields) == len(_FIELDS):
        return
    text = " ".join(fields)
    if text.startswith("@"):
        raise InvalidSchedule(
            f"cron's {text!r} is not a time that comes round", hint=_macro_hint(text)
        )
    raise InvalidSchedule(
        f"a cron expression has five fields (minute, hour, day of the month, month, weekday);"
        f" {text!r} has {len(fields) if text else 0}",
        hint=_without_sixth(fields),
    )


def _macro_hint(text: str) -> str:
    if text.lower() in _MACROS:
        return f"write {text.lower()} instead of {text}"
    return f"known: {', '.join(_MACROS)}"


def _without_sixth(fields: list[str]) -> str | None:
    """Say which of six fields to leave out: zero seconds in front, a user name at the end."""
    if len(fields) != len(_FIELDS) + 1:
        return None
    name, is_variable, zone = fields[0].partition("=")
    if is_variable and name in ("TZ", "CRON_TZ"):
        return f"write {' '.join(fields[1:])} instead, with the time zone {zone}"
    for five, sure in (
        (" ".join(fields[1:]), fields[0] == "0"),
        (" ".join(fields[:-1]), fields[-1].isalpha()),
    ):
        if sure and _is_valid(five):
            return f"write {five} instead"
    return "leave out seconds, year or user name"


def _is_valid(expression: str) -> bool:
    try:
        parse_cron(expression)
    except InvalidSchedule:
        return False
    return True


def _check_fires(cron: CronExpression, fields: list[str]) -> None:
    # Over 400 years every date, 29 February included, falls on every weekday: only days that no
    # month has can keep a pattern from occurring.
    longest = max(LONGEST_MONTHS[month - 1] for month in cron.months)
    if cron.either_day or min(cron.days) <= longest:
        return
    minute, hour, _, month, weekday = fields
    last = 28 if _FEBRUARY in cron.months else longest
    raise InvalidSchedule(
        f"{cron.source!r} never occurs: no month in {month!r} has a day {cron.days[0]}",
        hint=f"write {minute} {hour} {last} {month} {weekday} instead",
    )


def _closest_days(cron: CronExpression) -> int:
    """Give the smallest distance between two consecutive days of the pattern, in days."""
    spans: dict[tuple[int, int], tuple[int, ...]] = {}
    closest, previous = 400 * 366, None
    # The calendar repeats after 400 years; twice that holds every gap of the endless pattern.
    for year in range(2000, 2800):
        start = date(year, 1, 1)
        kind = (start.weekday(), date(year, 12, 31).timetuple().tm_yday)
        days = spans.get(kind)
        if days is None:
            days = spans[kind] = _days_of_year(cron, start, kind[1])
            closest = min(closest, _smallest_gap(days, default=closest))
        if closest == 1:
            break
        if days:
            if previous is not None:
                closest = min(closest, start.toordinal() + days[0] - previous)
            previous = start.toordinal() + days[-1]
    return closest


def _days_of_year(cron: CronExpression, start: date, length: int) -> tuple[int, ...]:
    return tuple(n for n in range(length) if cron.matches_day(start + timedelta(days=n)))


def _smallest_gap(values: Iterable[int], *, default: int) -> int:
    return min((b - a for a, b in pairwise(values)), default=default)
