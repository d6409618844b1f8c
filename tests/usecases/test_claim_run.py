"""Who may run a job, when, and in which row."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.job_change import JobChange
from zoomauto.domain.lease import LEASE_TIME, Holder, lease
from zoomauto.domain.policy import shift_of
from zoomauto.domain.run import Run, RunStatus, SkipReason, Trigger
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.errors import AlreadyRunning, NotFound
from zoomauto.usecases.edit_jobs import UpdateJob

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
#: The job occurs daily at 06:00 UTC; the world begins at noon of the 10th.
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SIX = datetime(2026, 3, 11, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def update_job(world: World, **change: Any) -> None:
    UpdateJob(store=world.store, clock=world.clock, adapters=world.adapters)(
        OWNER, "Daily", JobChange(**change)
    )


def scheduled(world: World) -> Run | None:
    claim = world.claim_run.scheduled(OWNER, "Daily")
    return claim.run if claim else None


def manual(world: World) -> Run:
    return world.claim_run.manual(OWNER, "Daily").run


def rows(world: World) -> list[tuple[str, str, datetime | None, int]]:
    return [
        (str(run.trigger), str(run.status), run.scheduled_for, run.attempt)
        for run in world.history()
    ]


def job_lease_holder(world: World) -> Holder | None:
    with world.store.reading() as tx:
        found = tx.leases.get(f"job:{world.job().id}")
    return found.holder if found else None


def test_nothing_is_due_before_the_first_occurrence(world: World):
    assert scheduled(world) is None
    assert (world.history(), job_lease_holder(world)) == ([], None)


@pytest.mark.parametrize(
    ("late", "trigger"),
    [
        (timedelta(0), Trigger.SCHEDULE),
        (timedelta(minutes=5), Trigger.SCHEDULE),
        (timedelta(minutes=5, seconds=1), Trigger.CATCH_UP),
        (timedelta(hours=20), Trigger.CATCH_UP),
    ],
)
def test_an_occurrence_is_claimed_and_a_late_one_is_a_catch_up(
    world: World, late: timedelta, trigger: Trigger
):
    world.clock.move_to(SIX + late)

    run = scheduled(world)

    assert run
    assert (run.trigger, run.scheduled_for, run.started_at, run.host) == (
        trigger,
        SIX,
        SIX + late,
        "laptop",
    )
    assert job_lease_holder(world) == world.holder


def test_only_the_newest_missed_occurrence_is_caught_up_and_covers_the_others(world: World):
    world.clock.move_to(SIX + 5 * DAY + timedelta(hours=2))

    world.run_scheduled()
    world.run_scheduled()

    missed, caught_up = world.history()
    assert rows(world) == [
        ("schedule", "SKIPPED", SIX + 4 * DAY, 1),
        ("catch_up", "SUCCESS", SIX + 5 * DAY, 1),
    ]
    assert (missed.skip_reason, missed.exit_code, missed.finished_at) == (
        SkipReason.MISSED,
        0,
        world.clock.now(),
    )
    assert (missed.missed_from, missed.missed_to, missed.missed_count, missed.covered_by) == (
        SIX,
        SIX + 4 * DAY,
        5,
        caught_up.id,
    )
    assert world.job().run_count == 1


def test_a_job_that_catches_nothing_up_records_one_row_for_all_it_missed(world: World):
    update_job(world, policies={"catch_up": "none"})
    world.clock.move_to(SIX + 5 * DAY + timedelta(hours=2))

    assert world.run_scheduled() is None
    assert world.run_scheduled() is None

    (missed,) = world.history()
    assert (missed.status, missed.skip_reason) == (RunStatus.SKIPPED, SkipReason.MISSED)
    assert (missed.missed_from, missed.missed_to, missed.missed_count, missed.covered_by) == (
        SIX,
        SIX + 5 * DAY,
        6,
        None,
    )
    assert job_lease_holder(world) is None


def test_a_job_that_catches_nothing_up_still_starts_within_the_grace_time(world: World):
    update_job(world, policies={"catch_up": "none"})
    world.clock.move_to(SIX + DAY + timedelta(minutes=5))

    world.run_scheduled()

    assert rows(world) == [
        ("schedule", "SKIPPED", SIX, 1),
        ("schedule", "SUCCESS", SIX + DAY, 1),
    ]
    assert world.history()[0].covered_by == world.history()[1].id


def test_a_job_with_jitter_starts_later_for_the_same_occurrence(world: World):
    update_job(world, policies={"jitter_seconds": 3600})
    shift = shift_of(world.job())
    assert timedelta(0) < shift <= timedelta(hours=1)
    world.clock.move_to(SIX + shift - timedelta(seconds=1))
    assert scheduled(world) is None

    world.clock.move_to(SIX + shift + timedelta(minutes=5))
    run = scheduled(world)

    assert run
    assert (run.scheduled_for, run.trigger) == (SIX, Trigger.SCHEDULE)


def paused(world: World, reason: str = "paused after 3 failures in a row") -> None:
    with world.store.writing() as tx:
        tx.jobs.pause(world.job().id, reason, now=world.clock.now())


def test_what_a_paused_job_does_not_run_is_one_row_for_each_pause(world: World):
    paused(world)
    for day in range(3):
        world.clock.move_to(SIX + day * DAY)
        assert scheduled(world) is None
        assert scheduled(world) is None
    update_job(world, is_active=True)
    paused(world)
    world.clock.move_to(SIX + 3 * DAY)
    assert scheduled(world) is None

    assert [
        (str(r.skip_reason), r.scheduled_for, r.missed_to, r.missed_count) for r in world.history()
    ] == [
        ("paused", SIX, SIX + 2 * DAY, 3),
        ("paused", SIX + 3 * DAY, SIX + 3 * DAY, 1),
    ]


def test_an_occurrence_that_is_to_be_queued_is_left_to_the_next_start(world: World):
    update_job(world, policies={"overlap": "queue"})
    world.clock.move_to(SIX)
    scheduled(world)
    running = world.holder
    world.new_process(after_kill=False)
    world.clock.move_to(SIX + DAY)

    assert scheduled(world) is None
    assert rows(world) == [("schedule", "RUNNING", SIX, 1)]

    world.dead.add(running)
    world.run_scheduled()
    assert rows(world) == [
        ("schedule", "SUCCESS", SIX, 2),
        ("schedule", "SUCCESS", SIX + DAY, 1),
    ]


def wait_for_retry(world: World, at: datetime) -> None:
    with world.store.writing() as tx:
        (row,) = tx.runs.unfinished(world.job().id)
        tx.runs.finish(replace(row, error="no network", exit_code=75, next_attempt_at=at))
        tx.leases.release(f"job:{world.job().id}", world.holder)


def test_a_row_that_waits_for_a_retry_is_taken_up_when_its_time_has_come(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    wait_for_retry(world, SIX + timedelta(minutes=10))
    world.clock.move_to(SIX + timedelta(minutes=9))
    assert scheduled(world) is None

    world.clock.move_to(SIX + timedelta(minutes=10))
    run = scheduled(world)

    assert run
    assert (run.attempt, run.error, run.next_attempt_at) == (2, None, None)


def test_a_retry_that_a_wrong_clock_put_off_for_years_does_not_wait(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    wait_for_retry(world, SIX + 3000 * DAY)

    assert scheduled(world)


def test_a_newer_occurrence_makes_a_waiting_retry_needless(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    wait_for_retry(world, SIX + DAY + timedelta(hours=1))
    world.clock.move_to(SIX + DAY)

    world.run_scheduled()

    assert rows(world) == [
        ("schedule", "FAILED", SIX, 1),
        ("schedule", "SUCCESS", SIX + DAY, 1),
    ]
    assert (world.history()[0].error, world.history()[0].next_attempt_at) == ("no network", None)


def test_a_start_by_hand_takes_up_a_waiting_retry_at_once(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    wait_for_retry(world, SIX + timedelta(hours=1))

    assert manual(world).attempt == 2


def test_a_needless_start_leaves_no_row_and_no_lease(world: World):
    world.clock.move_to(SIX)
    world.run_scheduled()

    assert world.run_scheduled() is None
    assert rows(world) == [("schedule", "SUCCESS", SIX, 1)]
    assert job_lease_holder(world) is None


def test_a_scheduled_start_of_a_disabled_job_does_nothing(world: World):
    update_job(world, is_active=False)
    world.clock.move_to(SIX)

    assert scheduled(world) is None
    assert world.history() == []


def test_a_disabled_job_can_be_run_by_hand(world: World):
    update_job(world, is_active=False)

    assert manual(world).trigger is Trigger.MANUAL


def test_an_edit_never_starts_a_time_that_lay_before_it(world: World):
    world.clock.move_to(SIX + timedelta(hours=2))
    world.run_scheduled()
    update_job(world, schedule=TimeOfDay(time=time(7), timezone="UTC"))

    assert world.run_scheduled() is None
    world.clock.move_to(SIX + DAY + timedelta(hours=1))
    assert world.run_scheduled()
    assert [row[2] for row in rows(world)] == [SIX, SIX + DAY + timedelta(hours=1)]


def test_what_was_missed_while_a_job_was_disabled_is_not_caught_up(world: World):
    update_job(world, is_active=False)
    world.clock.move_to(SIX + timedelta(minutes=1))
    update_job(world, is_active=True)

    assert world.run_scheduled() is None


def test_a_change_that_leaves_the_schedule_alone_does_not_lose_an_occurrence(world: World):
    world.clock.move_to(SIX + timedelta(minutes=1))
    update_job(world, description="new words")

    assert scheduled(world)


def test_a_second_run_by_hand_is_refused_and_names_the_holder(world: World):
    manual(world)
    world.clock.move_to(NOON + timedelta(minutes=3))
    world.new_process(after_kill=False)

    with pytest.raises(AlreadyRunning) as caught:
        manual(world)

    assert caught.value.exit_code == 75
    assert caught.value.message == (
        "job 'Daily' is running already: process 1 on laptop, since 2026-03-10 12:00:00 UTC"
    )
    assert rows(world) == [("manual", "RUNNING", None, 1)]


def test_a_scheduled_start_beside_a_running_one_is_a_skipped_row(world: World):
    manual(world)
    world.new_process(after_kill=False)
    world.clock.move_to(SIX)

    assert scheduled(world) is None

    skipped = world.history()[1]
    assert replace(skipped, id=0) == Run(
        id=0,
        owner=OWNER,
        job_id=world.job().id,
        job_name="Daily",
        trigger=Trigger.SCHEDULE,
        scheduled_for=SIX,
        status=RunStatus.SKIPPED,
        started_at=SIX,
        finished_at=SIX,
        skip_reason=SkipReason.OVERLAP,
        exit_code=0,
        host="laptop",
    )
    assert (world.job().run_count, job_lease_holder(world)) == (0, replace(world.holder, pid=1))


def test_a_second_start_for_the_same_occurrence_leaves_no_row(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    world.new_process(after_kill=False)

    assert scheduled(world) is None
    assert rows(world) == [("schedule", "RUNNING", SIX, 1)]


def test_a_dead_processs_row_is_taken_up_again_at_once_in_the_same_row(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    world.new_process()
    world.clock.move_to(SIX + timedelta(seconds=1))

    run = scheduled(world)

    assert run
    assert (run.attempt, run.started_at) == (2, SIX + timedelta(seconds=1))
    assert rows(world) == [("schedule", "RUNNING", SIX, 2)]


def test_a_start_by_hand_takes_up_an_unfinished_occurrence(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    world.new_process()

    manual(world)

    assert rows(world) == [("schedule", "RUNNING", SIX, 2)]


def test_another_hosts_row_is_taken_up_only_after_three_missed_heartbeats(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    world.new_process(realm="boot-2", host="server")
    world.clock.move_to(SIX + LEASE_TIME - timedelta(seconds=1))
    assert scheduled(world) is None

    world.clock.move_to(SIX + LEASE_TIME)
    run = scheduled(world)

    assert run
    assert (run.attempt, run.host) == (2, "server")


def test_an_unfinished_run_by_hand_is_closed_and_counted(world: World):
    manual(world)
    world.new_process()
    world.clock.move_to(NOON + timedelta(hours=1))

    world.run()

    interrupted, finished = world.history()
    assert (interrupted.status, interrupted.exit_code, interrupted.error) == (
        RunStatus.FAILED,
        75,
        "interrupted: the process on laptop ended without finishing it",
    )
    assert finished.status is RunStatus.SUCCESS
    assert (world.job().run_count, world.job().last_run_at) == (2, NOON + timedelta(hours=1))


def test_an_unfinished_occurrence_is_finished_before_a_newer_one_is_begun(world: World):
    world.clock.move_to(SIX)
    scheduled(world)
    world.new_process()
    world.clock.move_to(SIX + DAY)

    world.run_scheduled()

    assert rows(world) == [
        ("schedule", "SUCCESS", SIX, 2),
        ("schedule", "SUCCESS", SIX + DAY, 1),
    ]


def test_a_needless_start_still_closes_what_a_dead_process_left(world: World):
    world.clock.move_to(SIX)
    world.run_scheduled()
    manual(world)
    world.new_process()

    assert scheduled(world) is None
    assert rows(world) == [("schedule", "SUCCESS", SIX, 1), ("manual", "FAILED", None, 1)]
    assert job_lease_holder(world) is None


def test_a_clock_that_was_set_back_runs_nothing_twice(world: World):
    world.clock.move_to(SIX)
    world.run_scheduled()
    world.clock.move_to(SIX - timedelta(minutes=30))
    assert world.run_scheduled() is None
    world.clock.move_to(SIX)

    assert world.run_scheduled() is None
    assert len(world.history()) == 1


def test_a_clock_that_was_far_ahead_does_not_hold_up_what_comes(world: World):
    world.clock.move_to(SIX + 5000 * DAY)
    world.run_scheduled()
    world.clock.move_to(SIX)

    world.run_scheduled()

    assert [row[:3] for row in rows(world)] == [
        ("schedule", "SKIPPED", SIX + 4999 * DAY),
        ("schedule", "SUCCESS", SIX + 5000 * DAY),
        ("schedule", "SUCCESS", SIX),
    ]


def test_two_starts_at_once_make_one_run(world: World):
    world.clock.move_to(SIX)
    claims: list[object] = []
    barrier = threading.Barrier(2)
    other = replace(world.claim_run, holder=replace(world.holder, pid=2))

    def start(claim_run: Any) -> None:
        barrier.wait()
        claims.append(claim_run.scheduled(OWNER, "Daily"))

    threads = [threading.Thread(target=start, args=(c,)) for c in (world.claim_run, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(claim is not None for claim in claims) == 1
    assert rows(world) == [("schedule", "RUNNING", SIX, 1)]


def test_an_unknown_job_is_told(world: World):
    with pytest.raises(NotFound):
        world.claim_run.scheduled(OWNER, "Weekly")


def test_a_lease_without_a_row_does_not_keep_the_job_from_running(world: World):
    """A kill between the two is impossible, but a restored database may hold such a lease."""
    with world.store.writing() as tx:
        dead = replace(world.holder, pid=9)
        tx.leases.put(lease(f"job:{world.job().id}", dead, now=NOON + 900 * DAY))
    world.dead.add(replace(world.holder, pid=9))

    assert manual(world).attempt == 1
