"""The stage loop for one recording: plan, stage, artifact, checkpoint.

The loop owns skipping, checkpoints, retries and leases; a stage only does its step.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from zoomauto.domain.artifact import Artifact, Checkpoint, Publication
from zoomauto.domain.job import Job
from zoomauto.domain.lease import Holder
from zoomauto.domain.pipeline import STATUS_AFTER, STATUS_WHILE, Plan, plan
from zoomauto.domain.processing import ProcessingConfig, cascade
from zoomauto.domain.recording import FailureKind, Recording, RecordingChange, RecordingStatus
from zoomauto.domain.run import RunItem
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.domain.verdict import failure_kind
from zoomauto.errors import (
    CorruptMedia,
    DiskFull,
    LeaseLost,
    StoreBusy,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Destination
from zoomauto.ports.progress import Progress
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.ports.store import Store
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.edit_templates import destination_parts
from zoomauto.usecases.hold_lease import Heartbeat, IsAlive, take_lease

logger = logging.getLogger(__name__)

#: Attempts of one stage within one run, and the waits between them (contract, section 6).
ATTEMPT_GAPS = (timedelta(seconds=2), timedelta(seconds=10))
#: The wait of scheduled runs after the first failed run; it doubles each time, up to a day.
FIRST_GAP = timedelta(minutes=15)
LONGEST_GAP = timedelta(days=1)

#: What ends the whole run rather than one recording.
ENDS_THE_RUN = (LeaseLost, StoreBusy)


@dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """One recording with everything that decides what becomes of it."""

    recording: Recording
    template: Template
    job: Job
    source: SourceConfig

    @property
    def config(self) -> ProcessingConfig:
        """The processing config: job over template over defaults."""
        return cascade(self.template.processing_config, self.job.spec.processing_config)


@dataclass(kw_only=True)
class _Work:
    """One recording under way."""

    assignment: Assignment
    plan: Plan
    checkpoints: list[Checkpoint]
    words: dict[str, str] = field(default_factory=dict)
    stage: str = ""

    @property
    def inputs(self) -> tuple[Artifact, ...]:
        """The newest artifact of each recording file."""
        newest = {a.file_key: a for c in self.checkpoints for a in c.artifacts}
        return tuple(newest.values())


def plan_for(assignment: Assignment, adapters: Adapters, checkpoints: Sequence[Checkpoint]) -> Plan:
    """Plan the stages of a recording from what there is and what is done."""
    recording = assignment.recording
    done = {c.stage for c in checkpoints if c.fingerprint == recording.fingerprint}
    unavailable = _unavailable(adapters.stage_options(), assignment.template)
    return plan(assignment.config.flags, done=done, unavailable=unavailable)


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
        """Process it; give what happened, or None when someone else has it.

        Its trouble is its own: every failure is stored and reported, a bug in an adapter too.
        Raise LeaseLost or StoreBusy: those end the run.
        """
        taken = self._take(assignment)
        if taken is None:
            return None
        with heartbeat.holding(_lease_name(taken.recording)):
            work = self._begin(taken)
            try:
                self._run_stages(work, heartbeat)
            except ENDS_THE_RUN:
                raise
            except Exception as error:
                return self._failed(work, error)
            return self._finished(work)

    def _take(self, assignment: Assignment) -> Assignment | None:
        now = self.clock.now()
        with self.store.writing() as tx:
            name = _lease_name(assignment.recording)
            if take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive):
                return None
            recording = tx.recordings.take(
                assignment.recording.id,
                job_id=assignment.job.id,
                template_id=assignment.template.id,
                now=now,
            )
            if recording is None:
                tx.leases.release(name, self.holder)
                return None
        return Assignment(
            recording=recording,
            template=assignment.template,
            job=assignment.job,
            source=assignment.source,
        )

    def _begin(self, assignment: Assignment) -> _Work:
        recording = assignment.recording
        with self.store.reading() as tx:
            stored = tx.recordings.checkpoints(recording.id)
        intact = self._intact(recording, stored)
        made = plan_for(assignment, self.adapters, intact)
        kept = [c for c in intact if c.stage in made.done]
        return _Work(assignment=assignment, plan=made, checkpoints=kept, words=dict(made.words))

    def _intact(self, recording: Recording, stored: Sequence[Checkpoint]) -> list[Checkpoint]:
        """Leave out checkpoints of other bytes, and those whose files are gone."""
        return [
            checkpoint
            for checkpoint in stored
            if checkpoint.fingerprint == recording.fingerprint
            and all(
                self.workspace.holds(recording.id, a.path, size_bytes=a.size_bytes)
                for a in checkpoint.artifacts
            )
        ]

    def _run_stages(self, work: _Work, heartbeat: Heartbeat) -> None:
        for stage in work.plan.to_run:
            work.stage = stage
            heartbeat.check()
            self._write(work, status=STATUS_WHILE[stage])
            result = self._attempt(work, heartbeat)
            heartbeat.check()
            self._checkpoint(work, result)
            if result.blank_reason and work.assignment.job.spec.exclude_blank:
                self._leave_blank(work, result.blank_reason)
                return

    def _attempt(self, work: _Work, heartbeat: Heartbeat) -> StageResult:
        for gap in (*ATTEMPT_GAPS, None):
            try:
                return self._run_stage(work)
            except TemporaryError as error:
                if gap is None or not error.retry_now:
                    raise
                logger.info(
                    "%s: %s; again in %.0f s",
                    work.stage,
                    error,
                    gap.total_seconds(),
                    extra={"action": "retry", "recording_id": work.assignment.recording.id},
                )
                self.clock.sleep(gap)
                heartbeat.check()
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _run_stage(self, work: _Work) -> StageResult:
        table = work.assignment.config.tables.get(work.stage, {})
        stage = self.adapters.stage(work.stage, table)
        return stage.run(self._context(work))

    def _context(self, work: _Work) -> StageContext:
        recording, template = work.assignment.recording, work.assignment.template
        with self.store.reading() as tx:
            publications = tuple(tx.recordings.publications(recording.id))
            stored = tx.destinations.list(recording.owner)
        wanted: Mapping[str, Destination] = {}
        if work.stage == "upload":
            wanted = {
                reference: self.adapters.destination(*destination_parts(reference, stored))
                for reference in template.output.destinations
            }
        return StageContext(
            recording=recording,
            template=template,
            source_name=work.assignment.source.name,
            folder=self.workspace.folder(recording.id),
            inputs=work.inputs,
            source=self.adapters.source(work.assignment.source),
            destinations=wanted,
            progress=self.progress,
            clock=self.clock,
            timezone=work.assignment.job.spec.schedule.timezone,
            published=self._save_publication,
            publications=publications,
        )

    def _save_publication(self, publication: Publication) -> None:
        with self.store.writing() as tx:
            tx.recordings.save_publication(publication)

    def _checkpoint(self, work: _Work, result: StageResult) -> None:
        recording = work.assignment.recording
        checkpoint = Checkpoint(
            recording_id=recording.id,
            stage=work.stage,
            finished_at=self.clock.now(),
            fingerprint=recording.fingerprint,
            note=result.note,
            artifacts=tuple(self._sealed(work, produced) for produced in result.produced),
        )
        with self.store.writing() as tx:
            tx.recordings.save_checkpoint(checkpoint)
            tx.recordings.update_many(
                [_change(recording, status=STATUS_AFTER[work.stage])], now=self.clock.now()
            )
        work.checkpoints.append(checkpoint)
        work.words[work.stage] = f"done: {result.note}" if result.note else "done"

    def _sealed(self, work: _Work, produced: Produced) -> Artifact:
        """Flush, measure and hash what a stage wrote; refuse bytes that changed on the way."""
        recording_id = work.assignment.recording.id
        sealed = self.workspace.seal(produced.path)
        if produced.sha256 is not None and produced.sha256 != sealed.sha256:
            raise TemporaryError(f"{produced.path.name}: the copy differs from what was read")
        folder = self.workspace.folder(recording_id)
        return Artifact(
            recording_id=recording_id,
            stage=work.stage,
            file_key=produced.file_key,
            kind=produced.kind,
            path=PurePath(produced.path).relative_to(folder).as_posix(),
            size_bytes=sealed.size_bytes,
            sha256=sealed.sha256,
            details=produced.details,
        )

    def _leave_blank(self, work: _Work, reason: str) -> None:
        self._write(work, status=RecordingStatus.SKIPPED, blank_reason=reason)
        for stage in work.plan.to_run:
            if work.words[stage] == "run":
                work.words[stage] = f"skip: blank: {reason}"
        self.workspace.remove(work.assignment.recording.id)

    def _finished(self, work: _Work) -> RunItem:
        recording = self._write(
            work,
            failed_at_stage=None,
            failure=None,
            attempts=0,
            last_error=None,
            first_failed_at=None,
            next_attempt_at=None,
        )
        if recording.status is RecordingStatus.UPLOADED:
            self.workspace.remove(recording.id)
        return _item(work, recording)

    def _failed(self, work: _Work, error: Exception) -> RunItem:
        recording = work.assignment.recording
        is_bug = not isinstance(error, ZoomautoError)
        logger.log(
            logging.ERROR if is_bug else logging.WARNING,
            "recording %s, %s: %s",
            recording.id,
            work.stage,
            error,
            exc_info=is_bug,
            extra={"action": "fail", "recording_id": recording.id, "stage": work.stage},
        )
        kind = failure_kind(error)
        message = repr(error) if is_bug else str(error)
        now = self.clock.now()
        stored = self._write(
            work,
            status=RecordingStatus.FAILED,
            failed_at_stage=work.stage,
            failure=kind,
            attempts=recording.attempts + 1,
            last_error=message,
            first_failed_at=recording.first_failed_at or now,
            next_attempt_at=next_attempt(recording.attempts, now)
            if kind is FailureKind.TEMPORARY
            else None,
        )
        if isinstance(error, (CorruptMedia, DiskFull)):
            self._clear_stage(recording.id, error)
        work.words[work.stage] = f"failed: {message}"
        code = "bug" if is_bug else error.code  # type: ignore[attr-defined]  # not a bug: ours
        return _item(work, stored, error=message, error_code=code, failure=kind)

    def _clear_stage(self, recording_id: int, error: Exception) -> None:
        """Keep no bytes of a damaged file; give space back when the disk is full."""
        with self.store.writing() as tx:
            tx.recordings.clear_checkpoints(recording_id)
        self.workspace.remove(recording_id)

    def _write(self, work: _Work, **values: Any) -> Recording:
        recording = work.assignment.recording
        with self.store.writing() as tx:
            tx.recordings.update_many([_change(recording, **values)], now=self.clock.now())
            stored = tx.recordings.get(recording.id)
        if stored is None:
            raise LeaseLost(f"recording {recording.id} was removed while it was processed")
        return stored


def next_attempt(failed_runs_before: int, now: datetime) -> datetime:
    """Give the instant from which scheduled runs try again: growing gaps, at most a day."""
    return now + min(FIRST_GAP * 2 ** min(failed_runs_before, 10), LONGEST_GAP)


def _unavailable(options_of: Mapping[str, type], template: Template) -> dict[str, str]:
    reasons = {}
    if "transcription" not in options_of:
        reasons["transcription"] = "no engine is configured"
    for stage in ("subtitles", "topics"):
        if stage not in options_of or "transcription" in reasons:
            reasons[stage] = "there is no transcript"
    if not template.output.destinations:
        reasons["upload"] = f"template {template.name!r} has no destination"
    return reasons


def _change(recording: Recording, **values: Any) -> RecordingChange:
    return RecordingChange(recording_id=recording.id, values=values)


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
