"""Speech, transcripts and a server that hears, for the transcription stage."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.ports.stage import StageResult
from zoomauto.stages.transcription import http_engine
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.stage import TranscriptionStage
from zoomauto.testing.asr import AsrServer, Word

Component = Callable[[object, str], None]

FIRST = "good morning everybody and welcome to the weekly meeting"
SECOND = "we will talk about the money and the people"


@pytest.fixture
def cue() -> Callable[..., Cue]:
    """Make a cue of seconds."""

    def made(start: float, end: float, text: str = "words", speaker: str | None = None) -> Cue:
        edges = {"start": timedelta(seconds=start), "end": timedelta(seconds=end)}
        return Cue(**edges, text=text, speaker=speaker)

    return made


@pytest.fixture
def transcribed() -> Callable[..., StageResult]:
    """Run the stage on a world with these files of the source and these artifacts."""

    def run(world: Any, *, files: Any = (), inputs: Any = (), **options: Any) -> StageResult:
        stage = TranscriptionStage(TranscriptionOptions(**options), world.tools)
        return stage.run(world.context(files=tuple(files), inputs=tuple(inputs)))

    return run


@pytest.fixture
def read() -> Callable[[Any], Transcript]:
    """Read what the stage wrote."""

    def made(produced: Any) -> Transcript:
        return Transcript.from_document(json.loads(Path(produced.path).read_text("utf-8")))

    return made


@pytest.fixture
def server() -> Iterator[AsrServer]:
    """A server that hears four words 0.5 s into a piece, 6.5 s into a film; known to nobody."""
    http_engine._KNOWN.clear()

    def canned(samples: bytes) -> list[Word]:
        late = 6.0 if len(samples) > LONG else 0.0
        return [Word(word=word, start=late + at, end=late + at + 0.5) for at, word in CANNED]

    with AsrServer(hear=canned).running() as running:
        yield running


#: Bytes of 15 s.
LONG = 15 * 16_000 * 2
CANNED = ((0.5, "we"), (1.0, "can"), (3.0, "hear"), (3.5, "you"))


@pytest.fixture(scope="session")
def talk(component: Component, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 17 s: silence, a sentence from 5 s on, silence, another from 10.5 s on."""
    filters = subprocess.run(["ffmpeg", "-filters"], capture_output=True, text=True, check=False)
    component(" flite " in filters.stdout, "an ffmpeg with the flite voices")
    component(find_spec("pocketsphinx"), "pocketsphinx")
    path = tmp_path_factory.mktemp("speech") / "talk.mp4"
    voices = [f"flite=text='{text}':voice=rms,aresample=32000" for text in (FIRST, SECOND)]
    graph = (
        f"{voices[0]},adelay=5000:all=1,apad,atrim=end=10.5[first];{voices[1]}[second];"
        "[first][second]concat=n=2:v=0:a=1,apad,atrim=end=17[sound]"
    )
    picture = ["-f", "lavfi", "-i", "testsrc=size=160x90:rate=25"]
    video = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0"]
    streams = ["-filter_complex", graph, "-map", "0:v", "-map", "[sound]", *video, "-c:a", "aac"]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", *picture, *streams, "-t", "17"]
    subprocess.run([*command, str(path)], check=True)
    return path
