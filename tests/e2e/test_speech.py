"""Speech in, words and chapters out: the real program from a folder to every kind of place."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import webvtt
from obstore.store import S3Store

from zoomauto.media.ffmpeg import find_ffmpeg
from zoomauto.media.silence import Silence, listen
from zoomauto.testing.asr import AsrServer, rate_limited
from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.server import FakeGoogle

pytestmark = pytest.mark.slow

Component = Callable[[object, str], None]

#: Where a sentence begins in the film, in seconds, and what is said.
SENTENCES = (
    (20, "good morning everybody and welcome to the weekly meeting"),
    (50, "we will talk about the money and the people"),
)
LENGTH = 75
MOST = timedelta(milliseconds=50)
PAUSE = Silence(threshold_db=-40.0, length=timedelta(seconds=0.8))
KEY = "sk-right"
TALK = "Weekly talk"
LECTURE = "Physics lecture"


@dataclass(kw_only=True)
class World:
    """An installation in a folder of its own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def zoomauto(self, *words: str, code: int = 0) -> Any:
        """Run a command to its end; give the data of its JSON."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ZOOMAUTO_")}
        config = {"ZOOMAUTO_CONFIG": str(self.folder / "config.toml")}
        done = subprocess.run(
            [sys.executable, "-m", "zoomauto", *words, "-o", "json"],
            env=kept | config | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)["data"]

    def add_destination(
        self, name: str, type_name: str, options: Mapping[str, Any], **secrets: str
    ) -> None:
        """Add a place; the value of each secret goes into the environment."""
        words = [f"--option={key}={value}" for key, value in options.items()]
        for key, value in secrets.items():
            variable = f"SECRET_OF_{name}_{key}".upper()
            self.environment[variable] = value
            words += ["--secret", f"{key}=env:{variable}"]
        self.zoomauto("destination", "add", name, "--type", type_name, *words)

    def log_in(self, name: str, google: FakeGoogle) -> None:
        """Log in as a person would: the page is opened, and everything agreed to."""
        command = [sys.executable, "-m", "zoomauto", "destination", "login", name, "--no-browser"]
        config = {"ZOOMAUTO_CONFIG": str(self.folder / "config.toml")}
        environment = os.environ | config | self.environment
        with subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as login:
            assert login.stderr
            page = next(line.strip() for line in login.stderr if line.startswith("http"))
            drain = threading.Thread(target=login.stderr.read)
            drain.start()
            google.visit(page)
            drain.join()
        assert login.returncode == 0


@pytest.fixture(scope="module")
def film(component: Component, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with a silent head, a sentence, a hole, another sentence and a silent tail."""
    filters = subprocess.run(["ffmpeg", "-filters"], capture_output=True, text=True, check=False)
    component(" flite " in filters.stdout, "an ffmpeg with the flite voices")
    path = tmp_path_factory.mktemp("speech") / "film.mp4"
    voices = ";".join(
        f"flite=text='{text}':voice=rms,aresample=32000,adelay={at * 1000}:all=1,apad[v{at}]"
        for at, text in SENTENCES
    )
    names = "".join(f"[v{at}]" for at, _ in SENTENCES)
    mixed = f"{names}amix=inputs={len(SENTENCES)}:normalize=0,atrim=end={LENGTH}[sound]"
    picture = ["-f", "lavfi", "-i", f"testsrc=size=160x90:rate=25:duration={LENGTH}"]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0"]
    streams = ["-filter_complex", f"{voices};{mixed}", "-map", "0:v", "-map", "[sound]", *video]
    command = ["ffmpeg", "-nostdin", "-v", "error", *picture, *streams, "-c:a", "aac"]
    subprocess.run([*command, "-t", str(LENGTH), str(path)], check=True)
    return path


@pytest.fixture
def google() -> Iterator[FakeGoogle]:
    """A Google that breaks a line and is busy once."""
    with FakeGoogle() as fake:
        fake.fail(Fault(method="PUT", path="upload", cut_after=100_000))
        fake.fail(Fault(method="PUT", path="upload", status=503))
        yield fake
        assert fake.complaints() == ()


@pytest.fixture
def server(component: Component) -> Iterator[AsrServer]:
    """A server that hears, lets in who has the key, is busy once and takes short pieces only."""
    pocketsphinx = pytest.importorskip("pocketsphinx")
    component(pocketsphinx, "pocketsphinx")
    busy = rate_limited(retry_after_ms="20")
    hearing = AsrServer(key=KEY, most_bytes=60_000, refusals=[busy])
    with hearing.running():
        yield hearing


def starts(path: Path) -> list[timedelta]:
    """Give when sound begins after each silence, but for what ends the file."""
    sound = listen(path, find_ffmpeg(), PAUSE, timeout=timedelta(minutes=1))
    return [silence.end for silence in sound.silences if silence.end < sound.length - MOST]


@pytest.fixture
def world(tmp_path: Path, film: Path) -> World:
    """A folder source with a talk, and a lecture of which Zoom wrote down what was said."""
    recordings = tmp_path / "recordings"
    meeting = recordings / f"2026-11-20 10.00.00 {LECTURE}"
    meeting.mkdir(parents=True)
    (recordings / f"{TALK}.mp4").hardlink_to(film)
    (meeting / "video1.mp4").hardlink_to(film)
    cues = (
        f"{number}\n{_clock(at)} --> {_clock(at + timedelta(seconds=3))}\nAda: {text}\n"
        for number, (at, (_, text)) in enumerate(zip(starts(film), SENTENCES, strict=True), 1)
    )
    (meeting / "closed_caption.vtt").write_text("WEBVTT\n\n" + "\n".join(cues))
    (tmp_path / "config.toml").write_text(
        f'database_url = "sqlite:///{tmp_path}/zoomauto.db"\nlog_file = "{tmp_path}/log"\n'
        f'workspace = "{tmp_path}/workspace"\nstate_folder = "{tmp_path}/state"\n'
    )
    made = World(folder=tmp_path)
    made.zoomauto("source", "add", "laptop", "--type", "folder", f"--option=path={recordings}")
    return made


def _clock(time: timedelta) -> str:
    seconds = time.total_seconds()
    return f"00:{int(seconds) // 60:02d}:{seconds % 60:06.3f}"


def add_job(world: World, server: AsrServer, places: Mapping[str, str]) -> None:
    """Make a template that publishes everywhere, and its job."""
    destinations = [f"--destination={place}" for place in places]
    artifacts = [f"--artifacts={place}={kinds}" for place, kinds in places.items() if kinds]
    engine = {"engine": "http", "base_url": server.base_url, "model": "m", "api_key": "env:ASR_KEY"}
    settings = [f"--set=transcription.{key}={value}" for key, value in engine.items()]
    settings += ["--set=trim.inner_pause_seconds=10", "--set=topics.min_words=1"]
    rules = ["--naming={topic}", "--metadata=title={topic}"]
    words = [*destinations, *artifacts, *settings, *rules]
    world.zoomauto("template", "create", "everything", *words)
    world.zoomauto("job", "create", "Daily", "--template=everything", "--daily=06:00")


def held(root: Path) -> dict[str, str]:
    """Give the hash of every file below a folder, hidden ones too."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_is_said_is_heard_cut_written_and_published_everywhere(  # noqa: PLR0913, PLR0917 - the places
    world: World,
    server: AsrServer,
    google: FakeGoogle,
    moto: Any,
    s3rver: Any,
    webdav: Any,
    sshd: Any,
    webdav_options: dict[str, Any],
):
    out, remote = world.folder / "out", world.folder / "remote"
    remote.mkdir()
    bucket = moto.new_bucket()
    world.add_destination(
        "bucket", "object-store", moto.options(bucket), secret_access_key=moto.secret_access_key
    )
    world.add_destination(
        "second",
        "object-store",
        s3rver.options("shared/speech"),
        secret_access_key=s3rver.secret_access_key,
    )
    world.add_destination("dav", "webdav", webdav_options, password="secret")  # noqa: S106
    world.add_destination("server", "sftp", sshd.options(remote))
    world.add_destination(
        "drive", "google-drive", google.drive_options, client_secret=google.client_secret
    )
    world.log_in("drive", google)
    folder = f"folder:{out}"
    everything = dict.fromkeys((folder, "bucket", "second", "dav", "server"), "")
    add_job(world, server, everything | {"drive": "video"})

    world.environment["ASR_KEY"] = "sk-wrong"
    first = world.zoomauto("run", "daily", "--since=2026-11-01", code=3)
    statuses = {item["name"]: item["status"] for item in first["items"]}
    assert statuses == {TALK: "FAILED", LECTURE: "UPLOADED"}

    world.environment["ASR_KEY"] = KEY
    (talk,) = (str(item["recording_id"]) for item in first["items"] if item["name"] == TALK)
    world.zoomauto("recording", "retry", talk)
    second = world.zoomauto("run", "daily", "--since=2026-11-01")
    assert [item["name"] for item in second["items"]] == [TALK]

    published = held(out)
    names = [f"{name}{ending}" for name in (TALK, LECTURE) for ending in ENDINGS]
    assert sorted(published) == sorted(names)
    assert held(webdav.root / webdav_options["url"].rpartition("/")[2]) == published
    assert held(remote) == published
    assert objects(moto, bucket) == published
    assert objects(s3rver, "shared", "speech/") == published
    films = {k: v for k, v in published.items() if k.endswith(".mp4")}
    drive = google.drive.files.values()
    told = {f.resource["name"]: hashlib.sha256(f.content).hexdigest() for f in drive if f.content}
    assert told == films

    for name in (TALK, LECTURE):
        heard = starts(out / f"{name}.mp4")
        written = webvtt.read(str(out / f"{name}.vtt")).captions
        begun = [timedelta(seconds=c.start_in_seconds) + _rest(c.start) for c in written]
        assert len(heard) == len(SENTENCES)
        assert all(min(abs(b - h) for b in begun) <= MOST for h in heard), (begun, heard)
    words = " ".join(c.text for c in webvtt.read(str(out / f"{TALK}.vtt")).captions).split()
    said = " ".join(text for _, text in SENTENCES).split()
    assert words == said
    assert [c.voice for c in webvtt.read(str(out / f"{LECTURE}.vtt")).captions] == ["Ada", "Ada"]
    assert not list((world.folder / "workspace").rglob("*.*"))
    assert world.zoomauto("run", "daily", "--since=2026-11-01")["items"] == []


#: What a recording with words becomes: too short for chapters.
ENDINGS = (".mp4", ".transcript.json", ".vtt", ".srt")


def _rest(time: str) -> timedelta:
    """Give the milliseconds of a time, which the reader leaves out."""
    return timedelta(milliseconds=int(time.rpartition(".")[2]))


def objects(server: Any, bucket: str, prefix: str = "") -> dict[str, str]:
    """Give the hash of every object of a bucket's folder."""
    keys = {"aws_access_key_id": server.access_key_id}
    keys["aws_secret_access_key"] = server.secret_access_key
    store = S3Store(bucket, endpoint=server.endpoint, client_options={"allow_http": True}, **keys)
    names = [meta["path"] for batch in store.list(prefix) for meta in batch]
    contents = {name: bytes(store.get(name).bytes()) for name in names}
    return {
        name.removeprefix(prefix): hashlib.sha256(content).hexdigest()
        for name, content in contents.items()
    }
