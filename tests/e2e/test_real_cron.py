"""Real nights of Debian's cron, clock changes included, an hour in half a minute.

The daemon runs under libfaketime in a mount and process namespace of its own, before other work: it
is to be late by its own doing only. What it starts sees the real time, since cron hands on no
environment; the started program computes the daemon's.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zoomauto.domain.entry import Wanted, WantedJob
from zoomauto.domain.occurrence import occurrences_between
from zoomauto.domain.schedule import CronSchedule
from zoomauto.schedulers.crontab.backend import CrontabScheduler
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.typist import open_typist

pytestmark = pytest.mark.slow

SPEED = 120
#: With the real program, a start of which costs half a second.
REAL_SPEED = 60
#: Cron is still starting, or already being ended.
EDGE = timedelta(minutes=3)
LATEST = timedelta(minutes=1)
PRELOAD = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)

SCHEDULES = (
    ("0 2 * * *", "Europe/Berlin"),
    ("30 2 * * *", "Europe/Berlin"),
    ("0 3 * * *", "Europe/Berlin"),
    ("0 1-3 * * *", "Europe/Berlin"),
    ("0 */2 * * *", "Europe/Berlin"),
    ("*/15 * * * *", "Europe/Berlin"),
    ("0 1 * * *", "Europe/London"),
    ("30 1 * * *", "Europe/London"),
    ("30 1 * * *", "America/New_York"),
    ("30 2 * * *", "America/New_York"),
    ("0 * * * *", "America/New_York"),
    ("45 1 * * *", "Australia/Lord_Howe"),
    ("0 2 * * *", "Australia/Lord_Howe"),
    ("15 2 * * *", "Australia/Lord_Howe"),
    ("*/20 * * * *", "Australia/Lord_Howe"),
    ("30 6,7,20,21 * * *", "Asia/Kolkata"),
    ("10 0-23 * * *", "Asia/Kolkata"),
    ("40 0-23 * * *", "America/St_Johns"),
)
JOBS = tuple(
    WantedJob(
        slug=f"job-{number}",
        name=f"{expression} in {zone}",
        schedule=CronSchedule(expression=expression, timezone=zone),
    )
    for number, (expression, zone) in enumerate(SCHEDULES)
)


@dataclass(frozen=True, kw_only=True)
class Night:
    """A host, and the time its night begins: fifty minutes before its clock changes."""

    host_timezone: str
    start: datetime
    length: timedelta = timedelta(hours=2, minutes=20)
    speed: int = SPEED

    def occurrences(
        self, jobs: Sequence[WantedJob], edge: timedelta = EDGE
    ) -> list[tuple[str, datetime]]:
        """Give slug and instant of all that must be started, but for both edges of the night."""
        start, end = self.start + EDGE, self.start + self.length - edge
        return [
            (job.slug, occurrence.astimezone(UTC))
            for job in jobs
            for occurrence in occurrences_between(job.schedule, start, end)
        ]


NIGHTS = {
    "Berlin skips an hour": Night(
        host_timezone="Europe/Berlin", start=datetime(2026, 3, 29, 0, 10, tzinfo=UTC)
    ),
    "Berlin repeats an hour": Night(
        host_timezone="Europe/Berlin", start=datetime(2026, 10, 25, 0, 10, tzinfo=UTC)
    ),
    "New York repeats an hour": Night(
        host_timezone="America/New_York", start=datetime(2026, 11, 1, 5, 10, tzinfo=UTC)
    ),
    "Lord Howe skips half an hour": Night(
        host_timezone="Australia/Lord_Howe", start=datetime(2026, 10, 3, 14, 40, tzinfo=UTC)
    ),
    "Lord Howe repeats half an hour": Night(
        host_timezone="Australia/Lord_Howe", start=datetime(2026, 4, 4, 14, 10, tzinfo=UTC)
    ),
}

_ENTER = """\
set -e
mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
mkdir /run/empty
mount --bind /run/empty /etc/cron.d
mount --bind /dev/null /etc/crontab
crontab "$1"
cat /proc/uptime > "$6"
exec nice -n -10 timeout "$2" env TZ="$3" LD_PRELOAD="$4" FAKETIME="$5" cron -f
"""
#: Sets ``now``: the daemon's clock, in seconds since the epoch, at the moment it made this process;
#: how long that waited for a processor is no matter. Field 22 counts hundredths since the boot.
_CLOCK = """\
#!/bin/sh
read -r up _ < {folder}/started
now=$(({start} + ($(cut -d' ' -f22 /proc/$$/stat) - ${{up%.*}}${{up#*.}}) * {speed} / 100))
"""
_RECORD = 'echo "$2 $now" >> {folder}/starts\n'

Starts = Mapping[str, Sequence[datetime]]


def begin(
    night: Night, folder: Path, *, program: str, jobs: Sequence[WantedJob]
) -> subprocess.Popen[bytes]:
    """Start a night of cron; ``program`` is the shell text that each of its entries runs."""
    script = folder / "program"
    start = night.start.timestamp()
    text = (_CLOCK + program).format(folder=folder, speed=night.speed, start=f"{start:.0f}")
    script.write_text(text)
    script.chmod(0o755)
    crontab = folder / "crontab"
    # Two thousand starts must not become as many mails.
    crontab.write_text('MAILTO=""\n' + rendered(night, script, jobs))
    # By offset: a time of day would be ambiguous in a repeated hour.
    fake = f"{start - time.time():.3f} x{night.speed}"
    length = f"{night.length.total_seconds() / night.speed:.0f}"
    unshare = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    started = str(folder / "started")
    arguments = (str(crontab), length, night.host_timezone, str(PRELOAD), fake, started)
    return subprocess.Popen([*unshare, "sh", "-c", _ENTER, "sh", *arguments])


def rendered(night: Night, program: Path, jobs: Sequence[WantedJob]) -> str:
    """Give the lines that the backend would install."""
    backend = CrontabScheduler(
        owner="ann",
        installation="ab12",
        state_folder=program.parent,
        clock=FrozenClock(night.start),
    )
    wanted = Wanted(
        owner="ann",
        installation="ab12",
        program=(str(program),),
        host_timezone=night.host_timezone,
        start_at=night.start - timedelta(days=30),
        jobs=tuple(jobs),
    )
    return "".join(piece.text for piece in backend.render(wanted) if piece.job)


@pytest.fixture(scope="module")
def starts(
    component: Callable[[object, str], None], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Starts]:
    """Run every night at the same time; give the starts of each job."""
    component(shutil.which("cron"), "cron")
    component(PRELOAD, "faketime")
    component(os.geteuid() == 0, "root")
    folders = {name: tmp_path_factory.mktemp("night") for name in NIGHTS}
    running = [
        begin(night, folders[name], program=_RECORD, jobs=JOBS) for name, night in NIGHTS.items()
    ]
    _wait(running)
    return {name: _starts(folder / "starts") for name, folder in folders.items()}


def test_every_occurrence_has_a_start_at_most_a_minute_late(starts: Mapping[str, Starts]):
    # One test: processes that share tests would live through all nights each.
    late = [
        (name, slug, occurrence)
        for name, night in NIGHTS.items()
        for slug, occurrence in night.occurrences(JOBS)
        if not any(
            timedelta() <= start - occurrence <= LATEST for start in starts[name].get(slug, ())
        )
    ]
    assert late == []
    assert all(len(night.occurrences(JOBS)) > len(JOBS) for night in NIGHTS.values())


def _wait(running: Sequence[subprocess.Popen[bytes]]) -> None:
    codes = [process.wait() for process in running]
    assert set(codes) == {124}, "timeout(1) did not end cron: cron ended by itself"


def _starts(file: Path) -> Starts:
    found: dict[str, list[datetime]] = defaultdict(list)
    for line in file.read_text().splitlines():
        slug, at = line.split()
        found[slug].append(datetime.fromtimestamp(int(at), UTC))
    return found


#: Starts of the real program cost seconds, so there are fewer: ten jobs, in five zones.
REAL_JOBS = tuple(JOBS[number] for number in (0, 1, 3, 5, 6, 8, 10, 12, 13, 16))
REAL_NIGHTS = {
    name: replace(NIGHTS[name], length=timedelta(hours=2), speed=REAL_SPEED)
    for name in ("Berlin repeats an hour", "Lord Howe skips half an hour")
}
#: What is started at the very end is not done before cron is ended.
REAL_EDGE = timedelta(minutes=30)
_RUN = """\
export FAKETIME="@$(date -u -d @$now '+%Y-%m-%d %H:%M:%S')" TZ=UTC HOME={folder}
export LD_PRELOAD={preload} FAKETIME_DONT_FAKE_MONOTONIC=1
exec nice -n 10 {python} -m zoomauto --database-url sqlite:///{folder}/z.db --owner ann "$@" \
    >> {folder}/said 2>&1
"""


@pytest.fixture(scope="module")
def real_runs(
    component: Callable[[object, str], None], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """Run nights with the real program and an empty folder; give each night's folder."""
    component(shutil.which("cron"), "cron")
    component(PRELOAD, "faketime")
    component(os.geteuid() == 0, "root")
    before = tmp_path_factory.mktemp("before")
    _save_jobs(before)
    folders = {name: tmp_path_factory.mktemp("real") for name in REAL_NIGHTS}
    program = _RUN.replace("{preload}", str(PRELOAD)).replace("{python}", sys.executable)
    for folder in folders.values():
        shutil.copy(before / "z.db", folder)
    running = [
        begin(night, folders[name], program=program, jobs=REAL_JOBS)
        for name, night in REAL_NIGHTS.items()
    ]
    _wait(running)
    return folders


def test_the_real_program_claims_every_occurrence_once(real_runs: Mapping[str, Path]):
    claimed = {name: _claimed(REAL_NIGHTS[name], folder) for name, folder in real_runs.items()}
    assert claimed == {
        name: sorted(night.occurrences(REAL_JOBS, edge=REAL_EDGE))
        for name, night in REAL_NIGHTS.items()
    }
    assert [(folder / "said").read_text() for folder in real_runs.values()] == ["", ""]


def _claimed(night: Night, folder: Path) -> list[tuple[str, datetime]]:
    runs = json.loads(_zoomauto(folder, "history", "list", "--limit", "0", "-o", "json"))["data"]
    start, end = night.start + EDGE, night.start + night.length - REAL_EDGE
    return sorted(
        (run["job"], at)
        for run in runs
        if start < (at := datetime.fromisoformat(run["scheduled_for"])) <= end
    )


def _save_jobs(folder: Path) -> None:
    (folder / "in").mkdir()
    commands = [
        ("quota", "set", "--max-jobs", "unlimited", "--min-interval-hours", "none"),
        ("source", "add", "in", "--type", "folder", "--option", f"path={folder}/in"),
        ("template", "create", "all", "--destination", f"folder:{folder}/out"),
    ]
    for job in REAL_JOBS:
        assert isinstance(job.schedule, CronSchedule)
        when = ("--cron", job.schedule.expression, "--timezone", job.schedule.timezone)
        commands.append(("job", "create", job.slug, "--template", "all", *when))
    with open_typist(_before(folder)) as typed:
        assert {typed(*_options(folder), *words).code for words in commands} == {0}


def _zoomauto(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "zoomauto", *_options(folder), *words]
    done = subprocess.run(command, env=_before(folder), check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def _options(folder: Path) -> tuple[str, ...]:
    return ("--database-url", f"sqlite:///{folder}/z.db", "--owner", "ann")


def _before(folder: Path) -> dict[str, str]:
    """Give an environment whose clock shows a time before all nights."""
    return os.environ | {
        "LD_PRELOAD": str(PRELOAD),
        "FAKETIME": "@2026-03-01 00:00:00",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
        "HOME": str(folder),
    }
