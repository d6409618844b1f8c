"""How long Google is waited for before a request counts as failed. All waits are the clock's."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from zoomauto.errors import TemporaryError, Unreachable, ZoomautoError
from zoomauto.google.faults import is_passing, refusal
from zoomauto.http import Answer
from zoomauto.ports.clock import Clock

#: How often a request is made, or a piece is sent in vain, before it counts as failed.
TRIES = 6
#: A longer wait is not for a job that cron starts.
LONGEST_WAIT = timedelta(seconds=60)


def ask_patiently(send: Callable[[], Answer], clock: Clock, *, what: str) -> Answer:
    """Ask until there is an answer that waiting would not change.

    Raise Unreachable, TemporaryError or RateLimited when nothing helped.
    """
    for attempt in range(1, TRIES + 1):
        answer: Answer | None = None
        try:
            answer = send()
            if not is_passing(answer):
                return answer
            failure: ZoomautoError = refusal(answer, clock.now(), what=what)
        except Unreachable as error:
            failure = error
        if attempt == TRIES:
            raise failure
        clock.sleep(pause_after(answer, attempt, clock.now(), what=what))
    raise AssertionError("the last attempt returns or raises")


def pause_after(answer: Answer | None, attempt: int, now: datetime, *, what: str) -> timedelta:
    """Give the wait before the next attempt, counted from 1; Retry-After counts if it is given.

    Raise TemporaryError, with the time, when Google wants to be left alone for longer.
    """
    back_at = None if answer is None else answer.back_at(now)
    if back_at is None:
        most = min(2.0 ** (attempt - 1), LONGEST_WAIT.total_seconds())
        return timedelta(seconds=random.uniform(most / 2, most))  # noqa: S311 - no secret
    if back_at - now > LONGEST_WAIT:
        raise TemporaryError(
            f"Google asks not to {what} again before {back_at:%Y-%m-%d %H:%M:%S} UTC",
            reset_at=back_at.isoformat(),
        )
    # A little more, so that not everybody comes back at once.
    jitter = timedelta(seconds=random.uniform(0.05, 0.5))  # noqa: S311 - no secret
    return max(back_at - now, timedelta()) + jitter
