"""Jobs of all owners."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, insert, or_, select, update

from zoomauto.domain.job import Job, JobSpec, slug_for
from zoomauto.domain.policy import Policies, changed_policies, policies_document
from zoomauto.domain.recording import IN_BETWEEN, RecordingStatus
from zoomauto.domain.run import RunStatus
from zoomauto.domain.schedule import schedule_from_document, schedule_to_document
from zoomauto.storage.job_tables import JobRow
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import changed, first, unique

_JOBS = table_of(JobRow)
_ID = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class SqlJobs:
    """Implements :class:`zoomauto.ports.store.Jobs`."""

    connection: Connection

    def add(self, owner: str, spec: JobSpec, *, slug: str | None, now: datetime) -> Job:
        """Save a new job. ``slug`` None means ``job-ID``. Raise AlreadyExists for a taken name."""
        values = _values(spec) | {
            "owner": owner,
            # Nothing is called "": the id that makes the slug is known only afterwards.
            "slug": slug or "",
            "effective_from": now,
            "created_at": now,
            "updated_at": now,
            "run_count": 0,
        }
        with unique(self.connection, "job", spec.name):
            query = insert(_JOBS).values(values).returning(_JOBS)
            row = self.connection.execute(query).one()
        return _job(row) if slug else self._name_after_id(_job(row))

    def get(self, job_id: int) -> Job | None:
        """Give a job, or None."""
        row = first(self.connection, select(_JOBS).where(_JOBS.c.id == job_id))
        return None if row is None else _job(row)

    def list(self, owner: str) -> Sequence[Job]:
        """Give the owner's jobs, by id."""
        query = select(_JOBS).where(_JOBS.c.owner == owner).order_by(_JOBS.c.id)
        return [_job(row) for row in self.connection.execute(query)]

    def named(self, owner: str, word: str) -> Sequence[Job]:
        """Give those of the owner's jobs whose id, slug or name is this word, by id."""
        facets = [_JOBS.c.slug == word, _JOBS.c.name == word]
        if _ID.fullmatch(word):
            facets.append(_JOBS.c.id == int(word))
        query = select(_JOBS).where(_JOBS.c.owner == owner, or_(*facets)).order_by(_JOBS.c.id)
        return [_job(row) for row in self.connection.execute(query)]

    def replace(
        self, job_id: int, spec: JobSpec, *, effective_from: datetime, now: datetime
    ) -> Job:
        """Save a changed job. Raise AlreadyExists for a taken name, NotFound for no such job.

        Switching it on ends a pause.
        """
        values = _values(spec) | {"effective_from": effective_from, "updated_at": now}
        if spec.is_active:
            failures = case((_JOBS.c.is_active, _JOBS.c.failures_in_row), else_=0)
            values |= {"paused_reason": None, "failures_in_row": failures}
        query = update(_JOBS).where(_JOBS.c.id == job_id).values(values)
        with unique(self.connection, "job", spec.name):
            return _job(changed(self.connection, query, _JOBS, "job"))

    def record_run(self, job_id: int, *, started_at: datetime, status: RunStatus) -> Job | None:
        """Count a run that was not skipped and remember it as the newest; give the job after it.

        A run that started before the remembered one is counted only. None for a job that is gone.
        """
        newest = or_(_JOBS.c.last_run_at.is_(None), _JOBS.c.last_run_at <= started_at)
        failures = _JOBS.c.failures_in_row + 1 if status is RunStatus.FAILED else 0
        query = (
            update(_JOBS)
            .where(_JOBS.c.id == job_id)
            .values(
                run_count=_JOBS.c.run_count + 1,
                last_run_at=case((newest, started_at), else_=_JOBS.c.last_run_at),
                last_status=case((newest, status.value), else_=_JOBS.c.last_status),
                failures_in_row=failures,
            )
        )
        row = self.connection.execute(query.returning(_JOBS)).one_or_none()
        return None if row is None else _job(row)

    def pause(self, job_id: int, reason: str, *, now: datetime) -> None:
        """Switch a job off by itself and keep why."""
        query = update(_JOBS).where(_JOBS.c.id == job_id)
        self.connection.execute(query.values(is_active=False, paused_reason=reason, updated_at=now))

    def remove(self, job_id: int) -> None:
        """Forget the job. Its runs stay in history; its recordings are released.

        What it had begun and not finished can be started afresh by another job, as after
        ``recording reset``; what ended keeps its status.
        """
        from zoomauto.storage.tables import CheckpointRow, RecordingRow

        recordings, checkpoints = table_of(RecordingRow), table_of(CheckpointRow)
        begun = (recordings.c.taken_by_job_id == job_id) & recordings.c.status.in_(
            [status.value for status in IN_BETWEEN]
        )
        begun_ids = select(recordings.c.id).where(begun)
        self.connection.execute(
            delete(checkpoints).where(checkpoints.c.recording_id.in_(begun_ids))
        )
        self.connection.execute(
            update(recordings)
            .where(begun)
            .values(status=RecordingStatus.INITIALIZED.value, template_id=None)
        )
        self.connection.execute(delete(_JOBS).where(_JOBS.c.id == job_id))

    def _name_after_id(self, job: Job) -> Job:
        taken = {other.slug for other in self.list(job.owner)}
        query = update(_JOBS).where(_JOBS.c.id == job.id)
        slug = slug_for(f"job-{job.id}", taken)
        return _job(changed(self.connection, query.values(slug=slug), _JOBS, "job"))


def _values(spec: JobSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "description": spec.description,
        "template_ids": list(spec.template_ids),
        "schedule": dict(schedule_to_document(spec.schedule)),
        "sync_days": spec.sync_days,
        "statuses": [status.value for status in spec.statuses],
        "exclude_blank": spec.exclude_blank,
        "processing_config": dict(spec.processing_config),
        "is_active": spec.is_active,
        "policies": policies_document(spec.policies),
    }


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        owner=row.owner,
        slug=row.slug,
        spec=JobSpec(
            name=row.name,
            description=row.description,
            template_ids=tuple(row.template_ids),
            schedule=schedule_from_document(row.schedule, default_timezone="UTC"),
            sync_days=row.sync_days,
            statuses=tuple(RecordingStatus(status) for status in row.statuses),
            exclude_blank=row.exclude_blank,
            processing_config=row.processing_config,
            is_active=row.is_active,
            policies=changed_policies(Policies(), row.policies),
        ),
        effective_from=row.effective_from,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_run_at=row.last_run_at,
        last_status=None if row.last_status is None else RunStatus(row.last_status),
        run_count=row.run_count,
        failures_in_row=row.failures_in_row,
        paused_reason=row.paused_reason,
    )
