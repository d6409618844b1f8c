"""Cues in order, on the right clock, and the document that keeps them."""

import json
from datetime import timedelta

from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.domain.transcript import Cue, Transcript, moved, tidied


def cue(start: float, end: float, text: str = "words", speaker: str | None = None) -> Cue:
    return Cue(
        start=timedelta(seconds=start), end=timedelta(seconds=end), text=text, speaker=speaker
    )


def transcript(*cues: Cue) -> Transcript:
    return Transcript(cues=cues, language="en", engine="zoom")


def kept(*pieces: tuple[float, float]) -> TimeMap:
    spans = (Span(start=timedelta(seconds=s), end=timedelta(seconds=e)) for s, e in pieces)
    return TimeMap(kept=tuple(spans))


def test_a_transcript_comes_back_from_its_document():
    whole = transcript(cue(0.001, 3600.25, "Hello", "Ann"), cue(3601, 3602, "\u041f\u0440"))

    document = json.loads(json.dumps(whole.to_document()))

    assert document["cues"][0] == {
        "start": 0.001,
        "end": 3600.25,
        "speaker": "Ann",
        "text": "Hello",
    }
    assert Transcript.from_document(document) == whole


def test_cues_are_put_in_order_and_empty_ones_go():
    assert tidied([cue(5, 6, " b "), cue(1, 2, "a"), cue(3, 4, " \n")]) == (
        cue(1, 2, "a"),
        cue(5, 6, "b"),
    )


def test_nothing_stays_nothing():
    assert tidied([]) == tidied([cue(1, 2, " ")]) == ()


def test_a_cue_that_ends_before_it_starts_ends_where_the_next_one_starts():
    assert tidied([cue(5, 4), cue(7, 6)]) == (cue(5, 7), cue(7, 7.001))


def test_cues_move_to_the_clock_of_what_was_kept():
    before = transcript(
        cue(1, 2, "cut"), cue(9, 12, "half"), cue(20, 21, "in"), cue(35, 36, "hole"), cue(41, 42)
    )

    after = moved(before, kept((10, 30), (40, 50)))

    assert after == transcript(cue(0, 2, "half"), cue(10, 11, "in"), cue(21, 22))


def test_nothing_moves_without_a_cut():
    whole = transcript(cue(1, 2))

    assert moved(whole, None) == whole
