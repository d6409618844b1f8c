"""The guided demonstration: drives the program as a user would, in a folder of its own.

Real recordings are made with ffmpeg and served by the fake Zoom cloud, which listens on loopback
as long as the demonstration lasts. Every step is a command that could be typed.
"""

import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from zoomauto.clock import SystemClock
from zoomauto.errors import UsageError, ZoomautoError
from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.media.mp4 import read_mp4
from zoomauto.settings import Settings
from zoomauto.testing.typist import Ended, Typist, open_typist
from zoomauto.testing.zoom.cloud import CLIENT_SECRET
from zoomauto.testing.zoom.recorded import SESSIONS, recorded_world
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.trap_words import read_traps
from zoomauto.testing.zoom.traps import Traps

FOLDER = "zoomauto-demo"
#: Only a folder that holds this file is ever emptied.
MARKER = ".made-by-zoomauto-demo"

_CONFIG = """\
# Everything of the demonstration stays in this folder.
database_url = {database}
workspace = {workspace}
log_file = {log}
state_folder = {state}
"""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """One file that came out."""

    name: str
    size_bytes: int
    #: None for what is no film.
    duration_seconds: float | None


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
        with open_typist(_environment(os.environ, folder)) as typist:
            shell = _Shell(folder=folder, say=self.say, typist=typist)
            with self._cloud(folder) as cloud:
                self._run(shell, cloud)
            report = self._came_out(shell)
        self.say(f"\n# Yours to play with: export ZOOMAUTO_CONFIG={FOLDER}/config.toml")
        self.say("# The cloud is gone by now; zoomauto demo --serve starts one that stays.")
        self.say(f"# To be rid of it:     rm -r {FOLDER}")
        return report

    def serve(self, traps: Mapping[str, str]) -> None:
        """Fill ``zoomauto-demo`` anew and keep its cloud, with its traps, running until Ctrl-C.

        The commands to rehearse with are said, not run. Raise UsageError as the demonstration
        does, and for traps that there are not.
        """
        chosen = read_traps(traps)
        folder = self._fresh(self.parent / FOLDER)
        with self._cloud(folder, chosen) as cloud:
            for name, value in traps.items():
                self.say(f"# What goes wrong: {name} {value}".rstrip())
            self.say("\n# It stays until Ctrl-C. Type these in another terminal, in this folder:")
            self.say(f'$ export ZOOMAUTO_CONFIG="$PWD/{FOLDER}/config.toml"')
            check = ("source", "check", "zoom")
            source, *others = _set_up(cloud)
            for words in (source, check, *others, ("run", "nightly", "--dry-run")):
                self.say(_typed(words))
            self.say(_typed(("run", "nightly")))
            cloud.serve_forever()

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
            state=json.dumps(str(folder / "state")),
        )
        (folder / "config.toml").write_text(text, encoding="utf-8")
        return folder

    def _cloud(self, folder: Path, traps: Traps | None = None) -> FakeZoom:
        """Start a cloud that holds the sessions, with real files behind them."""
        secret = folder / "client-secret"
        secret.touch(mode=0o600)
        secret.write_text(CLIENT_SECRET, encoding="utf-8")
        world = recorded_world(self.ffmpeg, folder / "cloud", now=self.now)
        cloud = FakeZoom(world, traps=traps)
        self.say(f"# A fake Zoom cloud on {cloud.api_base} holds what ffmpeg has made for it:")
        for session in SESSIONS:
            clip = session.clip
            sound = f"sound from {clip.head} s to {clip.head + clip.sound} s"
            sound = sound if clip.sound else "no sound at all"
            said = "still being processed" if session.ready_in else sound
            start = self.now - session.ago
            self.say(f"    {start:%Y-%m-%d %H:%M} UTC  {session.topic}  ({clip.seconds} s, {said})")
        return cloud

    def _run(self, shell: "_Shell", cloud: FakeZoom) -> None:
        shell.heading("Where recordings come from, which ones are meant, what becomes of them:")
        for words in _set_up(cloud):
            shell.run(*words)
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
            length = "" if file.duration_seconds is None else f"{file.duration_seconds:.0f} s, "
            size = f"{file.size_bytes / 1e6:.1f} MB" if length else f"{file.size_bytes:,} bytes"
            self.say(f"    published/{file.name}  ({length}{size})")
        shell.heading("When it would start by itself:")
        shell.run("schedule", "next", "nightly", "--count", "3")
        job = shell.data("job", "show", "nightly")
        occurrences = shell.data("schedule", "next", "nightly", "--count", "3")["occurrences"]
        self.say(f"    in words: {job['schedule_in_words']}")
        shell.heading("What would start it: a line in your crontab, or a timer of systemd:")
        for backend in ("crontab", "systemd"):
            shell.run("schedule", "render", "nightly", "--backend", backend)
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
    typist: Typist

    def heading(self, text: str) -> None:
        self.say(f"\n# {text}")

    def run(self, *words: str) -> None:
        """Show the command as typed, run it for real, show its output."""
        self.say(_typed(words))
        ended = self._ended(words)
        for line in (ended.out + ended.err).rstrip().splitlines():
            self.say(f"    {line}".replace(str(self.folder.parent), "$PWD"))
        if ended.code != 0:
            raise ZoomautoError(f"the demonstration stopped: exit code {ended.code}")

    def data(self, *words: str) -> Any:
        """Give the JSON data of a command that is not shown."""
        return json.loads(self._ended([*words, "--output", "json"]).out)["data"]

    def _ended(self, words: Sequence[str]) -> Ended:
        # What a shell would do with the line as it is shown.
        return self.typist(*(word.replace("$PWD", str(self.folder.parent)) for word in words))


def _set_up(cloud: FakeZoom) -> tuple[tuple[str, ...], ...]:
    """Give the commands that a user of this cloud would type first."""
    return (
        (
            "source", "add", "zoom", "--type", "zoom",
            "--option", f"account_id={cloud.account_id}",
            "--option", f"client_id={cloud.client_id}",
            "--option", f"api_base={cloud.api_base}",
            "--option", f"token_url={cloud.token_url}",
            "--secret", f"client_secret=file:$PWD/{FOLDER}/client-secret",
        ),
        (
            "template", "create", "lectures", "--keyword", "lecture", "--keyword", "weekly",
            "--destination", f"folder:$PWD/{FOLDER}/published", "--naming", "{date} {topic}",
        ),
        ("job", "create", "Nightly", "--template", "lectures", "--daily", "06:00"),
    )  # fmt: skip


def _typed(words: Sequence[str]) -> str:
    """Give a command as it is typed."""
    return f"$ zoomauto {' '.join(map(_quoted, words))}"


def _quoted(word: str) -> str:
    return f'"{word}"' if "$" in word else shlex.quote(word)


def _environment(outside: Mapping[str, str], folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in outside.items() if not key.startswith("ZOOMAUTO_")}
    return {
        **kept,
        "ZOOMAUTO_CONFIG": str(folder / "config.toml"),
        # No proxy reaches our loopback.
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _published(path: Path) -> Published:
    length = read_mp4(path).duration if path.suffix == ".mp4" else None
    return Published(
        name=path.name,
        size_bytes=path.stat().st_size,
        duration_seconds=None if length is None else length.total_seconds(),
    )
