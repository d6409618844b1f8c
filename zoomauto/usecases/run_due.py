"""Run whatever is due, one job after another: the safety net behind every entry."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from zoomauto.domain.job import Job
from zoomauto.domain.run import RunReport
from zoomauto.domain.verdict import failure_code, failure_text, worst
from zoomauto.errors import ZoomautoError
from zoomauto.ports.store import Store
from zoomauto.usecases.claim_run import ClaimRun
from zoomauto.usecases.run_job import RunJob, RunRequest

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class DueFailure:
    """What kept a job, or the entries, from being looked after; there is no run to tell it."""

    #: None when it belongs to no job.
    job: str | None
    code: str
    message: str
    hint: str | None
    exit_code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DueReport:
    """All that was due, in the order it was run."""

    runs: tuple[RunReport, ...]
    failures: tuple[DueFailure, ...] = ()
    #: What a person should know about the entries of this host.
    remark: str | None = None

    @property
    def exit_code(self) -> int:
        """The worst of all exit codes; see :func:`zoomauto.domain.verdict.worst`."""
        codes = [run.run.exit_code or 0 for run in self.runs]
        return worst([*codes, *(failure.exit_code for failure in self.failures)])


@dataclass(frozen=True, kw_only=True)
class RunDue:
    """Run what is due of one owner's jobs, and what was left unfinished, then refresh entries."""

    store: Store
    claim: ClaimRun
    #: Made only when something is due: nearly every start ends before.
    run_job: Callable[[], RunJob]
    #: Brings this host's entries up to date; gives what a person should know, or None.
    refresh: Callable[[], str | None] | None = None

    def __call__(self, owner: str) -> DueReport:
        """One job's failure does not stop the others."""
        with self.store.reading() as tx:
            jobs = tx.jobs.list(owner)
        runs: list[RunReport] = []
        failures: list[DueFailure] = []
        for job in jobs:
            try:
                runs += self._runs(job)
            except Exception as error:  # noqa: BLE001 - one job's trouble is its own, a bug's too
                failures.append(_failure(error, job.name))
        remark = None
        if self.refresh is not None:
            try:
                remark = self.refresh()
            except Exception as error:  # noqa: BLE001 - the runs are told all the same
                failures.append(_failure(error, None))
        return DueReport(runs=tuple(runs), failures=tuple(failures), remark=remark)

    def _runs(self, job: Job) -> Iterator[RunReport]:
        reference = f"id:{job.id}"
        if not self.claim.has_work(job.owner, reference):
            return
        request = RunRequest(owner=job.owner, job=reference, scheduled=True)
        report = self.run_job()(request)
        if report is not None:
            yield report
            yield from report.followed_by


def _failure(error: Exception, job: str | None) -> DueFailure:
    is_foreseen = isinstance(error, ZoomautoError)
    logger.error("%s", error, exc_info=None if is_foreseen else error, extra={"action": "due"})
    return DueFailure(
        job=job,
        code=failure_code(error),
        message=failure_text(error),
        hint=error.hint if isinstance(error, ZoomautoError) else None,
        exit_code=error.exit_code if isinstance(error, ZoomautoError) else 1,
    )
