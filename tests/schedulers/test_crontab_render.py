"""The text of crontab entries, and what is read back from it."""

import re
import shlex
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.entry import Wanted, WantedJob
from zoomauto.domain.schedule import CronSchedule, TimeOfDay
from zoomauto.errors import ConfigurationError
from zoomauto.schedulers.crontab.render import (
    entry_times,
    parse_pieces,
    parse_wrapper,
    render_pieces,
)

DAILY = WantedJob(
    slug="daily", name="Daily Sync", schedule=TimeOfDay(time=time(6), timezone="Europe/Berlin")
)
WANTED = Wanted(
    owner="ann",
    installation="ab12",
    program=("/usr/bin/zoomauto", "--config", "/etc/z.toml", "--owner", "ann"),
    host_timezone="Europe/Berlin",
    start_at=datetime(2026, 3, 1, tzinfo=UTC),
    horizon=timedelta(days=100),
    jobs=(DAILY,),
)
WRAPPER = PurePath("/var/lib/z/bin/zoomauto-ab12")
PROGRAM = "/usr/bin/zoomauto --config /etc/z.toml --owner ann"


def rendered(wanted: Wanted = WANTED) -> str:
    return "".join(piece.text for piece in render_pieces(wanted, WRAPPER))


def test_a_job_is_a_comment_and_its_lines_and_the_net_is_below():
    assert re.sub(r"seal [0-9a-f]{12}", "seal ...", rendered()) == (
        '# job daily: "Daily Sync", every day at 06:00 (Europe/Berlin), computed to 2026-06-09;'
        " seal ...\n"
        f"0 6 * * * {PROGRAM} run daily --scheduled\n"
        "# safety net: whatever is due, at boot and hourly; seal ...\n"
        f"@reboot {PROGRAM} run --due\n"
        f"10 * * * * {PROGRAM} run --due\n"
    )


def test_each_installation_has_its_own_minute_for_what_is_due():
    nets = (render_pieces(replace(WANTED, installation=f"i{n}"), WRAPPER)[-1] for n in range(99))
    minutes = {entry_times(net)[0].split()[0] for net in nets}
    assert len(minutes) > 30
    assert minutes <= {str(minute) for minute in range(60)}


@given(
    name=st.text(max_size=200),
    slug=st.sampled_from(["daily", "due", "wrapper", "job-7"]),
    words=st.lists(st.text(min_size=1, max_size=9).filter(lambda w: "\0" not in w), max_size=3),
)
def test_what_is_rendered_is_read_back_unedited(name: str, slug: str, words: list[str]):
    job = replace(DAILY, name=name, slug=slug)
    pieces = render_pieces(
        replace(
            WANTED, program=("/usr/bin/z", *words), jobs=(DAILY, job) if slug != "daily" else (job,)
        ),
        WRAPPER,
    )
    entries = [piece for piece in pieces if piece.name != "wrapper"]
    read = parse_pieces("".join(piece.text for piece in entries))
    assert [item.piece for item in read] == entries
    assert not any(item.is_edited for item in read)
    scripts = [parse_wrapper(piece.text) for piece in pieces if piece.name == "wrapper"]
    assert not any(script.is_edited for script in scripts)
    assert len({piece.name for piece in pieces}) == len(pieces)


@given(name=st.text(max_size=200))
def test_no_name_leaves_its_comment(name: str):
    text = rendered(replace(WANTED, jobs=(replace(DAILY, name=name),)))
    assert text.encode().count(b"\n") == 5
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f%\\\u2028]", text)


def test_an_awkward_program_is_called_through_a_script():
    program = ("/home/me too/100%/it's", "--owner", "ä", "-x")
    *entries, script = render_pieces(replace(WANTED, program=program), WRAPPER)
    commands = [line for piece in entries for line in piece.text.splitlines() if line[0] != "#"]
    assert commands == [
        f"0 6 * * * {WRAPPER} run daily --scheduled",
        f"@reboot {WRAPPER} run --due",
        f"10 * * * * {WRAPPER} run --due",
    ]
    assert shlex.split(script.text.splitlines()[-1]) == ["exec", *program, "$@"]


def test_a_script_in_an_awkward_folder_is_refused():
    with pytest.raises(ConfigurationError) as refusal:
        render_pieces(replace(WANTED, program=("/a b",)), PurePath("/c d/z"))
    assert refusal.value.hint == "set XDG_STATE_HOME to a folder with a plain ASCII name"


def test_a_command_longer_than_debians_cron_takes_is_refused():
    spare = 998 - len("/ run daily --scheduled")
    render_pieces(replace(WANTED, program=("/" + "x" * spare,)), WRAPPER)
    with pytest.raises(ConfigurationError, match="999 characters"):
        render_pieces(replace(WANTED, program=("/" + "x" * (spare + 1),)), WRAPPER)


def test_a_slug_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match="slug"):
        rendered(replace(WANTED, jobs=(replace(DAILY, slug="a b"),)))


def test_a_timeout_ends_the_command_from_outside():
    text = rendered(replace(WANTED, jobs=(replace(DAILY, timeout=timedelta(hours=2)),)))
    assert f"0 6 * * * timeout -k 60 7200 {PROGRAM} run daily --scheduled\n" in text


def test_starts_are_shifted_as_wanted():
    text = rendered(replace(WANTED, jobs=(replace(DAILY, shift=timedelta(minutes=7)),)))
    assert f"7 6 * * * {PROGRAM} run daily --scheduled\n" in text


def test_no_entry_names_a_zone_or_sets_a_variable():
    odd = CronSchedule(expression="30 2 * * *", timezone="Australia/Lord_Howe")
    text = rendered(replace(WANTED, jobs=(DAILY, replace(DAILY, slug="odd", schedule=odd))))
    entries = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"(@reboot|[0-9*,/ -]+) [A-Za-z0-9_./=:@,+ -]+", e) for e in entries)


@pytest.mark.parametrize(
    ("old", "new", "edited"),
    [
        pytest.param("0 6 * * *", "5 6 * * *", {"daily"}, id="another time"),
        pytest.param("0 6 * * *", "#0 6 * * *", {"daily"}, id="commented out"),
        pytest.param("06:00", "07:00", {"daily"}, id="another comment"),
        pytest.param("# safety net", "1 * * * * x\n# safety net", {"daily"}, id="a line more"),
        pytest.param("# job daily", "A=b\n# job daily", {"lines of others"}, id="a line in front"),
        pytest.param("# safety net", "# Safety net", {"daily"}, id="a head gone"),
        pytest.param("@reboot", "# job daily: x; seal 0123456789ab\n@reboot", {"due"}, id="twice"),
    ],
)
def test_an_edit_by_hand_is_noticed(old: str, new: str, edited: set[str]):
    items = parse_pieces(rendered().replace(old, new, 1))
    assert {item.piece.name for item in items if item.is_edited} == edited


def test_an_edited_script_is_noticed():
    script = render_pieces(replace(WANTED, program=("/a b",)), WRAPPER)[-1].text
    assert not parse_wrapper(script).is_edited
    assert parse_wrapper(script.replace("/a b", "/a c")).is_edited
    assert parse_wrapper("").is_edited
