"""From the words of ``quota set`` to a change of a quota."""

from datetime import timedelta

from zoomauto.errors import UsageError
from zoomauto.usecases.edit_quotas import QuotaChange


def quota_change(max_jobs: str | None, min_interval_hours: str | None) -> QuotaChange:
    """Read both limits; None is not asked for. Raise UsageError."""
    if max_jobs is None and min_interval_hours is None:
        raise UsageError("name a limit", hint="zoomauto quota set --max-jobs 10")
    return QuotaChange(
        has_max_jobs=max_jobs is not None,
        max_jobs=_jobs(max_jobs),
        has_min_interval=min_interval_hours is not None,
        min_interval=_hours(min_interval_hours),
    )


def _jobs(word: str | None) -> int | None:
    if word is None or word == "unlimited":
        return None
    try:
        return int(word)
    except ValueError as error:
        raise UsageError(f"--max-jobs takes a number or 'unlimited', not {word!r}") from error


def _hours(word: str | None) -> timedelta | None:
    if word is None or word == "none":
        return None
    try:
        return timedelta(hours=float(word))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--min-interval-hours takes hours or 'none', not {word!r}") from error
