"""Whether a text can have been said: engines make things up, above all where nothing is heard."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from zoomauto.domain.time_map import Span
from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.stages.transcription.pieces import silent_part

#: Letters per second. Quick talk has 20, an auctioneer 35.
_FASTEST = 40
#: Shorter texts tell nothing about density and repetition.
_ENOUGH_LETTERS = 80
_ENOUGH_WORDS = 24
_PHRASE = 4
#: Of the phrases in an hour of talk, less than a tenth was said before.
_MOST_REPEATED = 0.5
#: A cue is over silence when so much of it is.
_OVER_SILENCE = 0.9
_MOST_OVER_SILENCE = 1 / 3
#: A word; scripts without spaces count by character.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")


def doubt(transcript: Transcript) -> str | None:
    """Say why nobody can have said this, by its density and repetition; None when it is fine."""
    return _too_dense(transcript.cues) or _too_repetitive(transcript.cues)


def heard(cues: Sequence[Cue], silences: Sequence[Span]) -> tuple[Cue, ...]:
    """Leave out what lies over silence."""
    return tuple(cue for cue in cues if not _is_over_silence(cue, silences))


def doubt_of_unheard(cues: Sequence[Cue], kept: Sequence[Cue]) -> str | None:
    """Say that too much of a text lies over silence to believe the rest of it."""
    letters = _letters(cues)
    share = 1 - _letters(kept) / letters if letters else 0.0
    return f"{share:.0%} of its text lies over silence" if share > _MOST_OVER_SILENCE else None


def _letters(cues: Sequence[Cue]) -> int:
    return sum(len(cue.text) for cue in cues)


def _too_dense(cues: Sequence[Cue]) -> str | None:
    letters = _letters(cues)
    seconds = sum((cue.end - cue.start for cue in cues), timedelta()).total_seconds()
    if letters < _ENOUGH_LETTERS or letters <= _FASTEST * seconds:
        return None
    return f"{letters} letters in {seconds:.1f} s are more than anybody says"


def _too_repetitive(cues: Sequence[Cue]) -> str | None:
    words = [word.casefold() for cue in cues for word in _WORD.findall(cue.text)]
    if len(words) < _ENOUGH_WORDS:
        return None
    phrases = Counter(zip(*(words[first:] for first in range(_PHRASE)), strict=False))
    repeated = 1 - len(phrases) / phrases.total()
    if repeated <= _MOST_REPEATED:
        return None
    phrase, times = phrases.most_common(1)[0]
    return f"{repeated:.0%} of it is repetition: {' '.join(phrase)!r} {times} times"


def _is_over_silence(cue: Cue, silences: Sequence[Span]) -> bool:
    span = Span(start=cue.start, end=cue.end)
    return silent_part(span, silences) >= _OVER_SILENCE * span.length
