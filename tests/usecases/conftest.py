"""A small world around the use cases: real database and work folders, fakes outside."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.job import Job
from zoomauto.domain.job_change import JobChange
from zoomauto.domain.lease import HEARTBEAT, Holder
from zoomauto.domain.recording import FileKind, ListedRecording, Recording, RecordingFile
from zoomauto.domain.run import Run, RunReport
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.host import main_thread_interrupter
from zoomauto.storage.store import SqlStore, open_store
from zoomauto.testing.adapters import FakeAdapters
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.destination import FakeDestination
from zoomauto.testing.progress import FakeProgress
from zoomauto.testing.source import FakeSource
from zoomauto.testing.stage import FakeStage, cut_files, fetch_files, publish_inputs
from zoomauto.usecases.claim_run import ClaimRun
from zoomauto.usecases.edit_jobs import CreateJob
from zoomauto.usecases.edit_sources import AddSource, SourceChange
from zoomauto.usecases.edit_templates import CreateTemplate, TemplateChange
from zoomauto.usecases.preview_run import PreviewRun
from zoomauto.usecases.process_recording import ProcessRecording
from zoomauto.usecases.run_job import RunJob, RunRequest
from zoomauto.usecases.sync_source import SyncSource
from zoomauto.usecases.trash_published import TrashPublished
from zoomauto.workspace import DiskWorkspace

OWNER = "ann"
#: A Tuesday.
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

FIRST = Holder(host="laptop", realm="boot-1", pid=1, pid_started="1")


@dataclass(kw_only=True)
class World:
    """Everything a use case can touch, with short words for what tests do."""

    root: Path
    store: SqlStore
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOON))
    progress: FakeProgress = field(default_factory=FakeProgress)
    sources: dict[str, FakeSource] = field(default_factory=dict)
    destination: FakeDestination = field(default_factory=FakeDestination)
    download: FakeStage = field(default_factory=lambda: FakeStage(action=fetch_files))
    trim: FakeStage = field(default_factory=lambda: FakeStage(action=cut_files))
    upload: FakeStage = field(default_factory=lambda: FakeStage(action=publish_inputs))
    #: Stages that work on words; none unless a test brings them.
    words: dict[str, FakeStage] = field(default_factory=dict)
    #: Stages of third parties.
    extra: dict[str, FakeStage] = field(default_factory=dict)
    holder: Holder = FIRST
    dead: set[Holder] = field(default_factory=set)
    heartbeat_interval: timedelta = HEARTBEAT
    parallel: int = 1
    #: Raises KeyboardInterrupt in the test when a run takes too long.
    interrupt: Callable[[], None] = field(default_factory=main_thread_interrupter)

    @property
    def adapters(self) -> FakeAdapters:
        media = {"download": self.download, "trim": self.trim}
        stages = media | self.words | {"upload": self.upload} | self.extra
        return FakeAdapters(
            sources=self.sources, stages=stages, destinations={"/out": self.destination}
        )

    @property
    def workspace(self) -> DiskWorkspace:
        return DiskWorkspace(self.root / "work")

    def is_alive(self, holder: Holder) -> bool | None:
        return holder not in self.dead if holder.realm == self.holder.realm else None

    def new_process(self, *, after_kill: bool = True, **facts: Any) -> None:
        """Go on as another process; the one before is dead, unless told otherwise."""
        if after_kill:
            self.dead.add(self.holder)
        self.holder = replace(self.holder, **{"pid": self.holder.pid + 1, **facts})

    def add_source(self, name: str = "Zoom", **change: Any) -> SourceConfig:
        self.sources.setdefault(name, FakeSource())
        add = AddSource(store=self.store, clock=self.clock, adapters=self.adapters)
        return add(OWNER, "fake", SourceChange(name=name, **change))

    def add_template(self, name: str = "Lectures", **change: Any) -> Template:
        create = CreateTemplate(store=self.store, clock=self.clock, adapters=self.adapters)
        given = {"destinations": ("fake:/out",), **change}
        return create(OWNER, TemplateChange(name=name, **given))

    def add_job(self, name: str = "Daily", **change: Any) -> Job:
        create = CreateJob(store=self.store, clock=self.clock, adapters=self.adapters)
        schedule = TimeOfDay(time=time(6), timezone="UTC")
        given = {"templates": ("Lectures",), "schedule": schedule, **change}
        return create(OWNER, JobChange(name=name, **given)).job

    def record(  # noqa: PLR0913 - what a recording is made of
        self,
        key: str = "a.mp4",
        *,
        source: str = "Zoom",
        name: str = "Lecture",
        content: bytes = b"film",
        ago: timedelta = timedelta(hours=2),
        duration: timedelta | None = timedelta(hours=1),
        pending: str | None = None,
    ) -> ListedRecording:
        """Put a recording with one file of its key into a source, in place of one of that key."""
        size, fingerprint = len(content), hashlib.sha256(content).hexdigest()
        file = RecordingFile(
            key=key, name=key, kind=FileKind.VIDEO, size_bytes=size, fingerprint=fingerprint
        )
        listed = ListedRecording(
            key=key,
            name=name,
            start_at=self.clock.now() - ago,
            duration=duration,
            files=(file,),
            pending_reason=pending,
        )
        fake = self.sources[source]
        earlier = [r for r in fake.recordings if r.key == key]
        if earlier:
            listed = replace(listed, start_at=earlier[0].start_at)
        fake.recordings = [r for r in fake.recordings if r.key != key] + [listed]
        fake.contents[key] = content
        return listed

    @property
    def sync_source(self) -> SyncSource:
        return SyncSource(
            store=self.store, clock=self.clock, adapters=self.adapters, progress=self.progress
        )

    @property
    def claim_run(self) -> ClaimRun:
        return ClaimRun(
            store=self.store, clock=self.clock, holder=self.holder, is_alive=self.is_alive
        )

    @property
    def process_recording(self) -> ProcessRecording:
        return ProcessRecording(
            store=self.store,
            clock=self.clock,
            adapters=self.adapters,
            workspace=self.workspace,
            progress=self.progress,
            holder=self.holder,
            is_alive=self.is_alive,
        )

    @property
    def trash_published(self) -> TrashPublished:
        return TrashPublished(
            store=self.store,
            clock=self.clock,
            adapters=self.adapters,
            holder=self.holder,
            is_alive=self.is_alive,
        )

    @property
    def run_job(self) -> RunJob:
        return RunJob(
            store=self.store,
            clock=self.clock,
            workspace=self.workspace,
            progress=self.progress,
            holder=self.holder,
            claim=self.claim_run,
            sync_source=self.sync_source,
            process_recording=self.process_recording,
            interrupt=self.interrupt,
            parallel=self.parallel,
            heartbeat_interval=self.heartbeat_interval,
            trash_published=self.trash_published,
        )

    @property
    def preview_run(self) -> PreviewRun:
        return PreviewRun(
            store=self.store,
            clock=self.clock,
            adapters=self.adapters,
            sync_source=self.sync_source,
            trash_published=self.trash_published,
        )

    def run(self, job: str = "Daily", **request: Any) -> RunReport:
        report = self.run_job(RunRequest(owner=OWNER, job=job, **request))
        assert report is not None
        return report

    def run_scheduled(self, job: str = "Daily") -> RunReport | None:
        return self.run_job(RunRequest(owner=OWNER, job=job, scheduled=True))

    def job(self, name: str = "Daily") -> Job:
        with self.store.reading() as tx:
            return next(job for job in tx.jobs.list(OWNER) if job.name == name)

    def source(self, name: str = "Zoom") -> SourceConfig:
        with self.store.reading() as tx:
            return next(source for source in tx.sources.list(OWNER) if source.name == name)

    def recordings(self) -> list[Recording]:
        with self.store.reading() as tx:
            return list(tx.recordings.find(OWNER))

    def recording(self, key: str = "a.mp4") -> Recording:
        return next(recording for recording in self.recordings() if recording.key == key)

    def statuses(self) -> dict[str, str]:
        return {recording.key: str(recording.status) for recording in self.recordings()}

    def history(self) -> list[Run]:
        """Oldest first."""
        with self.store.reading() as tx:
            return sorted(tx.runs.list(OWNER), key=lambda run: run.id)

    def folders(self) -> list[str]:
        work = self.root / "work"
        return sorted(path.name for path in work.iterdir()) if work.exists() else []


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the newest schema and nothing in it, made once: migrating takes time."""
    path = tmp_path_factory.mktemp("usecases") / "fresh.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def empty_world(tmp_path: Path, fresh_database: Path) -> Iterator[World]:
    """Nothing is configured yet."""
    shutil.copy(fresh_database, tmp_path / "zoomauto.db")
    store = open_store(f"sqlite:///{tmp_path}/zoomauto.db")
    yield World(root=tmp_path, store=store)
    store.close()


@pytest.fixture
def world(empty_world: World) -> World:
    """One source, one template that takes every name and publishes to /out, one daily job."""
    empty_world.add_source()
    empty_world.add_template()
    empty_world.add_job()
    return empty_world
