"""History, and the claims of occurrences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from zoomauto.domain.job import Job
from zoomauto.domain.run import Run, RunStatus, SkipReason, Trigger
from zoomauto.errors import LeaseLost
from zoomauto.storage.job_tables import RunRow
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import changed, first, insert_into

_RUNS = table_of(RunRow)


@dataclass(frozen=True, slots=True)
class SqlRuns:
    """Implements :class:`zoomauto.ports.store.Runs`."""

    connection: Connection

    def add(
        self,
        *,
        owner: str,
        job: Job,
        trigger: Trigger,
        scheduled_for: datetime | None,
        started_at: datetime,
        host: str,
    ) -> Run | None:
        """Save a RUNNING row. None when ``(job, scheduled_for)`` already has one."""
        insert = insert_into(self.connection, _RUNS).values(
            owner=owner,
            job_id=job.id,
            job_name=job.name,
            trigger=trigger.value,
            scheduled_for=scheduled_for,
            status=RunStatus.RUNNING.value,
            attempt=1,
            started_at=started_at,
            report={},
            host=host,
        )
        # On Postgres this waits for a claim that is not committed yet, and then respects it.
        claim = insert.on_conflict_do_nothing(index_elements=["job_id", "scheduled_for"])
        row = self.connection.execute(claim.returning(_RUNS)).one_or_none()
        return None if row is None else _run(row)

    def get(self, run_id: int) -> Run | None:
        """Give a run, or None."""
        row = first(self.connection, select(_RUNS).where(_RUNS.c.id == run_id))
        return None if row is None else _run(row)

    def claimed(self, job_id: int, scheduled_for: datetime) -> Run | None:
        """Give the row that claims this occurrence, if there is one."""
        query = select(_RUNS).where(
            _RUNS.c.job_id == job_id, _RUNS.c.scheduled_for == scheduled_for
        )
        row = first(self.connection, query)
        return None if row is None else _run(row)

    def newest_claim(self, job_id: int, *, until: datetime) -> Run | None:
        """Give the row of the newest occurrence up to ``until`` that has one."""
        mine = (_RUNS.c.job_id == job_id) & (_RUNS.c.scheduled_for <= until)
        query = select(_RUNS).where(mine).order_by(_RUNS.c.scheduled_for.desc()).limit(1)
        row = first(self.connection, query)
        return None if row is None else _run(row)

    def retake(self, run_id: int, *, started_at: datetime, host: str) -> Run:
        """Take an unfinished row up again: RUNNING, ``attempt`` + 1. How it ended is forgotten."""
        query = (
            update(_RUNS)
            .where(_RUNS.c.id == run_id)
            .values(
                status=RunStatus.RUNNING.value,
                attempt=_RUNS.c.attempt + 1,
                started_at=started_at,
                finished_at=None,
                skip_reason=None,
                exit_code=None,
                error=None,
                host=host,
                next_attempt_at=None,
            )
        )
        return _run(changed(self.connection, query, _RUNS, "history"))

    def finish(self, run: Run) -> None:
        """Write the row's final state, or until when it waits for a retry.

        Raise LeaseLost when another process has taken the row up since: what it writes counts.
        """
        mine = (_RUNS.c.id == run.id) & (_RUNS.c.attempt == run.attempt)
        query = (
            update(_RUNS)
            .where(mine)
            .values(
                status=run.status.value,
                finished_at=run.finished_at,
                skip_reason=None if run.skip_reason is None else run.skip_reason.value,
                exit_code=run.exit_code,
                error=run.error,
                report=dict(run.report),
                next_attempt_at=run.next_attempt_at,
                missed_from=run.missed_from,
                missed_to=run.missed_to,
                missed_count=run.missed_count,
                covered_by=run.covered_by,
            )
        )
        if self.connection.execute(query).rowcount == 0:
            raise LeaseLost(f"another process has taken up run {run.id}")

    def unfinished(self, job_id: int) -> Sequence[Run]:
        """Give the job's RUNNING rows, oldest first."""
        query = select(_RUNS).where(
            _RUNS.c.job_id == job_id, _RUNS.c.status == RunStatus.RUNNING.value
        )
        return [_run(row) for row in self.connection.execute(query.order_by(_RUNS.c.id))]

    def list(
        self, owner: str, *, job_id: int | None = None, limit: int | None = None
    ) -> Sequence[Run]:
        """Give runs, newest first."""
        query = select(_RUNS).where(_RUNS.c.owner == owner)
        if job_id is not None:
            query = query.where(_RUNS.c.job_id == job_id)
        query = query.order_by(_RUNS.c.started_at.desc(), _RUNS.c.id.desc()).limit(limit)
        return [_run(row) for row in self.connection.execute(query)]


def _run(row: Row[Any]) -> Run:
    facts = dict(row._mapping)  # noqa: SLF001 - public, by SQLAlchemy's naming
    return Run(
        **facts
        | {
            "status": RunStatus(row.status),
            "trigger": Trigger(row.trigger),
            "skip_reason": None if row.skip_reason is None else SkipReason(row.skip_reason),
        }
    )
