"""How a database is found, made and refused."""

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zoomauto.domain.lease import Holder, Lease
from zoomauto.domain.quota import Quota
from zoomauto.errors import (
    ConfigurationError,
    SchemaOutdated,
    SchemaTooNew,
    TemporaryError,
    UsageError,
)
from zoomauto.storage.database import SqlDatabase
from zoomauto.storage.store import open_store

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def put_lease(url: str, name: str = "job:1") -> None:
    holder = Holder(host="laptop", realm="boot-1", pid=1, pid_started="1")
    store = open_store(url)
    with store.writing() as tx:
        expiry = NOW + timedelta(minutes=1)
        tx.leases.put(Lease(name=name, holder=holder, acquired_at=NOW, expires_at=expiry))
    store.close()


def names_beside(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def pretend_revision(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])


def test_a_database_is_made_on_first_use_for_this_user_alone(path: Path, url: str):
    open_store(url).close()

    assert names_beside(path) == ["zoomauto.db"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["a b", "100%25", "why?x=1#y", "Ελλάδα 🎬", "a;b&c'\""])
def test_any_path_is_taken_as_it_stands(tmp_path: Path, name: str):
    path = tmp_path / name / f"{name}.db"
    put_lease(f"sqlite:///{path}")

    assert names_beside(path) == [path.name]
    store = open_store(f"sqlite:///{path}", read_only=True)
    with store.reading() as tx:
        assert tx.leases.get("job:1") is not None


def test_a_relative_path_starts_at_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///here.db").close()

    assert (tmp_path / "here.db").is_file()


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://x/y", "nonsense", ""]
)
def test_a_url_that_names_no_usable_database_is_refused(url: str):
    with pytest.raises(ConfigurationError):
        open_store(url)


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path, url: str):
    path.parent.mkdir()
    path.write_text("just some text, long enough to be looked at\n" * 100)
    before = path.read_bytes()

    for read_only in (False, True):
        with pytest.raises(ConfigurationError, match="is not a database"):
            open_store(url, read_only=read_only)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused_and_left_alone(path: Path, url: str):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")

    with pytest.raises(ConfigurationError, match="table bookmarks"):
        open_store(url)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("bookmarks",)]


def test_a_folder_in_place_of_the_file_is_refused(path: Path, url: str):
    path.mkdir(parents=True)

    with pytest.raises(ConfigurationError):
        open_store(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/below/zoomauto.db")


def test_a_database_from_a_newer_version_is_refused(path: Path, url: str):
    open_store(url).close()
    pretend_revision(path, "9999")

    for read_only in (False, True):
        with pytest.raises(SchemaTooNew):
            open_store(url, read_only=read_only)


def test_without_leave_to_create_a_missing_database_names_the_command(path: Path, url: str):
    for create, read_only in ((False, False), (True, True)):
        with pytest.raises(ConfigurationError) as refusal:
            open_store(url, create=create, read_only=read_only)
        assert refusal.value.hint == "zoomauto database upgrade"
    assert not path.parent.exists()


def test_read_only_an_empty_schema_is_outdated_and_stays_so(path: Path, url: str):
    path.parent.mkdir()
    path.write_bytes(b"")

    with pytest.raises(SchemaOutdated) as refusal:
        open_store(url, read_only=True)
    assert (refusal.value.exit_code, refusal.value.hint) == (78, "zoomauto database upgrade")
    assert path.read_bytes() == b""


def test_reading_only_leaves_every_byte_and_no_file_beside(path: Path, url: str):
    put_lease(url)
    before = path.read_bytes()

    store = open_store(url, read_only=True)
    with store.reading() as tx:
        assert tx.leases.get("job:1") is not None
        assert names_beside(path) == ["zoomauto.db"]
    store.close()

    assert (path.read_bytes(), names_beside(path)) == (before, ["zoomauto.db"])


def test_reading_only_works_in_a_folder_that_cannot_be_written(path: Path, url: str):
    put_lease(url)
    path.chmod(0o400)
    path.parent.chmod(0o500)

    store = open_store(url, read_only=True)
    with store.reading() as tx:
        assert tx.leases.get("job:1") is not None
    path.parent.chmod(0o700)


def test_reading_only_sees_what_another_has_written_and_not_yet_moved_over(url: str):
    writer = open_store(url)
    with writer.writing() as tx:
        tx.quotas.set("anna", Quota(max_jobs=7))

    reader = open_store(url, read_only=True)
    with reader.reading() as tx:
        assert tx.quotas.get("anna") == Quota(max_jobs=7)
    reader.close()
    writer.close()


def test_a_store_that_only_reads_refuses_to_write(url: str):
    open_store(url).close()
    store = open_store(url, read_only=True)

    with pytest.raises(UsageError, match="reading only"), store.writing():
        pass


def test_closing_leaves_no_file_beside_even_after_a_failure(path: Path, url: str):
    store = open_store(url)
    with pytest.raises(ValueError, match="naive"), store.writing():
        raise ValueError("naive")
    with store.reading() as tx:
        tx.jobs.list("anna")
    assert f"{path.name}-wal" in names_beside(path)

    store.close()

    assert names_beside(path) == ["zoomauto.db"]


def test_a_server_that_does_not_answer_is_temporary_and_keeps_the_password():
    with pytest.raises(TemporaryError) as failure:
        open_store("postgresql://anna:sesame@127.0.0.1:1/zoomauto")

    assert "sesame" not in str(failure.value)


def test_a_server_without_our_schema_is_not_touched(postgres_url: str):
    with pytest.raises(SchemaOutdated) as refusal:
        open_store(postgres_url)

    assert (refusal.value.exit_code, refusal.value.hint) == (78, "zoomauto database upgrade")
    assert SqlDatabase(url=postgres_url).status().state == "missing"


def test_a_server_without_the_database_is_a_matter_of_configuration(postgres_url: str):
    with pytest.raises(ConfigurationError, match="does not exist"):
        open_store(f"{postgres_url}_nowhere")


def test_a_nul_character_is_refused_by_a_server_as_unusable_text(postgres_url: str):
    SqlDatabase(url=postgres_url).upgrade()
    store = open_store(postgres_url)

    with pytest.raises(UsageError, match="NUL"), store.writing() as tx:
        tx.quotas.set("an\0na", Quota())
    store.close()


def test_a_server_that_was_restarted_meanwhile_is_found_again(postgres_url: str):
    SqlDatabase(url=postgres_url).upgrade()
    store, killer = open_store(postgres_url), open_store(postgres_url)
    with killer.reading() as tx:
        tx.jobs.list("anna")
    _cut_all_other_connections(postgres_url)

    with store.reading() as tx:
        assert tx.jobs.list("anna") == []
    store.close()
    killer.close()


def _cut_all_other_connections(url: str) -> None:
    import psycopg  # noqa: PLC0415 - an extra that may be absent

    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_server_url_without_the_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("zoomauto.storage.engine.find_spec", lambda _: None)

    with pytest.raises(ConfigurationError) as refusal:
        open_store("postgresql://anna@127.0.0.1/zoomauto")
    assert refusal.value.hint == 'pip install "zoomauto[postgres]"'
