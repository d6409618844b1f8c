"""Which recordings a job may start, and why it may not start the others."""

from collections.abc import Mapping
from dataclasses import dataclass

from zoomauto.domain.job import Job
from zoomauto.domain.recording import IN_BETWEEN, FailureKind, Recording, RecordingStatus
from zoomauto.domain.source import Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a job leaves a recording alone."""

    #: ``taken``, ``parked``, ``waiting``, ``status``, ``pending``, ``blank`` or ``window``.
    code: str
    reason: str


def refusal(
    recording: Recording, job: Job, *, window: Window, job_names: Mapping[int, str]
) -> Refusal | None:
    """Say why ``job`` may not start or carry on ``recording``; None when it may.

    What a job has taken it carries to the end, whatever the recording's age and the status
    filter (contract, section 6).
    """
    taken_by = recording.taken_by_job_id
    if taken_by is not None and taken_by != job.id:
        name = job_names.get(taken_by, f"id:{taken_by}")
        return Refusal(code="taken", reason=f"taken by {name}")
    if recording.is_parked:
        return Refusal(code="parked", reason=f"parked: {recording.last_error}")
    if recording.status is RecordingStatus.PENDING_SOURCE:
        return Refusal(code="pending", reason=recording.pending_reason or "not finished")
    if taken_by is None or not _is_carried(recording):
        return _filtered(recording, job, window)
    # Other bytes may have come since it was taken; what is begun is carried on all the same.
    return _blank(recording, job) if recording.status is RecordingStatus.INITIALIZED else None


def _is_carried(recording: Recording) -> bool:
    status = recording.status
    failed = status is RecordingStatus.FAILED and recording.failure is FailureKind.TEMPORARY
    return status in IN_BETWEEN or status is RecordingStatus.INITIALIZED or failed


def _filtered(recording: Recording, job: Job, window: Window) -> Refusal | None:
    if _status_to_start(recording) not in job.spec.statuses:
        wanted = ", ".join(job.spec.statuses)
        return Refusal(code="status", reason=f"{recording.status}; the job takes {wanted}")
    if blank := _blank(recording, job):
        return blank
    if recording.start_at not in window:
        span = f"{window.start_at:%Y-%m-%d %H:%M} to {window.end_at:%Y-%m-%d %H:%M} UTC"
        return Refusal(code="window", reason=f"did not start in the window, {span}")
    return None


def _status_to_start(recording: Recording) -> RecordingStatus:
    # Its job was deleted: what may succeed the next time is free for the others.
    failed = recording.status is RecordingStatus.FAILED
    if failed and recording.failure is FailureKind.TEMPORARY and recording.taken_by_job_id is None:
        return RecordingStatus.INITIALIZED
    return recording.status


def _blank(recording: Recording, job: Job) -> Refusal | None:
    if job.spec.exclude_blank and recording.is_blank:
        return Refusal(code="blank", reason=f"blank: {recording.blank_reason}")
    return None
