"""Flash and beep: picture and sound lie after a cut where the time map says, and together."""

import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

import pytest

from zoomauto.domain.time_map import TimeMap, time_map_of
from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.ports.stage import StageResult
from zoomauto.stages.trim import TrimOptions, TrimStage

#: What may lie between a flash and its beep, and between either and the time map.
MOST = timedelta(milliseconds=40)
#: A flash and a beep each: a silent head, a talk, a pause of 19 s, a talk, another pause, an end.
SIGNALS = (11, 13, 15, 17, 36, 38, 40, 57, 59)
LENGTH = 75

_ON = "+".join(f"between(t,{at},{at}.199)" for at in SIGNALS)
PICTURE = (
    f"color=black:size=64x36:rate=25:duration={LENGTH},drawbox=color=white:t=fill:enable='{_ON}'"
)
SOUND = f"aevalsrc='0.5*sin(2*PI*990*t)*({_ON})':s={{rate}}:d={LENGTH}"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0")

#: Films whose time stamps differ in kind: name -> (sample rate, ffmpeg's arguments).
FILMS = {
    "frames decoded out of order": (32000, (*H264, "-bf", "2", "-g", "50")),
    "key frames at odd times": (44100, (*H264, "-bf", "0", "-g", "33")),
    "variable frame rate": (
        32000,
        ("-vf", "select='mod(floor(n/40),2)+not(mod(n,3))'", "-fps_mode", "vfr", *H264, "-g", "20"),
    ),
    "a delayed picture": (32000, ("-vf", "setpts=PTS+0.4/TB", *H264, "-bf", "2", "-g", "41")),
}


def filmed(kind: str, ffmpeg: Ffmpeg, folder: Path) -> Path:
    rate, arguments = FILMS[kind]
    target = folder / "signals.mp4"
    inputs = ("-f", "lavfi", "-i", PICTURE, "-f", "lavfi", "-i", SOUND.format(rate=rate))
    quiet = (ffmpeg.path, "-nostdin", "-loglevel", "error")
    subprocess.run([*quiet, *inputs, *arguments, "-c:a", "aac", str(target)], check=True)
    return target


def signals(path: PurePath, ffmpeg: Ffmpeg) -> tuple[list[timedelta], list[timedelta]]:
    """Give when it flashes, and when it beeps, as a player would show it."""
    see = "signalstats,metadata=print:key=lavfi.signalstats.YAVG"
    hear = "silencedetect=noise=-30dB:duration=0.3"
    command = [ffmpeg.path, "-nostdin", "-hide_banner", "-i", str(path), "-vf", see, "-af", hear]
    command += ["-fps_mode", "passthrough", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    flashes, was_bright = [], False
    for at, mean in re.findall(r"pts_time:(\S+)\s+\S+ @ \S+ lavfi\.signalstats\.YAVG=(\S+)", told):
        is_bright = float(mean) > 120
        if is_bright and not was_bright:
            flashes.append(timedelta(seconds=float(at)))
        was_bright = is_bright
    ends = [timedelta(seconds=float(at)) for at in re.findall(r"silence_end: (\S+)", told)]
    return flashes, ends[: len(flashes)]


def cut(world: Any, film: Path, ffmpeg: Ffmpeg, **options: float) -> tuple[StageResult, TimeMap]:
    world.tools = replace(world.tools, ffmpeg_setting=ffmpeg.path)
    stage = TrimStage(TrimOptions(**options), world.tools)
    result = stage.run(world.context(inputs=(world.artifact(film),)))
    kept = time_map_of(result.produced[0].details)
    assert kept is not None
    return result, kept


def shifts(before: list[timedelta], after: list[timedelta], kept: TimeMap) -> list[timedelta]:
    """Give how far each signal lies from where the time map puts it."""
    moved = [kept.moved(at, at + timedelta(milliseconds=100)) for at in before]
    wanted = [span.start for span in moved if span]
    return [abs(a - b) for a, b in zip(wanted, after, strict=True)]


@pytest.mark.parametrize("pauses", [0, 10], ids=["ends", "ends and pauses"])
def test_flash_and_beep_stay_where_the_map_says(
    world: Any, each_ffmpeg: Ffmpeg, tmp_path: Path, pauses: int
):
    film = filmed("frames decoded out of order", each_ffmpeg, tmp_path)
    before = signals(film, each_ffmpeg)
    result, kept = cut(world, film, each_ffmpeg, inner_pause_seconds=pauses)
    after = signals(Path(result.produced[0].path), each_ffmpeg)
    assert len(kept.kept) == (3 if pauses else 1)
    assert [len(times) for times in after] == [len(SIGNALS)] * 2
    for was, became in zip(before, after, strict=True):
        assert max(shifts(was, became, kept)) <= MOST


@pytest.mark.parametrize("kind", [kind for kind in FILMS if kind != "frames decoded out of order"])
def test_no_kind_of_film_moves_picture_against_sound(
    world: Any, ffmpeg: Ffmpeg, tmp_path: Path, kind: str
):
    film = filmed(kind, ffmpeg, tmp_path)
    before = signals(film, ffmpeg)
    result, kept = cut(world, film, ffmpeg, inner_pause_seconds=10)
    after = signals(Path(result.produced[0].path), ffmpeg)
    assert len(kept.kept) == 3
    for was, became in zip(before, after, strict=True):
        assert max(shifts(was, became, kept)) <= MOST


def test_sound_alone_loses_its_pauses_to_the_padding(world: Any, ffmpeg: Ffmpeg, tmp_path: Path):
    film = filmed("key frames at odd times", ffmpeg, tmp_path)
    sound = tmp_path / "signals.m4a"
    copy = [ffmpeg.path, "-loglevel", "error", "-i", str(film), "-vn", "-c", "copy", str(sound)]
    subprocess.run(copy, check=True)
    result, _ = cut(world, sound, ffmpeg, inner_pause_seconds=10, padding_seconds=0.5)
    assert result.note == "cut 10.5 s from the start, 15.3 s from the end, 33.6 s in 2 pauses"
