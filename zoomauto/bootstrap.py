"""The composition root: the one place that knows adapters and use cases together.

Each factory imports what it makes: a start by cron that finds nothing due loads the store and
the claim, and neither the stages nor the other commands.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from zoomauto.clock import SystemClock
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.settings import Settings
from zoomauto.storage.store import SqlStore, open_store

if TYPE_CHECKING:
    from zoomauto.adapters import RegisteredAdapters
    from zoomauto.bootstrap_schedules import ScheduleFactories
    from zoomauto.storage.database import SqlDatabase
    from zoomauto.usecases.claim_run import ClaimRun
    from zoomauto.usecases.edit_destinations import (
        AddDestination,
        CheckDestination,
        ListDestinations,
        LogInToDestination,
        RemoveDestination,
        ShowDestination,
        UpdateDestination,
    )
    from zoomauto.usecases.edit_jobs import (
        CopyJob,
        CreateJob,
        DeleteJob,
        ListJobs,
        ShowJob,
        UpdateJob,
    )
    from zoomauto.usecases.edit_quotas import SetQuota, ShowQuota
    from zoomauto.usecases.edit_recordings import (
        ExplainRecording,
        ListRecordings,
        ResetRecording,
        RetryRecording,
        ShowRecording,
        SkipRecording,
    )
    from zoomauto.usecases.edit_sources import (
        AddSource,
        CheckSource,
        ListSources,
        RemoveSource,
        ShowSource,
        UpdateSource,
    )
    from zoomauto.usecases.edit_templates import (
        CreateTemplate,
        DeleteTemplate,
        ListTemplates,
        ShowTemplate,
        UpdateTemplate,
    )
    from zoomauto.usecases.preview_run import PreviewRun
    from zoomauto.usecases.run_due import RunDue
    from zoomauto.usecases.run_job import RunJob
    from zoomauto.usecases.show_history import ListRuns, ShowRun
    from zoomauto.usecases.sync_source import SyncSource
    from zoomauto.usecases.trash_published import TrashPublished
    from zoomauto.usecases.try_template import TryTemplate
    from zoomauto.usecases.undelete_recording import UndeleteRecording
    from zoomauto.workspace import DiskWorkspace


@contextmanager
def open_app(
    settings: Settings, *, read_only: bool = False, create: bool = True
) -> Iterator["App"]:
    """Open the database and give the use cases; close every connection at the end.

    With ``read_only`` nothing is created, migrated or changed; without ``create`` the database
    must exist.
    """
    store = open_store(settings.database_url, read_only=read_only, create=create)
    try:
        yield App(settings=settings, store=store)
    finally:
        store.close()


def database(settings: Settings) -> "SqlDatabase":
    """Give the database as a thing to look after, whatever its schema."""
    from zoomauto.storage.database import SqlDatabase

    return SqlDatabase(url=settings.database_url)


@dataclass(frozen=True, kw_only=True)
class App:
    """One small factory per use case."""

    settings: Settings
    store: SqlStore
    clock: Clock = SystemClock()

    @cached_property
    def workspace(self) -> "DiskWorkspace":
        """Work folders of this database; two databases never share one."""
        from zoomauto.workspace import DiskWorkspace

        url = self.settings.database_url.encode()
        name = hashlib.sha1(url, usedforsecurity=False).hexdigest()[:8]
        return DiskWorkspace(self.settings.workspace / name)

    @cached_property
    def adapters(self) -> "RegisteredAdapters":
        """Every source, stage and destination."""
        from zoomauto.adapters import RegisteredAdapters
        from zoomauto.media.tools import Tools

        tools = Tools(
            workspace=self.workspace,
            clock=self.clock,
            ffmpeg_setting=self.settings.ffmpeg,
            niceness=self.settings.nice,
            state_folder=self.settings.state_folder,
        )
        return RegisteredAdapters(tools=tools)

    def create_job(self) -> "CreateJob":
        from zoomauto.usecases.edit_jobs import CreateJob

        return CreateJob(store=self.store, clock=self.clock, adapters=self.adapters)

    def copy_job(self) -> "CopyJob":
        from zoomauto.usecases.edit_jobs import CopyJob

        return CopyJob(store=self.store, clock=self.clock, adapters=self.adapters)

    def update_job(self) -> "UpdateJob":
        from zoomauto.usecases.edit_jobs import UpdateJob

        return UpdateJob(store=self.store, clock=self.clock, adapters=self.adapters)

    def delete_job(self) -> "DeleteJob":
        from zoomauto.usecases.edit_jobs import DeleteJob

        return DeleteJob(store=self.store)

    def list_jobs(self) -> "ListJobs":
        from zoomauto.usecases.edit_jobs import ListJobs

        return ListJobs(store=self.store, clock=self.clock)

    def show_job(self) -> "ShowJob":
        from zoomauto.usecases.edit_jobs import ShowJob

        return ShowJob(store=self.store, clock=self.clock)

    def create_template(self) -> "CreateTemplate":
        from zoomauto.usecases.edit_templates import CreateTemplate

        return CreateTemplate(store=self.store, clock=self.clock, adapters=self.adapters)

    def update_template(self) -> "UpdateTemplate":
        from zoomauto.usecases.edit_templates import UpdateTemplate

        return UpdateTemplate(store=self.store, clock=self.clock, adapters=self.adapters)

    def delete_template(self) -> "DeleteTemplate":
        from zoomauto.usecases.edit_templates import DeleteTemplate

        return DeleteTemplate(store=self.store)

    def list_templates(self) -> "ListTemplates":
        from zoomauto.usecases.edit_templates import ListTemplates

        return ListTemplates(store=self.store)

    def show_template(self) -> "ShowTemplate":
        from zoomauto.usecases.edit_templates import ShowTemplate

        return ShowTemplate(store=self.store)

    def try_template(self) -> "TryTemplate":
        from zoomauto.usecases.try_template import TryTemplate

        return TryTemplate(store=self.store, clock=self.clock, timezone=self.settings.timezone)

    def add_source(self) -> "AddSource":
        from zoomauto.usecases.edit_sources import AddSource

        return AddSource(store=self.store, clock=self.clock, adapters=self.adapters)

    def update_source(self) -> "UpdateSource":
        from zoomauto.usecases.edit_sources import UpdateSource

        return UpdateSource(store=self.store, clock=self.clock, adapters=self.adapters)

    def remove_source(self) -> "RemoveSource":
        from zoomauto.usecases.edit_sources import RemoveSource

        return RemoveSource(store=self.store)

    def list_sources(self) -> "ListSources":
        from zoomauto.usecases.edit_sources import ListSources

        return ListSources(store=self.store)

    def show_source(self) -> "ShowSource":
        from zoomauto.usecases.edit_sources import ShowSource

        return ShowSource(store=self.store)

    def check_source(self) -> "CheckSource":
        from zoomauto.usecases.edit_sources import CheckSource

        return CheckSource(store=self.store, clock=self.clock, adapters=self.adapters)

    def add_destination(self) -> "AddDestination":
        from zoomauto.usecases.edit_destinations import AddDestination

        return AddDestination(store=self.store, clock=self.clock, adapters=self.adapters)

    def update_destination(self) -> "UpdateDestination":
        from zoomauto.usecases.edit_destinations import UpdateDestination

        return UpdateDestination(store=self.store, clock=self.clock, adapters=self.adapters)

    def remove_destination(self) -> "RemoveDestination":
        from zoomauto.usecases.edit_destinations import RemoveDestination

        return RemoveDestination(store=self.store)

    def list_destinations(self) -> "ListDestinations":
        from zoomauto.usecases.edit_destinations import ListDestinations

        return ListDestinations(store=self.store)

    def show_destination(self) -> "ShowDestination":
        from zoomauto.usecases.edit_destinations import ShowDestination

        return ShowDestination(store=self.store)

    def check_destination(self) -> "CheckDestination":
        from zoomauto.usecases.edit_destinations import CheckDestination

        return CheckDestination(store=self.store, adapters=self.adapters)

    def log_in_to_destination(self) -> "LogInToDestination":
        from zoomauto.usecases.edit_destinations import LogInToDestination

        return LogInToDestination(store=self.store, adapters=self.adapters)

    def show_quota(self) -> "ShowQuota":
        from zoomauto.usecases.edit_quotas import ShowQuota

        return ShowQuota(store=self.store)

    def set_quota(self) -> "SetQuota":
        from zoomauto.usecases.edit_quotas import SetQuota

        return SetQuota(store=self.store)

    def list_recordings(self) -> "ListRecordings":
        from zoomauto.usecases.edit_recordings import ListRecordings

        return ListRecordings(store=self.store)

    def show_recording(self) -> "ShowRecording":
        from zoomauto.usecases.edit_recordings import ShowRecording

        return ShowRecording(store=self.store)

    def explain_recording(self) -> "ExplainRecording":
        from zoomauto.usecases.edit_recordings import ExplainRecording

        return ExplainRecording(store=self.store, clock=self.clock)

    def retry_recording(self) -> "RetryRecording":
        from zoomauto.usecases.edit_recordings import RetryRecording

        return RetryRecording(store=self.store, clock=self.clock)

    def skip_recording(self) -> "SkipRecording":
        from zoomauto.host import is_alive
        from zoomauto.usecases.edit_recordings import SkipRecording

        return SkipRecording(
            store=self.store, clock=self.clock, workspace=self.workspace, is_alive=is_alive
        )

    def reset_recording(self) -> "ResetRecording":
        from zoomauto.host import is_alive
        from zoomauto.usecases.edit_recordings import ResetRecording

        return ResetRecording(
            store=self.store, clock=self.clock, workspace=self.workspace, is_alive=is_alive
        )

    def undelete_recording(self) -> "UndeleteRecording":
        from zoomauto.usecases.undelete_recording import UndeleteRecording

        return UndeleteRecording(store=self.store, clock=self.clock, adapters=self.adapters)

    def list_runs(self) -> "ListRuns":
        from zoomauto.usecases.show_history import ListRuns

        return ListRuns(store=self.store)

    def show_run(self) -> "ShowRun":
        from zoomauto.usecases.show_history import ShowRun

        return ShowRun(store=self.store)

    def sync_source(self, progress: Progress) -> "SyncSource":
        from zoomauto.usecases.sync_source import SyncSource

        return SyncSource(
            store=self.store, clock=self.clock, adapters=self.adapters, progress=progress
        )

    def preview_run(self, progress: Progress) -> "PreviewRun":
        from zoomauto.usecases.preview_run import PreviewRun

        return PreviewRun(
            store=self.store,
            clock=self.clock,
            adapters=self.adapters,
            sync_source=self.sync_source(progress),
            trash_published=self._trash_published(),
        )

    def claim_run(self) -> "ClaimRun":
        from zoomauto.host import is_alive, this_process
        from zoomauto.usecases.claim_run import ClaimRun

        return ClaimRun(
            store=self.store, clock=self.clock, holder=this_process(), is_alive=is_alive
        )

    def run_due(self, progress: Progress) -> "RunDue":
        from zoomauto.usecases.run_due import RunDue

        return RunDue(
            store=self.store,
            claim=self.claim_run(),
            run_job=lambda: self.run_job(progress),
            refresh=lambda: self.schedules.refresh(self.settings.owner)(),  # noqa: PLW0108 - loaded late
        )

    def run_job(self, progress: Progress) -> "RunJob":
        from zoomauto.host import is_alive, main_thread_interrupter, this_process
        from zoomauto.usecases.process_recording import ProcessRecording
        from zoomauto.usecases.run_job import RunJob

        holder = this_process()
        return RunJob(
            store=self.store,
            clock=self.clock,
            workspace=self.workspace,
            progress=progress,
            holder=holder,
            claim=self.claim_run(),
            sync_source=self.sync_source(progress),
            process_recording=ProcessRecording(
                store=self.store,
                clock=self.clock,
                adapters=self.adapters,
                workspace=self.workspace,
                progress=progress,
                holder=holder,
                is_alive=is_alive,
            ),
            trash_published=self._trash_published(),
            interrupt=main_thread_interrupter(),
            parallel=self.settings.parallel,
        )

    def _trash_published(self) -> "TrashPublished":
        from zoomauto.host import is_alive, this_process
        from zoomauto.usecases.trash_published import TrashPublished

        return TrashPublished(
            store=self.store,
            clock=self.clock,
            adapters=self.adapters,
            holder=this_process(),
            is_alive=is_alive,
        )

    @cached_property
    def schedules(self) -> "ScheduleFactories":
        """What binds jobs to scheduler backends, one factory per use case."""
        from zoomauto.bootstrap_schedules import ScheduleFactories

        return ScheduleFactories(settings=self.settings, store=self.store, clock=self.clock)
