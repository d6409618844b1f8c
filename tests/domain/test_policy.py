"""Policies: read, refused, and drawn the same every time."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from zoomauto.domain.policy import (
    CatchUp,
    Overlap,
    Policies,
    changed_policies,
    policies_document,
    retry_wait,
    shift_of,
)
from zoomauto.errors import InvalidDocument, UsageError

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Named:
    """As much of a job as its shift is drawn from."""

    owner: str = "ann"
    slug: str = "daily"
    policies: Policies = field(default_factory=Policies)


def test_a_document_that_says_nothing_changes_nothing():
    base = Policies(overlap=Overlap.QUEUE, retries=2, timeout=timedelta(hours=1))

    assert changed_policies(base, {}) == base


def test_every_policy_can_be_written_and_read_back():
    policies = Policies(
        catch_up=CatchUp.NONE,
        overlap=Overlap.QUEUE,
        timeout=90 * MINUTE,
        retries=3,
        retry_gap=2 * MINUTE,
        jitter=15 * MINUTE,
        pause_after=5,
    )

    assert policies_document(policies) == {
        "catch_up": "none",
        "overlap": "queue",
        "timeout_seconds": 5400,
        "retries": 3,
        "retry_gap_seconds": 120,
        "jitter_seconds": 900,
        "pause_after": 5,
    }
    assert changed_policies(Policies(), policies_document(policies)) == policies


def test_null_ends_a_timeout_and_a_pause():
    base = Policies(timeout=MINUTE, pause_after=3, retries=2)

    changed = changed_policies(base, {"timeout_seconds": None, "pause_after": None})

    assert changed == replace(base, timeout=None, pause_after=None)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"catch_up": "all"}, "catch_up cannot be 'all'"),
        ({"overlap": True}, "overlap cannot be True"),
        ({"timeout_seconds": 59}, "the timeout must be 1 minute to 7 days, not 59 seconds"),
        ({"timeout_seconds": 604_801}, "the timeout must be 1 minute to 7 days"),
        ({"retries": 11}, "retries must be 0 to 10, not 11"),
        ({"retries": -1}, "retries must be 0 to 10, not -1"),
        ({"retry_gap_seconds": 1}, "the retry gap must be 1 minute to 1 day, not 1 seconds"),
        ({"jitter_seconds": 90}, "the jitter must be whole minutes, not 90 seconds"),
        ({"jitter_seconds": -60}, "the jitter must be 0 minutes to 1 day, not -60 seconds"),
        ({"pause_after": 0}, "pause_after must be 1 to 1000, not 0"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_range(table: dict[str, Any], message: str):
    with pytest.raises(UsageError) as caught:
        changed_policies(Policies(), table)

    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"retrys": 2}, "policies has no key 'retrys'"),
        ({"retries": True}, "policies.retries must be a whole number, not True"),
        ({"jitter_seconds": "5m"}, "policies.jitter_seconds must be a whole number of seconds"),
    ],
)
def test_a_document_with_a_wrong_key_or_type_is_refused(table: dict[str, Any], message: str):
    with pytest.raises(InvalidDocument) as caught:
        changed_policies(Policies(), table)

    assert caught.value.message.startswith(message)


def test_the_shift_of_a_job_is_always_the_same_and_differs_between_jobs():
    jitter = Policies(jitter=30 * MINUTE)
    shifts = [shift_of(Named(slug=f"job-{n}", policies=jitter)) for n in range(200)]

    assert shifts == [shift_of(Named(slug=f"job-{n}", policies=jitter)) for n in range(200)]
    assert set(shifts) == {n * MINUTE for n in range(31)}
    assert shift_of(Named(owner="bob", policies=jitter)) != shift_of(Named(policies=jitter))


def test_without_jitter_a_job_starts_on_time():
    assert shift_of(Named()) == timedelta()


def test_retries_wait_longer_each_time_and_end():
    policies = Policies(retries=3, retry_gap=10 * MINUTE)

    waits = [retry_wait(policies, attempt) for attempt in range(1, 5)]

    assert waits == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, None]


def test_a_retry_never_waits_longer_than_a_day():
    assert retry_wait(Policies(retries=10, retry_gap=timedelta(hours=6)), 9) == timedelta(days=1)
