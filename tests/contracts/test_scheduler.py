"""What every scheduler backend promises about the text that it makes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from zoomauto import registry
from zoomauto.domain.entry import Wanted, WantedJob
from zoomauto.domain.schedule import CronSchedule, TimeOfDay
from zoomauto.ports.scheduler import Scheduler
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.scheduler import FakeScheduler

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PROGRAM = ("/usr/bin/zoomauto", "--owner", "ann")
DAILY = WantedJob(slug="daily", name="Daily", schedule=TimeOfDay(time=time(6), timezone="UTC"))
OFTEN = WantedJob(
    slug="often",
    name="100 % \"often\" 'ü' \n\x1b[31m",
    schedule=CronSchedule(expression="*/15 2 * * 1-5", timezone="America/New_York"),
    shift=timedelta(minutes=7),
    timeout=timedelta(hours=2),
)
WANTED = Wanted(
    owner="ann",
    installation="abcd1234",
    program=PROGRAM,
    host_timezone="Europe/Berlin",
    start_at=NOW,
    jobs=(DAILY, OFTEN),
)

Open = Callable[..., Scheduler]


@pytest.fixture(params=[*registry.BUILT_IN["scheduler"], "fake"])
def scheduler(request: pytest.FixtureRequest, tmp_path: Path) -> Scheduler:
    """Each backend there is."""
    clock = FrozenClock(NOW)
    if request.param == "fake":
        return FakeScheduler(clock=clock)
    opened: Scheduler = registry.load("scheduler", request.param)(
        owner="ann", installation="abcd1234", state_folder=tmp_path, clock=clock
    )
    return opened


def test_rendering_is_pure(scheduler: Scheduler, tmp_path: Path):
    assert scheduler.render(WANTED) == scheduler.render(WANTED)
    assert list(tmp_path.iterdir()) == []


def test_every_job_has_pieces_of_its_own_and_the_safety_net_comes_last(scheduler: Scheduler):
    pieces = scheduler.render(WANTED)
    jobs = [piece.job for piece in pieces]

    assert list(dict.fromkeys(jobs)) == ["daily", "often", None]
    assert len({piece.name for piece in pieces}) == len(pieces)
    assert all(piece.text.endswith("\n") and "\x1b" not in piece.text for piece in pieces)


def test_the_text_starts_the_program_as_it_was_given(scheduler: Scheduler):
    def text(job: str | None) -> str:
        return "".join(piece.text for piece in scheduler.render(WANTED) if piece.job == job)

    assert "/usr/bin/zoomauto --owner ann run daily --scheduled" in text("daily")
    assert "/usr/bin/zoomauto --owner ann run often --scheduled" in text("often")
    assert "/usr/bin/zoomauto --owner ann run --due" in text(None)


def test_the_end_of_the_horizon_is_named(scheduler: Scheduler):
    texts = "".join(piece.text for piece in scheduler.render(WANTED) if piece.job == "daily")
    assert f"{NOW + timedelta(days=5 * 366):%Y-%m-%d}" in texts


def test_a_change_of_one_job_changes_no_piece_of_another(scheduler: Scheduler):
    later = replace(DAILY, schedule=TimeOfDay(time=time(7), timezone="UTC"))
    before = scheduler.render(WANTED)
    after = scheduler.render(replace(WANTED, jobs=(later, OFTEN)))

    changed = [old.job for old, new in zip(before, after, strict=True) if old != new]
    assert set(changed) == {"daily"}


def test_without_jobs_the_safety_net_stays(scheduler: Scheduler):
    pieces = scheduler.render(replace(WANTED, jobs=()))
    assert pieces != ()
    assert {piece.job for piece in pieces} == {None}
