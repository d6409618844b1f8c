"""What every source promises, fakes included. A new source adds one factory."""

import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import PermanentError
from zoomauto.media.tools import Tools
from zoomauto.ports.source import Source
from zoomauto.sources.folder.source import FolderOptions, FolderSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.testing.source import FakeSource
from zoomauto.workspace import DiskWorkspace

DAY_ONE = datetime(2026, 1, 5, 10, tzinfo=UTC)
EVER = Window(start_at=DAY_ONE - timedelta(days=1), end_at=DAY_ONE + timedelta(days=30))
#: Every factory gives two recordings, one on day one and one a week later, with these bytes.
CONTENTS = {DAY_ONE: b"first recording" * 1000, DAY_ONE + timedelta(days=7): b"second"}


def folder_source(tmp_path: Path) -> Source:
    root = tmp_path / "recordings"
    root.mkdir()
    for start_at, content in CONTENTS.items():
        (root / f"GMT{start_at:%Y%m%d-%H%M%S}.mp4").write_bytes(content)
    tools = Tools(workspace=DiskWorkspace(tmp_path / "work"), clock=FrozenClock(DAY_ONE))
    return FolderSource(FolderOptions(path=str(root)), tools)


def fake_source(_tmp_path: Path) -> Source:
    def recording(number: int, start_at: datetime, content: bytes) -> ListedRecording:
        file = RecordingFile(
            key=f"file-{number}", name="a.mp4", kind=FileKind.VIDEO, size_bytes=len(content)
        )
        return ListedRecording(key=str(number), name="", start_at=start_at, files=(file,))

    numbered = list(enumerate(CONTENTS.items()))
    fake = FakeSource(
        recordings=[recording(number, *item) for number, item in numbered],
        contents={f"file-{number}": content for number, (_, content) in numbered},
    )
    return cast("Source", fake)  # its nested Options class is none to mypy


FACTORIES: dict[str, Callable[[Path], Source]] = {"folder": folder_source, "fake": fake_source}


@pytest.fixture(params=FACTORIES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """Open each kind of source in turn."""
    return FACTORIES[request.param](tmp_path)


def test_every_recording_is_listed_once_under_a_key_of_its_own(source: Source):
    recordings = list(source.list_recordings(EVER))
    assert sorted(recording.start_at for recording in recordings) == list(CONTENTS)
    assert len({recording.key for recording in recordings}) == len(CONTENTS)
    files = [file.key for recording in recordings for file in recording.files]
    assert len(set(files)) == len(files) == len(CONTENTS)


def test_starts_are_aware(source: Source):
    assert all(recording.start_at.tzinfo for recording in source.list_recordings(EVER))


def test_a_window_takes_its_start_and_leaves_its_end(source: Source):
    first, second = CONTENTS
    window = Window(start_at=first, end_at=second)
    assert [recording.start_at for recording in source.list_recordings(window)] == [first]


def test_listing_twice_gives_equal_values(source: Source):
    once, again = (
        sorted(source.list_recordings(EVER), key=lambda recording: recording.key) for _ in range(2)
    )
    assert once == again
    assert [r.fingerprint for r in once] == [r.fingerprint for r in again]


def test_finding_a_listed_key_gives_what_was_listed(source: Source):
    for recording in source.list_recordings(EVER):
        assert source.find(recording.key) == recording


def test_finding_an_unknown_key_gives_nothing(source: Source):
    assert source.find("no such recording") is None


def test_fetching_gives_exactly_the_sources_bytes(source: Source, tmp_path: Path):
    target = tmp_path / "copy"
    for recording in source.list_recordings(EVER):
        target.write_bytes(os.urandom(100_000))
        fetched = source.fetch(recording.files[0], target, FakeProgress())
        content = CONTENTS[recording.start_at]
        assert target.read_bytes() == content
        assert (fetched.size_bytes, fetched.sha256) == (
            len(content),
            hashlib.sha256(content).hexdigest(),
        )


def test_fetching_what_the_source_does_not_have_is_a_permanent_error(
    source: Source, tmp_path: Path
):
    file = RecordingFile(key="no such file", name="a.mp4", kind=FileKind.VIDEO)
    with pytest.raises(PermanentError):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    assert not (tmp_path / "copy").exists()


def test_a_length_that_cannot_be_told_is_no_length(source: Source):
    assert [source.measure(r) for r in source.list_recordings(EVER)] == [None, None]


def test_a_working_source_passes_its_own_check(source: Source):
    checks = source.check()
    assert checks
    assert all(isinstance(check, Check) and check.ok for check in checks)
