"""Which span of time a sync lists."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from zoomauto.domain.source import SourceConfig, Window
from zoomauto.domain.window import leaves_no_gap, parts_listed, sync_window

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 3, 9, tzinfo=UTC)


def source(
    listed_until: datetime | None = None, parts: Mapping[str, datetime] | None = None
) -> SourceConfig:
    return SourceConfig(
        id=1,
        owner="ann",
        name="Zoom",
        type="zoom",
        listed_until=listed_until,
        parts_listed_until=parts or {},
        created_at=NOON,
        updated_at=NOON,
    )


def start(
    now: datetime = NOON,
    *,
    timezone: str = "UTC",
    sync_days: int = 2,
    listed_until: datetime | None = None,
    since: date | None = None,
) -> datetime:
    return sync_window(
        now, timezone=timezone, sync_days=sync_days, source=source(listed_until), since=since
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
    window = sync_window(NOON, timezone="UTC", sync_days=1)

    assert window == Window(
        start_at=datetime(2026, 3, 10, tzinfo=UTC), end_at=NOON + timedelta(days=1)
    )
    assert window.start_at in window
    assert window.end_at not in window


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        start(NOON.replace(tzinfo=None))


def test_only_the_parts_that_are_behind_are_listed_from_further_back():
    behind = source(
        NOON - 20 * DAY, {"": NOON - DAY, "ann": NOON - 20 * DAY, "ben": NOON - 5 * DAY}
    )

    window = sync_window(NOON, timezone="UTC", sync_days=2, source=behind)

    assert window.start_at == NOON - 20 * DAY
    starts = {part: window.of(part).start_at for part in ("ann", "ben", "eve")}
    assert starts == {"ann": NOON - 20 * DAY, "ben": NOON - 5 * DAY, "eve": MIDNIGHT}
    assert window.of_all == Window(start_at=MIDNIGHT, end_at=NOON + DAY)


def test_without_parts_that_are_behind_everything_is_listed_alike():
    window = sync_window(NOON, timezone="UTC", sync_days=2, source=source(NOON - 5 * DAY))

    assert window.of("ann") == window.of_all == window
    assert window.start_at == NOON - 5 * DAY


def test_the_mark_of_a_part_stays_until_it_is_complete_and_those_of_the_others_move():
    known = source(NOON - DAY)
    window = sync_window(NOON, timezone="UTC", sync_days=2, source=known)
    first = parts_listed(known, window, missing=("ann",), until=NOON)
    known = source(NOON - DAY, first)
    window = sync_window(NOON + DAY, timezone="UTC", sync_days=2, source=known)
    second = parts_listed(known, window, missing=("ann", "ben"), until=NOON + DAY)

    assert first == {"": NOON, "ann": NOON - DAY}
    assert second == {"": NOON + DAY, "ann": NOON - DAY, "ben": NOON}
    known = source(NOON - DAY, second)
    window = sync_window(NOON + 2 * DAY, timezone="UTC", sync_days=2, source=known)
    assert parts_listed(known, window, missing=(), until=NOON + 2 * DAY) == {}


def test_a_part_that_never_was_complete_is_behind_from_where_the_window_began():
    window = sync_window(NOON, timezone="UTC", sync_days=2, source=source())

    parts = parts_listed(source(), window, missing=("ann",), until=NOON)

    assert parts == {"": NOON, "ann": MIDNIGHT}


def test_a_part_that_another_run_found_missing_meanwhile_stays_behind():
    window = sync_window(NOON, timezone="UTC", sync_days=2, source=source(NOON - DAY))
    meanwhile = source(NOON - DAY, {"": NOON - DAY, "ann": NOON - 3 * DAY})

    parts = parts_listed(meanwhile, window, missing=(), until=NOON)

    assert parts == {"": NOON, "ann": NOON - 3 * DAY}


def test_a_window_by_hand_leaves_a_gap_when_any_part_is_behind_it():
    window = sync_window(NOON, timezone="UTC", sync_days=2, since=date(2026, 3, 8))

    assert leaves_no_gap(window, source())
    assert leaves_no_gap(window, source(NOON - DAY))
    assert not leaves_no_gap(window, source(NOON - 5 * DAY))
    assert not leaves_no_gap(window, source(NOON - DAY, {"": NOON, "ann": NOON - 5 * DAY}))
