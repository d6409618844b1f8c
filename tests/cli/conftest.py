"""The program in a world of its own: argv in; text, JSON and exit code out."""

import io
import json
import logging
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from zoomauto.bootstrap import open_app
from zoomauto.cli import main
from zoomauto.domain.job_change import JobChange
from zoomauto.domain.schedule import TimeOfDay
from zoomauto.settings import load_settings
from zoomauto.storage.database import SqlDatabase
from zoomauto.usecases.edit_sources import SourceChange
from zoomauto.usecases.edit_templates import TemplateChange

OWNER = "alice"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one call of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def data(self) -> Any:
        """What the envelope carries."""
        return self.document["data"]


Zoomauto = Callable[..., Ended]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, made once: migrating costs more than most tests."""
    file = tmp_path_factory.mktemp("empty") / "zoomauto.db"
    SqlDatabase(url=f"sqlite:///{file}").upgrade()
    return file


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the program's database is."""
    return tmp_path / "home" / ".local" / "share" / "zoomauto" / "zoomauto.db"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home, an environment and a working folder in which nothing of this machine is seen."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("CONFIG", "DATABASE_URL", "WORKSPACE", "FFMPEG", "LOG_FILE"):
        monkeypatch.delenv(f"ZOOMAUTO_{name}", raising=False)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ZOOMAUTO_OWNER", OWNER)
    monkeypatch.setenv("ZOOMAUTO_TIMEZONE", "UTC")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fresh(
    world: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Zoomauto]:
    """The program before its first use: there is no database yet."""

    def run(*words: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main(words)
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(code=ended.value.code, out=out, err=err)

    at_termination = signal.getsignal(signal.SIGTERM)
    logger = logging.getLogger("zoomauto")
    before = list(logger.handlers), logger.level, logger.propagate
    yield run
    signal.signal(signal.SIGTERM, at_termination)
    logger.handlers[:], logger.level, logger.propagate = before


@pytest.fixture
def zoomauto(fresh: Zoomauto, database: Path, empty_database: Path) -> Zoomauto:
    """The program with an empty database."""
    database.parent.mkdir(parents=True)
    shutil.copyfile(empty_database, database)
    return fresh


@pytest.fixture(scope="session")
def stocked_database(empty_database: Path) -> Path:
    """A database with source ``laptop``, three templates and the job ``Every evening``."""
    file = Path(shutil.copyfile(empty_database, empty_database.with_name("stocked.db")))
    environment = {"ZOOMAUTO_OWNER": OWNER, "ZOOMAUTO_TIMEZONE": "UTC"}
    settings = load_settings({"database_url": f"sqlite:///{file}"}, environment)
    evenings = TimeOfDay(time=time(21), timezone="UTC")
    with open_app(settings) as app:
        laptop = SourceChange(name="laptop", options={"path": "/nowhere"})
        app.add_source()(OWNER, "folder", laptop)
        for template in (
            TemplateChange(name="lectures", keywords=("lecture",)),
            TemplateChange(name="stand-ups", exact_matches=("Stand-up",), sources=("laptop",)),
            TemplateChange(name="the rest"),
        ):
            app.create_template()(OWNER, template)
        job = JobChange(name="Every evening", templates=("lectures",), schedule=evenings)
        app.create_job()(OWNER, job)
    return file


@pytest.fixture
def stocked(fresh: Zoomauto, database: Path, stocked_database: Path) -> Zoomauto:
    """The program with a source, three templates and a job."""
    database.parent.mkdir(parents=True)
    shutil.copyfile(stocked_database, database)
    return fresh


@pytest.fixture
def ready(stocked: Zoomauto, tmp_path: Path) -> Zoomauto:
    """The same, with folders that recordings come from and go to."""
    (tmp_path / "Zoom").mkdir()
    path, published = f"path={tmp_path / 'Zoom'}", f"folder:{tmp_path / 'Published'}"
    for words in (
        ("source", "update", "laptop", "--option", path),
        ("template", "update", "lectures", "--destination", published),
    ):
        ended = stocked(*words)
        assert ended.code == 0, ended.err
    return stocked


@pytest.fixture
def contents(database: Path) -> Callable[[], str]:
    """Read everything that the database holds, as SQL."""

    def read() -> str:
        with closing(sqlite3.connect(database)) as connection:
            return "\n".join(connection.iterdump())

    return read


@pytest.fixture
def record(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Put a recording into the folder of ``laptop``, today, as the desktop client does."""

    def put(topic: str, content: bytes) -> Path:
        today = subprocess.run(
            ["date", "-u", "+%F"], capture_output=True, text=True, check=True
        ).stdout.strip()
        folder = tmp_path / "Zoom" / f"{today} 00.00.00 {topic}"
        folder.mkdir()
        (folder / "video1.mp4").write_bytes(content)
        return folder

    return put


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, component: Any) -> bytes:
    """Seventy seconds of a small, audible film."""
    component(shutil.which("ffmpeg"), "ffmpeg")
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=2:duration=70"]
    sound = ["-f", "lavfi", "-i", "sine=440:duration=70"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"]
    command = ["ffmpeg", "-v", "error", *picture, *sound, *codecs, str(file)]
    subprocess.run(command, check=True)
    return file.read_bytes()


def settled(value: Any) -> Any:
    """Replace what differs from run to run: every instant becomes ``"..."``."""
    if isinstance(value, Mapping):
        instants = ("_at", "_from", "_until")
        return {
            key: "..." if key.endswith(instants) and inner else settled(inner)
            for key, inner in value.items()
        }
    return [settled(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture(name="settled")
def settled_function() -> Callable[[Any], Any]:
    """Make a document comparable."""
    return settled
