"""List a source and tell new recordings from changed and known ones."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

from zoomauto.domain.hint import named
from zoomauto.domain.instant import as_utc
from zoomauto.domain.listing import Finding, Novelty, compare, gone
from zoomauto.domain.recording import (
    FileKind,
    ListedRecording,
    Recording,
    RecordingChange,
    RecordingStatus,
    blank_by_duration,
)
from zoomauto.domain.run import SourceReport
from zoomauto.domain.source import SourceConfig, Window
from zoomauto.domain.verdict import failure_code, failure_text
from zoomauto.errors import (
    IncompleteListing,
    RateLimited,
    TemporaryError,
    Unreachable,
    UsageError,
    ZoomautoError,
)
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Marking, Source
from zoomauto.ports.store import Store

logger = logging.getLogger(__name__)

#: Recordings per transaction: short enough for others to write in between.
BATCH = 1000

#: So many recordings in a row that cannot be asked for: the rest would fare no better.
_FAILURES_IN_A_ROW = 3

#: Statuses in which a transcript that comes late is still of use (contract, section 6).
_MAY_GET_TEXTS = (
    RecordingStatus.PROCESSED,
    RecordingStatus.TRANSCRIBING,
    RecordingStatus.TRANSCRIBED,
    RecordingStatus.UPLOADING,
    RecordingStatus.UPLOADED,
)

Record = Callable[[Sequence[Finding]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Batch:
    """Some of what was listed."""

    findings: list[Finding]
    #: How many more are as the source listed them last.
    known: int = 0


@dataclass(frozen=True, kw_only=True)
class SyncSource:
    """List one source. What is done with the findings is the caller's: store or only look."""

    store: Store
    clock: Clock
    adapters: Adapters
    progress: Progress

    def __call__(self, config: SourceConfig, window: Window) -> SourceReport:
        """List ``window`` and store what is new or changed.

        The source's failure is reported, never raised: other sources go on. The store's is raised.
        The watermark is the run's to move, together with what it takes.
        """
        return self.look(config, window, record=lambda batch: self._record(config, batch))

    def lag(self, config: SourceConfig) -> timedelta:
        """Say how far before a listing its completeness ends: later ones may still be missing."""
        return self.adapters.source(config).late_by

    def look(self, config: SourceConfig, window: Window, *, record: Record) -> SourceReport:
        """List ``window`` and hand every batch of findings to ``record``; write nothing else."""
        report = SourceReport(name=config.name, status="success")
        errors: list[Exception] = []
        with self.progress.step(f"listing {config.name}", unit="recordings") as step:
            for batch in self._batches(config, window, errors):
                try:
                    record(batch.findings)
                except UsageError as error:  # a text that the database cannot keep
                    errors.append(error)
                    break
                report = _counted(report, batch)
                step.advance(len(batch.findings) + batch.known)
        return _failed(report, errors) if errors else report

    def _batches(
        self, config: SourceConfig, window: Window, errors: list[Exception]
    ) -> Iterator[_Batch]:
        """Give all there is, and only then the errors: what was listed counts."""
        source = self._opened(config, errors)
        if source is None:
            return
        listed = _until_error(source, window, self._marks(config, source, window), errors)
        while batch := list(islice(listed, BATCH)):
            yield self._compared(config, source, batch)
        # A source that cannot be reached need not be asked for one recording after another.
        is_reachable = not errors or isinstance(errors[0], IncompleteListing)
        if is_reachable and (findings := self._asked_again(config, source, window)):
            yield _Batch(findings=findings)

    def _opened(self, config: SourceConfig, errors: list[Exception]) -> Source | None:
        try:
            return self.adapters.source(config)
        except Exception as error:  # noqa: BLE001 - reported; the other sources go on
            errors.append(error)
            return None

    def _marks(self, config: SourceConfig, source: Source, window: Window) -> Mapping[str, str]:
        if not isinstance(source, Marking):
            return {}
        with self.store.reading() as tx:
            return tx.recordings.marks(config.id, since=window.start_at)

    def _compared(
        self, config: SourceConfig, source: Source, batch: Sequence[ListedRecording | str]
    ) -> _Batch:
        rest = [listed for listed in batch if not isinstance(listed, str)]
        with self.store.reading() as tx:
            known = tx.recordings.known(config.id, [listed.key for listed in rest])
        findings = (compare(listed, known.get(listed.key)) for listed in rest)
        return _Batch(
            findings=[_measured(finding, source) for finding in findings],
            known=len(batch) - len(rest),
        )

    def _asked_again(self, config: SourceConfig, source: Source, window: Window) -> list[Finding]:
        """Ask by key for what is older than the window and may still be completed."""
        listed = window.of_all
        with self.store.reading() as tx:
            pending = [
                recording
                for recording in tx.recordings.find(
                    config.owner,
                    statuses=(RecordingStatus.PENDING_SOURCE,),
                    source_ids=(config.id,),
                )
                if recording.start_at not in listed
            ]
            silent = [
                recording
                for recording in tx.recordings.find(
                    config.owner,
                    statuses=_MAY_GET_TEXTS,
                    source_ids=(config.id,),
                    since=self.clock.now() - source.texts_late_by,
                )
                if recording.start_at not in listed and not _has_transcript(recording)
            ]
        return list(_found(source, (*pending, *silent)))

    def _record(self, config: SourceConfig, batch: Sequence[Finding]) -> None:
        new = [f.listed for f in batch if f.novelty is Novelty.NEW]
        updated = [f for f in batch if f.changes]
        if not new and not updated:
            return
        reasons = {
            listed.key: reason for listed in new if (reason := blank_by_duration(listed.duration))
        }
        with self.store.writing() as tx:
            known = tx.recordings.known(config.id, [f.listed.key for f in updated])
            # Measuring takes time: what a run has changed since is looked at in the next listing.
            changes = [
                RecordingChange(recording_id=f.known.id, values=f.changes)
                for f in updated
                if f.known is not None and f.known == known.get(f.listed.key)
            ]
            tx.recordings.add_many(config, new, blank_reasons=reasons, now=self.clock.now())
            tx.recordings.update_many(changes, now=self.clock.now())


def _until_error(
    source: Source, window: Window, marks: Mapping[str, str], errors: list[Exception]
) -> Iterator[ListedRecording | str]:
    try:
        for listed in _listing(source, window, marks):
            if not isinstance(listed, str):
                as_utc(listed.start_at)
            yield listed
    except Exception as error:  # noqa: BLE001 - reported once the rest is stored
        errors.append(error)


def _listing(
    source: Source, window: Window, marks: Mapping[str, str]
) -> Iterator[ListedRecording | str]:
    """List; what is known by its mark need be neither read nor compared."""
    if isinstance(source, Marking):
        return source.list_changed(window, lambda key, mark: marks.get(key) == mark)
    return source.list_recordings(window)


def _measured(finding: Finding, source: Source) -> Finding:
    """Fill in the length of a ready recording whose bytes are new and whose source is silent."""
    listed = finding.listed
    is_ready = finding.novelty is Novelty.NEW or {"status", "fingerprint"} & set(finding.changes)
    if listed.duration is not None or listed.pending_reason or not is_ready:
        return finding
    duration = _length(listed, source)
    if finding.known is None:
        return replace(finding, listed=replace(listed, duration=duration))
    blank = {"duration": duration, "blank_reason": blank_by_duration(duration)}
    return replace(finding, changes={**finding.changes, **blank})


def _length(listed: ListedRecording, source: Source) -> timedelta | None:
    """Measure a recording; what cannot be measured has no known length, and is never blank."""
    try:
        return source.measure(listed)
    except Exception as error:  # noqa: BLE001 - its trouble is its own
        _log("length of", listed.key, error)
        return None


def _has_transcript(recording: Recording) -> bool:
    return any(file.kind is FileKind.TRANSCRIPT for file in recording.files)


def _found(source: Source, known: Sequence[Recording]) -> Iterator[Finding]:
    """Ask for recordings one by one; what cannot be told now, the next run asks again.

    A source that fails for several in a row would keep us waiting for each of the others too.
    """
    in_a_row = 0
    for recording in known:
        try:
            listed = source.find(recording.key)
        except Exception as error:  # noqa: BLE001 - its trouble is its own
            _log("asking for", recording.key, error)
            in_a_row = in_a_row + 1 if isinstance(error, TemporaryError) else 0
            if in_a_row >= _FAILURES_IN_A_ROW or isinstance(error, Unreachable | RateLimited):
                return
            continue
        in_a_row = 0
        if listed is not None:
            yield _measured(compare(listed, recording), source)
        elif recording.status is RecordingStatus.PENDING_SOURCE:
            # What has been processed is not lost with its source.
            yield gone(recording)


def _failed(report: SourceReport, errors: Sequence[Exception]) -> SourceReport:
    error = errors[0]
    _log("source", report.name, error)
    parts = error.data.get("parts", ()) if isinstance(error, IncompleteListing) else ()
    return replace(
        report,
        status="failed",
        error=failure_text(error),
        error_code=failure_code(error),
        hint=named(hint, report.name) if (hint := getattr(error, "hint", None)) else None,
        # Another failure besides: then more than these parts may be missing.
        missing_parts=tuple(parts) if len(errors) == 1 else (),
    )


def _log(what: str, name: str, error: Exception) -> None:
    is_bug = not isinstance(error, ZoomautoError)
    logger.log(
        logging.ERROR if is_bug else logging.WARNING,
        "%s %s: %s",
        what,
        name,
        error,
        exc_info=error if is_bug else None,
        extra={"action": "sync"},
    )


def _counted(report: SourceReport, batch: _Batch) -> SourceReport:
    findings = batch.findings
    return replace(
        report,
        found=report.found + len(findings) + batch.known,
        new=report.new + sum(f.novelty is Novelty.NEW for f in findings),
        updated=report.updated + sum(f.novelty is Novelty.UPDATED for f in findings),
    )
