"""Listing recordings: users, windows of days, pages; and proof that nothing is missing."""

import logging
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from zoomauto.domain.recording import ListedRecording
from zoomauto.domain.source import Window
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    IncompleteListing,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.ports.source import IsKnown
from zoomauto.sources.zoom.ahead import in_order
from zoomauto.sources.zoom.client import ZoomClient, user_path
from zoomauto.sources.zoom.faults import is_stale_page
from zoomauto.sources.zoom.options import ALL_USERS, WHOLE_ACCOUNT, ZoomOptions
from zoomauto.sources.zoom.pace import Label
from zoomauto.sources.zoom.pages import MeetingRow, Page, objects_in
from zoomauto.sources.zoom.rows import identity_of, mark_of, merged, recording_of, start_of

logger = logging.getLogger(__name__)

#: Zoom allows a month; shorter months and its own counting leave this much.
WINDOW_DAYS = 29
PAGE_SIZE = 300
#: Zoom's default. Larger pages were seen to lose rows.
SMALL_PAGE = 30
ACCOUNT_PATH = "/accounts/me/recordings"
#: Cloud recordings are younger.
_FIRST_DAY = date(2012, 1, 1)
_RESTARTS = 2
#: So many users in a row without an answer: the rest would fare no better.
_FAILURES_IN_A_ROW = 3
_NAMED_USERS = 10
#: Users that are listed at the same time: Zoom takes about a second for a page, and the pace that
#: the plan allows holds for all of them together.
_AT_ONCE = 3
_DAY = timedelta(days=1)
_NO_RECORDING = 3301


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody whose recordings are listed."""

    id: str
    #: For people: an e-mail address where it is known.
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """A window of days as Zoom takes it; whether it includes the last one is not documented."""

    first: date
    last: date

    def halves(self) -> tuple["Days", "Days"] | None:
        """Split in two that share a day; None when there is nothing to split."""
        length = (self.last - self.first).days
        if length <= 1:
            return None
        middle = self.first + timedelta(days=(length + 1) // 2)
        return Days(first=self.first, last=middle), Days(first=middle, last=self.last)


@dataclass(kw_only=True)
class _Rows:
    """The rows of one window."""

    rows: list[MeetingRow] = field(default_factory=list)
    #: What Zoom says it has; None when it does not say.
    total: int | None = None
    #: The days that were used, when they are not those that were asked for.
    is_clamped: bool = False

    @property
    def is_complete(self) -> bool:
        return not self.is_clamped and (self.total is None or len(self.rows) >= self.total)


@dataclass(kw_only=True)
class _Given:
    """All rows of one user."""

    person: Person
    #: By uuid.
    rows: dict[str, MeetingRow] = field(default_factory=dict)
    #: How many rows have no uuid.
    unread: int = 0
    #: Why rows may be missing.
    failure: ZoomautoError | None = None

    def take(self, row: MeetingRow) -> None:
        """Add a row to those of its recording."""
        uuid = str(row.uuid or "")
        if uuid:
            self.rows[uuid] = merged(self.rows[uuid], row) if uuid in self.rows else row
        else:
            self.unread += 1


def windows(window: Window, now: datetime) -> list[Days]:
    """Cut a window into spans that Zoom accepts, the oldest first.

    Spans share a day, start a day early and end tomorrow at the latest: which zone the days are
    in, and whether the last one counts, is not documented.
    """
    first = max(_utc_day(window.start_at), _FIRST_DAY + _DAY) - _DAY
    last = min(_utc_day(window.end_at), _utc_day(now)) + _DAY
    if first > last:
        return []
    days = [first]
    while days[-1] < last:
        days.append(min(days[-1] + timedelta(days=WINDOW_DAYS), last))
    return [Days(first=a, last=b) for a, b in pairwise(days)]


def people(client: ZoomClient, options: ZoomOptions) -> list[Person]:
    """Give everybody whose recordings are wanted; the deactivated keep theirs."""
    chosen = options.chosen_users
    if chosen != (ALL_USERS,):
        return [Person(id=user, name=user) for user in chosen]
    found: dict[str, Person] = {}
    for status in ("active", "inactive"):
        for row in _users(client, status):
            user = str(row.get("id") or "")
            if user:
                found.setdefault(user, Person(id=user, name=str(row.get("email") or user)))
    return list(found.values())


@dataclass(kw_only=True)
class Listing:
    """One listing of one window, and what it could not read."""

    client: ZoomClient
    options: ZoomOptions
    window: Window
    now: datetime
    #: What is known under its mark is not read; None when nothing is.
    is_known: IsKnown | None = None
    #: Who could not be listed completely, and why.
    failures: dict[str, ZoomautoError] = field(default_factory=dict)
    #: Their ids, and those of whom nobody asked for any more.
    missing: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)
    _listed_users: int = 0

    def recordings(self) -> Iterator[ListedRecording | str]:
        """Give every recording, each once, by its key alone if it is known.

        Raise at the end for what is missing.

        What nobody could be listed for is raised as it is; IncompleteListing names the users.
        """
        in_a_row = 0
        persons = _turned(self._people(), self.now)
        listed = in_order(self._given, persons, at_once=_AT_ONCE)
        for number, given in enumerate(listed, start=1):
            person = given.person
            failed_before = len(self.failures)
            if given.failure is not None:
                logger.warning("listing %s: %s", person.name, given.failure)
                self.failures[person.name] = given.failure
            yield from self._read(given)
            failure = self.failures.get(person.name)
            if failure is not None:
                self.missing.append(person.id)
            in_a_row = in_a_row + 1 if isinstance(failure, TemporaryError) else 0
            self._listed_users += len(self.failures) == failed_before
            if in_a_row >= _FAILURES_IN_A_ROW and not isinstance(failure, IncompleteListing):
                self.missing += [other.id for other in persons[number:]]
                break
        self._raise_failures()

    def _people(self) -> list[Person]:
        if self.options.chosen_users == (WHOLE_ACCOUNT,):
            return [Person(id=WHOLE_ACCOUNT, name="the account")]
        return people(self.client, self.options)

    def _given(self, person: Person) -> _Given:
        """Ask for a user's rows, window by window; one that is not complete stops no other."""
        whole = self.options.chosen_users == (WHOLE_ACCOUNT,)
        path = ACCOUNT_PATH if whole else user_path(person.id)
        given = _Given(person=person)
        for days in windows(self.window.of(person.id), self.now):
            try:
                for row in self._rows(path, days):
                    given.take(row)
            except (RateLimited, Unreachable, ConfigurationError):
                raise
            except ZoomautoError as error:
                given.failure = error
                if not isinstance(error, IncompleteListing):
                    break
        return given

    def _read(self, given: _Given) -> Iterator[ListedRecording | str]:
        """Read the rows of one user; those of the same uuid under two users count once."""
        views, window = self.options.preferred_views, self.window.of(given.person.id)
        is_known = self.is_known
        unread = given.unread
        for uuid, row in given.rows.items():
            if uuid in self._seen:
                continue
            mark = mark_of(row, views) if is_known else None
            if is_known and mark and is_known(uuid, mark):
                start_at = start_of(row)
                if start_at is not None and start_at in window:
                    self._seen.add(uuid)
                    yield uuid
                    continue
            recording = recording_of(row, views, mark=mark)
            if recording is None:
                unread += 1
            elif recording.start_at in window:
                self._seen.add(uuid)
                yield recording
        if unread:
            reason = f"{unread} rows without uuid or start"
            self.failures.setdefault(given.person.name, IncompleteListing(reason))

    def _rows(self, path: str, days: Days) -> Iterator[MeetingRow]:
        """Give the rows of a window; split it while Zoom shows fewer than it counts."""
        page = self._page(path, days, PAGE_SIZE)
        if page.is_complete:
            yield from page.rows
            return
        halves = days.halves()
        if halves is not None:
            for half in halves:
                yield from self._rows(path, half)
            return
        page = self._page(path, days, SMALL_PAGE)
        yield from page.rows
        if not page.is_complete:
            raise IncompleteListing(
                f"Zoom counts {page.total} recordings from {days.first} to {days.last}"
                f" and shows {len(page.rows)}"
            )

    def _page(self, path: str, days: Days, size: int) -> _Rows:
        """Read all pages of a window; from the start again when Zoom forgets where we were."""
        for restart in range(_RESTARTS + 1):
            try:
                return self._pages(path, days, size)
            except ZoomautoError as error:
                if error.data.get("zoom_code") == _NO_RECORDING:
                    return _Rows()
                if not is_stale_page(error) or restart == _RESTARTS:
                    raise
        raise AssertionError("the last restart returns or raises")

    def _pages(self, path: str, days: Days, size: int) -> _Rows:
        params = {
            "from": days.first.isoformat(),
            "to": days.last.isoformat(),
            "page_size": str(size),
        }
        result = _Rows()
        rows: dict[object, MeetingRow] = {}
        tokens: set[str] = set()
        token = ""
        while True:
            page = self.client.page(path, params | ({"next_page_token": token} if token else {}))
            before = len(rows)
            for row in page.meetings:
                rows[_place_of(row, rows)] = row
            result.total = _total(page, result.total)
            result.is_clamped = result.is_clamped or _is_clamped(page, days)
            tokens.add(token)
            token = str(page.next_page_token or "")
            # A token that comes again, or leads to nothing new, would lead nowhere for ever.
            if not token or token in tokens or len(rows) == before:
                result.rows = list(rows.values())
                return result

    def _raise_failures(self) -> None:
        if not self.failures:
            return
        if not self._listed_users and not self._seen:
            kinds = {type(error) for error in self.failures.values()}
            if kinds == {AuthenticationError}:
                raise next(iter(self.failures.values()))
        named = [f"{name} ({error.message})" for name, error in self.failures.items()]
        more = len(named) - _NAMED_USERS
        unasked = len(self.missing) - len(named)
        raise IncompleteListing(
            f"not everything of {len(named)} user{'s' * (len(named) != 1)} could be listed:"
            f" {'; '.join(named[:_NAMED_USERS])}"
            + (f" and {more} more" if more > 0 else "")
            + (f"; {unasked} more were not asked for" if unasked else ""),
            hint="zoomauto source check NAME",
            users=list(self.failures),
            parts=self.missing if self._listed_users else [],
        )


def _turned(persons: list[Person], now: datetime) -> list[Person]:
    """Begin with another one each time: where a listing is given up, the same are not left out."""
    first = random.Random(now.timestamp()).randrange(len(persons) or 1)  # noqa: S311 - no secret
    return persons[first:] + persons[:first]


def _users(client: ZoomClient, status: str) -> Iterator[Mapping[str, Any]]:
    """Give the users of one status; Zoom was seen to repeat the last page for ever."""
    seen: set[str] = set()
    tokens: set[str] = set()
    token = ""
    while True:
        params = {"status": status, "page_size": str(PAGE_SIZE)}
        document = client.get(
            "/users",
            label=Label.MEDIUM,
            expect="users",
            params={**params, **({"next_page_token": token} if token else {})},
        )
        new = [row for row in objects_in(document.get("users")) if row.get("id") not in seen]
        seen.update(str(row.get("id")) for row in new)
        yield from new
        tokens.add(token)
        token = str(document.get("next_page_token") or "")
        if not token or token in tokens or not new:
            return


def _place_of(row: MeetingRow, rows: Mapping[object, MeetingRow]) -> object:
    """Give where a row belongs: with its uuid, unless another row of the same uuid is there."""
    uuid = str(row.uuid)
    known = rows.get(uuid)
    if known is None or identity_of(known) == identity_of(row):
        return uuid
    return identity_of(row)


def _total(page: Page, known: int | None) -> int | None:
    try:
        total = int(str(page.total_records))
    except ValueError:
        return known
    return total if known is None else max(total, known)


def _is_clamped(page: Page, days: Days) -> bool:
    """Whether Zoom used fewer days than it was asked for; only the echo says so."""
    first, last = (str(day or "")[:10] for day in (page.first, page.last))
    return bool(first and first > days.first.isoformat()) or bool(
        last and last < days.last.isoformat()
    )


def _utc_day(instant: datetime) -> date:
    try:
        return instant.astimezone(UTC).date()
    except OverflowError:
        return instant.date()
