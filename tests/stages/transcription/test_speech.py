"""Real speech: cut, sent to a server that hears it, and found where it is said."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.transcript import Transcript
from zoomauto.ports.stage import Produced, StageResult
from zoomauto.stages.trim import TrimOptions, TrimStage
from zoomauto.testing.asr import AsrServer, hear

FIRST = "good morning everybody and welcome to the weekly meeting"
SECOND = "we will talk about the money and the people"


def sealed(world: Any, made: Produced) -> Artifact:
    content = Path(made.path).read_bytes()
    return Artifact(
        recording_id=7,
        stage="trim",
        file_key=made.file_key,
        kind=made.kind,
        path=Path(made.path).relative_to(world.folder).as_posix(),
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        details=made.details,
    )


def errors(said: str, heard: str) -> int:
    """Words that were not heard, or heard and not said."""
    return len(set(said.split()) ^ set(heard.lower().split()))


def test_what_is_said_is_written_down_at_its_place_after_the_cut(
    world: Any,
    talk: Path,
    server: AsrServer,
    transcribed: Callable[..., StageResult],
    read: Callable[[Any], Transcript],
):
    server.hear = hear
    (piece,) = (
        TrimStage(TrimOptions(), world.tools)
        .run(world.context(inputs=(world.artifact(talk),)))
        .produced
    )
    # Silence up to 5 s, a key frame every 2 s, and a second of it is left.
    assert piece.details["cut_start_seconds"] == 4.0

    result = transcribed(
        world,
        inputs=[sealed(world, piece)],
        engine="http",
        base_url=server.base_url,
        model="sphinx",
        use_source=False,
    )

    first, second = read(result.produced[0]).cues
    assert errors(FIRST, first.text) + errors(SECOND, second.text) <= 2
    # By itself the first voice is heard to begin after 0.18 s, the second one after 0.13 s.
    starts = [cue.start.total_seconds() for cue in (first, second)]
    assert starts == pytest.approx([1.18, 6.63], abs=0.05)
    assert [request.file_name for request in server.requests] == ["sound.mp3"]
