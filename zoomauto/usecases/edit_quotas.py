"""Show and set what an owner may have."""

from dataclasses import dataclass, replace
from datetime import timedelta

from zoomauto.domain.quota import Quota
from zoomauto.errors import UsageError
from zoomauto.ports.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaView:
    """An owner's quota and what is used of it."""

    owner: str
    quota: Quota
    jobs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaChange:
    """``has_...`` says whether a part is asked for, since None means unlimited."""

    has_max_jobs: bool = False
    max_jobs: int | None = None
    has_min_interval: bool = False
    min_interval: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class ShowQuota:
    """Show an owner's quota."""

    store: Store

    def __call__(self, owner: str) -> QuotaView:
        """Give the quota, the default one for an owner without."""
        with self.store.reading() as tx:
            return QuotaView(owner=owner, quota=tx.quotas.get(owner), jobs=len(tx.jobs.list(owner)))


@dataclass(frozen=True, kw_only=True)
class SetQuota:
    """Change an owner's quota. Jobs that exist already stay as they are."""

    store: Store

    def __call__(self, owner: str, change: QuotaChange) -> QuotaView:
        """Raise UsageError for a limit below zero."""
        if change.max_jobs is not None and change.max_jobs < 0:
            raise UsageError("--max-jobs must be 0 or more, or 'unlimited'")
        if change.min_interval is not None and change.min_interval < timedelta():
            raise UsageError("--min-interval-hours must be 0 or more, or 'none'")
        with self.store.writing(owner=owner) as tx:
            quota = tx.quotas.get(owner)
            if change.has_max_jobs:
                quota = replace(quota, max_jobs=change.max_jobs)
            if change.has_min_interval:
                quota = replace(quota, min_interval=change.min_interval)
            tx.quotas.set(owner, quota)
            return QuotaView(owner=owner, quota=quota, jobs=len(tx.jobs.list(owner)))
