"""What Zoom's refusals mean: one table from its codes to our errors.

A code says more than the HTTP status beside it, which varies; some refusals even come with 200.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.masking import MaskingFilter

TOKEN_REFUSED = 124
#: The account has no such meeting any more, or its recording is gone, trashed or not ready.
GONE = frozenset({3301, 3001})
_SCOPES = re.compile(r"does not contain scopes:\s*\[([^\]]*)\]")
_STALE_PAGE = re.compile(r"page.?token", re.IGNORECASE)
_LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """Something that Zoom grants by scopes: the classic name, and the granular one."""

    what: str
    classic: str
    granular: str

    def is_met_by(self, scopes: Collection[str]) -> bool:
        """Whether one of ``scopes`` grants it for the whole account."""
        names = (self.classic, self.granular)
        masters = tuple(f"{name.removesuffix(':admin')}:master" for name in names)
        return any(name in scopes for name in (*names, *masters))

    def is_named_by(self, scope: str) -> bool:
        """Whether a scope is about it, for whomever it grants it."""
        return scope == self.classic or scope.startswith(self.granular.removesuffix(":admin"))

    def __str__(self) -> str:
        return f"{self.granular} (classic apps: {self.classic})"


LIST_USERS = Need(
    what="list users", classic="user:read:admin", granular="user:read:list_users:admin"
)
LIST_RECORDINGS = Need(
    what="list a user's recordings",
    classic="recording:read:admin",
    granular="cloud_recording:read:list_user_recordings:admin",
)
LIST_ACCOUNT = Need(
    what="list the account's recordings",
    classic="recording:read:admin",
    granular="cloud_recording:read:list_account_recordings:admin",
)
READ_FILES = Need(
    what="read a recording's files",
    classic="recording:read:admin",
    granular="cloud_recording:read:list_recording_files:admin",
)
TRASH = Need(
    what="put recordings into the trash",
    classic="recording:write:admin",
    granular="cloud_recording:delete:meeting_recording:admin",
)
RECOVER = Need(
    what="take recordings back out of the trash",
    classic="recording:write:admin",
    granular="cloud_recording:update:recover_meeting_recordings:admin",
)
_NEEDS = (LIST_USERS, LIST_RECORDINGS, LIST_ACCOUNT, READ_FILES, TRASH, RECOVER)

_KINDS: Mapping[int, type[ZoomautoError]] = {
    TOKEN_REFUSED: AuthenticationError,
    200: AuthenticationError,  # no permission, for this user at least
    300: PermanentError,  # a value is not valid
    1001: PermanentError,  # no such user
    1010: PermanentError,  # a user of another account
    3001: PermanentError,
    3301: PermanentError,
    3303: TemporaryError,  # the meeting is not over
    3309: PermanentError,  # no storage left to recover to
    3310: PermanentError,  # simulive and the like
    4700: AuthenticationError,
    4711: AuthenticationError,
}


def code_of(document: Mapping[str, Any]) -> int | None:
    """Give Zoom's code; None when there is none."""
    try:
        return int(document["code"])
    except (KeyError, TypeError, ValueError):
        return None


def refusal(status: int, document: Mapping[str, Any]) -> ZoomautoError:
    """Translate an error document; ``data`` holds ``zoom_code`` and ``status``."""
    code = code_of(document)
    message = _reason(document)
    data = {"zoom_code": code, "status": status}
    if missing := _SCOPES.search(message):
        return _missing_scopes([s.strip() for s in missing[1].split(",") if s.strip()], data)
    default = AuthenticationError if status in {401, 403} else TemporaryError
    kind = _KINDS.get(code, default) if code is not None else default
    shown = f"Zoom answers {status}" + ("" if code is None else f"/{code}") + f": {message}"
    hint = None
    if kind is AuthenticationError:
        hint = "check the app's scopes and the role behind it, then: zoomauto source check NAME"
    return kind(shown, hint=hint, **data)


def token_refusal(status: int, document: Mapping[str, Any]) -> AuthenticationError:
    """Translate a refusal of the credentials, with Zoom's reason."""
    reason = _reason(document)
    return AuthenticationError(
        f"Zoom refuses the app's credentials ({status}): {reason}",
        hint="compare account_id, client_id and client_secret with the app's page on"
        " marketplace.zoom.us, and see that the app is activated",
        zoom_code=code_of(document),
    )


def not_zoom(what: str, address: str, status: int) -> ConfigurationError:
    """Say that an address is not the one of Zoom's API."""
    return ConfigurationError(
        f"{address} is not where Zoom's API answers (status {status}, no JSON)",
        hint=f"zoomauto source update NAME --option {what}=...",
    )


def is_stale_page(error: ZoomautoError) -> bool:
    """Whether Zoom has forgotten where a listing stood; it remembers for 15 minutes."""
    return error.data.get("zoom_code") == 300 and bool(_STALE_PAGE.search(error.message))  # noqa: PLR2004 - Zoom's code


def _missing_scopes(scopes: Sequence[str], data: Mapping[str, Any]) -> AuthenticationError:
    needs = [need for need in _NEEDS if any(map(need.is_named_by, scopes))]
    wanted = " or ".join(map(str, needs)) or ", ".join(scopes)
    return AuthenticationError(
        f"the Zoom app lacks a scope: {', '.join(scopes)}",
        hint=f"add {wanted} to the app on marketplace.zoom.us",
        scopes=list(scopes),
        **data,
    )


def _reason(document: Mapping[str, Any]) -> str:
    words = [document.get(name) for name in ("reason", "message", "error", "errorMessage")]
    said = [word for word in words if isinstance(word, str) and word]
    details = document.get("errors")
    if isinstance(details, list):
        said += [
            f"{detail.get('field')}: {detail.get('message')}"
            for detail in details
            if isinstance(detail, dict)
        ]
    text = "; ".join(dict.fromkeys(said)) or "without a reason"
    return MaskingFilter.masked(text)[:_LONGEST_REASON]
