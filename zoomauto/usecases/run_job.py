"""Run a job: claim, sync, filter, match, process, record."""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from zoomauto.domain.lease import HEARTBEAT, Holder
from zoomauto.domain.policy import Overlap
from zoomauto.domain.recording import IN_BETWEEN, RecordingStatus
from zoomauto.domain.run import Run, RunItem, RunReport, RunStatus, SourceReport
from zoomauto.domain.run_document import paragraph
from zoomauto.domain.source import SourceConfig, Window
from zoomauto.domain.verdict import exit_code, failure_text, status_of
from zoomauto.domain.window import leaves_no_gap, parts_listed
from zoomauto.errors import TemporaryError, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.ports.store import Store, Transaction
from zoomauto.ports.workspace import Workspace
from zoomauto.usecases.claim_run import Claim, ClaimRun, lease_name
from zoomauto.usecases.end_run import end_run
from zoomauto.usecases.hold_lease import Heartbeat, require_lease
from zoomauto.usecases.plan_recording import Assignment
from zoomauto.usecases.process_recording import ProcessRecording
from zoomauto.usecases.select_recordings import (
    Reach,
    Selection,
    reach_of,
    recordings_in,
    select,
    take_matched,
)
from zoomauto.usecases.sync_source import SyncSource
from zoomauto.usecases.trash_published import TrashPublished, TrashReport
from zoomauto.usecases.work_side_by_side import (
    SideBySide,
    Stop,
    StoppableClock,
    StoppableProgress,
)

logger = logging.getLogger(__name__)

#: What a program ended by Ctrl-C gives (contract, section 1).
INTERRUPTED = 130


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


@dataclass(kw_only=True)
class _Done:
    """What a run has done so far; told even when it ends early."""

    sources: list[SourceReport] = field(default_factory=list)
    selection: Selection = field(default_factory=Selection)
    items: list[RunItem] = field(default_factory=list)
    #: Matched recordings with which there was nothing to do after all.
    idle: int = 0
    trash: TrashReport = field(default_factory=TrashReport)


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
    trash_published: TrashPublished
    #: Raises KeyboardInterrupt in the main thread, when a run takes longer than its job allows.
    interrupt: Callable[[], None]
    #: How many recordings are processed at once.
    parallel: int = 1
    heartbeat_interval: timedelta = HEARTBEAT

    def __call__(self, request: RunRequest) -> RunReport | None:
        """Give what the run did, its exit code in ``run.exit_code``; None when nothing is due.

        Occurrences that had waited for it are run right after.
        Raise AlreadyRunning for a second run by hand, NotFound for an unknown job.
        """
        claim = (
            self.claim.scheduled(request.owner, request.job)
            if request.scheduled
            else self.claim.manual(request.owner, request.job)
        )
        if claim is None:
            return None
        report = self._run(claim, request)
        return replace(report, followed_by=tuple(self._follow(claim, request)))

    def _follow(self, claim: Claim, request: RunRequest) -> Iterator[RunReport]:
        """Run what is due now: queued behind this run, or behind the row that it took up."""
        if claim.job.policies.overlap is not Overlap.QUEUE and claim.run.attempt == 1:
            return
        reference = f"id:{claim.job.id}"
        as_due = replace(request, job=reference, scheduled=True, sync=True, since=None)
        try:
            while queued := self.claim.scheduled(request.owner, reference):
                yield self._run(queued, as_due)
        except ZoomautoError as error:
            # What was run counts; the next start does the rest.
            logger.warning("%s", error, extra={"action": "follow", "job": claim.job.slug})

    def _run(self, claim: Claim, request: RunRequest) -> RunReport:
        # Killed before the lease is watched: it is a dead process's, and free at once.
        heartbeat = Heartbeat(
            store=self.store,
            clock=self.clock,
            holder=self.holder,
            interval=self.heartbeat_interval,
        )
        with heartbeat.beating(), heartbeat.holding(lease_name(claim.job)):
            return self._carry_out(claim, request, heartbeat)

    def _carry_out(self, claim: Claim, request: RunRequest, heartbeat: Heartbeat) -> RunReport:
        extra = {"action": "run", "job": claim.job.slug, "run_id": claim.run.id}
        logger.info("run %s of %s started", claim.run.id, claim.job.name, extra=extra)
        done, timeout = _Done(), claim.job.policies.timeout
        try:
            with heartbeat.limited(timeout, self.interrupt):
                self._work(claim, request, heartbeat, done)
        except ZoomautoError as error:
            report = _ended_early(claim.run, done, error)
        except BaseException as error:
            if not (heartbeat.is_overdue and isinstance(error, KeyboardInterrupt)):
                self._save_before(error, claim, done)
                raise
            report = _ended_early(claim.run, done, TemporaryError(f"timed out after {timeout}"))
        else:
            report = _finished(claim.run, done)
        recorded = self._record(claim, report)
        logger.info("run %s: %s", claim.run.id, recorded.run.status, extra=extra)
        return recorded

    def _work(self, claim: Claim, request: RunRequest, heartbeat: Heartbeat, done: _Done) -> None:
        now = self.clock.now()
        with self.store.reading() as tx:
            reach = reach_of(tx, claim.job, now=now, since=request.since)
        for source in reach.sources:
            done.sources.append(
                self.sync_source(source, reach.windows[source.id])
                if request.sync
                else SourceReport(name=source.name, status="skipped")
            )
            heartbeat.check()
        with self.store.reading() as tx:
            done.selection = select(
                recordings_in(tx, reach), reach, now=now, scheduled=request.scheduled
            )
        with self.store.writing(owner=claim.job.owner) as tx:
            require_lease(tx, lease_name(claim.job), self.holder)
            done.selection = take_matched(tx, done.selection, reach, now=now)
            # Together: once the windows move on, only what is taken is still in reach.
            for source, report in zip(reach.sources, done.sources, strict=True):
                self._mark_listed(tx, source, report, reach.windows[source.id], now)
        self._process(reach, heartbeat, done)
        self._sweep()
        done.trash = self.trash_published(
            reach, done.sources, run_id=claim.run.id, heartbeat=heartbeat
        )

    def _mark_listed(
        self,
        tx: Transaction,
        source: SourceConfig,
        report: SourceReport,
        window: Window,
        now: datetime,
    ) -> None:
        """Move the watermarks of what was listed completely: of the source, or of its parts.

        A window opened by hand may leave a gap behind the watermark that nobody has listed.
        """
        known = tx.sources.get(source.id)
        if known is None or report.status == "skipped" or not leaves_no_gap(window, source):
            return
        if report.status == "failed" and not report.missing_parts:
            if known.listed_until is None and not known.parts_listed_until:
                # Never listed: what this run was to list, a later one will.
                tx.sources.mark_parts(source.id, {"": window.start_at})
            return
        until = now - self.sync_source.lag(source)
        parts = parts_listed(known, window, missing=report.missing_parts, until=until)
        if parts != known.parts_listed_until:
            tx.sources.mark_parts(source.id, parts)
        if report.status == "success":
            tx.sources.mark_listed(source.id, until)

    def _process(self, reach: Reach, heartbeat: Heartbeat, done: _Done) -> None:
        assignments = _assignments(reach, done.selection)
        stop = Stop()
        process = self._processor(stop, is_shared=min(self.parallel, len(assignments)) > 1)
        side_by_side = SideBySide(
            threads=self.parallel,
            stop=stop,
            check=heartbeat.check,
            is_leaving=lambda: not heartbeat.is_overdue,
        )
        label = f"running {reach.job.name}"
        items: dict[int, RunItem | None] = {}
        with self.progress.step(label, total=len(assignments), unit="recordings") as step:

            def told(number: int, item: RunItem | None) -> None:
                items[number] = item
                step.advance(1)

            try:
                side_by_side(assignments, lambda given: process(given, heartbeat), told)
            finally:
                # Told in the order in which they were taken, however long each took.
                found = [items[number] for number in sorted(items)]
                done.items = [item for item in found if item is not None]
                done.idle = found.count(None)

    def _processor(self, stop: Stop, *, is_shared: bool) -> ProcessRecording:
        """Give what processes one recording; threads must be told when to end."""
        if not is_shared:
            return self.process_recording
        return replace(
            self.process_recording,
            progress=StoppableProgress(progress=self.progress, stop=stop),
            clock=StoppableClock(clock=self.clock, stop=stop),
        )

    def _sweep(self) -> None:
        """Delete the work folders of recordings that need none."""
        try:
            self.workspace.sweep(keep=_StillNeeded(self.store))
        except ZoomautoError as error:
            # Nothing is lost but space; the next run tries again.
            logger.warning("%s", error, extra={"action": "sweep"})

    def _save_before(self, error: BaseException, claim: Claim, done: _Done) -> None:
        """Record what was done before ``error`` ends the process; it matters more than the row."""
        try:
            self._record(claim, _ended_early(claim.run, done, error))
        except ZoomautoError:
            logger.warning("run %s not recorded", claim.run.id, exc_info=True)

    def _record(self, claim: Claim, report: RunReport) -> RunReport:
        """Write the row's end, unless another process has taken it up or closed it since."""
        now = self.clock.now()
        report = replace(report, run=replace(report.run, finished_at=now))
        with self.store.writing() as tx:
            known = tx.runs.get(report.run.id)
            mine = (report.run.attempt, RunStatus.RUNNING)
            if known and (known.attempt, known.status) == mine:
                return end_run(tx, claim.job.id, report, now=now)
        return report


@dataclass(frozen=True, slots=True)
class _StillNeeded(Collection[int]):
    """The recordings that a run has begun and not ended, asked for one by one.

    Only once a folder was seen: a run of another job may begin a recording meanwhile, and marks it
    before it makes the folder.
    """

    store: Store

    def __contains__(self, recording_id: object) -> bool:
        with self.store.reading() as tx:
            known = tx.recordings.get(int(str(recording_id)))
        return known is not None and known.status in (*IN_BETWEEN, RecordingStatus.FAILED)

    def __iter__(self) -> Iterator[int]:
        with self.store.reading() as tx:
            return iter(tx.recordings.unfinished())

    def __len__(self) -> int:
        with self.store.reading() as tx:
            return len(tx.recordings.unfinished())


def _assignments(reach: Reach, selection: Selection) -> list[Assignment]:
    """Give what is to be processed; none of it where the config says only to sync and match."""
    sources = {source.id: source for source in reach.sources}
    assignments = (
        Assignment(
            recording=recording,
            template=template,
            job=reach.job,
            source=sources[recording.source_id],
        )
        for recording, template in selection.taken
    )
    return [given for given in assignments if given.config.flags.auto_process]


def _finished(run: Run, done: _Done) -> RunReport:
    has_problems = bool(done.selection.problems or done.trash.problems)
    code = exit_code(done.sources, done.items, has_problems=has_problems)
    return _report(replace(run, status=status_of(code), exit_code=code), done)


def _ended_early(run: Run, done: _Done, error: BaseException) -> RunReport:
    """Report a run that ``error`` ended, with what it had done until then."""
    match error:
        case ZoomautoError():
            exit_code, code, text = error.exit_code, error.code, failure_text(error)
        case KeyboardInterrupt():
            exit_code, code = INTERRUPTED, "interrupted"
            text = "interrupted; the next run goes on where this one stopped"
        case _:
            exit_code, code, text = 1, "bug", f"a bug: {error!r}"
    failed = replace(run, status=RunStatus.FAILED, exit_code=exit_code)
    report = _report(failed, done, problems=(text,))
    return replace(report, code=code, hint=getattr(error, "hint", None))


def _report(run: Run, done: _Done, *, problems: tuple[str, ...] = ()) -> RunReport:
    failed = sum(item.failure is not None for item in done.items)
    left = sum(item.status == RecordingStatus.SKIPPED for item in done.items)
    counts = done.selection.counts
    report = RunReport(
        run=run,
        sources=tuple(done.sources),
        recordings=replace(
            counts,
            matched=counts.matched - done.idle,
            skipped=counts.skipped + done.idle + left,
            processed=len(done.items) - failed - left,
            failed=failed,
        ),
        items=tuple(done.items),
        trashed=tuple(done.trash.trashed),
        problems=(*problems, *done.selection.problems, *done.trash.problems),
    )
    return replace(report, run=replace(run, error=paragraph(report)))
