"""Jobs and occurrences as they are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import Answer, Facts, Problem, Table, clock, iso, show, span
from zoomauto.domain.clock_notes import clock_notes
from zoomauto.domain.job import Job
from zoomauto.domain.job_change import document_of
from zoomauto.domain.policy import Policies, policies_document, shift_of
from zoomauto.domain.schedule import (
    Schedule,
    cron_text,
    describe,
    schedule_to_document,
    warnings,
)
from zoomauto.errors import PartialFailure
from zoomauto.usecases.edit_jobs import JobView


def job_document(view: JobView) -> dict[str, Any]:
    """Give a job as JSON has it: the document that ``job create`` takes, and what followed."""
    job = view.job
    return {
        "id": job.id,
        "slug": job.slug,
        "owner": job.owner,
        **document_of(job.spec),
        "timezone": job.spec.schedule.timezone,
        "cron": view.cron,
        "schedule_in_words": view.schedule_in_words,
        "last_run_at": iso(job.last_run_at),
        "last_status": job.last_status,
        "next_run_at": iso(view.next_run_at),
        "run_count": job.run_count,
        "failures_in_row": job.failures_in_row,
        "paused_reason": job.paused_reason,
        "effective_from": iso(job.effective_from),
        "created_at": iso(job.created_at),
        "updated_at": iso(job.updated_at),
        "warnings": list(view.warnings),
    }


def jobs(call: Call, views: Sequence[JobView]) -> None:
    """Show all jobs."""
    columns = ("id", "name", "slug", "schedule", "active", "last run", "status", "next run", "runs")
    show(
        call,
        Answer(
            data=[job_document(view) for view in views],
            parts=[Table(columns=columns, rows=[_row(view) for view in views])] if views else (),
            remarks=() if views else ["no jobs yet; zoomauto job create --help"],
        ),
    )


def job(call: Call, view: JobView) -> None:
    """Show one job."""
    found, spec = view.job, view.job.spec
    zone = spec.schedule.timezone
    facts = {
        "job": spec.name,
        "id": found.id,
        "slug": found.slug,
        "description": spec.description,
        "active": _active(found),
        "schedule": view.schedule_in_words,
        "cron": view.cron,
        "next run": clock(view.next_run_at, zone),
        "last run": clock(found.last_run_at, zone),
        "last status": found.last_status,
        "runs": found.run_count,
        "templates": view.templates,
        "sync days": spec.sync_days,
        "statuses": spec.statuses,
        "exclude blank": spec.exclude_blank,
        **_policies(spec.policies),
        **spec.processing_config,
    }
    show(call, Answer(data=job_document(view), parts=[Facts(facts=facts)], remarks=_remarks(view)))


def changed_job(call: Call, view: JobView, deed: str, problems: Sequence[Problem] = ()) -> None:
    """Say what became of a job, and what did not follow."""
    found = view.job
    soon = clock(view.next_run_at, found.spec.schedule.timezone)
    what_next = f"next run {soon}" if soon else "switched off"
    text = f"job {found.id} {found.name!r} ({found.slug}) {deed}"
    show(
        call,
        Answer(
            data=job_document(view),
            parts=[f"{text}: {view.schedule_in_words}; {what_next}"],
            remarks=_remarks(view),
            problems=problems,
            exit_code=PartialFailure.exit_code if problems else 0,
        ),
    )


def deleted_job(call: Call, found: Job) -> None:
    """Say that a job is gone."""
    data = {"id": found.id, "slug": found.slug, "owner": found.owner, **document_of(found.spec)}
    show(call, Answer(data=data, parts=[f"job {found.id} {found.name!r} ({found.slug}) deleted"]))


def occurrences(
    call: Call,
    schedule: Schedule,
    instants: Sequence[datetime],
    *,
    after: datetime,
    job: Job | None = None,
) -> None:
    """Show when a schedule occurs next, and what its job does otherwise."""
    until = instants[-1] if instants else after
    notes = clock_notes(schedule, after=after, until=until)
    data = {
        "occurrences": [iso(instant) for instant in instants],
        "notes": [{"at": iso(n.at), "kind": n.kind, "text": n.text} for n in notes],
        "schedule": schedule_to_document(schedule),
        "schedule_in_words": describe(schedule),
        "cron": cron_text(schedule),
        "warnings": list(warnings(schedule)),
    }
    parts = [f"{instant:%a} {instant.isoformat(sep=' ')}" for instant in instants]
    remarks = [f"Warning: {warning}." for warning in warnings(schedule)]
    remarks += [f"Note: {note.text}." for note in notes]
    if job is not None and (shift := shift_of(job)):
        remarks.append(f"Note: the job starts {shift} after each of these times: its jitter.")
    if job is not None and not job.spec.is_active:
        hint = f"zoomauto job enable {job.slug}"
        remarks.append(f"Note: the job is switched off and starts at none of these times: {hint}.")
    show(call, Answer(data=data, parts=parts, remarks=remarks))


def _row(view: JobView) -> tuple[Any, ...]:
    found, zone = view.job, view.job.spec.schedule.timezone
    return (
        found.id,
        found.name,
        found.slug,
        view.schedule_in_words,
        _active(found),
        clock(found.last_run_at, zone),
        found.last_status,
        clock(view.next_run_at, zone),
        found.run_count,
    )


def _active(found: Job) -> str:
    if found.paused_reason is not None:
        return f"no: {found.paused_reason}"
    return "yes" if found.spec.is_active else "no"


def _policies(policies: Policies) -> dict[str, Any]:
    """Give the policies that differ from what every job does."""
    usual, asked = policies_document(Policies()), policies_document(policies)
    spans = {"timeout_seconds": policies.timeout, "retry_gap_seconds": policies.retry_gap}
    spans["jitter_seconds"] = policies.jitter
    return {
        key.removesuffix("_seconds").replace("_", " "): span(spans[key]) if key in spans else value
        for key, value in asked.items()
        if value != usual[key]
    }


def _remarks(view: JobView) -> list[str]:
    return [f"Warning: {warning}." for warning in view.warnings]
