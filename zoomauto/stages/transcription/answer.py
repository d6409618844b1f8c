"""What engines answer, read with tolerance: JSON in, cues out.

``duration``, ``language``, ``segments`` and ``words`` may each be missing, words may lie inside
segments, and numbers may be text.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from zoomauto.domain.time_map import Span
from zoomauto.domain.transcript import Cue

Document = Mapping[str, Any]

#: A pause that begins a new cue where only words have times.
_PAUSE = 0.7
_LONGEST_CUE = 6.0
_SENTENCE = re.compile(
    r".+?(?:[.!?\u2026]+[\"'\u201d)\]]*(?=\s|\Z)|[\u3002\uff01\uff1f]|\Z)", re.DOTALL
)


def cues_of(document: Document) -> list[Cue] | None:
    """Give the cues of an answer that has times; None for one that has text alone."""
    for name, read in _READERS.items():
        rows = document.get(name)
        if isinstance(rows, Sequence) and not isinstance(rows, str):
            cues = list(read([row for row in rows if isinstance(row, Mapping)]))
            if cues or not text_of(document):
                return cues
    return None


def is_answer(document: Document) -> bool:
    """Whether this is an answer at all, if perhaps an empty one."""
    return any(isinstance(document.get(name), str | list) for name in ("text", *_READERS))


def text_of(document: Document) -> str:
    """Give the plain text of an answer."""
    text = document.get("text")
    return " ".join(text.split()) if isinstance(text, str) else ""


def language_of(document: Document) -> str | None:
    """Give the language that an answer names."""
    nested = document.get("result")
    for place in (document, nested if isinstance(nested, Mapping) else {}):
        language = place.get("language")
        if isinstance(language, str) and language:
            return language
    return None


def spread(text: str, span: Span) -> list[Cue]:
    """Give the sentences of a text that was said within ``span``, each as long as it is wide."""
    sentences = [" ".join(found[0].split()) for found in _SENTENCE.finditer(text)]
    sentences = [sentence for sentence in sentences if sentence]
    letters = sum(map(len, sentences))
    cues: list[Cue] = []
    start = span.start
    for sentence in sentences:
        end = start + span.length * (len(sentence) / letters)
        cues.append(Cue(start=start, end=end, text=sentence))
        start = end
    return cues


def _from_segments(rows: Sequence[Document]) -> Iterator[Cue]:
    for row in rows:
        words = row.get("words")
        edges = _edges(row) or _edges_of_words(words)
        text = row.get("text")
        if edges and isinstance(text, str):
            yield _cue(edges, text, row.get("speaker"))


def _from_words(rows: Sequence[Document]) -> Iterator[Cue]:
    """Put words together until somebody pauses."""
    held: list[str] = []
    start = end = 0.0
    for row in rows:
        edges, word = _edges(row), row.get("word", row.get("text"))
        if edges is None or not isinstance(word, str):
            continue
        if held and (edges[0] - end > _PAUSE or edges[1] - start > _LONGEST_CUE):
            yield _cue((start, end), " ".join(held), None)
            held = []
        start = start if held else edges[0]
        end = edges[1]
        held.append(word.strip())
    if held:
        yield _cue((start, end), " ".join(held), None)


def _from_offsets(rows: Sequence[Document]) -> Iterator[Cue]:
    """Read whisper.cpp's file, which counts milliseconds."""
    for row in rows:
        offsets = row.get("offsets")
        if not isinstance(offsets, Mapping):
            continue
        start, end = _number(offsets.get("from")), _number(offsets.get("to"))
        text = row.get("text")
        if start is not None and end is not None and isinstance(text, str):
            yield _cue((start / 1000, end / 1000), text, row.get("speaker"))


_READERS = {
    "segments": _from_segments,
    "cues": _from_segments,
    "transcription": _from_offsets,
    "words": _from_words,
}


def _cue(edges: tuple[float, float], text: str, speaker: object) -> Cue:
    return Cue(
        start=timedelta(seconds=edges[0]),
        end=timedelta(seconds=edges[1]),
        text=" ".join(text.split()),
        speaker=speaker if isinstance(speaker, str) and speaker else None,
    )


def _edges(row: Document) -> tuple[float, float] | None:
    start, end = _number(row.get("start")), _number(row.get("end"))
    if start is None:
        return None
    return start, start if end is None else end


def _edges_of_words(words: object) -> tuple[float, float] | None:
    if not isinstance(words, Sequence) or isinstance(words, str):
        return None
    rows = [edges for word in words if isinstance(word, Mapping) and (edges := _edges(word))]
    return (rows[0][0], rows[-1][1]) if rows else None


def _number(value: object) -> float | None:
    """Read seconds; None for what is no time within a day or so."""
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None  # noqa: PLR2004 - more is no time
