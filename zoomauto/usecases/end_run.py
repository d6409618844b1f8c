"""The end of a run: final, or to be tried again; a job that fails time and again is paused."""

from dataclasses import replace
from datetime import datetime

from zoomauto.domain.job import Job
from zoomauto.domain.policy import retry_wait
from zoomauto.domain.run import Run, RunReport, RunStatus, Trigger
from zoomauto.domain.run_document import paragraph, report_document
from zoomauto.errors import TemporaryError
from zoomauto.ports.store import Transaction


def end_run(tx: Transaction, job_id: int, report: RunReport, *, now: datetime) -> RunReport:
    """Write what became of a run; give the report with what follows from it.

    A row that is to be tried again stays unfinished, with the instant from which it may be.
    """
    job = tx.jobs.get(job_id)
    again_at = _next_attempt(job, report.run, now) if job else None
    if again_at is not None:
        waiting = replace(report.run, next_attempt_at=again_at)
        document = report_document(report)
        tx.runs.finish(
            replace(waiting, status=RunStatus.RUNNING, finished_at=None, report=document)
        )
        return replace(report, run=waiting)
    run = report.run
    counted = tx.jobs.record_run(job_id, started_at=run.started_at, status=run.status)
    if counted is not None and _fails_too_often(counted):
        report = _paused(tx, counted, report, now)
    tx.runs.finish(replace(report.run, report=report_document(report)))
    return report


def _next_attempt(job: Job, run: Run, now: datetime) -> datetime | None:
    """Give when a failed run of an occurrence is repeated; None when it is not."""
    is_temporary = (run.status, run.exit_code) == (RunStatus.FAILED, TemporaryError.exit_code)
    if run.trigger is Trigger.MANUAL or not is_temporary or not job.spec.is_active:
        return None
    wait = retry_wait(job.policies, run.attempt)
    return None if wait is None else now + wait


def _fails_too_often(job: Job) -> bool:
    limit = job.policies.pause_after
    return limit is not None and job.spec.is_active and job.failures_in_row >= limit


def _paused(tx: Transaction, job: Job, report: RunReport, now: datetime) -> RunReport:
    times = f"{job.failures_in_row} failures in a row" if job.failures_in_row > 1 else "a failure"
    tx.jobs.pause(job.id, f"paused after {times}; the last: {report.run.error}", now=now)
    warning = f"the job is paused after {times}; zoomauto job enable {job.slug} ends that"
    told = replace(report, problems=(*report.problems, warning))
    return replace(told, run=replace(told.run, error=paragraph(told)))
