"""Locks with holder and expiry."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from zoomauto.domain.lease import Holder, Lease
from zoomauto.storage.job_tables import LeaseRow
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import first, upsert

_LEASES = table_of(LeaseRow)


@dataclass(frozen=True, slots=True)
class SqlLeases:
    """Implements :class:`zoomauto.ports.store.Leases`."""

    connection: Connection

    def get(self, name: str) -> Lease | None:
        """Give the lease of that name, stale or not."""
        row = first(self.connection, select(_LEASES).where(_LEASES.c.name == name))
        if row is None:
            return None
        return Lease(
            name=row.name,
            holder=Holder(host=row.host, realm=row.realm, pid=row.pid, pid_started=row.pid_started),
            acquired_at=row.acquired_at,
            expires_at=row.expires_at,
        )

    def put(self, lease: Lease) -> None:
        """Save the lease, in place of any lease of that name."""
        values = asdict(lease.holder) | {
            "name": lease.name,
            "acquired_at": lease.acquired_at,
            "expires_at": lease.expires_at,
        }
        upsert(self.connection, _LEASES, values)

    def renew(self, holder: Holder, *, until: datetime) -> Collection[str]:
        """Renew all leases of ``holder``; give the names it still holds."""
        query = update(_LEASES).where(_held_by(holder)).values(expires_at=until)
        return set(self.connection.execute(query.returning(_LEASES.c.name)).scalars())

    def release(self, name: str, holder: Holder) -> None:
        """Give the lease back, if ``holder`` still has it."""
        self.connection.execute(delete(_LEASES).where(_LEASES.c.name == name, _held_by(holder)))


def _held_by(holder: Holder) -> ColumnElement[bool]:
    # All of it: a pid comes again, after a boot or in another container.
    return and_(*(_LEASES.c[part] == value for part, value in asdict(holder).items()))
