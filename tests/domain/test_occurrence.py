"""When schedules occur: named days on which clocks change, and the calendar's odd corners."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from zoomauto.domain.occurrence import (
    latest_occurrence,
    next_occurrence,
    occurrences,
    occurrences_between,
)
from zoomauto.domain.schedule import CronSchedule, EveryHours, Schedule, TimeOfDay, Weekdays
from zoomauto.errors import InvalidSchedule

BERLIN = "Europe/Berlin"


def cron(expression: str, timezone: str = BERLIN) -> CronSchedule:
    return CronSchedule(expression=expression, timezone=timezone)


def at(text: str, timezone: str = BERLIN) -> datetime:
    """Read a wall-clock time, or an instant when it has an offset."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(timezone))


def following(schedule: Schedule, after: str, count: int) -> list[str]:
    instants = occurrences(schedule, at(after, schedule.timezone))
    return [instant.isoformat() for instant in islice(instants, count)]


def test_a_daily_time_in_a_skipped_hour_occurs_once_right_after_the_gap():
    schedule = TimeOfDay(time=time(2, 30), timezone=BERLIN)
    assert following(schedule, "2026-03-28T02:00", 3) == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_several_times_of_one_gap_collapse_into_one():
    assert following(cron("0,30 2,3 * * *"), "2026-03-29T00:00", 3) == [
        "2026-03-29T03:00:00+02:00",
        "2026-03-29T03:30:00+02:00",
        "2026-03-30T02:00:00+02:00",
    ]


def test_a_daily_time_in_a_repeated_hour_occurs_on_the_first_pass_only():
    assert following(TimeOfDay(time=time(2, 30), timezone=BERLIN), "2026-10-25T00:00", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-26T02:30:00+01:00",
    ]


def test_every_quarter_of_an_hour_occurs_in_both_passes():
    assert following(cron("*/15 * * * *"), "2026-10-25T01:50", 9) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:15:00+02:00",
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:45:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:15:00+01:00",
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T02:45:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_every_second_hour_is_lost_in_a_gap_and_doubled_in_a_repeated_hour():
    schedule = EveryHours(hours=2, timezone=BERLIN)
    assert following(schedule, "2026-03-29T00:00", 2) == [
        "2026-03-29T04:00:00+02:00",
        "2026-03-29T06:00:00+02:00",
    ]
    assert following(schedule, "2026-10-25T00:00", 3) == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T04:00:00+01:00",
    ]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-10-25T02:40:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:10:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"),
        ("2026-10-25T02:29:59.999999+02:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_the_next_one_is_found_from_within_either_pass(after: str, expected: str):
    found = next_occurrence(cron("30 * * * *"), at(after))
    assert found
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        # Half an hour back, half an hour forward.
        (
            cron("45 1 * * *", "Australia/Lord_Howe"),
            "2026-04-05T00:00",
            ["2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"],
        ),
        (
            cron("*/15 1 * * *", "Australia/Lord_Howe"),
            "2026-04-05T01:20",
            [
                "2026-04-05T01:30:00+11:00",
                "2026-04-05T01:45:00+11:00",
                "2026-04-05T01:30:00+10:30",
                "2026-04-05T01:45:00+10:30",
                "2026-04-06T01:00:00+10:30",
            ],
        ),
        (
            cron("10 2 * * *", "Australia/Lord_Howe"),
            "2026-10-04T00:00",
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:10:00+11:00"],
        ),
        # Midnight itself is skipped.
        (
            cron("0 0 * * *", "America/Santiago"),
            "2026-09-05T12:00",
            ["2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"],
        ),
        # Two hours.
        (
            cron("30 1,2 * * *", "Antarctica/Troll"),
            "2026-03-29T00:00",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00"],
        ),
        # A whole day is skipped: it begins where the next one begins.
        (
            cron("0 6 * * *", "Pacific/Apia"),
            "2011-12-29T00:00",
            [
                "2011-12-29T06:00:00-10:00",
                "2011-12-31T00:00:00+14:00",
                "2011-12-31T06:00:00+14:00",
            ],
        ),
        (
            cron("0 */12 * * *", "Pacific/Apia"),
            "2011-12-29T00:00",
            ["2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00"],
        ),
        # A decree, without any daylight saving time.
        (
            cron("30 23 * * *", "Asia/Almaty"),
            "2024-02-29T12:00",
            ["2024-02-29T23:30:00+06:00", "2024-03-01T23:30:00+05:00"],
        ),
        (
            cron("30 */23 * * *", "Asia/Almaty"),
            "2024-02-29T12:00",
            ["2024-02-29T23:30:00+06:00", "2024-02-29T23:30:00+05:00", "2024-03-01T00:30:00+05:00"],
        ),
        # Winter time is the exception here: the clock goes back for Ramadan.
        (
            cron("30 2 * * *", "Africa/Casablanca"),
            "2026-02-14T12:00",
            ["2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00+00:00"],
        ),
    ],
)
def test_zones_with_unusual_changes(schedule: Schedule, after: str, expected: list[str]):
    assert following(schedule, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 31 * *", ["2026-12-31", "2027-01-31", "2027-03-31", "2027-05-31"]),
        ("0 0 29 2 *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("0 0 29 2 */7", ["2032-02-29", "2060-02-29", "2088-02-29", "2128-02-29"]),
        ("0 0 29 2 1", ["2027-02-01", "2027-02-08", "2027-02-15", "2027-02-22", "2028-02-07"]),
        ("0 0 1,15 * 5", ["2026-11-27", "2026-12-01", "2026-12-04", "2026-12-11", "2026-12-15"]),
        ("0 0 */2 * 1", ["2026-12-07", "2026-12-21", "2027-01-11", "2027-01-25"]),
        ("0 0 10,* * 1", ["2026-11-24", "2026-11-25"]),
        ("0 0 1-31 2 1", ["2027-02-01", "2027-02-02"]),
        ("0 0 31 2,12 1-2", ["2026-12-01", "2026-12-07", "2026-12-08"]),
    ],
)
def test_month_ends_leap_days_and_both_day_fields(expression: str, expected: list[str]):
    after = at("2026-11-23T00:00", "UTC")
    days = islice(occurrences(cron(expression, "UTC"), after), len(expected))
    assert [f"{day:%Y-%m-%d}" for day in days] == expected


def test_weekdays_count_from_monday():
    schedule = Weekdays(days=(0, 6), time=time(9, 30), timezone="Asia/Kathmandu")
    assert following(schedule, "2026-11-23T09:30", 2) == [
        "2026-11-29T09:30:00+05:45",
        "2026-11-30T09:30:00+05:45",
    ]


def test_occurrences_between_leave_out_the_start_and_include_the_end():
    schedule = EveryHours(hours=12, timezone="UTC")
    between = occurrences_between(schedule, at("2026-01-01T00:00Z"), at("2026-01-02T00:00Z"))
    assert list(between) == [at("2026-01-01T12:00Z"), at("2026-01-02T00:00Z")]


@pytest.mark.parametrize(
    ("expression", "until", "expected"),
    [
        ("30 2 * * *", "2026-03-29T12:00", "2026-03-29T03:00:00+02:00"),
        ("30 2 * * *", "2026-03-29T01:59:59", "2026-03-28T02:30:00+01:00"),
        ("30 2 * * *", "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-25T12:00", "2026-10-25T02:30:00+02:00"),
        ("*/30 * * * *", "2026-10-25T02:15:00+01:00", "2026-10-25T02:00:00+01:00"),
        ("*/40 * * * *", "2026-10-25T02:10:00+01:00", "2026-10-25T02:00:00+01:00"),
        ("45 * * * *", "2026-10-25T02:10:00+01:00", "2026-10-25T02:45:00+02:00"),
        ("45 * * * *", "2026-10-25T02:10:00+02:00", "2026-10-25T01:45:00+02:00"),
        ("0 2 * * *", "2026-03-30T02:00", "2026-03-30T02:00:00+02:00"),
        ("0 */2 * * *", "2026-03-29T03:59", "2026-03-29T00:00:00+01:00"),
        ("* * 29 2 */7", "2026-11-23T00:00", "2004-02-29T23:59:00+01:00"),
        ("0 0 29 2 */7", "2026-11-23T00:00", "2004-02-29T00:00:00+01:00"),
    ],
)
def test_the_latest_one_is_found_looking_back(expression: str, until: str, expected: str):
    found = latest_occurrence(cron(expression), after=at("1990-01-01T00:00Z"), until=at(until))
    assert found
    assert found.isoformat() == expected


def test_nothing_after_the_bound_means_no_latest_one():
    schedule = TimeOfDay(time=time(6), timezone=BERLIN)
    six = at("2026-06-01T06:00")
    assert latest_occurrence(schedule, after=six, until=six + timedelta(hours=23)) is None
    assert latest_occurrence(schedule, after=six - timedelta(seconds=1), until=six) == six
    assert latest_occurrence(schedule, after=six, until=six - timedelta(days=9)) is None


def test_the_calendar_has_two_ends():
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    schedule = cron("0 0 1 1 *", "Pacific/Apia")
    leap = cron("0 0 29 2 */7", "America/New_York")
    assert following(leap, "9990-01-01", 1) == []
    assert next_occurrence(schedule, last) is None
    assert latest_occurrence(leap, after=first, until=at("0002-01-01T00:00Z")) is None
    newest = latest_occurrence(schedule, after=first, until=last)
    assert newest
    assert newest.isoformat() == "9999-01-01T00:00:00+13:00"


def test_naive_times_are_refused_at_once():
    schedule, aware = cron("* * * * *"), datetime(2026, 1, 1, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"):
        occurrences(schedule, naive)
    with pytest.raises(ValueError, match="no time zone"):
        occurrences_between(schedule, aware, naive)
    with pytest.raises(ValueError, match="no time zone"):
        latest_occurrence(schedule, after=naive, until=aware)


def test_a_schedule_that_went_bad_is_refused_at_once():
    with pytest.raises(InvalidSchedule, match="no time zone 'Europe/Atlantis'"):
        occurrences(cron("* * * * *", "Europe/Atlantis"), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidSchedule, match="has 6"):
        next_occurrence(cron("0 * * * * *"), datetime(2026, 1, 1, tzinfo=UTC))
