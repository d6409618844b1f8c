"""The few pieces of SQL that all collections share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, Select, Table, Update
from sqlalchemy.exc import IntegrityError

from zoomauto.errors import AlreadyExists, NotFound
from zoomauto.storage.faults import is_duplicate

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Begin an INSERT that can say what to do about a conflict."""
    # Only the one in use: on SQLite the other dialect would be a tenth of a start.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert(table)
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert

    return postgresql_insert(table)


def upsert(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert a row, or give the row with the same primary key these values."""
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    insert = insert_into(connection, table).values(values)
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=rest))


@contextmanager
def unique(connection: Connection, what: str, name: str) -> Iterator[None]:
    """Raise AlreadyExists when the block breaks a unique constraint; the transaction goes on."""
    try:
        with connection.begin_nested():
            yield
    except IntegrityError as error:
        if error.orig is None or not is_duplicate(error.orig):
            raise
        raise AlreadyExists(
            f"there is a {what} {name!r} already", hint=f"zoomauto {what} list", name=name
        ) from error


def first(connection: Connection, query: Select[Any]) -> Row[Any] | None:
    """Give the one row of a query, or None."""
    return connection.execute(query).one_or_none()


def changed(connection: Connection, update: Update, table: Table, what: str) -> Row[Any]:
    """Run an UPDATE of one row; give the row as it is now. Raise NotFound when there is none."""
    row = connection.execute(update.returning(table)).one_or_none()
    if row is None:
        raise NotFound(f"the {what} has been removed meanwhile", hint=f"zoomauto {what} list")
    return row
