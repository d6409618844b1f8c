"""When what failed is tried again (contract, section 6: Carried to the end)."""

from datetime import datetime, timedelta

from zoomauto.domain.recording import FailureKind, Recording
from zoomauto.errors import TemporaryError, ZoomautoError

#: The waits between the attempts of one stage within one run: three attempts in all.
ATTEMPT_GAPS = (timedelta(seconds=2), timedelta(seconds=10))
#: The wait of scheduled runs after the first failed run; it doubles each time, up to a day.
FIRST_GAP = timedelta(minutes=15)
LONGEST_GAP = timedelta(days=1)
#: A run waits no longer than this for a vendor who says when to come back.
LONGEST_PAUSE = timedelta(minutes=1)
#: Doublings after which the gap is the longest one for sure.
_ENOUGH_DOUBLINGS = 7


def reset_at(error: Exception) -> datetime | None:
    """Give when the other side wants to be asked again, if an error says so."""
    said = error.data.get("reset_at") if isinstance(error, ZoomautoError) else None
    try:
        until = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return until if until is not None and until.tzinfo is not None else None


def pause(error: TemporaryError, gap: timedelta, *, now: datetime) -> timedelta | None:
    """Give how long a run waits for another attempt; None when that is a later run's business."""
    until = reset_at(error)
    if until is None:
        return gap if error.retry_now else None
    return None if until - now > LONGEST_PAUSE else max(gap, until - now)


def next_attempt(failed_runs_before: int, now: datetime, *, error: Exception) -> datetime:
    """Give the instant from which scheduled runs try again.

    It is the one that the other side named; else gaps grow. Neither is more than a day away.
    """
    until = reset_at(error)
    if until is not None and until > now:
        return min(until, now + LONGEST_GAP)
    doublings = min(failed_runs_before, _ENOUGH_DOUBLINGS)
    gap: timedelta = FIRST_GAP * 2**doublings
    return now + min(gap, LONGEST_GAP)


def must_wait(recording: Recording, *, now: datetime) -> bool:
    """Whether a scheduled run leaves a failed recording alone for now.

    An instant beyond the longest gap was written by a clock that was wrong, and counts for
    nothing.
    """
    due = recording.next_attempt_at
    if recording.failure is not FailureKind.TEMPORARY or due is None:
        return False
    return now < due <= now + LONGEST_GAP
