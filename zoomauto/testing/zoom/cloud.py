"""The fake cloud's state, and what every part of it needs to answer a request."""

import base64
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from zoomauto.ports.clock import Clock
from zoomauto.testing.zoom.journal import Journal
from zoomauto.testing.zoom.meeting import File, User
from zoomauto.testing.zoom.reply import Refusal
from zoomauto.testing.zoom.rows import Rows
from zoomauto.testing.zoom.tokens import AccessTokens, Faults, Gate, PageTokens, RateLimits
from zoomauto.testing.zoom.traps import DownloadFault, Traps, UserError
from zoomauto.testing.zoom.world import World

ACCOUNT_ID = "Cx3wERazSgup7ZWRHQM8-w"
CLIENT_ID = "fakeClientId"
CLIENT_SECRET = "fakeClientSecretThatMustNotLeak"  # noqa: S105 - it opens nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request, taken apart."""

    method: str
    #: Undecoded path and query.
    target: str
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes
    port: int

    @property
    def path(self) -> str:
        """Give the path, undecoded."""
        return self.target.partition("?")[0]

    @property
    def query_text(self) -> str:
        """Give the query, undecoded."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, str]:
        """Give the query's parameters."""
        return dict(parse_qsl(self.query_text, keep_blank_values=True))

    @property
    def segments(self) -> list[str]:
        """Give the folders of the path, each decoded once."""
        return [unquote(part) for part in self.path.split("/")[1:]]

    @property
    def bearer(self) -> str | None:
        """Give the token of the Authorization header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None

    @property
    def basic(self) -> str:
        """Give user and password of the Authorization header, as ``user:password``."""
        scheme, _, text = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return ""
        try:
            return base64.b64decode(text, validate=True).decode()
        except ValueError:
            return ""


class Addresses(Protocol):
    """Where the two servers are."""

    @property
    def first(self) -> str:
        """Give the origin of API, tokens and downloads."""

    @property
    def cdn(self) -> str:
        """Give the origin of the CDN."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Everything that requests share."""

    world: World
    traps: Traps
    clock: Clock
    addresses: Addresses
    journal: Journal
    access: AccessTokens
    pages: PageTokens
    limits: RateLimits
    faults: Faults
    attempts: "Attempts"
    deleting: "Exclusive"
    #: Holds back the second half of every slow body.
    body_gate: Gate = field(default_factory=Gate)
    #: Holds back every DELETE, when the traps ask for it.
    delete_gate: Gate = field(default_factory=Gate)

    @classmethod
    def of(cls, world: World, traps: Traps, clock: Clock, addresses: Addresses) -> "Cloud":
        """Make a cloud to which nothing has happened yet."""
        return cls(
            world=world,
            traps=traps,
            clock=clock,
            addresses=addresses,
            journal=Journal(),
            access=AccessTokens(traps),
            pages=PageTokens(traps.page_token_ttl),
            limits=RateLimits(traps),
            faults=Faults(traps),
            attempts=Attempts(traps),
            deleting=Exclusive(),
        )

    def rows(self, now: datetime) -> Rows:
        """Show meetings as they are at ``now``."""
        return Rows(
            world=self.world,
            traps=self.traps,
            now=now,
            account_id=ACCOUNT_ID,
            download_url=lambda file: self.download_url(file, now),
        )

    def download_url(self, file: File, now: datetime) -> str:
        """Give the address under which the first host redirects to the file."""
        return f"{self.addresses.first}/rec/download/{file.ticket}.{int(now.timestamp())}"

    def violate(self, violation: str) -> Refusal:
        """Note a broken promise; give the 400 that tells the client."""
        self.journal.complain(violation)
        return Refusal(400, 300, f"Broken promise: {violation}")

    def user(self, reference: str, accepted: tuple[str, ...]) -> User:
        """Give a user, or raise Refusal, also when the traps refuse this one."""
        user = self.world.user(reference)
        if user is None:
            raise Refusal(404, 1001, f"User does not exist: {reference}.")
        self.check_user(user.id, accepted)
        return user

    def check_user(self, user_id: str, accepted: tuple[str, ...]) -> None:
        """Raise Refusal when the traps refuse everything about this user."""
        errors, user = self.traps.user_errors, self.world.user(user_id)
        match errors.get(user_id) or (errors.get(user.email) if user else None):
            case UserError.UNKNOWN:
                raise Refusal(404, 1001, f"User does not exist: {user_id}.")
            case UserError.NOT_ON_ACCOUNT:
                raise Refusal(400, 1010, "User does not belong to this account.")
            case UserError.FORBIDDEN:
                raise Refusal(200, 200, "No permission.")
            case UserError.SCOPES:
                raise scopes_refusal(accepted)


class Attempts:
    """Counts attempts per file, and remembers faults that have happened."""

    def __init__(self, traps: Traps) -> None:
        self._traps = traps
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        #: File id -> its place in line, in the order of first attempts.
        self._places: dict[str, int] = {}
        self._happened: set[tuple[str, int]] = set()

    def start(self, file_id: str) -> int:
        """Count an attempt; give its number, from 0."""
        with self._lock:
            self._places.setdefault(file_id, len(self._places))
            self._counts[file_id] += 1
            return self._counts[file_id] - 1

    def fault(self, file_id: str, attempt: int) -> DownloadFault:
        """Give the fault that the traps have for an attempt."""
        faults = self._traps.download_faults
        if self._traps.spread_faults and faults:
            with self._lock:
                place = self._places.get(file_id, 0)
            return faults[place % len(faults)] if attempt == 0 else DownloadFault.NONE
        return faults[attempt] if attempt < len(faults) else DownloadFault.NONE

    def first_time(self, file_id: str, attempt: int) -> bool:
        """Whether the fault of this attempt has not happened yet; from now on it has."""
        with self._lock:
            is_new = (file_id, attempt) not in self._happened
            self._happened.add((file_id, attempt))
            return is_new

    def has_expired(self, file_id: str, attempt: int) -> bool:
        """Whether the signed URL of this attempt was cut off and is no good any more."""
        with self._lock:
            happened = (file_id, attempt) in self._happened
        return happened and self.fault(file_id, attempt) is DownloadFault.EXPIRED


class Exclusive:
    """Lets one at a time do something to a user, and refuses the others at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[str] = set()

    def enter(self, user_id: str) -> bool:
        """Whether nobody else is in."""
        with self._lock:
            free = user_id not in self._busy
            self._busy.add(user_id)
            return free

    def leave(self, user_id: str) -> None:
        """Let the next one in."""
        with self._lock:
            self._busy.discard(user_id)


def scopes_refusal(accepted: tuple[str, ...]) -> Refusal:
    """Make the refusal that names the scopes of which one is needed."""
    names = ", ".join(accepted)
    return Refusal(400, 4711, f"Invalid access token, does not contain scopes:[{names}].")
