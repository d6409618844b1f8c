"""Subtitles: what was said, in pieces that can be read while they are heard."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest

from zoomauto.domain.transcript import Cue

_MILLISECOND = timedelta(milliseconds=1)
_UNWRITABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SENTENCE_ENDS = tuple(".!?…。\uff01\uff1f")
_CLAUSE_ENDS = tuple(",;:、\uff0c")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """How subtitles should look, where speech allows it."""

    #: In characters.
    line_length: int
    most_lines: int
    #: Short ones stay as long, if nothing follows.
    shortest: timedelta
    #: Longer ones are split.
    longest: timedelta
    #: Characters per second that can be read; the end waits for it, if nothing follows.
    reading_speed: float
    #: Pieces of one speaker become one when they are not further apart and fit.
    merge_gap: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Subtitle:
    """What is shown at once. Times are whole milliseconds; it ends before the next one starts."""

    start: timedelta
    end: timedelta
    lines: tuple[str, ...]
    speaker: str | None = None
    #: Whether somebody else spoke before; the first line has room for the name.
    is_new_speaker: bool = False


def readable(cues: Iterable[Cue]) -> Sequence[Cue]:
    """Give cues in order and on whole milliseconds, their texts on one line each."""
    one_line = (_readable(cue) for cue in cues)
    return sorted((cue for cue in one_line if cue.text), key=lambda cue: (cue.start, cue.end))


def subtitles_of(cues: Iterable[Cue], shape: Shape) -> tuple[Subtitle, ...]:
    """Merge and split cues until they fit, and let none lie over the next.

    Each starts when its text is heard, but one that begins while another has hardly begun: it
    waits until that one could be read.
    """
    merged = _merged(readable(cues), shape)
    pieces = sorted(
        (piece for cue in merged for piece in _pieces(cue, shape)), key=lambda piece: piece.start
    )
    return tuple(_laid_out(_one_after_another(pieces, shape), shape))


def _readable(cue: Cue) -> Cue:
    start = _rounded(cue.start)
    return Cue(
        start=start,
        end=max(start + _MILLISECOND, _rounded(cue.end)),
        text=_on_one_line(cue.text),
        speaker=_on_one_line(cue.speaker or "") or None,
    )


def _rounded(time: timedelta) -> timedelta:
    return round(time / _MILLISECOND) * _MILLISECOND


def _on_one_line(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def _merged(cues: Sequence[Cue], shape: Shape) -> Iterator[Cue]:
    held: list[Cue] = []
    for cue in cues:
        if held and _are_one(held[-1], cue, shape):
            held = [_joined(held[-1], cue)]
            continue
        yield from held
        held = [cue]
    yield from held


def _joined(first: Cue, second: Cue) -> Cue:
    return replace(first, end=max(first.end, second.end), text=f"{first.text} {second.text}")


def _are_one(first: Cue, second: Cue, shape: Shape) -> bool:
    if first.speaker != second.speaker or second.start - first.end > shape.merge_gap:
        return False
    if len(first.text) + len(second.text) >= shape.line_length * shape.most_lines:
        return False
    together = _joined(first, second)
    lines = _lines(_words(together.text, shape), shape, _name_room(together))
    return together.end - together.start <= shape.longest and len(lines) <= shape.most_lines


def _pieces(cue: Cue, shape: Shape) -> Iterator[Cue]:
    """Split a cue at the ends of its sentences; time passes with its characters."""
    words = _words(cue.text, shape)
    total = sum(map(len, words))
    length = cue.end - cue.start
    most_letters = total * shape.longest / max(length, shape.longest)
    start, done, room = cue.start, 0, _name_room(cue)
    while words:
        count = _count_for_one(words, shape, room, most_letters)
        taken, words = words[:count], words[count:]
        done += sum(map(len, taken))
        end = cue.start + _rounded(length * done / total)
        yield replace(cue, start=start, end=end, text=" ".join(taken))
        start, room = end, 0


def _count_for_one(words: Sequence[str], shape: Shape, room: int, most_letters: float) -> int:
    """Say how many of the words come first: up to the end of a sentence, or a fair share."""
    # A word takes a letter at least: more of them need not be looked at.
    lines = _lines(words[: shape.line_length * shape.most_lines], shape, room)
    fitting = sum(map(len, lines[: shape.most_lines]))
    letters = 0
    for count, word in enumerate(words[:fitting]):
        letters += len(word)
        if letters > most_letters:
            fitting = max(count, 1)
            break
    if fitting == len(words):
        return fitting
    half = fitting // 2
    for ends in (_SENTENCE_ENDS, _CLAUSE_ENDS):
        for count in range(fitting, half, -1):
            if words[count - 1].endswith(ends):
                return count
    return min(fitting, math.ceil(len(words) / math.ceil(len(words) / fitting)))


def _one_after_another(pieces: Sequence[Cue], shape: Shape) -> Iterator[Cue]:
    free = timedelta()
    for piece, following in zip_longest(pieces, pieces[1:]):
        start = max(piece.start, free)
        reading = _rounded(timedelta(seconds=len(piece.text) / shape.reading_speed))
        shown = min(max(piece.end - start, shape.shortest, reading), shape.longest)
        if following:
            least = max(min(piece.end - piece.start, shape.shortest), _MILLISECOND)
            shown = min(shown, max(following.start - start, least))
        free = start + shown
        yield replace(piece, start=start, end=free)


def _laid_out(pieces: Iterable[Cue], shape: Shape) -> Iterator[Subtitle]:
    speaker = None
    for piece in pieces:
        is_new = piece.speaker is not None and piece.speaker != speaker
        speaker = piece.speaker
        yield Subtitle(
            start=piece.start,
            end=piece.end,
            lines=_balanced(_words(piece.text, shape), shape, _name_room(piece) if is_new else 0),
            speaker=speaker,
            is_new_speaker=is_new,
        )


def _name_room(cue: Cue) -> int:
    """Give the length of ``Name: ``."""
    return len(cue.speaker) + 2 if cue.speaker else 0


def _words(text: str, shape: Shape) -> list[str]:
    """Split into words, none longer than a line: scripts without spaces, addresses."""
    return [
        word[at : at + shape.line_length]
        for word in text.split()
        for at in range(0, len(word), shape.line_length)
    ]


def _lines(
    words: Sequence[str], shape: Shape, room: int, *, width: int | None = None
) -> list[list[str]]:
    """Fill lines with words; ``room`` characters of the first are taken."""
    most = width or shape.line_length
    lines: list[list[str]] = [[]]
    length = room
    for word in words:
        needed = len(word) + (1 if lines[-1] else 0)
        if length + needed > most and (lines[-1] or length):
            lines.append([])
            length, needed = 0, len(word)
        lines[-1].append(word)
        length += needed
    return lines


def _balanced(words: Sequence[str], shape: Shape, room: int) -> tuple[str, ...]:
    """Break lines so that they are about as long as each other, and no more than needed."""
    fewest = len(_lines(words, shape, room))
    letters = room + sum(map(len, words)) + len(words) - 1
    for width in range(math.ceil(letters / fewest), shape.line_length):
        lines = _lines(words, shape, room, width=width)
        if len(lines) == fewest:
            break
    else:
        lines = _lines(words, shape, room)
    return tuple(" ".join(line) for line in lines)
