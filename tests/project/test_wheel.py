"""The wheel: what users get, without this checkout and without a single tool of ours."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
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


@pytest.mark.slow
def test_the_wheel_works_in_a_fresh_environment(
    wheel: Path,
    tmp_path: Path,
    world: Mapping[str, str],
    component: Callable[[object, str], None],
):
    component(has_package_index(tmp_path), "a package index")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
    program = python.with_name("zoomauto")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [program, *arguments], check=True, capture_output=True, text=True, env=world
        ).stdout

    assert "Usage" in run("--help")
    # Makes a database, so the migrations inside the wheel run.
    assert json.loads(run("job", "list", "--output", "json"))["data"] == []


def has_package_index(folder: Path) -> bool:
    """Whether pip, as it is configured here, can fetch a package."""
    options = ["--quiet", "--no-deps", "--retries", "0", "--timeout", "10", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, "typer"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
