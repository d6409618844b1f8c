"""Reading transcripts that others wrote: WebVTT, SRT and the JSON of several programs."""

import codecs
import html
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import zip_longest
from typing import Any

from zoomauto.domain.transcript import Cue, tidied
from zoomauto.errors import PermanentError
from zoomauto.stages.transcription.answer import cues_of, language_of
from zoomauto.stages.transcription.speakers import with_speakers

_MARKUP = re.compile(r"\A\s*<[!a-zA-Z?]")
_FIRST_OF_SRT = re.compile(r"\A\s*(?:\d+\s+)?\d+:\d+:\d+[,.]\d+\s*-->")


class UnusableText(PermanentError):
    """The text is no transcript."""


def read_text(content: bytes) -> tuple[Cue, ...]:
    """Read a WebVTT or SRT file: cues in order, speakers taken out of the text.

    Raise UnusableText for what is empty or something else.
    """
    text = _decoded(content).lstrip()
    if not text:
        raise UnusableText("it is empty")
    if _MARKUP.match(text):
        raise UnusableText("it is a web page")
    kind = "srt" if _FIRST_OF_SRT.match(text) else "vtt"
    cues = tidied(with_speakers(tuple(_cues(text, kind))))
    if not cues:
        raise UnusableText("it holds no words")
    return cues


def read_document(content: bytes) -> tuple[tuple[Cue, ...], str | None]:
    """Read the JSON of an engine; give its cues and the language it tells.

    Known are ``segments`` as the OpenAI API and whisperx write them, ``transcription`` as
    whisper.cpp does, and our own ``cues``. Raise UnusableText for anything else.
    """
    try:
        document = json.loads(_decoded(content))
    except (ValueError, RecursionError) as error:
        raise UnusableText("it is no JSON") from error
    if not isinstance(document, Mapping):
        raise UnusableText("it is no JSON object")
    cues = cues_of(document)
    if cues is None:
        raise UnusableText("it has no segments with times")
    return tidied(cues), language_of(document)


def _decoded(content: bytes) -> str:
    """Decode as the byte order mark says, else as UTF-8; odd bytes cost a character, no more."""
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if content.startswith(mark):
            return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace").replace("\0", "")


def _cues(text: str, kind: str) -> Iterator[Cue]:
    import webvtt  # noqa: PLC0415 - only for recordings whose source or engine wrote a text

    try:
        captions = webvtt.from_buffer(io.StringIO(text), format=kind).captions
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError) as error:
        raise UnusableText("it is neither WebVTT nor SRT") from error
    for caption, following in zip_longest(captions, captions[1:]):
        yield Cue(
            start=timedelta(milliseconds=caption.start_time.in_milliseconds()),
            end=timedelta(milliseconds=caption.end_time.in_milliseconds()),
            text=_plain(_own_lines(caption, following)),
            speaker=_plain([caption.voice or ""]) or None,
        )


def _own_lines(caption: Any, following: Any) -> Sequence[str]:
    """Leave out the number of the next cue, which a missing blank line puts into this one."""
    lines: list[str] = caption.text.split("\n")
    last = lines[-1].strip()
    is_number = following is not None and not following.identifier and last.isdecimal()
    follows = str(caption.identifier or "").isdecimal() and is_number
    return lines[:-1] if follows and int(last) == int(caption.identifier) + 1 else lines


def _plain(lines: Sequence[str]) -> str:
    return " ".join(html.unescape(" ".join(lines)).split())
