"""What owners may have."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select

from zoomauto.domain.quota import Quota
from zoomauto.storage.row import table_of
from zoomauto.storage.statements import first, upsert
from zoomauto.storage.tables import QuotaRow

_QUOTAS = table_of(QuotaRow)


@dataclass(frozen=True, slots=True)
class SqlQuotas:
    """Implements :class:`zoomauto.ports.store.Quotas`."""

    connection: Connection

    def get(self, owner: str) -> Quota:
        """Give the owner's quota, or the default one."""
        row = first(self.connection, select(_QUOTAS).where(_QUOTAS.c.owner == owner))
        if row is None:
            return Quota()
        hours = row.min_automation_interval_hours
        return Quota(
            max_jobs=row.max_automation_jobs,
            min_interval=None if hours is None else timedelta(hours=hours),
        )

    def set(self, owner: str, quota: Quota) -> None:
        """Save the owner's quota."""
        gap = quota.min_interval
        values = {
            "owner": owner,
            "max_automation_jobs": quota.max_jobs,
            "min_automation_interval_hours": None if gap is None else gap / timedelta(hours=1),
        }
        upsert(self.connection, _QUOTAS, values)
