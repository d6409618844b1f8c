"""A shelf: a folder in which each file is called by its content."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from zoomauto.domain.source import Check
from zoomauto.errors import CorruptMedia, InvalidOptions, Unreachable
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class ShelfOptions:
    """The options of a shelf."""

    #: The folder; it must exist.
    path: str

    def __post_init__(self) -> None:
        """Raise InvalidOptions for a path that depends on where we are started."""
        if not Path(self.path).is_absolute():
            raise InvalidOptions(f"the path of a shelf must be absolute, not {self.path!r}")


class ShelfDestination:
    """A folder in which each file is called by its content: nothing can lie there twice."""

    Options: ClassVar[type] = ShelfOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, options: ShelfOptions, tools: Tools) -> None:
        self._root = Path(options.path)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Copy under a hidden name, verify, rename: half a file is never seen."""
        target = self._root / f"{parcel.sha256}{parcel.extension}"
        try:
            if not target.exists():
                self._copy(parcel, target, progress)
        except OSError as error:
            raise Unreachable(f"{self._root} cannot be written: {error.strerror}") from error
        return Delivered(
            location=str(target),
            url=target.as_uri(),
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether the file is still there with its size."""
        path = Path(delivered.location)
        return path.is_file() and path.stat().st_size == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Write a file and delete it."""
        probe = self._root / ".zoomauto-check"
        try:
            probe.write_bytes(b"zoomauto\n")
            probe.unlink()
        except OSError as error:
            return (Check(name="write", ok=False, detail=f"{self._root}: {error.strerror}"),)
        return (Check(name="write", ok=True, detail=f"{self._root} can be written"),)

    def _copy(self, parcel: Parcel, target: Path, progress: Progress) -> None:
        hidden = target.with_name(f".{target.name}.part")
        with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
            shutil.copyfile(parcel.path, hidden)
            step.advance(parcel.size_bytes)
        with hidden.open("rb") as copy:
            copied = hashlib.file_digest(copy, "sha256").hexdigest()
        if copied != parcel.sha256:
            hidden.unlink()
            raise CorruptMedia(f"{parcel.path.name} has changed since it was made")
        hidden.rename(target)
