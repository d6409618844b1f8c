"""Policies: what becomes of a job's occurrences when not everything goes well."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from zoomauto.errors import InvalidDocument, UsageError

MAX_RETRIES = 10
MAX_PAUSE_AFTER = 1000
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NONE = timedelta()


class CatchUp(StrEnum):
    """What is done about occurrences at which nothing could start (contract, section 5: Missed)."""

    #: The newest of them is run once, when the machine is back.
    LATEST = "latest"
    NONE = "none"


class Overlap(StrEnum):
    """What is done about an occurrence while the job still runs."""

    SKIP = "skip"
    #: It is run right after.
    QUEUE = "queue"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policies:
    """What a person decides about missed, overlapping, endless and failing runs of a job."""

    catch_up: CatchUp = CatchUp.LATEST
    overlap: Overlap = Overlap.SKIP
    #: A run is ended after this long; None for never. 1 minute to 7 days.
    timeout: timedelta | None = None
    #: How often a scheduled run that failed for a temporary reason is repeated. 0 to 10.
    retries: int = 0
    #: The wait before the first repetition; it doubles each time, up to a day. 1 minute to 1 day.
    retry_gap: timedelta = timedelta(minutes=10)
    #: Starts are spread over this span after the occurrence; whole minutes, at most a day.
    jitter: timedelta = _NONE
    #: The job is switched off after this many failures in a row; None for never. 1 to 1000.
    pause_after: int | None = None


class Shifted(Protocol):
    """What the shift of a job is drawn from; a Job is one."""

    @property
    def owner(self) -> str:
        """Whose job it is."""

    @property
    def slug(self) -> str:
        """Its fixed name."""

    @property
    def policies(self) -> Policies:
        """Its policies."""


def shift_of(job: Shifted) -> timedelta:
    """Give how long after each occurrence the job starts: whole minutes, 0 to the jitter.

    Drawn from owner and slug: the same at every start, on every host and in every entry.
    """
    minutes = job.policies.jitter // _MINUTE
    drawn = hashlib.sha256(f"{job.owner}\0{job.slug}".encode("utf-8", "replace")).digest()
    return int.from_bytes(drawn[:8]) % (minutes + 1) * _MINUTE


def retry_wait(policies: Policies, attempt: int) -> timedelta | None:
    """Give the wait after a failed ``attempt`` (from 1 on); None when it is not repeated."""
    if attempt > policies.retries:
        return None
    gap: timedelta = policies.retry_gap * 2 ** (attempt - 1)
    return min(gap, _DAY)


def changed_policies(base: Policies, table: Mapping[str, Any]) -> Policies:
    """Lay the ``policies`` table of a job document over ``base``; a key left out stays.

    Raise InvalidDocument for unknown keys and wrong types, UsageError for values out of range.
    """
    known = policies_document(base)
    if unknown := [key for key in table if key not in known]:
        raise InvalidDocument(
            f"policies has no key {', '.join(map(repr, unknown))}",
            hint=f"known: {', '.join(known)}",
        )
    merged = known | dict(table)
    return Policies(
        catch_up=CatchUp(_choice(merged, "catch_up", CatchUp)),
        overlap=Overlap(_choice(merged, "overlap", Overlap)),
        timeout=_span(merged, "timeout_seconds", least=_MINUTE, most=7 * _DAY),
        retries=_number(merged, "retries", least=0, most=MAX_RETRIES) or 0,
        retry_gap=_span(merged, "retry_gap_seconds", least=_MINUTE, most=_DAY)
        or Policies().retry_gap,
        jitter=_whole_minutes(_span(merged, "jitter_seconds", least=_NONE, most=_DAY) or _NONE),
        pause_after=_number(merged, "pause_after", least=1, most=MAX_PAUSE_AFTER),
    )


def policies_document(policies: Policies) -> dict[str, Any]:
    """Write policies as :func:`changed_policies` reads them; spans in seconds."""
    return {
        "catch_up": str(policies.catch_up),
        "overlap": str(policies.overlap),
        "timeout_seconds": None if policies.timeout is None else _seconds(policies.timeout),
        "retries": policies.retries,
        "retry_gap_seconds": _seconds(policies.retry_gap),
        "jitter_seconds": _seconds(policies.jitter),
        "pause_after": policies.pause_after,
    }


def _choice(table: Mapping[str, Any], key: str, kind: type[StrEnum]) -> str:
    value, known = table[key], [str(word) for word in kind]
    if value in known:
        return str(value)
    raise UsageError(f"{key} cannot be {value!r}", hint=f"known: {', '.join(known)}")


def _number(table: Mapping[str, Any], key: str, *, least: int, most: int) -> int | None:
    value = table[key]
    if value is None:
        return None
    # bool is an int to Python, but true is no number to whoever wrote the document.
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidDocument(f"policies.{key} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise UsageError(f"{key} must be {least} to {most}, not {value}")
    return value


def _span(
    table: Mapping[str, Any], key: str, *, least: timedelta, most: timedelta
) -> timedelta | None:
    value = table[key]
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidDocument(f"policies.{key} must be a whole number of seconds, not {value!r}")
    if not _seconds(least) <= value <= _seconds(most):
        name = key.removesuffix("_seconds").replace("_", " ")
        raise UsageError(
            f"the {name} must be {_words(least)} to {_words(most)}, not {value} seconds"
        )
    return timedelta(seconds=value)


def _whole_minutes(jitter: timedelta) -> timedelta:
    # Entries start us by the minute.
    if jitter % _MINUTE:
        raise UsageError(f"the jitter must be whole minutes, not {_seconds(jitter)} seconds")
    return jitter


def _seconds(span: timedelta) -> int:
    return span // _SECOND


def _words(span: timedelta) -> str:
    if span < _DAY:
        return f"{span // _MINUTE} minutes" if span != _MINUTE else "1 minute"
    return f"{span.days} days" if span != _DAY else "1 day"
