"""Recordings as sources list them and as we remember them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from zoomauto.domain.recording import (
    FailureKind,
    FileKind,
    ListedRecording,
    Recording,
    RecordingFile,
    RecordingStatus,
    blank_by_duration,
    status_as_listed,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FILE = RecordingFile(key="a.mp4", name="a.mp4", kind=FileKind.VIDEO, size_bytes=4, fingerprint="v1")
LISTED = ListedRecording(key="a", name="Lecture", start_at=NOON, files=(FILE,))


@pytest.mark.parametrize(
    "files",
    [
        (),
        (replace(FILE, fingerprint="v2"),),
        (replace(FILE, size_bytes=5),),
        (replace(FILE, size_bytes=None),),
        (replace(FILE, key="b.mp4"),),
        (FILE, replace(FILE, key="chat")),
    ],
)
def test_the_fingerprint_changes_with_every_file(files: tuple[RecordingFile, ...]):
    assert replace(LISTED, files=files).fingerprint != LISTED.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        replace(LISTED, name="Other", start_at=NOON + timedelta(hours=1)),
        replace(LISTED, duration=timedelta(hours=1), pending_reason="x"),
        replace(LISTED, files=(replace(FILE, name="renamed.mp4", start_at=NOON),)),
    ],
)
def test_the_fingerprint_is_that_of_the_bytes_alone(other: ListedRecording):
    assert other.fingerprint == LISTED.fingerprint


def test_any_key_has_a_fingerprint():
    assert replace(LISTED, files=(replace(FILE, key="half \ud83d"),)).fingerprint


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (None, None),
        (timedelta(0), "shorter than 60 s (0 s)"),
        (timedelta(seconds=59.4), "shorter than 60 s (59 s)"),
        (timedelta(seconds=60), None),
        (timedelta(hours=3), None),
    ],
)
def test_under_a_minute_is_blank_and_unknown_never(duration: timedelta | None, reason: str | None):
    assert blank_by_duration(duration) == reason


def test_a_length_just_under_a_minute_is_not_shown_as_a_minute():
    assert blank_by_duration(timedelta(seconds=59.9)) == "shorter than 60 s (59 s)"


def test_a_recording_that_nobody_has_begun_waits_for_its_source_or_a_job():
    assert status_as_listed("converting") is RecordingStatus.PENDING_SOURCE
    assert status_as_listed(None) is RecordingStatus.INITIALIZED


@pytest.mark.parametrize(
    ("status", "failure", "parked"),
    [
        (RecordingStatus.FAILED, FailureKind.PERMANENT, True),
        (RecordingStatus.FAILED, FailureKind.TEMPORARY, False),
        (RecordingStatus.UPLOADED, FailureKind.PERMANENT, False),
    ],
)
def test_only_a_permanent_failure_is_parked(
    status: RecordingStatus, failure: FailureKind, *, parked: bool
):
    recording = Recording(
        id=1,
        owner="ann",
        source_id=1,
        key="a",
        name="",
        start_at=NOON,
        duration=None,
        files=(),
        fingerprint="",
        status=status,
        failure=failure,
        first_seen_at=NOON,
        updated_at=NOON,
    )

    assert (recording.is_parked, recording.is_blank) == (parked, False)
