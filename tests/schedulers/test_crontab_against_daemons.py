"""Crontab lines, minute by minute, in two kinds of cron around every change of clocks.

One daemon compares each line with the wall clock once a minute, as busybox's and macOS's do. The
other follows the clock logic of Debian's cron and cronie, their waits between batches included.
ZOOMAUTO_TEST_SIZES=full tries far more of everything.
"""

import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoomauto.domain.host_times import crontab_times
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences_between
from zoomauto.domain.schedule import (
    CronSchedule,
    EveryHours,
    Schedule,
    TimeOfDay,
    Weekdays,
    cron_of,
)
from zoomauto.errors import InvalidSchedule

SOAK = os.environ.get("ZOOMAUTO_TEST_SIZES") == "full"
START = datetime(2026, 11, 23, tzinfo=UTC)
HORIZON = timedelta(days=5 * 366)
MINUTE = 60
QUARTER = 15 * MINUTE
WINDOW = timedelta(hours=60)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Santiago",
    "Europe/Dublin",
]

# ---- What a daemon may be given, and how it reads it. --------------------------------------------

LIST = r"\d{1,2}(?:,\d{1,2})*"
STARRED = rf"\*(?:/\d\d?)?(?:,{LIST})?"
SAFE = re.compile(
    rf"(?P<minute>{STARRED}|0-59|{LIST}) (?P<hour>{STARRED}|0-23|{LIST})"
    rf" (?P<day>{STARRED}|{LIST}) (?P<month>\*|{LIST}) (?P<weekday>{STARRED}|{LIST})"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A crontab line as daemons read it."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    is_starred: bool
    #: Days of the month as busybox reads them: it counts the steps of a star from nought.
    days_from_nought: frozenset[int]
    has_starred_days: bool

    def is_on(self, day: datetime, *, either: bool = False) -> bool:
        """Whether the day fields match: of two without a star one, with a star both or ``either``.

        A field that names all it can restricts nothing.
        """
        by_weekday = day.isoweekday() % 7 in self.weekdays
        either = either or not self.has_starred_days
        if either and len(self.weekdays) < 7 and len(self.days) < 31:
            is_day = by_weekday or day.day in self.days_from_nought
        else:
            is_day = by_weekday and day.day in self.days
        return is_day and day.month in self.months


def read(text: str) -> Line:
    """Read a line, or fail: it must mean the same to every daemon and name what can happen."""
    found = SAFE.fullmatch(text)
    assert found, text
    # Alone a star's steps mean different days to different daemons.
    assert found["weekday"] != "*" or not found["day"].startswith("*/"), text
    line = Line(
        minutes=values(found["minute"], 0, 59),
        hours=values(found["hour"], 0, 23),
        days=values(found["day"], 1, 31),
        months=values(found["month"], 1, 12),
        weekdays=frozenset(day % 7 for day in values(found["weekday"], 0, 7)),
        is_starred=has_star(found["minute"], found["hour"]),
        days_from_nought=values(found["day"], 0, 31),
        has_starred_days=has_star(found["day"], found["weekday"]),
    )
    # Without a star, a field that names all it can would be as much as none to some daemons only.
    assert line.has_starred_days or (len(line.days) < 31 and len(line.weekdays) < 7), text
    leap_year = (datetime(2024, 1, 1) + timedelta(days=n) for n in range(366))  # noqa: DTZ001
    assert any(day.day in line.days and day.month in line.months for day in leap_year), text
    return line


def has_star(*fields: str) -> bool:
    return any(field.startswith("*") for field in fields)


def values(text: str, low: int, high: int) -> frozenset[int]:
    first, _, rest = text.partition(",")
    if first in {"*", f"{low}-{high}"}:
        return frozenset(range(low, high + 1))
    found = [int(item) for item in (rest if first.startswith("*") else text).split(",") if item]
    assert found == sorted(set(found)), text
    assert all(low <= value <= high for value in found), text
    if not first.startswith("*"):
        return frozenset(found)
    step = int(first.removeprefix("*/"))
    # Debian 13 and cronie warn of a step beyond the range.
    assert 1 < step <= high, text
    return frozenset(range(low, high + 1, step)) | set(found)


# ---- Two daemons. All times are seconds since 1970; a clock shows minutes since then. ------------


@cache
def offset_seconds(zone: ZoneInfo, quarter: int) -> int:
    """Give local time minus UTC; in the years watched it changes on quarters of an hour only."""
    offset = datetime.fromtimestamp(quarter * QUARTER, zone).utcoffset()
    return int((offset or timedelta()).total_seconds())


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A machine with a wall clock and a crontab."""

    zone: ZoneInfo
    lines: tuple[Line, ...]

    def clock(self, second: int) -> int:
        return (second + offset_seconds(self.zone, second // QUARTER)) // MINUTE

    def is_started(
        self, clock: int, *, starred: bool = True, plain: bool = True, either: bool = False
    ) -> bool:
        hour, minute = divmod(clock % (24 * 60), 60)
        found = [
            line
            for line in self.lines
            if minute in line.minutes
            and hour in line.hours
            and (starred if line.is_starred else plain)
        ]
        # Most minutes end here, without a costly date.
        today = datetime.fromtimestamp(clock * MINUTE, UTC) if found else None
        return today is not None and any(line.is_on(today, either=either) for line in found)


def naive_starts(host: Host, start: int, end: int) -> Iterator[int]:
    """Compare lines and clock once a minute."""
    minutes = range(start, end, MINUTE)
    return (now for now in minutes if host.is_started(host.clock(now), either=True))


def debian_starts(host: Host, start: int, end: int) -> Iterator[int]:
    """Follow the four cases of Debian's cron and cronie."""
    now, virtual = start, host.clock(start)
    while (now := (now // MINUTE + 1) * MINUTE) < end:
        running = host.clock(now)
        behind = running - virtual
        if not -180 < behind <= 180 or behind == 1:
            virtual = running
            if host.is_started(running):
                yield now
            continue
        if (behind <= 0 or behind > 5) and host.is_started(running, plain=False):
            yield now
            now += 10
        # Catching up: one minute's batch, then ten seconds of sleep; case by case starred or not.
        small = behind <= 5
        while virtual < running and (small or host.clock(now) == running):
            virtual += 1
            if host.is_started(virtual, starred=small):
                yield now
                now += 10


# ---- Schedules and windows. ----------------------------------------------------------------------


def listed(low: int, high: int) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    lists = st.lists(numbers, min_size=1, max_size=4).map(lambda some: ",".join(map(str, some)))
    ranges = st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}")
    return lists | ranges


def stepped(high: int) -> st.SearchStrategy[str]:
    steps = st.integers(2, high).map("*/{}".format)
    return steps | st.tuples(steps, listed(0, high)).map(",".join) | st.just("*")


def or_near(value: int, others: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Draw a value that the clock will show, most of the time, or anything else."""
    known = st.just(str(value))
    return known | known | st.tuples(known, others.filter("*".__ne__)).map(",".join) | others


def expressions(wall: datetime) -> st.SearchStrategy[str]:
    """Draw cron expressions, many of which occur at a time that the clock will show."""
    any_day = st.just("*")
    ends = st.sampled_from(["1", "2,28", "27,29", "31,1", "30"])
    days = or_near(wall.day, ends | listed(1, 28)) | st.integers(2, 5).map("*/{}".format)
    weekday = or_near(wall.isoweekday() % 7, listed(0, 6)) | st.sampled_from(["0", "*/2", "*/3"])
    return st.tuples(
        or_near(wall.minute, listed(0, 59)) | stepped(59),
        or_near(wall.hour, listed(0, 23)) | stepped(23),
        any_day | any_day | days,
        any_day | any_day | or_near(wall.month, listed(1, 12)),
        any_day | any_day | weekday,
    ).map(" ".join)


def schedules(wall: datetime, zone: str) -> st.SearchStrategy[Schedule]:
    """Draw schedules of every kind."""
    at = st.just(wall.time()) | st.builds(time, st.integers(0, 23), st.integers(0, 59))
    weekdays = st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days | {wall.weekday()})))
    cron = st.builds(CronSchedule, expression=expressions(wall), timezone=st.just(zone))
    return (
        cron
        | cron
        | st.builds(TimeOfDay, time=at, timezone=st.just(zone))
        | st.builds(Weekdays, days=weekdays, time=at, timezone=st.just(zone))
        | st.builds(EveryHours, hours=st.integers(1, 24), timezone=st.just(zone))
    )


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Give the last full hour (UTC) before each of the zone's changes of offset in the horizon."""
    hours = [START + timedelta(hours=n) for n in range(24 * HORIZON.days)]
    offsets = [(hour, hour.astimezone(ZoneInfo(zone)).utcoffset()) for hour in hours]
    return tuple(a for (a, before), (_, after) in pairwise(offsets) if before != after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A schedule on a host, and the beginning of the days to watch."""

    schedule: Schedule
    host: str
    shift: timedelta
    start: datetime


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a situation, mostly around a change of one of its two clocks."""
    job = draw(st.sampled_from(ZONES))
    host = draw(st.just(job) | st.sampled_from(ZONES) | st.sampled_from(ZONES))
    anywhere = st.integers(2, HORIZON.days - 4).map(lambda n: START + timedelta(days=n))
    near = (changes(host) + changes(job)) if draw(st.integers(0, 5)) else ()
    hour = draw(st.sampled_from(near) if near else anywhere)
    shown = hour + timedelta(minutes=draw(st.integers(-60, 180)))
    wall = shown.astimezone(ZoneInfo(job)).replace(tzinfo=None)
    return Case(
        schedule=draw(schedules(wall, job).filter(is_one)),
        host=host,
        shift=timedelta(minutes=draw(st.just(0) | st.just(0) | st.integers(1, 59))),
        start=max(START, hour - timedelta(minutes=draw(st.integers(30, 40 * MINUTE)))),
    )


def is_one(schedule: Schedule) -> bool:
    """Whether this ever occurs: not so the 30th of February."""
    try:
        cron_of(schedule)
    except InvalidSchedule:
        return False
    return True


def late(wanted: list[int], starts: list[int]) -> list[datetime]:
    """Give what has no start within a minute."""
    found = ((at, bisect_left(starts, at)) for at in wanted)
    return [
        datetime.fromtimestamp(at, UTC)
        for at, n in found
        if n == len(starts) or starts[n] > at + MINUTE
    ]


@settings(
    max_examples=5_000 if SOAK else 150,
    deadline=None,
    derandomize=not SOAK,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(case=cases())
def test_every_occurrence_has_a_start_within_a_minute(case: Case):
    times = crontab_times(
        case.schedule, host_timezone=case.host, start=START, horizon=HORIZON, shift=case.shift
    )
    host = Host(zone=ZoneInfo(case.host), lines=tuple(map(read, times.lines)))
    end = min(case.start + WINDOW, times.until)
    # The daemon has been running for a minute before.
    first = case.start + timedelta(minutes=1) - case.shift
    occurrences = occurrences_between(case.schedule, first, end - case.shift)
    wanted = [int((as_utc(at) + case.shift).timestamp()) for at in occurrences]
    span = int(case.start.timestamp()), int((end + timedelta(minutes=2)).timestamp())
    assert late(wanted, list(naive_starts(host, *span))) == [], times.lines
    assert late(wanted, list(debian_starts(host, *span))) == [], times.lines


def test_few_lines_are_enough():
    """Even where four differences of two clocks meet day fields that both count."""
    schedule = CronSchedule(expression="*/7 3,5 1,15 * 5", timezone="Pacific/Chatham")
    times = crontab_times(schedule, host_timezone="America/St_Johns", start=START)
    assert len(times.lines) <= 8, times.lines


# ---- The daemons themselves, by what the real ones did on these nights. --------------------------

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("expression", "night", "debian", "naive"),
    [
        ("0 2 * * *", "2026-03-29", ["03:00+02"], []),
        ("30 2 * * *", "2026-03-29", ["03:00+02"], []),
        ("0 3 * * *", "2026-03-29", ["03:00+02"], ["03:00+02"]),
        (
            "0 0-23 * * *",
            "2026-03-29",
            ["01:00+01", "03:00+02", "03:00+02", "04:00+02"],
            ["01:00+01", "03:00+02", "04:00+02"],
        ),
        ("0 */2 * * *", "2026-03-29", ["04:00+02"], ["04:00+02"]),
        ("30 2 * * *", "2026-10-25", ["02:30+02"], ["02:30+02", "02:30+01"]),
        (
            "0 0-23 * * *",
            "2026-10-25",
            ["01:00+02", "02:00+02", "03:00+01", "04:00+01"],
            ["01:00+02", "02:00+02", "02:00+01", "03:00+01", "04:00+01"],
        ),
        (
            "*/30 2 * * *",
            "2026-10-25",
            ["02:00+02", "02:30+02", "02:00+01", "02:30+01"],
            ["02:00+02", "02:30+02", "02:00+01", "02:30+01"],
        ),
    ],
)
def test_the_simulated_daemons_do_what_real_ones_did(
    expression: str, night: str, debian: list[str], naive: list[str]
):
    midnight = datetime.fromisoformat(f"{night}T00:30").replace(tzinfo=BERLIN)
    span = int(midnight.timestamp()), int(midnight.replace(hour=4, minute=30).timestamp())
    host = Host(zone=BERLIN, lines=(read(expression),))

    def shown(starts: Iterator[int]) -> list[str]:
        walls = (datetime.fromtimestamp(start, BERLIN) for start in starts)
        return [f"{wall:%H:%M%z}"[:-2] for wall in walls]

    assert shown(debian_starts(host, *span)) == debian
    assert shown(naive_starts(host, *span)) == naive
