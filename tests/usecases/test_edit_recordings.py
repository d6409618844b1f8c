"""Looking at recordings and runs, and deciding about single recordings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.lease import LEASE_TIME, lease
from zoomauto.domain.recording import Recording, RecordingChange, RecordingStatus
from zoomauto.domain.run import RunStatus
from zoomauto.errors import NotFound, PermanentError, Unreachable, UsageError
from zoomauto.usecases.edit_jobs import DeleteJob, UpdateJob
from zoomauto.usecases.edit_recordings import (
    ExplainRecording,
    Explanation,
    ListRecordings,
    ResetRecording,
    RetryRecording,
    ShowRecording,
    SkipRecording,
)
from zoomauto.usecases.edit_templates import TemplateChange, UpdateTemplate
from zoomauto.usecases.show_history import ListRuns, ShowRun

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def retry(world: World, recording: Recording) -> RecordingStatus:
    view = RetryRecording(store=world.store, clock=world.clock)(OWNER, recording.id)
    return view.recording.status


def skip(world: World, recording: Recording) -> Recording:
    use_case = SkipRecording(
        store=world.store, clock=world.clock, workspace=world.workspace, is_alive=world.is_alive
    )
    return use_case(OWNER, recording.id).recording


def reset(world: World, recording: Recording) -> Recording:
    use_case = ResetRecording(
        store=world.store, clock=world.clock, workspace=world.workspace, is_alive=world.is_alive
    )
    return use_case(OWNER, recording.id).recording


def explain(world: World, recording: Recording) -> Explanation:
    return ExplainRecording(store=world.store, clock=world.clock)(OWNER, recording.id, "Daily")


def fail(world: World, error: Exception) -> Recording:
    world.record()
    world.upload.failures = [error]
    world.run()
    return world.recording()


def test_recordings_are_listed_newest_first_with_who_has_them(world: World):
    world.record("old.mp4", ago=timedelta(hours=9), name="Old")
    world.record("new.mp4", name="New", duration=timedelta(seconds=3))
    world.run()
    show = ListRecordings(store=world.store)

    rows = [(v.recording.name, v.source, v.job, v.template) for v in show(OWNER, limit=9)]

    assert rows == [("New", "Zoom", None, None), ("Old", "Zoom", "Daily", "Lectures")]
    assert [v.recording.name for v in show(OWNER, limit=1)] == ["New"]
    assert [v.recording.name for v in show(OWNER, statuses=("uploaded",))] == ["Old"]
    assert show(OWNER, source="Zoom", statuses=("FAILED",)) == []
    with pytest.raises(UsageError, match="no recording status"):
        show(OWNER, statuses=("done",))


def test_a_recording_is_shown_with_its_checkpoints_and_publications(world: World):
    world.record()
    world.run()

    view = ShowRecording(store=world.store)(OWNER, world.recording().id)

    assert [checkpoint.stage for checkpoint in view.checkpoints] == ["download", "trim", "upload"]
    assert [(p.destination, p.location) for p in view.publications] == [
        ("fake:/out", "Lecture.mp4")
    ]
    assert (view.source, view.job, view.template) == ("Zoom", "Daily", "Lectures")


def test_a_recording_of_someone_else_is_not_found(world: World):
    world.record()
    world.run()

    with pytest.raises(NotFound):
        ShowRecording(store=world.store)("bob", world.recording().id)


def test_retry_puts_a_recording_back_to_its_last_finished_stage(world: World):
    recording = fail(world, PermanentError("refused"))

    assert retry(world, recording) is RecordingStatus.PROCESSED
    after = world.recording()
    assert (after.failure, after.attempts, after.last_error) == (None, 0, None)


def test_retry_of_what_has_not_failed_is_refused(world: World):
    world.record()
    world.run()

    with pytest.raises(UsageError, match="has not failed; it is UPLOADED"):
        retry(world, world.recording())


def test_a_parked_recording_of_a_deleted_job_can_be_retried_by_another(world: World):
    recording = fail(world, PermanentError("refused"))
    world.add_job("Second")
    DeleteJob(store=world.store)(OWNER, "Daily")

    assert retry(world, recording) is RecordingStatus.INITIALIZED
    assert [item.status for item in world.run("Second").items] == ["UPLOADED"]


def test_a_skipped_recording_stays_out(world: World):
    recording = fail(world, Unreachable("down"))

    assert skip(world, recording).status is RecordingStatus.SKIPPED
    assert (world.folders(), world.run().items) == ([], ())


def test_what_is_published_cannot_be_skipped(world: World):
    world.record()
    world.run()

    with pytest.raises(UsageError, match="published already"):
        skip(world, world.recording())


@pytest.mark.parametrize("decide", [skip, reset])
def test_a_recording_that_is_being_processed_is_left_alone(world: World, decide: Any):
    recording = fail(world, Unreachable("down"))
    with world.store.writing() as tx:
        tx.leases.put(lease(f"recording:{recording.id}", world.holder, now=NOON))

    with pytest.raises(UsageError, match="is being processed by process 1 on laptop"):
        decide(world, recording)

    # Once the run was killed nobody has to wait.
    world.new_process()
    decide(world, recording)


@pytest.mark.parametrize("decide", [skip, reset])
def test_another_hosts_run_counts_until_its_heartbeats_are_missed(world: World, decide: Any):
    recording = fail(world, Unreachable("down"))
    elsewhere = replace(world.holder, host="server", realm="boot-2")
    with world.store.writing() as tx:
        tx.leases.put(lease(f"recording:{recording.id}", elsewhere, now=NOON))

    with pytest.raises(UsageError, match="is being processed by process 1 on server"):
        decide(world, recording)

    world.clock.move_to(NOON + LEASE_TIME)
    decide(world, recording)


def test_reset_forgets_everything_but_what_was_published(world: World):
    world.record()
    world.run()
    recording = world.recording()

    after = reset(world, recording)

    assert after == replace(
        recording,
        status=RecordingStatus.INITIALIZED,
        taken_by_job_id=None,
        template_id=None,
    )
    with world.store.reading() as tx:
        assert tx.recordings.checkpoints(recording.id) == []
        assert len(tx.recordings.publications(recording.id)) == 1
    world.run()
    assert world.destination.asked == ["Lecture.mp4"]


def test_reset_lets_a_silent_recording_be_heard_again(world: World):
    world.record()
    world.run()
    with world.store.writing() as tx:
        change = {"status": RecordingStatus.SKIPPED, "blank_reason": "no sound"}
        number = world.recording().id
        tx.recordings.update_many(
            [RecordingChange(recording_id=number, values=change)], now=world.clock.now()
        )

    assert reset(world, world.recording()).blank_reason is None


def test_reset_of_what_is_not_finished_waits_for_the_source(world: World):
    world.record(pending="converting")
    world.run()

    assert reset(world, world.recording()).status is RecordingStatus.PENDING_SOURCE


def test_every_template_of_the_job_says_why_it_takes_a_recording_or_not(world: World):
    world.add_template("Maths", keywords=("maths",))
    world.add_template("Draft", is_draft=True)
    world.add_template("Off", is_active=False)
    UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Daily", JobChange(templates=("Draft", "Maths", "Off", "Lectures"))
    )
    world.record()
    UpdateTemplate(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Lectures", TemplateChange(keywords=("lecture",))
    )
    world.run(sync=True)

    explanation = explain(world, world.recording())

    assert [(v.template_name, v.accepted, v.reason) for v in explanation.verdicts] == [
        ("Draft", False, "it is a draft; zoomauto template enable ends that"),
        ("Maths", False, "no exact name, keyword or pattern fits the name"),
        ("Off", False, "it is disabled"),
        ("Lectures", True, 'the name contains "lecture"'),
    ]
    assert explanation.template == "Lectures"
    assert explanation.refusal
    assert explanation.refusal.reason == "UPLOADED; the job takes INITIALIZED"


def test_a_recording_that_the_next_run_takes_has_no_refusal(world: World):
    recording = fail(world, Unreachable("down"))

    explanation = explain(world, recording)

    assert (explanation.refusal, explanation.template, explanation.job) == (
        None,
        "Lectures",
        "Daily",
    )


def test_history_is_shown_newest_first_and_by_job(world: World):
    world.run()
    world.add_job("Second")
    world.clock.move_to(NOON + timedelta(hours=1))
    world.run("Second")
    runs = ListRuns(store=world.store)

    assert [run.job_name for run in runs(OWNER, None, limit=None)] == ["Second", "Daily"]
    assert [run.job_name for run in runs(OWNER, "Daily", limit=5)] == ["Daily"]
    (newest,) = runs(OWNER, None, limit=1)
    assert ShowRun(store=world.store)(OWNER, newest.id) == newest
    assert newest.status is RunStatus.SUCCESS
    with pytest.raises(NotFound):
        ShowRun(store=world.store)("bob", newest.id)
