"""Commands typed one after the other, in one process."""

import os
from pathlib import Path

import pytest

from zoomauto.errors import TemporaryError
from zoomauto.testing.typist import Ended, open_typist


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "ZOOMAUTO_"))}
    return kept | {"HOME": str(tmp_path)}


def test_each_command_has_its_own_output_and_exit_code(environment: dict[str, str], tmp_path: Path):
    add = ("source", "add", "m\u00fcnchen", "--type", "folder", "--option", f"path={tmp_path}")
    with open_typist(environment, folder=tmp_path) as typed:
        added = typed(*add)
        again = typed(*add)
        listed = typed("source", "list")
    assert added == Ended(code=0, out="source 1 'm\u00fcnchen' added\n", err="")
    assert (again.code, again.out) == (2, "")
    assert again.err.startswith("Error: there is a source 'm\u00fcnchen' already")
    assert (listed.code, "m\u00fcnchen" in listed.out, listed.err) == (0, True, "")


def test_a_process_that_is_gone_is_told(environment: dict[str, str], tmp_path: Path):
    (tmp_path / "zoomauto.py").write_text("raise SystemExit(3)")
    with (
        open_typist(environment, folder=tmp_path) as typed,
        pytest.raises(TemporaryError, match="exit code 3"),
    ):
        typed("source", "list")
