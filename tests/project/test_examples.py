"""Every file in examples/ is accepted by the program as it stands."""

from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from zoomauto.testing.typist import open_typist

Program = Callable[..., CompletedProcess[str]]

EXAMPLES = Path(__file__).parents[2] / "examples"
JOBS = sorted((EXAMPLES / "jobs").iterdir())
SETTINGS = sorted((EXAMPLES / "settings").iterdir())
#: tests/project/test_plugin.py installs and uses them.
PLUGIN = [
    path
    for path in (EXAMPLES / "plugin").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
]


def test_every_example_is_tested():
    tested = {*JOBS, *SETTINGS, *PLUGIN, EXAMPLES / "README.md"}
    assert {path for path in EXAMPLES.rglob("*") if path.is_file()} == tested


def test_job_create_accepts_every_example(world: Mapping[str, str], tmp_path: Path):
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    refusals = {}
    with open_typist(world, folder=tmp_path) as typed:
        for arguments in (
            ("source", "add", "laptop", "--type", "folder", "--option", f"path={recordings}"),
            ("template", "create", "lectures", "--keyword", "lecture"),
            ("template", "create", "standups", "--exact", "Stand-up"),
            ("template", "create", "everything else"),
        ):
            prepared = typed(*arguments)
            assert prepared.code == 0, prepared.err
        for example in JOBS:
            created = typed("job", "create", "--file", str(example))
            if created.code != 0:
                refusals[example.name] = created.err
    assert refusals == {}


@pytest.mark.parametrize("example", SETTINGS, ids=lambda path: path.name)
def test_config_check_accepts_the_example(zoomauto: Program, example: Path):
    checked = zoomauto("--config", str(example), "config", "check")
    assert checked.returncode == 0, checked.stderr
