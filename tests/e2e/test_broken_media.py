"""The real program on recordings of every kind of trouble: each its own end, none in the way."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zoomauto.testing.typist import open_typist

Component = Callable[[object, str], None]
BuiltOnce = Callable[[str, Callable[[Path], None]], Path]

_TONE = "aevalsrc='0.4*sin(2*PI*330*t)*between(t,8,60)':s=8000:d=70"
_SILENCE = "anullsrc=r=8000:cl=mono:d=70"
_SLIDES = "testsrc2=size=96x54:rate=5:duration=70"
_DARKNESS = "color=black:size=96x54:rate=5:duration=70"
_ENCODED = ("-c:v", "mpeg4", "-q:v", "12", "-g", "10", "-c:a", "aac", "-movflags", "+faststart")
_ODD = "-rf $(x) 'two'\n% 📼.mp4"
_CUT = "cut 6.0 s from the start, 9.0 s from the end"

#: File -> the status it ends with, and what is said of it.
ENDS = {
    "whole.mp4": ("UPLOADED", _CUT),
    "half.mp4": ("FAILED", "the MP4 is cut short: "),
    "hole.mp4": ("FAILED", "the sound is damaged, "),
    "unfinished.mp4": ("FAILED", "the MP4 has no index (moov): its recording was never finished"),
    "page.mp4": ("FAILED", "the file is a web page, not media"),
    "empty.mp4": ("PENDING_SOURCE", "the file is empty"),
    "no sound.mp4": ("UPLOADED", "kept: it has no sound"),
    "no picture.m4a": ("UPLOADED", "cut 7.0 s from the start, 9.0 s from the end"),
    "variable.mp4": ("UPLOADED", _CUT),
    "half a day.mp4": ("UPLOADED", "cut 11.0 s from the end"),
    "silent slides.mp4": ("UPLOADED", "kept: no sound above -40 dB"),
    "nobody came.mp4": ("SKIPPED", "blank: no sound above -40 dB, and its picture stays black"),
    _ODD: ("UPLOADED", _CUT),
}


def _made(folder: Path, ffmpeg: str) -> None:
    """Write the recordings."""

    def film(name: str, *arguments: str) -> Path:
        target = folder / name
        command = [ffmpeg, "-nostdin", "-v", "error", *arguments, f"file:{target}"]
        subprocess.run(command, check=True)
        return target

    def inputs(view: str, sound: str) -> tuple[str, ...]:
        return ("-f", "lavfi", "-i", view, "-f", "lavfi", "-i", sound)

    whole = film("whole.mp4", *inputs(_SLIDES, _TONE), *_ENCODED)
    content = whole.read_bytes()
    middle = len(content) // 2
    (folder / "half.mp4").write_bytes(content[:middle])
    (folder / "hole.mp4").write_bytes(content[:middle] + bytes(30_000) + content[middle + 30_000 :])
    last = film("last.mp4", "-i", str(whole), "-c", "copy")
    index_last = last.read_bytes()
    place = index_last.index(b"mdat")
    endless = index_last[: place - 4] + bytes(4) + index_last[place:middle]
    (folder / "unfinished.mp4").write_bytes(endless)
    last.unlink()
    (folder / "page.mp4").write_text("<!DOCTYPE html>\n<title>Sign in</title>\n")
    (folder / "empty.mp4").touch()
    (folder / _ODD).write_bytes(content)
    film("no sound.mp4", "-i", str(whole), "-an", "-c", "copy")
    film("no picture.m4a", "-i", str(whole), "-vn", "-c", "copy")
    film("silent slides.mp4", *inputs(_SLIDES, _SILENCE), *_ENCODED)
    film("nobody came.mp4", *inputs(_DARKNESS, _SILENCE), *_ENCODED)
    uneven = ("-vf", "select='mod(floor(n/30),2)+not(mod(n,3))'", "-fps_mode", "vfr")
    film("variable.mp4", *inputs(_SLIDES, _TONE), *uneven, *_ENCODED)
    slow = ("-r", "1", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "copy")
    minute = film("minute.mp4", "-ss", "10", "-i", str(whole), *slow)
    film("half a day.mp4", "-stream_loop", "719", "-i", str(minute), "-c", "copy")
    minute.unlink()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What two runs left."""

    folder: Path
    #: Name -> status, and what was said of it.
    ends: dict[str, list[str]]
    #: What the second run did.
    again: list[Any]


@pytest.fixture(scope="module")
def ended(built_once: BuiltOnce, component: Component) -> Ended:
    """Run a job over all of them, twice: once for all workers, since it takes half a minute."""
    component(shutil.which("ffmpeg"), "ffmpeg")
    folder = built_once("broken", _run_twice)
    return Ended(folder=folder, **json.loads((folder / "ended.json").read_text()))


def _run_twice(folder: Path) -> None:
    (folder / "recordings").mkdir()
    _made(folder / "recordings", str(shutil.which("ffmpeg")))
    (folder / "config.toml").write_text(
        f'database_url = "sqlite:///{folder}/zoomauto.db"\n'
        f'workspace = "{folder}/workspace"\nlog_file = "{folder}/log"\nparallel = 3\n'
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ZOOMAUTO_")}
    environment = kept | {"ZOOMAUTO_CONFIG": str(folder / "config.toml")}

    source = ("--type", "folder", "--option", f"path={folder}/recordings")
    out = ("--destination", f"folder:{folder}/published")
    with open_typist(environment) as typist:

        def zoomauto(*words: str) -> Any:
            return json.loads(typist(*words, "-o", "json").out)

        zoomauto("source", "add", "here", *source)
        zoomauto("template", "create", "all", *out)
        zoomauto("job", "create", "all", "--template", "all", "--daily", "06:00")
        items = {item["name"]: item for item in zoomauto("run", "all")["data"]["items"]}
        again = zoomauto("run", "all")["data"]["items"]
        listed = zoomauto("recording", "list")["data"]
    ends = {
        recording["name"]: (recording["status"], _said(recording, items)) for recording in listed
    }
    (folder / "ended.json").write_text(json.dumps({"ends": ends, "again": again}))


def _said(recording: dict[str, Any], items: dict[str, Any]) -> str:
    """Give what was said of a recording: why it waits, failed or is blank, or what was cut."""
    item = items.get(recording["name"])
    if item is None:
        return str(recording["pending_reason"])
    stages: dict[str, str] = item["stages"]
    blank = stages["upload"].removeprefix("skip: ")
    told = item["error"] or (blank if blank.startswith("blank: ") else stages["trim"])
    return str(told).removeprefix("done: ")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_each_trouble_ends_with_its_own_status_and_reason(ended: Ended, name: str):
    status, words = ENDS[name]
    # Names are shown on one line.
    shown = " ".join(Path(name).stem.split())
    found = {" ".join(known.split()): end for known, end in ended.ends.items()}[shown]
    assert (found[0], found[1][: len(words)]) == (status, words)


@pytest.mark.slow
def test_what_is_whole_is_published_and_no_original_is_touched(ended: Ended):
    folder = ended.folder
    published = sum(status == "UPLOADED" for status, _ in ENDS.values())
    assert len(list((folder / "published").iterdir())) == published
    assert {path.name for path in (folder / "recordings").iterdir()} == set(ENDS)
    assert [path for path in (folder / "workspace").rglob("*") if path.is_file()] == []
    assert ended.again == []
