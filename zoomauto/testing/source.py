"""A source that holds recordings in memory."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.recording import ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import PermanentError, ZoomautoError
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Fetched


@dataclass(frozen=True, kw_only=True)
class FakeSourceOptions:
    """No options."""


@dataclass(kw_only=True)
class FakeSource:
    """Lists what it is given and hands out the bytes of each file by key."""

    Options: ClassVar[type] = FakeSourceOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()
    late_by: ClassVar[timedelta] = timedelta()
    texts_late_by: ClassVar[timedelta] = timedelta(days=7)

    recordings: list[ListedRecording] = field(default_factory=list)
    #: File key -> its bytes.
    contents: dict[str, bytes] = field(default_factory=dict)
    #: Recording key -> the length that its media has.
    lengths: Mapping[str, timedelta] = field(default_factory=dict)
    #: Raised after everything was listed: the listing is then incomplete.
    fails_with: ZoomautoError | Exception | None = None
    #: File key -> raised by ``fetch``, once for each entry.
    fetch_failures: dict[str, list[Exception]] = field(default_factory=dict)
    #: Every window that was listed.
    windows: list[Window] = field(default_factory=list)
    #: Every file key that was fetched.
    fetched: list[str] = field(default_factory=list)
    #: Keys of recordings that were put into the trash, with the recordings.
    trashed: dict[str, ListedRecording] = field(default_factory=dict)
    #: Raised by ``trash``, once for each entry, when all is done already.
    lost_answers: list[Exception] = field(default_factory=list)
    #: Raised by ``trash`` and ``recover`` before anything is done, once for each entry.
    trash_failures: list[Exception] = field(default_factory=list)

    def list_recordings(self, window: Window) -> Iterator[ListedRecording]:
        """Give the recordings of the window, then fail if that is asked for."""
        self.windows.append(window)
        yield from (r for r in self.recordings if r.start_at in window)
        if self.fails_with is not None:
            raise self.fails_with

    def find(self, key: str) -> ListedRecording | None:
        """Give the recording of that key."""
        return next((r for r in self.recordings if r.key == key), None)

    def measure(self, recording: ListedRecording) -> timedelta | None:
        """Give the length that was set for the recording."""
        return self.lengths.get(recording.key)

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Write the file's bytes, or fail as often as was asked for."""
        self.fetched.append(file.key)
        if failures := self.fetch_failures.get(file.key):
            raise failures.pop(0)
        if file.key not in self.contents:
            raise PermanentError(f"the source no longer has {file.name}")
        content = self.contents[file.key]
        Path(target).write_bytes(content)
        return Fetched(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())

    def trash(self, key: str) -> bool:
        """Move a recording to the trash, or fail as often as was asked for."""
        if self.trash_failures:
            raise self.trash_failures.pop(0)
        found = self.find(key)
        if found is not None:
            self.recordings.remove(found)
            self.trashed[key] = found
        if self.lost_answers:
            raise self.lost_answers.pop(0)
        return found is not None

    def recover(self, key: str) -> None:
        """Move a recording back."""
        if self.trash_failures:
            raise self.trash_failures.pop(0)
        if key not in self.trashed:
            raise PermanentError("it is not in the trash")
        self.recordings.append(self.trashed.pop(key))

    def check(self) -> tuple[Check, ...]:
        """Say that all is well."""
        return (Check(name="reachable", ok=True, detail=f"{len(self.recordings)} recordings"),)
