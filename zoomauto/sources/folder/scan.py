"""Walking a tree of folders: each real folder once, whatever links and loops there are."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from heapq import heappop, heappush
from pathlib import Path
from posixpath import basename, dirname

from zoomauto.domain.recording import ListedRecording
from zoomauto.sources.folder.layout import (
    AUDIO_RECORD,
    CONVERSION,
    FoundFile,
    Meeting,
    is_hidden,
    kind_in_meeting,
    loose_recording,
    media_kind,
    meeting_named,
    meeting_recording,
)

#: What a vanished file, a link to nothing, or a link in a circle answers. Nothing is missing then.
GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
#: Names kept of what could not be read; the rest is only counted, so that memory stays flat.
_NAMED = 5
_LARGEST_CONVERSION = 2**20
_EFFECTIVE_IDS = os.access in os.supports_effective_ids


@dataclass(kw_only=True)
class Scan:
    """One walk through a folder, and what it could not read on the way.

    Real folders come first, links to folders after them and in order of their paths: so a folder
    that can be reached on several ways is listed under the same path every time.
    """

    #: Absolute.
    root: Path
    #: The zone of meeting folders' names; None means the machine's.
    zone: tzinfo | None = None
    #: What could not be read, with the reason: the first few, and how many in all.
    unread: list[str] = field(default_factory=list)
    unread_count: int = 0
    _visited: set[tuple[int, int]] = field(default_factory=set)
    _folders: list[str] = field(default_factory=list)
    _links: list[str] = field(default_factory=list)

    def recordings(self) -> Iterator[ListedRecording]:
        """Give every recording below the root, as the disk shows it now."""
        self._folders.append("")
        while self._folders or self._links:
            folder = self._folders.pop() if self._folders else heappop(self._links)
            if not self._is_first_visit(folder):
                continue
            meeting = self._meeting_at(folder)
            if meeting is not None:
                yield self._meeting(folder, meeting)
            else:
                yield from self._loose(folder)

    def find(self, path: str) -> ListedRecording | None:
        """Give the recording at one path, as :meth:`recordings` would. Raise OSError."""
        if any(map(is_hidden, path.split("/"))) or self._is_circular(dirname(path)):
            return None
        meeting = self._meeting_at(path)
        if stat.S_ISDIR(self._at(path).stat().st_mode):
            return self._meeting(path, meeting) if meeting else None
        if media_kind(basename(path)) is None or self._belongs_to_meeting(path):
            return None
        file = self._file(path)
        return loose_recording(file) if file else None

    def _at(self, path: str) -> Path:
        return Path(self.root, path)

    def _loose(self, folder: str) -> Iterator[ListedRecording]:
        for entry in self._entries(folder):
            path = _joined(folder, entry.name)
            if self._is_folder(entry, path):
                self._come_back(entry, path)
            elif media_kind(entry.name) and (file := self._file(path)):
                yield loose_recording(file)

    def _meeting(self, folder: str, meeting: Meeting) -> ListedRecording:
        unread_before = self.unread_count
        paths = list(self._paths_in_meeting(folder))
        names = {basename(path) for path in paths}
        relevant = (path for path in paths if kind_in_meeting(path, folder))
        files = [file for path in relevant if (file := self._file(path))]
        conversion = self._conversion(f"{folder}/{CONVERSION}") if CONVERSION in names else None
        recording = meeting_recording(folder, meeting, files, names=names, conversion=conversion)
        if self.unread_count == unread_before:
            return recording
        return with_pending(recording, "not everything in it can be read")

    def _paths_in_meeting(self, folder: str) -> Iterator[str]:
        for entry in self._entries(folder):
            path = _joined(folder, entry.name)
            if not self._is_folder(entry, path):
                yield path
            elif entry.name.casefold() == AUDIO_RECORD:
                yield from (_joined(path, inner.name) for inner in self._entries(path))
            else:
                self._come_back(entry, path)

    def _meeting_at(self, folder: str) -> Meeting | None:
        return meeting_named(basename(folder), self.zone)

    def _belongs_to_meeting(self, path: str) -> bool:
        folder = dirname(path)
        if basename(folder).casefold() == AUDIO_RECORD:
            return self._meeting_at(dirname(folder)) is not None
        return self._meeting_at(folder) is not None

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._at(folder)) as entries:
                yield from (entry for entry in entries if not is_hidden(entry.name))
        except OSError as error:
            self._note_unread(folder, error)

    def _is_folder(self, entry: os.DirEntry[str], path: str) -> bool:
        try:
            return entry.is_dir()
        except OSError as error:
            self._note_unread(path, error)
            return False

    def _come_back(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_symlink():
            heappush(self._links, path)
        else:
            self._folders.append(path)

    def _file(self, path: str) -> FoundFile | None:
        """Look at a file; None when it is gone, is no regular file, or cannot be read."""
        absolute = self._at(path)
        try:
            status = absolute.stat()
        except OSError as error:
            self._note_unread(path, error)
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        if not os.access(absolute, os.R_OK, effective_ids=_EFFECTIVE_IDS):
            self._note_unread(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
            return None
        return FoundFile(path=path, size_bytes=status.st_size, modified_ns=status.st_mtime_ns)

    def _conversion(self, path: str) -> bytes:
        if self._file(path) is None:
            return b""
        try:
            with self._at(path).open("rb") as file:
                return file.read(_LARGEST_CONVERSION)
        except OSError as error:
            self._note_unread(path, error)
            return b""

    def _is_first_visit(self, folder: str) -> bool:
        try:
            status = self._at(folder).stat()
        except OSError as error:
            self._note_unread(folder, error)
            return False
        identity = (status.st_dev, status.st_ino)
        is_first = identity not in self._visited
        self._visited.add(identity)
        return is_first

    def _is_circular(self, folder: str) -> bool:
        """Whether a path leads through one folder twice. Raise OSError."""
        parts = folder.split("/") if folder else []
        above = ["/".join(parts[:length]) for length in range(len(parts) + 1)]
        found = [self._at(path).stat() for path in above]
        return len({(status.st_dev, status.st_ino) for status in found}) < len(found)

    def _note_unread(self, path: str, error: OSError) -> None:
        if error.errno in GONE:
            return
        self.unread_count += 1
        if len(self.unread) < _NAMED:
            self.unread.append(f"{path}: {error.strerror}")


def with_pending(recording: ListedRecording, reason: str) -> ListedRecording:
    """Give the recording as not finished; a reason that it has already stays."""
    return replace(recording, pending_reason=recording.pending_reason or reason)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
