"""List a source and tell new recordings from changed and known ones."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from zoomauto.domain.listing import Finding, Novelty, compare
from zoomauto.domain.recording import (
    ListedRecording,
    Recording,
    RecordingChange,
    RecordingStatus,
    blank_by_duration,
)
from zoomauto.domain.run import SourceReport
from zoomauto.domain.source import SourceConfig, Window
from zoomauto.errors import TemporaryError, ZoomautoError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Source
from zoomauto.ports.store import Store

logger = logging.getLogger(__name__)

#: Recordings per transaction: short enough for others to write in between.
BATCH = 1000

Record = Callable[[Sequence[Finding]], None]


@dataclass(frozen=True, kw_only=True)
class SyncSource:
    """List one source. What is done with the findings is the caller's: store or only look."""

    store: Store
    clock: Clock
    adapters: Adapters
    progress: Progress

    def __call__(self, config: SourceConfig, window: Window) -> SourceReport:
        """List ``window``, store what is new or changed, and remember a complete listing.

        A failure is reported, never raised: other sources go on. The watermark moves only when
        the listing was complete.
        """
        began = self.clock.now()
        report = self.look(config, window, record=lambda batch: self._record(config, batch))
        if report.status == "success":
            with self.store.writing() as tx:
                tx.sources.mark_listed(config.id, began)
        return report

    def look(self, config: SourceConfig, window: Window, *, record: Record) -> SourceReport:
        """List ``window`` and hand every batch of findings to ``record``; write nothing else."""
        report = SourceReport(name=config.name, status="success")
        try:
            source = self.adapters.source(config)
            with self.progress.step(f"listing {config.name}", unit="recordings") as step:
                for batch in self._batches(config, source, window):
                    record(batch)
                    report = _counted(report, batch)
                    step.advance(len(batch))
        except ZoomautoError as error:
            logger.warning("source %s: %s", config.name, error, extra={"action": "sync"})
            return replace(report, status="failed", error=error.message, error_code=error.code)
        except Exception as error:  # a bug in one adapter must not stop the other sources
            logger.exception("source %s", config.name, extra={"action": "sync"})
            return replace(report, status="failed", error=repr(error), error_code="bug")
        return report

    def _batches(
        self, config: SourceConfig, source: Source, window: Window
    ) -> Iterator[list[Finding]]:
        # What could not be listed is told at the end, after the rest was stored.
        incomplete: list[ZoomautoError] = []
        listed = _until_error(source.list_recordings(window), incomplete)
        while batch := list(islice(listed, BATCH)):
            yield self._compared(config, source, batch)
        yield from self._asked_again(config, source, window)
        if incomplete:
            raise incomplete[0]

    def _compared(
        self, config: SourceConfig, source: Source, batch: Sequence[ListedRecording]
    ) -> list[Finding]:
        with self.store.reading() as tx:
            known = tx.recordings.known(config.id, [listed.key for listed in batch])
        findings = (compare(listed, known.get(listed.key)) for listed in batch)
        return [_measured(finding, source) for finding in findings]

    def _asked_again(
        self, config: SourceConfig, source: Source, window: Window
    ) -> Iterator[list[Finding]]:
        """Ask by key for unfinished recordings that are older than the window."""
        with self.store.reading() as tx:
            pending = [
                recording
                for recording in tx.recordings.find(
                    config.owner,
                    statuses=(RecordingStatus.PENDING_SOURCE,),
                    source_ids=(config.id,),
                )
                if recording.start_at not in window
            ]
        findings = [
            _measured(compare(found, old), source) for found, old in _found(source, pending)
        ]
        if findings:
            yield findings

    def _record(self, config: SourceConfig, batch: Sequence[Finding]) -> None:
        new = [f.listed for f in batch if f.novelty is Novelty.NEW]
        changed = [
            RecordingChange(recording_id=f.known.id, values=f.changes)
            for f in batch
            if f.novelty is Novelty.UPDATED and f.known is not None
        ]
        if not new and not changed:
            return
        reasons = {
            listed.key: reason for listed in new if (reason := blank_by_duration(listed.duration))
        }
        with self.store.writing() as tx:
            tx.recordings.add_many(config, new, blank_reasons=reasons, now=self.clock.now())
            tx.recordings.update_many(changed, now=self.clock.now())


def _measured(finding: Finding, source: Source) -> Finding:
    """Fill in the length of a ready recording whose bytes are new and whose source is silent."""
    listed = finding.listed
    other_bytes = finding.novelty is Novelty.NEW or "fingerprint" in finding.changes
    ready = finding.novelty is Novelty.NEW or "status" in finding.changes or other_bytes
    if listed.duration is not None or listed.pending_reason or not ready:
        return finding
    duration = source.measure(listed)
    if finding.known is None:
        return replace(finding, listed=replace(listed, duration=duration))
    blank = {"duration": duration, "blank_reason": blank_by_duration(duration)}
    return replace(finding, changes={**finding.changes, **blank})


def _found(
    source: Source, pending: Iterable[Recording]
) -> Iterator[tuple[ListedRecording, Recording]]:
    for recording in pending:
        listed = source.find(recording.key)
        if listed is not None:
            yield listed, recording


def _until_error(
    listed: Iterator[ListedRecording], errors: list[ZoomautoError]
) -> Iterator[ListedRecording]:
    try:
        yield from listed
    except TemporaryError as error:
        errors.append(error)


def _counted(report: SourceReport, batch: Sequence[Finding]) -> SourceReport:
    return replace(
        report,
        found=report.found + len(batch),
        new=report.new + sum(f.novelty is Novelty.NEW for f in batch),
        updated=report.updated + sum(f.novelty is Novelty.UPDATED for f in batch),
    )
