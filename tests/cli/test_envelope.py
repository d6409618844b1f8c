"""What every command has in common: the envelope, the streams, the options before and after."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Zoomauto = Callable[..., Any]

PROGRAM = [sys.executable, "-m", "zoomauto"]


@pytest.fixture
def environment(world: None) -> dict[str, str]:
    """For a program of its own."""
    return dict(os.environ)


def test_json_is_one_envelope_and_nothing_else(zoomauto: Zoomauto):
    ended = zoomauto("job", "list", "--output", "json")
    assert (ended.code, ended.err, ended.document) == (
        0,
        "",
        {"schema": 1, "command": "job list", "status": "success", "data": [], "errors": []},
    )


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "json", "--owner", "bob", "quota", "show"),
        ("quota", "-o", "json", "--owner", "bob", "show"),
        ("quota", "show", "-ojson", "--owner=bob"),
        ("--owner", "carol", "-o", "table", "quota", "show", "--output=json", "--owner", "bob"),
    ],
)
def test_shared_options_stand_anywhere_and_the_last_one_wins(
    zoomauto: Zoomauto, words: tuple[str, ...]
):
    ended = zoomauto(*words)
    assert (ended.code, ended.data["owner"]) == (0, "bob")


def test_a_failure_is_an_envelope_too(zoomauto: Zoomauto):
    ended = zoomauto("-o", "json", "job", "show", "nosuch")
    assert (ended.code, ended.err, ended.document) == (
        2,
        "",
        {
            "schema": 1,
            "command": "job show",
            "status": "error",
            "data": None,
            "errors": [
                {
                    "code": "not_found",
                    "message": "there is no job 'nosuch'",
                    "hint": "zoomauto job list",
                }
            ],
        },
    )


@pytest.mark.parametrize(
    ("words", "command", "message"),
    [
        (("job", "list", "--nosuch", "-o", "json"), "job list", "No such option"),
        (("job", "list", "-vojson", "--nosuch"), "job list", "No such option"),
        (("-o", "json", "jop", "list"), "", "Did you mean 'job'"),
        (("job", "show", "--output=json"), "job show", "Missing argument"),
        (("--output", "json", "job"), "job", "There is no verb."),
    ],
)
def test_misuse_is_an_envelope_too(
    zoomauto: Zoomauto, words: tuple[str, ...], command: str, message: str
):
    ended = zoomauto(*words)
    document = ended.document
    (problem,) = document["errors"]
    assert (ended.code, ended.err) == (2, "")
    assert (document["command"], document["status"], document["data"]) == (command, "error", None)
    assert problem["code"] == "usage"
    assert message in problem["message"]
    assert problem["hint"] == f"zoomauto {command}".strip() + " --help"


def test_misuse_without_json_is_said_on_stderr(zoomauto: Zoomauto):
    ended = zoomauto("job", "list", "--nosuch", "--", "-o", "json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: No such option")
    assert ended.err.endswith("\n  hint: zoomauto job list --help\n")


def test_an_error_says_what_why_and_how_to_mend_it(zoomauto: Zoomauto):
    ended = zoomauto("recording", "show", "7")
    assert (ended.code, ended.out, ended.err) == (
        2,
        "",
        "Error: there is no recording 7.\n  hint: zoomauto recording list\n",
    )


def test_verbose_says_what_caused_an_error(zoomauto: Zoomauto, tmp_path: Path):
    words = ("job", "create", "--file", str(tmp_path / "nosuch.json"))
    assert "FileNotFoundError" not in zoomauto(*words).err
    assert "  because of FileNotFoundError: " in zoomauto(*words, "--verbose").err


def test_a_bug_shows_its_traceback_and_stays_an_envelope(
    zoomauto: Zoomauto, monkeypatch: pytest.MonkeyPatch
):
    # The border of the process: the one thing below that can be made to break at will.
    monkeypatch.setattr("zoomauto.clock.SystemClock.now", lambda _self: 1 / 0)
    ended = zoomauto("schedule", "next", "--daily", "06:00", "-o", "json")
    assert ended.code == 1
    assert ended.err.startswith("Traceback")
    assert ended.document["errors"] == [
        {
            "code": "bug",
            "message": "this is a bug in zoomauto: ZeroDivisionError: division by zero",
            "hint": "run it again with --verbose to see what led to it",
        }
    ]


def test_a_table_in_a_pipe_is_plain_aligned_and_never_cut(stocked: Zoomauto):
    name = "x" * 300
    stocked("template", "create", name, "--exact", "日本")
    lines = stocked("template", "list").out.splitlines()
    assert lines[0].split() == ["id", "name", "state", "rules", "destinations"]
    assert [line.index("active") for line in lines[1:]] == [lines[0].index("state")] * 4
    assert lines[4] == f"4   {name}  active  exact 日本"


def test_a_table_on_a_terminal_folds_what_is_wide(stocked: Zoomauto, environment: dict[str, str]):
    stocked("template", "create", f"[red]{'x' * 300}")
    shown = on_terminal(["template", "list"], environment | {"COLUMNS": "80", "TERM": "xterm"})
    assert "\x1b[1m" in shown
    assert shown.count("x") >= 300
    assert "[red]" in shown
    plain = on_terminal(
        ["template", "list"], environment | {"COLUMNS": "80", "TERM": "xterm", "NO_COLOR": "1"}
    )
    assert "\x1b[3" not in plain


def on_terminal(words: list[str], environment: dict[str, str]) -> str:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, *words], stdout=follower, env=environment, stdin=subprocess.DEVNULL, check=True
    )
    os.close(follower)
    chunks = []
    try:
        while chunk := os.read(leader, 65536):
            chunks.append(chunk)
    except OSError:
        pass  # Linux says so when the other end is closed and everything was read
    os.close(leader)
    assert done.returncode == 0
    return b"".join(chunks).decode()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\tand \x1b[31mred", r"two\nlines\tand \x1b[31mred"),
        ("turned \u202earound", r"turned \u202earound"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_names_do_nothing_to_a_table_and_stay_whole_in_json(
    zoomauto: Zoomauto, name: str, shown: str
):
    assert zoomauto("template", "create", name).code == 0
    assert shown in zoomauto("template", "list").out.splitlines()[1]
    assert zoomauto("template", "list", "-o", "json").data[0]["name"] == name


def test_a_stream_that_knows_no_cyrillic_gets_escapes(
    stocked: Zoomauto, environment: dict[str, str]
):
    stocked("template", "create", "Лекция")
    latin = environment | {"PYTHONIOENCODING": "ascii"}
    table, document = (
        subprocess.run(
            [*PROGRAM, "template", "list", *option], env=latin, capture_output=True, check=True
        ).stdout
        for option in ((), ("-o", "json"))
    )
    assert rb"\u041b\u0435\u043a\u0446\u0438\u044f" in table
    assert json.loads(document)["data"][3]["name"] == "Лекция"


def test_a_reader_that_has_seen_enough_ends_the_program_quietly(
    stocked: Zoomauto, environment: dict[str, str]
):
    for number in range(3):
        stocked("template", "create", f"{number} {'x' * 30_000}")
    ended = subprocess.run(
        [
            "bash",
            "-c",
            'set -o pipefail; "$@" | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}',
            "-",
            *PROGRAM,
            "template",
            "list",
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_termination_ends_the_program_as_an_interruption_does(
    environment: dict[str, str], tmp_path: Path
):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = subprocess.Popen(
        [*PROGRAM, "-o", "json", "job", "create", "--file", str(pipe)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Opening waits until the program reads a document, which then never comes.
    with pipe.open("w"):
        program.send_signal(signal.SIGTERM)
        out, err = program.communicate()
    assert (program.returncode, err) == (130, "")
    assert json.loads(out)["errors"] == [
        {
            "code": "interrupted",
            "message": "interrupted; what was done so far is saved",
            "hint": None,
        }
    ]


def test_the_version_is_said_without_a_database(fresh: Zoomauto, database: Path):
    ended = fresh("job", "--version")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("zoomauto ")
    assert not database.exists()


def test_the_program_alone_shows_its_help(fresh: Zoomauto):
    ended = fresh()
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Usage: zoomauto [OPTIONS] COMMAND")


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("words", [(), ("job",), ("job", "create"), ("run",)])
def test_help_shows_the_shared_options_everywhere(
    fresh: Zoomauto, words: tuple[str, ...], flag: str
):
    ended = fresh(*words, flag)
    assert (ended.code, ended.err) == (0, "")
    for option in ("--config", "--database-url", "--owner", "--output", "--verbose", "--version"):
        assert option in ended.out


def test_examples_in_help_keep_their_lines(fresh: Zoomauto):
    example = "zoomauto template create lectures --keyword lecture --destination"
    assert f"\n      {example} folder:/srv/lectures\n" in fresh("template", "create", "-h").out


def test_completion_can_be_shown(fresh: Zoomauto, monkeypatch: pytest.MonkeyPatch):
    # Which shell it is typed in is not ours to find out.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    ended = fresh("--show-completion", "bash")
    assert "_ZOOMAUTO_COMPLETE" in ended.out


def test_no_empty_wal_file_stays_behind(zoomauto: Zoomauto, database: Path):
    zoomauto("quota", "set", "--max-jobs", "6")
    assert [path.name for path in database.parent.iterdir()] == ["zoomauto.db"]
