"""Finding topics without anybody's help: where the words change, a topic does.

TextTiling (Hearst 1997) over windows of time: the words before a place are compared with those
after it. Words weigh more the fewer places they are used in; a long pause adds to a change.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, pstdev

from zoomauto.domain.chapter import Heading
from zoomauto.domain.plain_words import PLAIN_WORDS
from zoomauto.domain.transcript import Cue

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_APOSTROPHE = re.compile(r"['\u2019]")
_SHORTEST_WORD = 3
#: What is compared on both sides; a short recording has shorter ones.
_WINDOW = timedelta(seconds=90)
_FEWEST_WINDOWS = 4
#: A pause counts up to this, and then as much as this change of words.
_LONGEST_PAUSE = timedelta(seconds=5)
_PAUSE_BONUS = 0.2
#: Changes that are smaller, or no larger than most, are those within a topic.
_LEAST_CHANGE = 0.3
_TITLE_WORDS = 3

Bag = Counter[str]


def headings_by_words(
    cues: Sequence[Cue], *, shortest: timedelta, most: int
) -> tuple[Heading, ...]:
    """Give the topics of a transcript in order, the first at its beginning.

    ``most`` of them at most, none shorter than ``shortest``.
    """
    if not cues:
        return ()
    bags = [Counter(words_of(cue.text)) for cue in cues]
    window = min(_WINDOW, cues[-1].end / _FEWEST_WINDOWS)
    weights = _weights(cues, bags, window)
    changes = _changes(cues, bags, weights, window)
    borders = [0, *_borders(cues, changes, shortest=shortest, most=most - 1)]
    topics = [bags[first:last] for first, last in pairwise([*borders, len(cues)])]
    titles = _titles([sum(topic, Counter()) for topic in topics], weights)
    return tuple(Heading(cue=cue, title=title) for cue, title in zip(borders, titles, strict=True))


def words_of(text: str) -> Iterator[str]:
    """Give the words of a text that tell what it is about, in lower case."""
    for found in _WORD.findall(text.casefold()):
        word = _APOSTROPHE.split(found)[-1]
        if len(word) >= _SHORTEST_WORD and word not in PLAIN_WORDS:
            yield word


def _weights(cues: Sequence[Cue], bags: Sequence[Bag], window: timedelta) -> Mapping[str, float]:
    """Give the weight of each word: nothing for one that is used all the time."""
    tiles: dict[int, set[str]] = {}
    for cue, bag in zip(cues, bags, strict=True):
        tiles.setdefault(cue.start // window, set()).update(bag)
    used = Counter(word for tile in tiles.values() for word in tile)
    return {word: math.log(len(tiles) / count) for word, count in used.items()}


def _changes(
    cues: Sequence[Cue], bags: Sequence[Bag], weights: Mapping[str, float], window: timedelta
) -> Sequence[float]:
    """Say for each cue how much of the topic changes with it: 0 to 2, and the bonus."""
    starts = [cue.start for cue in cues]
    likeness = list(_likenesses(starts, bags, weights, window))
    changes = [0.0]
    for place in range(1, len(cues)):
        first = bisect_left(starts, starts[place] - window)
        last = bisect_left(starts, starts[place] + window)
        peaks = max(likeness[first : place + 1]) + max(likeness[place:last])
        pause = min(max(starts[place] - cues[place - 1].end, timedelta()), _LONGEST_PAUSE)
        changes.append(peaks - 2 * likeness[place] + _PAUSE_BONUS * (pause / _LONGEST_PAUSE))
    return changes


def _likenesses(
    starts: Sequence[timedelta],
    bags: Sequence[Bag],
    weights: Mapping[str, float],
    window: timedelta,
) -> Iterator[float]:
    """Say for each cue how alike the words before and after it are: 0 to 1."""
    before, after = Counter[str](), Counter[str]()
    first = last = 0
    for place, start in enumerate(starts):
        if place:
            before += bags[place - 1]
            after -= bags[place - 1]
        while starts[first] < start - window:
            before -= bags[first]
            first += 1
        while last < len(starts) and starts[last] < start + window:
            after += bags[last]
            last += 1
        yield _cosine(before, after, weights)


def _cosine(one: Bag, other: Bag, weights: Mapping[str, float]) -> float:
    shared = sum(count * other[word] * weights[word] ** 2 for word, count in one.items())
    lengths = math.sqrt(_square(one, weights) * _square(other, weights))
    return shared / lengths if lengths else 0.0


def _square(bag: Bag, weights: Mapping[str, float]) -> float:
    return sum((count * weights[word]) ** 2 for word, count in bag.items())


def _borders(
    cues: Sequence[Cue], changes: Sequence[float], *, shortest: timedelta, most: int
) -> Sequence[int]:
    """Choose the greatest changes that leave every topic long enough."""
    least = max(_LEAST_CHANGE, fmean(changes) + pstdev(changes) / 2)
    edges = [timedelta(), cues[-1].end]
    chosen: list[int] = []
    for place in sorted(range(len(cues)), key=lambda place: -changes[place]):
        start = cues[place].start
        if len(chosen) >= most or changes[place] < least:
            break
        if all(abs(start - edge) >= shortest for edge in edges):
            chosen.append(place)
            edges.append(start)
    return sorted(chosen)


def _titles(topics: Sequence[Bag], weights: Mapping[str, float]) -> Iterator[str]:
    """Name each topic by words that are used in it often, and elsewhere seldom."""
    everywhere: Bag = sum(topics, Counter())
    for number, topic in enumerate(topics, start=1):
        scores = {
            word: count * count / everywhere[word] * weights[word]
            for word, count in topic.items()
            if count > 1
        }
        best = sorted(scores, key=lambda word: (-scores[word], word))[:_TITLE_WORDS]
        title = ", ".join(word for word in best if scores[word] > 0)
        yield title[:1].upper() + title[1:] if title else f"Part {number}"
