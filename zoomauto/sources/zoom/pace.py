"""How fast Zoom is asked, and how long we wait before we ask again. All waits are the clock's.

A retry library would sleep by itself; these waits must go through the clock that is handed in,
and a daily limit must end them. The loop that remains is shorter than its configuration.
"""

import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from zoomauto.errors import RateLimited, TemporaryError, Unreachable
from zoomauto.http import Answer
from zoomauto.ports.clock import Clock
from zoomauto.sources.zoom.options import Plan
from zoomauto.sources.zoom.pages import Document, document_in

#: How often a request is made before it counts as failed.
TRIES = 6
#: A longer wait is not for a job that cron starts.
LONGEST_WAIT = timedelta(seconds=60)
_SERVER_ERRORS = 500
_LIMITED = 429
_OK = range(200, 300)


class Label(StrEnum):
    """How Zoom weighs an endpoint."""

    LIGHT = "Light"
    MEDIUM = "Medium"
    HEAVY = "Heavy"


#: Requests per second that each plan allows, for all apps of the account together
#: (developers.zoom.us, API rate limits).
_ALLOWED: Mapping[Plan, Mapping[Label, int]] = {
    Plan.FREE: {Label.LIGHT: 4, Label.MEDIUM: 2, Label.HEAVY: 1},
    Plan.PRO: {Label.LIGHT: 30, Label.MEDIUM: 20, Label.HEAVY: 10},
    Plan.BUSINESS: {Label.LIGHT: 80, Label.MEDIUM: 60, Label.HEAVY: 40},
}
#: The account's other apps need their share.
_OUR_SHARE = 0.5


class Pace:
    """Spaces requests evenly, one rate per label, whatever the number of threads."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._clock = clock
        self._gaps = {
            label: timedelta(seconds=1 / (rate * _OUR_SHARE))
            for label, rate in _ALLOWED[plan].items()
        }
        self._free_at: dict[Label, datetime] = {}
        self._lock = threading.Lock()

    def wait(self, label: Label) -> None:
        """Wait for the next place in line."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._free_at.get(label, now))
            if turn - now > LONGEST_WAIT:  # the machine's clock was put back
                turn = now
            self._free_at[label] = turn + self._gaps[label]
        if turn > now:
            self._clock.sleep(turn - now)


def ask_patiently(
    send: Callable[[], Answer],
    clock: Clock,
    read: Callable[[bytes], Document | None] = document_in,
) -> tuple[Answer, Document | None]:
    """Ask until there is an answer that means something: JSON, or a refusal.

    Give it with its document, read by ``read`` if it is none of a refusal, which may have none.

    Broken connections, 5xx, pages in place of JSON and limits per second pass after a wait.
    Raise RateLimited for a daily limit, Unreachable or TemporaryError when nothing helped.
    """
    for attempt in range(1, TRIES + 1):
        pause = _backoff(attempt)
        try:
            answer = send()
        except Unreachable as error:
            failure: TemporaryError = error
        else:
            document = (read if answer.status in _OK else document_in)(answer.body)
            if answer.status == _LIMITED:
                back_at = back_at_of(answer.headers, clock.now())
                failure = _limited(answer, back_at, clock.now())
                pause = _until(back_at, clock.now()) or pause
            elif answer.status >= _SERVER_ERRORS or (document is None and answer.status in _OK):
                failure = TemporaryError(f"Zoom gives no usable answer (status {answer.status})")
            else:
                return answer, document
        if attempt == TRIES or failure.data.get("is_daily"):
            raise failure
        clock.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


def back_at_of(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read when to come back: Retry-After in any form, else X-RateLimit-Reset; None without."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return now + timedelta(seconds=min(int(value), 10**7))
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(value)
        except ValueError:
            continue
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    reset = headers.get("x-ratelimit-reset", "").strip()
    try:
        return datetime.fromtimestamp(int(reset), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _until(back_at: datetime | None, now: datetime) -> timedelta | None:
    """Give the wait, with a little more, so that not everybody comes back at once."""
    if back_at is None:
        return None
    jitter = timedelta(seconds=random.uniform(0.05, 0.5))  # noqa: S311 - no secret
    return min(max(back_at - now, timedelta()) + jitter, LONGEST_WAIT)


def _limited(answer: Answer, back_at: datetime | None, now: datetime) -> RateLimited:
    message = str((document_in(answer.body) or {}).get("message", ""))
    kind = answer.headers.get("x-ratelimit-type", "").lower()
    is_daily = "daily" in (kind or message.lower())
    # Without a word on which limit it is, a long wait tells.
    if not kind and back_at is not None and back_at - now > LONGEST_WAIT:
        is_daily = True
    until = "" if back_at is None else f" until {back_at:%Y-%m-%d %H:%M:%S} UTC"
    return RateLimited(
        f"Zoom's {'daily ' if is_daily else ''}rate limit for this account is used up{until}",
        hint="the next run goes on; start the job less often, or ask which other apps share it",
        reset_at=None if back_at is None else back_at.isoformat(),
        is_daily=is_daily,
    )


def _backoff(attempt: int) -> timedelta:
    most = min(2.0 ** (attempt - 1), LONGEST_WAIT.total_seconds())
    return timedelta(seconds=random.uniform(most / 2, most))  # noqa: S311 - no secret
