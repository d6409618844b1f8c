"""What a run of a job does, records and gives back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.run import Counts, RunStatus, SourceReport, Trigger
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.domain.source import Window
from zoomauto.errors import (
    AuthenticationError,
    DiskFull,
    IncompleteListing,
    PermanentError,
    TemporaryError,
    Unreachable,
)
from zoomauto.testing.source import FakeSource
from zoomauto.usecases.edit_jobs import DeleteJob, UpdateJob
from zoomauto.usecases.edit_recordings import ResetRecording
from zoomauto.usecases.edit_sources import SourceChange, UpdateSource
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate
from zoomauto.usecases.run_job import RunRequest

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def update_job(world: World, **change: Any) -> None:
    UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Daily", JobChange(**change)
    )


def update_template(world: World, **change: Any) -> None:
    UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Lectures", TemplateChange(**change)
    )


def update_source(world: World, name: str = "Zoom", **change: Any) -> None:
    UpdateSource(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, name, SourceChange(**change)
    )


def test_a_run_lists_matches_processes_publishes_and_records(world: World):
    world.record()

    report = world.run()

    assert report.sources == (SourceReport(name="Zoom", status="success", found=1, new=1),)
    assert report.recordings == Counts(found=1, matched=1, processed=1)
    assert [(item.name, item.template, item.status) for item in report.items] == [
        ("Lecture", "Lectures", "UPLOADED")
    ]
    assert world.destination.objects == {"Lecture.mp4": b"film cut"}
    assert world.folders() == []


def test_every_stage_says_what_it_did_or_why_not(world: World):
    world.record()

    (item,) = world.run().items

    assert item.stages == {
        "download": "done: copied 1",
        "trim": "done",
        "transcription": "not available: it is not installed",
        "subtitles": "not available: there is no transcript",
        "topics": "not available: there is no transcript",
        "upload": "done",
    }


def test_the_history_row_holds_the_whole_report(world: World):
    world.record()

    report = world.run()

    (row,) = world.history()
    assert replace(report.run, report=row.report) == row
    assert (row.status, row.exit_code, row.trigger) == (RunStatus.SUCCESS, 0, Trigger.MANUAL)
    assert (row.started_at, row.finished_at, row.error) == (NOON, NOON, None)
    assert set(row.report) == {"sources", "recordings", "items", "trashed", "problems"}
    assert row.report["items"][0]["status"] == "UPLOADED"


def test_a_run_counts_and_dates_the_job(world: World):
    world.run()
    world.clock.move_to(NOON + timedelta(hours=1))
    world.run()

    job = world.job()
    assert (job.run_count, job.last_run_at) == (2, NOON + timedelta(hours=1))
    assert job.last_status is RunStatus.SUCCESS


def test_a_second_run_finds_nothing_new_and_processes_nothing(world: World):
    world.record()
    world.run()

    report = world.run()

    assert report.run.exit_code == 0
    assert report.sources == (SourceReport(name="Zoom", status="success", found=1),)
    assert report.recordings == Counts(found=1, skipped=1)
    assert report.items == ()
    assert len(world.destination.asked) == 1


def test_the_first_listing_covers_sync_days_of_the_jobs_own_calendar(empty_world: World):
    world = empty_world
    world.add_source()
    world.add_template()
    world.add_job(schedule=TimeOfDay(time=time(6), timezone="Asia/Tokyo"), sync_days=3)
    world.clock.move_to(datetime(2026, 3, 10, 16, tzinfo=UTC))  # the 11th in Tokyo

    world.run()

    (window,) = world.sources["Zoom"].windows
    assert window.start_at == datetime(2026, 3, 8, 15, tzinfo=UTC)  # the 9th, 00:00 in Tokyo


def test_after_an_outage_the_window_reaches_back_to_the_last_complete_listing(world: World):
    world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.record(ago=9 * DAY)

    report = world.run()

    assert world.sources["Zoom"].windows[-1].start_at == NOON
    assert report.recordings == Counts(found=1, matched=1, processed=1)


def test_an_incomplete_listing_is_stored_and_leaves_the_watermark(world: World):
    world.run()
    world.clock.move_to(NOON + DAY)
    world.record()
    world.sources["Zoom"].fails_with = IncompleteListing("page 2 is missing")

    report = world.run()

    assert report.run.exit_code == 75
    assert report.sources == (
        SourceReport(
            name="Zoom",
            status="failed",
            found=1,
            new=1,
            error="page 2 is missing",
            error_code="incomplete_listing",
        ),
    )
    assert world.source().listed_until == NOON
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_an_outage_before_the_first_complete_listing_is_made_up_for_too(world: World):
    world.sources["Zoom"].fails_with = Unreachable("no network")
    world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.record(ago=9 * DAY)
    world.sources["Zoom"].fails_with = None

    report = world.run()

    assert report.recordings == Counts(found=1, matched=1, processed=1)
    assert [window.start_at.day for window in world.sources["Zoom"].windows] == [9, 9]
    assert world.source().parts_listed_until == {}


def test_a_part_that_fails_keeps_its_own_watermark_and_the_others_move_on(world: World):
    world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.sources["Zoom"].fails_with = IncompleteListing("ann is missing", parts=["ann"])
    world.run()
    world.clock.move_to(NOON + 20 * DAY)

    world.run()

    window = world.sources["Zoom"].windows[-1]
    assert (window.of("ann").start_at, window.start_at) == (NOON, NOON)
    assert window.of("ben").start_at == NOON + 10 * DAY
    assert world.source().listed_until == NOON
    assert world.source().parts_listed_until == {"": NOON + 20 * DAY, "ann": NOON}

    world.sources["Zoom"].fails_with = None
    world.run()
    assert world.source().listed_until == NOON + 20 * DAY
    assert world.source().parts_listed_until == {}


class LateSource(FakeSource):
    """A source whose recordings appear up to two days after they began."""

    late_by = timedelta(days=2)


def test_what_began_before_a_listing_and_appears_after_it_is_found_by_the_next(world: World):
    world.sources["Zoom"] = LateSource()
    world.run()
    world.clock.move_to(NOON + timedelta(days=1))
    # It ran for a day and a half, and is listed only now that it has ended.
    world.record(ago=timedelta(days=1, hours=20))
    assert world.run().recordings.processed == 1


def test_a_window_opened_by_hand_does_not_hide_what_lies_before_it(world: World):
    world.run()
    world.clock.move_to(NOON + 10 * DAY)

    world.run(since=date(2026, 3, 20))

    assert world.sources["Zoom"].windows[-1].start_at == datetime(2026, 3, 20, tzinfo=UTC)
    assert world.source().listed_until == NOON


def test_a_wide_window_opened_by_hand_starts_what_is_old(world: World):
    world.run()
    world.record(ago=20 * DAY)

    assert world.run().items == ()
    assert [item.status for item in world.run(since=date(2026, 2, 1)).items] == ["UPLOADED"]


def test_without_sync_a_run_works_with_what_is_known(world: World):
    world.record()
    world.sync_source(world.source(), Window(start_at=NOON - DAY, end_at=NOON))
    world.sources["Zoom"].fails_with = Unreachable("no network")

    report = world.run(sync=False)

    assert report.sources == (SourceReport(name="Zoom", status="skipped"),)
    assert report.run.exit_code == 0
    assert world.statuses() == {"a.mp4": "UPLOADED"}
    assert world.source().listed_until is None


@pytest.mark.parametrize(
    ("zoom", "folder", "code", "status"),
    [
        (None, None, 0, RunStatus.SUCCESS),
        (Unreachable("down"), None, 3, RunStatus.PARTIAL),
        (AuthenticationError("no"), None, 3, RunStatus.PARTIAL),
        (Unreachable("down"), AuthenticationError("no"), 75, RunStatus.FAILED),
        (AuthenticationError("no"), AuthenticationError("no"), 77, RunStatus.FAILED),
        (ZeroDivisionError("a bug"), None, 3, RunStatus.PARTIAL),
    ],
)
def test_failing_sources_do_not_stop_the_others(
    world: World, zoom: Exception | None, folder: Exception | None, code: int, status: RunStatus
):
    world.add_source("Folder")
    world.sources["Zoom"].fails_with = zoom
    world.sources["Folder"].fails_with = folder
    world.record(source="Folder")

    report = world.run()

    assert (report.run.exit_code, report.run.status) == (code, status)
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_a_source_that_cannot_even_be_opened_is_a_failed_source(world: World):
    world.add_source("Folder")
    del world.sources["Zoom"]
    world.record(source="Folder")

    report = world.run()

    assert [(s.name, s.status, s.error_code) for s in report.sources] == [
        ("Zoom", "failed", "bug"),
        ("Folder", "success", None),
    ]
    assert report.run.error == "source Zoom: KeyError('Zoom')"
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_the_first_template_that_matches_wins_and_the_unmatched_is_left_alone(empty_world: World):
    world = empty_world
    world.add_source()
    world.add_template("Maths", keywords=("maths",))
    world.add_template("Lessons", keywords=("lesson",))
    world.add_job(templates=("Lessons", "Maths"))
    world.record("a.mp4", name="Maths lesson")
    world.record("b.mp4", name="Maths exam")
    world.record("c.mp4", name="Party")

    report = world.run()

    assert {item.name: item.template for item in report.items} == {
        "Maths lesson": "Lessons",
        "Maths exam": "Maths",
    }
    assert report.recordings == Counts(found=3, matched=2, unmatched=1, processed=2)
    assert world.statuses()["c.mp4"] == "INITIALIZED"
    assert world.recording("c.mp4").taken_by_job_id is None


@pytest.mark.parametrize("change", [{"is_draft": True}, {"is_active": False}])
def test_drafts_and_disabled_templates_take_nothing(world: World, change: dict[str, Any]):
    world.add_template("Others", keywords=("other",))
    update_job(world, templates=("Lectures", "Others"))
    update_template(world, **change)
    world.record()

    assert world.run().recordings == Counts(found=1, unmatched=1)


def test_a_job_without_an_active_template_fails_and_says_so(world: World):
    update_template(world, is_active=False)

    report = world.run()

    assert (report.run.status, report.run.exit_code) == (RunStatus.FAILED, 78)
    assert report.run.error == "job 'Daily' has no active template (it names 'Lectures')"
    (row,) = world.history()
    assert (row.status, row.exit_code, row.error) == (RunStatus.FAILED, 78, report.run.error)
    assert (world.job().run_count, world.job().last_status) == (1, RunStatus.FAILED)


def test_a_disabled_source_that_a_template_names_is_told(world: World):
    world.add_source("Folder")
    update_template(world, sources=("Zoom", "Folder"))
    update_source(world, "Folder", is_active=False)

    report = world.run()

    assert report.problems == ("source 'Folder' is disabled",)
    assert (report.run.exit_code, report.run.status) == (3, RunStatus.PARTIAL)
    assert [source.name for source in report.sources] == ["Zoom"]


def test_a_recording_is_taken_by_one_job_only(world: World):
    world.add_job("Second")
    world.record()
    world.upload.failures = [PermanentError("refused")]
    world.run("Daily")

    report = world.run("Second")

    assert report.recordings == Counts(found=1, skipped=1)
    assert report.items == ()
    assert world.recording().taken_by_job_id == world.job("Daily").id


def test_reset_gives_a_recording_free_for_any_job(world: World):
    world.add_job("Second")
    world.record()
    world.upload.failures = [PermanentError("refused")]
    world.run("Daily")
    reset = ResetRecording(
        store=world.store, clock=world.clock, workspace=world.workspace, is_alive=world.is_alive
    )

    reset(OWNER, world.recording().id)

    assert world.folders() == []
    assert world.run("Second").recordings == Counts(found=1, matched=1, processed=1)
    assert world.sources["Zoom"].fetched == ["a.mp4", "a.mp4"]


def test_deleting_a_job_gives_free_what_a_killed_run_had_begun(world: World):
    world.add_job("Second")
    world.record()
    world.upload.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.run("Daily")
    world.new_process()

    DeleteJob(store=world.store)(OWNER, "Daily")

    assert [item.status for item in world.run("Second").items] == ["UPLOADED"]


def test_deleting_a_job_gives_free_what_may_succeed_the_next_time(world: World):
    world.add_job("Second")
    world.record()
    world.upload.failures = [TemporaryError("later")] * 3
    world.run("Daily")

    DeleteJob(store=world.store)(OWNER, "Daily")

    assert [item.status for item in world.run("Second").items] == ["UPLOADED"]


def test_two_sources_with_equal_keys_are_two_recordings(world: World):
    world.add_source("Folder")
    world.record("a.mp4", source="Zoom", name="One", content=b"one")
    world.record("a.mp4", source="Folder", name="Two", content=b"two")

    world.run()

    assert world.destination.objects == {"One.mp4": b"one cut", "Two.mp4": b"two cut"}


def test_with_auto_process_off_a_run_only_syncs_and_matches(world: World):
    update_job(world, settings={"auto_process": "false"})
    world.record()

    report = world.run()

    assert report.recordings == Counts(found=1, matched=1)
    assert report.items == ()
    recording = world.recording()
    assert (recording.status, recording.taken_by_job_id) == ("INITIALIZED", None)
    assert world.folders() == []


def test_what_is_not_finished_at_the_source_waits_and_is_processed_whenever_it_is(world: World):
    world.record(pending="still being converted")
    first = world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.run()
    world.record()

    last = world.run()

    assert first.recordings == Counts(found=1, skipped=1)
    assert last.recordings == Counts(found=1, matched=1, processed=1)
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_a_pending_recording_that_the_source_gave_up_expires(world: World):
    world.record(pending="still being converted")
    world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.sources["Zoom"].recordings = []

    world.run()

    assert world.statuses() == {"a.mp4": "EXPIRED"}


def test_missing_from_a_listing_never_means_deleted(world: World):
    update_job(world, settings={"auto_process": "false"})
    world.record()
    world.run()
    world.sources["Zoom"].recordings = []

    world.run()

    assert world.statuses() == {"a.mp4": "INITIALIZED"}


@pytest.mark.parametrize(
    ("failures", "code", "status"),
    [
        ([], 0, RunStatus.SUCCESS),
        ([PermanentError("broken")], 3, RunStatus.PARTIAL),
        ([PermanentError("broken"), PermanentError("broken")], 65, RunStatus.FAILED),
        ([PermanentError("broken"), Unreachable("down")], 75, RunStatus.FAILED),
    ],
)
def test_the_exit_code_tells_what_became_of_the_recordings(
    world: World, failures: list[BaseException], code: int, status: RunStatus
):
    world.record("a.mp4", ago=timedelta(hours=3), name="A")
    world.record("b.mp4", name="B")
    world.upload.failures = list(failures)

    report = world.run()

    assert (report.run.exit_code, report.run.status) == (code, status)
    failed = len(failures)
    assert report.recordings == Counts(found=2, matched=2, processed=2 - failed, failed=failed)


def test_ctrl_c_saves_the_row_with_what_was_done_and_ends_the_process(world: World):
    world.record("a.mp4", ago=timedelta(hours=3), name="A")
    world.record("b.mp4", name="B")
    world.trim.action = interrupt_second(world)

    with pytest.raises(KeyboardInterrupt):
        world.run()

    (row,) = world.history()
    assert (row.status, row.exit_code) == (RunStatus.FAILED, 130)
    assert row.error == "interrupted; the next run goes on where this one stopped"
    assert [item["status"] for item in row.report["items"]] == ["UPLOADED"]
    assert world.statuses() == {"a.mp4": "UPLOADED", "b.mp4": "PROCESSING"}
    with world.store.reading() as tx:
        assert tx.leases.get(f"job:{world.job().id}") is None


def interrupt_second(world: World) -> Any:
    act = world.trim.action

    def action(context: Any) -> Any:
        if context.recording.name == "B":
            raise KeyboardInterrupt
        return act(context)

    return action


def test_a_killed_run_has_taken_all_it_matched_although_the_window_moves_on(world: World):
    world.run()
    world.clock.move_to(NOON + 10 * DAY)
    world.record("a.mp4", ago=9 * DAY)
    world.record("b.mp4", ago=8 * DAY)
    world.download.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        world.run()
    world.new_process()
    world.clock.move_to(NOON + 11 * DAY)

    world.run()

    assert world.sources["Zoom"].windows[-1].start_at == NOON + 10 * DAY - timedelta(hours=12)
    assert world.statuses() == {"a.mp4": "UPLOADED", "b.mp4": "UPLOADED"}


def test_a_lease_lost_to_another_process_ends_the_run_and_its_row_is_left_alone(world: World):
    world.record("a.mp4", ago=timedelta(hours=3))
    world.record("b.mp4")

    def lose(context: Any) -> Any:
        world.dead.add(world.holder)
        thief = replace(world.holder, pid=99)
        claim = replace(world.claim_run, holder=thief)
        claim.manual(OWNER, "Daily")
        with world.store.writing() as tx:
            tx.leases.release(f"recording:{context.recording.id}", world.holder)
        return original(context)

    original, world.trim.action = world.trim.action, lose

    report = world.run()

    assert (report.run.status, report.run.exit_code) == (RunStatus.FAILED, 75)
    assert world.statuses() == {"a.mp4": "PROCESSING", "b.mp4": "INITIALIZED"}
    assert [(row.id, str(row.status)) for row in world.history()] == [
        (1, "FAILED"),
        (2, "RUNNING"),
    ]
    assert world.job().run_count == 1


class FullStore:
    """The world's store, whose disk is full whenever a publication is to be saved."""

    def __init__(self, world: World) -> None:
        self._store = world.store
        self._upload = world.upload
        self.reading = world.store.reading

    def writing(self, *, owner: str | None = None) -> Any:
        if self._upload.contexts:
            self._upload.contexts.clear()
            raise DiskFull("no space left for the database")
        return self._store.writing(owner=owner)


def test_a_store_that_fails_ends_the_run_and_is_no_recordings_failure(world: World):
    world.record("a.mp4", ago=timedelta(hours=3))
    world.record("b.mp4")
    full: Any = FullStore(world)
    process = replace(world.process_recording, store=full)

    report = replace(world.run_job, process_recording=process)(RunRequest(owner=OWNER, job="Daily"))

    assert report
    assert (report.run.exit_code, report.problems) == (75, ("no space left for the database",))
    assert world.statuses() == {"a.mp4": "UPLOADING", "b.mp4": "INITIALIZED"}


def test_a_job_deleted_while_it_runs_ends_the_run(world: World):
    world.record("a.mp4", ago=timedelta(hours=3), name="A")
    world.record("b.mp4", name="B")

    def delete(context: Any) -> Any:
        if context.recording.name == "A":
            DeleteJob(store=world.store)(OWNER, "Daily")
        return original(context)

    original, world.upload.action = world.upload.action, delete

    report = world.run()

    assert report.run.exit_code == 75
    assert report.problems == ("job 'Daily' was deleted while it ran",)
    assert world.statuses() == {"a.mp4": "UPLOADED", "b.mp4": "INITIALIZED"}
    assert [str(row.status) for row in world.history()] == ["FAILED"]


def test_a_source_removed_while_it_runs_is_no_failure(world: World):
    world.record()

    def remove(context: Any) -> Any:
        with world.store.writing() as tx:
            tx.sources.remove(world.source().id)
        return original(context)

    original, world.trim.action = world.trim.action, remove

    report = world.run()

    assert report.recordings == Counts(found=1, skipped=1)
    assert report.run.exit_code == 0
    assert world.folders() == []


def test_folders_that_no_recording_needs_are_swept_and_those_of_others_kept(world: World):
    world.record()
    world.upload.failures = [Unreachable("down")]
    world.run()
    needed = str(world.recording().id)
    (world.root / "work" / "4711").mkdir()

    world.upload.failures = [Unreachable("down")]
    world.run()

    assert world.folders() == [needed]


def test_a_begun_recording_whose_template_is_gone_is_matched_anew_or_told(world: World):
    world.add_template("Parties", keywords=("party",))
    world.record()
    world.upload.failures = [Unreachable("down")]
    world.run()
    update_job(world, templates=("Parties",))

    report = world.run()

    number = world.recording().id
    (problem,) = report.problems
    assert problem == (
        f"recording {number} (Lecture) was begun and no template of the job takes it any more;"
        f" zoomauto recording reset {number} gives it free"
    )
    world.add_template("Anything")
    update_job(world, templates=("Parties", "Anything"))
    assert [(item.template, item.status) for item in world.run().items] == [
        ("Anything", "UPLOADED")
    ]
