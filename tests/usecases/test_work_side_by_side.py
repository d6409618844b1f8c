"""Several recordings in one run: side by side, told in order, ended together."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.lease import Holder, lease
from zoomauto.domain.run import Counts
from zoomauto.errors import PermanentError
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.usecases import work_side_by_side
from zoomauto.usecases.work_side_by_side import (
    SideBySide,
    Stop,
    StoppableClock,
    StoppableProgress,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.usecases.conftest import World
    from zoomauto.ports.stage import StageContext, StageResult

#: Seconds; far more than anything here takes.
PATIENCE = 60
THIEF = Holder(host="other", realm="boot-9", pid=9, pid_started="9")


@pytest.fixture
def crowded(world: World) -> World:
    """Three recordings, of which a run takes two at a time."""
    world.parallel = 2
    for number in (1, 2, 3):
        world.record(f"{number}.mp4", name=f"Lecture {number}", content=f"film {number}".encode())
    return world


def before(action: Callable[[StageContext], StageResult], first: Callable[[StageContext], Any]):
    def both(context: StageContext) -> StageResult:
        first(context)
        return action(context)

    return both


def work_without_end(context: StageContext) -> None:
    """Tell progress until it raises."""
    with context.progress.step("endless") as step:
        for _ in range(PATIENCE * 1000):
            step.advance(1)
            threading.Event().wait(0.001)
    pytest.fail("nobody ended it")


def leases(world: World) -> list[str]:
    names = [f"recording:{recording.id}" for recording in world.recordings()]
    with world.store.reading() as tx:
        return [name for name in names if tx.leases.get(name) is not None]


def test_two_recordings_are_under_way_at_once_and_told_in_order(crowded: World):
    both_there, last_done = threading.Barrier(2), threading.Event()

    def meet(context: StageContext) -> None:
        if context.recording.key != "3.mp4":
            both_there.wait(PATIENCE)

    def let_the_last_pass(context: StageContext) -> None:
        if context.recording.key == "1.mp4":
            assert last_done.wait(PATIENCE)
        if context.recording.key == "3.mp4":
            last_done.set()

    crowded.download.action = before(crowded.download.action, meet)
    crowded.upload.action = before(crowded.upload.action, let_the_last_pass)

    report = crowded.run()

    assert report.recordings == Counts(found=3, matched=3, processed=3)
    assert [item.name for item in report.items] == ["Lecture 1", "Lecture 2", "Lecture 3"]
    assert sorted(crowded.destination.objects) == [f"Lecture {n}.mp4" for n in (1, 2, 3)]
    assert (crowded.folders(), leases(crowded)) == ([], [])


def test_one_recordings_trouble_is_its_own(crowded: World):
    def fail(context: StageContext) -> None:
        if context.recording.key == "2.mp4":
            raise PermanentError("damaged")

    crowded.trim.action = before(crowded.trim.action, fail)

    report = crowded.run()

    assert [(item.status, item.error) for item in report.items] == [
        ("UPLOADED", None),
        ("FAILED", "damaged"),
        ("UPLOADED", None),
    ]
    assert report.run.exit_code == 3


def test_an_interruption_ends_all_and_saves_what_was_done(crowded: World):
    both_there = threading.Barrier(2)

    def stall(context: StageContext) -> None:
        if both_there.wait(PATIENCE) == 0:
            crowded.interrupt()
        work_without_end(context)

    crowded.trim.action = before(trim := crowded.trim.action, stall)
    with pytest.raises(KeyboardInterrupt):
        crowded.run()

    (row,) = crowded.history()
    assert (row.exit_code, row.error) == (
        130,
        "interrupted; the next run goes on where this one stopped",
    )
    assert leases(crowded) == []
    assert sorted(crowded.statuses().values()) == ["INITIALIZED", "PROCESSING", "PROCESSING"]
    crowded.trim.action = trim
    crowded.run()
    assert set(crowded.statuses().values()) == {"UPLOADED"}
    assert sorted(crowded.sources["Zoom"].fetched) == ["1.mp4", "2.mp4", "3.mp4"]


def test_a_lost_lease_ends_the_other_threads_too(crowded: World):
    crowded.heartbeat_interval = timedelta(milliseconds=5)
    both_there = threading.Barrier(2)

    def lose(context: StageContext) -> None:
        if both_there.wait(PATIENCE) == 0:
            name = f"recording:{context.recording.id}"
            with crowded.store.writing() as tx:
                tx.leases.put(lease(name, THIEF, now=crowded.clock.now()))
        work_without_end(context)

    crowded.trim.action = before(crowded.trim.action, lose)

    report = crowded.run()

    assert (report.run.exit_code, report.code, report.items) == (75, "lease_lost", ())
    assert "took over recording:" in report.problems[0]
    assert len(leases(crowded)) == 1


def test_what_is_done_when_another_thread_ends_the_run_is_told(crowded: World):
    second_done = threading.Event()

    def end(context: StageContext) -> None:
        if context.recording.key == "1.mp4":
            assert second_done.wait(PATIENCE)
            raise KeyboardInterrupt
        if context.recording.key == "3.mp4":
            second_done.set()
            work_without_end(context)

    crowded.trim.action = before(crowded.trim.action, end)
    with pytest.raises(KeyboardInterrupt):
        crowded.run()

    (row,) = crowded.history()
    assert [item["name"] for item in row.report["items"]] == ["Lecture 2"]


def test_a_process_that_ends_does_not_wait_for_what_is_stuck(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work_side_by_side, "_GRACE", timedelta(milliseconds=10))
    stuck, ended = threading.Event(), threading.Event()

    def work(number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt
        stuck.wait(PATIENCE)
        ended.set()

    side_by_side = SideBySide(threads=2, stop=Stop(), check=lambda: None)
    with pytest.raises(KeyboardInterrupt):
        side_by_side([0, 1], work, lambda *_: None)
    assert not ended.is_set()
    stuck.set()
    assert ended.wait(PATIENCE)


def test_a_process_that_goes_on_waits_for_all_its_threads(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work_side_by_side, "_GRACE", timedelta())
    stop, told = Stop(), []

    def work(number: int) -> int:
        if number == 1:
            raise KeyboardInterrupt
        while not stop.is_asked:
            threading.Event().wait(0.001)
        return number

    side_by_side = SideBySide(threads=2, stop=stop, check=lambda: None, is_leaving=lambda: False)
    with pytest.raises(KeyboardInterrupt):
        side_by_side([0, 1, 2], work, lambda *given: told.append(given))
    assert told == [(0, 0)]


def test_one_at_a_time_stays_in_the_callers_thread():
    found: list[tuple[int, threading.Thread]] = []
    side_by_side = SideBySide(threads=1, stop=Stop(), check=lambda: None)
    side_by_side("ab", lambda _: threading.current_thread(), lambda *given: found.append(given))
    assert found == [(0, threading.current_thread()), (1, threading.current_thread())]


def test_a_stop_ends_sleepers_and_whoever_opens_a_step():
    stop, clock = Stop(), FrozenClock(datetime(2026, 3, 10, 12, tzinfo=UTC))
    sleeper = StoppableClock(clock=clock, stop=stop)
    sleeper.sleep(timedelta(seconds=2.5))
    assert clock.slept == [timedelta(seconds=1)] * 2 + [timedelta(seconds=0.5)]
    progress = StoppableProgress(progress=FakeProgress(), stop=stop)
    stop.ask()
    with pytest.raises(KeyboardInterrupt):
        sleeper.sleep(timedelta(seconds=1))
    with pytest.raises(KeyboardInterrupt), progress.step("copy"):
        pass
