"""A command destination: words without a shell, codes with meaning, nothing delivered twice."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from zoomauto.destinations.command import CommandDestination, CommandOptions, filled
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    InvalidOptions,
    PermanentError,
    TemporaryError,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]


@pytest.fixture
def destination(tools: Tools) -> Callable[..., CommandDestination]:
    """Open a command destination."""

    def opened(command: str, **more: str) -> CommandDestination:
        return CommandDestination(CommandOptions(command=command, **more), tools)  # type: ignore[arg-type]

    return opened


Opened = Callable[..., CommandDestination]


def publish(destination: CommandDestination, parcel: Parcel) -> Delivered:
    return destination.publish(parcel, FakeProgress())


def test_each_field_is_filled_in_and_never_makes_another_word(parcel_of: ParcelOf):
    values = {"name": "a b; rm -rf $HOME 'x", "size": "4"}
    assert filled("send --to='{name}' {size}{size} '{{}}'", values) == [
        "send",
        "--to=a b; rm -rf $HOME 'x",
        "44",
        "{}",
    ]


def test_the_command_is_handed_what_is_known_and_tells_where_it_went(
    destination: Opened, parcel_of: ParcelOf, tmp_path: Path
):
    parcel, progress = replace(parcel_of(b"film"), metadata={"title": "Sync 7"}), FakeProgress()
    script = tmp_path / "send"
    script.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.words"\necho working\n'
        'echo \'{"location": "video 7", "url": "https://example.org/7"}\'\n'
    )
    script.chmod(0o755)
    given = destination(f"{script} {{path}} {{name}}{{extension}} {{sha256}} {{size}} {{title}}")
    assert given.publish(parcel, progress) == Delivered(
        location="video 7", url="https://example.org/7", size_bytes=4, sha256=parcel.sha256
    )
    words = Path(f"{script}.words").read_text().splitlines()
    assert words == [str(parcel.path), "2026/Sync.mp4", parcel.sha256, "4", "Sync 7"]
    assert [(step.total, step.done, step.unit) for step in progress.steps] == [(4, 4, "bytes")]


@pytest.mark.parametrize("said", ["", "done", "[1]", '{"other": 1}', "{"])
def test_a_command_that_tells_no_place_has_put_it_under_its_name(
    destination: Opened, parcel_of: ParcelOf, said: str
):
    said = shlex.quote(said.replace("{", "{{").replace("}", "}}"))
    delivered = publish(destination(f"printf %.0s%s {{path}} {said}"), parcel_of(b"film"))
    assert (delivered.location, delivered.url) == ("2026/Sync.mp4", None)


@pytest.mark.parametrize(
    ("code", "error"),
    [(75, TemporaryError), (77, AuthenticationError), (1, PermanentError), (65, PermanentError)],
)
def test_each_exit_code_has_its_meaning(
    destination: Opened, parcel_of: ParcelOf, code: int, error: type[Exception]
):
    with pytest.raises(error, match=f"ended with {code}: no luck"):
        publish(destination(f"sh -c 'echo no luck >&2; exit {code}' {{path}}"), parcel_of(b"film"))


def test_a_command_that_is_killed_may_work_next_time(destination: Opened, parcel_of: ParcelOf):
    with pytest.raises(TemporaryError, match="it said nothing"):
        publish(destination("sh -c 'kill -9 $$' {path}"), parcel_of(b"film"))


def test_a_command_that_never_ends_is_ended(tools: Tools, parcel_of: ParcelOf):
    options = CommandOptions(command="sh -c 'sleep 600; true' {path}", timeout_hours=0.1 / 3600)
    with pytest.raises(TemporaryError, match="took too long"):
        publish(CommandDestination(options, tools), parcel_of(b"film"))


def test_a_program_that_is_not_there_is_a_matter_of_configuration(
    destination: Opened, parcel_of: ParcelOf
):
    missing = destination("no-such-program {path}")
    with pytest.raises(ConfigurationError, match="cannot be started") as refusal:
        publish(missing, parcel_of(b"film"))
    assert "full path" in str(refusal.value.hint)
    assert [check.ok for check in missing.check()] == [False]


def test_bytes_that_changed_since_they_were_sealed_are_handed_to_nobody(
    destination: Opened, parcel_of: ParcelOf, tmp_path: Path
):
    parcel = parcel_of(b"film")
    Path(parcel.path).write_bytes(b"FILM")
    with pytest.raises(CorruptMedia, match="has changed"):
        publish(destination(f"cp {{path}} {tmp_path}/taken"), parcel)
    assert not (tmp_path / "taken").exists()


def test_what_was_delivered_before_a_kill_is_not_delivered_twice(
    destination: Opened, parcel_of: ParcelOf, tmp_path: Path
):
    log = tmp_path / "log"
    command = f'sh -c \'echo run >> {log}; echo "{{{{\\"location\\": \\"7\\"}}}}"\' {{path}}'
    parcel = replace(parcel_of(b"film"), state=tmp_path / "state")
    first = publish(destination(command), parcel)
    assert (first.location, publish(destination(command), parcel)) == ("7", first)
    assert log.read_text() == "run\n"
    # With a command that looks, its word counts.
    publish(destination(command, holds_command="true"), parcel)
    assert log.read_text() == "run\n"
    publish(destination(command, holds_command="false"), parcel)
    assert log.read_text() == "run\nrun\n"


def test_nobody_knows_what_is_held_until_a_command_looks(destination: Opened, tmp_path: Path):
    (tmp_path / "film").write_bytes(b"film")
    delivered = Delivered(location=str(tmp_path / "film"), url=None, size_bytes=4, sha256="")
    look = "sh -c '[ $(stat -c %s \"$0\") = $1 ]' {location} {size}"
    assert destination("true {path}", holds_command=look).holds(delivered)
    assert not destination("true {path}", holds_command=look).holds(
        replace(delivered, size_bytes=5)
    )
    assert not destination("true {path}").holds(delivered)
    with pytest.raises(TemporaryError):
        destination("true {path}", holds_command="sh -c 'exit 75'").holds(delivered)


def test_a_check_runs_the_command_for_it(destination: Opened):
    passed = destination("true {path}", check_command="echo all is well").check()
    assert [(check.name, check.ok) for check in passed] == [
        ("program", True),
        ("program", True),
        ("check_command", True),
    ]
    assert passed[-1].detail == "all is well"
    failed = destination("true {path}", check_command="sh -c 'echo no >&2; exit 1'").check()
    assert failed[-1] == Check(name="check_command", ok=False, detail="sh ended with 1: no")


PUBLISH = """
import sys
from pathlib import Path
from zoomauto.destinations.command import CommandDestination, CommandOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.progress import FakeProgress

path, sha256, fifo, ending = sys.argv[1:]
parcel = Parcel(path=Path(path), size_bytes=4, sha256=sha256, name="x", extension="", identity="x")
options = CommandOptions(
    command=f"sh -c '(exec 3>{fifo}; echo on >&3; exec sleep 600){ending}' {{path}}"
)
CommandDestination(options, Tools(workspace=None, clock=None)).publish(parcel, FakeProgress())
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("after", ["", "; true", " & wait"], ids=["itself", "a child", "behind"])
def test_neither_the_command_nor_its_children_outlive_us(
    parcel_of: ParcelOf, tmp_path: Path, ending: signal.Signals, after: str
):
    parcel, fifo = parcel_of(b"film"), tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [sys.executable, "-c", PUBLISH, str(parcel.path), parcel.sha256, str(fifo), after]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child, fifo.open() as alive:
        assert alive.readline() == "on\n"
        child.send_signal(ending)
        # The program holds the other end; nothing comes, and its end comes when it is gone.
        assert alive.read() == ""


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"command": "cp"}, "must name the file"),
        ({"command": ""}, "names no program"),
        ({"command": "cp '{path}"}, "split into words"),
        ({"command": "cp {path} {nonsense}"}, "{nonsense} is not one of its fields"),
        ({"command": "cp {path} {"}, "brace"),
        ({"command": "cp {path}", "holds_command": "test {path}"}, "holds_command"),
        ({"command": "cp {path}", "check_command": "test {size}"}, "check_command"),
        ({"command": "cp {path}", "timeout_hours": 0}, "timeout_hours"),
    ],
)
def test_commands_that_can_never_run_are_refused(options: dict[str, object], complaint: str):
    with pytest.raises(InvalidOptions, match=complaint):
        CommandOptions(**options)  # type: ignore[arg-type]
