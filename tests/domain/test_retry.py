"""When what failed is tried again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.recording import FailureKind, Recording, RecordingStatus
from zoomauto.domain.retry import LONGEST_GAP, must_wait, next_attempt

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
    assert next_attempt(failed_before, NOON) == NOON + timedelta(minutes=minutes)


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
