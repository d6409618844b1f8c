"""What thousands of schedules cost, each figure beside its floor in the same run.

Rendering and ``diff`` stand beside writing the same text with plain Python; ``job list`` beside
the same next runs computed by cronsim; 4,000 jobs in a real crontab beside a plain file, which
needs root and a namespace of its own. Budget: ten times as many jobs take at most fifteen times
as long.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cronsim import CronSim

from zoomauto.clock import SystemClock
from zoomauto.domain.entry import InstalledPiece, Piece, Wanted, WantedJob, drift
from zoomauto.domain.job import JobSpec
from zoomauto.domain.schedule import CronSchedule, Schedule, TimeOfDay, Weekdays, cron_text
from zoomauto.schedulers.crontab.backend import CrontabScheduler
from zoomauto.schedulers.crontab.render import parse_pieces, render_pieces
from zoomauto.schedulers.systemd.unit_text import render_units
from zoomauto.storage.store import open_store
from zoomauto.usecases.edit_jobs import view

Result = TypeVar("Result")
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
FEW, MANY = 1_000, 10_000
IN_A_CRONTAB = 4_000
BUDGET = 15.0
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "UTC",
)

_CHILD = "--in-a-namespace"
_ENTER = """\
mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs && exec "$@"
"""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured, and its floor."""

    name: str
    seconds: float
    floor: float


def main() -> int:
    """Measure few and many, and print both; give 1 when growth is not linear."""
    options = _parser().parse_known_args()[0]
    if options.child:
        _show(_in_a_crontab(IN_A_CRONTAB))
        return 0
    few, many = (_measure(count) for count in (FEW, MANY))
    print(f"{'':26} {FEW:>9} {MANY:>9} {'growth':>8} {'floor of many':>14}")
    missed = False
    for a, b in zip(few, many, strict=True):
        growth = b.seconds / a.seconds
        missed |= growth > BUDGET
        print(
            f"{b.name:26} {a.seconds:7.2f} s {b.seconds:7.2f} s {growth:6.1f} x {b.floor:12.2f} s"
        )
    if os.geteuid() == 0 and shutil.which("crontab") and shutil.which("unshare"):
        command = [sys.executable, __file__, _CHILD]
        enter = ["unshare", "--mount", "sh", "-c", _ENTER, "sh", *command]
        subprocess.run(enter, check=True)
    else:
        print("a real crontab: not measured, which takes root with unshare and cron")
    return int(missed)


def schedules(count: int) -> list[Schedule]:
    """Make the schedules of so many jobs."""
    dice = random.Random(20261126)  # noqa: S311 - the same jobs every time
    return [_schedule(dice) for _ in range(count)]


def _schedule(dice: random.Random) -> Schedule:
    zone, at = dice.choice(ZONES), time_of_day(dice.randrange(24), dice.randrange(60))
    days = tuple(sorted(dice.sample(range(7), 3)))
    monthly = f"{at.minute} {at.hour} {dice.randint(1, 28)} * *"
    return dice.choice(
        (
            TimeOfDay(time=at, timezone=zone),
            Weekdays(days=days, time=at, timezone=zone),
            CronSchedule(expression=monthly, timezone=zone),
            CronSchedule(expression="0 */6 * * *", timezone=zone),
        )
    )


def jobs_wanted(count: int, *, owner: str = "ann") -> Wanted:
    """Give what so many jobs want of a scheduler."""
    jobs = (
        WantedJob(slug=f"job-{n}", name=f"Job {n}", schedule=schedule)
        for n, schedule in enumerate(schedules(count))
    )
    return Wanted(
        owner=owner,
        installation="ab12",
        program=("/usr/bin/true",),
        host_timezone="Europe/Berlin",
        start_at=NOW,
        jobs=tuple(jobs),
    )


def _measure(count: int) -> list[Figure]:
    wanted = jobs_wanted(count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines, lines_seconds = _timed(lambda: render_pieces(wanted, folder / "wrapper"))
        units, units_seconds = _timed(lambda: render_units(wanted, is_system=False))
        text = "".join(piece.text for piece in lines)
        _, as_one_seconds = _timed(lambda: (folder / "crontab").write_text(text))
        _, as_files_seconds = _timed(lambda: _write_all(units, folder))
        return [
            Figure(name="render crontab", seconds=lines_seconds, floor=as_one_seconds),
            Figure(name="render systemd", seconds=units_seconds, floor=as_files_seconds),
            _diff(wanted, lines, folder / "crontab"),
            _job_list(count, folder),
        ]


def _diff(wanted: Wanted, lines: tuple[Piece, ...], file: Path) -> Figure:
    def compare() -> None:
        fresh = render_pieces(wanted, file.with_name("wrapper"))
        installed: tuple[InstalledPiece, ...] = parse_pieces(file.read_text())
        if drift(fresh, installed):
            raise RuntimeError("what was written is not what was read")

    _, seconds = _timed(compare)
    _, floor = _timed(lambda: file.read_text() == "".join(piece.text for piece in lines))
    return Figure(name="diff (crontab)", seconds=seconds, floor=floor)


def _job_list(count: int, folder: Path) -> Figure:
    store = open_store(f"sqlite:///{folder}/z.db")
    wanted = schedules(count)
    with store.writing() as tx:
        for n, schedule in enumerate(wanted):
            spec = JobSpec(name=f"Job {n}", template_ids=(), schedule=schedule)
            tx.jobs.add("ann", spec, slug=f"job-{n}", now=NOW)

    def listed() -> list[datetime | None]:
        with store.reading() as tx:
            return [view(job, NOW).next_run_at for job in tx.jobs.list("ann")]

    def simulated() -> list[datetime | None]:
        return [
            next(CronSim(cron_text(each), NOW.astimezone(ZoneInfo(each.timezone))), None)
            for each in wanted
        ]

    ours, seconds = _timed(listed)
    theirs, floor = _timed(simulated)
    store.close()
    if ours != theirs:
        raise RuntimeError("cronsim says otherwise")
    return Figure(name="job list", seconds=seconds, floor=floor)


def _in_a_crontab(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        backend = CrontabScheduler(
            owner="ann",
            installation="ab12",
            state_folder=Path(name),
            clock=SystemClock(),
            host_timezone="Europe/Berlin",
        )
        pieces = backend.render(replace(jobs_wanted(count), horizon=timedelta(days=366)))
        file = Path(name, "floor")
        text = "".join(piece.text for piece in pieces)
        _, floor = _timed(lambda: file.write_text(text))
        _, seconds = _timed(lambda: backend.install(pieces))
        installed, read_seconds = _timed(backend.installed)
        if drift(pieces, installed):
            raise RuntimeError("what was written is not what was read")
        return [
            Figure(name=f"install {count} in crontab", seconds=seconds, floor=floor),
            Figure(name=f"read {count} back", seconds=read_seconds, floor=floor),
        ]


def _show(figures: list[Figure]) -> None:
    for figure in figures:
        print(f"{figure.name:26} {figure.seconds:17.2f} s {figure.floor:22.2f} s")


def _write_all(pieces: tuple[Piece, ...], folder: Path) -> None:
    for piece in pieces:
        (folder / piece.name).write_text(piece.text)


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(_CHILD, dest="child", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
