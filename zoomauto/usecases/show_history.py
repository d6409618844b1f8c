"""Show past runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from zoomauto.domain.run import Run
from zoomauto.errors import NotFound
from zoomauto.ports.store import Store
from zoomauto.usecases.find_job import find_job


@dataclass(frozen=True, kw_only=True)
class ListRuns:
    """Show an owner's runs, or those of one job."""

    store: Store

    def __call__(self, owner: str, job: str | None, *, limit: int | None) -> Sequence[Run]:
        """Give runs, newest first."""
        with self.store.reading() as tx:
            job_id = find_job(tx, owner, job).id if job is not None else None
            return tx.runs.list(owner, job_id=job_id, limit=limit)


@dataclass(frozen=True, kw_only=True)
class ShowRun:
    """Show one run with its report."""

    store: Store

    def __call__(self, owner: str, run_id: int) -> Run:
        """Raise NotFound."""
        with self.store.reading() as tx:
            run = tx.runs.get(run_id)
        if run is None or run.owner != owner:
            raise NotFound(f"there is no run {run_id}", hint="zoomauto history list")
        return run
