"""Subtitles that can be read while they are heard."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.subtitle import Shape, Subtitle, subtitles_of
from zoomauto.domain.transcript import Cue

SHAPE = Shape(
    line_length=42,
    most_lines=2,
    shortest=timedelta(seconds=1),
    longest=timedelta(seconds=7),
    reading_speed=20,
    merge_gap=timedelta(seconds=0.5),
)
BUDGET = (
    "The first item is the budget. It was discussed at length in the last meeting, and we agreed"
    " that it would be raised; nobody knew by how much."
)


def cue(start: float, end: float, text: str, speaker: str | None = None) -> Cue:
    return Cue(
        start=timedelta(seconds=start), end=timedelta(seconds=end), text=text, speaker=speaker
    )


def shown(*cues: Cue) -> list[tuple[float, float, tuple[str, ...]]]:
    return [
        (s.start.total_seconds(), s.end.total_seconds(), s.lines) for s in subtitles_of(cues, SHAPE)
    ]


def test_what_fits_is_shown_as_it_was_said():
    assert subtitles_of([cue(1.5, 4.25, "Good morning.", "Ann")], SHAPE) == (
        Subtitle(
            start=timedelta(seconds=1.5),
            end=timedelta(seconds=4.25),
            lines=("Good morning.",),
            speaker="Ann",
            is_new_speaker=True,
        ),
    )


def test_a_long_cue_is_split_where_sentences_and_clauses_end_and_time_passes_with_its_letters():
    assert shown(cue(10, 22, BUDGET)) == [
        (
            10.0,
            16.632,
            ("The first item is the budget. It was", "discussed at length in the last meeting,"),
        ),
        (16.632, 22.0, ("and we agreed that it would be", "raised; nobody knew by how much.")),
    ]
    sentences = (
        "It was discussed at length last time. Nobody knew, though, by how much it would go."
    )
    assert shown(cue(0, 8, sentences))[0][2] == ("It was discussed at length last time.",)


def test_without_such_an_end_the_pieces_are_about_as_long_as_each_other():
    assert [lines for _, _, lines in shown(cue(0, 6, "word " * 20))] == [
        ("word word word word word",) * 2,
        ("word word word word word",) * 2,
    ]


def test_what_is_said_slowly_is_split_too():
    assert [(start, end) for start, end, _ in shown(cue(0, 20, "one two six ten"))] == [
        (0.0, 5.0),
        (5.0, 10.0),
        (10.0, 15.0),
        (15.0, 20.0),
    ]


def test_one_word_for_a_minute_goes_from_the_screen():
    assert shown(cue(0, 60, "Silence.")) == [(0.0, 7.0, ("Silence.",))]


def test_pieces_of_one_speaker_are_joined_across_a_short_pause_where_they_fit():
    ann = (cue(0, 1, "Good", "Ann"), cue(1.5, 2, "morning.", "Ann"))
    assert shown(*ann) == [(0.0, 2.0, ("Good morning.",))]
    assert [lines for _, _, lines in shown(*ann, cue(2.1, 5, BUDGET[:77], "Ann"))] == [
        ("Good morning.",),
        ("The first item is the budget. It was", "discussed at length in the last meeting,"),
    ]


def test_pieces_stay_apart_across_a_longer_pause_a_change_of_speaker_and_beyond_seven_seconds():
    for pair in (
        (cue(0, 1, "Good", "Ann"), cue(1.6, 2.6, "morning.", "Ann")),
        (cue(0, 1, "Good", "Ann"), cue(1, 2, "morning.", "Bob")),
        (cue(0, 1, "Good"), cue(1, 2, "morning.", "Bob")),
        (cue(0, 4, "Good"), cue(4, 8, "morning.")),
    ):
        assert [start for start, _, _ in shown(*pair)] == [
            pair[0].start.total_seconds(),
            pair[1].start.total_seconds(),
        ]


def test_the_end_waits_until_people_have_read_but_never_for_the_next_one_to_pass():
    hasty = "As many letters as nobody reads so fast."
    assert shown(cue(0, 0.5, hasty)) == [(0.0, 2.0, (hasty,))]
    assert shown(cue(0, 0.2, "Hm")) == [(0.0, 1.0, ("Hm",))]
    both = shown(cue(0, 0.5, hasty, "Ann"), cue(0.7, 2, "What?", "Bob"))
    assert [(start, end) for start, end, _ in both] == [(0.0, 0.7), (0.7, 2.0)]


def test_who_interrupts_is_shown_in_between():
    both = shown(cue(0, 12, BUDGET, "Ann"), cue(6, 7, "Really?", "Bob"))
    assert [(start, end, lines[0][:12]) for start, end, lines in both] == [
        (0.0, 6.0, "The first it"),
        (6.0, 7.0, "Really?"),
        (7.0, 12.0, "and we agree"),
    ]


def test_of_two_who_speak_at_once_the_second_waits_until_the_first_could_be_read():
    both = shown(cue(0, 4, "We could.", "Ann"), cue(0.2, 3, "We should.", "Bob"))
    assert both == [(0.0, 1.0, ("We could.",)), (1.0, 3.0, ("We should.",))]


def test_the_first_line_of_a_new_speaker_has_room_for_the_name():
    text = "It was discussed at length in our last meeting, twice."
    name = "Maximilian Mustermann"
    assert subtitles_of([cue(0, 4, text)], SHAPE)[0].lines == (
        "It was discussed at length",
        "in our last meeting, twice.",
    )
    assert subtitles_of([cue(0, 4, text, name)], SHAPE)[0].lines == (
        "It was discussed",
        "at length in our last meeting, twice.",
    )


def test_a_text_without_spaces_is_broken_at_the_end_of_the_line():
    lines = [line for _, _, piece in shown(cue(0, 5, "漢" * 100)) for line in piece]
    assert lines == ["漢" * 42, "漢" * 42, "漢" * 16]


def test_nothing_that_no_file_can_hold_is_left():
    assert shown(cue(0, 1, "a\n\tb\x00\x1b[0m\ud800 \x85c"), cue(2, 3, " \n")) == [
        (
            0.0,
            1.0,
            ("a b??[0m? c".replace("?", "\N{REPLACEMENT CHARACTER}"),),
        ),
    ]


TIMES = st.floats(0, 300, allow_nan=False)
WORDS = st.lists(st.text("abc.,é漢", min_size=1, max_size=60), min_size=1, max_size=40)
CUES = st.lists(
    st.builds(
        lambda start, length, words, who: cue(start, start + length, " ".join(words), who),
        TIMES,
        st.floats(-5, 30),
        WORDS,
        st.sampled_from([None, "Ann", "Bob"]),
    ),
    max_size=12,
)


@given(CUES)
def test_none_lies_over_the_next_and_none_is_too_wide(cues: list[Cue]):
    subtitles = subtitles_of(cues, SHAPE)
    millisecond = timedelta(milliseconds=1)
    assert all(s.start < s.end <= s.start + SHAPE.longest for s in subtitles)
    assert all(a.end <= b.start for a, b in pairwise(subtitles))
    assert all(not (s.start % millisecond or s.end % millisecond) for s in subtitles)
    assert max((len(line) for s in subtitles for line in s.lines), default=0) <= 42


@given(CUES)
def test_every_letter_is_shown_once(cues: list[Cue]):
    shown_letters = "".join(line for s in subtitles_of(cues, SHAPE) for line in s.lines)
    said = "".join(c.text for c in cues)
    assert sorted(shown_letters.replace(" ", "")) == sorted(said.replace(" ", ""))


@given(st.lists(st.tuples(st.floats(0.01, 20), st.floats(0, 10), WORDS), max_size=10))
def test_of_people_who_let_each_other_finish_all_is_shown_when_it_is_heard(
    turns: list[tuple[float, float, list[str]]],
):
    cues: list[Cue] = []
    time = 0.0
    for number, (length, pause, words) in enumerate(turns):
        cues.append(cue(time, time + length, " ".join(words), f"S{number % 2}"))
        time += length + pause
    subtitles = subtitles_of(cues, SHAPE)
    starts = {s.start for s in subtitles}
    half = timedelta(milliseconds=0.5)
    assert all(any(abs(start - c.start) <= half for start in starts) for c in cues)
    assert max((len(s.lines) for s in subtitles), default=0) <= 2
