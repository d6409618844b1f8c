"""How many starts an occurrence costs: random schedules in random zones, on random hosts.

Crontab lines are read by the clock on the wall, systemd's by systemd. Far more of both with
ZOOMAUTO_TEST_SIZES=full.
"""

import os
import re
import shutil
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from statistics import fmean
from zoneinfo import ZoneInfo

import pytest

from zoomauto.domain.calendar_lines import calendar_lines
from zoomauto.domain.host_times import crontab_times
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences_between
from zoomauto.domain.schedule import (
    CronSchedule,
    EveryHours,
    Schedule,
    TimeOfDay,
    Weekdays,
)
from zoomauto.domain.zone_offsets import offset_changes
from zoomauto.errors import InvalidSchedule

pytestmark = pytest.mark.slow

CASES = 2_000 if os.environ.get("ZOOMAUTO_TEST_SIZES") == "full" else 200
START = datetime(2026, 11, 23, tzinfo=UTC)
HORIZON = timedelta(days=5 * 366)
MINUTE = timedelta(minutes=1)
MOST = 60
LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
#: On average.
SAME_ZONE, OTHER_ZONE = 1.05, 2.2
#: At most: a start that has a date for itself comes in the other years on that date, too.
BESIDE_A_CHANGE = 1.25


@dataclass(frozen=True, kw_only=True)
class Case:
    """A schedule, a host, and a span with some occurrences, often around a change of a clock."""

    schedule: Schedule
    host: str
    start: datetime
    end: datetime
    #: In the span, in UTC.
    occurrences: tuple[datetime, ...]


def random_cases(seed: int) -> Iterator[Case]:
    """Draw without end."""
    random = Random(seed)  # noqa: S311 - the same cases every time
    while True:
        zone = random.choice(zones())
        schedule = random_schedule(random, zone)
        host = zone if random.random() < 0.5 else random.choice(zones())
        start = START + timedelta(minutes=random.randrange(4 * 366 * 24 * 60))
        changes = offset_changes(ZoneInfo(random.choice((zone, host))), start, START + HORIZON)
        if changes and random.random() < 0.5:
            start = changes[0].at - timedelta(hours=random.randrange(1, 20))
        try:
            occurring = occurrences_between(schedule, start, START + HORIZON)
            found = tuple(as_utc(at) for at in islice(occurring, MOST))
        except InvalidSchedule:  # no such date
            continue
        # Of rare ones all that are left are watched, to the end of the horizon.
        end = found[-1] if len(found) == MOST else START + HORIZON
        if found:
            yield Case(schedule=schedule, host=host, start=start, end=end, occurrences=found)


def random_schedule(random: Random, zone: str) -> Schedule:
    at = time(random.randrange(24), random.choice((0, 0, 15, 30, random.randrange(60))))
    days = tuple(sorted(random.sample(range(7), random.randint(1, 7))))
    return random.choice(
        (
            TimeOfDay(time=at, timezone=zone),
            Weekdays(days=days, time=at, timezone=zone),
            EveryHours(hours=random.randint(1, 24), timezone=zone),
            CronSchedule(expression=random_expression(random), timezone=zone),
            CronSchedule(expression=random_expression(random), timezone=zone),
        )
    )


def random_expression(random: Random) -> str:
    def field(low: int, high: int, *usual: str) -> str:
        some = sorted(random.sample(range(low, high + 1), random.randint(1, 3)))
        ends = sorted(random.sample(range(low, high + 1), 2))
        step = random.randint(2, (high - low) // 2)
        others = (",".join(map(str, some)), f"{ends[0]}-{ends[1]}", f"*/{step}")
        return random.choice((*usual, *usual, *others))

    fields = (
        field(0, 59, "0", "30"),
        field(0, 23, "2", "6", "*"),
        field(1, 31, "*", "*", "*"),
        field(1, 12, "*", "*", "*"),
        field(0, 6, "*", "*", "*"),
    )
    return " ".join(fields)


@cache
def zones() -> tuple[str, ...]:
    """Give the zones of the world that the system's own table of them lists."""
    table = Path("/usr/share/zoneinfo/zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return tuple(sorted({row[2] for row in rows}))


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(islice(random_cases(20_261_123), CASES))


def test_crontab_lines_start_every_occurrence_with_few_needless_starts(cases: list[Case]):
    starts = {
        case: sorted(
            at
            for line in crontab_times(
                case.schedule, host_timezone=case.host, start=START, horizon=HORIZON
            ).lines
            for at in crontab_starts(line, case)
        )
        for case in cases
    }
    assert {case: late for case in cases if (late := lacking(case, starts[case]))} == {}
    same, other = starts_per_occurrence(starts)
    assert fmean(same) <= SAME_ZONE
    assert max(same) <= BESIDE_A_CHANGE
    assert fmean(other) <= OTHER_ZONE


def test_systemd_lines_start_every_occurrence_with_few_needless_starts(
    cases: list[Case], component: Callable[[object, str], None]
):
    component(shutil.which("systemd-analyze"), "systemd-analyze")
    lines = [calendar_lines(case.schedule, start=START, horizon=HORIZON).lines for case in cases]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        # A timer starts once however many of its lines name an instant.
        told = threads.map(systemd_starts, lines, cases)
        starts = {case: sorted(found) for case, found in zip(cases, told, strict=True)}
    assert {case: late for case in cases if (late := lacking(case, starts[case]))} == {}
    # The job's own zone stands in its lines, whatever the host's is.
    assert max(map(max, starts_per_occurrence(starts))) <= SAME_ZONE


def lacking(case: Case, starts: Sequence[datetime]) -> list[datetime]:
    """Give the occurrences without a start within a minute."""
    return [
        at
        for at, n in ((at, bisect_left(starts, at)) for at in case.occurrences)
        if n == len(starts) or starts[n] > at + MINUTE
    ]


def starts_per_occurrence(
    starts: Mapping[Case, Sequence[datetime]],
) -> tuple[list[float], list[float]]:
    """Give the figures of all cases whose zones agree, and of those whose zones do not."""
    same, other = (
        [
            sum(case.start < at <= case.end for at in found) / len(case.occurrences)
            for case, found in starts.items()
            if (case.host == case.schedule.timezone) is is_same
        ]
        for is_same in (True, False)
    )
    assert min(len(same), len(other)) > CASES / 3
    return same, other


def crontab_starts(line: str, case: Case) -> set[datetime]:
    """Give every instant at which the host's clock shows a time of the line."""
    host = ZoneInfo(case.host)
    fields = zip(line.split(), LIMITS, strict=True)
    minutes, hours, days, months, weekdays = (values(text, *limits) for text, limits in fields)
    first, last = (at.astimezone(host).date() for at in (case.start, case.end + MINUTE))
    dates = (first + timedelta(days=n) for n in range((last - first).days + 1))
    _, _, day_text, _, weekday_text = line.split()
    # As every cron reads them: of two fields without a star one is enough.
    combine = all if "*" in (day_text[0], weekday_text[0]) else any
    walls = (
        datetime.combine(day, time(hour, minute, fold=fold), host)
        for day in dates
        if combine((day.day in days, day.isoweekday() % 7 in weekdays)) and day.month in months
        for hour in hours
        for minute in minutes
        for fold in (0, 1)
    )
    # A time in a gap comes back as another one.
    return {as_utc(wall) for wall in walls if as_utc(wall).astimezone(host) == wall}


def values(text: str, low: int, high: int) -> set[int]:
    """Read a field as Debian's cron does; Sunday is 0."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        ends = (low, high) if span == "*" else tuple(map(int, span.split("-")))
        found.update(range(ends[0], ends[-1] + 1, int(step or 1)))
    return {value % 7 for value in found} if (low, high) == LIMITS[-1] else found


def systemd_starts(lines: Sequence[str], case: Case) -> set[datetime]:
    """Ask systemd for the starts of each line from the span's beginning on."""
    base = f"--base-time={case.start - MINUTE:%Y-%m-%d %H:%M:%S} UTC"
    # With more than a few needless starts, the last that are needed are lacking.
    iterations = f"--iterations={len(case.occurrences) + 10}"
    found: set[datetime] = set()
    for line in lines:
        told = subprocess.run(
            ["systemd-analyze", "calendar", base, iterations, line],
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Failed to parse" not in told.stderr, told.stderr
        texts = re.findall(r"(?:Next elapse|Iter\. #\d+): \w{3} (\S+ \S+) UTC", told.stdout)
        found.update(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts)
    return found
