"""Any server that speaks the OpenAI API: ``POST {base_url}/audio/transcriptions``.

Servers and models differ in what they answer. The best shape is asked for first, and what was
learnt is remembered for as long as the program runs; a first, short piece is what it is learnt
from, so that no hour of sound is sent twice. Text without times is timed by our own pauses.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from zoomauto.domain.time_map import Span
from zoomauto.domain.transcript import Cue, Transcript, tidied
from zoomauto.errors import ConfigurationError, PermanentError, Unreachable
from zoomauto.http import Answer, Body, Http
from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret
from zoomauto.secrets import resolve_reference
from zoomauto.stages.transcription.answer import cues_of, is_answer, language_of, spread, text_of
from zoomauto.stages.transcription.engine import Speech
from zoomauto.stages.transcription.extract import copied, encoded, longest_span
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.pieces import first_piece, sounding
from zoomauto.stages.transcription.refusal import (
    TooLarge,
    UnknownShape,
    refusal,
    wait_before_retry,
)

#: The shapes of an answer, best first; the last has no times.
SHAPES = ("verbose_json", "diarized_json", "json")
_TRIES = 4
#: A longer wait is not for a job that cron starts.
_LONGEST_WAIT = timedelta(seconds=60)
_FIRST_WAIT = timedelta(seconds=2)
#: Pieces whose text we time ourselves: their edges are all that is known of it.
_SELF_TIMED = timedelta(seconds=20)
#: Pieces that are refused as too large are halved down to this.
_SHORTEST = timedelta(seconds=2)
_OK = 200
#: (base_url, model) -> the shape that it is known to answer in.
_KNOWN: dict[tuple[str, str], str] = {}


@dataclass(kw_only=True)
class _State:
    """What is known while one recording is sent."""

    shape: str
    is_proven: bool
    #: The longest piece that the server takes, as far as we know.
    longest: timedelta
    cues: list[Cue] = field(default_factory=list)
    language: str | None = None

    @property
    def has_times(self) -> bool:
        """Whether answers say when something is said."""
        return self.shape != SHAPES[-1]

    @property
    def limit(self) -> timedelta:
        """How long the next piece may be."""
        return self.longest if self.can_be_long else min(self.longest, _SELF_TIMED)

    @property
    def can_be_long(self) -> bool:
        """Whether the server is known to tell times itself."""
        return self.is_proven and self.has_times


class HttpEngine:
    """One server and one of its models."""

    def __init__(self, options: TranscriptionOptions, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._timeout = timedelta(seconds=options.timeout_seconds)
        self._http = Http(connections=1)
        self._most_bytes = int(options.max_upload_mb * 10**6)
        self._form = "wav" if options.audio == "wav" else "mp3"

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def transcribe(self, speech: Speech) -> Transcript:
        """Send the sound, in one piece where that is possible."""
        shape = _KNOWN.get(self._server)
        state = _State(
            shape=shape or SHAPES[0],
            is_proven=shape is not None,
            longest=longest_span(self._form, self._most_bytes),
        )
        rest = speech.whole
        while rest.length:
            end = self._next(rest, speech, state)
            speech.advance((end - rest.start).total_seconds())
            rest = replace(rest, start=end)
        engine = f"http:{self._options.model}"
        language = state.language or self._options.language or None
        return Transcript(cues=tidied(state.cues), language=language, engine=engine)

    @property
    def _server(self) -> tuple[str, str]:
        return self._options.base_url, self._options.model

    def _next(self, rest: Span, speech: Speech, state: _State) -> timedelta:
        """Have the next piece of the rest written down; give where it ends."""
        while True:
            sound = sounding(rest, speech.silences)
            if sound is None:
                return rest.end
            piece = first_piece(sound, speech.silences, state.limit)
            is_whole = rest == speech.whole and piece == sound
            copy = self._copied(speech) if is_whole and state.can_be_long else None
            heard = rest if copy else sounding(piece, speech.silences) or piece
            try:
                self._write_down(copy or self._encoded(speech, heard), heard, state)
            except UnknownShape:
                self._step_down(state)
            except TooLarge:
                if heard.length / 2 < _SHORTEST:
                    raise
                state.longest = heard.length / 2
            else:
                return rest.end if piece == sound else piece.end

    def _copied(self, speech: Speech) -> Path | None:
        if self._options.audio != "auto":
            return None
        return copied(
            speech, self._tools.ffmpeg, most_bytes=self._most_bytes, timeout=self._timeout
        )

    def _encoded(self, speech: Speech, span: Span) -> Path:
        return encoded(speech, self._tools.ffmpeg, self._form, span=span, timeout=self._timeout)

    def _write_down(self, path: Path, span: Span, state: _State) -> None:
        """Send one piece and keep its cues. Raise UnknownShape when they have no times."""
        document = _document(self._ask(path, state.shape))
        cues = cues_of(document)
        if cues is not None:
            found = _on(span, cues)
        elif not state.has_times or not text_of(document):
            found = spread(text_of(document), span)
        else:
            raise UnknownShape
        state.cues += found
        state.language = state.language or language_of(document)
        if found and not state.is_proven:
            state.is_proven = True
            _KNOWN[self._server] = state.shape

    def _step_down(self, state: _State) -> None:
        place = SHAPES.index(state.shape) + 1
        if place == len(SHAPES):
            raise PermanentError(f"{self._options.model} gives no answer in any known form")
        state.shape, state.is_proven = SHAPES[place], False

    def _ask(self, path: Path, shape: str) -> Answer:
        """Send a piece until there is an answer that means something. Raise what it means."""
        for attempt in range(1, _TRIES + 1):
            usual = _FIRST_WAIT * 2 ** (attempt - 1)
            wait: timedelta | None = usual
            try:
                answer = self._send(path, shape)
            except Unreachable as error:
                failure: Exception = error
            else:
                if answer.status == _OK:
                    return answer
                now = self._tools.clock.now()
                wait = wait_before_retry(answer, now, usual=usual)
                is_long = wait is not None and wait > _LONGEST_WAIT
                failure = refusal(answer, reset_at=now + wait if wait and is_long else None)
            if wait is None or wait > _LONGEST_WAIT or attempt == _TRIES:
                raise failure
            self._tools.clock.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, path: Path, shape: str) -> Answer:
        url = f"{self._options.base_url.rstrip('/')}/audio/transcriptions"
        headers = {"Authorization": f"Bearer {self._key.reveal()}"} if self._key else {}
        with path.open("rb") as file:
            body = Body(form=dict(self._fields(shape)), files={"file": (path.name, file)})
            return self._http.send("POST", url, headers=headers, body=body, patience=self._timeout)

    def _fields(self, shape: str) -> Iterator[tuple[str, str]]:
        yield "model", self._options.model
        yield "response_format", shape
        if shape == "verbose_json":
            # With its brackets: some servers look for no other name.
            yield "timestamp_granularities[]", "segment"
        if shape == "diarized_json":
            yield "chunking_strategy", "auto"
        if self._options.language:
            yield "language", self._options.language
        if self._options.prompt:
            yield "prompt", self._options.prompt

    @cached_property
    def _key(self) -> Secret | None:
        return resolve_reference(self._options.api_key) if self._options.api_key else None


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise _odd() from error
    if not isinstance(document, Mapping) or not is_answer(document):
        raise _odd()
    return document


def _odd() -> ConfigurationError:
    return ConfigurationError(
        "the server answers with something that is no transcript",
        hint="check transcription.base_url",
    )


def _on(span: Span, cues: list[Cue]) -> list[Cue]:
    """Put the cues of a piece on the clock of the whole; none ends after its piece."""
    moved = (replace(c, start=c.start + span.start, end=c.end + span.start) for c in cues)
    return [replace(cue, end=min(cue.end, span.end)) for cue in moved if cue.start < span.end]
