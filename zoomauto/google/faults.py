"""What Google's refusals mean: one table from its reasons to our errors."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    PermanentError,
    RateLimited,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.google.logins import LOGIN_HINT
from zoomauto.http import Answer
from zoomauto.masking import MaskingFilter

UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
TIMED_OUT = 408
CONFLICT = 409
GONE = 410
LIMITED = 429
SERVER_ERRORS = 500
OK = range(200, 300)
#: Quotas of a project begin anew at midnight there.
_QUOTA_ZONE = ZoneInfo("America/Los_Angeles")
_LONGEST_REASON = 300
#: Reasons that pass within seconds.
_PASSING = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "backendError"})
_DAILY = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_A_DAY_LATER = frozenset({"uploadLimitExceeded", "uploadRateLimitExceeded"})
_FULL = frozenset({"storageQuotaExceeded", "teamDriveFileLimitExceeded"})
_SWITCHED_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_SWITCH_ON = "switch the API on in your project at console.cloud.google.com"
_HINTS: Mapping[str, str] = {
    "youtubeSignupRequired": "make a channel at youtube.com, then log in again",
    "insufficientPermissions": LOGIN_HINT,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": LOGIN_HINT,
    "authError": LOGIN_HINT,
}


def document_of(answer: Answer) -> Mapping[str, Any]:
    """Read an answer's body; empty when it is no JSON object."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def reasons_of(answer: Answer) -> tuple[str, ...]:
    """Give Google's own words for why, the most telling first."""
    error = document_of(answer).get("error")
    if not isinstance(error, dict):
        return (error,) if isinstance(error, str) else ()
    parts = [p for key in ("errors", "details") for p in _dicts(error.get(key))]
    words = [part.get("reason") for part in parts] + [error.get("status")]
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str) and word))


def is_passing(answer: Answer) -> bool:
    """Whether the same request may well succeed a little later."""
    if answer.status in {TIMED_OUT, LIMITED} or answer.status >= SERVER_ERRORS:
        return not _DAILY.intersection(reasons_of(answer))
    return answer.status == FORBIDDEN and bool(_PASSING.intersection(reasons_of(answer)))


def refusal(answer: Answer, now: datetime, *, what: str) -> ZoomautoError:
    """Translate a refusal; ``data`` holds ``status`` and ``reasons``. ``what`` was asked for."""
    reasons = reasons_of(answer)
    text = f"Google refuses to {what} ({answer.status}): {_message(answer, reasons)}"
    data: dict[str, Any] = {"status": answer.status, "reasons": list(reasons)}
    if _DAILY.intersection(reasons):
        return _limited(text, next_midnight(now), data)
    if _A_DAY_LATER.intersection(reasons):
        return _limited(text, now + timedelta(days=1), data)
    if _FULL.intersection(reasons):
        return DiskFull(text, hint="free some space in that account or shared drive", **data)
    if _SWITCHED_OFF.intersection(reasons):
        return ConfigurationError(text, hint=_SWITCH_ON, **data)
    if is_passing(answer) or answer.status == CONFLICT:
        return TemporaryError(text, **data)
    hint = next((_HINTS[reason] for reason in reasons if reason in _HINTS), None)
    if answer.status in {UNAUTHORIZED, FORBIDDEN}:
        return AuthenticationError(text, hint=hint or LOGIN_HINT, **data)
    if answer.status == NOT_FOUND:
        return ConfigurationError(text, hint=hint, **data)
    return PermanentError(text, hint=hint, **data)


def token_refusal(answer: Answer) -> ZoomautoError:
    """Translate a refusal of the token endpoint."""
    reasons = reasons_of(answer)
    text = f"({answer.status}): {_message(answer, reasons)}"
    if "invalid_grant" in reasons:
        return AuthenticationError(
            f"Google no longer accepts the login, log in again {text}",
            hint=f"{LOGIN_HINT}; while the consent screen is in testing, logins end after 7 days",
        )
    if {"invalid_client", "unauthorized_client"} & set(reasons):
        return AuthenticationError(
            f"Google refuses the application {text}",
            hint="compare client_id and client_secret with the credentials page of your project",
        )
    return AuthenticationError(f"Google refuses a token {text}", hint=LOGIN_HINT)


def next_midnight(now: datetime) -> datetime:
    """Give the instant at which the quotas of a project begin anew."""
    there = now.astimezone(_QUOTA_ZONE)
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(now.tzinfo)


def _limited(text: str, until: datetime, data: Mapping[str, Any]) -> RateLimited:
    return RateLimited(
        f"{text}; it may be tried again at {until:%Y-%m-%d %H:%M} UTC",
        hint="the next run goes on where this one stopped",
        reset_at=until.isoformat(),
        **data,
    )


def _message(answer: Answer, reasons: tuple[str, ...]) -> str:
    document = document_of(answer)
    error = document.get("error")
    said = error.get("message") if isinstance(error, dict) else document.get("error_description")
    words = dict.fromkeys(word for word in (*reasons[:1], said) if isinstance(word, str) and word)
    return MaskingFilter.masked(": ".join(words) or "without a reason")[:_LONGEST_REASON]


def _dicts(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
