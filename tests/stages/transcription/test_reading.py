"""Transcripts as others write them: WebVTT, SRT and several kinds of JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from zoomauto.domain.transcript import Cue
from zoomauto.stages.transcription.reading import UnusableText, read_document, read_text

MakeCue = Callable[..., Cue]

ZOOM = """WEBVTT

1
00:00:16.239 --> 00:00:27.079
Ann Lee: Good morning.

2
00:00:28.000 --> 01:02:03.500
Боб: Доброе утро &amp; всё
"""


def test_zooms_transcript_is_read_with_its_speakers(cue: MakeCue):
    assert read_text(ZOOM.encode()) == (
        cue(16.239, 27.079, "Good morning.", "Ann Lee"),
        cue(28, 3723.5, "Боб: Доброе утро & всё"),
    )


@pytest.mark.parametrize(
    "content",
    [
        ZOOM.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + ZOOM.encode(),
        ZOOM.encode("utf-16"),
        f"\n\n{ZOOM}".encode(),
        ZOOM.replace("morning.\n\n", "morning.\n").encode(),
        ZOOM.rstrip().encode(),
        ZOOM.replace("WEBVTT\n", "WEBVTT - made by Zoom\nKind: captions\n").encode(),
    ],
    ids=["CRLF", "BOM", "UTF-16", "blank head", "blank line missing", "no last line", "header"],
)
def test_it_may_be_written_in_any_way(content: bytes):
    assert read_text(content) == read_text(ZOOM.encode())


def test_a_number_that_was_said_stays(cue: MakeCue):
    text = "WEBVTT\n\n7\n00:01.000 --> 00:02.000\nhow many\n42\n\n8\n00:03.000 --> 00:04.000\n9\n"
    assert read_text(text.encode()) == (cue(1, 2, "how many 42"), cue(3, 4, "9"))


def test_voices_are_speakers_and_markup_goes(cue: MakeCue):
    text = "WEBVTT\n\n100:00:01.000 --> 100:00:02.000\n<v Ann Lee>Note: <b>two</b>\nlines</v>\n"
    assert read_text(text.encode()) == (cue(360_001, 360_002, "Note: two lines", "Ann Lee"),)


def test_cues_out_of_order_or_without_length_are_mended(cue: MakeCue):
    rows = [
        "00:05.000 --> 00:04.000\nb",
        "00:01.000 --> 00:02.000\na",
        "00:07.000 --> 00:08.000\nc",
    ]
    text = "WEBVTT\n\n" + "\n\n".join(rows)
    assert read_text(text.encode()) == (cue(1, 2, "a"), cue(5, 7, "b"), cue(7, 8, "c"))


def test_srt_is_read_too(cue: MakeCue):
    text = (
        "1\n00:00:01,500 --> 00:00:02,000\n<i>Hello</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nyou\n"
    )
    assert read_text(text.encode()) == (cue(1.5, 2, "Hello"), cue(3, 4, "you"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \n", "it is empty"),
        (b"<!DOCTYPE html><title>Sign in</title>", "it is a web page"),
        (b"Good morning", "it is neither WebVTT nor SRT"),
        (b"WEBVTT\n\n00:99:00.000 --> 00:99:01.000\nhi\n", "it holds no words"),
        (b"WEBVTT\n\n", "it holds no words"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n \n", "it holds no words"),
    ],
)
def test_anything_else_is_refused_with_a_reason(content: bytes, why: str):
    with pytest.raises(UnusableText, match=f"^{why}$"):
        read_text(content)


OPENAI = {"language": "en", "text": "hi", "segments": [{"start": 1, "end": "2.5", "text": " hi "}]}
WHISPERX = {"segments": [{"start": 1.0, "end": 2.5, "text": "hi", "speaker": "SPEAKER_00"}]}
WHISPER_CPP = {
    "result": {"language": "en"},
    "transcription": [{"offsets": {"from": 1000, "to": 2500}, "text": " hi"}],
}
OURS = {"language": "en", "engine": "x", "cues": [{"start": 1.0, "end": 2.5, "text": "hi"}]}


@pytest.mark.parametrize(
    ("document", "speaker", "language"),
    [
        (OPENAI, None, "en"),
        (WHISPERX, "SPEAKER_00", None),
        (WHISPER_CPP, None, "en"),
        (OURS, None, "en"),
    ],
)
def test_the_json_of_several_programs_is_read(
    cue: MakeCue, document: dict[str, Any], speaker: str | None, language: str | None
):
    content = json.dumps(document).encode()
    assert read_document(content) == ((cue(1, 2.5, "hi", speaker),), language)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b'{"text": "no times"}', "it has no segments with times"),
        (b'{"text": "hi", "segments": [{"start": "soon"}, 7]}', "it has no segments with times"),
    ],
)
def test_other_json_is_refused_with_a_reason(content: bytes, why: str):
    with pytest.raises(UnusableText, match=f"^{why}$"):
        read_document(content)
