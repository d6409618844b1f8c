"""What the answer of a WebDAV server means for the run."""

from datetime import datetime

from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    PermanentError,
    RateLimited,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.http import Answer

_BUSY = frozenset({408, 423, 425})
_SERVER_ERROR = 500
_NOT_THERE = frozenset({404, 409, 410})
_NO_WEBDAV = frozenset({400, 405, 415, 501})
_REDIRECTS = range(300, 400)


def failure(method: str, place: str, answer: Answer, *, now: datetime) -> ZoomautoError:
    """Give the error for a refused request; ``place`` is the folder or file as a person sees it."""
    status, back_at = answer.status, answer.back_at(now)
    reset_at = None if back_at is None else back_at.isoformat()
    said = f"{place} answers {method} with {status}"
    if status in {401, 403, 407}:
        return AuthenticationError(
            f"{said}: we may not do that there",
            hint="check user and password; many servers want a password made for programs",
        )
    if status == 507:  # noqa: PLR2004 - Insufficient Storage
        return DiskFull(f"{said}: it is full", hint="free some space there, or raise its quota")
    if status == 413:  # noqa: PLR2004 - Content Too Large
        return PermanentError(f"{said}: the file is too large for it")
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return RateLimited(f"{said}: we ask too often", reset_at=reset_at)
    if status in _BUSY:
        return TemporaryError(f"{said}: it is locked or busy", reset_at=reset_at)
    if status in _NOT_THERE:
        return ConfigurationError(f"{said}: there is no such folder", hint="make it, or mend url")
    if status in _REDIRECTS:
        return ConfigurationError(
            f"{said}: the folder is somewhere else", hint=f"url={_elsewhere(answer)}"
        )
    if status in _NO_WEBDAV:
        return ConfigurationError(
            f"{said}: no WebDAV is spoken there", hint="mend url; the server's help names it"
        )
    if status > _SERVER_ERROR - 1:
        return TemporaryError(f"{said}: it is in trouble", reset_at=reset_at)
    return ConfigurationError(said, hint="zoomauto destination check NAME")


def _elsewhere(answer: Answer) -> str:
    """Give where a redirect leads, without what may be signed."""
    return answer.headers.get("location", "").partition("?")[0] or "the new address"
