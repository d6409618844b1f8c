"""Generated worlds: what they hold, and that a careful client finds all of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from zoomauto.testing.zoom.meeting import Expected
from zoomauto.testing.zoom.traps import Traps
from zoomauto.testing.zoom.world import World

Client = Any
Start = Callable[..., Client]
UNTIL = datetime(2026, 8, 21, 12, tzinfo=UTC)


def test_the_same_arguments_make_the_same_world():
    first, second = (World.generated(users=30, seed=7) for _ in range(2))
    assert (first.users, first.meetings) == (second.users, second.meetings)
    assert World.generated(users=30, seed=8).meetings != first.meetings


def test_a_world_holds_every_oddity_that_was_seen():
    world = World.generated(users=60)
    meetings = world.meetings
    files = [file for meeting in meetings for file in meeting.files]
    topics = {meeting.topic for meeting in meetings}
    numbers = [meeting.number for meeting in meetings]
    starts = [(m.user_id, m.topic, m.start_at) for m in meetings]
    oddities = {
        "a number of several meetings": len(set(numbers)) < len(numbers),
        "same topic and start": len(set(starts)) < len(starts),
        "uuid with a leading slash": any(m.uuid.startswith("/") for m in meetings),
        "uuid with two slashes": any("//" in m.uuid[1:] for m in meetings),
        "two segments": any(_segments(m.files) > 1 for m in meetings),
        "traversal": "../../etc/passwd" in topics,
        "empty topic": "" in topics,
        "long topic": any(len(topic) == 4096 for topic in topics),
        "right to left": any("\u202e" in topic for topic in topics),
        "no zone, no duration": any((m.timezone, m.duration) == ("", 0) for m in meetings),
        "upload": any(m.type == 99 for m in meetings),
        "numbers as text": any(m.numbers_as_text for m in meetings),
        "deleted soon": any(m.auto_delete_on for m in meetings),
        "participants": any(m.participant_files for m in meetings),
        "late": any(f.available_at for f in files),
        "processing": any(f.processing_until for f in files),
        "size as text": any(f.size_as_text for f in files),
        "no id": {f.file_type for f in files if "id" in f.omitted} == {"CC", "TIMELINE"},
        "form": {str(m.files_form) for m in meetings} == {"list", "missing", "null"},
        "statuses": {u.status for u in world.users} == {"active", "inactive", "pending"},
    }
    assert [name for name, is_there in oddities.items() if not is_there] == []


def test_uuids_and_file_ids_are_unique():
    world = World.generated(users=100)
    uuids = [meeting.uuid for meeting in world.meetings]
    files = [file.id for meeting in world.meetings for file in meeting.all_files]
    assert (len(set(uuids)), len(set(files))) == (len(uuids), len(files))


def test_the_truth_of_a_moment_leaves_out_what_is_not_complete_yet():
    world = World.generated(users=60)
    processing = {m.uuid for m in world.meetings if any(f.processing_until for f in m.files)}
    at_once = {e.uuid: e.file_ids for e in world.truth(at=UNTIL)}
    in_the_end = {e.uuid: e.file_ids for e in world.truth(at=UNTIL + timedelta(days=30))}
    assert {uuid for uuid in processing if not at_once[uuid]} == processing
    assert in_the_end == {e.uuid: e.file_ids for e in world.truth()}


def test_the_truth_can_leave_out_users():
    world = World.generated(users=20)
    user = world.meetings[0].user_id
    left = world.truth(without=[user])
    assert {e.user_id for e in world.truth()} - {e.user_id for e in left} == {user}


def test_a_careful_client_finds_everything_with_every_trap_at_once(start: Start):
    world = World.generated(users=25, days=60)
    later = UNTIL + timedelta(days=10)
    world_users = [user.id for user in world.users if world.meetings_of(user.id)]
    refused = world_users[:4]
    client = start(Traps.all(refused=refused), on=world)
    found = Careful(client).everything(days=75)
    expected = {e.uuid: e for e in world.truth(at=later, without=refused)}
    assert {uuid: Expected(user_id=user, uuid=uuid, file_ids=expected[uuid].file_ids)
            for uuid, user in found.items()} == expected  # fmt: skip
    assert client.zoom.violations() == ()


def test_a_careful_client_gets_every_byte_with_every_trap_at_once(start: Start):
    world = World.generated(users=6, days=30)
    client = start(Traps.all(), on=world)
    careful, bodies = Careful(client), {}
    for meeting in world.meetings:
        for file in meeting.files:
            if file.available_at is None and file.processing_until is None and not file.omitted:
                bodies[file.id] = careful.download(meeting.uuid, file.id, file.size)
    assert len(bodies) > 30
    wrong = [file_id for file_id, body in bodies.items() if body != world.bytes_of(file_id)]
    assert wrong == []
    assert client.zoom.violations() == ()


def _segments(files: Any) -> int:
    return len({f.start_at for f in files})


class Careful:
    """Tries again, compares totals, asks for smaller windows; simple, not polite."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def everything(self, *, days: int) -> dict[str, str]:
        """Give uuid -> user id of all recordings that may be read."""
        found: dict[str, str] = {}
        for status in ("active", "inactive"):
            users = self._rows("/users", "users", {"status": status})
            for user in users:
                found.update(self._of_user(user["id"], days))
        return found

    def download(self, uuid: str, file_id: str, size: int) -> bytes:
        """Try until the right number of bytes comes that is no page."""
        for _ in range(6):
            document = self._get(self._client.meeting_path(uuid), {})
            row = next(f for f in document["recording_files"] if f["id"] == file_id)
            answer = self._client.http.get(row["download_url"])
            if answer.status_code != 302:
                self._client.log_in()
                continue
            try:
                body: bytes = self._client.alone(answer.headers["Location"]).content
            except httpx.TransportError:
                continue
            if len(body) == size and not body.startswith(b"<!DOCTYPE"):
                return body
        raise AssertionError(f"{file_id} never came")

    def _of_user(self, user: str, days: int) -> dict[str, str]:
        found: dict[str, str] = {}
        for ago in range(-1, days, 2):
            first, last = ((UNTIL - timedelta(days=n)).date() for n in (ago + 2, ago))
            window = {"from": first.isoformat(), "to": last.isoformat()}
            rows = self._rows(f"/users/{user}/recordings", "meetings", window)
            assert all(first <= _day(row) <= last for row in rows)
            found.update({row["uuid"]: user for row in rows})
        return found

    def _rows(self, path: str, key: str, params: dict[str, str]) -> list[dict[str, Any]]:
        page = self._get(path, {**params, "page_size": "100"})
        if key not in page:
            return []
        rows: list[dict[str, Any]] = page[key]
        while len(rows) < page["total_records"] and page["next_page_token"]:
            more = {**params, "page_size": "100", "next_page_token": page["next_page_token"]}
            page = self._get(path, more)
            rows += page[key]
        return rows

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        """Ask until there is JSON that no later attempt would better."""
        for _ in range(5):
            try:
                answer = self._client.get(path, **params)
                document: dict[str, Any] = answer.json()
            except (httpx.TransportError, ValueError):
                continue
            if answer.status_code == 401:
                self._client.log_in()
            elif answer.status_code not in {429, 500}:
                return document
        raise AssertionError(f"{path} never answered")


def _day(row: dict[str, Any]) -> date:
    return datetime.fromisoformat(row["start_time"]).date()
