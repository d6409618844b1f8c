"""Which span of time a sync lists."""

from datetime import UTC, date, datetime, timedelta

import pytest

from zoomauto.domain.source import Window
from zoomauto.domain.window import sync_window

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def start(
    now: datetime = NOON,
    *,
    timezone: str = "UTC",
    sync_days: int = 2,
    listed_until: datetime | None = None,
    since: date | None = None,
) -> datetime:
    return sync_window(
        now, timezone=timezone, sync_days=sync_days, listed_until=listed_until, since=since
    ).start_at


def test_today_counts_as_a_day():
    assert start(sync_days=1) == datetime(2026, 3, 10, tzinfo=UTC)
    assert start(sync_days=30) == datetime(2026, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [
        ("Europe/Moscow", datetime(2026, 3, 8, 21, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 3, 9, 10, tzinfo=UTC)),
        ("Pacific/Pago_Pago", datetime(2026, 3, 9, 11, tzinfo=UTC)),
    ],
)
def test_days_are_those_of_the_jobs_zone(timezone: str, expected: datetime):
    assert start(timezone=timezone) == expected


def test_a_day_begins_at_local_midnight_across_a_clock_change():
    monday_after = datetime(2026, 3, 30, 12, tzinfo=UTC)  # clocks changed on the 29th, 01:00 UTC

    assert start(monday_after, timezone="Europe/Berlin") == datetime(2026, 3, 28, 23, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_begins_before_it():
    # In Havana the clocks go from 00:00 to 01:00.
    havana = datetime(2026, 3, 8, 18, tzinfo=UTC)

    assert start(havana, timezone="America/Havana", sync_days=1) == datetime(
        2026, 3, 8, 5, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("listed_until", "expected"),
    [
        (NOON - timedelta(days=20), NOON - timedelta(days=20)),
        (NOON - timedelta(hours=1), datetime(2026, 3, 9, tzinfo=UTC)),
        (NOON + timedelta(days=900), datetime(2026, 3, 9, tzinfo=UTC)),
    ],
)
def test_the_window_reaches_back_to_the_last_complete_listing(
    listed_until: datetime, expected: datetime
):
    assert start(listed_until=listed_until) == expected


@pytest.mark.parametrize("listed_until", [None, NOON - timedelta(days=20)])
def test_a_day_given_by_hand_is_the_first_one(listed_until: datetime | None):
    first = start(timezone="Europe/Moscow", since=date(2026, 3, 5), listed_until=listed_until)

    assert first == datetime(2026, 3, 4, 21, tzinfo=UTC)


def test_the_window_ends_a_day_from_now_and_is_half_open():
    window = sync_window(NOON, timezone="UTC", sync_days=1, listed_until=None)

    assert window == Window(
        start_at=datetime(2026, 3, 10, tzinfo=UTC), end_at=NOON + timedelta(days=1)
    )
    assert window.start_at in window
    assert window.end_at not in window


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        start(NOON.replace(tzinfo=None))
