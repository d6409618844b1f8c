"""The claim: one row per occurrence, one run of a job at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from zoomauto.domain.due import Calendar, Due, due, passed
from zoomauto.domain.job import Job
from zoomauto.domain.lease import Holder, Lease
from zoomauto.domain.policy import Overlap, shift_of
from zoomauto.domain.run import Run, Trigger
from zoomauto.errors import AlreadyRunning
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.find_job import find_job
from zoomauto.usecases.hold_lease import IsAlive, take_lease
from zoomauto.usecases.keep_rows import JobRows

#: A retry never waits longer; an instant beyond that was written by a clock that was wrong.
_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to run a job now, for one occurrence or by hand."""

    job: Job
    run: Run


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """What there is to do for a job at one moment."""

    calendar: Calendar
    due: Due | None
    #: RUNNING rows whose process may be dead, and those whose time for a retry has come.
    left: tuple[Run, ...]
    #: RUNNING rows that wait for a later retry.
    waiting: tuple[Run, ...]


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
        """Claim what an earlier start left unfinished, else a run by hand.

        Raise AlreadyRunning naming the holder.
        """
        now = self.clock.now()
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            if other := self._blocked(tx, job, now):
                raise AlreadyRunning(
                    f"job {job.name!r} is running already: {other.holder},"
                    f" since {other.acquired_at:%Y-%m-%d %H:%M:%S} UTC",
                    hint=f"zoomauto history list {job.slug}",
                )
            rows = self._rows(tx, job, now)
            left = rows.take_up(tx.runs.unfinished(job.id))
            return Claim(job=job, run=left or rows.begin(Trigger.MANUAL, None))

    def has_work(self, owner: str, reference: str) -> bool:
        """Whether a scheduled start has anything to do or to record: nearly none has.

        One look that writes nothing. Raise NotFound for an unknown job.
        """
        with self.store.reading() as tx:
            job = find_job(tx, owner, reference)
            return _look(tx, job, self.clock.now()) is not None

    def scheduled(self, owner: str, reference: str) -> Claim | None:
        """Claim what an earlier start left unfinished, else the newest occurrence.

        None when nothing is due, or another run has it. Missed, overlapping and paused
        occurrences are recorded (contract, section 5).
        """
        now = self.clock.now()
        # Missed years are counted before the transaction that others wait for.
        with self.store.reading() as tx:
            seen = _look(tx, find_job(tx, owner, reference), now)
        if seen is None:
            return None
        with self.store.writing(owner=owner) as tx:
            job = find_job(tx, owner, reference)
            look = _look(tx, job, now, seen=seen)
            return self._claimed(tx, job, look, now) if look else None

    def _claimed(self, tx: Transaction, job: Job, look: _Look, now: datetime) -> Claim | None:
        rows = self._rows(tx, job, now)
        if not job.spec.is_active:
            _leave_to_pause(rows, look)
            return None
        if self._blocked(tx, job, now):
            _leave_to_other(rows, look)
            return None
        run = rows.take_up(look.left) or _begin(rows, look)
        if run is None:
            tx.leases.release(lease_name(job), self.holder)
            return None
        return Claim(job=job, run=run)

    def _blocked(self, tx: Transaction, job: Job, now: datetime) -> Lease | None:
        name = lease_name(job)
        return take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive)

    def _rows(self, tx: Transaction, job: Job, now: datetime) -> JobRows:
        return JobRows(tx=tx, job=job, now=now, host=self.holder.host)


def _look(tx: Transaction, job: Job, now: datetime, *, seen: _Look | None = None) -> _Look | None:
    """See what there is to do; None for nothing. What was ``seen`` before is not counted again."""
    if not job.spec.is_active and job.paused_reason is None:
        return None
    calendar = _calendar(tx, job, now)
    if seen is not None and seen.calendar == calendar:
        found = seen.due
    elif job.spec.is_active:
        found = due(calendar, now)
    else:
        missed = passed(calendar, now)
        found = Due(missed=missed) if missed else None
    rows = tx.runs.unfinished(job.id) if job.spec.is_active else ()
    waiting = tuple(row for row in rows if _waits(row, now))
    left = tuple(row for row in rows if row not in waiting)
    if found is None and not left:
        return None
    return _Look(calendar=calendar, due=found, left=left, waiting=waiting)


def _calendar(tx: Transaction, job: Job, now: datetime) -> Calendar:
    newest = tx.runs.newest_claim(job.id, until=now)
    return Calendar(
        schedule=job.spec.schedule,
        after=max(job.effective_from, _accounted(newest, now) or job.effective_from),
        shift=shift_of(job),
        catch_up=job.policies.catch_up,
    )


def _accounted(row: Run | None, now: datetime) -> datetime | None:
    """Give the newest occurrence that a row accounts for."""
    if row is None or row.missed_to is None or row.missed_to > now:
        # A clock that was far ahead may have written off what is still to come.
        return row.scheduled_for if row else None
    return row.missed_to


def _waits(row: Run, now: datetime) -> bool:
    at = row.next_attempt_at
    return at is not None and now < at <= now + _LONGEST_WAIT


def _begin(rows: JobRows, look: _Look) -> Run | None:
    """Begin the occurrence that is due, if there is one, and record what was missed before it."""
    if look.due is None:
        return None
    skipped = rows.missed(look.due.missed) if look.due.missed else None
    if look.due.occurrence is None:
        return None
    # The new run does the work of those that wait for a retry.
    rows.close(look.waiting)
    run = rows.begin(look.due.trigger, look.due.occurrence)
    if skipped is not None:
        rows.cover(skipped, run)
    return run


def _leave_to_pause(rows: JobRows, look: _Look) -> None:
    if look.due is not None and look.due.missed is not None:
        rows.paused(look.due.missed)


def _leave_to_other(rows: JobRows, look: _Look) -> None:
    """Record what cannot run beside the run that is going on; what is to be queued waits."""
    found = look.due
    if found is None or (found.occurrence and rows.job.policies.overlap is Overlap.QUEUE):
        return
    if found.missed is not None:
        rows.missed(found.missed)
    if found.occurrence is not None:
        rows.overlap(found.occurrence)
