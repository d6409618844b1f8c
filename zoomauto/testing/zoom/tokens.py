"""Access tokens, page tokens and rate limits: what the fake cloud remembers between calls."""

import base64
import secrets
import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from zoomauto.testing.zoom.reply import Refusal
from zoomauto.testing.zoom.traps import ApiFault, RetryAfter, Traps

#: What the app was granted, in granular form, unless a trap withholds some of it.
GRANTED_SCOPES = (
    "user:read:list_users:admin",
    "cloud_recording:read:list_user_recordings:admin",
    "cloud_recording:read:list_recording_files:admin",
    "cloud_recording:read:list_account_recordings:admin",
    "cloud_recording:read:meeting_transcript:admin",
    "cloud_recording:delete:meeting_recording:admin",
    "cloud_recording:delete:recording_file:admin",
    "cloud_recording:update:recover_meeting_recordings:admin",
    "cloud_recording:update:recover_single_recording:admin",
)
_QPS = "You have reached the maximum per-second rate limit for this API. Try again later."
_DAILY = (
    "You have reached the maximum daily rate limit for this API. Refer to the response header"
    " for details on when you can make another request."
)


@dataclass(kw_only=True, slots=True)
class AccessToken:
    """One token that was given out."""

    expires_at: datetime
    scopes: frozenset[str]
    calls: int = 0
    is_revoked: bool = False


class AccessTokens:
    """Every access token, and every ``download_access_token``, that was given out."""

    def __init__(self, traps: Traps) -> None:
        self._traps = traps
        self._lock = threading.Lock()
        self._tokens: dict[str, AccessToken] = {}

    def issue(self, now: datetime, *, ttl: timedelta | None = None) -> tuple[str, AccessToken]:
        """Give out a token; with ``ttl`` one that only downloads."""
        scopes = frozenset(GRANTED_SCOPES) - self._traps.withheld_scopes
        token = AccessToken(
            expires_at=now + (self._traps.token_ttl if ttl is None else ttl),
            scopes=frozenset() if ttl is not None else scopes,
        )
        text = "eyJ" + base64.urlsafe_b64encode(secrets.token_bytes(33)).decode()
        with self._lock:
            if self._traps.newest_token_only and ttl is None:
                for earlier in self._tokens.values():
                    earlier.is_revoked = True
            self._tokens[text] = token
        return text, token

    def use(self, text: str, now: datetime) -> AccessToken:
        """Count a use; raise Refusal (401, code 124) for a token that is not good."""
        with self._lock:
            token = self._tokens.get(text)
            if token is None or token.is_revoked:
                raise Refusal(401, 124, "Invalid access token.")
            token.calls += 1
            spent = self._traps.token_calls is not None and token.calls > self._traps.token_calls
            if now >= token.expires_at or spent:
                raise Refusal(401, 124, "Access token is expired.")
            return token

    def revoke_all(self) -> None:
        """Make every token invalid."""
        with self._lock:
            for token in self._tokens.values():
                token.is_revoked = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Where a page token leads."""

    #: Path and query of the listing, the token aside.
    listing: tuple[str, Mapping[str, str]]
    offset: int
    issued_at: datetime


class PageTokens:
    """Every ``next_page_token`` that was given out."""

    def __init__(self, ttl: timedelta) -> None:
        self._ttl = ttl
        self._lock = threading.Lock()
        self._pages: dict[str, Page] = {}

    def issue(self, page: Page) -> str:
        """Give out a token for a page."""
        text = secrets.token_urlsafe(24)
        with self._lock:
            self._pages[text] = page
        return text

    def page(self, text: str, now: datetime) -> Page:
        """Give the page of a token; raise Refusal (400, code 300) for a stale one."""
        with self._lock:
            page = self._pages.get(text)
        if page is None or now - page.issued_at >= self._ttl:
            raise Refusal(400, 300, "The next page token is either invalid or has expired.")
        return page


class RateLimits:
    """Calls per label within the current second and day of the clock."""

    def __init__(self, traps: Traps) -> None:
        self._traps = traps
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, object]] = Counter()

    def count(self, label: str, now: datetime) -> None:
        """Count a call; raise Refusal (429) when it is one too many."""
        second, day = now.replace(microsecond=0), now.date()
        with self._lock:
            if self._is_over((label, second), self._traps.calls_per_second):
                raise self.refusal(ApiFault.QPS, label, now)
            if self._is_over((label, day), self._traps.calls_per_day):
                raise self.refusal(ApiFault.DAILY, label, now)
            self._calls[label, second] += 1
            self._calls[label, day] += 1

    def refusal(self, kind: ApiFault, label: str, now: datetime) -> Refusal:
        """Make the 429 for a label, with the headers that the traps ask for."""
        daily = kind is ApiFault.DAILY
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        back_at = midnight if daily else now.replace(microsecond=0) + timedelta(seconds=1)
        headers = self._headers(label, back_at, now, daily=daily)
        return Refusal(429, 429, _DAILY if daily else _QPS, headers=headers)

    def _headers(
        self, label: str, back_at: datetime, now: datetime, *, daily: bool
    ) -> dict[str, str]:
        form = self._traps.retry_after
        headers = {}
        if self._traps.limit_headers:
            allowed = self._traps.calls_per_day if daily else self._traps.calls_per_second
            headers = {
                "X-RateLimit-Category": label,
                "X-RateLimit-Type": "Daily-limit" if daily else "QPS",
                "X-RateLimit-Limit": str(allowed or 1),
                "X-RateLimit-Remaining": "0",
            }
        if form is RetryAfter.AS_DOCUMENTED and not daily:
            return {**headers, "X-RateLimit-Reset": str(int(back_at.timestamp()))}
        if form is RetryAfter.ABSENT:
            return headers
        return {**headers, "Retry-After": _written(form, back_at, now)}

    def _is_over(self, key: tuple[str, object], limit: int | None) -> bool:
        return limit is not None and self._calls[key] >= limit


class Faults:
    """Which API call is answered with a fault."""

    def __init__(self, traps: Traps) -> None:
        self._traps = traps
        self._lock = threading.Lock()
        self._calls = 0
        self._planned: deque[tuple[ApiFault, str]] = deque()

    def plan(self, fault: ApiFault, *, times: int, path: str) -> None:
        """Let the next ``times`` calls whose path contains ``path`` fail."""
        with self._lock:
            self._planned.extend([(fault, path)] * times)

    def next(self, path: str, *, is_call: bool) -> ApiFault | None:
        """Give the fault for this request, if there is one; ``is_call`` counts it."""
        with self._lock:
            for planned in self._planned:
                if planned[1] in path:
                    self._planned.remove(planned)
                    return planned[0]
            if not is_call or not self._traps.api_faults:
                return None
            self._calls += 1
            turn, rest = divmod(self._calls, self._traps.api_fault_every)
            faults = self._traps.api_faults
            return faults[(turn - 1) % len(faults)] if rest == 0 else None


class Gate:
    """Holds an answer back until a test lets it go: pace without sleeping."""

    def __init__(self) -> None:
        #: Set as soon as somebody waits.
        self.reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        """Let everybody through, now and later."""
        self._open.set()

    def wait(self) -> None:
        """Wait until the gate is open."""
        self.reached.set()
        self._open.wait()


def _written(form: RetryAfter, back_at: datetime, now: datetime) -> str:
    if form is RetryAfter.SECONDS:
        return str(max(1, round((back_at - now).total_seconds())))
    if form is RetryAfter.HTTP_DATE:
        return format_datetime(back_at, usegmt=True)
    return back_at.strftime("%Y-%m-%dT%H:%M:%SZ")
