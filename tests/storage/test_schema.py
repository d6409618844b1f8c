"""Migrations: equal to the tables, there and back, and once however many processes start."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from zoomauto.domain.policy import Policies
from zoomauto.domain.quota import Quota
from zoomauto.errors import ConfigurationError
from zoomauto.storage import schema
from zoomauto.storage.database import SqlDatabase
from zoomauto.storage.engine import open_engine, writing
from zoomauto.storage.store import open_store
from zoomauto.storage.tables import Row

NEXT = "9999"
OPEN = "import sys; from zoomauto.storage.store import open_store as o; o(sys.argv[1]).close()"
UPGRADE = """
import sys, alembic.command
from zoomauto.storage.database import SqlDatabase
print("ready", flush=True)
sys.stdin.readline()
print(SqlDatabase(url=sys.argv[1]).upgrade().state)
"""


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, url: str) -> Iterator[Engine]:
    """An engine on a database that has been upgraded."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    SqlDatabase(url=url).upgrade()
    engine = open_engine(url)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Row.metadata))


def definitions(path: Path) -> dict[str, set[str]]:
    """Give each table's and index's definition, as the set of its parts."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {
            name: {re.sub(r"\s+", " ", part).strip(" )") for part in re.split(r",(?![^(]*\))", sql)}
            for name, sql in rows
            if name != "alembic_version"
        }


def test_the_migrations_give_exactly_the_tables(engine: Engine):
    assert differences(engine) == []


def test_to_the_letter_on_sqlite(tmp_path: Path, path: Path, url: str):
    SqlDatabase(url=url).upgrade()
    straight = open_engine(f"sqlite:///{tmp_path}/straight.db")
    with writing(straight).begin() as connection:
        Row.metadata.create_all(connection)
    straight.dispose()

    assert definitions(path) == definitions(tmp_path / "straight.db")


def test_down_to_nothing_and_up_again_gives_the_same(engine: Engine):
    with writing(engine).begin() as connection:
        schema.run_migrations(connection, "base")
        left = inspect(connection).get_table_names()
        schema.run_migrations(connection, schema.HEAD)

    assert left == ["alembic_version"]
    assert differences(engine) == []


def test_every_migration_is_named_and_the_newest_is_the_head():
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)

    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


def test_upgrading_what_is_current_changes_nothing(path: Path, url: str):
    SqlDatabase(url=url).upgrade()
    before = path.read_bytes()

    assert SqlDatabase(url=url).upgrade().state == "current"
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["zoomauto.db"]


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """Give the URL of a database that is one revision behind; it holds a quota of 7."""
    store = open_store(url)
    with store.writing() as tx:
        tx.quotas.set("anna", Quota(max_jobs=7))
    store.close()
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, NEXT))
    monkeypatch.setattr(schema, "HEAD", NEXT)
    monkeypatch.setattr("zoomauto.storage.store.HEAD", NEXT)
    return url


def test_an_older_database_is_copied_before_it_is_migrated(
    older: str, path: Path, monkeypatch: pytest.MonkeyPatch
):
    migrated: list[str] = []
    monkeypatch.setattr(schema, "run_migrations", lambda _, revision: migrated.append(revision))

    open_store(older).close()

    assert migrated == [NEXT]
    copy = path.with_name(f"zoomauto.db.before-{schema.REVISIONS[-2]}")
    with closing(sqlite3.connect(copy)) as connection:
        (kept,) = connection.execute("SELECT max_automation_jobs FROM user_quotas").fetchone()
    assert kept == 7


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    older: str, monkeypatch: pytest.MonkeyPatch
):
    def fail(connection: object, revision: str) -> None:
        connection.exec_driver_sql("DROP TABLE user_quotas")  # type: ignore[attr-defined]
        raise RuntimeError(revision)

    monkeypatch.setattr(schema, "run_migrations", fail)
    with pytest.raises(RuntimeError, match=NEXT):
        open_store(older)
    monkeypatch.undo()

    store = open_store(older)
    with store.reading() as tx:
        assert tx.quotas.get("anna") == Quota(max_jobs=7)
    store.close()


def test_many_first_starts_at_once_make_one_database(
    url: str, path: Path, python: Callable[..., Popen[str]]
):
    starts = [python(OPEN, url) for _ in range(6)]

    said = [start.communicate()[0] for start in starts]
    assert (said, [start.returncode for start in starts]) == ([""] * 6, [0] * 6)
    assert [entry.name for entry in path.parent.iterdir()] == ["zoomauto.db"]
    assert SqlDatabase(url=url).status().state == "current"


def test_upgrades_of_a_server_at_once_all_succeed(
    postgres_url: str, python: Callable[..., Popen[str]]
):
    upgrades = [python(UPGRADE, postgres_url) for _ in range(3)]
    for upgrade in upgrades:
        assert upgrade.stdout is not None
        assert upgrade.stdout.readline() == "ready\n"
    for upgrade in upgrades:
        assert upgrade.stdin is not None
        upgrade.stdin.write("go\n")
        upgrade.stdin.flush()

    assert [upgrade.communicate()[0] for upgrade in upgrades] == ["current\n"] * 3


def test_jobs_and_runs_of_the_first_schema_keep_their_rows_and_ids(path: Path, url: str):
    engine = open_engine(url)
    path.parent.mkdir(exist_ok=True)
    with writing(engine).begin() as connection:
        schema.run_migrations(connection, "0001")
        connection.exec_driver_sql(
            "INSERT INTO automation_jobs VALUES (7, 'anna', 'Daily', 'daily', '', '[1]',"
            ' \'{"type": "hours", "hours": 3, "timezone": "UTC"}\', 2, \'["INITIALIZED"]\', 1,'
            " '{}', 1, '2026-03-01 06:00:00', '2026-03-01 06:00:00', '2026-03-01 06:00:00',"
            " NULL, NULL, 0)"
        )
        connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = 40")
    engine.dispose()

    store = open_store(url)
    with store.writing() as tx:
        (job,) = tx.jobs.list("anna")
        second = tx.jobs.add(
            "anna", replace(job.spec, name="Next"), slug="next", now=job.created_at
        )
    store.close()

    assert (job.id, job.policies, job.failures_in_row, job.paused_reason) == (
        7,
        Policies(),
        0,
        None,
    )
    assert second.id == 41


def test_a_migration_that_leaves_a_dangling_reference_is_undone(
    older: str, monkeypatch: pytest.MonkeyPatch
):
    def orphan(connection: object, revision: str) -> None:
        connection.exec_driver_sql(  # type: ignore[attr-defined]
            "INSERT INTO checkpoints VALUES (1, 99, 'trim', '2026-03-01', 'f', '')"
        )

    monkeypatch.setattr(schema, "run_migrations", orphan)
    with pytest.raises(ConfigurationError, match="refers to a row of recordings that is gone"):
        open_store(older)
    monkeypatch.undo()

    store = open_store(older)
    with store.reading() as tx:
        assert list(tx.recordings.checkpoints(99)) == []
    store.close()
