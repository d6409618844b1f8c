"""What was applied to scheduler backends."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, and_, delete, select

from zoomauto.domain.application import Application
from zoomauto.errors import ConfigurationError
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import first, upsert
from zoomauto.storage.tables import ApplicationRow, InstallationRow

_APPLICATIONS = table_of(ApplicationRow)
_INSTALLATION = table_of(InstallationRow)


@dataclass(frozen=True, slots=True)
class SqlApplications:
    """Implements :class:`zoomauto.ports.store.Applications`."""

    connection: Connection

    def installation(self) -> str:
        """Give the name that the migration drew."""
        row = first(self.connection, select(_INSTALLATION))
        if row is None:
            raise ConfigurationError("the database has lost the name of its installation")
        return str(row.id)

    def list(self, owner: str, *, host: str) -> Sequence[Application]:
        """Give what stands applied for the owner on a host, the newest first."""
        table = _APPLICATIONS.c
        query = select(_APPLICATIONS).where(table.owner == owner, table.host == host)
        rows = self.connection.execute(query.order_by(table.applied_at.desc(), table.backend))
        return [Application(**row._asdict()) for row in rows]

    def save(self, application: Application) -> None:
        """Save it, in place of the earlier one through the same backend."""
        upsert(self.connection, _APPLICATIONS, asdict(application))

    def remove(self, application: Application) -> None:
        """Forget it."""
        keys = (column for column in _APPLICATIONS.primary_key)
        mine = and_(*(column == getattr(application, column.name) for column in keys))
        self.connection.execute(delete(_APPLICATIONS).where(mine))
