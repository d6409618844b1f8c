"""The claim: one row per occurrence, one run of a job at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from zoomauto.domain.job import Job
from zoomauto.domain.lease import Holder, Lease
from zoomauto.domain.occurrence import latest_occurrence
from zoomauto.domain.run import Run, RunStatus, SkipReason, Trigger
from zoomauto.errors import AlreadyRunning, TemporaryError
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.edit_jobs import find_job
from zoomauto.usecases.hold_lease import IsAlive, take_lease

#: A start later than this after its occurrence is a catch-up (contract, section 5: Missed).
GRACE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to run a job now, for one occurrence or by hand."""

    job: Job
    run: Run


def lease_name(job: Job) -> str:
    """Give the name of the lease that keeps a job from running twice at once."""
    return f"job:{job.id}"


@dataclass(frozen=True, kw_only=True)
class ClaimRun:
    """Claim a job's newest unclaimed occurrence, or a run by hand."""

    store: Store
    clock: Clock
    holder: Holder
    is_alive: IsAlive

    def manual(self, owner: str, reference: str) -> Claim:
        """Claim a run by hand. Raise AlreadyRunning naming the holder."""
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            if other := self._blocked(tx, job, now):
                raise AlreadyRunning(
                    f"job {job.name!r} is running already: {other.holder},"
                    f" since {other.acquired_at:%Y-%m-%d %H:%M:%S} UTC",
                    hint=f"zoomauto history list {job.slug}",
                )
            left = self._take_up_unfinished(tx, job, now)
            return Claim(job=job, run=left or self._added(tx, job, now, Trigger.MANUAL, None))

    def scheduled(self, owner: str, reference: str) -> Claim | None:
        """Claim the newest occurrence. None when nothing is due, or another run has it."""
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            if not job.spec.is_active:
                return None
            due = latest_occurrence(job.spec.schedule, after=job.effective_from, until=now)
            claimed = tx.runs.claimed(job.id, due) if due else None
            is_new = due is not None and claimed is None
            if not is_new and not tx.runs.unfinished(job.id):
                return None
            if self._blocked(tx, job, now):
                if due is not None and is_new:
                    self._skipped(tx, job, now, due)
                return None
            left = self._take_up_unfinished(tx, job, now, unless_newer=due if is_new else None)
            if left is not None:
                return Claim(job=job, run=left)
            if due is None or not is_new:
                tx.leases.release(lease_name(job), self.holder)
                return None
            trigger = Trigger.CATCH_UP if now - due > GRACE else Trigger.SCHEDULE
            return Claim(job=job, run=self._added(tx, job, now, trigger, due))

    def _blocked(self, tx: Transaction, job: Job, now: datetime) -> Lease | None:
        name = lease_name(job)
        return take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive)

    def _take_up_unfinished(
        self, tx: Transaction, job: Job, now: datetime, *, unless_newer: datetime | None = None
    ) -> Run | None:
        """Take up the newest row that a dead process left, in the same row; close the others.

        An occurrence newer than that row makes it needless: the new run does its work.
        """
        rows = sorted(
            tx.runs.unfinished(job.id),
            key=lambda run: (run.scheduled_for is not None, run.started_at),
        )
        taken = None
        if rows and rows[-1].scheduled_for is not None and unless_newer is None:
            row = rows.pop()
            taken = tx.runs.retake(row.id, started_at=now, host=self.holder.host)
        for row in rows:
            error = f"interrupted: the process on {row.host} ended without finishing it"
            tx.runs.finish(_ended(row, RunStatus.FAILED, now, error=error))
            tx.jobs.record_run(job.id, started_at=row.started_at, status=RunStatus.FAILED)
        return taken

    def _added(
        self, tx: Transaction, job: Job, now: datetime, trigger: Trigger, due: datetime | None
    ) -> Run:
        run = tx.runs.add(
            owner=job.owner,
            job=job,
            trigger=trigger,
            scheduled_for=due,
            started_at=now,
            host=self.holder.host,
        )
        if run is None:
            raise TemporaryError(f"the occurrence {due} of {job.name!r} was claimed meanwhile")
        return run

    def _skipped(self, tx: Transaction, job: Job, now: datetime, due: datetime) -> None:
        run = self._added(tx, job, now, Trigger.SCHEDULE, due)
        ended = _ended(run, RunStatus.SKIPPED, now, error=None)
        tx.runs.finish(replace(ended, skip_reason=SkipReason.OVERLAP, exit_code=0))


def _ended(run: Run, status: RunStatus, now: datetime, *, error: str | None) -> Run:
    code = TemporaryError.exit_code
    return replace(run, status=status, finished_at=now, exit_code=code, error=error)
