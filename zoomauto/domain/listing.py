"""Comparing what a source lists with what we remember."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from zoomauto.domain.recording import (
    IN_BETWEEN,
    NO_FAILURE,
    ListedRecording,
    Recording,
    RecordingStatus,
    blank_by_duration,
    status_as_listed,
    texts_of,
)
from zoomauto.domain.source import SourceConfig


class Novelty(StrEnum):
    """What a listing says about one recording."""

    NEW = "new"
    UPDATED = "updated"
    SAME = "same"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One listed recording beside the remembered one."""

    listed: ListedRecording
    known: Recording | None
    novelty: Novelty
    #: Fields of the remembered recording to write; at most its mark unless it is updated.
    changes: Mapping[str, Any] = field(default_factory=dict)


#: Statuses that say no more than what the source said last.
_AS_LISTED = frozenset(
    {RecordingStatus.PENDING_SOURCE, RecordingStatus.INITIALIZED, RecordingStatus.EXPIRED}
)


def compare(listed: ListedRecording, known: Recording | None) -> Finding:
    """Tell a new recording from a changed and an unchanged one."""
    if known is None:
        return Finding(listed=listed, known=None, novelty=Novelty.NEW)
    changes = _changes(listed, known)
    novelty = Novelty.UPDATED if changes else Novelty.SAME
    if listed.mark != known.mark:
        changes["mark"] = listed.mark
    return Finding(listed=listed, known=known, novelty=novelty, changes=changes)


def gone(known: Recording) -> Finding:
    """Say that the source was asked for a recording by its key and no longer has it.

    Only that makes it EXPIRED; missing from a listing never does (contract, section 6).
    """
    listed = ListedRecording(
        key=known.key,
        name=known.name,
        start_at=known.start_at,
        duration=known.duration,
        files=known.files,
        pending_reason=known.pending_reason,
        expires_at=known.expires_at,
    )
    # Without its mark it is looked at again when the source lists it once more.
    changes = {"status": RecordingStatus.EXPIRED, "mark": None}
    return Finding(listed=listed, known=known, novelty=Novelty.UPDATED, changes=changes)


def as_recording(finding: Finding, config: SourceConfig, *, now: datetime) -> Recording:
    """Give the recording as it would stand if the finding were stored; id 0 when it is new."""
    if finding.known is not None:
        return replace(finding.known, **finding.changes)
    listed = finding.listed
    return Recording(
        id=0,
        owner=config.owner,
        source_id=config.id,
        key=listed.key,
        name=listed.name,
        start_at=listed.start_at,
        duration=listed.duration,
        files=listed.files,
        fingerprint=listed.fingerprint,
        status=status_as_listed(listed.pending_reason),
        pending_reason=listed.pending_reason,
        expires_at=listed.expires_at,
        blank_reason=blank_by_duration(listed.duration),
        first_seen_at=now,
        updated_at=now,
    )


def _changes(listed: ListedRecording, known: Recording) -> dict[str, Any]:
    fingerprint = listed.fingerprint
    changes: dict[str, Any] = {}
    if listed.name != known.name:
        changes["name"] = listed.name
    if listed.start_at != known.start_at:
        changes["start_at"] = listed.start_at
    if listed.pending_reason != known.pending_reason:
        changes["pending_reason"] = listed.pending_reason
    if listed.expires_at != known.expires_at:
        changes["expires_at"] = listed.expires_at
    if listed.files != known.files:
        changes["files"] = listed.files
    if fingerprint != known.fingerprint:
        return changes | _other_bytes(listed, known, fingerprint)
    if _has_late_words(listed, known):
        # Carried on by the job that published it: its words are still to come.
        return changes | {"status": RecordingStatus.PROCESSED}
    if known.status in _AS_LISTED and known.status is not status_as_listed(listed.pending_reason):
        changes["status"] = status_as_listed(listed.pending_reason)
    return changes


def _has_late_words(listed: ListedRecording, known: Recording) -> bool:
    is_published = known.status is RecordingStatus.UPLOADED and known.taken_by_job_id is not None
    texts = texts_of(listed.files)
    return is_published and bool(texts) and texts != texts_of(known.files)


def _other_bytes(listed: ListedRecording, known: Recording, fingerprint: str) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "fingerprint": fingerprint,
        "duration": listed.duration,
        "blank_reason": blank_by_duration(listed.duration),
    }
    skipped_as_blank = known.status is RecordingStatus.SKIPPED and known.is_blank
    growing = known.status in IN_BETWEEN and listed.pending_reason is not None
    if known.status is RecordingStatus.FAILED or skipped_as_blank:
        changes |= NO_FAILURE
    elif known.status not in _AS_LISTED and not growing:
        return changes
    return changes | {"status": status_as_listed(listed.pending_reason)}
