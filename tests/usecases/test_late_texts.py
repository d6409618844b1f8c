"""A transcript that comes after its recording was published: kept, without doing it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zoomauto.domain.artifact import derived_details, derived_key
from zoomauto.domain.recording import (
    FileKind,
    ListedRecording,
    Recording,
    RecordingFile,
    texts_of,
)
from zoomauto.domain.source import Window
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.testing.source import FakeSource
from zoomauto.testing.stage import FakeStage
from zoomauto.usecases.edit_jobs import DeleteJob

if TYPE_CHECKING:
    from tests.usecases.conftest import World

OWNER = "ann"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = RecordingFile(key="a.vtt", name="a.vtt", kind=FileKind.TRANSCRIPT, size_bytes=9)


class Asked(FakeSource):
    """Remembers what it was asked for by key."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []

    def find(self, key: str) -> ListedRecording | None:
        self.keys.append(key)
        return super().find(key)


class Words(FakeStage):
    """Can do something only for a recording of which the source wrote something down."""

    def unavailable(self, recording: Recording) -> str | None:
        return None if texts_of(recording.files) else "no transcript"


def write_down(context: StageContext) -> StageResult:
    (media,) = context.media
    path = context.folder / "words.json"
    Path(path).write_bytes(b"words")
    key = derived_key(media.file_key, ".json")
    return StageResult(
        produced=(
            Produced(
                path=path,
                file_key=key,
                kind=FileKind.TRANSCRIPT,
                details=derived_details(media.file_key, ".json"),
            ),
        )
    )


class Mute(Asked):
    """Writes no transcripts."""

    texts_late_by = timedelta()


def published(world: World, source: Asked) -> Asked:
    """Publish a recording, then let its transcript come."""
    world.sources["Zoom"] = source
    listed = world.record(ago=timedelta(hours=2))
    world.run()
    source.recordings = [replace(listed, files=(*listed.files, TEXT))]
    return source


def sync(world: World, *, after: timedelta) -> int:
    """List a window that the recording has left; say how many were updated."""
    world.clock.move_to(NOON + after)
    window = Window(start_at=NOON + after - DAY / 2, end_at=NOON + after)
    return world.sync_source(world.source(), window).updated


def test_a_late_transcript_is_asked_for_by_key_and_redoes_nothing(world: World):
    source = published(world, Asked())
    before = world.recording()
    assert (sync(world, after=6 * DAY), source.keys) == (1, ["a.mp4"])
    world.run()
    after = world.recording()
    assert [file.key for file in after.files] == ["a.mp4", "a.vtt"]
    assert replace(after, files=before.files, updated_at=before.updated_at) == before
    assert (source.fetched, len(world.upload.contexts)) == (["a.mp4"], 1)


def test_late_words_are_published_without_doing_the_picture_again(world: World):
    world.words["transcription"] = Words(action=write_down)
    source = published(world, Asked())
    assert list(world.destination.objects) == ["Lecture.mp4"]
    sync(world, after=6 * DAY)
    assert world.statuses() == {"a.mp4": "PROCESSED"}
    report = world.run()
    assert [item.stages for item in report.items] == [
        {
            "download": "done",
            "trim": "done",
            "transcription": "done",
            "subtitles": "not available: it is not installed",
            "topics": "not available: it is not installed",
            "upload": "done",
        }
    ]
    assert world.destination.objects["Lecture.json"] == b"words"
    assert (source.fetched, world.statuses()) == (["a.mp4"], {"a.mp4": "UPLOADED"})
    assert world.run().items == ()


def test_late_words_of_a_job_that_is_gone_wake_nobody(world: World):
    published(world, Asked())
    DeleteJob(store=world.store)(OWNER, "Daily")
    sync(world, after=6 * DAY)
    assert world.statuses() == {"a.mp4": "UPLOADED"}


def test_nobody_asks_once_it_is_there(world: World):
    source = published(world, Asked())
    assert [sync(world, after=days * DAY) for days in (2, 3)] == [1, 0]
    assert source.keys == ["a.mp4"]


@pytest.mark.parametrize(("source", "days"), [(Asked(), 8), (Mute(), 2)])
def test_nobody_asks_after_a_week_or_a_source_that_writes_none(
    world: World, source: Asked, days: int
):
    published(world, source)
    assert (sync(world, after=days * DAY), source.keys) == (0, [])


def test_what_was_published_stays_so_when_the_source_no_longer_has_it(world: World):
    published(world, Asked()).recordings = []
    assert sync(world, after=2 * DAY) == 0
    assert world.statuses() == {"a.mp4": "UPLOADED"}
