"""The demonstration, run for real: what it promises on the first page must come true."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from zoomauto.demo import FOLDER
from zoomauto.media.mp4 import read_mp4

pytestmark = pytest.mark.slow
PUBLISHED = {
    "Physics lecture 7.mp4": 51,
    'Weekly Q&A: "why?" 1-2 \N{ROCKET}.mp4': 51,
    "Weekly planning.mp4": 51,
}
#: On the clock of the cut: nothing went from the start of this one.
WORDS = """\
00:00:01.000 --> 00:00:05.121
<v Ann>Welcome back. Today
we come to waves, and"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a folder to stand in; nothing else may come into either."""
    (tmp_path / "here").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def _ffmpeg(component: Callable[[object, str], None]) -> None:
    component(shutil.which("ffmpeg") or find_spec("imageio_ffmpeg"), "ffmpeg")


def environment(home: Path) -> dict[str, str]:
    """Give the environment of a user who has never used the program, behind a broken proxy."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("XDG_")}
    proxies = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    return kept | proxies | {"HOME": str(home), "TMPDIR": str(home / "tmp"), "TZ": "UTC"}


def demo(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    (home / "tmp").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "zoomauto", "demo", *words],
        cwd=home / "here",
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def lengths(home: Path) -> dict[str, int]:
    """Give what was published, the dates left out, and how many seconds each takes."""
    return {
        path.name[len("2026-11-23 ") :]: round(length.total_seconds())
        for path in (home / "here" / FOLDER / "published").glob("*.mp4")
        if (length := read_mp4(path).duration)
    }


def words(home: Path) -> list[str]:
    """Give the names of what was written down, and the first subtitle."""
    folder = home / "here" / FOLDER / "published"
    names = [p.name[len("2026-11-23 ") :] for p in folder.iterdir() if p.suffix != ".mp4"]
    (written,) = folder.glob("*.vtt")
    return [*sorted(names)[:-1], written.read_text("utf-8").split("\n\n")[1]]


def complaints(stderr: str) -> list[str]:
    """Give what was said on stderr, but for the progress that long work tells on a busy machine."""
    progress = re.compile(r".+: (?:done after \d+ s|\d+%)")
    return [line for line in stderr.splitlines() if not progress.fullmatch(line)]


def keeps_its_secret(home: Path, said: str) -> None:
    """See that it is for the user alone, in one file and nowhere else."""
    folder = home / "here" / FOLDER
    secret = (folder / "client-secret").read_bytes()
    assert oct((folder / "client-secret").stat().st_mode & 0o777) == "0o600"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path.name for path in files if secret in path.read_bytes()] == ["client-secret"]
    assert secret.decode() not in said


def test_it_publishes_what_matches_and_leaves_nothing_outside_its_folder_twice_in_a_row(home: Path):
    for _ in range(2):
        ended = demo(home)
        keeps_its_secret(home, ended.stdout)

        assert (ended.returncode, complaints(ended.stderr)) == (0, [])
        assert lengths(home) == PUBLISHED
        assert words(home) == ["Physics lecture 7.srt", "Physics lecture 7.transcript.json", WORDS]
        assert "Zoom is still processing 1 of 1 files" in ended.stdout
        assert "blank: no sound above -40 dB" in ended.stdout
        assert "0 matched, 1 unmatched, 5 skipped; 0 processed, 0 failed" in ended.stdout
        assert [path.name for path in (home / "here").iterdir()] == [FOLDER]
        assert sorted(path.name for path in home.iterdir()) == ["here", "tmp"]
        assert list((home / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--trap", "all"), "--trap needs --serve"),
        (("--serve", "--trap", "nix=1"), "there is no option 'nix'"),
    ],
)
def test_traps_that_there_are_not_are_refused_before_anything_is_made(
    home: Path, words: tuple[str, ...], said: str
):
    ended = demo(home, *words)

    assert (ended.returncode, said in ended.stderr) == (2, True)
    assert list((home / "here").iterdir()) == []


def test_a_folder_of_that_name_that_is_not_its_own_is_left_alone(home: Path):
    (home / "here" / FOLDER).mkdir()
    (home / "here" / FOLDER / "thesis.txt").write_text("mine")

    ended = demo(home)

    assert ended.returncode == 2
    assert "was not made by the demonstration" in ended.stderr
    assert [path.name for path in (home / "here" / FOLDER).iterdir()] == ["thesis.txt"]


@pytest.fixture
def served(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the cloud in the background, with every trap that a careful client survives."""
    (home / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "zoomauto", "demo", "--serve", "--trap", "all"],
        cwd=home / "here",
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_the_commands_it_says_while_it_serves_work_until_ctrl_c(
    served: "subprocess.Popen[str]", home: Path
):
    assert served.stdout is not None
    commands: list[str] = []
    while not commands or commands[-1] != "zoomauto run nightly":
        line = served.stdout.readline()
        assert line, served.communicate()
        commands += [line[2:].rstrip("\n")] if line.startswith("$ ") else []

    program = f'zoomauto() {{ "{sys.executable}" -m zoomauto "$@"; }}'
    script = "\n".join(["set -e", program, *commands])
    typed = subprocess.run(
        ["bash", "-c", script],
        cwd=home / "here",
        env=environment(home) | {"no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    served.send_signal(signal.SIGINT)

    assert (typed.returncode, complaints(typed.stderr)) == (0, [])
    assert lengths(home) == PUBLISHED
    assert served.wait(timeout=60) == 130
