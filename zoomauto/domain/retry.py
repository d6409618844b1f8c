"""When what failed is tried again (contract, section 6: Carried to the end)."""

from datetime import datetime, timedelta

from zoomauto.domain.recording import FailureKind, Recording

#: The waits between the attempts of one stage within one run: three attempts in all.
ATTEMPT_GAPS = (timedelta(seconds=2), timedelta(seconds=10))
#: The wait of scheduled runs after the first failed run; it doubles each time, up to a day.
FIRST_GAP = timedelta(minutes=15)
LONGEST_GAP = timedelta(days=1)
#: Doublings after which the gap is the longest one for sure.
_ENOUGH_DOUBLINGS = 7


def next_attempt(failed_runs_before: int, now: datetime) -> datetime:
    """Give the instant from which scheduled runs try again: growing gaps, at most a day."""
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
