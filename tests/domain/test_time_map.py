"""Times of a recording on the clock of what was kept of it."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.time_map import Span, TimeMap, time_map_of

NOTHING = timedelta()


def span(start: float, end: float) -> Span:
    return Span(start=timedelta(seconds=start), end=timedelta(seconds=end))


#: 35 to 1800 s and 2200 to 3420 s.
CUT = TimeMap(kept=(span(35, 1800), span(2200, 3420)))


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        (span(40.18, 42), span(5.18, 7)),
        (span(0, 35), None),
        (span(10, 36), span(0, 1)),
        (span(1799, 2201), span(1764, 1766)),
        (span(1799, 1900), span(1764, 1765)),
        (span(1800, 2200), None),
        (span(1900, 2210), span(1765, 1775)),
        (span(3400, 3500), span(2965, 2985)),
        (span(3420, 9999), None),
        (span(0, 9999), span(0, 2985)),
        (span(50, 50), None),
    ],
)
def test_a_span_moves_with_what_was_kept_of_it(heard: Span, kept: Span | None):
    assert CUT.moved(heard.start, heard.end) == kept


def test_the_length_is_that_of_the_pieces():
    assert CUT.length == timedelta(seconds=1765 + 1220)


def test_a_map_survives_the_details_of_an_artifact():
    stored = json.loads(json.dumps(CUT.to_details()))
    assert stored == {"kept_seconds": [[35.0, 1800.0], [2200.0, 3420.0]]}
    assert time_map_of({"duration_seconds": 1.0, **stored}) == CUT
    assert time_map_of({"duration_seconds": 1.0}) is None


INSTANTS = st.integers(0, 5000).map(lambda n: timedelta(milliseconds=n))


@st.composite
def maps(draw: st.DrawFn) -> TimeMap:
    edges = sorted(draw(st.sets(INSTANTS, min_size=2, max_size=8)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return TimeMap(kept=tuple(Span(start=start, end=end) for start, end in pairs))


@given(maps(), INSTANTS, INSTANTS, INSTANTS, INSTANTS)
def test_what_comes_later_stays_later_and_nothing_becomes_longer(
    time_map: TimeMap, a: timedelta, b: timedelta, c: timedelta, d: timedelta
):
    first, last = (min(a, b), max(a, b)), (min(c, d), max(c, d))
    if first > last:
        first, last = last, first
    moved = time_map.moved(*first), time_map.moved(*last)
    for heard, kept in zip((first, last), moved, strict=True):
        if kept:
            assert NOTHING <= kept.start < kept.end <= time_map.length
            assert kept.length <= heard[1] - heard[0]
    if moved[0] and moved[1]:
        assert moved[0].start <= moved[1].start
        if first[1] <= last[0]:
            assert moved[0].end <= moved[1].start


@given(maps(), st.lists(INSTANTS, max_size=6))
def test_the_pieces_of_a_whole_are_as_long_as_what_was_kept(
    time_map: TimeMap, instants: list[timedelta]
):
    edges = sorted({NOTHING, *instants, timedelta(seconds=6)})
    moved = (time_map.moved(a, b) for a, b in pairwise(edges))
    assert sum((kept.length for kept in moved if kept), NOTHING) == time_map.length
    kept_seconds = sum((s.length for s in time_map.kept), NOTHING)
    assert time_map.length == kept_seconds
