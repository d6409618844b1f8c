"""Programs, Whisper on this machine, and what happens when an engine gives nothing."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.errors import ConfigurationError, PermanentError, RateLimited, TemporaryError
from zoomauto.ports.stage import StageResult
from zoomauto.stages.transcription.command import CommandEngine
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.testing.asr import NOT_INSTALLED, AsrServer, rate_limited

Transcribed = Callable[..., StageResult]
Read = Callable[[Any], Transcript]
MakeCue = Callable[..., Cue]
Script = Callable[[str], str]

WRITES_VTT = """
    assert pathlib.Path(audio).read_bytes()[:4] == b"RIFF"
    pathlib.Path(output + ".vtt").write_text(
        "WEBVTT\\n\\n00:07.000 --> 00:09.000\\nGood morning\\n"
    )
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Make a program of Python's lines; give the command that calls it."""

    def made(lines: str) -> str:
        path = tmp_path / "engine.py"
        head = "import json, pathlib, sys, time\naudio, output, language = sys.argv[1:]\n"
        path.write_text(head + dedent(lines))
        return f"{sys.executable} {shlex.quote(str(path))} {{audio}} {{output}} {{language}}"

    return made


def test_a_program_is_handed_the_sound_and_its_text_is_read(
    world: Any, clips: Any, transcribed: Transcribed, read: Read, cue: MakeCue, script: Script
):
    result = transcribed(
        world,
        inputs=[world.artifact(clips.talk)],
        engine="command",
        command=script(WRITES_VTT),
        language="en",
    )
    assert result.note == "command, 1 cue"
    assert read(result.produced[0]) == Transcript(
        cues=(cue(7, 9, "Good morning"),), language="en", engine="command"
    )
    assert sorted(path.name for path in (world.folder / "transcription").iterdir()) == [
        "talk.transcript.json"
    ]


def test_a_program_may_write_json_under_a_name_of_its_own(
    world: Any, clips: Any, transcribed: Transcribed, read: Read, cue: MakeCue, script: Script
):
    row = {"start": 7, "end": 8, "text": "hi", "speaker": "A"}
    lines = f"""
        document = {{"language": language, "segments": [{row!r}]}}
        path = pathlib.Path(output).parent / (pathlib.Path(audio).stem + ".json")
        path.write_text(json.dumps(document))
    """
    options = {"engine": "command", "command": script(lines), "audio": "mp3"}
    result = transcribed(world, inputs=[world.artifact(clips.talk)], **options)
    assert read(result.produced[0]) == Transcript(
        cues=(cue(7, 8, "hi", "A"),), language="auto", engine="command"
    )


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("sys.exit('no such model')", "ended with 1: no such model"),
        ("pass", r"wrote no \.json, \.vtt, \.srt file"),
        ("pathlib.Path(output + '.vtt').write_text('<html>')", "wrote: it is a web page"),
    ],
)
def test_a_program_that_fails_says_how(
    world: Any, clips: Any, transcribed: Transcribed, script: Script, lines: str, message: str
):
    options = {"engine": "command", "command": script(lines)}
    with pytest.raises(PermanentError, match=message):
        transcribed(world, inputs=[world.artifact(clips.talk)], **options)


def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path, world: Any, script: Script):
    options = TranscriptionOptions(
        engine="command", command=script("time.sleep(60)"), timeout_seconds=1
    )
    engine = CommandEngine(options, world.tools)
    with pytest.raises(TemporaryError, match="was stopped: not done after 0:00:01"):
        engine._run(engine._words(tmp_path / "sound.wav", tmp_path))


def test_a_program_that_is_not_there_is_a_matter_of_settings(
    world: Any, clips: Any, transcribed: Transcribed
):
    with pytest.raises(ConfigurationError, match="/no/such/engine cannot be started"):
        transcribed(
            world,
            inputs=[world.artifact(clips.talk)],
            engine="command",
            command="/no/such/engine {audio} {output}",
        )


def test_the_next_engine_takes_over_from_one_that_fails(
    world: Any, clips: Any, transcribed: Transcribed, server: AsrServer, script: Script
):
    server.refusals = [NOT_INSTALLED]
    result = transcribed(
        world,
        inputs=[world.artifact(clips.talk)],
        engine="http,command",
        base_url=server.base_url,
        model="tiny",
        command=script(WRITES_VTT),
    )
    assert result.note == (
        "command, 1 cue (http: the server answers 404: "
        "Model 'Systran/tiny' is not installed locally.)"
    )


def test_of_several_failures_the_one_counts_that_may_pass(
    world: Any, clips: Any, transcribed: Transcribed, server: AsrServer
):
    server.refusals = [rate_limited(retry_after="3600")]
    every_one = "^http: the server answers 429: .*; command: false ended with 1: "
    with pytest.raises(RateLimited, match=every_one):
        transcribed(
            world,
            inputs=[world.artifact(clips.talk)],
            engine="http,command",
            base_url=server.base_url,
            model="tiny",
            command=["false", "{audio}", "{output}"],
        )


OVER_SILENCE = """
    pathlib.Path(output + ".vtt").write_text(
        "WEBVTT\\n\\n00:01.000 --> 00:04.000\\nThanks for watching and goodbye everybody\\n"
        "\\n00:07.000 --> 00:09.000\\nGood morning\\n"
    )
"""


def test_a_text_over_silence_is_a_failure_where_one_is_required(
    world: Any, clips: Any, transcribed: Transcribed, script: Script
):
    options = {"engine": "command", "command": script(OVER_SILENCE)}
    with pytest.raises(
        PermanentError, match="its text cannot be believed: 77% of its text lies over silence"
    ):
        transcribed(world, inputs=[world.artifact(clips.talk)], **options)


def test_a_failure_costs_only_the_transcript_where_none_is_required(
    world: Any, clips: Any, transcribed: Transcribed, script: Script
):
    options = {"engine": "command", "command": script(OVER_SILENCE), "required": False}
    result = transcribed(world, inputs=[world.artifact(clips.talk)], **options)
    assert result == StageResult(
        note="not available (command: its text cannot be believed:"
        " 77% of its text lies over silence)"
    )


def test_a_little_text_over_silence_is_left_out(
    world: Any, clips: Any, transcribed: Transcribed, read: Read, script: Script
):
    lines = OVER_SILENCE.replace("Thanks for watching and goodbye everybody", "Bye.").replace(
        "Good morning", "Good morning everybody"
    )
    options = {"engine": "command", "command": script(lines)}
    result = transcribed(world, inputs=[world.artifact(clips.talk)], **options)
    assert result.note == "command, 1 cue (left out, over silence: 1)"
    assert [cue.text for cue in read(result.produced[0]).cues] == ["Good morning everybody"]


@pytest.mark.parametrize(
    ("clip", "note"), [("mute", "it has no sound"), ("silent", "nothing is heard")]
)
def test_no_engine_is_asked_where_nothing_is_heard(
    world: Any, clips: Any, transcribed: Transcribed, server: AsrServer, clip: str, note: str
):
    result = transcribed(
        world,
        inputs=[world.artifact(getattr(clips, clip))],
        engine="http",
        base_url=server.base_url,
        model="tiny",
    )
    assert (result, server.requests) == (StageResult(note=note), [])


def test_an_engine_that_hears_no_words_is_believed(
    world: Any, clips: Any, transcribed: Transcribed, server: AsrServer
):
    server.hear = lambda _: []
    result = transcribed(
        world,
        inputs=[world.artifact(clips.talk)],
        engine="http",
        base_url=server.base_url,
        model="tiny",
    )
    assert result == StageResult(note="http:tiny hears no words")


WHISPER = {"engine": "faster-whisper", "whisper_model": "small"}
#: What the stage uses of the library: its class, its lazy segments, its error without a network.
STAND_IN = """
    class Row:
        start, end, text = 7.0, 9.0, " Good morning"

    class Info:
        language = "en"

    class WhisperModel:
        def __init__(self, name, *, device, compute_type, local_files_only):
            assert local_files_only
            if name != "small":
                raise FileNotFoundError("not in the cache")

        def transcribe(self, path, *, language, initial_prompt, vad_filter):
            return iter([Row()]), Info()
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for faster-whisper: no package index has a model."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "faster_whisper.py").write_text(dedent(STAND_IN))
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.delitem(sys.modules, "faster_whisper", raising=False)


def test_whisper_hears_the_file_itself(
    world: Any, clips: Any, transcribed: Transcribed, read: Read, cue: MakeCue, library: None
):
    result = transcribed(world, inputs=[world.artifact(clips.talk)], **WHISPER)
    assert read(result.produced[0]) == Transcript(
        cues=(cue(7, 9, "Good morning"),), language="en", engine="faster-whisper:small"
    )


def test_a_model_that_is_not_here_is_never_fetched(
    world: Any, clips: Any, transcribed: Transcribed, library: None
):
    with pytest.raises(ConfigurationError) as refused:
        transcribed(
            world,
            inputs=[world.artifact(clips.talk)],
            engine="faster-whisper",
            whisper_model="large",
        )
    assert (refused.value.message, refused.value.hint) == (
        "the Whisper model 'large' is not on this machine",
        "python -c 'import faster_whisper; faster_whisper.download_model(\"large\")'",
    )


def test_whisper_that_is_not_installed_names_the_command(
    world: Any, clips: Any, transcribed: Transcribed, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(ConfigurationError) as refused:
        transcribed(world, inputs=[world.artifact(clips.talk)], **WHISPER)
    assert refused.value.hint == 'pip install "zoomauto[transcribe]"'
