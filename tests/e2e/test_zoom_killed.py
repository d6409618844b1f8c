"""From Zoom's cloud to a folder: the real program, killed while it lists and while it downloads.

The cloud does what a bad day brings besides: 5xx, resets, cut bodies. What is published has the
bytes that the cloud holds.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from zoomauto.media.ffmpeg import find_ffmpeg
from zoomauto.testing.typist import open_typist
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import ApiFault, DownloadFault, Traps
from zoomauto.testing.zoom.world import World

pytestmark = pytest.mark.slow
#: Seconds; far more than any moment takes to come.
_PATIENCE = 90
_SIZE = 8_000_000
_BAD_DAY = Traps(
    api_faults=(ApiFault.SERVER_ERROR, ApiFault.RESET, ApiFault.UNAVAILABLE),
    api_fault_every=9,
    download_faults=(
        DownloadFault.SLOW,
        DownloadFault.CUT,
        DownloadFault.RESET,
        DownloadFault.CUT_CHUNKED,
    ),
    spread_faults=True,
)


@pytest.fixture(scope="module")
def film(
    tmp_path_factory: pytest.TempPathFactory, component: Callable[[object, str], None]
) -> Path:
    """A film of some size: a second of picture, and a box that players skip."""
    component(shutil.which("ffmpeg") or find_spec("imageio_ffmpeg"), "ffmpeg")
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    recipe = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=5:duration=1", "-c:v", "mpeg4", "-y"]
    find_ffmpeg().run([*recipe, str(path)], timeout=timedelta(minutes=1))
    rest = os.urandom(_SIZE - path.stat().st_size - 8)
    with path.open("ab") as file:
        file.write((len(rest) + 8).to_bytes(4) + b"free" + rest)
    return path


def a_world(film: Path) -> World:
    """Give eight users, of whom two recorded something in two parts."""
    start = datetime.now(UTC) - timedelta(hours=20)
    users = [User(id=f"u{n}", email=f"u{n}@example.org") for n in range(8)]
    meetings = [
        Meeting(
            uuid=f"m{n}==",
            number=n + 1,
            user_id=f"u{n * 2}",
            topic=f"Lesson {n}",
            start_at=start,
            files=tuple(
                File(
                    id=f"f{n}-{part}",
                    start_at=start + timedelta(minutes=20 * part),
                    end_at=start + timedelta(minutes=20 * part + 15),
                    path=film,
                )
                for part in range(2)
            ),
        )
        for n in range(2)
    ]
    return World(users=users, meetings=meetings)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The program with a source, a template and a job, in a folder of its own."""

    home: Path
    zoom: FakeZoom

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "zoomauto"]

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ZOOMAUTO_", "XDG_"))}
        return kept | {"HOME": str(self.home), "TZ": "UTC", "SECRET": self.zoom.client_secret}

    def __call__(self, *words: str) -> Any:
        ended = subprocess.run(
            [*self.command, *words, "-o", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
        return json.loads(ended.stdout)["data"]

    def set_up(self) -> None:
        zoom = self.zoom
        options = {
            "account_id": zoom.account_id,
            "client_id": zoom.client_id,
            "api_base": zoom.api_base,
            "token_url": zoom.token_url,
            "plan": "business",
        }
        pairs = [word for key, value in options.items() for word in ("--option", f"{key}={value}")]
        secret = ("--secret", "client_secret=env:SECRET")
        job = ("--template", "all", "--daily", "06:00", "--set", "skip_trim=true")
        commands = (
            ("source", "add", "zoom", "--type", "zoom", *pairs, *secret),
            ("template", "create", "all", "--destination", f"folder:{self.home}/out"),
            ("job", "create", "all", *job),
        )
        with open_typist(self.environment) as typed:
            assert [typed(*words).code for words in commands] == [0, 0, 0]

    def killed_when(self, has_come: Callable[[], bool]) -> None:
        """Start a run and kill it as soon as a moment has come."""
        running = subprocess.Popen(
            [*self.command, "run", "all"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _PATIENCE
        while not has_come():
            assert running.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL


def _pieces(home: Path) -> list[Path]:
    return [path for path in home.rglob("*.part") if path.stat().st_size >= _SIZE // 4]


def test_runs_that_are_killed_lose_nothing_and_publish_the_clouds_bytes(tmp_path: Path, film: Path):
    with FakeZoom(a_world(film), traps=_BAD_DAY) as zoom:
        zoomauto = Installation(home=tmp_path, zoom=zoom)
        zoomauto.set_up()

        zoomauto.killed_when(lambda: sum("/recordings" in r.path for r in zoom.requests) >= 4)
        assert zoomauto("recording", "list") == []
        zoomauto.killed_when(lambda: bool(_pieces(tmp_path)))
        first = zoomauto("recording", "list")
        # The run is dead: nobody has to wait until its lease has run out.
        begun = next(r for r in first if r["status"] == "DOWNLOADING")
        zoomauto("recording", "reset", str(begun["id"]), "--yes")
        zoom.body_gate.open()

        report = zoomauto("run", "all")

        assert report["run"]["status"] == "SUCCESS"
        published = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
        assert len(published) == 4
        wanted = film.read_bytes()
        assert all(path.read_bytes() == wanted for path in published)
        after = zoomauto("recording", "list")
        assert {r["status"] for r in after} == {"UPLOADED"}
        assert [r["id"] for r in after] == [r["id"] for r in first]
        assert list(tmp_path.rglob("*.part*")) == []
        assert 206 in {request.status for request in zoom.requests}
        assert zoom.violations() == ()
