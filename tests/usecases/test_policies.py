"""Runs that take too long, fail and are repeated, fail time and again, or wait for each other."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.run import RunReport, RunStatus
from zoomauto.errors import AuthenticationError, Unreachable
from zoomauto.usecases.edit_jobs import UpdateJob
from zoomauto.usecases.hold_lease import Heartbeat
from zoomauto.usecases.run_due import DueFailure, DueReport, RunDue

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
#: The job occurs daily at 06:00 UTC; the world begins at noon of the 10th.
SIX = datetime(2026, 3, 11, 6, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def change(world: World, name: str = "Daily", **wanted: Any) -> None:
    UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, name, JobChange(**wanted)
    )


def break_source(world: World) -> None:
    world.sources["Zoom"].fails_with = Unreachable("no network")


def mend_source(world: World) -> None:
    world.sources["Zoom"].fails_with = None


def facts(report: RunReport | None) -> tuple[str, int | None, datetime | None]:
    assert report
    return str(report.run.status), report.run.exit_code, report.run.next_attempt_at


def rows(world: World) -> list[tuple[str, datetime | None, int, datetime | None]]:
    return [(str(r.status), r.scheduled_for, r.attempt, r.next_attempt_at) for r in world.history()]


def run_due(world: World, **parts: Any) -> RunDue:
    return RunDue(store=world.store, claim=world.claim_run, run_job=lambda: world.run_job, **parts)


def test_a_temporary_failure_is_repeated_in_its_row_with_growing_gaps_and_then_ends(world: World):
    change(world, policies={"retries": 2, "retry_gap_seconds": 600})
    break_source(world)
    world.clock.move_to(SIX)
    first = world.run_scheduled()
    assert facts(first) == ("FAILED", 75, SIX + 10 * MINUTE)
    assert rows(world) == [("RUNNING", SIX, 1, SIX + 10 * MINUTE)]
    assert world.job().run_count == 0

    world.clock.move_to(SIX + 10 * MINUTE)
    assert facts(world.run_scheduled()) == ("FAILED", 75, SIX + 30 * MINUTE)
    world.clock.move_to(SIX + 30 * MINUTE)
    assert facts(world.run_scheduled()) == ("FAILED", 75, None)

    assert rows(world) == [("FAILED", SIX, 3, None)]
    assert (world.job().run_count, world.job().last_status) == (1, RunStatus.FAILED)


def test_a_repeated_run_that_succeeds_is_one_successful_run(world: World):
    change(world, policies={"retries": 2})
    break_source(world)
    world.clock.move_to(SIX)
    world.run_scheduled()
    mend_source(world)
    world.clock.move_to(SIX + 10 * MINUTE)

    world.run_scheduled()

    (run,) = world.history()
    assert (run.status, run.attempt, run.error, run.exit_code) == (RunStatus.SUCCESS, 2, None, 0)
    assert (world.job().run_count, world.job().failures_in_row) == (1, 0)


def test_refused_credentials_are_not_repeated(world: World):
    change(world, policies={"retries": 2})
    world.sources["Zoom"].fails_with = AuthenticationError("refused")
    world.clock.move_to(SIX)

    assert facts(world.run_scheduled()) == ("FAILED", 77, None)
    assert rows(world) == [("FAILED", SIX, 1, None)]


def test_a_run_by_hand_is_not_repeated(world: World):
    change(world, policies={"retries": 2})
    break_source(world)

    assert facts(world.run()) == ("FAILED", 75, None)


def test_a_job_that_fails_three_times_in_a_row_is_paused_and_says_so(world: World):
    change(world, policies={"pause_after": 3})
    break_source(world)
    reports = []
    for day in range(4):
        world.clock.move_to(SIX + day * DAY)
        reports.append(world.run_scheduled())

    job = world.job()
    assert (job.spec.is_active, job.failures_in_row) == (False, 3)
    assert job.paused_reason == (
        "paused after 3 failures in a row; the last: source Zoom: no network"
    )
    assert [report.problems if report else None for report in reports] == [
        (),
        (),
        ("the job is paused after 3 failures in a row; zoomauto job enable daily ends that",),
        None,
    ]
    assert reports[2]
    assert str(reports[2].run.error).startswith("source Zoom: no network; the job is paused")
    assert world.history()[-1].missed_count == 1


def test_a_success_between_failures_begins_the_count_again(world: World):
    change(world, policies={"pause_after": 2})
    for day, fails in enumerate([True, False, True]):
        (break_source if fails else mend_source)(world)
        world.clock.move_to(SIX + day * DAY)
        world.run_scheduled()

    assert (world.job().spec.is_active, world.job().failures_in_row) == (True, 1)


def test_switching_a_paused_job_on_forgets_the_failures(world: World):
    change(world, policies={"pause_after": 1})
    break_source(world)
    world.run()
    assert world.job().paused_reason

    change(world, is_active=True)

    job = world.job()
    assert (job.spec.is_active, job.paused_reason, job.failures_in_row) == (True, None, 0)


def test_a_run_that_takes_too_long_is_ended_and_keeps_what_it_did(world: World):
    world.heartbeat_interval = timedelta(milliseconds=2)
    change(world, policies={"timeout_seconds": 3600, "retries": 1})
    world.record()
    world.clock.move_to(SIX)
    fetch = world.download.action

    def stall(*arguments: Any) -> Any:
        world.clock.move_to(SIX + timedelta(hours=1))
        threading.Event().wait(30)
        return fetch(*arguments)

    world.download.action = stall
    report = world.run_scheduled()

    assert report
    assert facts(report) == ("FAILED", 75, SIX + 70 * MINUTE)
    assert (report.problems, report.code) == (("timed out after 1:00:00",), "temporary")
    assert world.statuses() == {"a.mp4": "DOWNLOADING"}
    world.download.action = fetch
    world.clock.move_to(SIX + 70 * MINUTE)
    world.run_scheduled()
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_an_interrupt_that_comes_late_hits_nothing_after_the_work(world: World):
    heartbeat = Heartbeat(
        store=world.store,
        clock=world.clock,
        holder=world.holder,
        interval=timedelta(milliseconds=2),
    )
    asked = threading.Event()

    def work() -> None:
        with heartbeat.limited(MINUTE, asked.set):
            world.clock.move_to(world.clock.now() + MINUTE)
            asked.wait(30)
            threading.Timer(0.02, world.interrupt).start()

    with heartbeat.beating(), pytest.raises(KeyboardInterrupt):
        work()

    assert heartbeat.is_overdue


def test_an_occurrence_queued_behind_a_run_by_hand_is_run_right_after_it(world: World):
    change(world, policies={"overlap": "queue"})
    world.record()
    fetch = world.download.action

    def while_time_passes(*arguments: Any) -> Any:
        world.clock.move_to(SIX)
        return fetch(*arguments)

    world.download.action = while_time_passes
    report = world.run()

    assert [run.run.scheduled_for for run in (report, *report.followed_by)] == [None, SIX]
    assert [(str(r.trigger), str(r.status)) for r in world.history()] == [
        ("manual", "SUCCESS"),
        ("schedule", "SUCCESS"),
    ]


def test_without_a_queue_nothing_follows(world: World):
    world.record()
    fetch = world.download.action

    def while_time_passes(*arguments: Any) -> Any:
        world.clock.move_to(SIX)
        return fetch(*arguments)

    world.download.action = while_time_passes

    assert world.run().followed_by == ()
    assert len(world.history()) == 1


def test_run_due_runs_every_job_that_is_due_and_no_other(world: World):
    world.add_job("Also daily")
    world.add_job("Switched off", is_active=False)
    world.clock.move_to(SIX)

    report = run_due(world)(OWNER)

    assert [run.run.job_name for run in report.runs] == ["Daily", "Also daily"]
    assert (report.failures, report.exit_code) == ((), 0)
    assert run_due(world)(OWNER) == DueReport(runs=())


def test_run_due_reads_the_jobs_once_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    for number in range(4):
        world.add_job(f"Job {number}")
    asked: list[str] = []
    with world.store.reading() as tx:
        kind = type(tx.jobs)
    read = kind.list

    def counted(jobs: Any, owner: str) -> Any:
        asked.append(owner)
        return read(jobs, owner)

    monkeypatch.setattr(kind, "list", counted)
    run_due(world)(OWNER)
    assert asked == [OWNER]


def test_run_due_makes_nothing_for_a_run_while_nothing_is_due(world: World):
    def never() -> Any:
        pytest.fail("nothing was due")

    due = RunDue(store=world.store, claim=world.claim_run, run_job=never)

    assert due(OWNER) == DueReport(runs=())


def test_run_due_takes_up_what_a_dead_process_left(world: World):
    world.clock.move_to(SIX)
    world.claim_run.scheduled(OWNER, "Daily")
    world.new_process()

    run_due(world)(OWNER)

    assert rows(world) == [("SUCCESS", SIX, 2, None)]


def test_run_due_repeats_what_waits_for_a_retry(world: World):
    change(world, policies={"retries": 1})
    break_source(world)
    world.clock.move_to(SIX)
    world.run_scheduled()
    mend_source(world)
    world.clock.move_to(SIX + 10 * MINUTE)

    run_due(world)(OWNER)

    assert rows(world) == [("SUCCESS", SIX, 2, None)]


def test_one_jobs_failure_stops_no_other_and_gives_the_worst_exit_code(world: World):
    world.add_job("Also daily")
    world.clock.move_to(SIX)
    calls: list[str] = []

    def run_job() -> Any:
        def call(request: Any) -> RunReport | None:
            calls.append(request.job)
            if len(calls) == 1:
                raise ZeroDivisionError("a bug")
            return world.run_job(request)

        return call

    report = RunDue(store=world.store, claim=world.claim_run, run_job=run_job)(OWNER)

    assert [run.run.job_name for run in report.runs] == ["Also daily"]
    assert report.failures == (
        DueFailure(
            job="Daily",
            code="bug",
            message="ZeroDivisionError('a bug')",
            hint=None,
            exit_code=1,
        ),
    )
    assert report.exit_code == 1


def test_run_due_refreshes_the_entries_at_its_end_even_after_failures(world: World):
    break_source(world)
    world.clock.move_to(SIX)

    report = run_due(world, refresh=lambda: f"{len(world.history())} runs before")(OWNER)

    assert (report.remark, report.exit_code) == ("1 runs before", 75)


def test_entries_that_cannot_be_refreshed_are_a_failure_of_no_job(world: World):
    def refresh() -> str | None:
        raise Unreachable("no crontab", hint="apt install cron")

    report = run_due(world, refresh=refresh)(OWNER)

    assert report == DueReport(
        runs=(),
        failures=(
            DueFailure(
                job=None,
                code="unreachable",
                message="no crontab",
                hint="apt install cron",
                exit_code=75,
            ),
        ),
    )


def test_a_blank_recording_counts_as_skipped_and_what_comes_after_a_failure_as_not_reached(
    world: World,
):
    world.record("blank.mp4")
    cut = world.trim.action
    world.trim.action = lambda *given: replace(cut(*given), blank_reason="no sound")
    counts = world.run().recordings
    assert (counts.processed, counts.skipped, counts.failed) == (0, 1, 0)

    world.record("b.mp4")
    world.trim.action = cut
    world.download.failures = [Unreachable("gone")]
    (item,) = world.run().items
    assert {name: item.stages[name] for name in ("download", "trim", "upload")} == {
        "download": "failed: gone",
        "trim": "not reached",
        "upload": "not reached",
    }
