"""Recordings as they are shown."""

from collections.abc import Sequence
from typing import Any

from zoomauto.cli._call import Call
from zoomauto.cli._render import (
    Answer,
    Facts,
    Table,
    clock,
    iso,
    megabytes,
    seconds,
    show,
    span,
)
from zoomauto.cli._render_template import verdict_document
from zoomauto.domain.artifact import Checkpoint, Publication
from zoomauto.domain.naming import shown_name
from zoomauto.domain.recording import Recording, RecordingFile
from zoomauto.usecases.edit_recordings import Explanation, RecordingView


def recording_document(view: RecordingView) -> dict[str, Any]:
    """Give a recording as a list in JSON has it."""
    recording = view.recording
    return {
        "id": recording.id,
        "owner": recording.owner,
        "source": view.source,
        "key": recording.key,
        "name": recording.name,
        "start_at": iso(recording.start_at),
        "duration_seconds": seconds(recording.duration),
        "size_bytes": _size(recording),
        "status": recording.status,
        "pending_reason": recording.pending_reason,
        "expires_at": iso(recording.expires_at),
        "is_blank": recording.is_blank,
        "blank_reason": recording.blank_reason,
        "job": view.job,
        "template": view.template,
        "failed_at_stage": recording.failed_at_stage,
        "failure": recording.failure,
        "attempts": recording.attempts,
        "last_error": recording.last_error,
        "first_failed_at": iso(recording.first_failed_at),
        "next_attempt_at": iso(recording.next_attempt_at),
        "first_seen_at": iso(recording.first_seen_at),
        "updated_at": iso(recording.updated_at),
    }


def full_document(view: RecordingView) -> dict[str, Any]:
    """Give a recording with its files, finished stages and publications."""
    return {
        **recording_document(view),
        "trashed_at": iso(view.trashed_at),
        "files": [_file(file) for file in view.recording.files],
        "checkpoints": [_checkpoint(checkpoint) for checkpoint in view.checkpoints],
        "publications": [_publication(publication) for publication in view.publications],
    }


def recordings(call: Call, views: Sequence[RecordingView]) -> None:
    """Show recordings, newest first."""
    columns = ("id", "name", "source", "start", "length", "status", "job", "remark")
    zone = call.settings.timezone
    rows = [
        (
            view.recording.id,
            shown_name(view.recording.name),
            view.source,
            clock(view.recording.start_at, zone),
            span(view.recording.duration),
            view.recording.status,
            view.job,
            _remark(view.recording),
        )
        for view in views
    ]
    show(
        call,
        Answer(
            data=[recording_document(view) for view in views],
            parts=[Table(columns=columns, rows=rows)] if rows else (),
            remarks=() if rows else ["no such recordings; zoomauto run JOB lists the sources"],
        ),
    )


def recording(call: Call, view: RecordingView) -> None:
    """Show one recording."""
    found, zone = view.recording, call.settings.timezone
    facts = {
        "recording": found.name,
        "id": found.id,
        "source": view.source,
        "key": found.key,
        "start": clock(found.start_at, zone),
        "length": span(found.duration),
        "size": megabytes(_size(found)),
        "status": found.status,
        "pending": found.pending_reason,
        "deleted by its source": clock(found.expires_at, zone),
        "blank": found.blank_reason,
        "job": view.job,
        "template": view.template,
        "failed at": found.failed_at_stage,
        "failure": found.failure,
        "attempts": found.attempts or None,
        "last error": found.last_error,
        "next attempt": clock(found.next_attempt_at, zone),
        "in the source's trash": clock(view.trashed_at, zone),
    }
    stages = [(c.stage, clock(c.finished_at, zone), c.note) for c in view.checkpoints]
    results = [(p.destination, p.location, megabytes(p.size_bytes)) for p in view.publications]
    parts: list[Table | Facts | str] = [Facts(facts=facts)]
    if stages:
        parts += ["", Table(columns=("stage", "finished", "note"), rows=stages)]
    if results:
        parts += ["", Table(columns=("destination", "location", "size"), rows=results)]
    show(call, Answer(data=full_document(view), parts=parts))


def changed_recording(call: Call, view: RecordingView, deed: str) -> None:
    """Say what was decided about a recording."""
    found = view.recording
    text = f"recording {found.id} {shown_name(found.name)!r} {deed}"
    show(call, Answer(data=full_document(view), parts=[text]))


def explanation(call: Call, found: Explanation) -> None:
    """Show why a job takes a recording, or leaves it."""
    refusal = found.refusal
    taken = refusal is None and found.template is not None
    if taken:
        text = f"job {found.job!r} takes it, by template {found.template!r}"
    elif refusal is not None:
        text = f"job {found.job!r} leaves it: {refusal.reason}"
    else:
        text = f"job {found.job!r} leaves it: no template matches"
    rows = [(v.template_name, v.accepted, v.rule, v.reason) for v in found.verdicts]
    data = {
        "recording": {
            "id": found.recording.id,
            "name": found.recording.name,
            "status": found.recording.status,
        },
        "job": found.job,
        "taken": taken,
        "refusal": {"code": refusal.code, "reason": refusal.reason} if refusal else None,
        "template": found.template,
        "verdicts": [verdict_document(verdict) for verdict in found.verdicts],
    }
    table = Table(columns=("template", "accepts", "rule", "reason"), rows=rows)
    show(call, Answer(data=data, parts=[text, table] if rows else [text]))


def _remark(recording: Recording) -> str | None:
    if recording.last_error:
        return f"{recording.failed_at_stage}: {recording.last_error}"
    if recording.blank_reason:
        return f"blank: {recording.blank_reason}"
    return recording.pending_reason


def _size(recording: Recording) -> int | None:
    sizes = [file.size_bytes for file in recording.files]
    known = [size for size in sizes if size is not None]
    return sum(known) if known else None


def _file(file: RecordingFile) -> dict[str, Any]:
    return {
        "key": file.key,
        "name": file.name,
        "kind": file.kind,
        "size_bytes": file.size_bytes,
        "start_at": iso(file.start_at),
    }


def _checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "stage": checkpoint.stage,
        "finished_at": iso(checkpoint.finished_at),
        "note": checkpoint.note,
        "artifacts": [
            {
                "file_key": artifact.file_key,
                "kind": artifact.kind,
                "path": artifact.path,
                "size_bytes": artifact.size_bytes,
                "sha256": artifact.sha256,
            }
            for artifact in checkpoint.artifacts
        ],
    }


def _publication(publication: Publication) -> dict[str, Any]:
    return {
        "file_key": publication.file_key,
        "destination": publication.destination,
        "location": publication.location,
        "url": publication.url,
        "size_bytes": publication.size_bytes,
        "sha256": publication.sha256,
        "published_at": iso(publication.published_at),
    }
