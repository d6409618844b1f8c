"""A folder source over a real folder, with the clock standing still."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from zoomauto.media.tools import Tools
from zoomauto.sources.folder.source import FolderOptions, FolderSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.workspace import DiskWorkspace

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

MakeSource = Callable[..., FolderSource]


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Give the machine's tools."""
    return Tools(workspace=DiskWorkspace(tmp_path / "work"), clock=FrozenClock(NOW))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the source's folder, empty."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def make_source(root: Path, tools: Tools) -> MakeSource:
    """Open a source over ``root``, with other options if need be."""

    def make(**options: Any) -> FolderSource:
        return FolderSource(
            FolderOptions(**{"path": str(root), "timezone": "UTC", **options}), tools
        )

    return make


@pytest.fixture
def source(make_source: MakeSource) -> FolderSource:
    """Open a source over ``root``; times in folder names are UTC."""
    return make_source()
