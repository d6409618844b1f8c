"""What clock changes make of occurrences, in words."""

from datetime import UTC, datetime, time, timedelta

import pytest

from zoomauto.domain.clock_notes import clock_notes
from zoomauto.domain.schedule import CronSchedule, TimeOfDay

SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)


def notes(
    expression: str, after: datetime, timezone: str = "Europe/Berlin"
) -> list[tuple[str, str, str]]:
    schedule = CronSchedule(expression=expression, timezone=timezone)
    found = clock_notes(schedule, after=after, until=after + timedelta(days=1))
    return [(note.at.isoformat(), note.kind, note.text) for note in found]


@pytest.mark.parametrize(
    ("expression", "kind", "text"),
    [
        ("30 2 * * *", "moved", "2026-03-29 02:30 does not exist: starts at 03:00 CEST"),
        (
            "0,30 2 * * *",
            "collapsed",
            "2026-03-29 02:00, 02:30 do not exist: one start at 03:00 CEST",
        ),
        ("0 2,3 * * *", "collapsed", "2026-03-29 02:00 does not exist: one start at 03:00 CEST"),
        ("0 */2 * * *", "skipped", "2026-03-29 02:00 does not exist: no start"),
        (
            "*/10 * * * *",
            "skipped",
            "2026-03-29 02:00, 02:10, ... 02:50 do not exist: no start",
        ),
    ],
)
def test_times_that_do_not_exist(expression: str, kind: str, text: str):
    assert notes(expression, SPRING) == [("2026-03-29T03:00:00+02:00", kind, text)]


def test_a_fixed_time_that_comes_twice_is_taken_the_first_time():
    assert notes("30 2 * * *", AUTUMN) == [
        (
            "2026-10-25T02:30:00+02:00",
            "first_pass",
            "2026-10-25 02:30 comes twice: starts the first time only (CEST)",
        )
    ]


def test_an_interval_goes_on_through_an_hour_that_comes_twice():
    assert notes("*/30 * * * *", AUTUMN) == [
        (
            "2026-10-25T02:00:00+01:00",
            "repeated",
            "2026-10-25 02:00 comes twice: this is the second time (CET)",
        ),
        (
            "2026-10-25T02:30:00+01:00",
            "repeated",
            "2026-10-25 02:30 comes twice: this is the second time (CET)",
        ),
    ]


@pytest.mark.parametrize("after", [SPRING, AUTUMN])
def test_times_that_the_clock_leaves_alone_need_no_word(after: datetime):
    assert notes("30 4 * * *", after) == []
    assert notes("0 1,3 * * *", AUTUMN) == []
    assert notes("*/15 * * * *", after, "Asia/Tokyo") == []


def test_a_day_that_a_date_line_takes_away():
    before = datetime(2011, 12, 30, tzinfo=UTC)
    assert notes("30 8 * * *", before, "Pacific/Apia") == [
        (
            "2011-12-31T00:00:00+14:00",
            "moved",
            "2011-12-30 08:30 does not exist: starts at 00:00 +14",
        )
    ]


def test_only_occurrences_that_were_asked_for_are_remarked_upon():
    schedule = TimeOfDay(time=time(2, 30), timezone="Europe/Berlin")
    at = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert clock_notes(schedule, after=at, until=at + timedelta(days=9)) == ()
    assert len(clock_notes(schedule, after=at - timedelta(seconds=1), until=at)) == 1
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert [n.kind for n in clock_notes(schedule, after=SPRING, until=autumn)] == [
        "moved",
        "first_pass",
    ]
