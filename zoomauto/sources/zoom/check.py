"""Proving that a Zoom source works, one fact at a time. Nothing is changed or downloaded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from zoomauto.domain.naming import shown_name
from zoomauto.domain.recording import ListedRecording
from zoomauto.domain.source import Check
from zoomauto.errors import AuthenticationError, PermanentError, TemporaryError, ZoomautoError
from zoomauto.sources.zoom.client import ZoomClient, meeting_path, user_path
from zoomauto.sources.zoom.faults import (
    LIST_ACCOUNT,
    LIST_RECORDINGS,
    LIST_USERS,
    READ_FILES,
    RECOVER,
    TRASH,
    Need,
)
from zoomauto.sources.zoom.listing import ACCOUNT_PATH, PAGE_SIZE, WINDOW_DAYS, Person, people
from zoomauto.sources.zoom.options import ALL_USERS, WHOLE_ACCOUNT, ZoomOptions
from zoomauto.sources.zoom.pace import Label
from zoomauto.sources.zoom.rows import recording_of

#: What Zoom deletes within these days is named.
SOON = timedelta(days=7)
#: Users whose recordings are looked at, until one has some.
_MOST_USERS = 5
#: Users named in the options that are asked for, one request each.
_MOST_NAMED_USERS = 50
_NAMED = 10


@dataclass(kw_only=True)
class _Findings:
    """The facts so far."""

    checks: list[Check] = field(default_factory=list)

    def attempt(self, name: str, deed: Callable[[], str]) -> bool:
        """Do something that says what it found; a failure is a finding too."""
        try:
            self.checks.append(Check(name=name, ok=True, detail=deed()))
        except ZoomautoError as error:
            self.checks.append(_failed(name, error))
            return False
        return True


def checks(client: ZoomClient, options: ZoomOptions, now: datetime) -> tuple[Check, ...]:
    """Get a token, ask every endpoint that a run needs, and show a page of recordings."""
    findings = _Findings()
    if not findings.attempt("token", lambda: _token(client)):
        return tuple(findings.checks)
    findings.checks += _scopes(client, needs_of(options))
    persons: list[Person] = []
    has_users = True
    if options.chosen_users == (ALL_USERS,):
        has_users = findings.attempt("users", lambda: _users(client, options, persons))
    elif options.chosen_users != (WHOLE_ACCOUNT,):
        named = people(client, options)
        unknown = _refused(client, named, now)
        persons += [person for person in named if person.name not in unknown]
        findings.checks += unknown.values()
        has_users = bool(persons)
    found: list[ListedRecording] = []
    refused: dict[str, Check] = {}
    if has_users:
        places = _places(options, persons)
        findings.attempt("recordings", lambda: _page(client, options, places, found, refused, now))
        findings.checks += refused.values()
    if found:
        findings.attempt("files", lambda: _files(client, found[0]))
    findings.checks += _deleted_soon(found, now)
    limits = ", ".join(f"{label}: {limit}" for label, limit in sorted(client.limits_seen.items()))
    pace = f"asking at half of what the plan {options.plan} allows"
    detail = f"{pace}; Zoom names {limits}" if limits else f"{pace}; Zoom names none"
    findings.checks.append(Check(name="limits", ok=True, detail=detail))
    return tuple(findings.checks)


def trash_checks(client: ZoomClient) -> tuple[Check, ...]:
    """Say whether the app may use the trash; nothing without a token, or where Zoom does not say.

    Trying it out would change something.
    """
    try:
        found = _scopes(client, (TRASH, RECOVER))
    except ZoomautoError:
        return ()
    return tuple(replace(check, name="trash") for check in found)


def needs_of(options: ZoomOptions) -> tuple[Need, ...]:
    """Give what the app must be allowed for these options."""
    if options.chosen_users == (WHOLE_ACCOUNT,):
        return (LIST_ACCOUNT, READ_FILES)
    listing = (LIST_USERS,) if options.chosen_users == (ALL_USERS,) else ()
    return (*listing, LIST_RECORDINGS, READ_FILES)


def _token(client: ZoomClient) -> str:
    scopes = client.tokens.current().scopes
    return f"Zoom accepts the credentials; {len(scopes)} scopes"


def _scopes(client: ZoomClient, needs: Iterable[Need]) -> list[Check]:
    """Name every missing scope in both forms; nothing where Zoom does not say what is granted."""
    granted = client.tokens.current().scopes
    missing = [need for need in needs if not need.is_met_by(granted)] if granted else []
    if not missing:
        return [Check(name="scopes", ok=True, detail="nothing is missing")] if granted else []
    return [
        Check(name="scopes", ok=False, detail=f"to {need.what} the app needs {need}")
        for need in missing
    ]


def _users(client: ZoomClient, options: ZoomOptions, persons: list[Person]) -> str:
    persons += people(client, options)
    return f"{len(persons)} user{'s' * (len(persons) != 1)}, the deactivated included"


def _places(options: ZoomOptions, persons: Sequence[Person]) -> dict[str, str]:
    """Give the paths to look at, by whose they are."""
    if options.chosen_users == (WHOLE_ACCOUNT,):
        return {"the account": ACCOUNT_PATH}
    return {person.name: user_path(person.id) for person in persons[:_MOST_USERS]}


def _page(
    client: ZoomClient,
    options: ZoomOptions,
    places: Mapping[str, str],
    found: list[ListedRecording],
    refused: dict[str, Check],
    now: datetime,
) -> str:
    """Look at one page of each place, until there are recordings; who is refused stops nobody."""
    params = _recent(now, PAGE_SIZE)
    for number, (name, path) in enumerate(places.items(), start=1):
        try:
            rows = client.page(path, params).meetings
        except (AuthenticationError, PermanentError) as error:
            if number == len(places) == len(refused) + 1:
                refused.clear()
                raise
            refused[name] = _failed(f"user {name}", error)
            continue
        read = (recording_of(row, options.preferred_views) for row in rows)
        found += [recording for recording in read if recording is not None]
        if found:
            pending = sum(recording.pending_reason is not None for recording in found)
            return (
                f"{len(found)} of {name} on the first page of {WINDOW_DAYS} days,"
                f" {pending} not finished"
            )
    return f"none within {WINDOW_DAYS} days for the {len(places)} looked at"


def _refused(client: ZoomClient, persons: Sequence[Person], now: datetime) -> dict[str, Check]:
    """Ask for each user that the options name; give those whom Zoom refuses."""
    refused: dict[str, Check] = {}
    for person in persons[:_MOST_NAMED_USERS]:
        try:
            client.page(user_path(person.id), _recent(now, 1))
        except TemporaryError:
            break  # The next question meets it too, and tells.
        except ZoomautoError as error:
            refused[person.name] = _failed(f"user {person.name}", error)
    return refused


def _recent(now: datetime, page_size: int) -> dict[str, str]:
    return {
        "from": (now.date() - timedelta(days=WINDOW_DAYS - 1)).isoformat(),
        "to": (now.date() + timedelta(days=1)).isoformat(),
        "page_size": str(page_size),
    }


def _files(client: ZoomClient, recording: ListedRecording) -> str:
    client.get(meeting_path(recording.key), label=Label.LIGHT, expect="uuid")
    return f"the files of {shown_name(recording.name) or 'a recording'!r} can be read"


def _failed(name: str, error: ZoomautoError) -> Check:
    detail = ". ".join(filter(None, (error.message.rstrip("."), error.hint)))
    return Check(name=name, ok=False, detail=detail)


def _deleted_soon(found: Iterable[ListedRecording], now: datetime) -> list[Check]:
    """Name what Zoom deletes by itself before long, the nearest first."""
    soon = sorted(
        (recording.expires_at, recording.name)
        for recording in found
        if recording.expires_at is not None and recording.expires_at <= now + SOON
    )
    if not soon:
        return []
    named = ", ".join(
        f"{shown_name(name) or '(no topic)'} on {day:%Y-%m-%d}" for day, name in soon[:_NAMED]
    )
    more = f" and {len(soon) - _NAMED} more" if len(soon) > _NAMED else ""
    return [
        Check(
            name="deleted soon",
            ok=True,
            detail=f"Zoom deletes {len(soon)} within {SOON.days} days: {named}{more}",
        )
    ]
