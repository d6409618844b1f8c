"""The index of MP4 files: what real writers put there, and what hostile bytes may claim."""

import struct
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoomauto.errors import CorruptMedia
from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.media.mp4 import Mp4, Track, read_mp4

KEY_FRAMES = tuple(timedelta(seconds=second) for second in range(0, 20, 2))


def box(kind: bytes, *content: bytes) -> bytes:
    data = b"".join(content)
    return struct.pack(">I4s", len(data) + 8, kind) + data


def table(kind: bytes, entry: str, *entries: tuple[int, ...]) -> bytes:
    rows = b"".join(struct.pack(entry, *row) for row in entries)
    return box(kind, struct.pack(">II", 0, len(entries)), rows)


def header(kind: bytes, timescale: int, ticks: int) -> bytes:
    return box(kind, struct.pack(">IIIII", 0, 0, 0, timescale, ticks))


def movie(
    *,
    durations: bytes = table(b"stts", ">II", (100, 40)),
    key_samples: bytes = table(b"stss", ">I", (1,), (51,)),
    offsets: bytes = b"",
    edits: bytes = b"",
    timescale: int = 1000,
) -> bytes:
    """A 4 s film of 25 frames per second, whose second key frame is the 51st."""
    samples = box(b"stbl", box(b"stsd", bytes(12), b"avc1"), durations, key_samples, offsets)
    handler = box(b"hdlr", bytes(8), b"vide", bytes(12))
    media = box(b"mdia", header(b"mdhd", timescale, 4000), handler, box(b"minf", samples))
    track = box(b"trak", box(b"edts", edits) if edits else b"", media)
    return box(b"ftyp", b"isom", bytes(4)) + box(b"moov", header(b"mvhd", 1000, 4000), track)


def read(content: bytes, folder: Path) -> Mp4:
    path = folder / "film.mp4"
    path.write_bytes(content)
    return read_mp4(path)


def seconds(*times: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=time) for time in times)


def film(*times: float) -> Mp4:
    return Mp4(
        brand="isom",
        duration=timedelta(seconds=4),
        tracks=(
            Track(
                kind="vide",
                codec="avc1",
                keyframes=seconds(*times),
            ),
        ),
    )


def test_a_real_film_is_read_with_its_tracks_and_key_frames(clips: Any):
    assert read_mp4(clips.talk) == Mp4(
        brand="isom",
        duration=timedelta(seconds=20),
        tracks=(
            Track(
                kind="vide",
                codec="avc1",
                keyframes=KEY_FRAMES,
                reorder=timedelta(milliseconds=80),
            ),
            Track(kind="soun", codec="mp4a", keyframes=None),
        ),
    )


@pytest.mark.parametrize(
    "muxing",
    [
        [],
        ["-use_editlist", "0"],
        ["-ss", "3", "-avoid_negative_ts", "make_non_negative"],
        ["-itsoffset", "1.5", "-muxdelay", "0"],
    ],
    ids=["edit list", "no edit list", "cut with hidden frames", "late start"],
)
def test_key_frames_are_where_ffmpeg_shows_them(
    clips: Any, ffmpeg: Ffmpeg, tmp_path: Path, muxing: list[str]
):
    film = tmp_path / "film.mp4"
    before = [a for a in muxing if a in {"-ss", "3", "-itsoffset", "1.5"}]
    after = [a for a in muxing if a not in before]
    copy = [ffmpeg.path, "-loglevel", "error", *before, "-i", clips.talk, "-c", "copy", *after]
    subprocess.run([*copy, film], check=True)
    found = read_mp4(film).tracks[0].keyframes or ()
    # ffmpeg's filters count in ticks of the track, which may fall beside the microsecond.
    assert [round(time / timedelta(milliseconds=1)) for time in found] == shown(film, ffmpeg)


def shown(film: Path, ffmpeg: Ffmpeg) -> list[int]:
    """When ffmpeg itself shows the key frames, in milliseconds."""
    command = [ffmpeg.path, "-hide_banner", "-skip_frame", "nokey", "-i", str(film), "-an"]
    filters = ["-vf", "showinfo", "-fps_mode", "passthrough", "-f", "null", "-"]
    told = subprocess.run([*command, *filters], capture_output=True, text=True, check=True).stderr
    words = [line.split("pts_time:")[1].split()[0] for line in told.splitlines() if " n: " in line]
    return [round(float(word) * 1000) for word in words]


def test_times_are_rounded_up_to_the_microsecond(tmp_path: Path):
    content = movie(durations=table(b"stts", ">II", (100, 1001)), timescale=30_000)
    keyframes = read(content, tmp_path).tracks[0].keyframes
    assert keyframes == (timedelta(0), timedelta(microseconds=1_668_334))


def test_runs_of_different_lengths_are_added_up(tmp_path: Path):
    durations = table(b"stts", ">II", (10, 100), (40, 25), (50, 40))
    assert read(movie(durations=durations), tmp_path) == film(0, 2)


def test_a_film_without_a_list_of_key_frames_has_nothing_else(tmp_path: Path):
    content = movie(durations=table(b"stts", ">II", (4, 1000)), key_samples=b"")
    assert read(content, tmp_path) == film(0, 1, 2, 3)


def test_frames_shown_later_than_decoded_are_counted_when_shown(tmp_path: Path):
    offsets = table(b"ctts", ">Ii", (50, 80), (50, 120))
    edits = table(b"elst", ">Iii", (4000, 80, 1))
    (track,) = read(movie(offsets=offsets, edits=edits), tmp_path).tracks
    assert (track.keyframes, track.reorder) == (seconds(0, 2.04), timedelta(seconds=0.12))


def test_negative_offsets_mean_that_all_is_decoded_earlier(tmp_path: Path):
    offsets = table(b"ctts", ">Ii", (10, 0), (40, -40), (50, 20))
    (track,) = read(movie(offsets=offsets), tmp_path).tracks
    assert track.reorder == timedelta(seconds=0.06)


def test_a_spliced_film_says_that_its_key_frames_are_not_known(tmp_path: Path):
    edits = table(b"elst", ">Iii", (1000, 0, 1), (1000, 3000, 1))
    assert read(movie(edits=edits), tmp_path).tracks[0].keyframes is None


def test_a_fragmented_film_has_no_length_in_its_index(clips: Any, ffmpeg: Ffmpeg, tmp_path: Path):
    target = tmp_path / "film.mp4"
    flags = ["-movflags", "+frag_keyframe+empty_moov"]
    copy = [ffmpeg.path, "-loglevel", "error", "-i", str(clips.talk), "-c", "copy", *flags]
    subprocess.run([*copy, str(target)], check=True)
    found = read_mp4(target)
    assert (found.duration, [track.keyframes for track in found.tracks]) == (None, [None, None])


def test_a_box_may_have_a_64_bit_size(tmp_path: Path):
    large = struct.pack(">I4sQ", 1, b"mdat", 20) + b"data"
    assert read(large + movie(), tmp_path) == film(0, 2)


def test_the_last_box_may_go_on_to_the_end(tmp_path: Path):
    assert read(movie() + struct.pack(">I4s", 0, b"mdat") + b"data", tmp_path) == film(0, 2)


def test_half_a_film_is_refused_with_what_is_missing(clips: Any):
    missing = clips.talk.stat().st_size - clips.short.stat().st_size
    with pytest.raises(CorruptMedia, match=f"cut short: {missing:,} bytes missing"):
        read_mp4(clips.short)


HOSTILE = {
    "cut short: 1,000,000 bytes missing": movie() + struct.pack(">I4s", 1_000_008, b"mdat"),
    "at least 1 bytes missing": movie(offsets=table(b"stco", ">I", (len(movie()) + 20,))),
    "no index": box(b"ftyp", b"isom") + box(b"mdat", bytes(100)),
    "damaged at byte 12": box(b"ftyp", b"isom") + struct.pack(">I4s", 7, b"moov") + bytes(20),
    "damaged at byte 0": struct.pack(">I4sQ", 1, b"mdat", 3) + bytes(20),
    "longer than its box": movie(key_samples=box(b"stss", struct.pack(">II", 0, 2**32 - 1))),
    "no ticks": movie(timescale=0),
    "years": movie(
        durations=table(b"stts", ">II", (2**32 - 1, 2**32 - 1)),
        key_samples=table(b"stss", ">I", (1,), (2**32 - 1,)),
    ),
    "ends too early": movie(key_samples=box(b"stss", b"\0")),
    "no mvhd": box(b"moov", b""),
    "no mdia": box(b"moov", header(b"mvhd", 1000, 4000), box(b"trak")),
    "65 tracks": box(b"moov", header(b"mvhd", 1000, 4000), *[box(b"trak")] * 65),
    "index is damaged at byte": box(b"moov", struct.pack(">I4s", 2**31, b"mvhd"), bytes(60)),
    "no end of boxes": box(b"free") * 200_001,
}


@pytest.mark.parametrize("why", HOSTILE)
def test_what_a_file_claims_is_not_believed(why: str, tmp_path: Path):
    with pytest.raises(CorruptMedia, match=why):
        read(HOSTILE[why], tmp_path)


def test_a_film_that_claims_billions_of_key_frames_costs_no_memory(tmp_path: Path):
    content = movie(durations=table(b"stts", ">II", (2**32 - 1, 1)), key_samples=b"")
    assert read(content, tmp_path).tracks[0].keyframes is None


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_bytes_the_answer_is_a_film_or_a_reason(data: st.DataObject, tmp_path: Path):
    edits = table(b"elst", ">Iii", (4000, 80, 1))
    content = bytearray(movie(offsets=table(b"ctts", ">Ii", (100, 80)), edits=edits))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 4))
        content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
    length = data.draw(st.integers(0, len(content)))
    try:
        found = read(bytes(content[:length]), tmp_path)
    except CorruptMedia:
        return
    assert len(found.tracks) <= 1
