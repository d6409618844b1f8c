"""Configured places of all owners: sources and destinations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from zoomauto.domain.source import DestinationConfig, SourceConfig
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import changed, first, unique
from zoomauto.storage.tables import DestinationRow, SourceRow

_SOURCES = table_of(SourceRow)
_DESTINATIONS = table_of(DestinationRow)


@dataclass(frozen=True, slots=True)
class SqlSources:
    """Implements :class:`zoomauto.ports.store.Sources`."""

    connection: Connection

    def add(self, draft: SourceConfig) -> SourceConfig:
        """Save a new source (its ``id`` is ignored). Raise AlreadyExists for a taken name."""
        query = insert(_SOURCES).values(_source_values(draft)).returning(_SOURCES)
        with unique(self.connection, "source", draft.name):
            return _source(self.connection.execute(query).one())

    def get(self, source_id: int) -> SourceConfig | None:
        """Give a source, or None."""
        row = first(self.connection, select(_SOURCES).where(_SOURCES.c.id == source_id))
        return None if row is None else _source(row)

    def list(self, owner: str) -> Sequence[SourceConfig]:
        """Give the owner's sources, by id."""
        query = select(_SOURCES).where(_SOURCES.c.owner == owner).order_by(_SOURCES.c.id)
        return [_source(row) for row in self.connection.execute(query)]

    def replace(self, source: SourceConfig) -> SourceConfig:
        """Save a changed source. Raise AlreadyExists for a taken name, NotFound for none."""
        query = update(_SOURCES).where(_SOURCES.c.id == source.id).values(_source_values(source))
        with unique(self.connection, "source", source.name):
            return _source(changed(self.connection, query, _SOURCES, "source"))

    def remove(self, source_id: int) -> None:
        """Forget the source and its recordings, with their checkpoints and publications."""
        self.connection.execute(delete(_SOURCES).where(_SOURCES.c.id == source_id))

    def mark_listed(self, source_id: int, until: datetime) -> None:
        """Remember that everything up to ``until`` has been listed completely.

        The mark never goes back: a slow listing may end after a newer one.
        """
        behind = or_(_SOURCES.c.listed_until.is_(None), _SOURCES.c.listed_until < until)
        query = update(_SOURCES).where(_SOURCES.c.id == source_id, behind)
        self.connection.execute(query.values(listed_until=until))

    def mark_parts(self, source_id: int, listed_until: Mapping[str, datetime]) -> None:
        """Remember up to when each part of the source has been listed; nothing: all alike."""
        query = update(_SOURCES).where(_SOURCES.c.id == source_id)
        self.connection.execute(query.values(parts_listed_until=_written(listed_until)))


@dataclass(frozen=True, slots=True)
class SqlDestinations:
    """Implements :class:`zoomauto.ports.store.Destinations`."""

    connection: Connection

    def add(self, draft: DestinationConfig) -> DestinationConfig:
        """Save a new destination (its ``id`` is ignored). Raise AlreadyExists for a taken name."""
        query = insert(_DESTINATIONS).values(_place_values(draft)).returning(_DESTINATIONS)
        with unique(self.connection, "destination", draft.name):
            return _destination(self.connection.execute(query).one())

    def list(self, owner: str) -> Sequence[DestinationConfig]:
        """Give the owner's destinations, by id."""
        query = select(_DESTINATIONS).where(_DESTINATIONS.c.owner == owner)
        rows = self.connection.execute(query.order_by(_DESTINATIONS.c.id))
        return [_destination(row) for row in rows]

    def replace(self, destination: DestinationConfig) -> DestinationConfig:
        """Save a changed destination. Raise NotFound when there is none of its id."""
        query = update(_DESTINATIONS).where(_DESTINATIONS.c.id == destination.id)
        values = query.values(_place_values(destination))
        with unique(self.connection, "destination", destination.name):
            return _destination(changed(self.connection, values, _DESTINATIONS, "destination"))

    def remove(self, destination_id: int) -> None:
        """Forget the destination. What was published there stays known."""
        self.connection.execute(delete(_DESTINATIONS).where(_DESTINATIONS.c.id == destination_id))


def _source_values(source: SourceConfig) -> dict[str, Any]:
    return _place_values(source) | {
        "is_active": source.is_active,
        "listed_until": source.listed_until,
        "parts_listed_until": _written(source.parts_listed_until),
    }


def _place_values(place: SourceConfig | DestinationConfig) -> dict[str, Any]:
    return {
        "owner": place.owner,
        "name": place.name,
        "type": place.type,
        "options": dict(place.options),
        "secrets": dict(place.secrets),
        "created_at": place.created_at,
        "updated_at": place.updated_at,
    }


def _source(row: Row[Any]) -> SourceConfig:
    values = dict(row._mapping)  # noqa: SLF001 - public, by SQLAlchemy's naming
    parts = values.pop("parts_listed_until") or {}
    read = {part: datetime.fromisoformat(at) for part, at in parts.items()}
    return SourceConfig(**values, parts_listed_until=read)


def _written(parts: Mapping[str, datetime]) -> dict[str, str]:
    return {part: at.isoformat() for part, at in parts.items()}


def _destination(row: Row[Any]) -> DestinationConfig:
    return DestinationConfig(**row._mapping)  # noqa: SLF001 - public, by SQLAlchemy's naming
