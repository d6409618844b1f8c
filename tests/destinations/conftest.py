"""Parcels and a folder to publish into."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoomauto.destinations.folder import FolderDestination, FolderOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.clock import FrozenClock
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
