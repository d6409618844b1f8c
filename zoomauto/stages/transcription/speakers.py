"""Telling who speaks from the words before a colon, as Zoom writes them."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from zoomauto.domain.transcript import Cue

_PREFIX = re.compile(r"(?P<name>[^:<>\n]{1,60}): +(?=\S)")
_NAME = re.compile(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){1,3}")
_OFTEN = 2


def with_speakers(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """Take speakers out of the text: ``Ann Lee: Good morning``.

    A prefix counts when it recurs or looks like a full name. Where the file names its speakers
    itself, nothing is guessed.
    """
    if any(cue.speaker for cue in cues):
        return tuple(cues)
    counts = Counter(name for cue in cues if (name := _prefix(cue.text)))
    speakers = {name for name, count in counts.items() if count >= _OFTEN or _is_full_name(name)}
    return tuple(_parted(cue, speakers) for cue in cues)


def _prefix(text: str) -> str | None:
    found = _PREFIX.match(text)
    # A time (10:30) is no name, nor is anything else without a letter.
    return found["name"] if found and any(map(str.isalpha, found["name"])) else None


def _is_full_name(prefix: str) -> bool:
    return bool(_NAME.fullmatch(prefix)) and all(w[0].isupper() for w in prefix.split(" "))


def _parted(cue: Cue, speakers: Collection[str]) -> Cue:
    name = _prefix(cue.text)
    if name not in speakers:
        return cue
    text = cue.text.partition(":")[2].strip()
    return replace(cue, text=text, speaker=name)
