"""Run a job: claim, sync, filter, match, process, record."""

import logging
from dataclasses import dataclass, replace
from datetime import date

from zoomauto.domain.lease import Holder
from zoomauto.domain.run import Counts, Run, RunItem, RunReport, RunStatus, SourceReport
from zoomauto.domain.run_document import paragraph, report_document
from zoomauto.domain.verdict import exit_code, status_of
from zoomauto.errors import ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.ports.store import Store
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.claim_run import Claim, ClaimRun, lease_name
from zoomauto.usecases.hold_lease import Heartbeat
from zoomauto.usecases.process_recording import Assignment, ProcessRecording
from zoomauto.usecases.select_recordings import (
    Reach,
    Selection,
    reach_of,
    recordings_in,
    select,
)
from zoomauto.usecases.sync_source import SyncSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRequest:
    """What is asked for."""

    owner: str
    #: Id, slug or name.
    job: str
    #: Started by a scheduler: runs only what is due, once per occurrence.
    scheduled: bool = False
    #: Off: work with what is known, list nothing.
    sync: bool = True
    #: The first local day to look at, in place of ``sync_days``.
    since: date | None = None


@dataclass(frozen=True, kw_only=True)
class RunJob:
    """Run a job once, and remember everything about it."""

    store: Store
    clock: Clock
    workspace: Workspace
    progress: Progress
    holder: Holder
    claim: ClaimRun
    sync_source: SyncSource
    process_recording: ProcessRecording

    def __call__(self, request: RunRequest) -> RunReport | None:
        """Give what the run did, its exit code in ``run.exit_code``; None when nothing is due.

        Raise AlreadyRunning for a second run by hand, NotFound for an unknown job.
        """
        claim = (
            self.claim.scheduled(request.owner, request.job)
            if request.scheduled
            else self.claim.manual(request.owner, request.job)
        )
        if claim is None:
            return None
        heartbeat = Heartbeat(store=self.store, clock=self.clock, holder=self.holder)
        with heartbeat.beating(), heartbeat.holding(lease_name(claim.job)):
            return self._carry_out(claim, request, heartbeat)

    def _carry_out(self, claim: Claim, request: RunRequest, heartbeat: Heartbeat) -> RunReport:
        extra = {"action": "run", "job": claim.job.slug, "run_id": claim.run.id}
        logger.info("run %s of %s started", claim.run.id, claim.job.name, extra=extra)
        try:
            report = self._work(claim, request, heartbeat)
        except ZoomautoError as error:
            report = self._ended_early(claim.run, error.exit_code, str(error))
        except BaseException as error:
            self._record(claim, self._ended_early(claim.run, 1, _interruption(error)))
            raise
        self._record(claim, report)
        logger.info("run %s: %s", claim.run.id, report.run.status, extra=extra)
        return report

    def _work(self, claim: Claim, request: RunRequest, heartbeat: Heartbeat) -> RunReport:
        now = self.clock.now()
        with self.store.reading() as tx:
            reach = reach_of(tx, claim.job, now=now, since=request.since)
        sources = self._sync(reach, request)
        heartbeat.check()
        with self.store.reading() as tx:
            selection = select(
                recordings_in(tx, reach), reach, now=now, scheduled=request.scheduled
            )
        items = self._process(reach, selection, heartbeat)
        self._sweep()
        return self._finished(claim.run, selection, sources, items)

    def _sync(self, reach: Reach, request: RunRequest) -> tuple[SourceReport, ...]:
        if not request.sync:
            return tuple(SourceReport(name=s.name, status="skipped") for s in reach.sources)
        return tuple(self.sync_source(s, reach.windows[s.id]) for s in reach.sources)

    def _process(
        self, reach: Reach, selection: Selection, heartbeat: Heartbeat
    ) -> tuple[RunItem, ...]:
        sources = {source.id: source for source in reach.sources}
        items: list[RunItem] = []
        with self.progress.step(
            f"running {reach.job.name}", total=len(selection.taken), unit="recordings"
        ) as step:
            for recording, template in selection.taken:
                assignment = Assignment(
                    recording=recording,
                    template=template,
                    job=reach.job,
                    source=sources[recording.source_id],
                )
                if assignment.config.flags.auto_process:
                    item = self.process_recording(assignment, heartbeat)
                    items += [item] if item else []
                step.advance(1)
        return tuple(items)

    def _sweep(self) -> None:
        """Delete the work folders of recordings that need none."""
        with self.store.reading() as tx:
            self.workspace.sweep(keep=tx.recordings.unfinished())

    def _finished(
        self,
        run: Run,
        selection: Selection,
        sources: tuple[SourceReport, ...],
        items: tuple[RunItem, ...],
    ) -> RunReport:
        failed = sum(item.failure is not None for item in items)
        counts = replace(selection.counts, processed=len(items) - failed, failed=failed)
        code = exit_code(sources, items, has_problems=bool(selection.problems))
        report = RunReport(
            run=replace(run, status=status_of(code), exit_code=code),
            sources=sources,
            recordings=counts,
            items=items,
            problems=selection.problems,
        )
        return replace(report, run=replace(report.run, error=paragraph(report)))

    def _ended_early(self, run: Run, code: int, error: str) -> RunReport:
        ended = replace(run, status=RunStatus.FAILED, exit_code=code, error=error)
        return RunReport(run=ended, recordings=Counts(), problems=(error,))

    def _record(self, claim: Claim, report: RunReport) -> None:
        run = replace(report.run, finished_at=self.clock.now(), report=report_document(report))
        with self.store.writing() as tx:
            tx.runs.finish(run)
            tx.jobs.record_run(claim.job.id, started_at=run.started_at, status=run.status)


def _interruption(error: BaseException) -> str:
    if isinstance(error, Exception):
        return f"a bug: {error!r}"
    return "interrupted; the next run goes on where this one stopped"
