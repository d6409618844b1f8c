"""Put into their source's trash the recordings that are published everywhere (off by default)."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from zoomauto.domain.artifact import Publication
from zoomauto.domain.deletion import (
    DONE,
    GONE,
    Deletion,
    DeletionAction,
    Trashed,
    outcome_of_failure,
    proof_of_publication,
    was_unheard,
)
from zoomauto.domain.job import Job
from zoomauto.domain.lease import Holder
from zoomauto.domain.naming import shown_name
from zoomauto.domain.recording import Recording, RecordingStatus
from zoomauto.domain.run import SourceReport
from zoomauto.domain.source import SourceConfig
from zoomauto.domain.template import Template
from zoomauto.domain.verdict import failure_text
from zoomauto.errors import TemporaryError, ZoomautoError
from zoomauto.ports.adapters import Adapters
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Delivered
from zoomauto.ports.source import Source, Trashing
from zoomauto.ports.store import Store, Transaction
from zoomauto.usecases.edit_templates import destination_parts
from zoomauto.usecases.hold_lease import Heartbeat, IsAlive, take_lease
from zoomauto.usecases.plan_recording import config_of
from zoomauto.usecases.select_recordings import Reach

logger = logging.getLogger(__name__)


class _Kept(Exception):
    """The recording stays at its source, for a reason that a person should hear."""


@dataclass(kw_only=True)
class TrashReport:
    """What was, or would be, put into the trash, and what stays although its time has come."""

    trashed: list[Trashed] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """A published recording whose grace time is over."""

    recording: Recording
    source: SourceConfig
    proof: tuple[Publication, ...]


@dataclass(frozen=True, kw_only=True)
class TrashPublished:
    """The last step of a run; what belongs to a source that failed in it is left alone.

    One request at a time for each source, on all hosts. Each is written down before it is made.
    """

    store: Store
    clock: Clock
    adapters: Adapters
    holder: Holder
    is_alive: IsAlive

    def __call__(
        self, reach: Reach, reports: Sequence[SourceReport], *, run_id: int, heartbeat: Heartbeat
    ) -> TrashReport:
        """Do it. A source's trouble is reported, and ends the requests to that source."""
        report = TrashReport()
        for source in _listed(reach, reports):
            candidates = self._candidates(source, reach)
            if candidates:
                with self._alone(source, heartbeat) as is_alone:
                    self._empty(candidates if is_alone else (), run_id, heartbeat, report)
        return report

    def look(self, reach: Reach, reports: Sequence[SourceReport]) -> TrashReport:
        """Say what would be done; ask sources and destinations, and change nothing."""
        report = TrashReport()
        for source in _listed(reach, reports):
            for candidate in self._candidates(source, reach):
                if self._verified(candidate, report):
                    report.trashed.append(_told(candidate))
        return report

    def _empty(
        self,
        candidates: Sequence[_Candidate],
        run_id: int,
        heartbeat: Heartbeat,
        report: TrashReport,
    ) -> None:
        for candidate in candidates:
            heartbeat.check()
            source = self._verified(candidate, report)
            begun = self._begin(candidate, run_id) if source else None
            if source is None or begun is None:
                continue
            with heartbeat.holding(_lease_name(candidate.recording)):
                ended = self._trash(source, begun)
            report.trashed.append(replace(_told(candidate), outcome=ended.outcome))
            if not ended.is_settled:
                report.problems.append(f"{_named(candidate)}: not trashed: {ended.outcome}")
                return

    def _candidates(self, source: SourceConfig, reach: Reach) -> list[_Candidate]:
        templates = {t.id: t for t in reach.templates if _asks_for_it(t, reach.job)}
        if not templates:
            return []
        with self.store.reading() as tx:
            published = tx.recordings.find(
                reach.job.owner,
                statuses=(RecordingStatus.UPLOADED,),
                source_ids=(source.id,),
                taken_by=reach.job.id,
            )
            settled = tx.deletions.settled(source.id)
            left = [r for r in published if r.id not in settled and not r.is_blank]
            pairs = [(r, templates[r.template_id]) for r in left if r.template_id in templates]
            found = (self._candidate(tx, *pair, source) for pair in pairs)
            return [candidate for candidate in found if candidate is not None]

    def _candidate(
        self, tx: Transaction, recording: Recording, template: Template, source: SourceConfig
    ) -> _Candidate | None:
        output = template.output
        proof = proof_of_publication(
            recording,
            checkpoints=tx.recordings.checkpoints(recording.id),
            publications=tx.recordings.publications(recording.id),
            output=output,
        )
        if not proof:
            return None
        last = max(publication.published_at for publication in proof)
        if self.clock.now() < last + timedelta(days=output.grace_days):
            return None
        return _Candidate(recording=recording, source=source, proof=proof)

    def _verified(self, candidate: _Candidate, report: TrashReport) -> Trashing | None:
        """Give the source once it is sure that nothing gets lost; None with the reason told."""
        try:
            source = self.adapters.source(candidate.source)
            can_trash = _trashing(source, candidate)
            self._require_publications(candidate)
            _require_same_files(source, candidate)
        except _Kept as kept:
            problem = str(kept)
        except ZoomautoError as error:
            problem = f"{_named(candidate)} stays at its source: {failure_text(error)}"
        except Exception as error:
            logger.exception("recording %s", candidate.recording.id, extra={"action": "trash"})
            problem = f"{_named(candidate)} stays at its source: a bug: {failure_text(error)}"
        else:
            return can_trash
        if problem not in report.problems:
            report.problems.append(problem)
        return None

    def _require_publications(self, candidate: _Candidate) -> None:
        with self.store.reading() as tx:
            stored = tx.destinations.list(candidate.recording.owner)
        for publication in candidate.proof:
            parts = destination_parts(publication.destination, stored)
            delivered = Delivered(
                location=publication.location,
                url=publication.url,
                size_bytes=publication.size_bytes,
                sha256=publication.sha256,
            )
            if not self.adapters.destination(*parts).holds(delivered):
                raise _Kept(
                    f"{_named(candidate)} stays at its source: {publication.destination} does not"
                    f" hold {publication.location} any more"
                )

    def _begin(self, candidate: _Candidate, run_id: int) -> Deletion | None:
        """Write the request down; None when the recording is no longer what was verified."""
        recording, now = candidate.recording, self.clock.now()
        with self.store.writing(owner=recording.owner) as tx:
            name = _lease_name(recording)
            if tx.recordings.get(recording.id) != recording:
                return None
            if take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive):
                return None
            return tx.deletions.begin(
                Deletion(
                    recording_id=recording.id,
                    source_id=recording.source_id,
                    key=recording.key,
                    action=DeletionAction.TRASH,
                    at=now,
                    run_id=run_id,
                )
            )

    def _trash(self, source: Trashing, begun: Deletion) -> Deletion:
        with self.store.reading() as tx:
            earlier = [d for d in tx.deletions.of(begun.recording_id) if d.id != begun.id]
        try:
            was_there = source.trash(begun.key)
        except Exception as error:  # noqa: BLE001 - reported; the run has done its work
            is_certain = not isinstance(error, TemporaryError)
            outcome = outcome_of_failure(failure_text(error), is_certain=is_certain)
        else:
            outcome = DONE if was_there or was_unheard(earlier) else GONE
        with self.store.writing() as tx:
            tx.deletions.finish(begun.id, outcome)
        extra = {"action": "trash", "recording_id": begun.recording_id}
        logger.info("recording %s at its source: %s", begun.recording_id, outcome, extra=extra)
        return replace(begun, outcome=outcome)

    @contextmanager
    def _alone(self, source: SourceConfig, heartbeat: Heartbeat) -> Iterator[bool]:
        """Whether nobody else asks this source to delete; they do it, and we need not."""
        name = f"trash:{source.id}"
        with self.store.writing() as tx:
            now = self.clock.now()
            other = take_lease(tx, name, self.holder, now=now, is_alive=self.is_alive)
        if other is not None:
            yield False
            return
        with heartbeat.holding(name):
            yield True


def _asks_for_it(template: Template, job: Job) -> bool:
    flags = config_of(template, job).flags
    is_on = flags.auto_process and flags.auto_upload
    return is_on and template.output.delete_from_source == "trash"


def _listed(reach: Reach, reports: Sequence[SourceReport]) -> Iterator[SourceConfig]:
    for source, report in zip(reach.sources, reports, strict=True):
        if report.status != "failed":
            yield source


def _trashing(source: Source, candidate: _Candidate) -> Trashing:
    if not isinstance(source, Trashing):
        raise _Kept(f"source {candidate.source.name!r} has no trash: nothing is deleted there")
    return source


def _require_same_files(source: Source, candidate: _Candidate) -> None:
    """Ask the source once more: what it got since the last listing is not published yet."""
    found = source.find(candidate.recording.key)
    if found is None:
        return
    if found.pending_reason or found.fingerprint != candidate.recording.fingerprint:
        raise _Kept(
            f"{_named(candidate)} stays at its source: it has other files than were published"
        )


def _lease_name(recording: Recording) -> str:
    return f"recording:{recording.id}"


def _named(candidate: _Candidate) -> str:
    return f"recording {candidate.recording.id} ({shown_name(candidate.recording.name)})"


def _told(candidate: _Candidate) -> Trashed:
    return Trashed(
        recording_id=candidate.recording.id,
        name=candidate.recording.name,
        source=candidate.source.name,
    )
