"""Where a recording is silent, and what of it is kept."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.time_map import Span
from zoomauto.media.ffmpeg import Ffmpeg
from zoomauto.media.silence import (
    Silence,
    Sound,
    bridged,
    leading_silence,
    listen,
    parse_sound,
    span_to_keep,
    trailing_silence,
)

PAUSE = Silence(threshold_db=-40, length=timedelta(seconds=2))
MINUTE = timedelta(minutes=1)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def span(start: float, end: float) -> Span:
    return Span(start=seconds(start), end=seconds(end))


def sound(*silences: Span, length: float = 60, damage: tuple[str, ...] = ()) -> Sound:
    return Sound(silences=silences, length=seconds(length), damage=damage)


def test_silence_is_heard_where_it_is(each_ffmpeg: Ffmpeg, clips: Any):
    heard = listen(clips.talk, each_ffmpeg, PAUSE, timeout=MINUTE)
    rounded = [(round(s.start / seconds(0.1)), round(s.end / seconds(0.1))) for s in heard.silences]
    assert (rounded, heard.length, heard.damage) == ([(0, 60), (140, 200)], seconds(20), ())


@pytest.mark.parametrize(
    ("clip", "is_silent"), [("silent", True), ("talk", False), ("tone", False)]
)
def test_silent_is_where_nothing_was_heard(
    clip: str, is_silent: bool, each_ffmpeg: Ffmpeg, clips: Any
):
    heard = listen(getattr(clips, clip), each_ffmpeg, PAUSE, timeout=MINUTE)
    assert heard.is_silent == is_silent


def test_a_hole_is_heard_as_damage(each_ffmpeg: Ffmpeg, clips: Any):
    assert listen(clips.holed, each_ffmpeg, PAUSE, timeout=MINUTE).damage != ()


@pytest.mark.parametrize("clip", ["talk", "talk_sound", "talk_mkv", "tone", "silent"])
def test_whole_recordings_are_not_called_damaged(clip: str, each_ffmpeg: Ffmpeg, clips: Any):
    assert listen(getattr(clips, clip), each_ffmpeg, PAUSE, timeout=MINUTE).damage == ()


def test_what_the_filters_print_is_read():
    printed = [
        "[info]     title           : [silencedetect @ 0x1] [info] silence_start: 7",
        "[silencedetect @ 0x1] [info] silence_start: -0.0213",
        "[silencedetect @ 0x1] [info] silence_end: 6.5 | silence_duration: 6.52",
        "[aac @ 0x2] [error] channel element 0.0 is not allocated",
        "[Parsed_silencedetect_0 @ 0x1] [info] silence_start: 50",
    ]
    assert parse_sound(printed, seconds(60)) == sound(
        span(0, 6.5), span(50, 60), damage=("channel element 0.0 is not allocated",)
    )


def test_a_click_is_not_nothing():
    assert not sound(span(0, 20), span(20.1, 60)).is_silent
    assert not sound(span(0, 58)).is_silent
    assert not sound().is_silent


def test_where_there_is_no_sample_nothing_is_heard():
    assert parse_sound([], seconds(0)).is_silent


def test_a_click_between_silences_is_bridged():
    silences = (span(0, 5), span(5.4, 9), span(9.5, 12), span(30, 40))
    assert bridged(silences, seconds(0.5)) == (span(0, 9), span(9.5, 12), span(30, 40))


@given(st.lists(st.integers(0, 500), unique=True).map(sorted), st.integers(0, 50))
def test_bridging_leaves_gaps_only_where_there_was_enough_sound(times: list[int], gap: int):
    silences = [span(a, b) for a, b in zip(times[::2], times[1::2], strict=False)]
    joined = bridged(silences, seconds(gap))
    gaps = [after.start - before.end for before, after in pairwise(joined)]
    assert all(length >= seconds(gap) for length in gaps)
    assert [
        s for s in silences if not any(j.start <= s.start < s.end <= j.end for j in joined)
    ] == []


@pytest.mark.parametrize(
    ("heard", "lead", "trail"),
    [
        (sound(span(0, 5), span(50, 60)), 5, 10),
        (sound(span(0.04, 5), span(50, 59.97)), 5, 10),
        (sound(span(1, 5), span(50, 59)), 0, 0),
        (sound(), 0, 0),
        (sound(span(0, 60)), 60, 60),
        (sound(span(40, 50), length=50), 0, 20),
    ],
    ids=["both ends", "a frame beside", "inside", "none", "all", "sound ends before the picture"],
)
def test_only_silence_at_the_ends_counts(heard: Sound, lead: float, trail: float):
    found = (leading_silence(heard), trailing_silence(heard, seconds(60)))
    assert found == (seconds(lead), seconds(trail))


def test_padding_is_left_at_both_ends():
    heard = sound(span(0, 5), span(50, 60))
    assert span_to_keep(heard, seconds(60), seconds(1)) == span(4, 51)


def test_padding_never_reaches_beyond_the_recording():
    heard = sound(span(0, 3), span(58, 60))
    assert span_to_keep(heard, seconds(60), seconds(9)) == span(0, 60)
