"""Subtitles beside every picture that has a transcript."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import webvtt

from zoomauto.domain.options import read_options
from zoomauto.domain.recording import FileKind
from zoomauto.domain.transcript import Cue
from zoomauto.errors import DiskFull, InvalidOptions, PermanentError, TemporaryError
from zoomauto.ports.stage import Produced, StageResult
from zoomauto.stages.subtitles import SubtitlesOptions, SubtitlesStage

Film = Callable[[str], Path]

SAID = (
    Cue(
        start=timedelta(seconds=5.2), end=timedelta(seconds=7), text="Good morning.", speaker="Ann"
    ),
    Cue(start=timedelta(seconds=8), end=timedelta(seconds=9.5), text="Hello.", speaker="Bob"),
)


@pytest.fixture
def film(tmp_path: Path) -> Film:
    def made(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(b"film")
        return path

    return made


def make(world: Any, *inputs: Any, **options: Any) -> StageResult:
    stage = SubtitlesStage(SubtitlesOptions(**options), world.tools)
    return stage.run(world.context(inputs=inputs))


def test_a_picture_gets_a_file_of_each_format(world: Any, film: Film):
    media = world.artifact(film("a.mp4"), name="01-a.mp4")
    folder = world.folder / "subtitles"
    assert make(
        world, media, world.transcript(media, *SAID), formats="vtt, SRT,txt"
    ) == StageResult(
        produced=tuple(
            Produced(
                path=folder / f"01-a.{name}",
                file_key=f"01-a.mp4#{name}",
                kind=FileKind.SUBTITLES,
                details={"of": "01-a.mp4", "extension": f".{name}"},
            )
            for name in ("vtt", "srt", "txt")
        ),
        note="wrote vtt, srt, txt",
    )
    expected = [
        ("00:00:05.200", "00:00:07.000", "Good morning.", "Ann"),
        ("00:00:08.000", "00:00:09.500", "Hello.", "Bob"),
    ]
    vtt = webvtt.read(folder / "01-a.vtt")
    assert [(c.start, c.end, c.text, c.voice) for c in vtt.captions] == expected
    srt = webvtt.from_srt(folder / "01-a.srt")
    assert [(c.start, c.end, c.text) for c in srt.captions] == [
        (start, end, f"{who}: {text}") for start, end, text, who in expected
    ]
    assert (folder / "01-a.txt").read_text() == "Ann: Good morning.\n\nBob: Hello.\n"


def test_each_of_several_pictures_gets_its_own(world: Any, film: Film):
    one, two = (world.artifact(film(name)) for name in ("01-a.mp4", "02-b.mp4"))
    texts = [world.transcript(one, SAID[0]), world.transcript(two, SAID[1])]
    result = make(world, one, two, *texts, formats="vtt")
    assert [(p.file_key, p.path.read_text().count("<v Bob>")) for p in result.produced] == [  # type: ignore[attr-defined]  # a Path here
        ("01-a.mp4#vtt", 0),
        ("02-b.mp4#vtt", 1),
    ]


def test_without_a_transcript_or_a_word_there_is_nothing_to_write(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    assert make(world, media) == StageResult(note="there is no transcript")
    assert make(world, media, world.transcript(media)) == StageResult(note="nothing is said")
    assert not (world.folder / "subtitles").exists()


def test_doing_it_again_writes_the_same(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *SAID)
    first = make(world, media, text)
    before = [Path(p.path).read_bytes() for p in first.produced]
    assert make(world, media, text) == first
    assert [Path(p.path).read_bytes() for p in first.produced] == before


def test_options_decide_how_they_look(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    long = Cue(start=timedelta(0), end=timedelta(seconds=4), text="one two three four five six")
    make(world, media, world.transcript(media, long), line_length=10, max_lines=1, min_seconds=0)
    assert [c.text for c in webvtt.read(world.folder / "subtitles" / "01-a.vtt").captions] == [
        "one two",
        "three four",
        "five six",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"formats": "vtt,ass"}, "there is no 'ass'"),
        ({"formats": " , "}, "names none"),
        ({"line_length": 9}, "line_length cannot be 9"),
        ({"max_lines": 0}, "max_lines"),
        ({"max_seconds": float("nan")}, "max_seconds"),
        ({"min_seconds": 5, "max_seconds": 4}, "min_seconds cannot be more"),
        ({"characters_per_second": 0}, "characters_per_second"),
        ({"merge_gap_seconds": -1}, "merge_gap_seconds"),
    ],
)
def test_an_impossible_look_is_refused_when_it_is_saved(options: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions, match=message):
        read_options(SubtitlesOptions, options, where="processing_config.subtitles")


def test_what_is_no_transcript_parks_the_recording(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *SAID)
    (world.folder / text.path).write_text('{"cues": [{"start": 1e999}]}')
    with pytest.raises(PermanentError, match="cannot be read as a transcript"):
        make(world, media, text)


def test_what_cannot_be_written_is_tried_again(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *SAID)
    (world.folder / "subtitles").mkdir()
    (world.folder / "subtitles" / "01-a.vtt").mkdir()
    with pytest.raises(TemporaryError, match=r"01-a\.vtt cannot be written: Is a directory"):
        make(world, media, text)


def test_a_full_disk_is_called_so(world: Any, film: Film):
    media = world.artifact(film("01-a.mp4"))
    text = world.transcript(media, *SAID)
    (world.folder / "subtitles").mkdir()
    (world.folder / "subtitles" / "01-a.vtt").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"the disk became full while 01-a\.vtt was written"):
        make(world, media, text)
