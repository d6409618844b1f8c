"""ffmpeg, and small recordings made with it; tests/stages uses them too."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from zoomauto.media.ffmpeg import Ffmpeg

Component = Callable[[object, str], None]

TONE = "sine=frequency=440:sample_rate=32000"
SILENCE = "anullsrc=r=32000:cl=mono"
PICTURE = "testsrc=size=160x90:rate=25"
#: A lens cap: black, with the noise of a camera.
DARKNESS = "color=black:size=160x90:rate=25,noise=alls=8:allf=t"


def _system_ffmpeg() -> str | None:
    return shutil.which("ffmpeg")


def _bundled_ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - may be absent
    except ImportError:
        return None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


FOUND: dict[str, Callable[[], str | None]] = {
    "system": _system_ffmpeg,
    "bundled": _bundled_ffmpeg,
}


@pytest.fixture(scope="session", params=sorted(FOUND))
def each_ffmpeg(request: pytest.FixtureRequest, component: Component) -> Ffmpeg:
    """The system's ffmpeg, then the one that the extra ``ffmpeg`` brings: years apart."""
    path = FOUND[request.param]()
    component(path, f"the {request.param} ffmpeg")
    return Ffmpeg(path=str(path))


@pytest.fixture(scope="session")
def ffmpeg(component: Component) -> Ffmpeg:
    """Whichever ffmpeg there is."""
    path = next((path for find in FOUND.values() if (path := find())), None)
    component(path, "ffmpeg")
    return Ffmpeg(path=str(path))


@dataclass(frozen=True, kw_only=True, slots=True)
class Clips:
    """Small recordings. Nobody may change them."""

    #: 20 s of picture, a key frame every 2 s; a tone from 6 s to 14 s, silence around it.
    talk: Path
    #: The sound of it alone.
    talk_sound: Path
    #: The same streams in Matroska.
    talk_mkv: Path
    #: 8 s of picture with a tone all the time.
    tone: Path
    #: 8 s of picture with a sound track that is silent.
    silent: Path
    #: The sound of it alone.
    silent_sound: Path
    #: 4 s of picture without a sound track.
    mute: Path
    #: 8 s of darkness with a sound track that is silent.
    blank: Path
    #: The picture of it alone.
    black: Path
    #: The same darkness with a tone.
    dark_talk: Path
    #: The first half of ``talk``: its index is whole, its end is missing.
    short: Path
    #: ``talk`` with zeros in the middle.
    holed: Path
    #: A web page.
    page: Path
    empty: Path


@pytest.fixture(scope="session")
def clips(ffmpeg: Ffmpeg, tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Make the recordings, once."""
    folder = tmp_path_factory.mktemp("clips")

    def made(name: str, *arguments: str) -> Path:
        command = [ffmpeg.path, "-nostdin", "-loglevel", "error", *arguments, str(folder / name)]
        subprocess.run(command, check=True, timeout=60)
        return folder / name

    def written(name: str, content: bytes) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    def filmed(name: str, sound: str, seconds: int, view: str = PICTURE) -> Path:
        inputs = ["-f", "lavfi", "-i", view, "-f", "lavfi", "-i", sound, "-t", str(seconds)]
        picture = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50"]
        return made(name, *inputs, *picture, "-sc_threshold", "0", *SOUND, *INDEX_FIRST)

    talk = filmed("talk.mp4", f"{TONE},volume=enable='lt(t,6)+gt(t,14)':volume=0", 20)
    content = talk.read_bytes()
    silent = filmed("silent.mp4", SILENCE, 8)
    blank = filmed("blank.mp4", SILENCE, 8, DARKNESS)
    middle = len(content) // 2
    return Clips(
        talk=talk,
        talk_sound=made("talk.m4a", "-i", str(talk), "-vn", "-c", "copy"),
        talk_mkv=made("talk.mkv", "-i", str(talk), "-c", "copy"),
        tone=filmed("tone.mp4", TONE, 8),
        silent=silent,
        silent_sound=made("silent.m4a", "-i", str(silent), "-vn", "-c", "copy"),
        blank=blank,
        black=made("black.mp4", "-i", str(blank), "-an", "-c", "copy"),
        dark_talk=filmed("dark.mp4", TONE, 8, DARKNESS),
        mute=made("mute.mp4", "-f", "lavfi", "-i", PICTURE, "-t", "4", "-c:v", "libx264"),
        short=written("short.mp4", content[:middle]),
        holed=written("holed.mp4", content[:middle] + bytes(20_000) + content[middle + 20_000 :]),
        page=written("page.mp4", b"<!DOCTYPE html>\n<title>Sign in</title>\n"),
        empty=written("empty.mp4", b""),
    )


SOUND = ("-c:a", "aac", "-b:a", "64k")
INDEX_FIRST = ("-movflags", "+faststart")
