"""Which schedule ``schedule next`` is asked about, and when it occurs."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from zoomauto.cli._call import Call
from zoomauto.cli._job_options import ScheduleFlags
from zoomauto.cli._job_words import required_schedule, schedule_of
from zoomauto.clock import SystemClock
from zoomauto.domain.job import Job
from zoomauto.domain.occurrence import occurrences
from zoomauto.domain.schedule import Schedule
from zoomauto.errors import UsageError


def wanted_schedule(
    call: Call, job: str | None, flags: ScheduleFlags
) -> tuple[Schedule, Job | None]:
    """Give the schedule of a job, with the job, or of the flags; a job may be in another zone.

    Raise UsageError for both or neither. Without a job, no database is opened.
    """
    default = call.settings.timezone
    if job is None:
        return required_schedule(flags, default_timezone=default), None
    if schedule_of(flags, default_timezone=default) is not None:
        raise UsageError("name a job or a schedule, not both")
    # The database costs 300 ms that a schedule of its own does not need.
    from zoomauto.bootstrap import open_app

    with open_app(call.settings) as opened:
        found = opened.show_job()(call.owner, job).job
    base = found.spec.schedule
    return schedule_of(flags, base=base, default_timezone=base.timezone) or base, found


def first_occurrences(schedule: Schedule, start: datetime, count: int) -> Sequence[datetime]:
    """Give the first ``count`` occurrences after ``start``."""
    return list(islice(occurrences(schedule, start), count))


def instant(text: str | None, timezone: str) -> datetime:
    """Read an ISO instant; one without an offset is on the clocks of ``timezone``, None is now."""
    if text is None:
        return SystemClock().now()
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"--after takes an ISO 8601 instant, not {text!r}",
            hint="--after 2026-03-28T00:00+01:00",
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(timezone))
