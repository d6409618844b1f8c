"""The tutorials are true: their commands run, in order, in one folder, and print what is shown.

A ``console`` block holds commands after ``$ `` and below each what it prints.
Shown lines must appear in that order; ``...`` stands for anything, within a line or for lines.
How wide a column is does not matter.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

pytestmark = pytest.mark.slow

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorial").glob("*.md"))
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command and the lines that the page shows below it."""

    command: str
    lines: tuple[str, ...]


def shown_in(page: str) -> Iterator[Shown]:
    """Give the commands of a page in order. A backslash continues a command on the next line."""
    for block in BLOCK.findall(page):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command = re.match(r"(?:.*\\\n)*.*", part)
            assert command is not None
            rest = part[command.end() :].strip("\n")
            yield Shown(command=command.group(), lines=tuple(rest.splitlines()))


def missing(shown: Shown, output: str) -> str | None:
    """Give the first shown line that the output does not have in its place; None when all are."""
    remaining = map(_narrow, output.splitlines())
    for line in shown.lines:
        wanted = ".*".join(re.escape(part) for part in _narrow(line).split("..."))
        if wanted == ".*":
            continue
        if not any(re.fullmatch(wanted, printed) for printed in remaining):
            return line
    return None


def _narrow(line: str) -> str:
    return " ".join(line.split())


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_command_of_the_tutorial_does_what_the_page_shows(
    tutorial: Path,
    tmp_path: Path,
    world: Mapping[str, str],
    component: Callable[[object, str], None],
):
    component(which("ffmpeg"), "ffmpeg")
    for shown in shown_in(tutorial.read_text()):
        result = subprocess.run(
            ["bash", "-c", shown.command],
            cwd=tmp_path,
            env=world,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        output = result.stdout + result.stderr
        assert result.returncode == 0, f"$ {shown.command}\n{output}"
        assert missing(shown, output) is None, f"$ {shown.command}\n{output}"


def test_a_line_that_was_not_printed_is_found_missing():
    shown = Shown(command="seq 3", lines=("1", "...", "3 ... rest"))
    assert missing(shown, "1\n2\n3   and the rest\n") is None
    assert missing(shown, "1\n2\n3\n") == "3 ... rest"
    assert missing(shown, "3 and the rest\n1\n") == "3 ... rest"


def test_blocks_are_read_command_by_command():
    page = "```console\n$ a \\\n    b\nprinted\n\nmore\n$ c\n```\n\n```text\n$ no\n```\n"
    assert list(shown_in(page)) == [
        Shown(command="a \\\n    b", lines=("printed", "", "more")),
        Shown(command="c", lines=()),
    ]
