"""Show what a run would do, and change nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from zoomauto.domain.listing import Finding, Novelty, as_recording
from zoomauto.domain.pipeline import Plan, estimated_times, main_files
from zoomauto.domain.recording import IN_BETWEEN, Recording, RecordingStatus
from zoomauto.domain.run import PreviewItem, PreviewReport, SourceReport
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store
from zoomauto.usecases.find_job import find_job
from zoomauto.usecases.plan_recording import Assignment, plan_for
from zoomauto.usecases.run_job import RunRequest
from zoomauto.usecases.select_recordings import (
    Reach,
    Selection,
    reach_of,
    recordings_in,
    select,
)
from zoomauto.usecases.sync_source import SyncSource
from zoomauto.usecases.trash_published import TrashPublished

_IDLE = "the config foresees nothing more"
#: Types of sources and destinations that lie on a disk of this machine.
_LOCAL = frozenset({"folder"})


@dataclass(kw_only=True)
class _Seen:
    """What the listings would have stored."""

    new: list[Recording] = field(default_factory=list)
    #: Recording id -> as it would stand.
    updated: dict[int, Recording] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PreviewRun:
    """List, filter, match and plan, and stop before the first effect."""

    store: Store
    clock: Clock
    adapters: Adapters
    sync_source: SyncSource
    trash_published: TrashPublished

    def __call__(self, request: RunRequest) -> PreviewReport:
        """Raise NotFound for an unknown job, ConfigurationError for one that can do nothing."""
        now = self.clock.now()
        with self.store.reading() as tx:
            job = find_job(tx, request.owner, request.job)
            reach = reach_of(tx, job, now=now, since=request.since)
        seen = _Seen()
        sources = self._look(reach, request, seen, now)
        with self.store.reading() as tx:
            recordings = _overlaid(recordings_in(tx, reach), seen)
            selection = select(recordings, reach, now=now, scheduled=request.scheduled)
        trash = self.trash_published.look(reach, sources)
        return replace(
            self._report(reach, selection, sources, seen),
            would_trash=tuple(trash.trashed),
            problems=(*selection.problems, *trash.problems),
        )

    def _look(
        self, reach: Reach, request: RunRequest, seen: _Seen, now: datetime
    ) -> tuple[SourceReport, ...]:
        if not request.sync:
            return tuple(SourceReport(name=s.name, status="skipped") for s in reach.sources)
        return tuple(self._look_at(source, reach, seen, now) for source in reach.sources)

    def _look_at(
        self, source: SourceConfig, reach: Reach, seen: _Seen, now: datetime
    ) -> SourceReport:
        def remember(batch: Sequence[Finding]) -> None:
            for finding in batch:
                recording = as_recording(finding, source, now=now)
                if finding.novelty is Novelty.NEW:
                    seen.new.append(recording)
                elif finding.novelty is Novelty.UPDATED:
                    seen.updated[recording.id] = recording

        return self.sync_source.look(source, reach.windows[source.id], record=remember)

    def _report(
        self,
        reach: Reach,
        selection: Selection,
        sources: tuple[SourceReport, ...],
        seen: _Seen,
    ) -> PreviewReport:
        by_id = {source.id: source for source in reach.sources}
        items = [
            self._item(
                Assignment(
                    recording=recording,
                    template=template,
                    job=reach.job,
                    source=by_id[recording.source_id],
                ),
                seen,
            )
            for recording, template in selection.taken
        ]
        skipped = tuple(item for item in items if item.action == "SKIP")
        idle = sum(item.reason == _IDLE for item in skipped)
        counts = selection.counts
        return PreviewReport(
            job_id=reach.job.id,
            job_name=reach.job.name,
            would_process=tuple(item for item in items if item.action != "SKIP"),
            skipped=(*skipped, *_refused(selection), *_unmatched(selection)),
            sources=sources,
            recordings=replace(
                counts, matched=counts.matched - idle, skipped=counts.skipped + idle
            ),
        )

    def _item(self, assignment: Assignment, seen: _Seen) -> PreviewItem:
        recording = assignment.recording
        with self.store.reading() as tx:
            checkpoints = tx.recordings.checkpoints(recording.id) if recording.id else ()
        plan = plan_for(assignment, self.adapters, checkpoints)
        size = sum(file.size_bytes or 0 for file in main_files(recording.files))
        action, reason = _action(recording, assignment.template, seen)
        if not plan.to_run:
            is_on = assignment.config.flags.auto_process
            action, reason = "SKIP", _IDLE if is_on else "auto_process is off"
        times = self._times(assignment, plan, size)
        return PreviewItem(
            recording_id=recording.id or None,
            name=recording.name,
            action=action,
            reason=reason,
            template=assignment.template.name,
            stages=plan.words,
            download_bytes=size if "download" in plan.to_run else 0,
            estimated_time=sum(times.values(), timedelta()),
            stage_times=times,
        )

    def _times(self, assignment: Assignment, plan: Plan, size: int) -> dict[str, timedelta]:
        with self.store.reading() as tx:
            stored = {d.name: d.type for d in tx.destinations.list(assignment.recording.owner)}
        references = assignment.template.output.destinations
        types = [stored.get(name, name.partition(":")[0]) for name in references]
        disks = sum(type_name in _LOCAL for type_name in types)
        return estimated_times(
            plan,
            size,
            is_source_local=assignment.source.type in _LOCAL,
            disks=disks,
            networks=len(types) - disks,
        )


def _overlaid(known: Iterator[Recording], seen: _Seen) -> Iterator[Recording]:
    left = dict(seen.updated)
    for recording in known:
        yield left.pop(recording.id, recording)
    yield from left.values()
    yield from seen.new


def _action(recording: Recording, template: Template, seen: _Seen) -> tuple[str, str]:
    if recording.id in seen.updated:
        return "UPDATED", "changed at the source"
    started = recording.status in IN_BETWEEN or recording.status is RecordingStatus.FAILED
    if started and recording.failed_at_stage:
        return "RESUME", f"failed at {recording.failed_at_stage}: {recording.last_error}"
    if started:
        return "RESUME", f"left at {recording.status}"
    return "NEW", f"matches template {template.name!r}"


def _refused(selection: Selection) -> tuple[PreviewItem, ...]:
    return tuple(_left_out(recording, refusal.reason) for recording, refusal in selection.refused)


def _unmatched(selection: Selection) -> tuple[PreviewItem, ...]:
    return tuple(_left_out(recording, "no template matches") for recording in selection.unmatched)


def _left_out(recording: Recording, reason: str) -> PreviewItem:
    return PreviewItem(
        recording_id=recording.id or None,
        name=recording.name,
        action="SKIP",
        reason=reason,
        template=None,
    )
