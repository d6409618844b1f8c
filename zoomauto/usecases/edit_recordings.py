"""Show recordings, explain them, and decide about single ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from zoomauto.domain.artifact import Checkpoint, Publication
from zoomauto.domain.deletion import trashed_at
from zoomauto.domain.matching import Matcher, Verdict
from zoomauto.domain.pipeline import resting_status
from zoomauto.domain.recording import (
    NO_FAILURE,
    Recording,
    RecordingChange,
    RecordingStatus,
    blank_by_duration,
    status_as_listed,
)
from zoomauto.domain.reference import resolve
from zoomauto.domain.selection import Refusal, refusal
from zoomauto.domain.template import Template
from zoomauto.domain.window import sync_window
from zoomauto.errors import NotFound, UsageError
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.find_job import find_job
from zoomauto.usecases.hold_lease import IsAlive, busy_holder
from zoomauto.usecases.select_recordings import is_usable


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingView:
    """A recording with all that is known of it."""

    recording: Recording
    source: str
    #: The job that took it.
    job: str | None = None
    template: str | None = None
    checkpoints: tuple[Checkpoint, ...] = ()
    publications: tuple[Publication, ...] = ()
    #: Since when it lies in its source's trash, put there by a run.
    trashed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """Why a job takes, or does not take, a recording."""

    recording: Recording
    job: str
    #: None when the job takes it, or has taken it.
    refusal: Refusal | None
    #: The template that takes it; None when none does.
    template: str | None
    #: One verdict per template of the job, in the job's order.
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class ListRecordings:
    """Show an owner's recordings."""

    store: Store

    def __call__(
        self,
        owner: str,
        *,
        statuses: Sequence[str] = (),
        source: str | None = None,
        limit: int | None = None,
    ) -> Sequence[RecordingView]:
        """Give the newest ``limit`` recordings, newest first; None for a filter means any."""
        with self.store.reading() as tx:
            names = {s.id: s.name for s in tx.sources.list(owner)}
            jobs = {j.id: j.name for j in tx.jobs.list(owner)}
            templates = {t.id: t.name for t in tx.templates.list(owner)}
            found = tx.recordings.find(
                owner,
                statuses=_statuses(statuses) or None,
                source_ids=_source_ids(tx, owner, source),
                limit=limit,
            )
            newest_first = sorted(found, key=lambda r: (r.start_at, r.id), reverse=True)
            return [
                RecordingView(
                    recording=recording,
                    source=names[recording.source_id],
                    job=jobs.get(recording.taken_by_job_id or 0),
                    template=templates.get(recording.template_id or 0),
                )
                for recording in newest_first
            ]


@dataclass(frozen=True, kw_only=True)
class ShowRecording:
    """Show one recording with its checkpoints and publications."""

    store: Store

    def __call__(self, owner: str, recording_id: int) -> RecordingView:
        """Raise NotFound."""
        with self.store.reading() as tx:
            return view_recording(tx, find_recording(tx, owner, recording_id))


@dataclass(frozen=True, kw_only=True)
class ExplainRecording:
    """Say why a job takes, or does not take, a recording."""

    store: Store
    clock: Clock

    def __call__(self, owner: str, recording_id: int, job_reference: str) -> Explanation:
        """Judge as a run started now would. Raise NotFound."""
        with self.store.reading() as tx:
            recording = find_recording(tx, owner, recording_id)
            job = find_job(tx, owner, job_reference)
            jobs = {j.id: j.name for j in tx.jobs.list(owner)}
            templates = [t for i in job.spec.template_ids if (t := tx.templates.get(i))]
            source = tx.sources.get(recording.source_id)
        verdicts = _verdicts(recording, templates)
        window = sync_window(
            self.clock.now(),
            timezone=job.spec.schedule.timezone,
            sync_days=job.spec.sync_days,
            source=source,
        )
        return Explanation(
            recording=recording,
            job=job.name,
            refusal=refusal(recording, job, window=window, job_names=jobs),
            template=next((v.template_name for v in verdicts if v.accepted), None),
            verdicts=verdicts,
        )


@dataclass(frozen=True, kw_only=True)
class RetryRecording:
    """Let the next run try a failed recording again, at the stage where it stopped."""

    store: Store
    clock: Clock

    def __call__(self, owner: str, recording_id: int) -> RecordingView:
        """Raise UsageError for a recording that has not failed."""
        with self.store.writing(owner=owner) as tx:
            recording = find_recording(tx, owner, recording_id)
            if recording.status is not RecordingStatus.FAILED:
                raise UsageError(
                    f"recording {recording.id} has not failed; it is {recording.status}",
                    hint=f"zoomauto recording reset {recording.id} starts it from the beginning",
                )
            done = [c.stage for c in tx.recordings.checkpoints(recording.id)]
            # Without a job that carries it on, it has to be started like any other.
            is_taken = recording.taken_by_job_id is not None
            status = resting_status(done if is_taken else ())
            return _write(tx, self.clock, recording, status=status, **NO_FAILURE)


@dataclass(frozen=True, kw_only=True)
class SkipRecording:
    """Leave a recording out for good."""

    store: Store
    clock: Clock
    workspace: Workspace
    is_alive: IsAlive

    def __call__(self, owner: str, recording_id: int) -> RecordingView:
        """Raise UsageError for a published recording, or one that is being processed."""
        with self.store.writing(owner=owner) as tx:
            recording = find_recording(tx, owner, recording_id)
            if recording.status is RecordingStatus.UPLOADED:
                raise UsageError(f"recording {recording.id} is published already")
            _refuse_busy(tx, recording, now=self.clock.now(), is_alive=self.is_alive)
            shown = _write(tx, self.clock, recording, status=RecordingStatus.SKIPPED, **NO_FAILURE)
        self.workspace.remove(recording_id)
        return shown


@dataclass(frozen=True, kw_only=True)
class ResetRecording:
    """Start a recording from the beginning, free for any job."""

    store: Store
    clock: Clock
    workspace: Workspace
    is_alive: IsAlive

    def __call__(self, owner: str, recording_id: int) -> RecordingView:
        """Forget its checkpoints and who took it. What was published stays where it is."""
        with self.store.writing(owner=owner) as tx:
            recording = find_recording(tx, owner, recording_id)
            _refuse_busy(tx, recording, now=self.clock.now(), is_alive=self.is_alive)
            tx.recordings.clear_checkpoints(recording.id)
            shown = _write(
                tx,
                self.clock,
                recording,
                status=status_as_listed(recording.pending_reason),
                # What a stage heard is to be heard anew.
                blank_reason=blank_by_duration(recording.duration),
                taken_by_job_id=None,
                template_id=None,
                **NO_FAILURE,
            )
        self.workspace.remove(recording_id)
        return shown


def find_recording(tx: Transaction, owner: str, recording_id: int) -> Recording:
    """Find a recording of ``owner`` by id. Raise NotFound."""
    recording = tx.recordings.get(recording_id)
    if recording is None or recording.owner != owner:
        raise NotFound(f"there is no recording {recording_id}", hint="zoomauto recording list")
    return recording


def view_recording(tx: Transaction, recording: Recording) -> RecordingView:
    """Collect what is known of a recording."""
    source = tx.sources.get(recording.source_id)
    job = tx.jobs.get(recording.taken_by_job_id) if recording.taken_by_job_id else None
    template = tx.templates.get(recording.template_id) if recording.template_id else None
    return RecordingView(
        recording=recording,
        source=source.name if source else "",
        job=job.name if job else None,
        template=template.name if template else None,
        checkpoints=tuple(tx.recordings.checkpoints(recording.id)),
        publications=tuple(tx.recordings.publications(recording.id)),
        trashed_at=trashed_at(tx.deletions.of(recording.id)),
    )


def _write(tx: Transaction, clock: Clock, recording: Recording, **values: object) -> RecordingView:
    change = RecordingChange(recording_id=recording.id, values=values)
    tx.recordings.update_many([change], now=clock.now())
    return view_recording(tx, find_recording(tx, recording.owner, recording.id))


def _verdicts(recording: Recording, templates: Sequence[Template]) -> tuple[Verdict, ...]:
    """Ask every template, and say of those that are never asked why."""
    usable = [template for template in templates if is_usable(template)]
    asked = iter(Matcher(usable).explain(recording.name, recording.source_id))
    return tuple(next(asked) if is_usable(t) else _out_of_use(t) for t in templates)


def _out_of_use(template: Template) -> Verdict:
    draft = "it is a draft; zoomauto template enable ends that"
    return Verdict(
        template_id=template.id,
        template_name=template.name,
        accepted=False,
        rule="none",
        reason=draft if template.is_draft else "it is disabled",
    )


def _refuse_busy(
    tx: Transaction, recording: Recording, *, now: datetime, is_alive: IsAlive
) -> None:
    holder = busy_holder(tx, f"recording:{recording.id}", now=now, is_alive=is_alive)
    if holder is not None:
        raise UsageError(
            f"recording {recording.id} is being processed by {holder}",
            hint="wait until that run has ended",
        )


def _statuses(words: Sequence[str]) -> tuple[RecordingStatus, ...]:
    try:
        return tuple(RecordingStatus(word.upper()) for word in words)
    except ValueError as error:
        known = ", ".join(str(status) for status in RecordingStatus)
        raise UsageError(f"there is no recording status {words}", hint=f"known: {known}") from error


def _source_ids(tx: Transaction, owner: str, reference: str | None) -> tuple[int, ...] | None:
    if reference is None:
        return None
    return (resolve(reference, tx.sources.list(owner), kind="source").id,)
