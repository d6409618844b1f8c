"""Which recordings a job may start, and which it must carry on."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from zoomauto.domain.job import Job, JobSpec
from zoomauto.domain.recording import IN_BETWEEN, FailureKind, Recording, RecordingStatus
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.domain.selection import Refusal, refusal
from zoomauto.domain.source import Window

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=99)
WINDOW = Window(start_at=NOON - timedelta(days=2), end_at=NOON + timedelta(days=1))
JOB = Job(
    id=1,
    owner="ann",
    slug="daily",
    spec=JobSpec(name="Daily", schedule=TimeOfDay(time=time(6), timezone="UTC")),
    effective_from=NOON,
    created_at=NOON,
    updated_at=NOON,
)
NAMES = {1: "Daily", 2: "Weekly"}


def recording(**facts: Any) -> Recording:
    given = {
        "id": 5,
        "owner": "ann",
        "source_id": 1,
        "key": "a",
        "name": "Lecture",
        "start_at": NOON,
        "duration": None,
        "files": (),
        "fingerprint": "",
        "status": RecordingStatus.INITIALIZED,
        "first_seen_at": NOON,
        "updated_at": NOON,
        **facts,
    }
    return Recording(**given)


def refused(job: Job = JOB, **facts: Any) -> Refusal | None:
    return refusal(recording(**facts), job, window=WINDOW, job_names=NAMES)


def with_spec(**changes: Any) -> Job:
    return replace(JOB, spec=replace(JOB.spec, **changes))


def test_what_is_new_and_in_the_window_may_be_started():
    assert refused() is None


@pytest.mark.parametrize(
    ("facts", "code", "reason"),
    [
        ({"taken_by_job_id": 2}, "taken", "taken by Weekly"),
        ({"taken_by_job_id": 9}, "taken", "taken by id:9"),
        (
            {"status": RecordingStatus.UPLOADED},
            "status",
            "UPLOADED; the job takes INITIALIZED",
        ),
        (
            {"status": RecordingStatus.PENDING_SOURCE, "pending_reason": "converting"},
            "pending",
            "converting",
        ),
        ({"status": RecordingStatus.PENDING_SOURCE}, "pending", "not finished"),
        ({"blank_reason": "no sound"}, "blank", "blank: no sound"),
        (
            {"start_at": WINDOW.end_at},
            "window",
            "did not start in the window, 2026-03-08 12:00 to 2026-03-11 12:00 UTC",
        ),
        (
            {
                "status": RecordingStatus.FAILED,
                "failure": FailureKind.PERMANENT,
                "last_error": "broken",
                "taken_by_job_id": 1,
            },
            "parked",
            "parked: broken",
        ),
    ],
)
def test_the_refusal_says_why(facts: dict[str, Any], code: str, reason: str):
    assert refused(**facts) == Refusal(code=code, reason=reason)


def test_a_job_may_take_blanks_and_other_statuses():
    assert refused(with_spec(exclude_blank=False), blank_reason="no sound") is None
    wide = with_spec(statuses=(RecordingStatus.SKIPPED, RecordingStatus.UPLOADED))
    assert refused(wide, status=RecordingStatus.UPLOADED) is None
    assert refused(wide) == Refusal(
        code="status", reason="INITIALIZED; the job takes SKIPPED, UPLOADED"
    )


@pytest.mark.parametrize("status", sorted(IN_BETWEEN | {RecordingStatus.INITIALIZED}))
def test_what_the_job_has_taken_is_carried_on_whatever_age_and_filter(status: RecordingStatus):
    job = with_spec(statuses=(RecordingStatus.EXPIRED,))

    assert refused(job, status=status, taken_by_job_id=1, start_at=LONG_AGO) is None


@pytest.mark.parametrize("status", sorted(IN_BETWEEN))
def test_what_nobody_has_taken_is_not_carried_on(status: RecordingStatus):
    assert refused(status=status) == Refusal(
        code="status", reason=f"{status}; the job takes INITIALIZED"
    )


def test_a_passing_failure_is_carried_on_and_a_blank_one_too():
    facts: dict[str, Any] = {"status": RecordingStatus.FAILED, "failure": FailureKind.TEMPORARY}

    assert refused(**facts, taken_by_job_id=1, start_at=LONG_AGO) is None
    assert refused(**facts, taken_by_job_id=1, blank_reason="no sound") is None


def test_a_passing_failure_that_was_given_free_may_be_started_by_any_job():
    facts: dict[str, Any] = {"status": RecordingStatus.FAILED, "failure": FailureKind.TEMPORARY}

    assert refused(**facts) is None
    too_old = refused(**facts, start_at=LONG_AGO)
    assert too_old
    assert too_old.code == "window"


def test_what_is_taken_and_turned_out_blank_before_it_was_begun_is_left_out():
    assert refused(taken_by_job_id=1, blank_reason="short") == Refusal(
        code="blank", reason="blank: short"
    )


@pytest.mark.parametrize("status", [RecordingStatus.UPLOADED, RecordingStatus.SKIPPED])
def test_what_has_come_to_its_end_is_not_started_again(status: RecordingStatus):
    found = refused(status=status, taken_by_job_id=1)

    assert found
    assert found.code == "status"
