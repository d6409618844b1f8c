"""Schedules: the four kinds of rule that produce occurrences, each with its time zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from difflib import get_close_matches
from typing import Any

from zoomauto.domain.cron import LONGEST_MONTHS, CronExpression, parse_cron
from zoomauto.domain.cron_words import clock_times, listed, month_names, weekday_names, words_of
from zoomauto.domain.zone import zone_named
from zoomauto.errors import InvalidSchedule


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeOfDay:
    """Every day at one time."""

    #: Wall-clock time in the zone, to the minute.
    time: time
    #: IANA name.
    timezone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EveryHours:
    """Every so many hours, starting at midnight each day."""

    #: 1 to 24.
    hours: int
    timezone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekdays:
    """On some days of the week at one time."""

    #: 0 = Monday ... 6 = Sunday, ascending, each once.
    days: tuple[int, ...]
    time: time
    timezone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CronSchedule:
    """A five-field cron expression."""

    expression: str
    timezone: str


Schedule = TimeOfDay | EveryHours | Weekdays | CronSchedule

_FEBRUARY = 2

#: The fields of each type besides ``type`` and ``timezone`` (contract, section 5).
_FIELDS = {
    "time_of_day": ("time",),
    "hours": ("hours",),
    "weekdays": ("days", "time"),
    "cron": ("expression",),
}


def schedule_from_document(document: Mapping[str, Any], *, default_timezone: str) -> Schedule:
    """Read a schedule as it stands in a job document (contract, sections 4 and 5).

    Without ``timezone`` it is in ``default_timezone``. Raise InvalidSchedule for anything that is
    missing, unknown or unusable.
    """
    kind = _kind(document)
    _check_keys(document, kind)
    timezone = document.get("timezone", default_timezone)
    if not isinstance(timezone, str):
        raise InvalidSchedule(f"timezone must be an IANA name, not {timezone!r}")
    zone_named(timezone)
    if kind == "time_of_day":
        return TimeOfDay(time=_time(document["time"]), timezone=timezone)
    if kind == "hours":
        return EveryHours(hours=_hours(document["hours"]), timezone=timezone)
    if kind == "weekdays":
        days = _days(document["days"])
        return Weekdays(days=days, time=_time(document["time"]), timezone=timezone)
    return CronSchedule(expression=_expression(document["expression"]), timezone=timezone)


def schedule_to_document(schedule: Schedule) -> dict[str, Any]:
    """Write a schedule as :func:`schedule_from_document` reads it."""
    zone = {"timezone": schedule.timezone}
    match schedule:
        case TimeOfDay():
            return {"type": "time_of_day", "time": f"{schedule.time:%H:%M}", **zone}
        case EveryHours():
            return {"type": "hours", "hours": schedule.hours, **zone}
        case Weekdays():
            days, at = list(schedule.days), f"{schedule.time:%H:%M}"
            return {"type": "weekdays", "days": days, "time": at, **zone}
        case CronSchedule():
            return {"type": "cron", "expression": schedule.expression, **zone}


def cron_text(schedule: Schedule) -> str:
    """Give the cron equivalent in the schedule's zone (contract, section 5)."""
    match schedule:
        case TimeOfDay(time=at):
            return f"{at.minute} {at.hour} * * *"
        case EveryHours(hours=24):
            return "0 0 * * *"
        case EveryHours(hours=hours):
            return f"0 */{hours} * * *"
        case Weekdays(days=days, time=at):
            weekdays = sorted((day + 1) % 7 for day in days)
            return f"{at.minute} {at.hour} * * {','.join(map(str, weekdays))}"
        case CronSchedule(expression=expression):
            return expression


def cron_of(schedule: Schedule) -> CronExpression:
    """Give the schedule as a cron expression. Raise InvalidSchedule when it holds a bad one."""
    return parse_cron(cron_text(schedule))


def describe(schedule: Schedule) -> str:
    """Say in words when the schedule occurs, with its zone."""
    return f"{_words(schedule)} ({schedule.timezone})"


def warnings(schedule: Schedule) -> tuple[str, ...]:
    """Say what may surprise about a schedule that is fine as such."""
    if isinstance(schedule, EveryHours):
        return _uneven_hours(schedule.hours)
    return _missing_days(cron_of(schedule))


def _words(schedule: Schedule) -> str:
    match schedule:
        case EveryHours(hours=1):
            return "every hour, on the hour"
        case EveryHours(hours=hours):
            return f"every {hours} hours, at {_times_of_day(hours)}"
        case Weekdays(days=days, time=at):
            return f"{weekday_names(days)} at {at:%H:%M}"
        case _:
            return words_of(cron_of(schedule))


def _times_of_day(hours: int) -> str:
    return clock_times((hour, 0) for hour in range(0, 24, hours))


def _uneven_hours(hours: int) -> tuple[str, ...]:
    rest = 24 % hours
    if not rest:
        return ()
    text = (
        f"{hours} hours do not divide a day: the count restarts at midnight, so it occurs at"
        f" {_times_of_day(hours)}, the last one {rest} {'hour' if rest == 1 else 'hours'} before"
        " midnight"
    )
    return (text,)


def _missing_days(cron: CronExpression) -> tuple[str, ...]:
    """Find the months that have none of the days asked for."""
    first = cron.days[0]
    without = [month for month in cron.months if first > LONGEST_MONTHS[month - 1]]
    found = []
    if without:
        days = listed([f"day {day}" for day in cron.days], "or")
        found.append(
            f"{month_names(without)} {'has' if len(without) == 1 else 'have'} no {days}:"
            f" {_remaining(cron, len(cron.months) - len(without))}"
        )
    if _FEBRUARY in cron.months and first == LONGEST_MONTHS[1]:
        found.append(f"February has a day {first} only in leap years")
    return tuple(found)


def _remaining(cron: CronExpression, months: int) -> str:
    if cron.either_day:
        return "there it occurs by weekday only"
    return f"it occurs in {months} {'month' if months == 1 else 'months'} of the year only"


def _kind(document: Mapping[str, Any]) -> str:
    if not isinstance(document, Mapping):
        raise InvalidSchedule(f"a schedule is a table of keys and values, not {document!r}")
    known = f"known: {', '.join(_FIELDS)}"
    if "type" not in document:
        raise InvalidSchedule("the schedule has no type", hint=known)
    kind = document["type"]
    if isinstance(kind, str) and kind in _FIELDS:
        return kind
    close = get_close_matches(str(kind), _FIELDS, n=1)
    raise InvalidSchedule(
        f"there is no schedule type {kind!r}", hint=f"did you mean {close[0]}?" if close else known
    )


def _check_keys(document: Mapping[str, Any], kind: str) -> None:
    fields = _FIELDS[kind]
    known = ("type", *fields, "timezone")
    if unknown := [key for key in document if key not in known]:
        raise InvalidSchedule(
            f"a schedule of type {kind} has no {', '.join(map(repr, unknown))}",
            hint=f"known: {', '.join(known)}",
        )
    if missing := [field for field in fields if field not in document]:
        raise InvalidSchedule(
            f"a schedule of type {kind} needs {' and '.join(map(repr, missing))}",
            hint=f"known: {', '.join(known)}",
        )


def _time(value: Any) -> time:
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value) if isinstance(value, str) else None
    if not found:
        raise InvalidSchedule(
            f"time must be hours and minutes, not {value!r}", hint='as in "06:00"'
        )
    hour, minute = map(int, found.groups())
    try:
        return time(hour, minute)
    except ValueError as error:
        raise InvalidSchedule(
            f"there is no time {value}: a day runs from 00:00 to 23:59",
            hint="write 00:00, of the day after" if (hour, minute) == (24, 0) else None,
        ) from error


def _hours(value: Any) -> int:
    if _is_int(value) and value in range(1, 25):
        return int(value)
    raise InvalidSchedule(f"hours must be a whole number from 1 to 24, not {value!r}")


def _days(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidSchedule(
            f"days must be a list of weekdays, not {value!r}", hint="0 = Monday ... 6 = Sunday"
        )
    if wrong := [day for day in value if not (_is_int(day) and day in range(7))]:
        raise InvalidSchedule(
            f"days must hold numbers from 0 to 6; {wrong[0]!r} is none",
            hint="0 = Monday ... 6 = Sunday",
        )
    return tuple(sorted(set(value)))


def _expression(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidSchedule(
            f"expression must be text, not {value!r}", hint='five fields, as in "0 6 * * *"'
        )
    return parse_cron(value).source


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
