"""Parcels and a folder to publish into."""

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoomauto.destinations.folder import FolderDestination, FolderOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress, FakeStep
from zoomauto.workspace import DiskWorkspace


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Tools with a real workspace."""
    clock = FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))
    return Tools(workspace=DiskWorkspace(tmp_path / "work"), clock=clock)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder to publish into, not made yet."""
    return tmp_path / "out"


@pytest.fixture
def folder(root: Path, tools: Tools) -> FolderDestination:
    """A folder destination."""
    return FolderDestination(FolderOptions(path=str(root)), tools)


@pytest.fixture
def parcel_of(tmp_path: Path) -> Callable[..., Parcel]:
    """Make a parcel of some bytes."""

    def made(content: bytes, *, name: str = "2026/Sync", identity: str = "k/a.mp4") -> Parcel:
        path = tmp_path / f"{hashlib.sha256(content).hexdigest()[:8]}.bin"
        path.write_bytes(content)
        return Parcel(
            path=path,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            name=name,
            extension=".mp4",
            identity=identity,
        )

    return made


@pytest.fixture
def small_disk(tmp_path: Path, component: Callable[[object, str], None]) -> Iterator[Path]:
    """A disk of 24 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    component(mounted, "right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@dataclass(kw_only=True)
class _Watched(FakeStep):
    watch: Callable[[], None]

    def advance(self, amount: float) -> None:
        """Count on, and do what is wanted."""
        super().advance(amount)
        self.watch()


class Watched(FakeProgress):
    """Progress that does something each time a block has arrived."""

    def __init__(self, watch: Callable[[], None]) -> None:
        super().__init__()
        self.watch = watch

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[FakeStep]:
        """Open a step that is watched."""
        yield _Watched(label=label, total=total, unit=unit, watch=self.watch)


@pytest.fixture
def watched() -> type[Watched]:
    """Progress that does something each time a block has arrived."""
    return Watched


@pytest.fixture
def held() -> Callable[[Path], dict[str, str]]:
    """Give the hash of every file below a folder, hidden ones too."""

    def held(root: Path) -> dict[str, str]:
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file()
        }

    return held
