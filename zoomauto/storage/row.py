"""What all tables share: their metadata, their instants, and how to get at them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import DateTime, Dialect, MetaData, Table, inspect
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from zoomauto.domain.instant import as_utc

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
#: Every id is used once for ever (sequences do so anyway): work folders and leases are named after
#: ids, and must not pass to a later row.
KEEP_IDS = {"sqlite_autoincrement": True}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant: refuses naive ones, gives UTC back whatever the server's zone.

    On SQLite it is text of fixed width in UTC, which sorts as instants do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    # Processors instead of the usual process_... methods: a sync writes three instants per
    # recording, and the dialect's own formatting would cost more than the insert.

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Say how an instant goes in."""
        return _to_text if dialect.name == "sqlite" else _to_server

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Say how an instant comes out."""
        return _from_text if dialect.name == "sqlite" else _to_server


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else as_utc(value).isoformat(" ", "microseconds")[:-6]


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _to_server(value: datetime | None) -> datetime | None:
    return None if value is None else as_utc(value)


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """What all tables share: their metadata, whose constraints have stable names."""

    __abstract__: ClassVar[bool] = True


def table_of(row: type[Row]) -> Table:
    """Give the table behind a class."""
    return cast("Table", inspect(row).local_table)
