"""Crontab lines for a schedule on a host: whole lines, for named situations."""

from datetime import UTC, datetime, time, timedelta

import pytest

from zoomauto.domain.host_times import CrontabTimes, crontab_times
from zoomauto.domain.schedule import CronSchedule, EveryHours, Schedule, TimeOfDay, Weekdays
from zoomauto.errors import InvalidSchedule

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
START = datetime(2026, 11, 23, tzinfo=UTC)


def cron(expression: str, timezone: str = BERLIN) -> CronSchedule:
    return CronSchedule(expression=expression, timezone=timezone)


def lines(schedule: Schedule, host: str = BERLIN, *, shift: int = 0) -> list[str]:
    times = crontab_times(schedule, host_timezone=host, start=START, shift=timedelta(minutes=shift))
    return list(times.lines)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (TimeOfDay(time=time(6), timezone=BERLIN), "0 6 * * *"),
        (Weekdays(days=(0, 2, 6), time=time(9, 30), timezone=BERLIN), "30 9 * * 0,1,3"),
        (EveryHours(hours=1, timezone=BERLIN), "0 * * * *"),
        (EveryHours(hours=6, timezone=BERLIN), "0 */6 * * *"),
        (EveryHours(hours=7, timezone=BERLIN), "0 */7 * * *"),
        (EveryHours(hours=13, timezone=BERLIN), "0 */13 * * *"),
        (EveryHours(hours=24, timezone=BERLIN), "0 0 * * *"),
        (cron("* * * * *"), "* * * * *"),
        (cron("*/15 * * * *"), "*/15 * * * *"),
        (cron("*/20,5 3 * * *"), "*/20,5 3 * * *"),
        (cron("*/15 */6 1 jan *"), "*/15 0,6,12,18 1 1 *"),
        # Plain lines never begin with a star, starred ones always do.
        (cron("0 0-23 * * *"), "0 0-23 * * *"),
        (cron("0-59/1 5 * * mon-fri"), "0-59 5 * * 1,2,3,4,5"),
        (cron("0 */1 * * 0-7"), "0 * * * *"),
        (cron("07 09-11 * */3 5-7"), "7 9,10,11 * 1,4,7,10 0,5,6"),
    ],
)
def test_in_the_jobs_own_zone_the_line_is_the_schedule_itself(schedule: Schedule, expected: str):
    assert lines(schedule) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # One is enough: neither begins with a star, so that a day in both has one start.
        ("0 0 1,15 * 5", ["0 0 1,15 * 5"]),
        ("*/20 */6 1-7 2-4 sun", ["*/20 0,6,12,18 1,2,3,4,5,6,7 2,3,4 0"]),
        ("0 0 1-31 * 5", ["0 0 * * *"]),
        ("0 0 10,* * 5", ["0 0 * * *"]),
        ("0 0 5 2 0-6", ["0 0 * 2 *"]),
        # Both must match: that is what a star before one of them says.
        ("0 0 */2 * 1", ["0 0 */2 * 1"]),
        ("0 0 */16 * 1-5", ["0 0 */16 * 1,2,3,4,5"]),
        ("0 0 1-7 * */7", ["0 0 1,2,3,4,5,6,7 * */7"]),
        ("0 0 1-7 * */4", ["0 0 1,2,3,4,5,6,7 * */4"]),
        ("0 0 */8,2 * 2,4", ["0 0 */8,2 * 2,4"]),
        ("0 0 */2 * *", ["0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *"]),
        # No date in February is its 31st: that line would never start anything.
        ("0 0 31 2 1", ["0 0 * 2 1"]),
    ],
)
def test_a_line_says_of_two_day_fields_whether_one_is_enough(expression: str, expected: list[str]):
    assert lines(cron(expression)) == expected


def test_a_time_that_a_gap_moves_has_a_line_of_its_own():
    assert lines(cron("30 2 * * *")) == ["30 2 * * *", "0 3 25,26,28,30,31 3 *"]
    assert lines(cron("15 2 * * *", "Australia/Lord_Howe"), "Australia/Lord_Howe") == [
        "15 2 * * *",
        "30 2 1,3,5,6,7 10 *",
    ]
    # The three o'clock line is there anyway.
    assert lines(cron("0 2,3 * * *")) == ["0 2,3 * * *"]
    # Sundays at the end of March only.
    assert lines(cron("30 2 * * 1-6")) == ["30 2 * * 1,2,3,4,5,6"]


@pytest.mark.parametrize(
    ("expression", "job", "host", "expected"),
    [
        # Seven and eight o'clock, and the end of New York's gap in March.
        ("30 2 * * *", NEW_YORK, BERLIN, ["30 7,8 * * *", "0 8 9,10,11,12,14 3 *"]),
        ("0 9 * * 1-5", NEW_YORK, BERLIN, ["0 14,15 * * 1,2,3,4,5"]),
        ("0 22 1 * *", "America/Los_Angeles", "Asia/Kolkata", ["30 10,11 2 * *"]),
        ("0 9 * * mon", "Asia/Kolkata", BERLIN, ["30 4,5 * * 1"]),
        ("0 0 * * 1", "Australia/Lord_Howe", NEW_YORK, ["0 8,9 * * 0", "30 9 * * 0"]),
        ("30 2 * * *", BERLIN, "UTC", ["30 0,1 * * *", "0 1 25,26,28,30,31 3 *"]),
        ("0 6 * * *", "Asia/Kathmandu", "Asia/Kolkata", ["45 5 * * *"]),
        # A time of the host's repeated hour: once in the second pass, by its date.
        ("30 21 * * *", NEW_YORK, BERLIN, ["30 2,3 * * *", "*/30 2 26,27,28,29,31 10 *"]),
        ("0 1 * * *", "UTC", BERLIN, ["0 2,3 * * *", "*/30 2 26,27,28,29,31 10 *"]),
        # Month ends and the turn of the year, both ways.
        ("0 0 1 * *", "UTC", NEW_YORK, ["0 19,20 28,29,30,31 * *"]),
        ("0 0 1 1 *", "UTC", NEW_YORK, ["0 19,20 31 12 *"]),
        ("0 20 31 * *", "UTC", "Asia/Kolkata", ["30 1 1 1,2,4,6,8,9,11 *"]),
        ("0 20 28 2 *", "UTC", "Asia/Kolkata", ["30 1 1,29 2,3 *"]),
        ("0 20 31 12 6", "UTC", "Asia/Kolkata", ["30 1 1 1 *", "30 1 * 1,12 0"]),
        # Both day fields move; a star then names a day too many at most.
        ("0 1 */10 * 1", "Asia/Kolkata", "UTC", ["30 19 10,20,28,29,30,31 * */7"]),
        ("0 1 2,12 * */6", "Asia/Kolkata", "UTC", ["30 19 */16,11 * 5,6"]),
        # One of both is enough, before and after the move.
        ("30 0 1,15 * 5", BERLIN, NEW_YORK, ["30 18,19 14,28,29,30,31 * 4"]),
        # The last day of some months is the 30th: every day remains, and no weekday is needed.
        ("30 23 1-30 * 5", NEW_YORK, "Asia/Tokyo", ["30 12,13 * * *"]),
        # Two days apart.
        ("30 23 * * 1", "Etc/GMT+12", "Pacific/Kiritimati", ["30 1 * * 3"]),
        ("30 0 1 3 *", "Pacific/Kiritimati", "Etc/GMT+12", ["30 22 27,28 2 *"]),
    ],
)
def test_in_another_zone_the_lines_are_all_times_that_may_come(
    expression: str, job: str, host: str, expected: list[str]
):
    assert lines(cron(expression, job), host) == expected


@pytest.mark.parametrize(
    ("expression", "job", "host", "expected"),
    [
        ("*/15 * * * *", "Asia/Kathmandu", BERLIN, ["*/15 * * * *"]),
        ("0 */6 * * *", NEW_YORK, BERLIN, ["0 */6,5,11,17,23 * * *"]),
        # A host whose clocks are never put back needs no star, and gets one only for nothing.
        ("0 */5 * * *", "Asia/Kolkata", "UTC", ["30 4,9,14,18,23 * * *"]),
        ("0 */6 * * *", "Asia/Kolkata", "UTC", ["30 */6 * * *"]),
    ],
)
def test_interval_like_schedules_stay_starred_where_clocks_are_put_back(
    expression: str, job: str, host: str, expected: list[str]
):
    assert lines(cron(expression, job), host) == expected


@pytest.mark.parametrize(
    ("expression", "shift", "expected"),
    [
        ("0 6 * * *", 7, ["7 6 * * *"]),
        ("50 23 31 12 *", 30, ["20 0 1 1 *"]),
        ("50 23 * * 6", 30, ["20 0 * * 0"]),
        ("*/15 * * * *", 7, ["7,22,37,52 * * * *"]),
        # A quarter past two is skipped in March; a quarter past three it is half an hour later.
        ("45 1 * * *", 30, ["15 2 * * *", "15 3 25,26,28,30,31 3 *"]),
        # In October the same half hour leads into the second pass.
        (
            "45 2 * * *",
            30,
            ["15 3 * * *", "30 3 25,26,28,30,31 3 *", "*/30,15 2 26,27,28,29,31 10 *"],
        ),
    ],
)
def test_a_shift_moves_starts_not_wall_clocks(expression: str, shift: int, expected: list[str]):
    assert lines(cron(expression), shift=shift) == expected


def test_zones_that_show_the_same_time_all_along_are_one():
    schedule = cron("30 5 * * *", "Europe/Paris")
    assert lines(schedule, BERLIN) == ["30 5 * * *"]


def test_offsets_of_the_two_years_before_count_between_different_zones():
    # Kazakhstan moved from six hours to five on 1 March 2024.
    schedule, before = cron("0 12 * * *", "UTC"), datetime(2026, 2, 1, tzinfo=UTC)
    for start, hours in ((before, "17,18"), (before.replace(month=6), "17")):
        times = crontab_times(schedule, host_timezone="Asia/Almaty", start=start)
        assert times.lines == (f"0 {hours} * * *",)


def test_dated_lines_end_with_the_horizon():
    times = crontab_times(
        cron("30 2 * * *"), host_timezone=BERLIN, start=START, horizon=timedelta(days=400)
    )
    assert times == CrontabTimes(
        lines=("30 2 * * *", "0 3 28 3 *"), until=START + timedelta(days=400)
    )


def test_unusable_zones_and_naive_times_are_refused():
    with pytest.raises(InvalidSchedule, match="no time zone 'Europe/Atlantis'"):
        lines(cron("* * * * *"), "Europe/Atlantis")
    with pytest.raises(ValueError, match="no time zone"):
        crontab_times(cron("* * * * *"), host_timezone=BERLIN, start=START.replace(tzinfo=None))
