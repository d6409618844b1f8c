"""Cutting silence: exactly, without encoding, and never too much."""

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.errors import CorruptMedia, DiskFull, InvalidOptions, TemporaryError
from zoomauto.media.cut import cut_arguments
from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.media.mp4 import read_mp4
from zoomauto.media.probe import MediaInfo, probe
from zoomauto.media.silence import Silence, Sound, listen
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import StageResult
from zoomauto.stages.trim import TrimOptions, TrimStage, Verdict, judge, silence_reason
from zoomauto.workspace import DiskWorkspace

PAUSE = Silence(threshold_db=-40, length=timedelta(seconds=1))
MINUTE = timedelta(minutes=1)
OPTIONS = TrimOptions()


def trimmed(world: Any, *clips: Path, options: TrimOptions = OPTIONS) -> StageResult:
    inputs = tuple(world.artifact(clip) for clip in clips)
    return TrimStage(options, world.tools).run(world.context(inputs=inputs))


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def span(start: float, end: float) -> Span:
    return Span(start=seconds(start), end=seconds(end))


def kept(*spans: tuple[float, float]) -> TimeMap:
    return TimeMap(kept=tuple(span(start, end) for start, end in spans))


def info(*keyframes: float, container: str = "mp4", has_video: bool = True) -> MediaInfo:
    return MediaInfo(
        container=container,
        duration=seconds(60),
        has_video=has_video,
        has_audio=True,
        keyframes=tuple(seconds(at) for at in keyframes) if has_video else None,
    )


def sound(*silences: Span, damage: tuple[str, ...] = ()) -> Sound:
    return Sound(silences=silences, length=seconds(60), damage=damage)


def test_both_ends_are_cut_and_the_sound_stays_with_the_picture(
    world: Any, each_ffmpeg: Ffmpeg, clips: Any
):
    world.tools = Tools(
        workspace=world.tools.workspace, clock=world.tools.clock, ffmpeg_setting=each_ffmpeg.path
    )
    result = trimmed(world, clips.talk)
    (piece,) = result.produced
    assert result.note == "cut 4.0 s from the start, 5.0 s from the end"
    assert (piece.path, piece.file_key) == (world.folder / "trim" / "talk.mp4", "talk.mp4")
    # The key frame before the wanted start (5 s) is at 4 s; the end is at sound's end plus 1 s.
    (kept,) = piece.details["kept_seconds"]
    assert [round(edge, 1) for edge in kept] == [4.0, 15.0]
    rest = {key: value for key, value in piece.details.items() if key != "kept_seconds"}
    assert {key: round(value, 1) for key, value in rest.items()} == {
        "cut_start_seconds": 4.0,
        "cut_end_seconds": 5.0,
        "duration_seconds": 11.0,
    }
    # The tone began at 6 s, 2 s after the cut, and so it still does, beside a picture from 0 on.
    heard = listen(piece.path, each_ffmpeg, PAUSE, timeout=MINUTE)
    assert abs(heard.silences[0].end - seconds(2)) < timedelta(milliseconds=40)
    assert (probe(piece.path, each_ffmpeg).keyframes or ())[:3] == (
        seconds(0),
        seconds(2),
        seconds(4),
    )


def test_not_a_frame_is_encoded_again(world: Any, ffmpeg: Ffmpeg, clips: Any):
    (piece,) = trimmed(world, clips.talk).produced
    before, after = (packets(path, ffmpeg) for path in (clips.talk, piece.path))
    assert after
    assert after <= before


def packets(path: Any, ffmpeg: Ffmpeg) -> set[str]:
    """The checksums of a film's packets, as stored."""
    command = [ffmpeg.path, "-loglevel", "error", "-i", str(path), "-c", "copy"]
    told = subprocess.run(
        [*command, "-f", "framemd5", "-"], capture_output=True, text=True, check=True
    ).stdout
    return {line.split(",")[5].strip() for line in told.splitlines() if not line.startswith("#")}


def test_the_original_stays_as_it_was(world: Any, clips: Any):
    before = hashlib.sha256(clips.talk.read_bytes()).hexdigest()
    trimmed(world, clips.talk)
    original = world.folder / "download" / "talk.mp4"
    assert hashlib.sha256(original.read_bytes()).hexdigest() == before


def test_sound_alone_is_cut_to_the_second(world: Any, clips: Any):
    (piece,) = trimmed(world, clips.talk_sound).produced
    assert round(piece.details["cut_start_seconds"], 1) == 5.0
    assert read_mp4(piece.path).brand == "M4A "


def test_the_index_comes_first_so_that_players_start_at_once(world: Any, clips: Any):
    (piece,) = trimmed(world, clips.talk).produced
    content = Path(piece.path).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_fragmented_film_loses_its_end_alone_and_stays_an_mp4(
    world: Any, ffmpeg: Ffmpeg, clips: Any, tmp_path: Path
):
    film = tmp_path / "fragments.mp4"
    copy = [ffmpeg.path, "-loglevel", "error", "-i", str(clips.talk), "-c", "copy"]
    subprocess.run([*copy, "-movflags", "+frag_keyframe+empty_moov", str(film)], check=True)
    result = trimmed(world, film)
    assert result.note == "cut 5.0 s from the end"
    assert read_mp4(result.produced[0].path).brand == "isom"


@pytest.mark.parametrize(
    ("clip", "note"),
    [
        ("tone", "kept: no silence at either end"),
        ("mute", "kept: it has no sound"),
        ("talk_mkv", "kept: matroska cannot be cut without encoding it"),
    ],
)
def test_what_needs_no_cut_goes_on_itself(world: Any, clips: Any, clip: str, note: str):
    assert trimmed(world, getattr(clips, clip)) == StageResult(note=note)


@pytest.mark.parametrize(
    ("clip", "note", "blank_reason"),
    [
        (
            "blank",
            "kept: no sound above -40 dB",
            "no sound above -40 dB, and its picture stays black",
        ),
        ("black", "kept: it has no sound", "it has no sound, and its picture stays black"),
        ("silent_sound", "kept: no sound above -40 dB", "no sound above -40 dB"),
        ("silent", "kept: no sound above -40 dB", None),
        ("mute", "kept: it has no sound", None),
    ],
    ids=["dark and silent", "dark without sound", "silent", "silent slides", "slides alone"],
)
def test_blank_is_what_can_neither_be_heard_nor_seen(
    world: Any, clips: Any, clip: str, note: str, blank_reason: str | None
):
    result = trimmed(world, getattr(clips, clip))
    assert result == StageResult(note=note, blank_reason=blank_reason)


def test_a_dark_recording_with_speech_is_not_blank(world: Any, clips: Any):
    assert trimmed(world, clips.dark_talk).blank_reason is None


def test_a_recording_is_blank_only_when_each_of_its_files_is(world: Any, clips: Any):
    result = trimmed(world, clips.blank, clips.tone)
    assert result == StageResult(
        note="blank.mp4: kept: no sound above -40 dB; tone.mp4: kept: no silence at either end"
    )


@pytest.mark.parametrize(
    ("heard", "size_bytes", "reason"),
    [
        (None, 9_000_000, "it has no sound"),
        ("digital silence", 9_000_000, "no sound above -40 dB"),
        ("two clicks and a word", 9_000_000, "silent for 98.3% of its length"),
        ("two words", 9_000_000, None),
        ("a hum", 18_000, "only 300 bytes a second"),
        ("a hum", 24_000, None),
    ],
)
def test_silence_has_three_signs(heard: str | None, size_bytes: int, reason: str | None):
    sounds = {
        "digital silence": sound(span(0, 60)),
        "two clicks and a word": sound(span(0, 20), span(20.4, 40), span(40.4, 50), span(51, 60)),
        "two words": sound(span(0, 20), span(21, 40), span(41, 60)),
        "a hum": sound(),
    }
    told = silence_reason(info(0), sounds[heard] if heard else None, size_bytes, OPTIONS)
    assert told == reason


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("holed", r"the sound is damaged, \d+ errors? while decoding it; the first: "),
        ("short", "cut short"),
        ("page", "web page"),
        ("empty", "empty"),
    ],
)
def test_a_damaged_recording_is_refused_with_the_reason(
    world: Any, clips: Any, clip: str, reason: str
):
    with pytest.raises(CorruptMedia, match=reason):
        trimmed(world, getattr(clips, clip))


def test_doing_it_again_gives_the_same_and_leaves_nothing_else(world: Any, clips: Any):
    context = world.context(inputs=(world.artifact(clips.talk),))
    stage = TrimStage(OPTIONS, world.tools)
    assert stage.run(context) == stage.run(context)
    assert [path.name for path in (world.folder / "trim").iterdir()] == ["talk.mp4"]


class FullDisk(DiskWorkspace):
    """A workspace without a free byte."""

    def free_bytes(self) -> int:
        """Give none."""
        return 0


def test_a_full_disk_is_told_before_the_cut(world: Any, clips: Any, tmp_path: Path):
    world.tools = Tools(workspace=FullDisk(tmp_path / "work"), clock=world.tools.clock)
    with pytest.raises(DiskFull, match="0 are free"):
        trimmed(world, clips.talk)


def test_what_takes_too_long_passes_and_leaves_nothing(world: Any, clips: Any, tmp_path: Path):
    slow = tmp_path / "ffmpeg"
    slow.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    slow.chmod(0o755)
    world.tools = Tools(
        workspace=world.tools.workspace, clock=world.tools.clock, ffmpeg_setting=str(slow)
    )
    with pytest.raises(TemporaryError, match="not done after"):
        trimmed(world, clips.talk, options=TrimOptions(timeout_seconds=1))


@pytest.mark.parametrize(
    ("heard", "verdict"),
    [
        (
            sound(span(0, 12), span(50, 60)),
            Verdict(kept=kept((10, 51)), note="cut 10.0 s from the start, 9.0 s from the end"),
        ),
        (
            sound(span(0, 9), span(9.4, 12), span(50, 60)),
            Verdict(kept=kept((10, 51)), note="cut 10.0 s from the start, 9.0 s from the end"),
        ),
        (
            sound(span(0, 10.5)),
            Verdict(note="kept: too little silence to cut"),
        ),
        (
            sound(span(0, 59.5)),
            Verdict(kept=kept((50, 60)), note="cut 50.0 s from the start"),
        ),
        (
            sound(span(0, 30), span(30.1, 60)),
            Verdict(note="kept: more than 95% of it would be cut"),
        ),
        (
            sound(span(0, 2), span(3.2, 60)),
            Verdict(note="kept: more than 90% of it would be cut"),
        ),
    ],
    ids=["both ends", "a click", "within the first group", "late", "all but a click", "too much"],
)
def test_what_is_kept_follows_from_what_was_heard(heard: Sound, verdict: Verdict):
    share = 0.9 if "90%" in verdict.note else 0.95
    assert judge(info(0, 10, 20, 30, 40, 50), heard, TrimOptions(max_cut_share=share)) == verdict


def test_without_known_key_frames_only_the_end_is_cut():
    film = MediaInfo(container="mp4", duration=seconds(60), has_video=True, has_audio=True)
    verdict = judge(film, sound(span(0, 12), span(50, 60)), OPTIONS)
    assert verdict.kept == kept((0, 51))


@pytest.mark.parametrize(
    ("heard", "film", "verdict"),
    [
        (
            sound(span(0, 12), span(15, 33), span(50, 60)),
            info(0, 10, 20, 30, 40, 50),
            Verdict(
                kept=kept((10, 20), (30, 51)),
                note="cut 10.0 s from the start, 9.0 s from the end, 10.0 s in a pause",
            ),
        ),
        (
            sound(span(5, 14), span(20, 30)),
            info(has_video=False, container="m4a"),
            Verdict(kept=kept((0, 6), (13, 21), (29, 60)), note="cut 15.0 s in 2 pauses"),
        ),
        (
            sound(span(5, 12.9)),
            info(*range(60)),
            Verdict(note="kept: no silence at either end"),
        ),
        (
            sound(span(11, 29)),
            info(0, 10, 20, 30, 40, 50),
            Verdict(note="kept: no silence at either end"),
        ),
        (
            sound(span(1, 59)),
            info(*range(60)),
            Verdict(note="kept: more than 90% of it would be cut"),
        ),
        (
            sound(span(20, 40)),
            info(has_video=False, container="mp3"),
            Verdict(note="kept: no silence at either end"),
        ),
    ],
    ids=["between key frames", "sound", "too short", "one key frame", "too much", "no index"],
)
def test_long_pauses_are_cut_when_asked_to(heard: Sound, film: MediaInfo, verdict: Verdict):
    options = TrimOptions(inner_pause_seconds=8, max_cut_share=0.9)
    assert judge(film, heard, options) == verdict


def test_pauses_stay_unless_asked_for():
    heard = sound(span(20, 40))
    assert judge(info(*range(60)), heard, OPTIONS).kept is None


def test_the_start_is_written_to_the_microsecond_that_finds_its_key_frame():
    piece = Span(start=timedelta(microseconds=10_033_367), end=seconds(60))
    arguments = cut_arguments(Path("/a.mp4"), Path("/b.mp4"), piece, info(0))
    assert arguments[:2] == ["-ss", "10.033367"]


@pytest.mark.parametrize(
    "values",
    [
        {"threshold_db": 0},
        {"threshold_db": float("nan")},
        {"min_silence_seconds": 0},
        {"padding_seconds": -1},
        {"bridge_seconds": float("inf")},
        {"inner_pause_seconds": -1},
        {"max_cut_share": 1.1},
        {"blank_silence_share": 1.1},
        {"blank_bytes_per_second": -1},
        {"blank_black_share": 2},
        {"timeout_seconds": 0},
    ],
)
def test_values_outside_their_range_are_refused(values: dict[str, float]):
    with pytest.raises(InvalidOptions, match=next(iter(values))):
        TrimOptions(**values)
