"""When what failed is tried again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.recording import FailureKind, Recording, RecordingStatus
from zoomauto.domain.retry import LONGEST_GAP, must_wait, next_attempt, pause
from zoomauto.errors import RateLimited, TemporaryError, Unreachable

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FAILED = Recording(
    id=1,
    owner="ann",
    source_id=1,
    key="a",
    name="",
    start_at=NOON,
    duration=None,
    files=(),
    fingerprint="",
    status=RecordingStatus.FAILED,
    failure=FailureKind.TEMPORARY,
    next_attempt_at=NOON,
    first_seen_at=NOON,
    updated_at=NOON,
)


@pytest.mark.parametrize(
    ("failed_before", "minutes"), [(0, 15), (1, 30), (2, 60), (6, 960), (7, 1440), (10**9, 1440)]
)
def test_the_gaps_double_up_to_a_day(failed_before: int, minutes: int):
    after = next_attempt(failed_before, NOON, error=Unreachable())

    assert after == NOON + timedelta(minutes=minutes)


def limited(seconds: float) -> RateLimited:
    return RateLimited(reset_at=(NOON + timedelta(seconds=seconds)).isoformat())


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(5, 5), (36_000, 36_000), (10**6, 86_400), (-1, 900), (0, 900)]
)
def test_a_later_run_comes_when_it_may_but_asks_once_a_day(seconds: int, wanted: int):
    after = next_attempt(0, NOON, error=limited(seconds))

    assert after == NOON + timedelta(seconds=wanted)


@pytest.mark.parametrize("said", [None, "soon", "2026-03-10T12:30:00", 1773145800])
def test_a_time_that_cannot_be_read_is_no_time(said: object):
    after = next_attempt(0, NOON, error=RateLimited(reset_at=said))

    assert after == NOON + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (TemporaryError(), 2),
        (Unreachable(), None),
        (RateLimited(), None),
        (limited(30), 30),
        (limited(1), 2),
        (limited(-5), 2),
        (limited(61), None),
        (TemporaryError(reset_at="2026-03-10T13:00:00+00:00"), None),
    ],
)
def test_a_run_waits_a_minute_at_most_for_who_says_when(error: TemporaryError, seconds: int | None):
    waited = pause(error, timedelta(seconds=2), now=NOON)

    assert waited == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("now", "waits"),
    [
        (NOON - timedelta(seconds=1), True),
        (NOON, False),
        (NOON - LONGEST_GAP, True),
        (NOON - LONGEST_GAP - timedelta(seconds=1), False),
    ],
)
def test_it_waits_until_the_instant_unless_a_wrong_clock_wrote_it(now: datetime, *, waits: bool):
    assert must_wait(FAILED, now=now) is waits


def test_what_has_not_failed_for_a_while_need_not_wait():
    before = NOON - timedelta(minutes=1)

    assert not must_wait(replace(FAILED, failure=None), now=before)
    assert not must_wait(replace(FAILED, failure=FailureKind.PERMANENT), now=before)
    assert not must_wait(replace(FAILED, next_attempt_at=None), now=before)
