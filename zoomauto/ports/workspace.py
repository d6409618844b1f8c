"""Where work in progress lies: one folder per recording, gone when it is published."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Sealed:
    """A file that is safely on disk."""

    size_bytes: int
    #: Lower-case hexadecimal SHA-256 of the bytes.
    sha256: str


class Workspace(Protocol):
    """The work folders of all recordings."""

    def folder(self, recording_id: int) -> PurePath:
        """Give the recording's folder, made if need be."""

    def seal(self, path: PurePath) -> Sealed:
        """Flush a file and its folder entry to disk, then measure and hash it by reading it."""

    def holds(self, recording_id: int, path: str, *, size_bytes: int) -> bool:
        """Whether the file is still there with that size."""

    def remove(self, recording_id: int) -> None:
        """Delete the recording's folder with all it holds."""

    def sweep(self, *, keep: Collection[int]) -> Collection[int]:
        """Delete the folders of all recordings but ``keep``; give those deleted."""

    def free_bytes(self) -> int:
        """Give the free space where work folders lie."""
