"""Chapters that start where something is said, in the forms that players read."""

import io
import json
from datetime import timedelta
from itertools import pairwise

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.chapter import (
    Chapter,
    Heading,
    chapters_document,
    chapters_of,
    chapters_vtt,
    description_lines,
)
from zoomauto.domain.transcript import Cue

MINUTE = timedelta(minutes=1)


def cues(*starts: float, length: float = 30) -> list[Cue]:
    return [
        Cue(start=timedelta(seconds=s), end=timedelta(seconds=s + length), text="so")
        for s in starts
    ]


def chapters(*parts: tuple[float, str], end: float) -> tuple[Chapter, ...]:
    starts = [timedelta(seconds=start) for start, _ in parts]
    ends = [*starts[1:], timedelta(seconds=end)]
    return tuple(
        Chapter(start=start, end=stop, title=title)
        for start, stop, (_, title) in zip(starts, ends, parts, strict=True)
    )


def made(*headings: tuple[int, str], most: int = 20) -> tuple[Chapter, ...]:
    """Make chapters of cues at every half minute of ten minutes."""
    found = [Heading(cue=cue, title=title) for cue, title in headings]
    return chapters_of(found, cues(*range(5, 605, 30)), shortest=timedelta(seconds=60), most=most)


def test_a_chapter_starts_with_its_cue_and_ends_with_the_next_but_the_first_starts_at_zero():
    assert made((8, "Budget"), (2, "Welcome"), (14, "Next steps")) == chapters(
        (0, "Welcome"), (245, "Budget"), (425, "Next steps"), end=605
    )


def test_what_begins_too_soon_too_late_nowhere_or_without_a_name_is_left_out():
    answers = (0, "One"), (1, "Soon"), (-1, "Before"), (20, "Behind"), (10, " \n"), (19, "Late")
    assert made(*answers, (4, "Two"), (4, "Two again")) == chapters(
        (0, "One"), (125, "Two"), end=605
    )


def test_of_too_many_the_shortest_go():
    found = (0, "One"), (6, "Two"), (8, "Three"), (14, "Four")
    assert made(*found, most=2) == chapters((0, "One"), (425, "Four"), end=605)


def test_without_headings_or_cues_there_are_no_chapters():
    assert made() == ()
    assert chapters_of([Heading(cue=0, title="One")], [], shortest=MINUTE, most=9) == ()


def test_a_title_is_one_line_that_is_cut_between_words():
    titles = [c.title for c in made((0, " a\n\tb\x00 "), (4, "word " * 30), (8, "x" * 200))]
    assert titles == ["a b", "word " * 14 + "word word…"[5:], "x" * 79 + "…"]


THREE = chapters((0, "Welcome"), (75.6, "Q & A <live>"), (3725, "Next"), end=4000.5)


def test_json_chapters_hold_seconds():
    assert json.loads(json.dumps(chapters_document(THREE))) == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0.0, "endTime": 75.6, "title": "Welcome"},
            {"startTime": 75.6, "endTime": 3725.0, "title": "Q & A <live>"},
            {"startTime": 3725.0, "endTime": 4000.5, "title": "Next"},
        ],
    }


def test_a_second_reader_finds_them_in_webvtt():
    read = webvtt.from_buffer(io.StringIO(chapters_vtt(THREE)))
    assert [(c.start, c.end, c.raw_text) for c in read.captions] == [
        ("00:00:00.000", "00:01:15.600", "Welcome"),
        ("00:01:15.600", "01:02:05.000", "Q &amp; A &lt;live&gt;"),
        ("01:02:05.000", "01:06:40.500", "Next"),
    ]


def test_a_description_lists_them_as_youtube_reads_them():
    assert description_lines(THREE) == "0:00 Welcome\n1:15 Q & A <live>\n1:02:05 Next"


@pytest.mark.parametrize(
    "found",
    [
        (),
        chapters((0, "a"), (60, "b"), end=120),
        chapters((1, "a"), (60, "b"), (90, "c"), end=120),
        chapters((0, "a"), (9.9, "b"), (60, "c"), end=120),
        chapters((0, "a"), (30, "b"), (60, "c"), end=69),
    ],
    ids=["none", "two", "not from zero", "one of 9 s", "the last of 9 s"],
)
def test_what_youtube_would_not_take_has_no_lines(found: tuple[Chapter, ...]):
    assert description_lines(found) == ""


HEADINGS = st.lists(st.builds(Heading, cue=st.integers(-3, 60), title=st.text(max_size=5)))


@given(
    HEADINGS,
    st.lists(st.floats(0, 3600), min_size=1, max_size=50),
    st.floats(10, 600),
    st.integers(2, 8),
)
def test_whatever_an_engine_says_chapters_follow_each_other_from_zero_to_the_end(
    headings: list[Heading], starts: list[float], shortest: float, most: int
):
    said = cues(*sorted(starts))
    least = timedelta(seconds=shortest)
    found = chapters_of(headings, said, shortest=least, most=most)
    assert len(found) <= most
    if found:
        assert (found[0].start, found[-1].end) == (timedelta(), said[-1].end)
        assert all(before.end == after.start for before, after in pairwise(found))
        assert len(found) == 1 or min(c.end - c.start for c in found) >= least
        assert {c.start for c in found[1:]} <= {cue.start for cue in said}
