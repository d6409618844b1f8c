"""Which revision the schema has, and how it gets to the newest one.

Every start of the program asks for the revision, so asking is cheap; alembic is imported only
when there is something to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from zoomauto.errors import ConfigurationError, SchemaOutdated, SchemaTooNew
from zoomauto.storage.copy import copy_sqlite
from zoomauto.storage.engine import reading, writing

#: The migrations, oldest first: the numbers of the files in ``migrations/versions``.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
HEAD = REVISIONS[-1]

UPGRADE = "zoomauto database upgrade"

_MIGRATIONS = Path(__file__).parent / "migrations"
#: Any fixed number of our own: servers share advisory locks between all programs of a database.
_MIGRATION_LOCK = 0x7A6F_6F6D_6175_746F


def revision_of(connection: Connection) -> str | None:
    """Give the schema's revision. None when there is no schema of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if found is None else str(found)


def state_of(revision: str | None) -> str:
    """Say how a revision stands: ``current``, ``outdated``, ``missing`` or ``too new``."""
    if revision is None:
        return "missing"
    if revision == HEAD:
        return "current"
    return "outdated" if revision in REVISIONS else "too new"


def read_revision(engine: Engine) -> str | None:
    """Give the revision of the schema behind ``engine``."""
    with reading(engine).connect() as connection:
        return revision_of(connection)


def require_current(revision: str | None) -> None:
    """Raise SchemaOutdated or SchemaTooNew unless ``revision`` is the newest one."""
    _refuse_newer(revision)
    if revision == HEAD:
        return
    what = "has no tables yet" if revision is None else f"has the old schema {revision}"
    raise SchemaOutdated(
        f"the database {what}; this program needs {HEAD}",
        hint=UPGRADE,
        revision=revision,
        newest=HEAD,
    )


def upgrade(engine: Engine, file: Path | None) -> None:
    """Bring the schema to the newest revision in one transaction; do nothing when it is there.

    ``file`` is the SQLite database behind ``engine``, None for a server. An older database is
    first copied to ``FILE.before-REVISION``. Of several processes that try at once, one does it
    and the others wait.
    """
    with (
        writing(engine).connect() as connection,
        _foreign_keys_unwatched(connection),
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        # Only now: what was true before the lock may have been changed by who held it.
        revision = revision_of(connection)
        _refuse_newer(revision)
        if revision == HEAD:
            return
        if file is not None:
            _prepare(connection, file, revision)
        run_migrations(connection, HEAD)
        _refuse_dangling(connection)


def run_migrations(connection: Connection, revision: str) -> None:
    """Migrate up, or down, to ``revision`` (``base`` is no schema) in the open transaction."""
    # 300 ms that a current schema must not cost.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # Alembic reads the path as a configuration value, in which % has a meaning.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    current = revision_of(connection)
    down = revision == "base" or (current is not None and revision < current)
    (command.downgrade if down else command.upgrade)(config, revision)


def _refuse_newer(revision: str | None) -> None:
    if state_of(revision) == "too new":
        raise SchemaTooNew(
            f"the database has the schema {revision}, newer than the {HEAD} this program knows",
            hint="pip install --upgrade zoomauto",
            revision=revision,
            newest=HEAD,
        )


def _prepare(connection: Connection, file: Path, revision: str | None) -> None:
    if revision is not None:
        copy_sqlite(file, file.with_name(f"{file.name}.before-{revision}"))
        return
    strangers = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if strangers:
        raise ConfigurationError(
            f"{file} is the database of another program (it has a table {min(strangers)})",
            hint="zoomauto config show",
        )


def _refuse_dangling(connection: Connection) -> None:
    """Raise, and so undo the migration, when SQLite kept a reference to a row that is gone."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if found is not None:
        raise ConfigurationError(
            f"the database is damaged: row {found[1]} of {found[0]} refers to a row of {found[2]}"
            " that is gone",
            hint="zoomauto database backup",
        )


@contextmanager
def _foreign_keys_unwatched(connection: Connection) -> Iterator[None]:
    """Let a migration rebuild a table without SQLite emptying those that refer to it."""
    if connection.dialect.name != "sqlite":
        yield
        return
    # Around the transaction, on the driver's connection: within one the pragma does nothing.
    raw = connection.connection.cursor()
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys = ON")
        raw.close()
