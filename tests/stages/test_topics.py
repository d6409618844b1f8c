"""Chapters beside every picture that has a transcript."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import webvtt

from zoomauto.domain.options import read_options
from zoomauto.domain.recording import FileKind
from zoomauto.domain.transcript import Cue
from zoomauto.errors import InvalidOptions
from zoomauto.ports.stage import Produced, StageResult
from zoomauto.stages.topics.options import TopicsOptions
from zoomauto.stages.topics.stage import TopicsStage

Film = Callable[[str], Path]

BUDGET = "budget invoices supplier payment discount invoices budget"
SERVER = "server database backup migration server backup latency"
HIRING = "hiring interview candidate salary hiring candidate contract"


@pytest.fixture
def film(tmp_path: Path) -> Film:
    def made(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(b"film")
        return path

    return made


def talk(*texts: str, minutes: int = 5) -> list[Cue]:
    """Say each text every ten seconds for so many minutes."""
    said = [text for text in texts for _ in range(minutes * 6)]
    return [
        Cue(start=timedelta(seconds=10 * n), end=timedelta(seconds=10 * n + 8), text=text)
        for n, text in enumerate(said)
    ]


def find(world: Any, *inputs: Any, **options: Any) -> StageResult:
    stage = TopicsStage(TopicsOptions(**options), world.tools)
    return stage.run(world.context(inputs=inputs))


def test_topics_become_chapters_in_two_files_and_lines_for_a_description(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *talk(BUDGET, SERVER, HIRING))
    folder = world.folder / "topics"
    lines = (
        "0:00 Budget, invoices, discount\n"
        "5:00 Backup, server, database\n"
        "10:00 Candidate, hiring, contract"
    )
    assert find(world, media, text) == StageResult(
        produced=(
            Produced(
                path=folder / "01-a.chapters.json",
                file_key="01-a.mp4#chapters.json",
                kind=FileKind.CHAPTERS,
                details={"of": "01-a.mp4", "extension": ".chapters.json", "lines": lines},
            ),
            Produced(
                path=folder / "01-a.chapters.vtt",
                file_key="01-a.mp4#chapters.vtt",
                kind=FileKind.CHAPTERS,
                details={"of": "01-a.mp4", "extension": ".chapters.vtt"},
            ),
        ),
        note="3 chapters, by their words",
    )
    assert json.loads((folder / "01-a.chapters.json").read_text()) == {
        "version": "1.2.0",
        "chapters": [
            {"startTime": 0.0, "endTime": 300.0, "title": "Budget, invoices, discount"},
            {"startTime": 300.0, "endTime": 600.0, "title": "Backup, server, database"},
            {"startTime": 600.0, "endTime": 898.0, "title": "Candidate, hiring, contract"},
        ],
    }
    read = webvtt.read(folder / "01-a.chapters.vtt").captions
    assert [(c.start, c.end, c.text) for c in read] == [
        ("00:00:00.000", "00:05:00.000", "Budget, invoices, discount"),
        ("00:05:00.000", "00:10:00.000", "Backup, server, database"),
        ("00:10:00.000", "00:14:58.000", "Candidate, hiring, contract"),
    ]


def test_two_chapters_are_none_for_a_description(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    result = find(world, media, world.transcript(media, *talk(BUDGET, SERVER)))
    assert (result.note, result.produced[0].details["lines"]) == ("2 chapters, by their words", "")


def test_each_of_several_pictures_is_divided_by_itself(world: Any, film: Film):
    one, two = (world.artifact(film(name)) for name in ("01-a.mp4", "02-b.mp4"))
    texts = [world.transcript(one, *talk(BUDGET)), world.transcript(two, *talk(SERVER, HIRING))]
    result = find(world, one, two, *texts, min_chapter_seconds=60)
    assert (result.note, [p.file_key for p in result.produced]) == (
        "no chapters: one topic, by their words; 2 chapters, by their words",
        ["02-b.mp4#chapters.json", "02-b.mp4#chapters.vtt"],
    )


@pytest.mark.parametrize(
    ("cues", "note"),
    [
        ([], "no chapters: fewer than 150 words"),
        (talk("word", minutes=20), "no chapters: fewer than 150 words"),
        (talk(BUDGET), "no chapters: too short for two of 180 s"),
        (talk(BUDGET, minutes=20), "no chapters: one topic, by their words"),
    ],
    ids=["silence", "few words", "short", "one topic"],
)
def test_what_cannot_be_divided_gets_no_chapters(
    world: Any, film: Film, cues: list[Cue], note: str
):
    media = world.artifact(film("01-a.mp4"))
    assert find(world, media, world.transcript(media, *cues)) == StageResult(note=note)
    assert not (world.folder / "topics").exists()


def test_signs_that_are_words_count_one_by_one(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *talk("会議を始めます", minutes=20))
    assert find(world, media, text).note == "no chapters: one topic, by their words"


def test_without_a_transcript_there_are_no_chapters(world: Any, film: Film):
    result = find(world, world.artifact(film("01-a.mp4")))
    assert result == StageResult(note="there is no transcript")


HTTP = {"engine": "http", "base_url": "https://ai.example/v1", "model": "m"}


def test_a_chat_api_is_configured_by_address_model_and_a_reference_to_its_key():
    values = {**HTTP, "api_key": "file:/run/key", "required": "true", "max_chapters": "9"}
    assert read_options(TopicsOptions, values, where="topics") == TopicsOptions(
        engine="http",
        base_url="https://ai.example/v1",
        model="m",
        api_key="file:/run/key",
        required=True,
        max_chapters=9,
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"engine": "oracle"}, "'engine' cannot be 'oracle'"),
        ({"engine": "http", "model": "m"}, "needs topics.base_url and topics.model"),
        ({**HTTP, "base_url": "ai.example"}, "base_url must begin with http"),
        ({**HTTP, "base_url": "https://[ai"}, "base_url must begin with http"),
        ({**HTTP, "base_url": "https://me:pass@ai.example"}, "cannot hold credentials"),
        ({**HTTP, "base_url": "https://ai.example?key=pass"}, "cannot hold credentials"),
        ({**HTTP, "api_key": "sk-pass"}, "a secret is given as a reference"),
        ({"min_chapter_seconds": 9}, "min_chapter_seconds cannot be 9"),
        ({"min_chapter_seconds": float("nan")}, "min_chapter_seconds"),
        ({"max_chapters": 1}, "max_chapters"),
        ({"min_words": 0}, "min_words"),
        ({"characters_per_request": 10}, "characters_per_request"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(values: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions, match=message) as refused:
        read_options(TopicsOptions, values, where="topics")
    assert "pass" not in f"{refused.value}{refused.value.hint}"
