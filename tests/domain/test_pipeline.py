"""Which stages a recording still needs, and its status in between."""

from collections.abc import Collection

import pytest

from zoomauto.domain.pipeline import (
    STATUS_AFTER,
    STATUS_WHILE,
    Action,
    Plan,
    PlannedStage,
    estimated_times,
    main_files,
    plan,
    resting_status,
)
from zoomauto.domain.processing import STAGES, Flags
from zoomauto.domain.recording import IN_BETWEEN, FileKind, RecordingFile, RecordingStatus

ALL = dict.fromkeys(STAGES, "run")


def words(
    flags: Flags | None = None, *, done: Collection[str] = (), **unavailable: str
) -> dict[str, str]:
    return plan(flags or Flags(), done=done, unavailable=unavailable).words


def test_everything_runs_in_order_when_nothing_is_done():
    assert list(words()) == list(STAGES)
    assert words() == ALL


def test_what_is_done_is_not_run_again():
    assert words(done=("download", "trim")) == {**ALL, "download": "done", "trim": "done"}


def test_what_is_made_again_upstream_is_made_again_downstream():
    assert words(done=("download", "transcription", "upload")) == {**ALL, "download": "done"}
    assert words(done=STAGES[1:]) == ALL


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (Flags(skip_trim=True), {**ALL, "trim": "skip: skip_trim is on"}),
        (Flags(skip_subtitles=True), {**ALL, "subtitles": "skip: skip_subtitles is on"}),
        (Flags(auto_upload=False), {**ALL, "upload": "skip: auto_upload is off"}),
        (Flags(auto_process=False), dict.fromkeys(STAGES, "skip: auto_process is off")),
    ],
)
def test_flags_leave_stages_out(flags: Flags, expected: dict[str, str]):
    assert words(flags) == expected


def test_a_stage_that_is_not_available_says_why_and_holds_up_nothing():
    assert words(done=("download", "trim", "upload"), transcription="no engine", topics="x") == {
        **ALL,
        "download": "done",
        "trim": "done",
        "transcription": "not available: no engine",
        "topics": "not available: x",
    }


def test_stages_of_third_parties_stand_behind_the_ones_they_follow():
    extra = {"stamp": "trim", "blur": "trim", "fetch_slides": "download"}
    made = plan(Flags(), done=("download", "trim"), unavailable={"blur": "no face"}, extra=extra)
    assert made.words == {
        "download": "done",
        "fetch_slides": "run",
        "trim": "run",
        "blur": "not available: no face",
        "stamp": "run",
        **dict.fromkeys(("transcription", "subtitles", "topics", "upload"), "run"),
    }
    assert made.status_while("stamp") is RecordingStatus.PROCESSING
    assert made.status_while("upload") is RecordingStatus.UPLOADING


def test_a_stage_of_a_third_party_does_not_change_where_a_recording_rests():
    assert resting_status(("download", "stamp")) is RecordingStatus.DOWNLOADED


def test_skipped_by_wish_counts_before_not_available():
    flags = Flags(skip_transcription=True)

    assert words(flags, transcription="x")["transcription"] == "skip: skip_transcription is on"


def test_a_plan_tells_what_runs_and_what_is_done():
    made = Plan(
        stages=(
            PlannedStage(name="download", action=Action.DONE),
            PlannedStage(name="trim", action=Action.RUN),
            PlannedStage(name="topics", action=Action.SKIP, reason="off"),
            PlannedStage(name="upload", action=Action.RUN),
        )
    )

    assert (made.done, made.to_run) == (("download",), ("trim", "upload"))


def test_every_stage_has_a_status_while_and_after_and_all_but_the_last_are_in_between():
    assert list(STATUS_WHILE) == list(STATUS_AFTER) == list(STAGES)
    statuses = {*STATUS_WHILE.values(), *STATUS_AFTER.values()}
    assert statuses - IN_BETWEEN == {RecordingStatus.UPLOADED}
    assert statuses >= IN_BETWEEN


@pytest.mark.parametrize(
    ("done", "status"),
    [
        ((), "INITIALIZED"),
        (("download",), "DOWNLOADED"),
        (("trim", "download"), "PROCESSED"),
        (("upload", "download"), "UPLOADED"),
    ],
)
def test_a_recording_rests_at_the_furthest_stage_that_is_done(done: tuple[str, ...], status: str):
    assert resting_status(done) == status


def file(key: str, kind: FileKind) -> RecordingFile:
    return RecordingFile(key=key, name=key, kind=kind)


def test_videos_are_the_main_files_and_sound_only_without_them():
    video, audio, chat = (
        file(kind, kind) for kind in (FileKind.VIDEO, FileKind.AUDIO, FileKind.CHAT)
    )

    assert main_files((audio, video, chat)) == (video,)
    assert main_files((chat, audio)) == (audio,)
    assert main_files((chat,)) == ()


def test_the_estimate_counts_only_the_stages_that_run():
    gigabyte = 1_000_000_000
    everything = plan(Flags(), done=(), unavailable={})
    resumed = plan(Flags(), done=("download", "trim"), unavailable={})

    assert times(everything, gigabyte) == {"download": 80.0, "trim": 5.5, "upload": 3.4}
    assert times(resumed, gigabyte) == {"upload": 3.4}
    assert times(everything, 0) == {"download": 0.0, "trim": 0.0, "upload": 0.0}


def test_every_destination_takes_its_time():
    gigabyte = 1_000_000_000
    resumed = plan(Flags(), done=("download", "trim"), unavailable={})
    assert times(resumed, gigabyte, networks=1) == {"upload": 83.4}
    assert times(resumed, gigabyte, disks=2) == {"upload": 6.8}


def times(made: Plan, size_bytes: int, *, disks: int = 1, networks: int = 0) -> dict[str, float]:
    found = estimated_times(made, size_bytes, is_source_local=False, disks=disks, networks=networks)
    return {name: time.total_seconds() for name, time in found.items()}
