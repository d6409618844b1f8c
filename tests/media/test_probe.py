"""What a file is and how long, with ffmpeg and without."""

from datetime import timedelta
from typing import Any

import pytest

from zoomauto.errors import CorruptMedia
from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.media.probe import MediaInfo, parse_banner, probe, probe_header, refuse_text

#: x264 shows frames up to two later than it stores them.
REORDER = timedelta(milliseconds=80)
KEY_FRAMES = tuple(timedelta(seconds=second) for second in range(0, 20, 2))


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (
            "talk",
            MediaInfo(
                container="mp4",
                duration=timedelta(seconds=20),
                has_video=True,
                has_audio=True,
                keyframes=KEY_FRAMES,
                reorder=REORDER,
            ),
        ),
        (
            "talk_sound",
            MediaInfo(
                container="m4a", duration=timedelta(seconds=20), has_video=False, has_audio=True
            ),
        ),
        (
            "mute",
            MediaInfo(
                container="mp4",
                duration=timedelta(seconds=4),
                has_video=True,
                has_audio=False,
                keyframes=(timedelta(0),),
                reorder=REORDER,
            ),
        ),
        ("talk_mkv", None),
    ],
)
def test_the_index_tells_all_of_an_mp4(clip: str, expected: MediaInfo | None, clips: Any):
    assert probe_header(getattr(clips, clip)) == expected


def test_other_containers_are_told_by_ffmpeg(each_ffmpeg: Ffmpeg, clips: Any):
    found = probe(clips.talk_mkv, each_ffmpeg)
    assert found == MediaInfo(
        container="matroska", duration=found.duration, has_video=True, has_audio=True
    )
    assert found.duration is not None
    assert round(found.duration.total_seconds(), 1) == 20.0


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("page", "the file is a web page, not media"),
        ("empty", "the file is empty"),
        ("short", "the MP4 is cut short"),
    ],
)
def test_what_is_no_whole_film_is_refused_with_the_reason(clip: str, reason: str, clips: Any):
    with pytest.raises(CorruptMedia, match=reason):
        probe_header(getattr(clips, clip))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"", "empty"),
        (bytes(512), "nothing but zeros"),
        (b"\xef\xbb\xbf\n <html>", "a web page"),
        (b'{"code": 124, "message": "Invalid access token."}', "a JSON answer"),
        (b"WEBVTT\n", "text"),
        (b"#EXTM3U\n", "text"),
    ],
)
def test_text_is_no_media(head: bytes, reason: str):
    with pytest.raises(CorruptMedia, match=reason):
        refuse_text(head)


def test_a_picture_of_the_album_is_no_film():
    banner = [
        "[info] Input #0, mp3, from 'file:/a.mp3':",
        "[info]   Duration: 01:02:03.50, start: 0.025057, bitrate: 128 kb/s",
        "[info]   Stream #0:0: Audio: mp3, 44100 Hz, stereo, fltp, 128 kb/s",
        "[info]   Stream #0:1: Video: mjpeg, yuvj420p, 90k tbr (attached pic)",
    ]
    assert parse_banner(banner) == MediaInfo(
        container="mp3",
        duration=timedelta(hours=1, minutes=2, seconds=3.5),
        has_video=False,
        has_audio=True,
    )


def test_a_length_that_ffmpeg_does_not_know_is_none():
    banner = [
        "[info] Input #0, matroska,webm, from 'file:/a.webm':",
        "[info]   Duration: N/A, start: 0.000000, bitrate: N/A",
        "[info]   Stream #0:0(eng): Audio: opus, 48000 Hz, mono, fltp (default)",
    ]
    assert parse_banner(banner).duration is None


def test_a_title_cannot_pretend_to_be_a_stream():
    banner = [
        "[info] Input #0, matroska,webm, from 'file:/a.webm':",
        "[info]   Metadata:",
        "[info]     title           : Stream #0:0: Audio: opus",
    ]
    with pytest.raises(CorruptMedia, match="neither picture nor sound"):
        parse_banner(banner)
