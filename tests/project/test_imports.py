"""Who may import whom: the contracts of pyproject.toml, kept and able to break."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A copy of the house in which walls may be broken."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "zoomauto", tmp_path / "zoomauto", ignore=ignored)
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_import_keeps_to_the_contracts(root: Path):
    result = lint_imports(root)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("domain/intruder", "import zoomauto.ports.clock", "zoomauto.domain.intruder"),
        ("domain/intruder", "import subprocess", "zoomauto.domain.intruder -> subprocess"),
        ("domain/intruder", "import regex", "zoomauto.domain.intruder -> regex"),
        ("ports/intruder", "import sqlite3", "zoomauto.ports.intruder -> sqlite3"),
        ("stages/intruder", "import zoomauto.sources", "zoomauto.stages.intruder"),
        ("usecases/intruder", "import zoomauto.storage", "zoomauto.usecases.intruder"),
        ("sources/intruder", "import sqlmodel", "zoomauto.sources.intruder -> sqlmodel"),
        ("intruder", "", "zoomauto.intruder"),
    ],
)
def test_a_wrong_import_or_an_unlisted_room_is_refused(
    copy: Path, module: str, line: str, complaint: str
):
    (copy / "zoomauto" / f"{module}.py").write_text(f"{line}\n")
    result = lint_imports(copy)
    assert (result.returncode, complaint in result.stdout) == (1, True), result.stdout
