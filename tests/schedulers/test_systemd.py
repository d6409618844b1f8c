"""Unit files as text: made, recognised, and told from other people's."""

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.entry import InstalledPiece, Wanted, WantedJob
from zoomauto.domain.schedule import CronSchedule, TimeOfDay
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.systemd.backend import SystemdScheduler
from zoomauto.schedulers.systemd.unit_name import UnitNames
from zoomauto.schedulers.systemd.unit_text import command_line, read_unit, render_units
from zoomauto.testing.clock import FrozenClock

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = UnitNames(owner="anna", installation="k7")
DAILY = WantedJob(
    slug="daily-sync",
    name="Daily Morning Sync",
    schedule=TimeOfDay(time=time(2, 30), timezone="Europe/Berlin"),
    timeout=timedelta(hours=2),
)
WANTED = Wanted(
    owner="anna",
    installation="k7",
    program=("/opt/zoomauto/bin/zoomauto", "--config", "/home/anna/my config.toml"),
    host_timezone="Europe/Berlin",
    start_at=NOW,
    horizon=timedelta(days=366),
    jobs=(DAILY,),
    on_failure="zoomauto-failed@%n.service",
)

JOB_SERVICE = """\
# zoomauto: owner=anna installation=k7 job=daily-sync until=2027-11-24 seal=SEAL
# Made by zoomauto: change jobs with its commands, not here.
[Unit]
Description=zoomauto: Daily Morning Sync (job daily-sync)
OnFailure=zoomauto-failed@%n.service

[Service]
Type=oneshot
ExecStart=/opt/zoomauto/bin/zoomauto --config "/home/anna/my config.toml" run daily-sync --scheduled
TimeoutStartSec=7200s
TimeoutStopSec=90s
KillMode=mixed
KillSignal=SIGTERM
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
"""
JOB_TIMER = """\
# zoomauto: owner=anna installation=k7 job=daily-sync until=2027-11-24 seal=SEAL
# Made by zoomauto: change jobs with its commands, not here.
# every day at 02:30 (Europe/Berlin), computed to 2027-11-24.
[Unit]
Description=zoomauto: Daily Morning Sync (job daily-sync)

[Timer]
OnCalendar=*-*-* 02:30:00 Europe/Berlin
OnCalendar=2027-03-28 01:00:00 UTC
Persistent=true
AccuracySec=1s
Unit=zoomauto-k7-anna-daily-sync.service

[Install]
WantedBy=timers.target
"""
DUE_TIMER = """\
# zoomauto: owner=anna installation=k7 until=2027-11-24 seal=SEAL
# Made by zoomauto: change jobs with its commands, not here.
# Hourly.
[Unit]
Description=zoomauto: whatever is due

[Timer]
OnCalendar=*-*-* *:01:00 UTC
Persistent=true
AccuracySec=1s
Unit=zoomauto-k7-anna--due.service

[Install]
WantedBy=timers.target
"""


def without_seal(text: str) -> str:
    return re.sub(r"seal=[0-9a-f]{12}", "seal=SEAL", text)


def rendered(wanted: Wanted, *, is_system: bool = False) -> dict[str, str]:
    pieces = render_units(wanted, is_system=is_system)
    return {piece.name: without_seal(piece.text) for piece in pieces}


def test_a_job_has_a_service_and_a_timer_and_so_has_the_safety_net() -> None:
    texts = rendered(WANTED)
    due_service = texts.pop("zoomauto-k7-anna--due.service")
    assert texts == {
        "zoomauto-k7-anna-daily-sync.service": JOB_SERVICE,
        "zoomauto-k7-anna-daily-sync.timer": JOB_TIMER,
        "zoomauto-k7-anna--due.timer": DUE_TIMER,
    }
    assert (
        'ExecStart=/opt/zoomauto/bin/zoomauto --config "/home/anna/my config.toml" run --due\n'
        in (due_service)
    )
    assert "TimeoutStartSec=infinity\n" in due_service


def test_a_system_unit_runs_as_the_owner_and_waits_for_the_network() -> None:
    service = rendered(replace(WANTED, on_failure=None), is_system=True)
    expected = JOB_SERVICE.replace(
        "OnFailure=zoomauto-failed@%n.service\n",
        "Wants=network-online.target\nAfter=network-online.target\n",
    ).replace("Type=oneshot\n", "Type=oneshot\nUser=anna\n")
    assert service["zoomauto-k7-anna-daily-sync.service"] == expected


def test_two_day_fields_that_are_ored_make_two_lines() -> None:
    job = replace(DAILY, schedule=CronSchedule(expression="0 9 1 * mon", timezone="UTC"))
    timer = rendered(replace(WANTED, jobs=(job,)))["zoomauto-k7-anna-daily-sync.timer"]
    assert sorted(re.findall("OnCalendar=(.*)", timer)) == [
        "*-*-01 09:00:00 UTC",
        "Mon *-*-* 09:00:00 UTC",
    ]


def test_a_shift_moves_the_start() -> None:
    job = replace(
        DAILY, shift=timedelta(minutes=12), schedule=TimeOfDay(time=time(9), timezone="UTC")
    )
    timer = rendered(replace(WANTED, jobs=(job,)))["zoomauto-k7-anna-daily-sync.timer"]
    assert re.findall("OnCalendar=(.*)", timer) == ["*-*-* 09:12:00 UTC"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("50 %h\n[Service]\nExecStart=/bin/false", "50 %%h_[Service]_ExecStart=/bin/false"),
        ("ends with \\", "ends with \\"),
        ("Grüße \x1b[31m\u202e", "Grüße _[31m_"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_a_name_stays_within_its_line(name: str, shown: str) -> None:
    texts = rendered(replace(WANTED, jobs=(replace(DAILY, name=name),)))
    line = f"Description=zoomauto: {shown} (job daily-sync)"
    assert texts["zoomauto-k7-anna-daily-sync.service"].splitlines()[3] == line


def test_a_job_called_due_is_not_taken_for_the_safety_net() -> None:
    texts = rendered(replace(WANTED, jobs=(replace(DAILY, slug="due"),)))
    assert len(texts) == 4
    assert NAMES.job_of("zoomauto-k7-anna-due.timer") == "due"
    assert NAMES.job_of("zoomauto-k7-anna--due.timer") is None


@given(owners=st.lists(st.text(), min_size=2, max_size=2, unique=True))
def test_no_owner_s_units_begin_like_another_s(owners: list[str]) -> None:
    one, other = (UnitNames(owner=owner, installation="k7").prefix for owner in owners)
    assert re.fullmatch("zoomauto-k7-[a-z0-9_]+-", one)
    assert not one.startswith(other)


@given(owner=st.text(st.characters(), min_size=1), name=st.text(st.characters()))
def test_what_is_written_is_recognised_and_unedited(owner: str, name: str) -> None:
    wanted = replace(WANTED, owner=owner, jobs=(replace(DAILY, name=name),))
    names = UnitNames(owner=owner, installation="k7")
    for piece in render_units(wanted, is_system=False):
        on_disk = piece.text.encode().decode()
        assert read_unit(piece.name, on_disk, names) == InstalledPiece(piece=piece, is_edited=False)


def test_an_edit_by_hand_is_noticed_and_what_is_not_ours_is_not_recognised() -> None:
    timer = next(p for p in render_units(WANTED, is_system=False) if p.name.endswith(".timer"))
    edited = timer.text.replace("02:30", "04:30")
    read = read_unit(timer.name, edited, NAMES)
    assert read is not None
    assert read.is_edited
    assert read.piece.text == edited
    for names in (replace(NAMES, owner="bert"), replace(NAMES, installation="k8")):
        assert read_unit(timer.name, timer.text, names) is None
    assert read_unit("zoomauto-k7-anna-other.timer", timer.text, NAMES) is None
    assert read_unit(timer.name, timer.text.partition("\n")[2], NAMES) is None


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("/usr/bin/true", "--plain=a,b", ""), '/usr/bin/true --plain=a,b ""'),
        (("/opt/a b/x", "100%", "$HOME"), '"/opt/a b/x" "100%%" "$$HOME"'),
        (("/opt/x", 'a"b', "c\\d", "e\nf", ";"), r'/opt/x "a\"b" "c\\d" "e\x0af" ";"'),
        (("/opt/a$b/x", "ü"), '"/opt/a$b/x" "ü"'),
    ],
)
def test_a_command_is_written_as_systemd_reads_it(words: tuple[str, ...], line: str) -> None:
    assert command_line(words) == line


@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, program=("zoomauto",)),
        replace(WANTED, program=('/opt/"x"/zoomauto',)),
        replace(WANTED, program=("/opt/zoomauto", "\udcff")),
        replace(WANTED, jobs=(replace(DAILY, slug="../x"),)),
        replace(WANTED, installation="a-b"),
        replace(WANTED, on_failure="x.service\nExecStart=/bin/false"),
    ],
)
def test_what_no_unit_can_hold_is_refused(wanted: Wanted) -> None:
    with pytest.raises(ConfigurationError):
        render_units(wanted, is_system=False)


def test_system_units_are_refused_for_an_owner_who_can_be_no_user() -> None:
    with pytest.raises(ConfigurationError, match="no user of this host") as caught:
        render_units(replace(WANTED, owner="Anna Maria"), is_system=True)
    assert caught.value.hint == "--scope user, or --owner with the name of a user"


def scheduler(folder: Path) -> SystemdScheduler:
    return SystemdScheduler(
        owner="anna",
        installation="k7",
        state_folder=folder / "state",
        clock=FrozenClock(NOW),
        unit_folder=folder,
    )


def put(folder: Path) -> None:
    """Write the units as they are after an installation."""
    (folder / "timers.target.wants").mkdir()
    for piece in render_units(WANTED, is_system=False):
        (folder / piece.name).write_text(piece.text)
        if piece.name.endswith(".timer"):
            (folder / "timers.target.wants" / piece.name).symlink_to(folder / piece.name)


def edited(folder: Path) -> list[str]:
    return [item.piece.name for item in scheduler(folder).installed() if item.is_edited]


def test_units_are_read_back_as_they_were_made(tmp_path: Path) -> None:
    put(tmp_path)
    pieces = sorted(render_units(WANTED, is_system=False), key=lambda piece: piece.name)
    assert [item.piece for item in scheduler(tmp_path).installed()] == pieces
    assert edited(tmp_path) == []


def test_a_drop_in_and_a_disabled_timer_are_edits(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "zoomauto-k7-anna-daily-sync.service.d").mkdir()
    assert edited(tmp_path) == []
    (tmp_path / "zoomauto-k7-anna-daily-sync.service.d/override.conf").write_text("[Service]\n")
    (tmp_path / "timers.target.wants/zoomauto-k7-anna--due.timer").unlink()
    assert edited(tmp_path) == [
        "zoomauto-k7-anna--due.timer",
        "zoomauto-k7-anna-daily-sync.service",
    ]


def test_other_people_s_units_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "zoomauto-k7-anna-mine.timer").write_text("[Timer]\nOnCalendar=hourly\n")
    (tmp_path / "zoomauto-k7-anna-daily-sync.service").symlink_to("/dev/null")
    (tmp_path / "zoomauto-k7-anna-bytes.service").write_bytes(b"\xff\xfe")
    other = replace(WANTED, owner="bert")
    for piece in render_units(other, is_system=False):
        (tmp_path / piece.name).write_text(piece.text)
    assert scheduler(tmp_path).installed() == ()


def test_without_systemd_the_backend_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    availability = scheduler(tmp_path).availability()
    assert (availability.usable, availability.reason) == (False, "systemctl is not installed")
    assert availability.hint == "apt install systemd, or --backend crontab"
