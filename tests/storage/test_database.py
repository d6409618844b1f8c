"""Looking after a database: its status and its copies."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest

from zoomauto.domain.quota import Quota
from zoomauto.errors import AlreadyExists, NotFound, UsageError
from zoomauto.ports.database import DatabaseStatus
from zoomauto.storage.database import SqlDatabase
from zoomauto.storage.schema import HEAD
from zoomauto.storage.store import open_store

#: Two owners' quotas change together, always by one transaction.
WRITE = """
import sys
from zoomauto.domain.quota import Quota
from zoomauto.storage.store import open_store
store = open_store(sys.argv[1])
print("writing", flush=True)
for number in range(100_000):
    with store.writing() as tx:
        tx.quotas.set("anna", Quota(max_jobs=number))
        tx.quotas.set("boris", Quota(max_jobs=number))
"""

TABLES = {
    "applications", "artifacts", "automation_jobs", "automation_runs", "checkpoints",
    "deletions", "destinations", "installation", "leases", "publications", "recording_sources",
    "recording_templates", "recordings", "user_quotas",
}  # fmt: skip


def test_a_missing_database_is_reported_and_not_made(path: Path, url: str):
    assert SqlDatabase(url=url).status() == DatabaseStatus(
        url=url, state="missing", revision=None, newest_revision=HEAD, size_bytes=None
    )
    assert not path.parent.exists()


def test_upgrading_makes_it_and_its_status_counts_the_rows(path: Path, url: str):
    SqlDatabase(url=url).upgrade()
    store = open_store(url)
    with store.writing() as tx:
        tx.quotas.set("anna", Quota())
    store.close()

    assert SqlDatabase(url=url).status() == DatabaseStatus(
        url=url,
        state="current",
        revision=HEAD,
        newest_revision=HEAD,
        size_bytes=path.stat().st_size,
        counts=dict.fromkeys(TABLES, 0) | {"user_quotas": 1, "installation": 1},
    )


def test_the_status_of_a_server_shows_no_password(postgres_url: str):
    secret = postgres_url.replace("postgres@", "postgres:sesame@") + "?sslpassword=sesame"
    status = SqlDatabase(url=secret).upgrade()

    assert (status.url, status.state, status.size_bytes) == (postgres_url, "current", None)


def test_a_copy_is_whole_while_another_process_writes(
    tmp_path: Path, url: str, python: Callable[..., Popen[str]]
):
    writer = python(WRITE, url)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    try:
        copies = [tmp_path / f"copy-{number}.db" for number in range(20)]
        sizes = [SqlDatabase(url=url).backup(copy) for copy in copies]
    finally:
        writer.kill()
        writer.communicate()

    assert sizes == [copy.stat().st_size for copy in copies]
    assert [halves_that_differ(copy) for copy in copies] == [0] * 20
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == sorted(
        copy.name for copy in copies
    )


def halves_that_differ(copy: Path) -> int:
    """Check a copy; count transactions of which it holds a half."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        values = connection.execute("SELECT max_automation_jobs FROM user_quotas").fetchall()
    return len(set(values)) - (1 if values else 0)


def test_a_copy_is_for_this_user_alone(tmp_path: Path, url: str):
    SqlDatabase(url=url).upgrade()
    SqlDatabase(url=url).backup(tmp_path / "copy.db")

    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten_by_a_copy(tmp_path: Path, url: str):
    SqlDatabase(url=url).upgrade()
    (tmp_path / "taken").write_text("precious")
    (tmp_path / "link").symlink_to("nowhere")

    for name in ("taken", "link"):
        with pytest.raises(AlreadyExists):
            SqlDatabase(url=url).backup(tmp_path / name)
    assert (tmp_path / "taken").read_text() == "precious"


def test_there_is_nothing_to_copy_before_there_is_a_database(tmp_path: Path, url: str):
    with pytest.raises(NotFound):
        SqlDatabase(url=url).backup(tmp_path / "copy.db")


def test_a_copy_into_a_missing_folder_is_refused(tmp_path: Path, url: str):
    SqlDatabase(url=url).upgrade()

    with pytest.raises(UsageError, match="cannot be written"):
        SqlDatabase(url=url).backup(tmp_path / "nowhere" / "copy.db")


def test_a_server_is_copied_with_its_own_tool():
    with pytest.raises(UsageError) as refusal:
        SqlDatabase(url="postgresql://anna:sesame@db.example/zoom").backup(Path("/b/my copy"))

    assert refusal.value.hint == (
        "pg_dump --format=custom '--file=/b/my copy' postgresql://anna@db.example/zoom"
    )
