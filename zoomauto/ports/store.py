"""What the database promises: transactions, and one small collection per kind of thing.

Everything that must be true together happens in one transaction.
All instants that go in or come out are aware; they come out in UTC.
The words of the domain are only needed to read this page: a start loads those that it uses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from zoomauto.domain.application import Application
    from zoomauto.domain.artifact import Checkpoint, Publication
    from zoomauto.domain.deletion import Deletion
    from zoomauto.domain.job import Job, JobSpec
    from zoomauto.domain.lease import Holder, Lease
    from zoomauto.domain.quota import Quota
    from zoomauto.domain.recording import (
        ListedRecording,
        Recording,
        RecordingChange,
        RecordingStatus,
    )
    from zoomauto.domain.run import Run, RunStatus, Trigger
    from zoomauto.domain.source import DestinationConfig, SourceConfig
    from zoomauto.domain.template import Template


class Jobs(Protocol):
    """Jobs of all owners."""

    def add(self, owner: str, spec: JobSpec, *, slug: str | None, now: datetime) -> Job:
        """Save a new job. ``slug`` None means ``job-ID``. Raise AlreadyExists for a taken name."""

    def get(self, job_id: int) -> Job | None: ...

    def list(self, owner: str) -> Sequence[Job]:
        """Give the owner's jobs, by id."""

    def named(self, owner: str, word: str) -> Sequence[Job]:
        """Give those of the owner's jobs whose id, slug or name is this word, by id."""

    def replace(
        self, job_id: int, spec: JobSpec, *, effective_from: datetime, now: datetime
    ) -> Job:
        """Save a changed job; switching it on ends a pause.

        Raise AlreadyExists for a taken name.
        """

    def record_run(self, job_id: int, *, started_at: datetime, status: RunStatus) -> Job | None:
        """Count a run that was not skipped and remember it as the newest.

        Give the job as it is then; None when it was removed meanwhile.
        """

    def pause(self, job_id: int, reason: str, *, now: datetime) -> None:
        """Switch a job off by itself and keep why, until it is switched on again."""

    def remove(self, job_id: int) -> None:
        """Forget the job. Its runs stay in history; its recordings are released."""


class Templates(Protocol):
    """Templates of all owners."""

    def add(self, draft: Template) -> Template:
        """Save a new template (its ``id`` is ignored). Raise AlreadyExists for a taken name."""

    def get(self, template_id: int) -> Template | None: ...

    def list(self, owner: str) -> Sequence[Template]: ...

    def replace(self, template: Template) -> Template: ...

    def remove(self, template_id: int) -> None: ...


class Sources(Protocol):
    """Configured sources of all owners."""

    def add(self, draft: SourceConfig) -> SourceConfig: ...

    def get(self, source_id: int) -> SourceConfig | None: ...

    def list(self, owner: str) -> Sequence[SourceConfig]: ...

    def replace(self, source: SourceConfig) -> SourceConfig: ...

    def remove(self, source_id: int) -> None:
        """Forget the source and its recordings, with their checkpoints and publications."""

    def mark_listed(self, source_id: int, until: datetime) -> None:
        """Remember that everything up to ``until`` has been listed completely."""

    def mark_parts(self, source_id: int, listed_until: Mapping[str, datetime]) -> None:
        """Remember up to when each part of the source has been listed; nothing: all alike."""


class Destinations(Protocol):
    """Named destinations of all owners."""

    def add(self, draft: DestinationConfig) -> DestinationConfig: ...

    def list(self, owner: str) -> Sequence[DestinationConfig]: ...

    def replace(self, destination: DestinationConfig) -> DestinationConfig:
        """Save a changed destination. Raise NotFound when there is none of its id."""

    def remove(self, destination_id: int) -> None: ...


class Recordings(Protocol):
    """Recordings of all sources, with their checkpoints and publications."""

    def known(self, source_id: int, keys: Collection[str]) -> Mapping[str, Recording]:
        """Give those of a source's recordings that have one of ``keys``, by key."""

    def marks(self, source_id: int, *, since: datetime) -> Mapping[str, str]:
        """Give the marks of a source's recordings that started no earlier, by key.

        Those that have none are left out.
        """

    def add_many(
        self,
        source: SourceConfig,
        listed: Sequence[ListedRecording],
        *,
        blank_reasons: Mapping[str, str],
        now: datetime,
    ) -> None:
        """Save new recordings: PENDING_SOURCE with a pending reason, else INITIALIZED.

        ``blank_reasons`` holds the reason for each key that counts as blank.
        A key that another process has just saved is left as it is.
        """

    def update_many(self, changes: Sequence[RecordingChange], *, now: datetime) -> None:
        """Write the named fields of several recordings."""

    def get(self, recording_id: int) -> Recording | None: ...

    def find(
        self,
        owner: str,
        *,
        statuses: Collection[RecordingStatus] | None = None,
        source_ids: Collection[int] | None = None,
        taken_by: int | None = None,
        since: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[Recording]:
        """Give the owner's recordings, oldest start first; None for a filter means any.

        With ``limit``, the newest that many, newest first.
        """

    def unfinished(self) -> Collection[int]:
        """Give the ids of all recordings, of any owner, that a run has begun and not ended.

        In-between statuses and failures: their work folders are still needed.
        """

    def take(
        self, recording_id: int, *, job_id: int, template_id: int, now: datetime
    ) -> Recording | None:
        """Take a recording for a job, unless another has it. None when another has."""

    def checkpoints(self, recording_id: int) -> Sequence[Checkpoint]:
        """Give the finished stages with their artifacts, in the order they finished."""

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save, or replace, the checkpoint of one stage."""

    def clear_checkpoints(self, recording_id: int) -> None: ...

    def publications(self, recording_id: int) -> Sequence[Publication]: ...

    def save_publication(self, publication: Publication) -> None:
        """Save, or replace, the publication of one file at one destination."""


class Deletions(Protocol):
    """What was asked of sources about deleting; kept for ever."""

    def begin(self, draft: Deletion) -> Deletion:
        """Write down what is about to be asked (its ``id`` is ignored); give it with its id."""

    def finish(self, deletion_id: int, outcome: str) -> None:
        """Write down what came of it."""

    def of(self, recording_id: int) -> Sequence[Deletion]:
        """Give what was asked about a recording, oldest first."""

    def settled(self, source_id: int) -> Collection[int]:
        """Give the ids of a source's recordings of which it is known what became of them."""


class Runs(Protocol):
    """History, and the claims of occurrences."""

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

    def get(self, run_id: int) -> Run | None: ...

    def claimed(self, job_id: int, scheduled_for: datetime) -> Run | None:
        """Give the row that claims this occurrence, if there is one."""

    def newest_claim(self, job_id: int, *, until: datetime) -> Run | None:
        """Give the row of the newest occurrence up to ``until`` that has one."""

    def retake(self, run_id: int, *, started_at: datetime, host: str) -> Run:
        """Take an unfinished row up again: RUNNING, ``attempt`` + 1."""

    def finish(self, run: Run) -> None:
        """Write the row's final state, or until when it waits for a retry."""

    def unfinished(self, job_id: int) -> Sequence[Run]:
        """Give the job's RUNNING rows."""

    def list(
        self, owner: str, *, job_id: int | None = None, limit: int | None = None
    ) -> Sequence[Run]:
        """Give runs, newest first."""


class Quotas(Protocol):
    """What owners may have."""

    def get(self, owner: str) -> Quota:
        """Give the owner's quota, or the default one."""

    def set(self, owner: str, quota: Quota) -> None: ...


class Leases(Protocol):
    """Locks with holder and expiry. Names: ``job:ID``, ``recording:ID``."""

    def get(self, name: str) -> Lease | None: ...

    def put(self, lease: Lease) -> None:
        """Save the lease, in place of any lease of that name."""

    def renew(self, holder: Holder, *, until: datetime) -> Collection[str]:
        """Renew all leases of ``holder``; give the names it still holds."""

    def release(self, name: str, holder: Holder) -> None:
        """Give the lease back, if ``holder`` still has it."""


class Applications(Protocol):
    """What was applied to scheduler backends, and for which installation."""

    def installation(self) -> str:
        """Give the name of this database among others that a host may start jobs for.

        ``[a-z0-9]``, random, and the same for ever.
        """

    def list(self, owner: str, *, host: str) -> Sequence[Application]:
        """Give what stands applied for the owner on a host, the newest first."""

    def save(self, application: Application) -> None:
        """Save it, in place of the earlier one through the same backend."""

    def remove(self, application: Application) -> None: ...


class Transaction(Protocol):
    """Everything at one moment; all of it is written, or nothing."""

    @property
    def jobs(self) -> Jobs: ...

    @property
    def templates(self) -> Templates: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def destinations(self) -> Destinations: ...

    @property
    def recordings(self) -> Recordings: ...

    @property
    def runs(self) -> Runs: ...

    @property
    def quotas(self) -> Quotas: ...

    @property
    def leases(self) -> Leases: ...

    @property
    def applications(self) -> Applications: ...

    @property
    def deletions(self) -> Deletions: ...


class Store(Protocol):
    """The database."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """Open a transaction that only reads."""

    def writing(self, *, owner: str | None = None) -> AbstractContextManager[Transaction]:
        """Open a transaction that writes; commit at its end, roll back on an exception.

        With ``owner``, at most one such transaction per owner runs at a time, on all hosts:
        what it counted is still true when it commits.
        Raise StoreBusy when the database stays locked.
        """

    def close(self) -> None:
        """Close every connection; a SQLite database leaves no ``-wal`` file behind."""
