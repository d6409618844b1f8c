"""A database in a temporary folder, and other processes that use it too."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Process = subprocess.Popen[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file is going to be."""
    return tmp_path / "data" / "zoomauto.db"


@pytest.fixture
def url(path: Path) -> str:
    """The URL of that file."""
    return f"sqlite:///{path}"


@pytest.fixture
def python() -> Callable[..., Process]:
    """Start another process that runs the given source text with arguments."""

    def start(source: str, *arguments: str) -> Process:
        return subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start
