"""Comparing what a source lists with what we remember."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zoomauto.domain.listing import Finding, Novelty, as_recording, compare, gone
from zoomauto.domain.recording import (
    IN_BETWEEN,
    NO_FAILURE,
    FailureKind,
    FileKind,
    ListedRecording,
    Recording,
    RecordingFile,
    RecordingStatus,
)
from zoomauto.domain.source import SourceConfig

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FILE = RecordingFile(key="a.mp4", name="a.mp4", kind=FileKind.VIDEO, size_bytes=4, fingerprint="v1")
OTHER = replace(FILE, fingerprint="v2")
LISTED = ListedRecording(
    key="a", name="Lecture", start_at=NOON, duration=timedelta(hours=1), files=(FILE,)
)
SOURCE = SourceConfig(id=7, owner="ann", name="Zoom", type="zoom", created_at=NOON, updated_at=NOON)
FAILED = {
    "status": RecordingStatus.FAILED,
    "failed_at_stage": "trim",
    "failure": FailureKind.PERMANENT,
    "attempts": 3,
    "last_error": "broken",
    "first_failed_at": NOON,
}


def known(**facts: Any) -> Recording:
    as_new = as_recording(compare(LISTED, None), SOURCE, now=NOON)
    return replace(as_new, **{"id": 1, **facts})


def changes(listed: ListedRecording, **facts: Any) -> dict[str, Any]:
    finding = compare(listed, known(**facts))
    assert finding.novelty is (Novelty.UPDATED if finding.changes else Novelty.SAME)
    return dict(finding.changes)


def other_bytes(**more: Any) -> dict[str, Any]:
    fingerprint = replace(LISTED, files=(OTHER,)).fingerprint
    return {
        "files": (OTHER,),
        "fingerprint": fingerprint,
        "duration": timedelta(hours=1),
        "blank_reason": None,
        **more,
    }


def test_what_is_not_known_is_new():
    assert compare(LISTED, None) == Finding(listed=LISTED, known=None, novelty=Novelty.NEW)


def test_what_is_listed_as_before_is_the_same():
    assert changes(LISTED) == {}
    assert changes(LISTED, **FAILED) == {}
    # What was measured is not forgotten because the source does not say it.
    assert changes(replace(LISTED, duration=None), duration=timedelta(minutes=9)) == {}


def test_another_mark_is_remembered_and_is_no_update():
    finding = compare(replace(LISTED, mark="m2"), known(mark="m1"))
    assert (finding.novelty, finding.changes) == (Novelty.SAME, {"mark": "m2"})


def test_a_new_recording_stands_as_it_was_listed():
    assert as_recording(compare(LISTED, None), SOURCE, now=NOON) == Recording(
        id=0,
        owner="ann",
        source_id=7,
        key="a",
        name="Lecture",
        start_at=NOON,
        duration=timedelta(hours=1),
        files=(FILE,),
        fingerprint=LISTED.fingerprint,
        status=RecordingStatus.INITIALIZED,
        first_seen_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"pending_reason": "converting"}, {"status": "PENDING_SOURCE"}),
        ({"duration": timedelta(seconds=9)}, {"blank_reason": "shorter than 60 s (9 s)"}),
        ({"duration": None}, {"blank_reason": None}),
    ],
)
def test_a_new_recording_may_be_pending_or_blank(facts: dict[str, Any], expected: dict[str, Any]):
    recording = as_recording(compare(replace(LISTED, **facts), None), SOURCE, now=NOON)

    assert {name: getattr(recording, name) for name in expected} == expected


def test_a_known_recording_stands_with_its_changes():
    renamed = replace(LISTED, name="New name")
    before = known(**FAILED)

    after = as_recording(compare(renamed, before), SOURCE, now=NOON + timedelta(days=1))

    assert after == replace(before, name="New name")


def test_name_and_start_are_followed_without_touching_the_status():
    moved = replace(LISTED, name="New name", start_at=NOON + timedelta(hours=1))

    assert changes(moved, **FAILED) == {
        "name": "New name",
        "start_at": NOON + timedelta(hours=1),
    }


@pytest.mark.parametrize(
    ("status", "pending", "expected"),
    [
        ("INITIALIZED", "converting", {"pending_reason": "converting", "status": "PENDING_SOURCE"}),
        ("EXPIRED", None, {"status": "INITIALIZED"}),
        ("EXPIRED", "converting", {"pending_reason": "converting", "status": "PENDING_SOURCE"}),
        ("DOWNLOADED", "converting", {"pending_reason": "converting"}),
        ("UPLOADED", "converting", {"pending_reason": "converting"}),
    ],
)
def test_the_status_follows_the_source_until_somebody_begins(
    status: str, pending: str | None, expected: dict[str, Any]
):
    listed = replace(LISTED, pending_reason=pending)

    assert changes(listed, status=RecordingStatus(status)) == expected


def test_what_its_source_has_finished_is_ready():
    assert changes(LISTED, status=RecordingStatus.PENDING_SOURCE, pending_reason="converting") == {
        "pending_reason": None,
        "status": RecordingStatus.INITIALIZED,
    }


@pytest.mark.parametrize("status", sorted(IN_BETWEEN | {RecordingStatus.UPLOADED}))
def test_other_bytes_leave_what_is_begun_or_published_where_it_stands(status: RecordingStatus):
    assert changes(replace(LISTED, files=(OTHER,)), status=status) == other_bytes()


@pytest.mark.parametrize("status", sorted(IN_BETWEEN))
def test_other_bytes_that_still_grow_send_what_is_begun_back(status: RecordingStatus):
    growing = replace(LISTED, files=(OTHER,), pending_reason="growing")

    assert changes(growing, status=status) == other_bytes(
        pending_reason="growing", status=RecordingStatus.PENDING_SOURCE
    )


@pytest.mark.parametrize(
    ("pending", "status"),
    [(None, RecordingStatus.INITIALIZED), ("growing", RecordingStatus.PENDING_SOURCE)],
)
def test_other_bytes_unpark_what_failed(pending: str | None, status: RecordingStatus):
    listed = replace(LISTED, files=(OTHER,), pending_reason=pending)

    expected = other_bytes(**NO_FAILURE, status=status)
    if pending:
        expected["pending_reason"] = pending
    assert changes(listed, **FAILED) == expected


@pytest.mark.parametrize(("blank_reason", "comes_back"), [("no sound", True), (None, False)])
def test_other_bytes_bring_back_what_was_blank_and_not_what_a_person_skipped(
    blank_reason: str | None, *, comes_back: bool
):
    found = changes(
        replace(LISTED, files=(OTHER,)), status=RecordingStatus.SKIPPED, blank_reason=blank_reason
    )

    more = {**NO_FAILURE, "status": RecordingStatus.INITIALIZED} if comes_back else {}
    assert found == other_bytes(**more)


@pytest.mark.parametrize("status", list(RecordingStatus))
def test_a_transcript_that_comes_late_is_kept_and_starts_nothing_again(status: RecordingStatus):
    late = RecordingFile(key="a.vtt", name="a.vtt", kind=FileKind.TRANSCRIPT, size_bytes=9)
    files = (*LISTED.files, late)
    expected: dict[str, Any] = {"files": files}
    if status in {RecordingStatus.PENDING_SOURCE, RecordingStatus.EXPIRED}:
        expected["status"] = RecordingStatus.INITIALIZED
    assert changes(replace(LISTED, files=files), status=status) == expected


def test_a_new_length_comes_with_other_bytes():
    shorter = replace(LISTED, files=(OTHER,), duration=timedelta(seconds=3))

    assert changes(shorter) == other_bytes(
        duration=timedelta(seconds=3),
        blank_reason="shorter than 60 s (3 s)",
        status=RecordingStatus.INITIALIZED,
    )


def test_what_the_source_was_asked_for_and_no_longer_has_expires():
    before = known(status=RecordingStatus.PENDING_SOURCE, pending_reason="converting")

    finding = gone(before)

    assert (finding.novelty, finding.changes) == (
        Novelty.UPDATED,
        {"status": RecordingStatus.EXPIRED, "mark": None},
    )
    assert as_recording(finding, SOURCE, now=NOON).status is RecordingStatus.EXPIRED
