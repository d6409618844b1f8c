"""Topics found by their words alone."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from zoomauto.domain.chapter import Heading
from zoomauto.domain.text_tiling import headings_by_words, words_of
from zoomauto.domain.transcript import Cue

SHORTEST = timedelta(minutes=2)
PAUSE = timedelta(seconds=5)
VOCABULARIES = """
budget invoice supplier payment discount tax ledger audit euro quarter
server database backup migration latency outage deploy replica kernel cache
holiday hiring interview candidate salary onboarding contract laptop desk badge
бюджет договор поставщик оплата скидка налог проверка квартал отчёт счёт
so and then we will have to look at what this would mean for all of us again
"""
*TOPICS, PLAIN = (line.split() for line in VOCABULARIES.strip().splitlines())


def talk(*minutes: tuple[int, Sequence[str]]) -> list[Cue]:
    """Talk about topics for so many minutes each: a cue of twelve words every five seconds."""
    dice = random.Random(5)  # noqa: S311 - no secret
    cues: list[Cue] = []
    time = 0.0
    for length, words in minutes:
        for _ in range(length * 12):
            said = [*dice.choices(words, k=4), *dice.choices(PLAIN, k=8)]
            dice.shuffle(said)
            span = timedelta(seconds=time), timedelta(seconds=time + 5)
            cues.append(Cue(start=span[0], end=span[1], text=" ".join(said)))
            time += 5
    return cues


def found(cues: Sequence[Cue], most: int = 20) -> list[tuple[float, set[str]]]:
    headings = headings_by_words(cues, shortest=SHORTEST, most=most)
    return [
        (cues[h.cue].start.total_seconds(), set(h.title.casefold().split(", "))) for h in headings
    ]


def test_a_topic_begins_where_the_words_change_and_is_named_by_them():
    talked = found(talk((7, TOPICS[0]), (5, TOPICS[1]), (8, TOPICS[2]), (6, TOPICS[3])))
    starts = [start for start, _ in talked]
    assert all(
        abs(start - true) <= 10 for start, true in zip(starts, (0, 420, 720, 1200), strict=True)
    )
    assert all(
        len(title) == 3 and title <= set(words)
        for (_, title), words in zip(talked, TOPICS, strict=True)
    )


def test_where_words_change_slowly_a_pause_decides():
    first, both, second = (words * 2 for words in (TOPICS[0], TOPICS[0] + TOPICS[1], TOPICS[1]))
    cues = talk((6, first), (1, both), (6, second))
    for place in (74, 80):
        later = [replace(cue, start=cue.start + PAUSE, end=cue.end + PAUSE) for cue in cues[place:]]
        headings = headings_by_words([*cues[:place], *later], shortest=SHORTEST, most=2)
        assert [heading.cue for heading in headings] == [0, place]


def test_one_topic_stays_whole():
    assert [start for start, _ in found(talk((20, TOPICS[0])))] == [0.0]


def test_a_topic_that_comes_back_is_a_topic_again():
    talked = found(talk((6, TOPICS[0]), (6, TOPICS[1]), (6, TOPICS[0])))
    assert [title <= set(TOPICS[0]) for _, title in talked] == [True, False, True]


def test_no_more_are_found_than_are_wanted():
    cues = talk((7, TOPICS[0]), (5, TOPICS[1]), (8, TOPICS[2]), (6, TOPICS[3]))
    assert len(found(cues, most=2)) == 2


def test_a_short_recording_is_looked_at_more_closely():
    dice = random.Random(5)  # noqa: S311 - no secret
    texts = [" ".join(dice.choices(words, k=12)) for words in TOPICS[:3] for _ in range(4)]
    cues = [
        Cue(start=timedelta(seconds=5 * n), end=timedelta(seconds=5 * n + 5), text=text)
        for n, text in enumerate(texts)
    ]
    headings = headings_by_words(cues, shortest=timedelta(seconds=10), most=20)
    assert [h.cue for h in headings] == [0, 4, 8]


def test_what_nobody_repeats_has_no_name():
    cues = [
        Cue(start=timedelta(seconds=60 * n), end=timedelta(seconds=60 * n + 60), text=text)
        for n, text in enumerate(["apple", "pear", "plum"])
    ]
    assert headings_by_words(cues, shortest=timedelta(hours=1), most=9) == (
        Heading(cue=0, title="Part 1"),
    )
    assert headings_by_words([], shortest=SHORTEST, most=9) == ()


def test_words_that_tell_nothing_do_not_count():
    text = "We'll see: the BUDGET, l\u2019entreprise's 42; d\u2019entreprise, isn't it? Это бюджет."
    assert list(words_of(text)) == ["budget", "entreprise", "бюджет"]
