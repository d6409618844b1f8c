"""Zoom's rows: whatever is missing, null, empty or of another type."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.sources.zoom.options import USUAL_VIEWS
from zoomauto.sources.zoom.pages import meeting_in
from zoomauto.sources.zoom.rows import address_of, mark_of, merged, recording_of

START = datetime(2026, 8, 20, 9, 0, 10, tzinfo=UTC)


def file_row(file_id: str = "f1", **changes: Any) -> dict[str, Any]:
    row = {
        "id": file_id,
        "meeting_id": "u==",
        "recording_start": "2026-08-20T09:00:10Z",
        "recording_end": "2026-08-20T09:43:00Z",
        "file_type": "MP4",
        "file_extension": "MP4",
        "file_size": 120000,
        "play_url": "https://zoom.us/rec/play/secret",
        "download_url": f"https://zoom.us/rec/download/{file_id}",
        "status": "completed",
        "recording_type": "shared_screen_with_speaker_view",
    }
    return {**row, **changes}


def meeting_row(*files: dict[str, Any], **changes: Any) -> dict[str, Any]:
    row = {
        "uuid": "u==",
        "id": 6840331990,
        "topic": "Weekly sync",
        "start_time": "2026-08-20T09:00:04Z",
        "duration": 43,
        "recording_play_passcode": "secret",
        "recording_files": list(files),
    }
    return {**row, **changes}


def read(row: dict[str, Any], views: tuple[str, ...] = USUAL_VIEWS) -> ListedRecording:
    recording = recording_of(meeting_in(row), views)
    assert recording is not None
    return recording


def test_a_usual_row_becomes_a_recording():
    assert read(meeting_row(file_row())) == ListedRecording(
        key="u==",
        name="Weekly sync",
        start_at=datetime(2026, 8, 20, 9, 0, 4, tzinfo=UTC),
        duration=timedelta(minutes=42, seconds=50),
        files=(
            RecordingFile(
                key="u==:f1",
                name="shared_screen_with_speaker_view.mp4",
                kind=FileKind.VIDEO,
                size_bytes=120000,
                fingerprint="120000-1787218980",
                start_at=START,
            ),
        ),
    )


def test_addresses_and_passcodes_are_not_taken_over():
    assert "secret" not in repr(read(meeting_row(file_row(), password="secret")))  # noqa: S106


@pytest.mark.parametrize("files", [None, [], "", [None, 7]])
def test_without_files_a_recording_is_not_finished(files: Any):
    recording = read(meeting_row(recording_files=files))
    assert (recording.files, recording.pending_reason) == ((), "Zoom has not listed its files yet")


def test_numbers_in_quotes_are_numbers():
    recording = read(meeting_row(file_row(file_size="77", recording_end=None), duration="3"))
    assert (recording.files[0].size_bytes, recording.duration) == (77, timedelta(minutes=3))


@pytest.mark.parametrize("duration", [0, None, "", "x"])
def test_a_length_that_zoom_does_not_say_is_unknown(duration: Any):
    row = meeting_row(file_row(recording_end=""), duration=duration)
    assert read(row).duration is None


def test_the_first_file_tells_the_start_when_the_meeting_does_not():
    assert read(meeting_row(file_row(), start_time="")).start_at == START


@pytest.mark.parametrize("changes", [{"uuid": ""}, {"uuid": None}, {"start_time": None}])
def test_a_row_that_names_no_recording_or_no_time_is_unreadable(changes: dict[str, Any]):
    assert recording_of(meeting_in(meeting_row(**changes)), USUAL_VIEWS) is None


def test_a_processing_file_holds_up_the_recording():
    processing = file_row(
        "f2", recording_end="", file_type="", file_extension="", file_size=0, status="processing"
    )
    recording = read(meeting_row(file_row(), processing))
    assert recording.pending_reason == "Zoom is still processing 1 of 2 files"
    assert [file.key for file in recording.files] == ["u==:f1"]


def test_a_transcript_that_is_not_ready_holds_up_nothing():
    late = file_row("f2", file_type="TRANSCRIPT", status="processing", file_size=0)
    recording = read(meeting_row(file_row(), late))
    assert (recording.pending_reason, len(recording.files)) == (None, 1)


def test_captions_without_id_size_and_status_are_kept():
    captions = {
        "file_type": "CC",
        "recording_type": "closed_caption",
        "recording_start": "2026-08-20T09:00:10Z",
        "download_url": "https://zoom.us/rec/download/cc",
    }
    row = meeting_row(file_row(), captions)
    found = read(row).files[0]
    key = "u==:CC-closed_caption-2026-08-20T09:00:10Z"
    assert (found.key, found.kind, found.name) == (
        key,
        FileKind.CAPTIONS,
        "closed_caption.vtt",
    )
    assert address_of(row, key.partition(":")[2]) == "https://zoom.us/rec/download/cc"


def test_one_view_of_each_part_is_the_picture():
    first, second = "2026-08-20T09:00:10Z", "2026-08-20T10:00:00Z"
    row = meeting_row(
        file_row("gallery-2", recording_type="gallery_view", recording_start=second),
        file_row("speaker-1", recording_type="active_speaker", recording_start=first),
        file_row("screen-1", recording_type="shared_screen_with_speaker_view"),
        file_row("new-1", recording_type="hologram", recording_start=first),
    )
    shown = {file.key[4:]: file.kind for file in read(row).files}
    assert shown == {
        "gallery-2": FileKind.VIDEO,
        "screen-1": FileKind.VIDEO,
        "speaker-1": FileKind.OTHER,
        "new-1": FileKind.OTHER,
    }
    preferred = {
        file.key[4:] for file in read(row, ("active_speaker",)).files if file.kind == "video"
    }
    assert preferred == {"gallery-2", "speaker-1"}


def test_interpreters_are_not_the_sound():
    row = meeting_row(
        file_row("de", file_type="M4A", recording_type="audio_interpretation"),
        file_row("all", file_type="M4A", recording_type="audio_only"),
    )
    assert {f.key[4:]: f.kind for f in read(row).files} == {
        "de": FileKind.OTHER,
        "all": FileKind.AUDIO,
    }


def test_parts_stand_in_order_of_their_starts_and_add_up():
    late = {"recording_start": "2026-08-20T10:00:00Z", "recording_end": "2026-08-20T10:10:00Z"}
    recording = read(meeting_row(file_row("late", **late), file_row("early")))
    assert [file.key[4:] for file in recording.files] == ["early", "late"]
    assert recording.duration == timedelta(minutes=52, seconds=50)


def test_unknown_kinds_are_kept():
    row = meeting_row(file_row(), file_row("x", file_type="HOLO", file_extension="HLG"))
    assert next((f.name, f.kind) for f in read(row).files) == (
        "shared_screen_with_speaker_view.hlg",
        FileKind.OTHER,
    )


def test_a_fingerprint_does_not_depend_on_addresses():
    again = file_row(download_url="https://zoom.us/other", play_url=None)
    assert read(meeting_row(file_row())).fingerprint == read(meeting_row(again)).fingerprint


@pytest.mark.parametrize(
    "topic", ["../../etc/passwd", "a\nb", "$(rm)", "\u202eabc", "x" * 4096, ""]
)
def test_odd_topics_are_kept_as_they_are(topic: str):
    assert read(meeting_row(file_row(), topic=topic)).name == topic


def test_a_topic_that_no_database_keeps_is_made_one():
    assert read(meeting_row(file_row(), topic="a\ud800\0b")).name == "a?\ufffdb"


def test_rows_of_one_recording_are_folded_by_file():
    one, other = meeting_row(file_row("a")), meeting_row(file_row("a"), file_row("b"), topic=None)
    found = merged(meeting_in(one), meeting_in(other))
    assert found == meeting_in({**other, "topic": one["topic"]})


def test_the_day_on_which_zoom_deletes_it_is_carried():
    row = meeting_row(file_row(), auto_delete=True, auto_delete_date="2026-09-01")
    assert read(row).expires_at == datetime(2026, 9, 1, tzinfo=UTC)
    assert read({**row, "auto_delete": False}).expires_at is None


@pytest.mark.parametrize("odd", [[], {}, ["MP4"], 7, True])
def test_words_that_are_no_texts_make_an_unknown_kind(odd: Any):
    row = meeting_row(file_row(), file_row("odd", file_type=odd, file_extension=odd))
    assert {file.key: file.kind for file in read(row).files} == {
        "u==:odd": FileKind.OTHER,
        "u==:f1": FileKind.VIDEO,
    }


def mark(*files: dict[str, Any], views: tuple[str, ...] = USUAL_VIEWS, **changes: Any) -> str:
    found = mark_of(meeting_in(meeting_row(*files, **changes)), views)
    assert found is not None
    return found


def test_a_mark_changes_with_all_that_is_read_and_with_nothing_else():
    usual = mark(file_row())
    assert mark(file_row(download_url="https://zoom.us/new", play_url=None), total_size=3) == usual
    others = {
        mark(file_row(), topic="Other"),
        mark(file_row(file_size=120001)),
        mark(file_row(status="processing")),
        mark(file_row(), file_row("f2")),
        mark(file_row(), auto_delete_date="2026-09-01"),
        mark(file_row(), views=("active_speaker",)),
    }
    assert len(others - {usual}) == 6


def test_a_text_that_is_none_has_no_mark():
    assert mark_of(meeting_in(meeting_row(topic="a\ud800b")), USUAL_VIEWS) is None
