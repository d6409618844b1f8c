"""Copying a recording's files: which, whole, and only when they fit."""

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import pytest

from zoomauto.domain.recording import FileKind, RecordingFile
from zoomauto.domain.template import OutputConfig
from zoomauto.errors import CorruptMedia, DiskFull, InvalidOptions, PermanentError, TemporaryError
from zoomauto.host import main_thread_interrupter
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress, Step
from zoomauto.ports.source import Fetched
from zoomauto.ports.stage import Produced, StageResult
from zoomauto.stages.download import DownloadOptions, DownloadStage, work_name
from zoomauto.testing.source import FakeSource

FileOf = Callable[..., RecordingFile]


@pytest.fixture
def stage(tools: Tools) -> DownloadStage:
    return DownloadStage(DownloadOptions(keep_free_bytes=0), tools)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_the_picture_is_copied_with_the_hash_of_the_source(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    content = clips.mute.read_bytes()
    film = file_of("GMT 1.MP4", size_bytes=len(content))
    sound, chat = file_of("a.m4a", FileKind.AUDIO), file_of("chat.txt", FileKind.CHAT)
    world.source.contents = {film.key: content}
    copy = world.folder / "download" / "01-GMT 1.mp4"
    assert stage.run(world.context(files=(chat, sound, film))) == StageResult(
        produced=(
            Produced(
                path=copy,
                file_key=film.key,
                kind=FileKind.VIDEO,
                sha256=hashlib.sha256(content).hexdigest(),
            ),
        ),
        note=f"copied 1 file, {len(content):,} bytes",
    )
    assert (copy.read_bytes(), names_in(world.folder)) == (content, [copy.name])


def test_the_chat_is_copied_when_a_destination_is_to_be_given_it(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    film = file_of("a.mp4", size_bytes=clips.mute.stat().st_size)
    chat = file_of("chat.txt", FileKind.CHAT, size_bytes=1)
    world.source.contents = {film.key: clips.mute.read_bytes(), chat.key: b"hello"}
    context = world.context(files=(film, chat))
    output = OutputConfig(destinations=("shelf",), artifacts={"shelf": ("video", "chat")})
    asked = replace(context, template=replace(context.template, output=output))
    _, copied = stage.run(asked).produced
    assert (Path(copied.path).read_bytes(), copied.kind) == (b"hello", FileKind.CHAT)
    assert copied.details == {"of": film.key, "extension": ".chat.txt"}


def test_the_sound_is_taken_when_there_is_no_picture(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    sound = file_of("a.m4a", FileKind.AUDIO)
    world.source.contents = {sound.key: clips.talk_sound.read_bytes()}
    result = stage.run(world.context(files=(sound,)))
    assert [p.path.name for p in result.produced] == ["01-a.m4a"]


def test_segments_are_taken_in_the_order_they_were_recorded(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    late, early = (
        file_of(name, start_at=datetime(2026, 11, 22, hour, tzinfo=UTC))
        for name, hour in (("a.mp4", 23), ("b.mp4", 22))
    )
    world.source.contents = dict.fromkeys((late.key, early.key), clips.mute.read_bytes())
    result = stage.run(world.context(files=(late, early)))
    assert [p.path.name for p in result.produced] == ["01-b.mp4", "02-a.mp4"]


class Acting(FakeSource):
    """Does, before a file is copied, what a test asks for by the file's name."""

    deeds: Mapping[str, Callable[[Step], object]] = {}

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Act, then copy."""
        with progress.step(file.name) as step:
            self.deeds[file.name](step)
        return super().fetch(file, target, progress)


def acting(world: Any, clips: Any, file_of: FileOf, **deeds: Callable[[Step], object]) -> Any:
    """Give a context whose source acts; the files are copied in the order of the deeds."""
    world.source = Acting()
    world.source.deeds = {f"{name}.mp4": deed for name, deed in deeds.items()}
    files = [
        file_of(f"{name}.mp4", start_at=datetime(2026, 11, 22, hour, tzinfo=UTC))
        for hour, name in enumerate(deeds)
    ]
    world.source.contents = {file.key: clips.mute.read_bytes() for file in files}
    return world.context(files=tuple(files))


def test_three_files_are_copied_at_once(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    meeting = threading.Barrier(3, timeout=30)
    context = acting(world, clips, file_of, **dict.fromkeys("abcdef", lambda _: meeting.wait()))
    result = stage.run(context)
    assert [p.path.name for p in result.produced] == [
        f"0{n}-{c}.mp4" for n, c in enumerate("abcdef", 1)
    ]
    assert {step.label for step in world.progress.steps} >= {"a.mp4", "f.mp4"}


def test_of_several_failures_the_first_files_counts_and_those_behind_it_are_given_up(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    begun, given_up = threading.Event(), threading.Event()
    ended: list[str] = []

    def slow(_: Step) -> None:
        assert given_up.wait(30)
        ended.append("slow")

    def failing(_: Step) -> None:
        assert begun.wait(30)
        raise PermanentError("no longer there")

    def endless(step: Step) -> None:
        begun.set()
        try:
            while True:
                step.advance(1)
        finally:
            ended.append("endless")
            given_up.set()

    context = acting(
        world, clips, file_of, slow=slow, failing=failing, endless=endless, waiting=endless
    )
    with pytest.raises(PermanentError, match="no longer there"):
        stage.run(context)
    assert sorted(ended) == ["endless", "slow"]
    assert names_in(world.folder) == ["01-slow.mp4"]


def test_an_interruption_ends_every_copy(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    both = threading.Barrier(2, timeout=30)
    interrupt = main_thread_interrupter()
    ended: list[str] = []

    def endless(step: Step) -> None:
        try:
            if both.wait() == 0:
                interrupt()
            while True:
                step.advance(1)
        finally:
            ended.append("ended")

    with pytest.raises(KeyboardInterrupt):
        stage.run(acting(world, clips, file_of, a=endless, b=endless))
    assert ended == ["ended", "ended"]


def test_a_recording_with_nothing_to_see_or_hear_is_refused(
    world: Any, stage: DownloadStage, file_of: FileOf
):
    with pytest.raises(PermanentError, match="neither picture nor sound"):
        stage.run(world.context(files=(file_of("chat.txt", FileKind.CHAT),)))


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        ("page", "web page"),
        ("empty", "empty"),
        ("short", r"cut short: [0-9,]+ bytes missing"),
    ],
)
def test_what_is_no_whole_film_gets_no_name(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf, clip: str, reason: str
):
    film = file_of("a.mp4")
    world.source.contents = {film.key: getattr(clips, clip).read_bytes()}
    with pytest.raises(CorruptMedia, match=reason):
        stage.run(world.context(files=(film,)))
    assert names_in(world.folder) == []


def test_a_hole_in_the_middle_is_found_when_all_is_decoded(
    world: Any, tools: Tools, clips: Any, file_of: FileOf
):
    film = file_of("a.mp4")
    world.source.contents = {film.key: clips.holed.read_bytes()}
    context = world.context(files=(film,))
    shallow, deep = (
        DownloadStage(DownloadOptions(keep_free_bytes=0, deep_check=deep), tools)
        for deep in (False, True)
    )
    assert len(shallow.run(context).produced) == 1
    (world.folder / "download" / "01-a.mp4").unlink()
    with pytest.raises(CorruptMedia, match=r"the file is damaged, \d+ errors? while decoding it: "):
        deep.run(context)
    assert names_in(world.folder) == []


@pytest.mark.parametrize("clip", ["talk", "talk_sound", "talk_mkv", "mute"])
def test_whole_files_pass_the_deep_check(
    world: Any, tools: Tools, clips: Any, file_of: FileOf, clip: str
):
    film = file_of("a.mp4")
    world.source.contents = {film.key: getattr(clips, clip).read_bytes()}
    stage = DownloadStage(DownloadOptions(keep_free_bytes=0, deep_check=True), tools)
    assert len(stage.run(world.context(files=(film,))).produced) == 1


def test_two_copies_at_once_count_on_the_space_once(world: Any, tools: Tools, file_of: FileOf):
    """While the first is under way nothing is left for the second."""
    free = tools.workspace.free_bytes()
    film = file_of("a.mp4", size_bytes=free * 2 // 3)
    stage = DownloadStage(DownloadOptions(keep_free_bytes=0), tools)
    refused: list[DiskFull] = []

    def second(*_: Any) -> Any:
        with pytest.raises(DiskFull) as refusal:
            stage.run(world.context(files=(film,)))
        refused.append(refusal.value)
        raise TemporaryError("no more of it")

    world.source.fetch = second
    with pytest.raises(TemporaryError, match="no more of it"):
        stage.run(world.context(files=(film,)))
    assert len(refused) == 1


def test_another_size_than_listed_is_tried_again(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    film = file_of("a.mp4", size_bytes=5)
    world.source.contents = {film.key: clips.mute.read_bytes()}
    with pytest.raises(TemporaryError, match="should have 5 bytes"):
        stage.run(world.context(files=(film,)))
    assert names_in(world.folder) == []


def test_what_a_broken_connection_left_is_kept_to_go_on_from(
    world: Any, stage: DownloadStage, file_of: FileOf
):
    film = file_of("a.mp4")
    world.source.fetch_failures = {film.key: [TemporaryError("connection reset")]}
    context = world.context(files=(film,))
    (world.folder / "download").mkdir()
    (world.folder / "download" / "01-a.mp4.part").write_bytes(b"half")
    with pytest.raises(TemporaryError, match="connection reset"):
        stage.run(context)
    assert names_in(world.folder) == ["01-a.mp4.part"]


def test_nothing_is_copied_when_it_would_not_fit(world: Any, tools: Tools, file_of: FileOf):
    stage = DownloadStage(DownloadOptions(keep_free_bytes=2**60), tools)
    with pytest.raises(
        DiskFull, match="1,000 bytes are to be copied and 1,152,921,504,606,846,976"
    ):
        stage.run(world.context(files=(file_of("a.mp4", size_bytes=1000),)))
    assert world.source.fetched == []


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), DiskFull(), OSError(errno.EDQUOT, "")],
)
def test_a_disk_that_fills_up_meanwhile_is_left_without_the_piece(
    world: Any, stage: DownloadStage, file_of: FileOf, error: Exception
):
    film = file_of("a.mp4")
    piece = world.folder / "download" / "01-a.mp4.part"
    piece.parent.mkdir()
    piece.write_bytes(b"half")
    world.source.fetch_failures = {film.key: [error]}
    with pytest.raises(DiskFull):
        stage.run(world.context(files=(film,)))
    assert names_in(world.folder) == []


def test_what_an_earlier_try_left_is_replaced(
    world: Any, stage: DownloadStage, clips: Any, file_of: FileOf
):
    film = file_of("a.mp4")
    world.source.contents = {film.key: clips.mute.read_bytes()}
    context = world.context(files=(film,))
    (world.folder / "download").mkdir()
    (world.folder / "download" / "01-a.mp4.part").write_bytes(b"half")
    assert stage.run(context) == stage.run(context)
    assert names_in(world.folder) == ["01-a.mp4"]


@pytest.mark.parametrize(
    ("name", "copy"),
    [
        ("../../.ssh/config", "01-config.mp4"),
        ("-rf", "01-rf.mp4"),
        ("", "01-untitled.mp4"),
        ("Meeting 10.30", "01-Meeting 10.30"),
        ("a.M4V", "01-a.m4v"),
        ("x" * 300 + ".mp4", "01-" + "x" * 100 + ".mp4"),
        ("two\nlines.mp4", "01-two lines.mp4"),
    ],
)
def test_a_copy_has_a_tame_name(name: str, copy: str, file_of: FileOf):
    assert work_name(1, file_of(name)) == copy


@pytest.mark.parametrize("at_once", [0, 9])
def test_no_and_very_many_files_at_once_are_refused(at_once: int):
    with pytest.raises(InvalidOptions, match="from 1 to 8"):
        DownloadOptions(at_once=at_once)


@pytest.mark.parametrize(
    "values",
    [
        {"keep_free_bytes": -1},
        {"deep_check_timeout_seconds": 0},
        {"deep_check_timeout_seconds": float("nan")},
    ],
)
def test_values_outside_their_range_are_refused(values: dict[str, Any]):
    with pytest.raises(InvalidOptions, match=next(iter(values))):
        DownloadOptions(**values)
