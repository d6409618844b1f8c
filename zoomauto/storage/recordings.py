"""Recordings of all sources, with their checkpoints and publications.

Any text a source gives is kept as it is: emoji, newlines, any script. Sources escape halves of
surrogate pairs before they give a text away; one that arrives here is refused with UsageError, as
is a NUL character on Postgres.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, or_, select, update

from zoomauto.domain.artifact import Artifact, Checkpoint, Publication
from zoomauto.domain.recording import (
    IN_BETWEEN,
    FileKind,
    ListedRecording,
    Recording,
    RecordingChange,
    RecordingStatus,
)
from zoomauto.domain.source import SourceConfig
from zoomauto.storage.recording_rows import columns_of, new_row, recording
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import first, insert_into
from zoomauto.storage.tables import (
    ArtifactRow,
    CheckpointRow,
    PublicationRow,
    RecordingRow,
)

_RECORDINGS = table_of(RecordingRow)
_CHECKPOINTS = table_of(CheckpointRow)
_ARTIFACTS = table_of(ArtifactRow)
_PUBLICATIONS = table_of(PublicationRow)

#: Keys asked for in one statement; SQLite before 3.32 takes 999 variables.
_KEYS_AT_ONCE = 900
#: Rows held in memory while thousands are read.
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SqlRecordings:
    """Implements :class:`zoomauto.ports.store.Recordings`."""

    connection: Connection

    def known(self, source_id: int, keys: Collection[str]) -> Mapping[str, Recording]:
        """Give those of a source's recordings that have one of ``keys``, by key."""
        wanted = list(keys)
        found: dict[str, Recording] = {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            query = select(_RECORDINGS).where(
                _RECORDINGS.c.source_id == source_id,
                _RECORDINGS.c.key.in_(wanted[start : start + _KEYS_AT_ONCE]),
            )
            found |= {row.key: recording(row) for row in self.connection.execute(query).all()}
        return found

    def marks(self, source_id: int, *, since: datetime) -> Mapping[str, str]:
        """Give the marks of a source's recordings that started no earlier, by key."""
        query = select(_RECORDINGS.c.key, _RECORDINGS.c.mark).where(
            _RECORDINGS.c.source_id == source_id,
            _RECORDINGS.c.start_at >= since,
            _RECORDINGS.c.mark.is_not(None),
        )
        return {row.key: row.mark for row in self.connection.execute(query)}

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
        if not listed:
            return
        rows = [new_row(source, item, blank_reasons.get(item.key), now) for item in listed]
        query = insert_into(self.connection, _RECORDINGS)
        query = query.on_conflict_do_nothing(index_elements=["source_id", "key"])
        self.connection.execute(query, rows)

    def update_many(self, changes: Sequence[RecordingChange], *, now: datetime) -> None:
        """Write the named fields of several recordings.

        Raise ValueError for a field that cannot be written.
        """
        merged: dict[int, dict[str, Any]] = defaultdict(dict)
        for change in changes:
            merged[change.recording_id] |= columns_of(change.values)
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for recording_id, columns in merged.items():
            row = columns | {"updated_at": now, "the_id": recording_id}
            alike[tuple(sorted(row))].append(row)
        query = update(_RECORDINGS).where(_RECORDINGS.c.id == bindparam("the_id"))
        for names, rows in alike.items():
            written: dict[str, Any] = {name: bindparam(name) for name in names if name != "the_id"}
            self.connection.execute(query.values(written), rows)

    def get(self, recording_id: int) -> Recording | None:
        """Give a recording, or None."""
        row = first(self.connection, select(_RECORDINGS).where(_RECORDINGS.c.id == recording_id))
        return None if row is None else recording(row)

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
        They are read bit by bit, while the transaction is open.
        """
        query = select(_RECORDINGS).where(_RECORDINGS.c.owner == owner)
        if statuses is not None:
            query = query.where(_RECORDINGS.c.status.in_([s.value for s in statuses]))
        if source_ids is not None:
            query = query.where(_RECORDINGS.c.source_id.in_(source_ids))
        if taken_by is not None:
            query = query.where(_RECORDINGS.c.taken_by_job_id == taken_by)
        if since is not None:
            query = query.where(_RECORDINGS.c.start_at >= since)
        yield from self._stream(_in_order(query, limit))

    def unfinished(self) -> Collection[int]:
        """Give the ids of all recordings, of any owner, that a run has begun and not ended.

        In-between statuses and failures: their work folders are still needed.
        """
        begun = [status.value for status in (*IN_BETWEEN, RecordingStatus.FAILED)]
        query = select(_RECORDINGS.c.id).where(_RECORDINGS.c.status.in_(begun))
        return set(self.connection.execute(query).scalars())

    def take(
        self, recording_id: int, *, job_id: int, template_id: int, now: datetime
    ) -> Recording | None:
        """Take a recording for a job, unless another has it. None when another has."""
        free = or_(_RECORDINGS.c.taken_by_job_id.is_(None), _RECORDINGS.c.taken_by_job_id == job_id)
        query = (
            update(_RECORDINGS)
            .where(_RECORDINGS.c.id == recording_id, free)
            .values(taken_by_job_id=job_id, template_id=template_id, updated_at=now)
            .returning(_RECORDINGS)
        )
        row = self.connection.execute(query).one_or_none()
        return None if row is None else recording(row)

    def checkpoints(self, recording_id: int) -> Sequence[Checkpoint]:
        """Give the finished stages with their artifacts, in the order they finished."""
        mine = _CHECKPOINTS.c.recording_id == recording_id
        artifacts = select(_CHECKPOINTS.c.recording_id, _CHECKPOINTS.c.stage, _ARTIFACTS)
        rows = self.connection.execute(
            artifacts.join_from(_ARTIFACTS, _CHECKPOINTS).where(mine).order_by(_ARTIFACTS.c.id)
        )
        by_stage: dict[str, list[Artifact]] = defaultdict(list)
        for row in rows:
            by_stage[row.stage].append(_artifact(row))
        finished = self.connection.execute(
            select(_CHECKPOINTS).where(mine).order_by(_CHECKPOINTS.c.finished_at, _CHECKPOINTS.c.id)
        )
        return [
            Checkpoint(
                recording_id=recording_id,
                stage=row.stage,
                finished_at=row.finished_at,
                fingerprint=row.fingerprint,
                note=row.note,
                artifacts=tuple(by_stage[row.stage]),
            )
            for row in finished
        ]

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Save, or replace, the checkpoint of one stage."""
        self.connection.execute(
            delete(_CHECKPOINTS).where(
                _CHECKPOINTS.c.recording_id == checkpoint.recording_id,
                _CHECKPOINTS.c.stage == checkpoint.stage,
            )
        )
        query = insert(_CHECKPOINTS).values(
            recording_id=checkpoint.recording_id,
            stage=checkpoint.stage,
            finished_at=checkpoint.finished_at,
            fingerprint=checkpoint.fingerprint,
            note=checkpoint.note,
        )
        saved = self.connection.execute(query.returning(_CHECKPOINTS.c.id)).scalar_one()
        if checkpoint.artifacts:
            rows = [_artifact_values(artifact, saved) for artifact in checkpoint.artifacts]
            self.connection.execute(insert(_ARTIFACTS), rows)

    def clear_checkpoints(self, recording_id: int) -> None:
        """Forget which stages finished, and what they made."""
        self.connection.execute(
            delete(_CHECKPOINTS).where(_CHECKPOINTS.c.recording_id == recording_id)
        )

    def publications(self, recording_id: int) -> Sequence[Publication]:
        """Give what was published of a recording, in the order it first was."""
        query = select(_PUBLICATIONS).where(_PUBLICATIONS.c.recording_id == recording_id)
        rows = self.connection.execute(query.order_by(_PUBLICATIONS.c.id))
        return [_publication(row) for row in rows]

    def save_publication(self, publication: Publication) -> None:
        """Save, or replace, the publication of one file at one destination."""
        place = {
            "recording_id": publication.recording_id,
            "destination": publication.destination,
            "file_key": publication.file_key,
        }
        result = {
            "location": publication.location,
            "url": publication.url,
            "size_bytes": publication.size_bytes,
            "sha256": publication.sha256,
            "published_at": publication.published_at,
        }
        query = insert_into(self.connection, _PUBLICATIONS).values(place | result)
        self.connection.execute(
            query.on_conflict_do_update(index_elements=list(place), set_=result)
        )

    def _stream(self, query: Select[Any]) -> Iterator[Recording]:
        options = {"yield_per": _ROWS_AT_ONCE}
        with self.connection.execute(query, execution_options=options) as rows:
            for row in rows:
                yield recording(row)


def _in_order(query: Select[Any], limit: int | None) -> Select[Any]:
    if limit is None:
        return query.order_by(_RECORDINGS.c.start_at, _RECORDINGS.c.id)
    newest_first = query.order_by(_RECORDINGS.c.start_at.desc(), _RECORDINGS.c.id.desc())
    return newest_first.limit(limit)


def _artifact_values(artifact: Artifact, checkpoint_id: int) -> dict[str, Any]:
    return {
        "checkpoint_id": checkpoint_id,
        "file_key": artifact.file_key,
        "kind": artifact.kind.value,
        "path": artifact.path,
        "size_bytes": artifact.size_bytes,
        "sha256": artifact.sha256,
        "details": dict(artifact.details),
    }


def _artifact(row: Row[Any]) -> Artifact:
    return Artifact(
        recording_id=row.recording_id,
        stage=row.stage,
        file_key=row.file_key,
        kind=FileKind(row.kind),
        path=row.path,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        details=row.details,
    )


def _publication(row: Row[Any]) -> Publication:
    return Publication(
        recording_id=row.recording_id,
        file_key=row.file_key,
        destination=row.destination,
        location=row.location,
        url=row.url,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        published_at=row.published_at,
    )
