"""The guided demonstration: drives the program as a user would, in a folder of its own.

Real recordings are made with ffmpeg, and every step is a command that could be typed.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from zoomauto.clock import SystemClock
from zoomauto.errors import UsageError, ZoomautoError
from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.media.mp4 import read_mp4
from zoomauto.settings import Settings

FOLDER = "zoomauto-demo"
#: Only a folder that holds this file is ever emptied.
MARKER = ".made-by-zoomauto-demo"

_CONFIG = """\
# Everything of the demonstration stays in this folder.
database_url = {database}
workspace = {workspace}
log_file = {log}
"""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A recording to make: seconds of silence, then of sound, then of silence."""

    path: str
    head: int
    sound: int
    tail: int

    @property
    def seconds(self) -> int:
        """The whole length."""
        return self.head + self.sound + self.tail


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One file that came out."""

    name: str
    size_bytes: int
    duration_seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoReport:
    """What the demonstration left in its folder."""

    folder: Path
    published: tuple[Published, ...]
    schedule: str
    #: The next three occurrences, ISO 8601.
    occurrences: tuple[str, ...]


def demonstration(settings: Settings, *, say: Say) -> "Demo":
    """Give the demonstration for the current folder; of the settings it uses ffmpeg's alone."""
    ffmpeg = find_ffmpeg(settings.ffmpeg)
    return Demo(ffmpeg=ffmpeg, now=SystemClock().now(), parent=Path.cwd(), say=say)


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Make recordings, set up a job, show the dry run, run it, show what came out."""

    ffmpeg: Ffmpeg
    now: datetime
    #: The folder that gets ours.
    parent: Path
    say: Say

    def __call__(self) -> DemoReport:
        """Fill ``zoomauto-demo`` anew.

        Raise UsageError when a folder of that name is not ours, ZoomautoError when a step fails.
        """
        folder = self._fresh(self.parent / FOLDER)
        self.say(f"# A demonstration in {FOLDER}/: its own recordings, settings and database.")
        self._make_recordings(folder)
        shell = _Shell(folder=folder, say=self.say)
        self._set_up(shell)
        self._run(shell)
        report = self._came_out(shell)
        self.say(f"\n# Yours to play with: export ZOOMAUTO_CONFIG={FOLDER}/config.toml")
        self.say(f"# To be rid of it:     rm -r {FOLDER}")
        return report

    def _fresh(self, folder: Path) -> Path:
        if folder.exists() or folder.is_symlink():
            if folder.is_symlink() or not (folder / MARKER).is_file():
                raise UsageError(
                    f"{folder} is there already and was not made by the demonstration",
                    hint="run zoomauto demo in another folder",
                )
            shutil.rmtree(folder)
        (folder / "published").mkdir(parents=True)
        (folder / MARKER).write_text("This folder is emptied by the next zoomauto demo.\n")
        database = f"sqlite:///{folder / 'zoomauto.db'}"
        text = _CONFIG.format(
            database=json.dumps(database),
            workspace=json.dumps(str(folder / "workspace")),
            log=json.dumps(str(folder / "zoomauto.log")),
        )
        (folder / "config.toml").write_text(text, encoding="utf-8")
        return folder

    def _make_recordings(self, folder: Path) -> None:
        clips = _clips(self.now)
        self.say(f"# {len(clips)} recordings of a little over a minute, made with ffmpeg:")
        for clip in clips:
            target = folder / "recordings" / clip.path
            target.parent.mkdir(parents=True, exist_ok=True)
            self.ffmpeg.run(_recipe(clip, target), timeout=timedelta(minutes=2))
            size = target.stat().st_size
            sound = f"sound from {clip.head} s to {clip.head + clip.sound} s"
            sound = sound if clip.sound else "no sound at all"
            self.say(f"    {clip.path}  ({clip.seconds} s, {size / 1e6:.1f} MB, {sound})")

    def _set_up(self, shell: "_Shell") -> None:
        shell.heading("Where recordings come from, which ones are meant, what becomes of them:")
        recordings, published = f"$PWD/{FOLDER}/recordings", f"$PWD/{FOLDER}/published"
        shell.run("source", "add", "meetings", "--type", "folder", "--option", f"path={recordings}")
        shell.run(
            "template", "create", "lectures", "--keyword", "lecture", "--keyword", "weekly",
            "--destination", f"folder:{published}", "--naming", "{date} {topic}",
        )  # fmt: skip
        shell.run("job", "create", "Nightly", "--template", "lectures", "--daily", "06:00")

    def _run(self, shell: "_Shell") -> None:
        shell.heading("What would happen (nothing is changed):")
        shell.run("run", "nightly", "--dry-run")
        shell.heading("Now for real:")
        shell.run("run", "nightly")
        shell.heading("Once more: nothing is done twice.")
        shell.run("run", "nightly")

    def _came_out(self, shell: "_Shell") -> DemoReport:
        shell.heading("What came out:")
        published = tuple(_published(path) for path in sorted(shell.folder.glob("published/*")))
        for file in published:
            self.say(
                f"    published/{file.name}"
                f"  ({file.duration_seconds:.0f} s, {file.size_bytes / 1e6:.1f} MB)"
            )
        shell.heading("When it would start by itself:")
        shell.run("schedule", "next", "nightly", "--count", "3")
        job = shell.data("job", "show", "nightly")
        occurrences = shell.data("schedule", "next", "nightly", "--count", "3")["occurrences"]
        self.say(f"    in words: {job['schedule_in_words']}")
        return DemoReport(
            folder=shell.folder,
            published=published,
            schedule=job["schedule_in_words"],
            occurrences=tuple(occurrences),
        )


@dataclass(frozen=True, kw_only=True)
class _Shell:
    """Types commands and shows what they print."""

    folder: Path
    say: Say

    def heading(self, text: str) -> None:
        self.say(f"\n# {text}")

    def run(self, *words: str) -> None:
        """Show the command as typed, run it for real, show its output."""
        self.say(f"$ zoomauto {' '.join(_quoted(word) for word in words)}")
        ended = self._ended(words)
        for line in (ended.stdout + ended.stderr).rstrip().splitlines():
            self.say(f"    {line}".replace(str(self.folder.parent), "$PWD"))
        if ended.returncode != 0:
            raise ZoomautoError(f"the demonstration stopped: exit code {ended.returncode}")

    def data(self, *words: str) -> Any:
        """Give the JSON data of a command that is not shown."""
        return json.loads(self._ended([*words, "--output", "json"]).stdout)["data"]

    def _ended(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        # What a shell would do with the line as it is shown.
        placed = [word.replace("$PWD", str(self.folder.parent)) for word in words]
        return subprocess.run(  # noqa: S603 - our own program, and every word is made here
            [sys.executable, "-m", "zoomauto", *placed],
            env=_environment(os.environ, self.folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )


def _clips(now: datetime) -> tuple[Clip, ...]:
    yesterday = now - timedelta(days=1)
    desktop = f"{yesterday:%Y-%m-%d} 10.00.00 Weekly planning 84412345678"
    return (
        Clip(path=f"{desktop}/video1.mp4", head=12, sound=48, tail=15),
        Clip(path="Physics lecture 7.mp4", head=0, sound=50, tail=20),
        Clip(path="Weekly call that nobody joined.mp4", head=70, sound=0, tail=0),
        Clip(path="Birthday.mp4", head=5, sound=60, tail=5),
    )


def _recipe(clip: Clip, target: Path) -> list[str]:
    """Give ffmpeg's arguments: a moving test picture, a wavering tone, silence around it."""
    end = clip.head + clip.sound
    tone = f"0.4*sin(2*PI*330*t)*(0.6+0.4*sin(2*PI*3*t))*between(t,{clip.head},{end})"
    tone = tone if clip.sound else "0"
    return [
        "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=10:duration={clip.seconds}",
        "-f", "lavfi", "-i", f"aevalsrc='{tone}':s=16000:d={clip.seconds}",
        "-c:v", "mpeg4", "-q:v", "12", "-g", "20", "-c:a", "aac", "-b:a", "48k",
        "-movflags", "+faststart", "-y", str(target),
    ]  # fmt: skip


def _quoted(word: str) -> str:
    return f'"{word}"' if "$" in word else shlex.quote(word)


def _environment(outside: Mapping[str, str], folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in outside.items() if not key.startswith("ZOOMAUTO_")}
    return {**kept, "ZOOMAUTO_CONFIG": str(folder / "config.toml"), "PYTHONIOENCODING": "utf-8"}


def _published(path: Path) -> Published:
    duration = read_mp4(path).duration or timedelta()
    return Published(
        name=path.name, size_bytes=path.stat().st_size, duration_seconds=duration.total_seconds()
    )
