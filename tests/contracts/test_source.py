"""What every source promises, fakes included. A new source adds one factory."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import PermanentError
from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret
from zoomauto.ports.source import Source
from zoomauto.registry import BUILT_IN
from zoomauto.sources.folder.source import FolderOptions, FolderSource
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.testing.source import FakeSource
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.world import World
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


class OneSecret:
    """A secret that was resolved already."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, name: str) -> Secret:
        """Give it."""
        return Secret(self.text)


@contextmanager
def zoom_source(tmp_path: Path) -> Iterator[Source]:
    """Open a source over a fake cloud that has these bytes and nothing to complain of."""
    meetings = []
    for number, (start_at, content) in enumerate(CONTENTS.items()):
        path = tmp_path / f"cloud-{number}"
        path.write_bytes(content)
        file = File(
            id=f"file-{number}", start_at=start_at, end_at=start_at + timedelta(hours=1), path=path
        )
        meetings.append(
            Meeting(uuid=f"/{number}/==", number=1, user_id="u", start_at=start_at, files=(file,))
        )
    world = World(users=[User(id="u", email="ann@example.org")], meetings=meetings)
    clock = FrozenClock(max(CONTENTS) + timedelta(days=1))
    with FakeZoom(world, clock=clock) as zoom:
        options = ZoomOptions(
            account_id=zoom.account_id,
            client_id=zoom.client_id,
            api_base=zoom.api_base,
            token_url=zoom.token_url,
        )
        secrets = OneSecret(zoom.client_secret)
        workspace = DiskWorkspace(tmp_path / "work")
        yield ZoomSource(options, Tools(workspace=workspace, clock=clock, secrets=secrets))
        assert (zoom.violations(), zoom.leaks()) == ((), ())


Opened = AbstractContextManager[Source]
FACTORIES: dict[str, Callable[[Path], Opened]] = {
    "folder": lambda tmp_path: nullcontext(folder_source(tmp_path)),
    "zoom": zoom_source,
    "fake": lambda tmp_path: nullcontext(fake_source(tmp_path)),
}


@pytest.fixture(params=FACTORIES)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """Open each kind of source in turn."""
    with FACTORIES[request.param](tmp_path) as opened:
        yield opened


def test_every_registered_source_is_held_to_it():
    assert set(BUILT_IN["source"]) == set(FACTORIES) - {"fake"}


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
