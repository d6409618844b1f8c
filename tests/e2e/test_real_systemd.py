"""Timers under a real systemd as process 1, in the user's and in the system's manager."""

import json
import os
import shutil
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.entry import Piece, Wanted, WantedJob
from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import occurrences
from zoomauto.domain.schedule import CronSchedule, EveryHours, TimeOfDay, Weekdays
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.unit_text import render_units

if TYPE_CHECKING:
    from tests.e2e.conftest import Box, Boxes

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)
NUMBERS = count()
RECORDER = "/usr/local/bin/zoomauto-recorder"
#: Writes down when it was started, and with which words.
RECORDER_TEXT = """\
#!/bin/sh
file=$1; shift
echo "$(date +%s) $*" >> "$file"
"""
NIGHT = WantedJob(
    slug="night", name="Night", schedule=TimeOfDay(time=time(2, 30), timezone="Europe/Berlin")
)
JOBS = (
    NIGHT,
    WantedJob(
        slug="week",
        name="50 % of\nthe week",
        schedule=Weekdays(days=(0, 4), time=time(9), timezone="America/New_York"),
    ),
    WantedJob(slug="hours", name="Hours", schedule=EveryHours(hours=5, timezone="Asia/Kolkata")),
    WantedJob(
        slug="either",
        name="Either",
        schedule=CronSchedule(expression="*/20 4 1,15 * fri", timezone="Australia/Lord_Howe"),
        shift=timedelta(minutes=7),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """Someone in the box, and their backend."""

    box: "Box"
    user: str
    scope: str = "user"

    @property
    def owner(self) -> str:
        return "daemon" if self.user == "root" else self.user

    @property
    def home(self) -> str:
        return "/var/lib/zoomauto-test" if self.user == "root" else f"/home/{self.user}"

    @property
    def folder(self) -> str:
        user_folder = f"{self.home}/.config/systemd/user"
        return user_folder if self.scope == "user" else "/etc/systemd/system"

    @property
    def stamps(self) -> str:
        user_folder = f"{self.home}/.local/share/systemd/timers"
        return user_folder if self.scope == "user" else "/var/lib/systemd/timers"

    @property
    def starts_path(self) -> str:
        return f"{self.home}/starts"

    def call(self, method: str, *arguments: Any, unit_folder: str = "", **named: Any) -> Any:
        options = {
            "owner": self.owner,
            "installation": "t1",
            "scope": self.scope,
            "state_folder": Path(self.home, "state"),
            "unit_folder": Path(unit_folder) if unit_folder else None,
        }
        return self.box.call(self.user, options, method, *arguments, **named)

    def control(self, *words: str, check: bool = True) -> str:
        """Run systemctl as this user would in a session."""
        uid = self.box.run("id", "-u", self.user)
        manager = ("env", f"XDG_RUNTIME_DIR=/run/user/{uid}", "systemctl", f"--{self.scope}")
        return self.box.run(*manager, *words, user=self.user, check=check)

    def rendered(
        self, *jobs: WantedJob, program: tuple[str, ...] = (), on_failure: str | None = None
    ) -> tuple[Piece, ...]:
        wanted = Wanted(
            owner=self.owner,
            installation="t1",
            program=program or (RECORDER, self.starts_path),
            host_timezone="UTC",
            start_at=NOW,
            jobs=jobs,
            on_failure=on_failure,
        )
        return render_units(wanted, is_system=self.scope == "system")

    def install(self, *jobs: WantedJob, program: tuple[str, ...] = ()) -> tuple[Piece, ...]:
        pieces = self.rendered(*jobs, program=program)
        self.call("install", pieces)
        return pieces

    def unit(self, job: str, kind: str = "timer") -> str:
        return f"zoomauto-t1-{self.owner}-{job}.{kind}"

    def starts(self) -> list[str]:
        return (self.box.read(self.starts_path) or "").splitlines()

    def traces(self) -> list[str]:
        """Give every unit, link, drop-in and stamp of ours that is on disk or in systemd."""
        folders = (self.folder, self.stamps)
        on_disk = self.box.run("find", *folders, "-name", "*zoomauto-t1*", check=False)
        listed = self.control("list-units", "--all", "--plain", "--no-legend", "zoomauto-*")
        return sorted(filter(None, (*on_disk.splitlines(), *listed.splitlines())))


@pytest.fixture
def tenant(systemd_box: "Box") -> Tenant:
    """A new user with a running manager and no session."""
    return lingering(systemd_box, f"user{next(NUMBERS)}")


@pytest.fixture(scope="module")
def minutely(systemd_box: "Box") -> Tenant:
    """A user with a job of every minute, installed before any other test."""
    tenant = lingering(systemd_box, "minna")
    tenant.install(every("* * * * *"))
    return tenant


@pytest.fixture(scope="module", autouse=True)
def _early(minutely: Tenant) -> None:
    """Let the minute pass while the other tests run."""


def lingering(box: "Box", name: str) -> Tenant:
    box.run("useradd", "--create-home", name)
    box.run("loginctl", "enable-linger", name)
    box.write(RECORDER, RECORDER_TEXT, mode=0o755)
    tenant = Tenant(box=box, user=name)
    assert box.await_true(lambda: tenant.control("is-system-running", check=False) == "running")
    return tenant


def every(expression: str, slug: str = "job") -> WantedJob:
    schedule = CronSchedule(expression=expression, timezone="UTC")
    return WantedJob(slug=slug, name=slug, schedule=schedule)


def expected_starts() -> dict[str, datetime]:
    """Give when each job should be started next."""
    now = datetime.now(UTC)
    return {
        job.slug: as_utc(next(occurrences(job.schedule, now - job.shift))) + job.shift
        for job in JOBS
    }


def test_installed_timers_are_those_wanted_and_systemd_will_start_them_on_time(
    tenant: Tenant,
) -> None:
    pieces = tenant.install(*JOBS)
    installed = tenant.call("installed")
    assert sorted(item.piece.name for item in installed) == sorted(p.name for p in pieces)
    assert {item.piece for item in installed} == set(pieces)
    assert not any(item.is_edited for item in installed)
    earliest = expected_starts()
    # One may pass while systemd is asked.
    assert tenant.call("next_starts") in (earliest, expected_starts())
    before = tenant.control(
        "show", "--property=ActiveEnterTimestampMonotonic", tenant.unit("night")
    )
    tenant.call("install", pieces)
    after = tenant.control("show", "--property=ActiveEnterTimestampMonotonic", tenant.unit("night"))
    assert after == before


def test_a_changed_schedule_moves_the_start_and_a_removed_job_leaves_nothing(
    tenant: Tenant,
) -> None:
    tenant.install(NIGHT, every("0 5 * * *", "gone"))
    later = replace(NIGHT, schedule=TimeOfDay(time=time(4, 45), timezone="UTC"))
    tenant.install(later)
    coming = next(occurrences(later.schedule, NOW))
    assert tenant.call("next_starts") == {"night": as_utc(coming)}
    assert [trace for trace in tenant.traces() if "gone" in trace] == []
    taken = tenant.call("uninstall")
    assert sorted(Path(path).name for path in taken) == sorted(
        tenant.unit(job, kind) for job in ("night", "-due") for kind in ("service", "timer")
    )
    assert tenant.traces() == []
    assert tenant.starts() == []


def test_a_removed_job_that_comes_back_is_not_started_at_once(tenant: Tenant) -> None:
    tenant.install(NIGHT)
    backdate(tenant, tenant.box.root / tenant.stamps.lstrip("/"))
    tenant.call("install", tenant.rendered())
    tenant.install(NIGHT)
    assert tenant.control("show", "--property=Result", "--value", tenant.unit("night")) == "success"
    assert [line for line in tenant.starts() if "run night" in line] == []


def test_system_units_run_as_the_owner(systemd_box: "Box") -> None:
    root = Tenant(box=systemd_box, user="root", scope="system")
    systemd_box.write(RECORDER, RECORDER_TEXT, mode=0o755)
    systemd_box.run("install", "-d", "-m", "777", root.home)
    assert root.call("availability").usable
    pieces = root.install(NIGHT)
    assert {item.piece for item in root.call("installed")} == set(pieces)
    assert set(root.call("next_starts")) == {"night"}
    root.control("start", root.unit("night", "service"))
    assert [line.partition(" ")[2] for line in root.starts()] == ["run night --scheduled"]
    assert systemd_box.run("stat", "-c", "%U %a", root.starts_path) == "daemon 644"
    probe = root.call("probe", ["/usr/bin/id", "-un"], within=timedelta(seconds=30))
    assert probe.detail == "the command ended with 0: daemon"
    root.call("uninstall")
    assert root.traces() == []


def test_system_units_are_for_root_and_for_owners_who_are_users(tenant: Tenant) -> None:
    system = replace(tenant, scope="system")
    # The system's timers start their services whoever asks.
    assert system.call("availability").usable
    pieces = tenant.rendered(NIGHT)
    with pytest.raises(ConfigurationError) as caught:
        system.call("install", pieces)
    assert caught.value.hint == "run it with sudo, or with --scope user"
    assert system.traces() == []
    with pytest.raises(ConfigurationError, match="cannot change the system's units") as caught:
        system.call("uninstall")
    assert caught.value.hint == "run it with sudo"


def test_without_lingering_the_backend_is_not_usable_and_says_how_to_mend_it(
    systemd_box: "Box", component: Callable[[object, str], None]
) -> None:
    component(Path("/usr/lib/polkit-1/polkitd").exists(), "polkitd")
    systemd_box.run("useradd", "--create-home", "solo")
    solo = Tenant(box=systemd_box, user="solo")
    availability = solo.call("availability")
    assert not availability.usable
    assert availability.reason == (
        "lingering is off for solo: without a session no timer would run"
    )
    assert availability.hint == "loginctl enable-linger solo"
    with pytest.raises(
        ConfigurationError, match="user manager of solo cannot be reached"
    ) as caught:
        solo.install(NIGHT)
    assert caught.value.hint == "loginctl enable-linger solo"
    assert not (systemd_box.root / solo.folder.lstrip("/")).exists()

    solo.call("enable_lingering")
    assert systemd_box.await_true(lambda: solo.call("availability").usable)
    solo.install(NIGHT)
    assert "lingering of solo" in solo.call("uninstall")
    assert not (systemd_box.root / "var/lib/systemd/linger/solo").exists()


def test_lingering_that_was_on_before_stays_on(tenant: Tenant) -> None:
    tenant.call("enable_lingering")
    tenant.install(NIGHT)
    tenant.call("uninstall")
    assert (tenant.box.root / "var/lib/systemd/linger" / tenant.user).exists()


def test_units_of_other_people_stay_as_they_are(tenant: Tenant) -> None:
    pieces = tenant.install(NIGHT)
    tenant.call("uninstall")
    theirs = {
        f"{tenant.folder}/{tenant.unit('night')}": "[Timer]\nOnCalendar=hourly\n",
        f"{tenant.folder}/backup.timer": "[Timer]\nOnCalendar=hourly\n",
    }
    for path, text in theirs.items():
        tenant.box.write(path, text)
    with pytest.raises(ConfigurationError, match="was not made by zoomauto"):
        tenant.call("install", pieces)
    tenant.call("uninstall")
    assert {path: tenant.box.read(path) for path in theirs} == theirs
    assert tenant.traces() == [f"{tenant.folder}/{tenant.unit('night')}"]


def test_what_systemd_does_not_understand_is_refused_before_anything_is_written(
    tenant: Tenant,
) -> None:
    pieces = tenant.install(NIGHT)
    before = tenant.traces()
    wrong = "OnCalendar=*-*-* 99:00:00 UTC\nOnCalendar=daily"
    bad_time = resealed(pieces, "OnCalendar=*-*-* 02:30:00 Europe/Berlin", wrong)
    with pytest.raises(ConfigurationError, match="does not understand a time"):
        tenant.call("install", bad_time)
    with pytest.raises(ConfigurationError, match=r"refuses a unit: .*not executable"):
        tenant.install(NIGHT, program=("/nowhere/zoomauto",))
    assert {item.piece for item in tenant.call("installed")} == set(pieces)
    assert tenant.traces() == before


def test_a_failed_installation_puts_everything_back(tenant: Tenant) -> None:
    other = every("0 5 * * *", "other")
    old = tenant.install(NIGHT, other)
    before, starts = tenant.traces(), tenant.call("next_starts")
    later = replace(NIGHT, schedule=TimeOfDay(time=time(4, 45), timezone="UTC"))
    new = every("0 6 * * *", "new")

    # Nothing can be enabled or disabled now, when files are half written and half removed.
    links = f"{tenant.folder}/timers.target.wants"
    tenant.box.run("chmod", "555", links)
    with pytest.raises(ConfigurationError, match="systemd refuses this to user"):
        tenant.install(later, other, new)
    with pytest.raises(ConfigurationError, match=r"other.timer cannot be changed"):
        tenant.install(later, new)
    tenant.box.run("chmod", "755", links)

    assert {item.piece for item in tenant.call("installed")} == set(old)
    assert tenant.traces() == before
    assert tenant.call("next_starts") == starts


def test_units_that_systemd_has_from_elsewhere_are_left_alone(tenant: Tenant) -> None:
    tenant.install(NIGHT)
    before = tenant.traces()
    elsewhere = f"{tenant.home}/elsewhere"
    with pytest.raises(ConfigurationError, match=f"already, from {tenant.folder}"):
        tenant.call("install", tenant.rendered(NIGHT), unit_folder=elsewhere)
    # A folder in which systemd does not look.
    new = tenant.rendered(every("0 6 * * *", "new"))[:2]
    with pytest.raises(ConfigurationError, match="does not look into the folder"):
        tenant.call("install", new, unit_folder=elsewhere)
    assert list((tenant.box.root / elsewhere.lstrip("/")).iterdir()) == []
    assert tenant.traces() == before


def test_what_was_added_by_hand_is_reported_and_kept_when_it_goes(tenant: Tenant) -> None:
    tenant.install(NIGHT)
    drop_in = f"{tenant.folder}/{tenant.unit('night', 'service')}.d"
    tenant.box.run("mkdir", drop_in, user=tenant.user)
    tenant.box.write(f"{drop_in}/override.conf", "[Service]\nNice=0\n")
    edited = [item.piece.name for item in tenant.call("installed") if item.is_edited]
    assert edited == [tenant.unit("night", "service")]
    kept = f"{tenant.home}/state/removed/{tenant.unit('night', 'service')}.d"
    assert f"{drop_in} (kept as {kept})" in tenant.call("uninstall")
    assert tenant.box.read(f"{kept}/override.conf") == "[Service]\nNice=0\n"
    assert tenant.traces() == []


@pytest.mark.parametrize("deed", ["stop", "disable"])
def test_a_timer_that_was_switched_off_by_hand_is_reported_and_can_be_put_back(
    tenant: Tenant, deed: str
) -> None:
    pieces = tenant.install(NIGHT)
    timer = tenant.unit("night")
    tenant.control(deed, timer)
    edited = [item.piece.name for item in tenant.call("installed") if item.is_edited]
    assert edited == [timer]

    tenant.call("install", pieces)
    assert [item.piece.name for item in tenant.call("installed") if item.is_edited] == []
    assert tenant.control("is-enabled", timer) == "enabled"
    assert tenant.control("is-active", timer) == "active"


def test_a_probe_shows_a_real_start_and_leaves_nothing(tenant: Tenant) -> None:
    command = ["/usr/bin/printf", "<%s>", "a b", "$HOME", "100%"]
    probe = tenant.call("probe", command, within=timedelta(seconds=30))
    assert probe.fired
    assert probe.at - datetime.now(UTC) < timedelta(minutes=1)
    assert (probe.detail, probe.exit_code) == ("the command ended with 0: <a b><$HOME><100%>", 0)
    assert probe.environment["HOME"] == tenant.home
    assert tenant.traces() == []
    assert tenant.box.run("find", "/tmp", "-name", "zoomauto-probe-*") == ""  # noqa: S108
    too_late = tenant.call("probe", ["/bin/sleep", "60"], within=timedelta(seconds=2))
    assert too_late.detail == "the command was started and has not ended in time"
    assert too_late.exit_code is None
    assert tenant.control("list-units", "--all", "--plain", "--no-legend", "zoomauto-*") == ""


def test_an_interrupted_probe_leaves_nothing(tenant: Tenant) -> None:
    said = tenant.call(
        "probe",
        ["/bin/sleep", "60"],
        within=timedelta(minutes=1),
        through=("timeout", "--preserve-status", "--signal=INT", "4"),
    )
    assert said == "interrupted"
    assert tenant.traces() == []
    assert tenant.box.run("find", "/tmp", "-name", "zoomauto-probe-*") == ""  # noqa: S108


def test_every_word_of_a_command_arrives_as_it_was_written(tenant: Tenant) -> None:
    printable = string.printable.replace("\x00", "") + "\x01\x1b\x7fäß€😀"
    words = [f"{before}{char}{after}" for char in printable for before, after in ("  ", "ab")]
    words += [
        "",
        ";",
        "$HOME",
        "${HOME}",
        "$$",
        "%h",
        "%%",
        "\\",
        "\\\\n",
        "'",
        '"',
        "a\\",
        "-",
        "@x",
    ]
    shown = f"{tenant.home}/wörds of $x 100%/show"
    tenant.box.run("mkdir", "-p", str(Path(shown).parent), user=tenant.user)
    script = (
        "#!/usr/bin/python3\nimport json, sys\n"
        f"json.dump(sys.argv[1:], open({tenant.home + '/words'!r}, 'w'))\n"
    )
    tenant.box.write(shown, script, mode=0o755)
    tenant.install(NIGHT, program=(shown, *words))
    tenant.control("start", tenant.unit("night", "service"))
    told = json.loads(tenant.box.read(f"{tenant.home}/words") or "")
    assert told == [*words, "run", "night", "--scheduled"]


def test_a_start_that_fails_starts_the_unit_for_failures(tenant: Tenant) -> None:
    told = f"{tenant.home}/told"
    tenant.box.run("mkdir", "-p", tenant.folder, user=tenant.user)
    tenant.box.write(
        f"{tenant.folder}/tell@.service",
        f"[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo %i > {told}'\n",
    )
    hook = "tell@%n.service"
    tenant.call("install", tenant.rendered(NIGHT, program=("/bin/false",), on_failure=hook))
    service = tenant.unit("night", "service")
    tenant.control("start", service, check=False)

    assert tenant.box.await_true(lambda: tenant.box.read(told))
    assert tenant.box.read(told) == f"{service}\n"


def test_a_hardened_service_runs_ffmpeg_and_writes_into_the_workspace(
    tenant: Tenant, component: Callable[[object, str], None]
) -> None:
    ffmpeg = shutil.which("ffmpeg")
    component(ffmpeg, "ffmpeg")
    video = f"{tenant.home}/workspace/1/cut.mp4"
    script = (
        f"#!/bin/sh\nmkdir -p {Path(video).parent}\n"
        f"exec {ffmpeg} -v error -f lavfi -i testsrc=d=1 -f lavfi -i sine=d=1 {video}\n"
    )
    tenant.box.write(f"{tenant.home}/encode", script, mode=0o755)
    tenant.install(NIGHT, program=(f"{tenant.home}/encode",))
    tenant.control("start", tenant.unit("night", "service"))
    assert tenant.box.run("stat", "-c", "%U %a", video) == f"{tenant.user} 644"
    probed = tenant.box.run("ffprobe", "-v", "error", "-show_entries", "format=duration", video)
    assert "duration=1.0" in probed


def test_after_days_without_power_a_job_is_started_once(systemd_boxes: "Boxes") -> None:
    box = systemd_boxes.boot()
    tenant = lingering(box, "carol")
    tenant.install(NIGHT)
    systemd_boxes.stop(box)
    backdate(tenant, box.layer / "upper" / tenant.stamps.lstrip("/"))
    again = replace(tenant, box=systemd_boxes.boot(box.layer))
    expected = ["run --due", "run night --scheduled"]
    assert again.box.await_true(lambda: len(again.starts()) >= len(expected))
    services = [again.unit(job, "service") for job in ("night", "-due")]
    assert again.box.await_true(
        lambda: set(again.control("is-active", *services, check=False).split()) == {"inactive"}
    )
    assert sorted(line.partition(" ")[2] for line in again.starts()) == expected
    coming = again.call("next_starts")["night"]
    assert coming == as_utc(next(occurrences(NIGHT.schedule, NOW)))
    systemd_boxes.stop(again.box)


def test_a_timer_starts_the_program_at_its_minute(minutely: Tenant) -> None:
    assert minutely.box.await_true(lambda: any("run job" in line for line in minutely.starts()))
    started = [line.split(" ", 1) for line in minutely.starts() if "run job" in line]
    assert {words for _, words in started} == {"run job --scheduled"}
    minutes = [int(at) // 60 for at, _ in started]
    assert all(later == earlier + 1 for earlier, later in pairwise(minutes))
    minutely.call("uninstall")
    assert minutely.traces() == []


def backdate(tenant: Tenant, stamps: Path) -> None:
    """Make it look as if systemd had last been there three days ago."""
    long_ago = (NOW - timedelta(days=3)).timestamp()
    found = [file for file in stamps.iterdir() if file.name.startswith("stamp-zoomauto-")]
    assert len(found) == 2
    for file in found:
        os.utime(file, (long_ago, long_ago))


def resealed(pieces: tuple[Piece, ...], old: str, new: str) -> tuple[Piece, ...]:
    return tuple(replace(piece, text=piece.text.replace(old, new)) for piece in pieces)
