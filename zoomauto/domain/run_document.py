"""A run as JSON and as one paragraph (contract, section 6)."""

from typing import Any

from zoomauto.domain.deletion import Trashed
from zoomauto.domain.naming import shown_name
from zoomauto.domain.run import (
    Counts,
    PreviewItem,
    PreviewReport,
    Run,
    RunItem,
    RunReport,
    SourceReport,
)

#: Failures named in the paragraph; the rest is counted.
_NAMED = 3


def run_document(run: Run) -> dict[str, Any]:
    """Give the facts of a run row."""
    return {
        "id": run.id,
        "job": run.job_name,
        "trigger": str(run.trigger),
        "scheduled_for": _iso(run.scheduled_for),
        "status": str(run.status),
        "attempt": run.attempt,
        "started_at": _iso(run.started_at),
        "finished_at": _iso(run.finished_at),
        "skip_reason": str(run.skip_reason) if run.skip_reason else None,
        "exit_code": run.exit_code,
        "error": run.error,
        "host": run.host,
        "next_attempt_at": _iso(run.next_attempt_at),
        "missed_from": _iso(run.missed_from),
        "missed_to": _iso(run.missed_to),
        "missed_count": run.missed_count,
        "covered_by": run.covered_by,
    }


def report_document(report: RunReport) -> dict[str, Any]:
    """Give what a run did, beside the facts of its row: its stored report."""
    return {
        "sources": [_source(source) for source in report.sources],
        "recordings": counts_document(report.recordings),
        "items": [_item(item) for item in report.items],
        "trashed": [_trashed(trashed) for trashed in report.trashed],
        "problems": list(report.problems),
    }


def preview_document(report: PreviewReport) -> dict[str, Any]:
    """Give the JSON of a dry run."""
    return {
        "job": {"id": report.job_id, "name": report.job_name},
        "would_process": [_preview_item(item) for item in report.would_process],
        "skipped": [_preview_item(item) for item in report.skipped],
        "would_trash": [_trashed(trashed) for trashed in report.would_trash],
        "recordings": {
            key: value
            for key, value in counts_document(report.recordings).items()
            if key in {"found", "matched", "unmatched", "skipped"}
        },
        "sources": [_source(source) for source in report.sources],
        "problems": list(report.problems),
    }


def counts_document(counts: Counts) -> dict[str, int]:
    """Give the counts of a run."""
    return {
        "found": counts.found,
        "matched": counts.matched,
        "unmatched": counts.unmatched,
        "processed": counts.processed,
        "failed": counts.failed,
        "skipped": counts.skipped,
    }


def paragraph(report: RunReport) -> str | None:
    """Say in one paragraph what went wrong; None when nothing did."""
    sentences = [f"source {s.name}: {s.error}" for s in report.sources if s.status == "failed"]
    failed = [item for item in report.items if item.failure is not None]
    sentences += [f"{shown_name(item.name)}: {item.error}" for item in failed[:_NAMED]]
    if len(failed) > _NAMED:
        sentences.append(f"{len(failed) - _NAMED} more recordings failed")
    sentences += report.problems
    return "; ".join(sentences) or None


def _source(source: SourceReport) -> dict[str, Any]:
    return {
        "name": source.name,
        "status": source.status,
        "found": source.found,
        "new": source.new,
        "updated": source.updated,
        "error": source.error,
    }


def _item(item: RunItem) -> dict[str, Any]:
    return {
        "recording_id": item.recording_id,
        "name": item.name,
        "template": item.template,
        "status": item.status,
        "stages": dict(item.stages),
        "error": item.error,
    }


def _trashed(trashed: Trashed) -> dict[str, Any]:
    return {
        "recording_id": trashed.recording_id,
        "name": trashed.name,
        "source": trashed.source,
        "outcome": trashed.outcome,
    }


def _preview_item(item: PreviewItem) -> dict[str, Any]:
    estimate = item.estimated_time
    return {
        "recording_id": item.recording_id,
        "name": item.name,
        "action": item.action,
        "reason": item.reason,
        "template": item.template,
        "stages": dict(item.stages),
        "download_bytes": item.download_bytes,
        "estimated_seconds": estimate.total_seconds() if estimate is not None else None,
        "stage_estimated_seconds": {
            stage: time.total_seconds() for stage, time in item.stage_times.items()
        },
    }


def _iso(instant: Any) -> str | None:
    return instant.isoformat() if instant is not None else None
