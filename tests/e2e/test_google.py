"""The real program at a Google of our own: log in, publish, be killed, publish once."""

import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.bootstrap import App, open_app
from zoomauto.domain.job_change import JobChange
from zoomauto.domain.recording import RecordingStatus
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.ports.destination import Visit
from zoomauto.settings import load_settings
from zoomauto.storage.database import SqlDatabase
from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.usecases.edit_sources import SourceChange
from zoomauto.usecases.edit_templates import TemplateChange

Component = Callable[[object, str], None]

_PATIENCE = 60


@dataclass(frozen=True, kw_only=True)
class World:
    """One installation in a folder of its own, with one recording to publish."""

    folder: Path
    google: FakeGoogle

    @property
    def environment(self) -> dict[str, str]:
        """Ours, but with nothing else of zoomauto, and no screen, in it."""
        unwanted = ("ZOOMAUTO_", "DISPLAY", "WAYLAND_", "BROWSER")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
        return kept | {"ZOOMAUTO_CONFIG": str(self.folder / "config.toml")}

    @property
    def logins(self) -> list[Path]:
        """Every kept login."""
        return sorted(self.folder.glob("state/google/*.json"))

    @contextmanager
    def opened(self) -> Iterator[App]:
        """Open the program's use cases on its database, in this process."""
        with open_app(load_settings({"config": str(self.folder / "config.toml")}, {})) as app:
            yield app

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and do not wait for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "zoomauto", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def zoomauto(self, *words: str, code: int = 0) -> tuple[str, str]:
        """Run a command to its end; give what it said."""
        running = self.start(*words)
        out, err = running.communicate(timeout=_PATIENCE)
        assert running.returncode == code, out + err
        return out, err

    def asked(self, *words: str) -> tuple[subprocess.Popen[str], str]:
        """Start a login; give it with the page that it asks for."""
        running = self.start("destination", "login", "there", "-o", "json", *words)
        assert running.stderr is not None
        return running, next(line.strip() for line in running.stderr if line.startswith("http"))


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it, made once."""
    file = tmp_path_factory.mktemp("database") / "zoomauto.db"
    SqlDatabase(url=f"sqlite:///{file}").upgrade()
    return file


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, component: Component) -> Path:
    """A recording of three seconds."""
    ffmpeg = shutil.which("ffmpeg")
    component(ffmpeg, "ffmpeg")
    target = tmp_path_factory.mktemp("recordings") / "Lesson.mp4"
    inputs = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=3")
    sound = ("-f", "lavfi", "-i", "sine=d=3", "-c:v", "mpeg4", "-c:a", "aac", "-y")
    subprocess.run([str(ffmpeg), "-v", "error", *inputs, *sound, str(target)], check=True)
    return target


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    with FakeGoogle() as fake:
        yield fake
        assert fake.complaints() == ()


@pytest.fixture
def world_of(
    tmp_path: Path, google: FakeGoogle, recording: Path, migrated: Path
) -> Callable[[str], World]:
    """Make an installation with a destination of a type, a template and a job."""

    def made(type_name: str) -> World:
        (tmp_path / "recordings").mkdir()
        shutil.copy(recording, tmp_path / "recordings")
        shutil.copy(migrated, tmp_path)
        secret = tmp_path / "secret"
        secret.write_text(google.client_secret)
        secret.chmod(0o600)
        (tmp_path / "config.toml").write_text(
            f'database_url = "sqlite:///{tmp_path}/zoomauto.db"\nlog_file = "{tmp_path}/log"\n'
            f'workspace = "{tmp_path}/workspace"\nstate_folder = "{tmp_path}/state"\n'
            'owner = "alice"\n'
        )
        world = World(folder=tmp_path, google=google)
        with world.opened() as app:
            app.add_destination()(
                "alice",
                "there",
                type_name=type_name,
                options=google.options(type_name),
                secrets={"client_secret": f"file:{secret}"},
            )
            folder = SourceChange(name="here", options={"path": f"{tmp_path}/recordings"})
            app.add_source()("alice", "folder", folder)
            template = TemplateChange(
                name="all", destinations=("there",), settings={"skip_trim": "true"}
            )
            app.create_template()("alice", template)
            daily = TimeOfDay(time=time(6), timezone="UTC")
            job = JobChange(name="all", templates=("all",), schedule=daily, exclude_blank=False)
            app.create_job()("alice", job)
        return world

    return made


WorldOf = Callable[[str], World]


def test_a_login_is_kept_for_its_owner_alone_and_nowhere_else(world_of: WorldOf):
    world = world_of("youtube")
    _, err = world.zoomauto("run", "all", code=75)
    assert "zoomauto destination login there" in err
    running, page = world.asked("--no-browser")
    world.google.visit(page)
    out, err = running.communicate(timeout=_PATIENCE)
    envelope = json.loads(out)
    assert (running.returncode, envelope["status"], envelope["data"]["ok"]) == (0, "success", True)
    (login,) = world.logins
    assert stat.S_IMODE(login.stat().st_mode) == 0o600
    (token,) = world.google.logins.refresh_tokens
    assert json.loads(login.read_text())["refresh_token"] == token
    world.zoomauto("run", "all")
    with closing(sqlite3.connect(world.folder / "zoomauto.db")) as database:
        stored = "\n".join(database.iterdump())
    log = world.folder / "log"
    told = out + err + stored + (log.read_text() if log.exists() else "")
    secrets = (
        token,
        world.google.client_secret,
        *world.google.logins.access_tokens,
        *world.google.sessions.known,
    )
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.slow
@pytest.mark.parametrize("type_name", ["youtube", "google-drive"])
@pytest.mark.parametrize("moment", ["within a chunk", "behind the last byte"])
def test_a_killed_upload_is_finished_by_the_next_run_and_there_is_one_object(
    type_name: str, moment: str, world_of: WorldOf, recording: Path
):
    world = world_of(type_name)
    with world.opened() as app:
        visit = Visit(open_page=world.google.visit, patience=timedelta(seconds=10))
        app.log_in_to_destination()("alice", "there", visit)
    reached, go = threading.Event(), threading.Event()
    held: dict[str, Any]
    held = {"cut_after": 20_000} if moment == "within a chunk" else {"is_lost": True}
    world.google.fail(Fault(method="PUT", path="upload", reached=reached, go=go, **held))
    running = world.start("run", "all")
    assert reached.wait(_PATIENCE)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    go.set()
    world.zoomauto("run", "all")
    films = [film.content for film in world.google.youtube.films.values()]
    files = [f.content for f in world.google.drive.files.values()]
    assert films + files == [recording.read_bytes()]
    assert world.google.sessions.bytes_taken == recording.stat().st_size
    assert world.google.counts()["POST videos"] + world.google.counts()["POST files"] == 1
    with world.opened() as app:
        statuses = [found.recording.status for found in app.list_recordings()("alice")]
    assert statuses == [RecordingStatus.UPLOADED]
