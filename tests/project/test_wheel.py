"""The wheel: what users get, without this checkout and without a single tool of ours."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it without isolation: that needs hatchling, and no network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--wheel", "--no-isolation", "--outdir", str(folder)]
    build = [sys.executable, "-m", "build", *options, str(root)]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_program_its_types_and_its_migrations(wheel: Path, root: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = (root / "zoomauto").rglob("*.*")
    wanted = {
        str(path.relative_to(root))
        for path in sources
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - names == set()
    assert "zoomauto/py.typed" in names
    assert [name for name in names if name.startswith("zoomauto/storage/migrations/")] != []


def test_the_wheel_holds_nothing_but_the_program(wheel: Path):
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top.partition("-")[0] for top in tops} == {"zoomauto"}
