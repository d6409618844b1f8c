"""A run as JSON and as one paragraph."""

import json
from datetime import UTC, datetime, timedelta

from zoomauto.domain.recording import FailureKind
from zoomauto.domain.run import (
    Counts,
    PreviewItem,
    PreviewReport,
    Run,
    RunItem,
    RunReport,
    RunStatus,
    SkipReason,
    SourceReport,
    Trigger,
)
from zoomauto.domain.run_document import (
    paragraph,
    preview_document,
    report_document,
    run_document,
)

SIX = datetime(2026, 3, 10, 6, tzinfo=UTC)
RUN = Run(
    id=4,
    owner="ann",
    job_id=1,
    job_name="Daily",
    trigger=Trigger.CATCH_UP,
    scheduled_for=SIX,
    status=RunStatus.PARTIAL,
    attempt=2,
    started_at=SIX + timedelta(minutes=9),
    finished_at=SIX + timedelta(minutes=10),
    exit_code=3,
    error="source Zoom: down",
    host="laptop",
)
SOURCES = (
    SourceReport(name="Zoom", status="failed", error="down", error_code="unreachable"),
    SourceReport(name="Folder", status="success", found=3, new=2, updated=1),
)


def failed(name: str) -> RunItem:
    return RunItem(
        recording_id=1,
        name=name,
        template="T",
        status="FAILED",
        stages={"trim": "failed: broken"},
        error="broken",
        failure=FailureKind.PERMANENT,
    )


def test_a_run_row_is_plain_json():
    assert json.loads(json.dumps(run_document(RUN))) == {
        "id": 4,
        "job": "Daily",
        "trigger": "catch_up",
        "scheduled_for": "2026-03-10T06:00:00+00:00",
        "status": "PARTIAL",
        "attempt": 2,
        "started_at": "2026-03-10T06:09:00+00:00",
        "finished_at": "2026-03-10T06:10:00+00:00",
        "skip_reason": None,
        "exit_code": 3,
        "error": "source Zoom: down",
        "host": "laptop",
        "next_attempt_at": None,
        "missed_from": None,
        "missed_to": None,
        "missed_count": None,
        "covered_by": None,
    }


def test_a_skipped_run_says_why():
    skipped = Run(
        id=5,
        owner="ann",
        job_id=None,
        job_name="Daily",
        trigger=Trigger.SCHEDULE,
        scheduled_for=None,
        status=RunStatus.SKIPPED,
        started_at=SIX,
        skip_reason=SkipReason.OVERLAP,
    )

    document = run_document(skipped)

    assert (document["skip_reason"], document["scheduled_for"]) == ("overlap", None)


def test_a_report_is_plain_json():
    report = RunReport(
        run=RUN,
        sources=SOURCES,
        recordings=Counts(found=6, matched=3, unmatched=2, processed=2, failed=1, skipped=1),
        items=(failed("Lecture"),),
        problems=("source 'X' is disabled",),
    )

    assert json.loads(json.dumps(report_document(report))) == {
        "sources": [
            {
                "name": "Zoom",
                "status": "failed",
                "found": 0,
                "new": 0,
                "updated": 0,
                "error": "down",
            },
            {
                "name": "Folder",
                "status": "success",
                "found": 3,
                "new": 2,
                "updated": 1,
                "error": None,
            },
        ],
        "recordings": {
            "found": 6,
            "matched": 3,
            "unmatched": 2,
            "processed": 2,
            "failed": 1,
            "skipped": 1,
        },
        "items": [
            {
                "recording_id": 1,
                "name": "Lecture",
                "template": "T",
                "status": "FAILED",
                "stages": {"trim": "failed: broken"},
                "error": "broken",
            }
        ],
        "trashed": [],
        "problems": ["source 'X' is disabled"],
    }


def test_a_preview_is_plain_json():
    item = PreviewItem(
        recording_id=None,
        name="Lecture",
        action="NEW",
        reason="matches template 'T'",
        template="T",
        stages={"download": "run"},
        download_bytes=9,
        estimated_time=timedelta(seconds=1.5),
        stage_times={"download": timedelta(seconds=1.5)},
    )
    left = PreviewItem(
        recording_id=3, name="Party", action="SKIP", reason="no template matches", template=None
    )
    report = PreviewReport(
        job_id=1,
        job_name="Daily",
        would_process=(item,),
        skipped=(left,),
        sources=(),
        recordings=Counts(found=2, matched=1, unmatched=1),
    )

    assert json.loads(json.dumps(preview_document(report))) == {
        "job": {"id": 1, "name": "Daily"},
        "would_process": [
            {
                "recording_id": None,
                "name": "Lecture",
                "action": "NEW",
                "reason": "matches template 'T'",
                "template": "T",
                "stages": {"download": "run"},
                "download_bytes": 9,
                "estimated_seconds": 1.5,
                "stage_estimated_seconds": {"download": 1.5},
            }
        ],
        "skipped": [
            {
                "recording_id": 3,
                "name": "Party",
                "action": "SKIP",
                "reason": "no template matches",
                "template": None,
                "stages": {},
                "download_bytes": 0,
                "estimated_seconds": None,
                "stage_estimated_seconds": {},
            }
        ],
        "recordings": {"found": 2, "matched": 1, "unmatched": 1, "skipped": 0},
        "sources": [],
        "would_trash": [],
        "problems": [],
    }


def test_nothing_wrong_needs_no_paragraph():
    fine = RunItem(recording_id=1, name="Lecture", template="T", status="UPLOADED")

    assert paragraph(RunReport(run=RUN, sources=SOURCES[1:], items=(fine,))) is None


def test_the_paragraph_names_sources_recordings_and_other_trouble():
    report = RunReport(run=RUN, sources=SOURCES, items=(failed("Lecture"),), problems=("no disk",))

    assert paragraph(report) == "source Zoom: down; Lecture: broken; no disk"


def test_the_paragraph_names_three_failures_and_counts_the_rest():
    names = "ABCDE"
    report = RunReport(run=RUN, items=tuple(failed(name) for name in names))

    assert paragraph(report) == "A: broken; B: broken; C: broken; 2 more recordings failed"
