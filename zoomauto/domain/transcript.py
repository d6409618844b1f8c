"""What was said in a recording: cues in order, and the document that keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from zoomauto.domain.time_map import TimeMap

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """A piece of text and when it is heard."""

    #: From the beginning of the file.
    start: timedelta
    end: timedelta
    text: str
    #: Who says it, when that is known.
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcript:
    """All that was said, in order."""

    cues: tuple[Cue, ...]
    #: As its writer named it: ``en``, ``russian``; None when it did not.
    language: str | None = None
    #: Who wrote it: ``zoom``, ``captions``, ``http:MODEL``, ``faster-whisper:MODEL``, ``command``.
    engine: str

    def to_document(self) -> dict[str, Any]:
        """Give the transcript as JSON keeps it, times in seconds to the millisecond."""
        cues = [_cue_document(cue) for cue in self.cues]
        return {"language": self.language, "engine": self.engine, "cues": cues}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Transcript":
        """Read what :meth:`to_document` gave.

        Raise KeyError, TypeError or ValueError for anything else.
        """
        return cls(
            cues=tuple(_cue(row) for row in document["cues"]),
            language=document["language"],
            engine=document["engine"],
        )


def tidied(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Give cues in order, without empty ones, each ending after it starts.

    A cue that ends too early ends where the next one starts, a millisecond after its own start
    at least.
    """
    filled = (replace(cue, text=cue.text.strip()) for cue in cues)
    ordered = sorted((cue for cue in filled if cue.text), key=lambda cue: (cue.start, cue.end))
    return tuple(_mended(cue, following) for cue, following in zip_longest(ordered, ordered[1:]))


def moved(transcript: Transcript, time_map: TimeMap | None) -> Transcript:
    """Put a transcript of a recording on the clock of what was kept of it.

    Cues of what was cut go; one that was cut in part becomes shorter. None changes nothing.
    """
    if time_map is None:
        return transcript
    placed = ((cue, time_map.moved(cue.start, cue.end)) for cue in transcript.cues)
    cues = (replace(cue, start=span.start, end=span.end) for cue, span in placed if span)
    return replace(transcript, cues=tuple(cues))


def _cue_document(cue: Cue) -> dict[str, Any]:
    times = {"start": _seconds(cue.start), "end": _seconds(cue.end)}
    speaker = {"speaker": cue.speaker} if cue.speaker else {}
    return {**times, **speaker, "text": cue.text}


def _cue(row: Mapping[str, Any]) -> Cue:
    return Cue(
        start=timedelta(seconds=row["start"]),
        end=timedelta(seconds=row["end"]),
        text=row["text"],
        speaker=row.get("speaker"),
    )


def _seconds(time: timedelta) -> float:
    return round(time.total_seconds(), 3)


def _mended(cue: Cue, following: Cue | None) -> Cue:
    if cue.end > cue.start:
        return cue
    end = following.start if following else cue.start
    return replace(cue, end=max(end, cue.start + _MILLISECOND))
