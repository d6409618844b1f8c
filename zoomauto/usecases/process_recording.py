"""The stage loop for one recording: plan, stage, artifact, checkpoint.

The loop owns skipping, checkpoints, retries and leases; a stage only does its step.
"""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from zoomauto.domain.artifact import Artifact, Checkpoint, Publication
from zoomauto.domain.deletion import proof_of_publication
from zoomauto.domain.lease import Holder
from zoomauto.domain.pipeline import Plan, resting_status, stage_fingerprint
from zoomauto.domain.recording import (
    NO_FAILURE,
    FailureKind,
    Recording,
    RecordingChange,
    RecordingStatus,
)
from zoomauto.domain.retry import next_attempt
from zoomauto.domain.run import RunItem
from zoomauto.domain.verdict import failure_code, failure_kind, failure_text
from zoomauto.errors import CorruptMedia, DiskFull, LeaseLost, TemporaryError, ZoomautoError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.ports.stage import StageResult
from zoomauto.ports.store import Store, Transaction
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.hold_lease import Heartbeat, IsAlive, require_lease, take_lease
from zoomauto.usecases.plan_recording import Assignment, plan_for
from zoomauto.usecases.run_stage import Outcome, RunStage, Step

logger = logging.getLogger(__name__)


class _Removed(Exception):
    """The recording is no longer known: its source was removed."""


class _StoreFailed(Exception):
    """The store failed, which is no trouble of the recording; no stage may mend that."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(kw_only=True)
class _Work:
    """One recording under way."""

    assignment: Assignment
    plan: Plan
    checkpoints: list[Checkpoint]
    words: dict[str, str] = field(default_factory=dict)
    stage: str = ""

    @property
    def recording(self) -> Recording:
        """The recording as it was when it was taken."""
        return self.assignment.recording

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        """The newest artifact of each recording file."""
        newest = {a.file_key: a for c in self.checkpoints for a in c.artifacts}
        return tuple(newest.values())


@dataclass(frozen=True, kw_only=True)
class ProcessRecording:
    """Bring one recording to its end, from wherever an earlier run left it."""

    store: Store
    clock: Clock
    adapters: Adapters
    workspace: Workspace
    progress: Progress
    holder: Holder
    is_alive: IsAlive

    def __call__(self, assignment: Assignment, heartbeat: Heartbeat) -> RunItem | None:
        """Process it; give what happened, or None when there is nothing to do or no right to.

        Its trouble is its own: every failure is stored and reported, a bug in an adapter too.
        Raise LeaseLost, or what the store raises: those end the run.
        """
        taken = self._take(assignment)
        if taken is None:
            return None
        with heartbeat.holding(_lease_name(taken.recording)):
            work = self._begin(taken)
            try:
                return self._carry_on(work, heartbeat)
            except _Removed:
                self._discard(work)
                return None
            except _StoreFailed as failed:
                raise failed.error from failed.error.__cause__

    def _take(self, assignment: Assignment) -> Assignment | None:
        """Take the recording and its lease, unless it is no longer what was selected."""
        selected, job = assignment.recording, assignment.job
        now = self.clock.now()
        with self.store.writing(owner=job.owner) as tx:
            if tx.jobs.get(job.id) is None:
                raise LeaseLost(f"job {job.name!r} was deleted while it ran")
            known = tx.recordings.get(selected.id)
            if known is None or known.status is not selected.status:
                return None
            name = _lease_name(selected)
            if take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive):
                return None
            recording = tx.recordings.take(
                selected.id, job_id=job.id, template_id=assignment.template.id, now=now
            )
            if recording is None:
                tx.leases.release(name, self.holder)
                return None
        return replace(assignment, recording=recording)

    def _begin(self, assignment: Assignment) -> _Work:
        recording = assignment.recording
        with self.store.reading() as tx:
            stored = tx.recordings.checkpoints(recording.id)
            published = proof_of_publication(
                recording,
                checkpoints=stored,
                publications=tx.recordings.publications(recording.id),
                output=assignment.template.output,
            )
        # What is published everywhere needs no file any more; only late texts bring it back.
        intact = stored if published else self._intact(recording, stored)
        made = plan_for(assignment, self.adapters, intact)
        kept = [c for c in intact if c.stage in made.done]
        return _Work(assignment=assignment, plan=made, checkpoints=kept, words=dict(made.words))

    def _intact(self, recording: Recording, stored: Sequence[Checkpoint]) -> Sequence[Checkpoint]:
        """Leave out checkpoints whose files are gone; the plan leaves out those of other bytes."""
        return [
            checkpoint
            for checkpoint in stored
            if all(
                self.workspace.holds(recording.id, a.path, size_bytes=a.size_bytes)
                for a in checkpoint.artifacts
            )
        ]

    def _carry_on(self, work: _Work, heartbeat: Heartbeat) -> RunItem | None:
        if not work.plan.to_run:
            self._rest(work)
            return None
        try:
            self._run_stages(work, heartbeat)
        except (LeaseLost, _Removed, _StoreFailed):
            raise
        except Exception as error:  # noqa: BLE001 - its trouble is its own, a bug's too
            return self._failed(work, error)
        return self._finished(work)

    def _rest(self, work: _Work) -> None:
        """Leave a recording alone for which the config foresees nothing more."""
        status = resting_status(work.plan.done)
        if work.recording.status is not status:
            self._write(work, status=status, **NO_FAILURE)

    def _run_stages(self, work: _Work, heartbeat: Heartbeat) -> None:
        for stage in work.plan.to_run:
            work.stage = stage
            heartbeat.check()
            self._write(work, status=work.plan.status_while(stage))
            outcome = self._run_stage(self._step(work), check=heartbeat.check)
            heartbeat.check()
            self._checkpoint(work, outcome)
            blank = outcome.result.blank_reason
            if blank and work.assignment.job.spec.exclude_blank:
                self._leave_blank(work, blank)
                return

    @property
    def _run_stage(self) -> RunStage:
        return RunStage(
            clock=self.clock,
            adapters=self.adapters,
            workspace=self.workspace,
            progress=self.progress,
        )

    def _step(self, work: _Work) -> Step:
        def publish(publication: Publication) -> None:
            with self._writing(work) as tx:
                tx.recordings.save_publication(publication)

        with self._store_trouble(), self.store.reading() as tx:
            return Step(
                stage=work.stage,
                assignment=work.assignment,
                inputs=work.inputs,
                publications=tuple(tx.recordings.publications(work.recording.id)),
                destinations=tx.destinations.list(work.recording.owner),
                published=publish,
            )

    def _checkpoint(self, work: _Work, outcome: Outcome) -> None:
        result = outcome.result
        checkpoint = Checkpoint(
            recording_id=work.recording.id,
            stage=work.stage,
            finished_at=self.clock.now(),
            fingerprint=stage_fingerprint(work.stage, work.recording),
            note=result.note,
            artifacts=outcome.artifacts,
        )
        with self._writing(work) as tx:
            known = tx.recordings.get(work.recording.id)
            is_current = known and checkpoint.fingerprint == stage_fingerprint(work.stage, known)
            if is_current:
                tx.recordings.save_checkpoint(checkpoint)
                done = {*(c.stage for c in work.checkpoints), work.stage}
                self._update(tx, work, _after(done, result))
        if not is_current:
            raise TemporaryError("the source changed the files while they were processed")
        work.checkpoints.append(checkpoint)
        work.words[work.stage] = f"done: {result.note}" if result.note else "done"

    def _leave_blank(self, work: _Work, reason: str) -> None:
        self._write(work, status=RecordingStatus.SKIPPED)
        for stage in work.plan.to_run:
            if work.words[stage] == "run":
                work.words[stage] = f"skip: blank: {reason}"

    def _finished(self, work: _Work) -> RunItem:
        recording = self._write(work, **NO_FAILURE)
        if recording.status in (RecordingStatus.UPLOADED, RecordingStatus.SKIPPED):
            self._discard(work)
        return _item(work, recording)

    def _failed(self, work: _Work, error: Exception) -> RunItem:
        _log_failure(work, error)
        recording, now = work.recording, self.clock.now()
        kind, message = failure_kind(error), failure_text(error)
        is_temporary = kind is FailureKind.TEMPORARY
        values = {
            "status": RecordingStatus.FAILED,
            "failed_at_stage": work.stage,
            "failure": kind,
            "attempts": recording.attempts + 1,
            "last_error": message,
            "first_failed_at": recording.first_failed_at or now,
            "next_attempt_at": next_attempt(recording.attempts, now, error=error)
            if is_temporary
            else None,
        }
        keeps_files = _keeps_files(work.stage, error)
        with self._writing(work) as tx:
            stored = self._update(tx, work, values)
            if not keeps_files:
                tx.recordings.clear_checkpoints(recording.id)
        if not keeps_files:
            self._discard(work)
        work.words |= {s: "not reached" for s in work.plan.to_run if work.words[s] == "run"}
        work.words[work.stage] = f"failed: {message}"
        return _item(work, stored, error=message, error_code=failure_code(error), failure=kind)

    def _write(self, work: _Work, **values: Any) -> Recording:
        with self._writing(work) as tx:
            return self._update(tx, work, values)

    def _update(self, tx: Transaction, work: _Work, values: Mapping[str, Any]) -> Recording:
        change = RecordingChange(recording_id=work.recording.id, values=values)
        tx.recordings.update_many([change], now=self.clock.now())
        stored = tx.recordings.get(work.recording.id)
        if stored is None:
            raise _Removed
        return stored

    @contextmanager
    def _writing(self, work: _Work) -> Iterator[Transaction]:
        """Open a transaction for a recording that is still there and still ours."""
        with self._store_trouble(), self.store.writing() as tx:
            require_lease(tx, _lease_name(work.recording), self.holder)
            if tx.recordings.get(work.recording.id) is None:
                raise _Removed
            yield tx

    @contextmanager
    def _store_trouble(self) -> Iterator[None]:
        """Tell what the store raises from what a stage raises."""
        try:
            yield
        except _Removed:
            raise
        except Exception as error:
            raise _StoreFailed(error) from error

    def _discard(self, work: _Work) -> None:
        """Delete the work folder; the sweep at the end of a run tries again."""
        try:
            self.workspace.remove(work.recording.id)
        except ZoomautoError as error:
            logger.warning("%s", error, extra={"recording_id": work.recording.id})


def _after(done: Collection[str], result: StageResult) -> dict[str, Any]:
    """Say what becomes of a recording when one more stage is done."""
    status = resting_status(done)
    values: dict[str, Any] = {"status": status}
    if result.blank_reason:
        values["blank_reason"] = result.blank_reason
    return {**values, **NO_FAILURE} if status is RecordingStatus.UPLOADED else values


def _keeps_files(stage: str, error: Exception) -> bool:
    """Whether the next attempt can use what was made so far.

    Nothing of a damaged file is kept. A full disk gets its space back, unless it is that of a
    destination.
    """
    gives_back = isinstance(error, DiskFull) and stage != "upload"
    return not (gives_back or isinstance(error, CorruptMedia))


def _log_failure(work: _Work, error: Exception) -> None:
    is_bug = not isinstance(error, ZoomautoError)
    logger.log(
        logging.ERROR if is_bug else logging.WARNING,
        "recording %s, %s: %s",
        work.recording.id,
        work.stage,
        error,
        exc_info=error if is_bug else None,
        extra={"action": "fail", "recording_id": work.recording.id, "stage": work.stage},
    )


def _lease_name(recording: Recording) -> str:
    return f"recording:{recording.id}"


def _item(work: _Work, recording: Recording, **trouble: Any) -> RunItem:
    return RunItem(
        recording_id=recording.id,
        name=recording.name,
        template=work.assignment.template.name,
        status=str(recording.status),
        stages=work.words,
        **trouble,
    )
