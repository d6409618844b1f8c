"""Values of OnCalendar= in systemd's own reading, around changes of clocks.

ZOOMAUTO_TEST_SIZES=full tries every change of the horizon, and every schedule with a shift.
"""

import os
import re
import shutil
import subprocess
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from zoomauto.domain.calendar_lines import calendar_lines
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences_between
from zoomauto.domain.schedule import CronSchedule
from zoomauto.domain.zone_offsets import offset_changes

Elapses = Callable[[Sequence[str], datetime, int], list[list[datetime]]]

SOAK = os.environ.get("ZOOMAUTO_TEST_SIZES") == "full"
START = datetime(2026, 11, 23, tzinfo=UTC)
HORIZON = timedelta(days=5 * 366)
MINUTE = timedelta(minutes=1)
BEFORE, AFTER = timedelta(hours=5), timedelta(hours=26)
#: A year and a quarter hold a change of each kind in every zone that has any.
WATCHED = HORIZON if SOAK else timedelta(days=460)

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Santiago",
    "Europe/Dublin",
    "Asia/Kathmandu",
]
EXPRESSIONS = [
    ("30 2 * * *", 0),
    ("0,30 0-3 * * *", 0),
    ("15 1,2 * * *", 59),
    ("*/30 * * * *", 0),
    ("*/20 1-3 * * *", 17),
    ("0 */2 * * *", 0),
    ("30 0 * * 0", 0),
    ("50 23 * * 6", 45),
    ("10 2 */2 * *", 0),
    ("50 2,5 * * *", 0),
    ("5 0-5 25,26,28 3,10 0", 0),
    ("45 */1 */2 * 0,6", 30),
    ("40 23 31 3,10 5-6", 40),
]
#: Whatever the clocks do, these lines must stand: kinds of days that are hard to hit by chance.
ODD_DAYS = ["0 0 29 2 *", "0 0 29 2 */7", "0 0 31 2 1", "59 23 31 12 *", "1 0 31 4,6 0,2"]


@pytest.fixture(scope="module")
def elapses(component: Callable[[object, str], None]) -> Elapses:
    """Ask systemd for up to so many starts of each line strictly after an instant."""
    component(shutil.which("systemd-analyze"), "systemd-analyze")
    return ask


def ask(lines: Sequence[str], after: datetime, count: int) -> list[list[datetime]]:
    told, is_whole = tell(lines, after, count)
    if is_whole:
        return [starts(part) for part in told.split("\n\n")]
    assert len(lines) > 1, told
    # systemd gave up on a line: its timer tries again whenever another line has started the job.
    good = [line for line in lines if tell([line], after, count)[1]]
    others = sorted(at for found in ask(good, after, count) for at in found)
    return [until_given_up(line, after, count, others) for line in lines]


def until_given_up(
    line: str, after: datetime, count: int, others: list[datetime]
) -> list[datetime]:
    """Give the starts of a line one by one, as a timer sees them, through each new try."""
    found: list[datetime] = []
    while len(found) < count:
        told, is_whole = tell([line], after, 1)
        if is_whole:
            found += starts(told)
        again = found[-1:] if is_whole else [at for at in others if at > after][:1]
        if not again or again == [after]:
            break
        (after,) = again
    return found


def tell(lines: Sequence[str], after: datetime, count: int) -> tuple[str, bool]:
    """Give what systemd says, and whether it found all it was asked for."""
    base = f"--base-time={after:%Y-%m-%d %H:%M:%S} UTC"
    told = subprocess.run(
        ["systemd-analyze", "calendar", base, f"--iterations={count}", *lines],
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Failed to parse" not in told.stderr, told.stderr
    return told.stdout, told.returncode == 0


def starts(told: str) -> list[datetime]:
    """Read one line's part of what systemd tells."""
    texts = re.findall(r"(?:Next elapse|Iter\. #\d+): \w{3} (\S+ \S+) UTC", told)
    return [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]


def windows(zone: str) -> list[datetime]:
    """Give the instants around which a zone is watched."""
    changes = offset_changes(ZoneInfo(zone), START, START + WATCHED)
    return [change.at for change in changes] or [START + timedelta(days=200)]


@pytest.mark.parametrize(
    ("expression", "shift"),
    [*EXPRESSIONS, *((text, 33) for text, _ in EXPRESSIONS)] if SOAK else EXPRESSIONS,
)
@pytest.mark.parametrize("zone", ZONES)
def test_systemd_starts_every_occurrence_within_a_minute(
    elapses: Elapses, zone: str, expression: str, shift: int
):
    schedule = CronSchedule(expression=expression, timezone=zone)
    delay = timedelta(minutes=shift)
    lines = calendar_lines(schedule, start=START, horizon=HORIZON, shift=delay).lines
    for change in windows(zone):
        after, end = change - BEFORE, change + AFTER
        wanted = [
            as_utc(at) + delay
            for at in occurrences_between(schedule, after - delay, end - delay)
            if as_utc(at) + delay > after
        ]
        count = len(wanted) + 12
        found = elapses(lines, after, count)
        # What was asked for reaches beyond the window, or to the end of a dated line.
        assert all(len(some) < count or some[-1] > end for some in found)
        assert missed(wanted, sorted(at for some in found for at in some)) == [], (change, lines)


def missed(wanted: list[datetime], found: list[datetime]) -> list[datetime]:
    """Give what has no start within a minute."""
    return [
        at
        for at, n in ((at, bisect_left(found, at)) for at in wanted)
        if n == len(found) or found[n] > at + MINUTE
    ]


@pytest.mark.parametrize("expression", ODD_DAYS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tehran"])
def test_every_line_comes_round(elapses: Elapses, zone: str, expression: str):
    for shift in (timedelta(), timedelta(minutes=50)):
        schedule = CronSchedule(expression=expression, timezone=zone)
        lines = calendar_lines(schedule, start=START, shift=shift).lines
        assert all(elapses(lines, START, 1)), lines


def test_systemd_passes_over_what_the_dated_lines_name(elapses: Elapses):
    """Why they are there: without them these starts would be missing."""
    for expression, night in (("30 2 * * *", "2027-03-28"), ("*/15 2 * * *", "2027-10-31")):
        schedule = CronSchedule(expression=expression, timezone="Europe/Berlin")
        regular, *dated = calendar_lines(schedule, start=START).lines
        midnight = datetime.fromisoformat(f"{night}T00:59:59").replace(tzinfo=UTC)
        assert elapses((regular,), midnight, 1)[0][0] > midnight + timedelta(hours=20)
        occurrence = next(occurrences_between(schedule, midnight, midnight + MINUTE))
        assert any(as_utc(occurrence) in found for found in elapses(dated, midnight, 1))
