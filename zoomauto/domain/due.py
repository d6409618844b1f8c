"""Whether a job is due: what is run now, and what was missed (contract, section 5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from zoomauto.domain.instant import as_utc
from zoomauto.domain.occurrence import latest_occurrence, next_occurrence, occurrences_between
from zoomauto.domain.policy import CatchUp
from zoomauto.domain.run import Trigger
from zoomauto.domain.schedule import Schedule

#: A start later than this is a catch-up (contract, section 5: Missed).
GRACE = timedelta(minutes=5)
#: Up to here missed occurrences are counted exactly: two years of an hourly job, in half a second.
MOST_COUNTED = 20_000
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """Consecutive occurrences at which nothing started."""

    first: datetime
    last: datetime
    #: MOST_COUNTED stands for that many or more.
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What is to be done now; at least one of the two."""

    #: The occurrence to run.
    occurrence: datetime | None = None
    trigger: Trigger = Trigger.SCHEDULE
    #: What is not run: all before ``occurrence``, or all there is without one.
    missed: Missed | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """When a job is to start: what :func:`due` decides by."""

    schedule: Schedule
    #: Nothing up to here is ever started.
    after: datetime
    #: Starts are wanted this long after each occurrence.
    shift: timedelta = timedelta()
    catch_up: CatchUp = CatchUp.LATEST


def due(calendar: Calendar, now: datetime) -> Due | None:
    """Decide what to do at ``now``; None when every occurrence so far is accounted for.

    Lateness counts from the occurrence and its shift. Occurrences come out in UTC.
    """
    newest = _newest(calendar, now)
    if newest is None:
        return None
    is_late = now - newest - calendar.shift > GRACE
    if is_late and calendar.catch_up is CatchUp.NONE:
        return Due(missed=_missed(calendar, newest))
    return Due(
        occurrence=newest,
        trigger=Trigger.CATCH_UP if is_late else Trigger.SCHEDULE,
        missed=_missed(calendar, newest - _INSTANT),
    )


def passed(calendar: Calendar, now: datetime) -> Missed | None:
    """Give every occurrence so far that is not accounted for: a paused job runs none of them."""
    return _missed(calendar, as_utc(now) - calendar.shift)


def _newest(calendar: Calendar, now: datetime) -> datetime | None:
    until = as_utc(now) - calendar.shift
    found = latest_occurrence(calendar.schedule, after=calendar.after, until=until)
    return as_utc(found) if found else None


def _missed(calendar: Calendar, until: datetime) -> Missed | None:
    schedule, after = calendar.schedule, calendar.after
    last = latest_occurrence(schedule, after=after, until=until)
    first = next_occurrence(schedule, after)
    if first is None or last is None:
        return None
    counted = islice(occurrences_between(schedule, after, until), MOST_COUNTED)
    return Missed(first=as_utc(first), last=as_utc(last), count=sum(1 for _ in counted))
