"""The project as a whole: its files, and its program in a world of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def root() -> Path:
    """Where pyproject.toml lies."""
    return ROOT


@pytest.fixture(scope="session")
def tracked(root: Path) -> tuple[Path, ...]:
    """Every file that belongs to the project and is still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    names = listed.stdout.rstrip("\0").split("\0")
    return tuple(root / name for name in names if (root / name).is_file())


@pytest.fixture
def world(tmp_path: Path) -> Mapping[str, str]:
    """An environment in which no configuration or data of this machine's user is seen."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ZOOMAUTO_"))}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(home), "PATH": programs, "TZ": "UTC", "COLUMNS": "100"}


@pytest.fixture
def zoomauto(world: Mapping[str, str], tmp_path: Path) -> Program:
    """Run the real program in that world."""

    def run(*arguments: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *python, "-m", "zoomauto", *arguments],
            cwd=tmp_path,
            env=world,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
