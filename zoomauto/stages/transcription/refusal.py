"""What a server's refusals mean, and when to ask again."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    RateLimited,
    TemporaryError,
)
from zoomauto.http import Answer
from zoomauto.masking import MaskingFilter

#: Statuses that may pass; all above 500 do.
_PASSING = frozenset({408, 409, 429})
_SERVER_ERRORS = 500
_LIMITED = 429
_TOO_LARGE = 413
_ODD = frozenset({400, 415, 422})
_SHAPE = re.compile(
    r"response_format|timestamp_granularit|verbose_json|diarized_json", re.IGNORECASE
)
_SIZE = re.compile(
    r"too (?:large|long|big)|longer than|larger than|exceed\w*|maximum (?:content|duration|size)",
    re.IGNORECASE,
)
_LONGEST_REASON = 300


class ServerTrouble(TemporaryError):
    """The server cannot answer now."""

    #: It was asked several times already.
    retry_now = False


class UnknownShape(Exception):
    """The server does not give answers of that shape."""


class TooLarge(PermanentError):
    """The server does not take a piece of that size."""


def refusal(answer: Answer, *, reset_at: datetime | None = None) -> Exception:
    """Tell what a status other than success means; ``reset_at``: from when on it may be gone."""
    status, said = answer.status, reason(answer)
    text = f"the server answers {status}: {said}"
    if status in {401, 403}:
        return AuthenticationError(text, hint="check transcription.api_key")
    if status == _LIMITED:
        return RateLimited(text, reset_at=reset_at.isoformat() if reset_at else None)
    if status in _PASSING or status >= _SERVER_ERRORS:
        return ServerTrouble(text, reset_at=reset_at.isoformat() if reset_at else None)
    if status == _TOO_LARGE:
        return TooLarge(text)
    if status in _ODD and _SHAPE.search(said):
        return UnknownShape(text)
    if status in _ODD and _SIZE.search(said):
        return TooLarge(text)
    if status in _ODD:
        return PermanentError(text)
    return ConfigurationError(text, hint="check transcription.base_url and transcription.model")


def reason(answer: Answer) -> str:
    """Give the server's own words, whatever it wraps them in."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = answer.body.decode("utf-8", "replace")
    words = " ".join(_words(document).split()) or "without a reason"
    return MaskingFilter.masked(words)[:_LONGEST_REASON]


def wait_before_retry(answer: Answer, now: datetime, *, usual: timedelta) -> timedelta | None:
    """Give how long to wait before asking again; None when that would not help.

    The server's word counts: ``x-should-retry``, ``retry-after-ms`` and ``retry-after``.
    """
    should = answer.headers.get("x-should-retry", "").strip().lower()
    may_pass = answer.status in _PASSING or answer.status >= _SERVER_ERRORS
    if should == "false" or not (may_pass or should == "true"):
        return None
    after = answer.headers.get("retry-after", "")
    for value, unit in (
        (answer.headers.get("retry-after-ms", ""), timedelta(milliseconds=1)),
        (after, timedelta(seconds=1)),
    ):
        if re.fullmatch(r"\d{1,9}(\.\d*)?", value.strip()):
            return float(value) * unit
    try:
        at = parsedate_to_datetime(after)
    except ValueError:
        return usual
    return max(at.replace(tzinfo=at.tzinfo or UTC) - now, timedelta())


def _words(document: Any) -> str:
    """Read ``{"error": {"message": ...}}``, ``{"detail": ...}`` and plain text."""
    if isinstance(document, str):
        return document
    if isinstance(document, list):
        return "; ".join(_words(part) for part in document)
    if not isinstance(document, Mapping):
        return ""
    for key in ("error", "detail", "message", "msg"):
        if document.get(key):
            parameter = document.get("param") or document.get("loc") or ""
            return f"{_words(document[key])} {_words(parameter)}"
    return ""
