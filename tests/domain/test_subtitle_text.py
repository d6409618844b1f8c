"""Subtitle files, read back by a reader that is not ours."""

import html
import io
from datetime import timedelta

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.subtitle import Subtitle
from zoomauto.domain.subtitle_text import clock, to_srt, to_text, to_vtt
from zoomauto.domain.transcript import Cue

SUBTITLES = (
    Subtitle(
        start=timedelta(0),
        end=timedelta(seconds=1.25),
        lines=("Is a < b & b > c", "--> or not?"),
        speaker="Ann <PhD> & Co",
        is_new_speaker=True,
    ),
    Subtitle(
        start=timedelta(seconds=1.25),
        end=timedelta(seconds=3),
        lines=("It is.",),
        speaker="Ann <PhD> & Co",
    ),
    Subtitle(start=timedelta(hours=100), end=timedelta(hours=100, seconds=1), lines=("Привет",)),
)
#: What would be taken for a tag looks a little different.
SEEN = str.maketrans("<>", "\u2039\u203a")


def test_webvtt_names_voices_and_escapes_what_means_something():
    assert to_vtt(SUBTITLES) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.000 --> 00:00:01.250\n"
        "<v Ann &lt;PhD&gt; &amp; Co>Is a &lt; b &amp; b &gt; c\n"
        "--&gt; or not?\n"
        "\n"
        "00:00:01.250 --> 00:00:03.000\n"
        "<v Ann &lt;PhD&gt; &amp; Co>It is.\n"
        "\n"
        "100:00:00.000 --> 100:00:01.000\n"
        "Привет\n"
    )


def test_subrip_names_a_speaker_where_it_changes():
    assert to_srt(SUBTITLES) == (
        "1\n"
        "00:00:00,000 --> 00:00:01,250\n"
        "Ann \u2039PhD\u203a & Co: Is a \u2039 b & b \u203a c\n"
        "--\u203a or not?\n"
        "\n"
        "2\n"
        "00:00:01,250 --> 00:00:03,000\n"
        "It is.\n"
        "\n"
        "3\n"
        "100:00:00,000 --> 100:00:01,000\n"
        "Привет\n"
    )


def test_a_text_has_a_paragraph_for_each_turn_and_each_long_pause_of_nobody_in_particular():
    def said(start: float, text: str, speaker: str | None = None) -> Cue:
        at = timedelta(seconds=start)
        return Cue(start=at, end=at + timedelta(seconds=1), text=text, speaker=speaker)

    cues = (
        said(0, "Good\nmorning.", "Ann"),
        said(20, "Shall we?", "Ann"),
        said(21, "We shall.", "Bob"),
        said(22, "One."),
        said(24, "Two."),
        said(28, "Three."),
    )
    assert to_text(cues) == (
        "Ann: Good morning. Shall we?\n\nBob: We shall.\n\nOne. Two.\n\nThree.\n"
    )


@pytest.mark.parametrize(
    ("milliseconds", "written"),
    [(0, "00:00:00.000"), (59_999, "00:00:59.999"), (3_600_001, "01:00:00.001")],
)
def test_a_time_is_written_to_the_millisecond(milliseconds: int, written: str):
    assert clock(timedelta(milliseconds=milliseconds)) == written


LINES = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "M"]), min_size=1, max_size=20
)


@st.composite
def rows_of_subtitles(draw: st.DrawFn) -> list[Subtitle]:
    rows: list[Subtitle] = []
    time = timedelta()
    for _ in range(draw(st.integers(1, 5))):
        start = time + timedelta(milliseconds=draw(st.integers(0, 9_999_999)))
        time = start + timedelta(milliseconds=draw(st.integers(1, 9_999)))
        lines = tuple(draw(st.lists(LINES, min_size=1, max_size=3)))
        rows.append(Subtitle(start=start, end=time, lines=lines, speaker=draw(st.none() | LINES)))
    return rows


@given(rows_of_subtitles())
def test_a_second_reader_finds_the_same_in_webvtt(subtitles: list[Subtitle]):
    read = webvtt.from_buffer(io.StringIO(to_vtt(subtitles)))
    assert [
        (c.start, c.end, html.unescape(c.text), html.unescape(c.voice) if c.voice else None)
        for c in read.captions
    ] == [(clock(s.start), clock(s.end), "\n".join(s.lines), s.speaker) for s in subtitles]


@given(rows_of_subtitles())
def test_a_second_reader_finds_the_same_in_subrip(subtitles: list[Subtitle]):
    read = webvtt.from_buffer(io.StringIO(to_srt(subtitles)), format="srt")
    assert [(c.start, c.end, c.text) for c in read.captions] == [
        (clock(s.start), clock(s.end), "\n".join(s.lines).translate(SEEN)) for s in subtitles
    ]
