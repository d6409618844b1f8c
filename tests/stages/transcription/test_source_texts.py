"""The source's own texts: best first, on the clock after the cut, each with its picture."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.recording import FileKind
from zoomauto.domain.time_map import Span, TimeMap
from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.errors import PermanentError, Unreachable
from zoomauto.ports.stage import StageResult
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.stage import TranscriptionStage

Transcribed = Callable[..., StageResult]
Read = Callable[[Any], Transcript]
MakeCue = Callable[..., Cue]
MakeFile = Callable[..., Any]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
VTT = """WEBVTT

1
00:00:02.000 --> 00:00:03.000
Ann Lee: Before the cut.

2
00:00:07.000 --> 00:00:09.500
Ann Lee: Good morning.
"""
CAPTIONS = "WEBVTT\n\n00:00:07.000 --> 00:00:09.500\nGood morning\n"


def vtt(text: str) -> bytes:
    return f"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n{text}\n".encode()


def test_zooms_transcript_is_put_on_the_clock_of_the_cut(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed, read: Read, cue: MakeCue
):
    world.source.contents = {"k/t.vtt": VTT.encode(), "k/c.vtt": CAPTIONS.encode()}
    files = [file_of("c.vtt", FileKind.CAPTIONS), file_of("t.vtt", FileKind.TRANSCRIPT)]
    kept = TimeMap(kept=(Span(start=timedelta(seconds=4), end=timedelta(seconds=15)),))
    cut = replace(world.artifact(clips.talk, name="01-talk.mp4"), details=kept.to_details())

    result = transcribed(world, files=files, inputs=[cut])

    (made,) = result.produced
    assert result.note == "zoom, 1 cue"
    assert (made.path, made.file_key, made.kind, made.details) == (
        world.folder / "transcription" / "01-talk.transcript.json",
        "01-talk.mp4#transcript.json",
        FileKind.TRANSCRIPT,
        {"of": "01-talk.mp4", "extension": ".transcript.json"},
    )
    assert read(made) == Transcript(cues=(cue(3, 5.5, "Good morning.", "Ann Lee"),), engine="zoom")
    assert [path.name for path in Path(made.path).parent.iterdir()] == [Path(made.path).name]
    assert world.source.fetched == ["k/t.vtt"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"<html>Sign in</html>", "it is a web page"),
        (None, "the source no longer has t.vtt"),
        (vtt("word " * 40), "it cannot be believed: 199 letters in 1.0 s are more than"),
    ],
)
def test_captions_take_the_place_of_a_transcript_that_is_of_no_use(  # noqa: PLR0913, PLR0917 - fixtures
    world: Any,
    clips: Any,
    file_of: MakeFile,
    transcribed: Transcribed,
    read: Read,
    cue: MakeCue,
    content: bytes | None,
    why: str,
):
    world.source.contents = {"k/c.vtt": CAPTIONS.encode()}
    if content is not None:
        world.source.contents["k/t.vtt"] = content
    files = [file_of("t.vtt", FileKind.TRANSCRIPT), file_of("c.vtt", FileKind.CAPTIONS)]

    result = transcribed(world, files=files, inputs=[world.artifact(clips.talk)])

    assert result.note.startswith(f"captions, 1 cue (the source's transcript: {why}")
    assert read(result.produced[0]) == Transcript(
        cues=(cue(7, 9.5, "Good morning"),), engine="captions"
    )


def test_without_an_engine_a_bad_text_is_no_failure(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed
):
    world.source.contents = {"k/t.vtt": b""}
    files = [file_of("t.vtt", FileKind.TRANSCRIPT)]

    result = transcribed(world, files=files, inputs=[world.artifact(clips.talk)])

    note = "not available (the source's transcript: it is empty)"
    assert result == StageResult(produced=(), note=note)


def test_a_text_that_may_come_later_is_waited_for(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed
):
    world.source.fetch_failures = {"k/t.vtt": [Unreachable("the source is away")]}

    with pytest.raises(Unreachable, match="the source is away"):
        transcribed(
            world,
            files=[file_of("t.vtt", FileKind.TRANSCRIPT)],
            inputs=[world.artifact(clips.talk)],
        )


def test_each_segment_gets_the_text_that_began_with_it(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed, read: Read
):
    first, second = world.artifact(clips.talk), world.artifact(clips.tone)
    later = NOON + timedelta(minutes=40)
    world.source.contents = {"k/1.vtt": vtt("one"), "k/2.vtt": vtt("two")}
    files = [
        replace(file_of("tone.mp4", start_at=later), key="tone.mp4"),
        replace(file_of("talk.mp4", start_at=NOON), key="talk.mp4"),
        file_of("2.vtt", FileKind.TRANSCRIPT, start_at=later + timedelta(seconds=3)),
        file_of("1.vtt", FileKind.TRANSCRIPT, start_at=NOON),
    ]

    whole = transcribed(world, files=files, inputs=[first, second])

    texts = {made.details["of"]: read(made).cues[0].text for made in whole.produced}
    assert texts == {"talk.mp4": "one", "tone.mp4": "two"}
    assert whole.note == "talk.mp4: zoom, 1 cue; tone.mp4: zoom, 1 cue"

    half = transcribed(world, files=files[:-1], inputs=[first, second])
    assert [made.details["of"] for made in half.produced] == ["tone.mp4"]
    assert half.note == "talk.mp4: not available; tone.mp4: zoom, 1 cue"


def test_texts_without_a_start_belong_by_their_order_if_there_are_as_many(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed, read: Read
):
    inputs = [world.artifact(clips.talk), world.artifact(clips.tone)]
    world.source.contents = {"k/1.vtt": vtt("one"), "k/2.vtt": vtt("two")}
    files = [file_of(name, FileKind.TRANSCRIPT) for name in ("1.vtt", "2.vtt")]

    both = transcribed(world, files=files, inputs=inputs)
    assert [read(made).cues[0].text for made in both.produced] == ["one", "two"]

    assert transcribed(world, files=files[:1], inputs=inputs).produced == ()


@pytest.mark.parametrize(
    ("options", "kinds", "reason"),
    [
        ({}, [], "no transcript from the source, and no engine is configured"),
        ({}, [FileKind.CAPTIONS], None),
        (
            {"use_source": False},
            [FileKind.TRANSCRIPT],
            "no transcript from the source, and no engine is configured",
        ),
        ({"engine": "faster-whisper", "whisper_model": "small"}, [], None),
    ],
)
def test_it_is_not_available_without_a_text_and_an_engine(
    world: Any, file_of: MakeFile, options: dict[str, Any], kinds: list[FileKind], reason: str
):
    stage = TranscriptionStage(TranscriptionOptions(**options), world.tools)
    files = tuple(file_of(f"{kind}.vtt", kind) for kind in kinds)
    assert stage.unavailable(world.context(files=files).recording) == reason


def test_a_source_that_is_not_to_be_used_is_not_asked(
    world: Any, clips: Any, file_of: MakeFile, transcribed: Transcribed
):
    world.source.contents = {"k/t.vtt": VTT.encode()}
    with pytest.raises(PermanentError):
        transcribed(
            world,
            files=[file_of("t.vtt", FileKind.TRANSCRIPT)],
            inputs=[world.artifact(clips.talk)],
            use_source=False,
            engine="command",
            command=["false", "{audio}", "{output}"],
        )
    assert world.source.fetched == []
