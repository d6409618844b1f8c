"""Quotas: guard rails per owner, not access control."""

from dataclasses import dataclass
from datetime import timedelta

from zoomauto.errors import QuotaExceeded

DEFAULT_MAX_JOBS = 5
DEFAULT_MIN_INTERVAL = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """What an owner may have. None means unlimited."""

    max_jobs: int | None = DEFAULT_MAX_JOBS
    min_interval: timedelta | None = DEFAULT_MIN_INTERVAL


def check_job_count(quota: Quota, *, owner: str, jobs_after: int) -> None:
    """Raise QuotaExceeded when ``jobs_after`` jobs are more than ``owner`` may have."""
    if quota.max_jobs is None or jobs_after <= quota.max_jobs:
        return
    raise QuotaExceeded(
        f"{owner} may have {quota.max_jobs} jobs and this would be number {jobs_after}",
        hint=f"zoomauto quota set --max-jobs {jobs_after}",
        limit=quota.max_jobs,
        asked=jobs_after,
    )


def check_interval(quota: Quota, *, owner: str, interval: timedelta) -> None:
    """Raise QuotaExceeded when two consecutive occurrences lie closer than ``owner`` may have.

    ``interval`` is the smallest gap of the pattern on the wall clock over its whole cycle.
    """
    if quota.min_interval is None or interval >= quota.min_interval:
        return
    raise QuotaExceeded(
        f"the schedule starts every {_hours(interval)} hours at its closest and {owner} may go"
        f" down to {_hours(quota.min_interval)}",
        hint=f"zoomauto quota set --min-interval-hours {_hours(interval)}",
        limit=quota.min_interval.total_seconds(),
        asked=interval.total_seconds(),
    )


def _hours(span: timedelta) -> str:
    # Rounded down, so that the command in the hint lets the schedule pass.
    hours = span.total_seconds() / 3600
    return f"{int(hours * 10_000) / 10_000:g}"
