"""Recordings that a JSON file lists."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any, ClassVar

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import InvalidOptions, PermanentError, TemporaryError, Unreachable
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Fetched


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueOptions:
    """The options of a catalogue source."""

    #: The JSON file: a list of objects with ``id``, ``topic``, ``start_at`` and ``file``.
    path: str

    def __post_init__(self) -> None:
        """Raise InvalidOptions for a path that depends on where we are started."""
        if not Path(self.path).is_absolute():
            raise InvalidOptions(f"the path of a catalogue must be absolute, not {self.path!r}")


def parse_entry(entry: dict[str, Any], root: Path) -> ListedRecording:
    """Make a recording of one entry. Raise LookupError or ValueError for a bad one."""
    path = root / entry["file"]
    facts = path.stat() if path.exists() else None
    file = RecordingFile(
        key=entry["file"],
        name=path.name,
        kind=FileKind.VIDEO,
        size_bytes=facts.st_size if facts else None,
        fingerprint=str(facts.st_mtime_ns) if facts else "",
    )
    return ListedRecording(
        key=entry["id"],
        name=entry["topic"],
        start_at=datetime.fromisoformat(entry["start_at"]),
        files=(file,),
        pending_reason=None if facts else "the file is not there yet",
    )


class CatalogueSource:
    """Recordings that a JSON file lists; the files lie beside it."""

    Options: ClassVar[type] = CatalogueOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()
    #: An entry may be written a day after the session.
    late_by: ClassVar[timedelta] = timedelta(days=1)
    texts_late_by: ClassVar[timedelta] = timedelta()

    def __init__(self, options: CatalogueOptions, tools: Tools) -> None:
        self._path = Path(options.path)

    def list_recordings(self, window: Window) -> Iterator[ListedRecording]:
        """Give what the catalogue lists within the window."""
        return (recording for recording in self._read() if recording.start_at in window)

    def find(self, key: str) -> ListedRecording | None:
        """Give one recording, whatever its age."""
        return next((recording for recording in self._read() if recording.key == key), None)

    def measure(self, recording: ListedRecording) -> timedelta | None:
        """Tell nothing: a catalogue does not know lengths."""
        return None

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Copy the file; hash what was read, so that the copy can be proved."""
        origin = self._path.parent / file.key
        try:
            with origin.open("rb") as source, Path(target).open("wb") as copy:
                digest = hashlib.file_digest(source, "sha256")
                source.seek(0)
                shutil.copyfileobj(source, copy)
                size = copy.tell()
        except FileNotFoundError as error:
            raise PermanentError(f"{origin} is gone") from error
        except OSError as error:
            raise TemporaryError(f"{origin} cannot be copied: {error.strerror}") from error
        return Fetched(size_bytes=size, sha256=digest.hexdigest())

    def check(self) -> tuple[Check, ...]:
        """Read the catalogue once."""
        try:
            count = len(self._read())
        except Unreachable as error:
            return (Check(name="catalogue", ok=False, detail=error.message),)
        return (Check(name="catalogue", ok=True, detail=f"{count} recordings"),)

    def _read(self) -> list[ListedRecording]:
        try:
            entries = json.loads(self._path.read_text("utf-8"))
            return [parse_entry(entry, self._path.parent) for entry in entries]
        except (OSError, LookupError, TypeError, ValueError) as error:
            raise Unreachable(f"{self._path} cannot be read as a catalogue: {error}") from error
