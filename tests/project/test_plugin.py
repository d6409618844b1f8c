"""The example of a plug-in: installed as users install one, and used by the real program."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from zoomauto.media.ffmpeg import find_ffmpeg

pytestmark = pytest.mark.slow

Program = Callable[..., CompletedProcess[str]]

PLUGIN = Path(__file__).parents[2] / "examples" / "plugin"
PAGES = Path(__file__).parents[2] / "docs" / "extend"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the plug-in into a folder of its own, without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    # A copy: building leaves nothing in the checkout.
    shutil.copytree(PLUGIN, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    options = ["--no-build-isolation", "--no-deps", "--no-index", "--target", str(folder / "site")]
    install = [sys.executable, "-m", "pip", "install", "--quiet", *options, str(folder / "source")]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def world(world: Mapping[str, str], installed: Path) -> Mapping[str, str]:
    """The same world with the plug-in in it."""
    return {**world, "PYTHONPATH": str(installed)}


@pytest.fixture
def catalogue(tmp_path: Path, component: Callable[[object, str], None]) -> Path:
    """A catalogue with one film of three seconds."""
    component(shutil.which("ffmpeg") or find_spec("imageio_ffmpeg"), "ffmpeg")
    folder = tmp_path / "films"
    folder.mkdir()
    picture, sound = "testsrc=size=160x120:rate=10", "sine=frequency=440"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", "3"]
    make = [find_ffmpeg().path, "-v", "error", *inputs, str(folder / "film.mp4")]
    subprocess.run(make, check=True)
    start_at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    entry = {"id": "7", "topic": "Physics", "start_at": start_at, "file": "film.mp4"}
    (folder / "catalogue.json").write_text(json.dumps([entry]))
    return folder / "catalogue.json"


def test_source_stage_and_destination_of_a_third_party_work_together(
    zoomauto: Program, catalogue: Path, tmp_path: Path
):
    (tmp_path / "shelf").mkdir()
    for words in (
        f"source add films --type catalogue --option path={catalogue}",
        "source check films",
        f"destination add wall --type shelf --option path={tmp_path}/shelf",
        "destination check wall",
        "template create lectures --destination wall --set marks.every_minutes=0.02",
        "job create Nightly --template lectures --daily 03:00 --set skip_trim=true",
    ):
        done = zoomauto(*words.split())
        assert done.returncode == 0, done.stdout + done.stderr
    preview = json.loads(zoomauto("run", "nightly", "--dry-run", "-o", "json").stdout)
    stages = preview["data"]["would_process"][0]["stages"]
    assert list(stages)[:3] == ["download", "trim", "marks"]

    report = json.loads(zoomauto("run", "nightly", "-o", "json").stdout)

    assert report["data"]["items"][0]["stages"]["marks"] == "done: marked 1"
    film = (catalogue.parent / "film.mp4").read_bytes()
    marks = b"0:00:00 Part 1\n0:00:01.200000 Part 2\n0:00:02.400000 Part 3\n"
    assert {path.name for path in (tmp_path / "shelf").iterdir()} == {
        f"{hashlib.sha256(film).hexdigest()}.mp4",
        f"{hashlib.sha256(marks).hexdigest()}.marks.txt",
    }


def test_options_of_a_third_party_are_checked_when_they_are_saved(zoomauto: Program):
    for words, complaint in (
        ("source add films --type catalogue --option path=here", "must be absolute"),
        ("destination add wall --type shelf --option path=here", "must be absolute"),
        ("template create x --set marks.every_minutes=0", "must be more than 0"),
        ("template create x --set marks.minutes=1", "there is no option 'minutes'"),
        ("template create x --set nothing.minutes=1", "there is no nothing stage"),
    ):
        refused = zoomauto(*words.split())
        assert (refused.returncode, complaint in refused.stderr) == (2, True), refused.stderr


@pytest.mark.parametrize("kind", ["source", "stage", "destination"])
def test_the_page_shows_the_code_that_was_tested(kind: str):
    code = (PLUGIN / "zoomauto_shelf" / f"{kind}.py").read_text()
    assert f"```python\n{code}```\n" in (PAGES / f"{kind}.md").read_text()


def test_the_overview_shows_how_it_is_packaged():
    packaged = (PLUGIN / "pyproject.toml").read_text()
    assert f"```toml\n{packaged}```\n" in (PAGES / "index.md").read_text()
