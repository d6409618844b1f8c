"""What becomes of one recording: stages, checkpoints, failures, kills."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.lease import lease
from zoomauto.domain.recording import FailureKind, RecordingStatus
from zoomauto.domain.run import Counts
from zoomauto.errors import (
    AuthenticationError,
    CorruptMedia,
    DiskFull,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.testing.stage import FakeStage, cut_files
from zoomauto.usecases.edit_jobs import UpdateJob
from zoomauto.usecases.edit_recordings import RetryRecording, SkipRecording
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def update_job(world: World, **change: Any) -> None:
    UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Daily", JobChange(**change)
    )


def kill(world: World, **request: Any) -> None:
    """Run until the process is killed; then go on as another one."""
    with pytest.raises(KeyboardInterrupt):
        world.run(**request)
    world.new_process()


def ran(world: World) -> dict[str, int]:
    """How often each stage was started."""
    stages = {"download": world.download, "trim": world.trim, "upload": world.upload}
    return {name: len(stage.contexts) for name, stage in stages.items()}


@pytest.mark.parametrize(
    ("stage", "when", "left_at", "starts"),
    [
        ("download", "failures", "DOWNLOADING", {"download": 2, "trim": 1, "upload": 1}),
        ("download", "late_failures", "DOWNLOADING", {"download": 2, "trim": 1, "upload": 1}),
        ("trim", "failures", "PROCESSING", {"download": 1, "trim": 2, "upload": 1}),
        ("trim", "late_failures", "PROCESSING", {"download": 1, "trim": 2, "upload": 1}),
        ("upload", "failures", "UPLOADING", {"download": 1, "trim": 1, "upload": 2}),
        ("upload", "late_failures", "UPLOADING", {"download": 1, "trim": 1, "upload": 2}),
    ],
)
def test_a_killed_run_is_carried_on_at_the_unfinished_stage_and_published_once(
    world: World, stage: str, when: str, left_at: str, starts: dict[str, int]
):
    world.record()
    setattr(getattr(world, stage), when, [KeyboardInterrupt()])
    kill(world)
    assert world.statuses() == {"a.mp4": left_at}

    report = world.run()

    assert report.recordings == Counts(found=1, matched=1, processed=1)
    assert ran(world) == starts
    assert world.destination.asked == ["Lecture.mp4"]
    assert world.destination.objects == {"Lecture.mp4": b"film cut"}
    assert world.folders() == []


def test_what_is_begun_is_carried_on_whatever_its_age_and_the_status_filter(world: World):
    world.record()
    world.trim.failures = [KeyboardInterrupt()]
    kill(world)
    update_job(world, statuses=("EXPIRED",))
    world.clock.move_to(NOON + 60 * DAY)
    world.run()

    assert world.statuses() == {"a.mp4": "UPLOADED"}
    assert ran(world) == {"download": 1, "trim": 2, "upload": 1}


def test_a_stage_of_a_third_party_runs_where_a_table_names_it(world: World):
    world.extra["stamp"] = FakeStage(action=cut_files)
    world.record()
    world.run()
    assert world.extra["stamp"].contexts == []

    update_job(world, settings={"stamp.level": "2"})
    world.record("b.mp4", name="Seminar")
    world.extra["stamp"].failures = [KeyboardInterrupt()]
    kill(world)
    assert world.statuses()["b.mp4"] == "PROCESSING"
    world.run()

    assert world.destination.objects["Seminar.mp4"] == b"film cut cut"
    assert ran(world) == {"download": 2, "trim": 2, "upload": 2}


def test_without_a_stage_that_is_asked_for_nothing_is_published_and_others_go_on(world: World):
    world.extra["stamp"] = FakeStage(trouble="it is off")
    update_job(world, settings={"stamp": "{}"})
    world.record()
    world.run()
    assert world.statuses() == {"a.mp4": "UPLOADED"}

    del world.extra["stamp"]
    world.record("b.mp4", name="Seminar")
    report = world.run()

    assert report.items[0].stages["stamp"].startswith("failed: ")
    assert world.statuses() == {"a.mp4": "UPLOADED", "b.mp4": "FAILED"}
    assert world.destination.asked == ["Lecture.mp4"]


@pytest.mark.parametrize("damage", ["gone", "other size"])
def test_a_checkpoint_whose_file_is_not_intact_is_made_again_with_all_that_follows(
    world: World, damage: str
):
    world.record()
    world.upload.failures = [KeyboardInterrupt()]
    kill(world)
    file = Path(world.workspace.folder(world.recording().id)) / "a.mp4"
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"fil")

    world.run()

    assert ran(world) == {"download": 2, "trim": 2, "upload": 2}
    assert world.destination.objects == {"Lecture.mp4": b"film cut"}


def test_a_changed_source_file_starts_from_the_beginning(world: World):
    world.record(content=b"half")
    world.upload.failures = [KeyboardInterrupt()]
    kill(world)
    world.record(content=b"whole film")

    world.run()

    assert ran(world) == {"download": 2, "trim": 2, "upload": 2}
    assert world.destination.objects == {"Lecture.mp4": b"whole film cut"}


def test_a_source_file_that_is_growing_again_is_waited_for(world: World):
    world.record(content=b"half")
    world.upload.failures = [KeyboardInterrupt()]
    kill(world)
    world.record(content=b"more", pending="still growing")
    growing = world.run()
    world.clock.move_to(NOON + 9 * DAY)
    world.record(content=b"whole")

    world.run()

    assert growing.recordings == Counts(found=1, skipped=1)
    assert world.destination.objects == {"Lecture.mp4": b"whole cut"}


def test_a_file_that_changes_while_it_is_processed_is_not_published_half_old(world: World):
    world.record(content=b"old")

    def change(context: StageContext) -> StageResult:
        world.record(content=b"new film")
        with world.store.reading() as tx:
            source = tx.sources.get(context.recording.source_id)
        assert source is not None
        world.sync_source(source, world.sources["Zoom"].windows[0])
        return original(context)

    original, world.trim.action = world.trim.action, change
    report = world.run()
    world.trim.action = original

    assert report.items[0].error == "the source changed the files while they were processed"
    assert report.run.exit_code == 75
    world.run()
    assert world.destination.objects == {"Lecture.mp4": b"new film cut"}


def test_a_passing_failure_is_tried_three_times_in_one_run(world: World):
    world.record()
    world.download.failures = [TemporaryError("slow")] * 2

    report = world.run()

    assert report.run.exit_code == 0
    assert world.clock.slept == [timedelta(seconds=2), timedelta(seconds=10)]
    assert ran(world) == {"download": 3, "trim": 1, "upload": 1}


def test_after_three_attempts_the_recording_waits_for_a_later_run(world: World):
    world.record()
    world.download.failures = [TemporaryError("slow")] * 3

    report = world.run()

    failed_at = NOON + timedelta(seconds=12)
    recording = world.recording()
    assert report.run.exit_code == 75
    assert report.run.error == "Lecture: slow"
    assert {
        "status": recording.status,
        "stage": recording.failed_at_stage,
        "failure": recording.failure,
        "attempts": recording.attempts,
        "error": recording.last_error,
        "first": recording.first_failed_at,
        "next": recording.next_attempt_at,
    } == {
        "status": RecordingStatus.FAILED,
        "stage": "download",
        "failure": FailureKind.TEMPORARY,
        "attempts": 1,
        "error": "slow",
        "first": failed_at,
        "next": failed_at + timedelta(minutes=15),
    }


def test_the_gaps_between_runs_grow_and_the_first_failure_is_remembered(world: World):
    world.record()
    gaps = []
    for _ in range(9):
        world.download.failures = [Unreachable("down")]
        world.run()
        recording = world.recording()
        assert recording.next_attempt_at
        gaps.append(recording.next_attempt_at - world.clock.now())
        world.clock.move_to(world.clock.now() + DAY)

    minutes = [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    assert gaps == [timedelta(minutes=m) for m in minutes]
    assert (world.recording().first_failed_at, world.recording().attempts) == (NOON, 9)


def test_a_scheduled_run_waits_for_the_next_attempt_and_a_manual_one_does_not(world: World):
    world.record()
    world.clock.move_to(datetime(2026, 3, 11, 5, 55, tzinfo=UTC))
    for _ in range(3):  # the next attempt is at 06:55
        world.download.failures = [Unreachable("down")]
        world.run()
    world.clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))

    scheduled = world.run_scheduled()

    assert scheduled
    assert (scheduled.recordings, scheduled.run.exit_code) == (Counts(found=1, skipped=1), 0)
    assert [item.status for item in world.run().items] == ["UPLOADED"]
    assert world.recording().attempts == 0


def test_an_attempt_put_off_by_a_clock_that_was_wrong_is_not_waited_for(world: World):
    world.clock.move_to(NOON + 9999 * DAY)
    world.record()
    world.download.failures = [Unreachable("down")]
    world.run()
    world.clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))

    report = world.run_scheduled()

    assert report
    assert [item.status for item in report.items] == ["UPLOADED"]


@pytest.mark.parametrize(
    "error", [DiskFull("full"), Unreachable("down"), AuthenticationError("no")]
)
def test_what_will_not_pass_in_seconds_is_not_retried_in_the_run(
    world: World, error: ZoomautoError
):
    world.record()
    world.download.failures = [error]

    report = world.run()

    assert (report.run.exit_code, world.clock.slept) == (75, [])
    assert world.recording().failure is FailureKind.TEMPORARY


def test_a_rate_limit_that_ends_within_a_minute_is_waited_for(world: World):
    world.record()
    world.upload.failures = [RateLimited(reset_at="2026-03-10T12:00:40+00:00")]

    report = world.run()

    assert (report.run.exit_code, world.clock.slept) == (0, [timedelta(seconds=40)])
    assert ran(world) == {"download": 1, "trim": 1, "upload": 2}


def test_a_longer_rate_limit_is_waited_for_by_later_runs(world: World):
    world.record()
    ends_at = datetime(2026, 3, 11, 7, tzinfo=UTC)
    world.upload.failures = [RateLimited("busy", reset_at=ends_at.isoformat())]

    report = world.run()

    assert (report.run.exit_code, world.clock.slept) == (75, [])
    assert world.recording().next_attempt_at == ends_at
    world.clock.move_to(datetime(2026, 3, 11, 6, tzinfo=UTC))
    early = world.run_scheduled()
    assert early
    assert (early.recordings, ran(world)["upload"]) == (Counts(found=1, skipped=1), 1)
    world.clock.move_to(datetime(2026, 3, 12, 6, tzinfo=UTC))
    late = world.run_scheduled()
    assert late
    assert [item.status for item in late.items] == ["UPLOADED"]


def test_a_permanent_failure_is_parked_until_retry_which_resumes_at_its_stage(world: World):
    world.record()
    world.upload.failures = [PermanentError("refused")]
    first = world.run()
    second = world.run()

    assert (first.run.exit_code, second.run.exit_code) == (65, 0)
    assert second.recordings == Counts(found=1, skipped=1)
    assert world.recording().next_attempt_at is None

    RetryRecording(store=world.store, clock=world.clock)(OWNER, world.recording().id)
    assert world.statuses() == {"a.mp4": "PROCESSED"}
    world.clock.move_to(NOON + 30 * DAY)
    world.run()

    assert world.statuses() == {"a.mp4": "UPLOADED"}
    assert ran(world) == {"download": 1, "trim": 1, "upload": 2}


def test_a_changed_source_file_unparks(world: World):
    world.record()
    world.trim.failures = [PermanentError("refused")]
    world.run()
    world.record(content=b"another film")

    world.run()

    assert world.destination.objects == {"Lecture.mp4": b"another film cut"}
    assert (world.recording().attempts, world.recording().last_error) == (0, None)


def test_a_bug_in_a_stage_fails_its_recording_and_the_others_go_on(
    world: World, caplog: pytest.LogCaptureFixture
):
    world.record("a.mp4", ago=timedelta(hours=3), name="A")
    world.record("b.mp4", name="B")
    world.trim.failures = [ZeroDivisionError("oops")]

    report = world.run()

    assert report.run.exit_code == 3
    assert world.statuses() == {"a.mp4": "FAILED", "b.mp4": "UPLOADED"}
    failed = report.items[0]
    assert (failed.error, failed.error_code, failed.failure) == (
        "ZeroDivisionError('oops')",
        "bug",
        FailureKind.PERMANENT,
    )
    assert failed.stages["trim"] == "failed: ZeroDivisionError('oops')"
    assert [bool(record.exc_info) for record in caplog.records] == [True]


def test_an_error_with_half_a_character_is_stored_all_the_same(world: World):
    world.record()
    world.trim.failures = [PermanentError("no file \udcff\x00")]

    world.run()

    assert world.recording().last_error == "no file \\udcff"


def test_a_source_that_cannot_be_opened_any_more_is_its_recordings_trouble(world: World):
    world.record()
    world.trim.failures = [KeyboardInterrupt()]
    kill(world)
    world.sources = {}

    report = world.run(sync=False)

    assert [(item.status, item.error_code) for item in report.items] == [("FAILED", "bug")]


def test_a_destination_that_was_removed_is_tried_again_once_it_is_back(world: World):
    update = UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)
    with world.store.writing() as tx:
        template = tx.templates.list(OWNER)[0]
        output = replace(template.output, destinations=("fake:/out", "gone"))
        tx.templates.replace(replace(template, output=output))
    world.record()

    first = world.run()
    published = dict(world.destination.objects)
    update(OWNER, "Lectures", TemplateChange(destinations=("fake:/out",)))

    assert published == {"Lecture.mp4": b"film cut"}
    assert (first.run.exit_code, first.items[0].error_code) == (75, "not_found")
    assert [item.status for item in world.run().items] == ["UPLOADED"]
    assert ran(world) == {"download": 1, "trim": 1, "upload": 2}


def test_nothing_of_a_damaged_file_is_kept(world: World):
    world.record()
    world.trim.failures = [CorruptMedia("cut short")]

    world.run()

    with world.store.reading() as tx:
        assert tx.recordings.checkpoints(world.recording().id) == []
    assert world.folders() == []


@pytest.mark.parametrize(("stage", "downloads"), [("trim", 2), ("upload", 1)])
def test_a_full_disk_gets_its_space_back_unless_it_is_the_destinations(
    world: World, stage: str, downloads: int
):
    world.record()
    getattr(world, stage).failures = [DiskFull("full")]

    first = world.run()

    assert first.run.exit_code == 75
    assert bool(world.folders()) == (stage == "upload")
    world.run()
    assert world.statuses() == {"a.mp4": "UPLOADED"}
    assert ran(world)["download"] == downloads


def test_a_copy_that_differs_from_what_was_read_is_made_again(world: World):
    world.record()
    broken = [True]

    def copy(context: StageContext) -> StageResult:
        result = original(context)
        if broken:
            broken.clear()
            (produced,) = result.produced
            Path(produced.path).write_bytes(b"flip")
        return result

    original, world.download.action = world.download.action, copy

    report = world.run()

    assert report.run.exit_code == 0
    assert world.clock.slept == [timedelta(seconds=2)]
    assert world.destination.objects == {"Lecture.mp4": b"film cut"}


def test_a_recording_without_known_length_is_never_blank(world: World):
    world.record(duration=None)

    assert [item.status for item in world.run().items] == ["UPLOADED"]


def test_a_silent_source_is_asked_to_measure(world: World):
    world.record(duration=None)
    world.sources["Zoom"].lengths = {"a.mp4": timedelta(seconds=59)}

    report = world.run()

    assert report.recordings == Counts(found=1, skipped=1)
    assert world.recording().blank_reason == "shorter than 60 s (59 s)"
    assert world.sources["Zoom"].fetched == []


def test_blank_by_length_is_left_out_before_download_and_never_deleted(world: World):
    world.record(duration=timedelta(seconds=59))
    world.record("b.mp4", name="B", duration=timedelta(seconds=60))

    report = world.run()

    assert report.recordings == Counts(found=2, matched=1, processed=1, skipped=1)
    assert world.statuses() == {"a.mp4": "INITIALIZED", "b.mp4": "UPLOADED"}
    assert sorted(world.sources["Zoom"].contents) == ["a.mp4", "b.mp4"]


def silent(context: StageContext) -> StageResult:
    path = context.folder / "silent"
    Path(path).write_bytes(b"...")
    produced = Produced(path=path, file_key="a.mp4", kind=context.inputs[0].kind)
    return StageResult(produced=(produced,), blank_reason="no sound")


def test_blank_by_sound_is_skipped_and_its_folder_goes(world: World):
    world.record()
    world.trim.action = silent

    report = world.run()

    (item,) = report.items
    assert (item.status, item.failure, report.run.exit_code) == ("SKIPPED", None, 0)
    assert item.stages["upload"] == "skip: blank: no sound"
    assert world.recording().blank_reason == "no sound"
    assert world.folders() == []
    assert world.destination.objects == {}
    assert list(world.sources["Zoom"].contents) == ["a.mp4"]


def test_a_job_that_includes_blanks_publishes_them_and_remembers_why(world: World):
    update_job(world, exclude_blank=False)
    world.record(duration=timedelta(seconds=5))
    world.trim.action = silent

    world.run()

    recording = world.recording()
    assert (recording.status, recording.blank_reason) == (RecordingStatus.UPLOADED, "no sound")


def test_without_auto_upload_work_stops_before_publication_and_goes_on_later(world: World):
    update_job(world, settings={"auto_upload": "false"})
    world.record()
    first = world.run()
    again = world.run()

    assert first.items[0].stages["upload"] == "skip: auto_upload is off"
    assert first.items[0].status == "PROCESSED"
    assert (again.items, again.recordings) == ((), Counts(found=1, skipped=1))

    update_job(world, settings={"auto_upload": "true"})
    world.clock.move_to(NOON + 40 * DAY)
    world.run()

    assert ran(world) == {"download": 1, "trim": 1, "upload": 1}
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_a_failure_is_forgotten_when_the_stage_is_no_longer_wanted(world: World):
    world.record()
    world.upload.failures = [Unreachable("down")]
    world.run()
    update_job(world, settings={"auto_upload": "false"})

    report = world.run()

    assert (report.items, report.run.exit_code) == ((), 0)
    recording = world.recording()
    assert (recording.status, recording.last_error) == (RecordingStatus.PROCESSED, None)


def test_skip_trim_publishes_what_was_downloaded(world: World):
    update_job(world, settings={"skip_trim": "true"})
    world.record()

    (item,) = world.run().items

    assert item.stages["trim"] == "skip: skip_trim is on"
    assert world.destination.objects == {"Lecture.mp4": b"film"}


def test_without_a_destination_upload_is_not_available_and_the_status_stays(world: World):
    update = UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)
    update(OWNER, "Lectures", TemplateChange(destinations=()))
    world.record()

    (item,) = world.run().items

    assert item.stages["upload"] == "not available: template 'Lectures' has no destination"
    assert item.status == "PROCESSED"
    assert world.folders() == [str(world.recording().id)]


def test_a_recording_that_a_person_skipped_meanwhile_is_left_alone(world: World):
    world.record("a.mp4", ago=timedelta(hours=3), name="A")
    world.record("b.mp4", name="B")

    def skip(context: StageContext) -> StageResult:
        SkipRecording(
            store=world.store, clock=world.clock, workspace=world.workspace, is_alive=world.is_alive
        )(OWNER, world.recording("b.mp4").id)
        return original(context)

    original, world.trim.action = world.trim.action, skip

    report = world.run()

    assert report.recordings == Counts(found=2, matched=1, processed=1, skipped=1)
    assert world.statuses() == {"a.mp4": "UPLOADED", "b.mp4": "SKIPPED"}


def test_a_recording_whose_lease_another_process_holds_is_left_to_it(world: World):
    world.record()
    world.trim.failures = [KeyboardInterrupt()]
    kill(world)
    busy = replace(world.holder, pid=77)
    with world.store.writing() as tx:
        tx.leases.put(lease(f"recording:{world.recording().id}", busy, now=world.clock.now()))

    report = world.run()

    assert (report.items, report.recordings) == ((), Counts(found=1, skipped=1))
    world.dead.add(busy)
    assert [item.status for item in world.run().items] == ["UPLOADED"]


def test_a_process_that_woke_up_behind_anothers_back_writes_nothing(world: World):
    world.record()

    def sleep_long(context: StageContext) -> StageResult:
        thief = replace(world.holder, pid=77)
        with world.store.writing() as tx:
            tx.leases.put(lease(f"recording:{context.recording.id}", thief, now=NOON))
        return original(context)

    original, world.upload.action = world.upload.action, sleep_long

    report = world.run()

    assert report.run.exit_code == 75
    assert world.statuses() == {"a.mp4": "UPLOADING"}
    with world.store.reading() as tx:
        assert tx.recordings.publications(world.recording().id) == []
