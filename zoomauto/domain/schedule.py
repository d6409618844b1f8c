"""Schedules: the four kinds of rule that produce occurrences, each with its time zone."""

from dataclasses import dataclass
from datetime import time


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
