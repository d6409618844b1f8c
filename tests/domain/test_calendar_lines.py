"""Values of OnCalendar= for a schedule: whole lines, for named situations."""

from datetime import UTC, datetime, time, timedelta

import pytest

from zoomauto.domain.calendar_lines import CalendarTimes, calendar_lines
from zoomauto.domain.schedule import CronSchedule, EveryHours, Schedule, TimeOfDay, Weekdays

BERLIN = "Europe/Berlin"
START = datetime(2026, 11, 23, tzinfo=UTC)
QUARTERS = "00,15,30,45"


def cron(expression: str, timezone: str = "UTC") -> CronSchedule:
    return CronSchedule(expression=expression, timezone=timezone)


def lines(schedule: Schedule, *, days: int = 500, shift: int = 0) -> list[str]:
    times = calendar_lines(
        schedule, start=START, horizon=timedelta(days=days), shift=timedelta(minutes=shift)
    )
    return list(times.lines)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (TimeOfDay(time=time(6, 5), timezone=BERLIN), ["*-*-* 06:05:00 Europe/Berlin"]),
        (
            Weekdays(days=(0, 6), time=time(9), timezone="Asia/Kathmandu"),
            ["Mon,Sun *-*-* 09:00:00 Asia/Kathmandu"],
        ),
        (EveryHours(hours=9, timezone="UTC"), ["*-*-* 00,09,18:00:00 UTC"]),
        (cron("*/15 * * * *"), [f"*-*-* *:{QUARTERS}:00 UTC"]),
        (cron("* * * * *"), ["*-*-* *:*:00 UTC"]),
        (cron("0 0 29 2 *"), ["*-02-29 00:00:00 UTC"]),
        (cron("0 0 1,15 1,7 *"), ["*-01,07-01,15 00:00:00 UTC"]),
        # Either day field is enough: two lines. Both must match: one.
        (cron("0 0 1 * 5"), ["*-*-01 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]),
        (cron("0 0 */16 * 1"), ["Mon *-*-01,17 00:00:00 UTC"]),
        # The 31st of February would never come.
        (cron("0 0 31 2 1"), ["Mon *-02-* 00:00:00 UTC"]),
        # Not every host knows the old name.
        (cron("0 9 * * *", "Asia/Calcutta"), ["*-*-* 09:00:00 Asia/Kolkata"]),
        (cron("0 9 * * *", "Etc/UTC"), ["*-*-* 09:00:00 UTC"]),
        (cron("0 9 * * *", "Zulu"), ["*-*-* 09:00:00 UTC"]),
    ],
)
def test_regular_times_stand_in_the_jobs_zone(schedule: Schedule, expected: list[str]):
    assert lines(schedule) == expected


def test_a_start_that_a_gap_moves_is_named_in_utc():
    assert lines(cron("30 2 * * *", BERLIN)) == [
        "*-*-* 02:30:00 Europe/Berlin",
        "2027-03-28 01:00:00 UTC",
        "2028-03-26 01:00:00 UTC",
    ]


def test_the_second_pass_of_an_hour_is_named_in_utc_for_interval_like_schedules_only():
    assert lines(cron("*/15 1-3 * * *", BERLIN), days=360) == [
        f"*-*-* 01,02,03:{QUARTERS}:00 Europe/Berlin",
        f"2027-03-28 01:{QUARTERS}:00 UTC",
        f"2027-10-31 01:{QUARTERS}:00 UTC",
    ]
    assert lines(cron("0,15,30,45 0,1,3,4 * * *", BERLIN)) == [
        f"*-*-* 00,01,03,04:{QUARTERS}:00 Europe/Berlin"
    ]
    assert lines(cron("* 0,1 * * *", "Antarctica/Troll"), days=360) == [
        "*-*-* 00,01:*:00 Antarctica/Troll",
        "2027-10-31 01:*:00 UTC",
    ]


def test_after_a_gap_that_holds_one_of_the_times_the_rest_of_the_day_is_named_in_utc():
    """Systemd loses its way in such a gap: in Dublin, for the rest of the day."""
    assert lines(cron("30 1,12,20 * * *", "Europe/Dublin"), days=360) == [
        "*-*-* 01,12,20:30:00 Europe/Dublin",
        "2027-03-28 01:00:00 UTC",
        "2027-03-28 11,19:30:00 UTC",
    ]
    # The gap in Chatham is from 02:45 to 03:45: it holds the beginning of an hour.
    assert lines(cron("50 3 * * *", "Pacific/Chatham"), days=360) == [
        "*-*-* 03:50:00 Pacific/Chatham",
        "2027-09-25 14:05:00 UTC",
    ]
    assert lines(cron("30 1,4 * * *", "Pacific/Chatham"), days=360) == [
        "*-*-* 01,04:30:00 Pacific/Chatham"
    ]


def test_a_time_that_no_change_of_clocks_meets_needs_no_dates():
    assert lines(TimeOfDay(time=time(12), timezone=BERLIN), days=5 * 366) == [
        "*-*-* 12:00:00 Europe/Berlin"
    ]


def test_a_shift_moves_starts_not_wall_clocks():
    assert lines(cron("50 23 31 12 6", "UTC"), shift=30) == [
        "*-01-01 00:20:00 UTC",
        "Sun *-01,12-* 00:20:00 UTC",
    ]
    assert lines(cron("45 1,2 * * *", BERLIN), shift=30) == [
        "*-*-* 02,03:15:00 Europe/Berlin",
        "2027-03-28 01:15,30:00 UTC",
        "2027-10-31 01:15:00 UTC",
        "2028-03-26 01:15,30:00 UTC",
    ]


def test_the_horizon_is_named():
    times = calendar_lines(cron("0 6 * * *"), start=START, horizon=timedelta(days=9))
    until = START + timedelta(days=9)
    assert times == CalendarTimes(lines=("*-*-* 06:00:00 UTC",), until=until)


def test_naive_times_are_refused():
    with pytest.raises(ValueError, match="no time zone"):
        calendar_lines(cron("0 6 * * *"), start=START.replace(tzinfo=None))
