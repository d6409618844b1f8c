"""Instants are aware; naive ones are refused where they enter."""

from datetime import UTC, datetime


def as_utc(instant: datetime) -> datetime:
    """Give ``instant`` in UTC. Raise ValueError for a naive one: its zone would be a guess."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC)
