"""From recordings to rows and back; written for tens of thousands at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from zoomauto.domain.instant import as_utc
from zoomauto.domain.recording import (
    FailureKind,
    FileKind,
    ListedRecording,
    Recording,
    RecordingFile,
    RecordingStatus,
)
from zoomauto.domain.source import SourceConfig
from zoomauto.storage.row import table_of
from zoomauto.storage.tables import RecordingRow


def new_row(
    source: SourceConfig, listed: ListedRecording, blank_reason: str | None, now: datetime
) -> dict[str, Any]:
    """Give the row of a recording that was never seen before."""
    pending = listed.pending_reason is not None
    status = RecordingStatus.PENDING_SOURCE if pending else RecordingStatus.INITIALIZED
    return {
        "owner": source.owner,
        "source_id": source.id,
        "key": listed.key,
        "name": listed.name,
        "start_at": listed.start_at,
        "duration_seconds": _seconds(listed.duration),
        "files": _documents(listed.files),
        "fingerprint": listed.fingerprint,
        "status": status.value,
        "pending_reason": listed.pending_reason,
        "expires_at": listed.expires_at,
        "mark": listed.mark,
        "blank_reason": blank_reason,
        "first_seen_at": now,
        "updated_at": now,
    }


def columns_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Translate fields of a recording to columns.

    Raise ValueError for what is no field, or says which recording it is.
    """
    if unknown := values.keys() - _WRITABLE:
        raise ValueError(f"not a field of a recording that can be written: {min(unknown)}")
    return dict(_column(name, value) for name, value in values.items())


def recording(row: Sequence[Any]) -> Recording:
    """Give the recording of a row that holds all columns."""
    facts = dict(zip(_COLUMNS, row, strict=True))
    failure = facts.pop("failure")
    return Recording(
        duration=_span(facts.pop("duration_seconds")),
        files=tuple(_file(document) for document in facts.pop("files")),
        status=_STATUSES[facts.pop("status")],
        failure=None if failure is None else FailureKind(failure),
        **facts,
    )


_COLUMNS = table_of(RecordingRow).columns.keys()

#: Looking a member up by value in a dict costs a quarter of calling the enum.
_STATUSES = {status.value: status for status in RecordingStatus}
_KINDS = {kind.value: kind for kind in FileKind}

_WRITABLE = frozenset(
    {
        "name",
        "start_at",
        "duration",
        "files",
        "fingerprint",
        "status",
        "pending_reason",
        "expires_at",
        "mark",
        "blank_reason",
        "taken_by_job_id",
        "template_id",
        "failed_at_stage",
        "failure",
        "attempts",
        "last_error",
        "first_failed_at",
        "next_attempt_at",
    }
)


def _documents(files: Sequence[RecordingFile]) -> list[dict[str, Any]]:
    return [
        {
            "key": file.key,
            "name": file.name,
            "kind": file.kind.value,
            "size_bytes": file.size_bytes,
            "fingerprint": file.fingerprint,
            "start_at": None if file.start_at is None else as_utc(file.start_at).isoformat(),
        }
        for file in files
    ]


def _file(document: Mapping[str, Any]) -> RecordingFile:
    start_at = document["start_at"]
    return RecordingFile(
        key=document["key"],
        name=document["name"],
        kind=_KINDS[document["kind"]],
        size_bytes=document["size_bytes"],
        fingerprint=document["fingerprint"],
        start_at=None if start_at is None else datetime.fromisoformat(start_at),
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _value(member: RecordingStatus | FailureKind | None) -> str | None:
    return None if member is None else member.value


_TRANSLATED: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "duration": ("duration_seconds", _seconds),
    "files": ("files", _documents),
    "status": ("status", _value),
    "failure": ("failure", _value),
}


def _column(name: str, value: Any) -> tuple[str, Any]:
    if name not in _TRANSLATED:
        return name, value
    column, translate = _TRANSLATED[name]
    return column, translate(value)
