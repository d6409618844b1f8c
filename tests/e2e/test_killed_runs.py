"""The real program, killed at each kind of moment, and on disks that are full or closed."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zoomauto.testing.typist import open_typist

Component = Callable[[object, str], None]
BuiltOnce = Callable[[str, Callable[[Path], None]], Path]
Make = Callable[[Path], "World"]

#: Seconds; far more than any moment takes to come.
_PATIENCE = 60

_SOUND = "aevalsrc='0.4*sin(2*PI*330*t)*between(t,{head},24)':s=16000:d=30"


@dataclass(frozen=True, kw_only=True)
class World:
    """One installation in a folder of its own, with three recordings to publish."""

    folder: Path

    @property
    def published(self) -> Path:
        """Where results go."""
        return self.folder / "published"

    @property
    def command(self) -> list[str]:
        """The program."""
        return [sys.executable, "-m", "zoomauto"]

    @property
    def environment(self) -> dict[str, str]:
        """Ours, but with nothing else of zoomauto in it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ZOOMAUTO_")}
        return kept | {"ZOOMAUTO_CONFIG": str(self.folder / "config.toml")}

    def zoomauto(
        self, *words: str, before: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*before, *self.command, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def data(self, *words: str) -> Any:
        """Give the data of a command's JSON."""
        return json.loads(self.zoomauto(*words, "-o", "json").stdout)["data"]

    def start(self) -> subprocess.Popen[bytes]:
        """Start a run and do not wait for it."""
        return subprocess.Popen(
            [*self.command, "run", "all"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def results(self) -> dict[str, str]:
        """Published name -> hash; hidden files too."""
        files = (path for path in self.published.rglob("*") if path.is_file())
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}

    def left_in_workspace(self) -> list[Path]:
        """Every file of work in progress."""
        return [path for path in (self.folder / "workspace").rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def recordings(built_once: BuiltOnce, component: Component) -> Path:
    """Three recordings of half a minute, with silence to cut at both ends."""
    ffmpeg = shutil.which("ffmpeg")
    component(ffmpeg, "ffmpeg")

    def fill(folder: Path) -> None:
        for number in (1, 2, 3):
            picture = "testsrc2=size=320x180:rate=10:duration=30"
            sound = _SOUND.format(head=4 + number)
            inputs = ("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound)
            codecs = ("-c:v", "mpeg4", "-g", "10", "-c:a", "aac", "-y")
            target = str(folder / f"Lesson {number}.mp4")
            subprocess.run([str(ffmpeg), "-v", "error", *inputs, *codecs, target], check=True)

    return built_once("lessons", fill)


@pytest.fixture(scope="module")
def make(recordings: Path) -> Make:
    """Give what makes an installation in a folder, before its first run."""

    def made(folder: Path) -> World:
        world = World(folder=folder)
        shutil.copytree(recordings, folder / "recordings")
        world.published.mkdir()
        (folder / "config.toml").write_text(
            f'database_url = "sqlite:///{folder}/zoomauto.db"\n'
            f'workspace = "{folder}/workspace"\nlog_file = "{folder}/log"\n'
        )
        source = ("--type", "folder", "--option", f"path={folder}/recordings")
        job = ("--template", "all", "--daily", "06:00", "--include-blank")
        commands = (
            ("source", "add", "here", *source),
            ("template", "create", "all", "--destination", f"folder:{world.published}"),
            ("job", "create", "all", *job),
        )
        with open_typist(world.environment) as typed:
            assert [typed(*words).code for words in commands] == [0, 0, 0]
        return world

    return made


@pytest.fixture(scope="module")
def undisturbed(built_once: BuiltOnce, make: Make) -> dict[str, str]:
    """Give what a run that nobody disturbs publishes."""

    def fill(folder: Path) -> None:
        world = make(folder)
        assert world.zoomauto("run", "all").returncode == 0
        (folder / "results.json").write_text(json.dumps(world.results()))

    folder = built_once("undisturbed", fill)
    results: dict[str, str] = json.loads((folder / "results.json").read_text())
    assert len(results) == 3
    return results


#: Moment -> whether it has come. Each is a different half-done state to be killed in.
MOMENTS: dict[str, Callable[[World], bool]] = {
    "a copy is under way": lambda w: any(w.folder.glob("workspace/*/*/download/*")),
    "a cut is under way": lambda w: any(w.folder.glob("workspace/*/*/trim/*")),
    "the first is being published": lambda w: any(w.published.iterdir()),
    "the last is being published": lambda w: len(list(w.published.iterdir())) >= 3,
}


def _await(
    has_come: Callable[[World], bool], world: World, running: subprocess.Popen[bytes]
) -> None:
    """Wait until a moment has come, or the run is over."""
    until = time.monotonic() + _PATIENCE
    while not has_come(world):
        assert time.monotonic() < until
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=0.005)
            return


def _kill_when(world: World, has_come: Callable[[World], bool]) -> None:
    running = world.start()
    _await(has_come, world, running)
    running.send_signal(signal.SIGKILL)
    running.wait()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_is_finished_by_the_next_and_publishes_each_recording_once(
    tmp_path: Path, make: Make, undisturbed: dict[str, str], moment: str
):
    world = make(tmp_path)
    _kill_when(world, MOMENTS[moment])
    ended = world.zoomauto("run", "all")
    assert ended.returncode == 0, ended.stderr
    assert world.results() == undisturbed
    assert world.left_in_workspace() == []
    listed = world.data("recording", "list")
    assert {recording["status"] for recording in listed} == {"UPLOADED"}
    assert "RUNNING" not in {run["status"] for run in world.data("history", "list")}


@pytest.mark.slow
def test_a_run_killed_again_and_again_still_comes_to_its_end(
    tmp_path: Path, make: Make, undisturbed: dict[str, str]
):
    world = make(tmp_path)
    for has_come in MOMENTS.values():
        _kill_when(world, has_come)
    assert world.zoomauto("run", "all").returncode == 0
    assert (world.results(), world.left_in_workspace()) == (undisturbed, [])


@pytest.mark.slow
def test_an_interrupted_run_says_so_and_saves_its_state(
    tmp_path: Path, make: Make, undisturbed: dict[str, str]
):
    world = make(tmp_path)
    running = world.start()
    _await(MOMENTS["a copy is under way"], world, running)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=_PATIENCE) == 130
    assert [run["status"] for run in world.data("history", "list")] == ["FAILED"]
    assert world.zoomauto("run", "all").returncode == 0
    assert (world.results(), world.left_in_workspace()) == (undisturbed, [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mount", "reason"),
    [
        ("-t tmpfs -o size=100k tmpfs", "bytes free"),
        ("-t tmpfs -o ro tmpfs", "read-only"),
    ],
    ids=["full disk", "read-only disk"],
)
def test_a_destination_that_takes_nothing_is_tried_again_by_the_next_run(
    tmp_path: Path,
    make: Make,
    undisturbed: dict[str, str],
    component: Component,
    mount: str,
    reason: str,
):
    component(os.geteuid() == 0 and shutil.which("unshare"), "unshare, as root")
    world = make(tmp_path)
    mounted = f'mount {mount} "{world.published}" && exec "$@"'
    ended = world.zoomauto("run", "all", before=("unshare", "-m", "sh", "-ec", mounted, "sh"))
    assert ended.returncode == 75, ended.stderr
    assert reason in (ended.stdout + ended.stderr).lower()
    assert {recording["status"] for recording in world.data("recording", "list")} == {"FAILED"}
    assert world.zoomauto("run", "all").returncode == 0
    assert (world.results(), world.left_in_workspace()) == (undisturbed, [])
