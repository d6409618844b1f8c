"""Answers of many servers, speakers, pieces: pure functions beside the stage."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from zoomauto.domain.time_map import Span
from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.stages.transcription.answer import cues_of, spread
from zoomauto.stages.transcription.doubt import doubt, doubt_of_unheard, heard
from zoomauto.stages.transcription.pieces import first_piece, silent_part, sounding
from zoomauto.stages.transcription.speakers import with_speakers

MakeCue = Callable[..., Cue]


def span(start: float, end: float) -> Span:
    return Span(start=timedelta(seconds=start), end=timedelta(seconds=end))


def transcript(*cues: Cue) -> Transcript:
    return Transcript(cues=cues, engine="x")


def test_words_inside_a_segment_time_it(cue: MakeCue):
    words = [{"word": "oh", "start": "1.5", "end": 1.75}, {"word": "no", "start": 2, "end": 2.5}]
    assert cues_of({"segments": [{"text": "oh no", "words": words}]}) == [cue(1.5, 2.5, "oh no")]


def test_words_alone_become_cues_that_end_at_pauses(cue: MakeCue):
    words = [
        {"word": word, "start": at, "end": at + 0.5}
        for at, word in ((0, "we"), (0.5, "hear"), (3, "you"))
    ]
    assert cues_of({"text": "we hear you", "words": words}) == [
        cue(0, 1, "we hear"),
        cue(3, 3.5, "you"),
    ]


@pytest.mark.parametrize(
    ("document", "cues"),
    [
        ({"text": "only text"}, None),
        ({"text": "only text", "segments": []}, None),
        ({"text": "", "segments": []}, []),
        ({"text": "", "segments": None}, None),
    ],
)
def test_silence_is_told_from_a_server_that_knows_no_times(
    document: dict[str, Any], cues: list[Cue] | None
):
    assert cues_of(document) == cues


def test_text_without_times_is_spread_by_sentence(cue: MakeCue):
    assert spread("Yes. Why not? ", span(10, 22)) == [
        cue(10, 14, "Yes."),
        cue(14, 22, "Why not?"),
    ]
    assert spread("  ", span(10, 20)) == []


@pytest.mark.parametrize(
    ("texts", "speakers"),
    [
        (["Ann Lee: hi"], ["Ann Lee"]),
        (["ann: hi", "ann: you", "so: no"], ["ann", "ann", None]),
        (["10:30 is fine", "10: 30", "10: 30"], [None, None, None]),
        (["Note: this", "see http://x: y"], [None, None]),
    ],
)
def test_speakers_are_names_that_recur_or_are_full(
    cue: MakeCue, texts: list[str], speakers: list[str | None]
):
    told = with_speakers([cue(n, n + 1, text) for n, text in enumerate(texts)])
    assert [c.speaker for c in told] == speakers
    assert [c.text for c in told if c.speaker] == [
        text.partition(": ")[2] for text, speaker in zip(texts, speakers, strict=True) if speaker
    ]


def test_nothing_is_guessed_where_the_file_names_speakers(cue: MakeCue):
    cues = (cue(0, 1, "Ann Lee: hi", "Bob"), cue(1, 2, "Ann Lee: hi"))
    assert with_speakers(cues) == cues


SILENCES = (span(0, 5), span(30, 32), span(50, 51), span(100, 120))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("rest", "piece"),
    [
        (span(0, 60), span(0, 60)),
        (span(0, 120), span(0, 50.5)),
        (span(50.5, 120), span(50.5, 110)),
        (span(110, 200), span(110, 170)),
    ],
)
def test_a_piece_ends_in_the_last_pause_that_fits(rest: Span, piece: Span):
    assert first_piece(rest, SILENCES, MINUTE) == piece


@pytest.mark.parametrize(
    ("piece", "sound"),
    [
        (span(0, 31), span(4.75, 30.25)),
        (span(6, 20), span(6, 20)),
        (span(101, 119), None),
    ],
)
def test_silence_at_the_ends_of_a_piece_is_not_sent(piece: Span, sound: Span | None):
    assert sounding(piece, SILENCES) == sound


def test_the_silent_part_of_a_span_is_counted():
    assert silent_part(span(4, 31), SILENCES) == timedelta(seconds=2)


def test_text_over_silence_is_left_out_and_doubted_when_it_is_much(cue: MakeCue):
    said, invented = cue(6, 8, "what was said"), cue(101, 104, "thanks for watching")
    kept = heard([said, invented], SILENCES)
    assert kept == (said,)
    assert doubt_of_unheard([said, invented], kept) == "59% of its text lies over silence"
    assert doubt_of_unheard([said] * 5 + [invented], [said] * 5) is None


def test_text_that_nobody_can_say_in_the_time_is_doubted(cue: MakeCue):
    assert doubt(transcript(cue(0, 2, "words and more " * 20))) == (
        "300 letters in 2.0 s are more than anybody says"
    )


def test_a_text_that_turns_in_circles_is_doubted(cue: MakeCue):
    loop = transcript(*(cue(n, n + 1, "and I think that") for n in range(20)))
    assert doubt(loop) == "95% of it is repetition: 'and i think that' 20 times"
    assert doubt(transcript(*(cue(n, n + 1, "那么我们看") for n in range(20)))) is not None


def test_talk_is_not_doubted(cue: MakeCue):
    text = "so the first thing we want to look at today is how many people came to the office"
    assert doubt(transcript(cue(0, 5, text), cue(5, 6, "Yes."), cue(6, 7, "Yes."))) is None
    assert doubt(transcript(*(cue(n, n + 1, "Yes.") for n in range(10)))) is None
