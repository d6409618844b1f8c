"""The endpoints that read: users, recordings of a user, of the account, of a meeting."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar
from urllib.parse import unquote

from zoomauto.testing.zoom.cloud import ACCOUNT_ID, Call, Cloud
from zoomauto.testing.zoom.meeting import Meeting
from zoomauto.testing.zoom.reply import Refusal, Reply, document_reply
from zoomauto.testing.zoom.rows import stamp, user_row
from zoomauto.testing.zoom.tokens import Page

Row = TypeVar("Row")

LIST_USERS = ("user:read:admin", "user:read:list_users:admin")
LIST_RECORDINGS = (
    "cloud_recording:read:list_user_recordings",
    "cloud_recording:read:list_user_recordings:admin",
)
LIST_ACCOUNT = ("account:read:admin", "cloud_recording:read:list_account_recordings:admin")
READ_FILES = (
    "cloud_recording:read:list_recording_files",
    "cloud_recording:read:list_recording_files:admin",
)
READ_TRANSCRIPT = ("cloud_recording:read:meeting_transcript:admin",)

_MAX_PAGE = 300
_MAX_DAYS = 31
#: Rows on a page of 300 from which the rest is withheld.
_WITHHELD_PAGE = 30
_MAX_TTL = 604_800


def list_users(cloud: Cloud, call: Call, _: Sequence[str]) -> Reply:
    """Answer ``GET /users``."""
    status = call.query.get("status", "active")
    users = [user for user in cloud.world.users if user.status == status]
    found, page = _page(cloud, call, users)
    return document_reply({"page_number": 1, **page, "users": [user_row(user) for user in found]})


def list_recordings(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``GET /users/{userId}/recordings``."""
    user = cloud.user(parts[0], LIST_RECORDINGS)
    return _recordings(cloud, call, cloud.world.meetings_of(user.id), with_host=False)


def list_account(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``GET /accounts/{accountId}/recordings``, which most apps may not ask."""
    if not cloud.traps.account_listing:
        raise Refusal(400, 200, "You do not have the right permissions.")
    if parts[0] not in {"me", ACCOUNT_ID}:
        raise Refusal(404, 300, f"Account does not exist: {parts[0]}.")
    return _recordings(cloud, call, cloud.world.meetings, with_host=True)


def read_meeting(cloud: Cloud, call: Call, parts: Sequence[str]) -> Reply:
    """Answer ``GET /meetings/{meetingId}/recordings``."""
    meeting = find_meeting(cloud, parts[0], READ_FILES)
    now = cloud.clock.now()
    row = cloud.rows(now).detail(meeting)
    if "download_access_token" in call.query.get("include_fields", ""):
        seconds = int(call.query.get("ttl", "3600"))
        if not 0 <= seconds <= _MAX_TTL:
            raise Refusal(400, 300, "Validation Failed.")
        row["download_access_token"] = cloud.access.issue(now, ttl=timedelta(seconds=seconds))[0]
    return document_reply(row)


def read_transcript(cloud: Cloud, _: Call, parts: Sequence[str]) -> Reply:
    """Answer ``GET /meetings/{meetingId}/transcript``."""
    meeting = find_meeting(cloud, parts[0], READ_TRANSCRIPT)
    rows = cloud.rows(cloud.clock.now())
    found = next((f for f in meeting.files if f.file_type == "TRANSCRIPT"), None)
    if found is None:
        raise Refusal(404, 3322, "This meeting transcript does not exist.")
    is_ready = rows.is_available(meeting, found) and not rows.is_processing(meeting, found)
    document: dict[str, Any] = {
        "meeting_id": meeting.uuid,
        "meeting_topic": meeting.topic,
        "can_download": is_ready,
        "download_restriction_reason": None if is_ready else "NOT_READY",
    }
    if is_ready:
        document["download_url"] = rows.download_url(found)
        document["transcript_created_time"] = stamp(found.end_at)
    return document_reply(document)


def find_meeting(cloud: Cloud, segment: str, accepted: tuple[str, ...]) -> Meeting:
    """Give the meeting of a path segment that was decoded once; raise Refusal (404, 3301).

    A uuid that begins with ``/`` or holds ``//`` is only understood when it was encoded twice.
    """
    meeting = cloud.world.meeting(decoded_again(segment))
    if meeting is None or not cloud.world.holds(meeting, None):
        raise no_recording()
    cloud.check_user(meeting.user_id, accepted)
    held = [file for file in meeting.files if cloud.world.holds(meeting, file)]
    if meeting.files and not held:
        raise no_recording()
    return meeting


def decoded_again(segment: str) -> str:
    """Decode a segment a second time; what the gateway would have split is nothing."""
    return "" if segment.startswith("/") or "//" in segment else unquote(segment)


def no_recording() -> Refusal:
    """Make the refusal for a recording that is not there, or not ready."""
    return Refusal(404, 3301, "There is no recording for this meeting.")


def _recordings(cloud: Cloud, call: Call, meetings: Sequence[Meeting], *, with_host: bool) -> Reply:
    now = cloud.clock.now()
    rows = cloud.rows(now)
    trash = call.query.get("trash", "false") == "true"
    first, last = _window(cloud, call)
    if "meeting_id" in call.query:
        meetings = [m for m in meetings if str(m.number) == call.query["meeting_id"]]
    if trash:
        found = [m for m in meetings if _is_in_trash(cloud, m)]
    else:
        end = last - timedelta(days=1) if cloud.traps.to_is_exclusive else last
        found = [
            m for m in meetings if first <= m.start_at.date() <= end and cloud.world.holds(m, None)
        ]
    shown, page = _page(cloud, call, found)
    made = [rows.meeting(meeting, trash=trash) for meeting in shown]
    if with_host:
        for row in made:
            host = cloud.world.user(row["host_id"])
            row["host_email"] = "" if host is None else host.email
    echo = {"from": first.isoformat(), "to": last.isoformat()}
    return document_reply({**echo, **page, "meetings": made})


def _is_in_trash(cloud: Cloud, meeting: Meeting) -> bool:
    now = cloud.clock.now()
    places = (None, *meeting.files)
    return any(cloud.world.trashed_at(meeting, place, now) is not None for place in places)


def _window(cloud: Cloud, call: Call) -> tuple[date, date]:
    today = cloud.clock.now().date()
    first = _day(call.query, "from", today)
    last = _day(call.query, "to", today + timedelta(days=1))
    days = (last - first).days
    clamp = cloud.traps.clamp_days
    if days > _MAX_DAYS:
        refusal = cloud.violate(f"window of {days} days: {call.target}")
        if clamp is None:
            raise refusal
    if clamp is not None and days > clamp:
        return last - timedelta(days=clamp), last
    return first, last


def _day(query: Mapping[str, str], name: str, default: date) -> date:
    if name not in query:
        return default
    try:
        return date.fromisoformat(query[name])
    except ValueError:
        raise Refusal(400, 300, f"Invalid field: {name}.") from None


def _page(cloud: Cloud, call: Call, rows: Sequence[Row]) -> tuple[Sequence[Row], dict[str, Any]]:
    """Cut out the page that is asked for; give it and what is said about it."""
    size = _page_size(cloud, call)
    params = {k: v for k, v in call.query.items() if k != "next_page_token"}
    offset = _offset(cloud, call, params)
    end = offset + size
    following = end - min(cloud.traps.page_overlap, size - 1)
    has_token = end < len(rows)
    if call.path.endswith("/users"):
        if cloud.traps.looping_user_pages and not has_token:
            following, has_token = offset, True
    elif cloud.traps.rows_withheld and size == _MAX_PAGE:
        end, has_token = offset + _WITHHELD_PAGE, False
    token = ""
    if has_token:
        page = Page(listing=(call.path, params), offset=following, issued_at=cloud.clock.now())
        token = cloud.pages.issue(page)
    return rows[offset:end], {
        "page_count": -(-len(rows) // size),
        "page_size": size,
        "total_records": len(rows),
        "next_page_token": token,
    }


def _page_size(cloud: Cloud, call: Call) -> int:
    try:
        size = int(call.query.get("page_size", "30"))
    except ValueError:
        raise Refusal(400, 300, "Invalid field: page_size.") from None
    if not 1 <= size <= _MAX_PAGE:
        raise cloud.violate(f"page_size {size}: {call.target}")
    return size


def _offset(cloud: Cloud, call: Call, params: Mapping[str, str]) -> int:
    token = call.query.get("next_page_token", "")
    if not token:
        return 0
    page = cloud.pages.page(token, cloud.clock.now())
    if page.listing != (call.path, params):
        raise cloud.violate(f"other parameters with a page token: {call.target}")
    return page.offset
