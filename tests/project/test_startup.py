"""Which modules a command loads.

PLEASE READ before moving an import to the top of a file.
cron starts this program thousands of times, and nearly every start ends at once: not due, nothing
to do. What such a start costs is imports: Typer 51 ms, httpx 116, alembic 299, sqlmodel 320.
So a module of ``zoomauto.cli`` imports Typer, settings, errors and the standard library, and each
command body fetches what it needs from ``zoomauto.bootstrap``. A test here that fails means that
everybody pays, on every start, for something that only one command uses.

The times themselves are measured by ``nox -s bench``; here only the names of modules count.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Program = Callable[..., CompletedProcess[str]]

HEAVY = (
    "alembic",
    "croniter",
    "crontab",
    "httpx",
    "imageio_ffmpeg",
    "psycopg",
    "regex",
    "rich",
    "sqlalchemy",
    "sqlmodel",
    "tomli_w",
    "zoomauto.bootstrap",
    "zoomauto.domain",
    "zoomauto.usecases",
)
#: Modules only for a database that must be made or migrated, for networks and for media.
NEEDLESS_FOR_A_LIST = ("alembic", "crontab", "httpx", "imageio_ffmpeg", "psycopg", "tomli_w")


def loaded(result: CompletedProcess[str]) -> set[str]:
    """Read the report of ``python -X importtime``."""
    lines = (line for line in result.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def among(modules: Iterable[str], unwanted: Iterable[str]) -> set[str]:
    wanted_out = tuple(unwanted)
    return {
        m for m in modules if m in wanted_out or m.startswith(tuple(f"{u}." for u in wanted_out))
    }


@pytest.mark.parametrize("arguments", [("--help",), ("job", "--help"), ("run", "--help")])
def test_help_loads_nothing_heavy(zoomauto: Program, arguments: tuple[str, ...]):
    # pydantic is not in the list: Typer itself reads the values of options with it.
    result = zoomauto(*arguments, python=("-X", "importtime"))
    assert (result.returncode, among(loaded(result), HEAVY)) == (0, set())


def test_version_loads_nothing_heavy(zoomauto: Program):
    result = zoomauto("--version", python=("-X", "importtime"))
    assert (result.returncode, among(loaded(result), HEAVY)) == (0, set())


def test_a_list_from_a_current_database_loads_no_migrations_no_network_and_no_media(
    zoomauto: Program,
):
    first = zoomauto("job", "list", "--output", "json")
    second = zoomauto("job", "list", "--output", "json", python=("-X", "importtime"))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert among(loaded(second), NEEDLESS_FOR_A_LIST) == set()
    # JSON is not drawn, so nothing that draws is loaded.
    assert among(loaded(second), ("rich",)) == set()


def test_the_report_would_show_a_heavy_module(zoomauto: Program):
    result = zoomauto("job", "list", python=("-X", "importtime"))
    assert "sqlmodel" in loaded(result)


#: What only a real run needs, and what only one of several databases does.
NEEDLESS_WHEN_NOTHING_IS_DUE = (
    *NEEDLESS_FOR_A_LIST,
    "croniter",
    "regex",
    "rich",
    "sqlalchemy.dialects.postgresql",
    "zoomauto.adapters",
    "zoomauto.logs",
    "zoomauto.media",
    "zoomauto.stages",
    "zoomauto.storage.recordings",
    "zoomauto.storage.tables",
    "zoomauto.usecases.run_job",
    "zoomauto.workspace",
)


def test_a_scheduled_start_that_finds_nothing_due_loads_nothing_that_a_run_needs(
    zoomauto: Program, tmp_path: Path
):
    (tmp_path / "recordings").mkdir()
    for arguments in (
        ("source", "add", "laptop", "--type", "folder", "--option", f"path={tmp_path}/recordings"),
        ("template", "create", "everything"),
        ("job", "create", "Nightly", "--template", "everything", "--daily", "03:00"),
    ):
        assert zoomauto(*arguments).returncode == 0
    result = zoomauto("run", "nightly", "--scheduled", python=("-X", "importtime"))
    assert (result.returncode, result.stdout) == (0, "")
    assert among(loaded(result), NEEDLESS_WHEN_NOTHING_IS_DUE) == set()
