"""The fake Zoom API: its shapes, and each trap alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom.meeting import FilesForm
from zoomauto.testing.zoom.traps import ApiFault, RetryAfter, Traps, UserError
from zoomauto.testing.zoom.world import World

Client = Any
Start = Callable[..., Client]

USER = {"id": str, "email": str, "type": int, "status": str, "timezone": str, "created_at": str}
PAGE = {"page_count": int, "page_size": int, "total_records": int, "next_page_token": str}
ROW = {
    "uuid": str,
    "id": int,
    "account_id": str,
    "host_id": str,
    "topic": str,
    "type": int,
    "start_time": str,
    "timezone": str,
    "duration": int,
    "total_size": int,
    "recording_count": int,
    "share_url": str,
    "recording_files": list,
}
FILE = {
    "id": str,
    "meeting_id": str,
    "recording_start": str,
    "recording_end": str,
    "file_type": str,
    "file_extension": str,
    "file_size": int,
    "play_url": str,
    "download_url": str,
    "status": str,
    "recording_type": str,
}
SLASHED = "/ajXp112QmuoKj4854875=="


def shape(document: dict[str, Any], model: dict[str, type]) -> dict[str, type]:
    return {key: type(document.get(key)) for key in model}


def uuids(response: httpx.Response) -> list[str]:
    return [row["uuid"] for row in response.json()["meetings"]]


def error(response: httpx.Response) -> tuple[int, int]:
    return response.status_code, response.json()["code"]


def test_the_token_answer_has_the_observed_shape(client: Client):
    document = client.token().json()
    model = {"access_token": str, "token_type": str, "expires_in": int, "scope": str}
    assert shape(document, {**model, "api_url": str}) == {**model, "api_url": str}
    assert document["expires_in"] == 3599


def test_a_token_may_be_asked_for_in_the_body(client: Client):
    form = {"grant_type": "account_credentials", "account_id": client.zoom.account_id}
    credentials = (client.zoom.client_id, client.zoom.client_secret)
    response = client.http.post(client.zoom.token_url, data=form, auth=credentials)
    assert response.status_code == 200


def test_wrong_credentials_are_refused_with_a_reason(client: Client):
    url, asked = client.zoom.token_url, {"grant_type": "account_credentials"}
    wrong = client.http.post(url, params=asked, auth=(client.zoom.client_id, "wrong"))
    account = client.token(account_id="other")
    grant = client.token(grant_type="password")
    assert [(r.status_code, r.json()["error"]) for r in (wrong, account, grant)] == [
        (401, "invalid_client"),
        (400, "invalid_request"),
        (400, "unsupported_grant_type"),
    ]


def test_users_rows_and_files_have_the_observed_shapes(client: Client):
    users = client.get("/users", page_size=300).json()
    page = client.recordings(page_size=300).json()
    assert shape(users, PAGE) == PAGE
    assert shape(users["users"][0], USER) == USER
    assert shape(page, {"from": str, "to": str, **PAGE}) == {"from": str, "to": str, **PAGE}
    assert shape(page["meetings"][0], ROW) == ROW
    assert shape(page["meetings"][0]["recording_files"][0], FILE) == FILE


def test_every_answer_has_a_tracking_id_of_its_own(client: Client):
    ids = {client.get("/users").headers["x-zm-trackingid"] for _ in range(3)}
    assert len(ids) == 3


def test_users_are_listed_by_status_and_pending_ones_have_no_id(client: Client):
    found = {
        status: client.get("/users", status=status).json()["users"]
        for status in ("active", "inactive", "pending")
    }
    assert {s: [u["email"] for u in rows] for s, rows in found.items()} == {
        "active": ["ann@example.org"],
        "inactive": ["bob@example.org"],
        "pending": ["eve@example.org"],
    }
    assert "id" not in found["pending"][0]


def test_recordings_come_in_pages_newest_first(client: Client):
    first = client.recordings(page_size=2)
    token = first.json()["next_page_token"]
    second = client.recordings(page_size=2, next_page_token=token)
    assert (uuids(first), uuids(second)) == (
        [SLASHED, "instance2=="],
        ["instance3==", "instance4=="],
    )
    assert first.json()["total_records"] == 5


def test_a_user_may_be_named_by_e_mail_and_may_have_nothing(client: Client):
    assert len(uuids(client.recordings("Ann%40example.org"))) == 5
    assert uuids(client.recordings("bob")) == []
    assert error(client.recordings("nobody")) == (404, 1001)


def test_a_uuid_with_a_leading_slash_has_to_be_encoded_twice(client: Client):
    once = "/meetings/%2FajXp112QmuoKj4854875%3D%3D/recordings"
    twice = "/meetings/%252FajXp112QmuoKj4854875%253D%253D/recordings"
    assert error(client.get(once)) == (404, 3301)
    assert client.get(twice).json()["uuid"] == SLASHED


def test_any_other_uuid_may_be_encoded_once_or_twice(client: Client):
    assert client.get("/meetings/instance2%3D%3D/recordings").json()["uuid"] == "instance2=="
    assert client.get(client.meeting_path("instance2==")).json()["uuid"] == "instance2=="


def test_the_numeric_id_gives_the_latest_instance_only(client: Client):
    assert client.get("/meetings/6840331990/recordings").json()["uuid"] == SLASHED


def test_a_download_access_token_lives_as_long_as_was_asked(client: Client, clock: FrozenClock):
    path = client.meeting_path(SLASHED)
    row = client.get(path, include_fields="download_access_token", ttl=60).json()
    url, token = row["recording_files"][0]["download_url"], row["download_access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    fresh = client.alone(url, **headers)
    clock.sleep(timedelta(seconds=60))
    stale = client.alone(url, **headers)
    assert (fresh.status_code, stale.status_code, stale.headers["Content-Type"]) == (
        302,
        200,
        "text/html",
    )


def test_a_download_access_token_does_not_open_the_api(client: Client):
    path = client.meeting_path(SLASHED)
    row = client.get(path, include_fields="download_access_token").json()
    client.http.headers["Authorization"] = f"Bearer {row['download_access_token']}"
    assert error(client.get("/users")) == (400, 4711)


def test_the_transcript_has_an_address_of_its_own(client: Client):
    base = client.meeting_path(SLASHED).removesuffix("recordings")
    found = client.get(base + "transcript").json()
    missing = client.get("/meetings/instance2%3D%3D/transcript")
    assert found["can_download"] is True
    assert missing.status_code == 404


def test_a_token_ends_with_its_time(start: Start, clock: FrozenClock):
    client = start(Traps(token_ttl=timedelta(minutes=5)))
    before = client.get("/users").status_code
    clock.sleep(timedelta(minutes=5))
    assert (before, error(client.get("/users"))) == (200, (401, 124))


def test_a_token_ends_after_so_many_calls(start: Start):
    client = start(Traps(token_calls=2))
    assert [client.get("/users").status_code for _ in range(3)] == [200, 200, 401]


def test_a_new_token_may_end_the_old_one(start: Start):
    client = start(Traps(newest_token_only=True))
    client.token()
    assert error(client.get("/users")) == (401, 124)


def test_missing_scopes_are_named(start: Start):
    client = start(Traps(withheld_scopes=frozenset({"user:read:list_users:admin"})))
    response = client.get("/users")
    assert error(response) == (400, 4711)
    assert "does not contain scopes:[" in response.json()["message"]
    assert "user:read:list_users:admin" not in client.token().json()["scope"].split()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (UserError.UNKNOWN, (404, 1001)),
        (UserError.NOT_ON_ACCOUNT, (400, 1010)),
        (UserError.FORBIDDEN, (200, 200)),
        (UserError.SCOPES, (400, 4711)),
    ],
)
def test_one_user_alone_is_refused(start: Start, kind: UserError, expected: tuple[int, int]):
    client = start(Traps(user_errors={"ann": kind}))
    assert error(client.recordings("ann")) == expected
    assert error(client.get(client.meeting_path(SLASHED))) == expected
    assert client.recordings("bob").json()["meetings"] == []


def test_calls_beyond_the_rate_of_a_second_are_refused(start: Start, clock: FrozenClock):
    client = start(Traps(calls_per_second=2))
    answers = [client.get("/users") for _ in range(3)]
    headers = answers[2].headers
    clock.sleep(timedelta(seconds=1))
    assert [a.status_code for a in [*answers, client.get("/users")]] == [200, 200, 429, 200]
    assert (headers["X-RateLimit-Type"], headers["X-RateLimit-Category"]) == ("QPS", "Medium")
    assert int(headers["X-RateLimit-Reset"]) == int(clock.now().timestamp())


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (RetryAfter.AS_DOCUMENTED, "2026-08-22T00:00:00Z"),
        (RetryAfter.SECONDS, "43200"),
        (RetryAfter.ISO, "2026-08-22T00:00:00Z"),
        (RetryAfter.HTTP_DATE, "Sat, 22 Aug 2026 00:00:00 GMT"),
        (RetryAfter.ABSENT, None),
    ],
)
def test_the_daily_limit_tells_when_it_ends(start: Start, form: RetryAfter, expected: str | None):
    client = start(Traps(calls_per_day=1, retry_after=form))
    client.get("/users")
    response = client.get("/users")
    assert (response.status_code, response.headers.get("Retry-After")) == (429, expected)
    assert "daily" in response.json()["message"]


def test_limits_may_come_without_any_header(start: Start):
    client = start(Traps(calls_per_second=0, retry_after=RetryAfter.ABSENT, limit_headers=False))
    headers = client.get("/users").headers
    assert [name for name in headers if "ratelimit" in name or "retry" in name] == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (ApiFault.QPS, (429, "application/json;charset=UTF-8")),
        (ApiFault.DAILY, (429, "application/json;charset=UTF-8")),
        (ApiFault.SERVER_ERROR, (500, "application/json;charset=UTF-8")),
        (ApiFault.BAD_GATEWAY, (502, "text/html")),
        (ApiFault.UNAVAILABLE, (503, None)),
        (ApiFault.MAINTENANCE, (200, "text/html")),
        (ApiFault.BROKEN_JSON, (200, "application/json")),
        (ApiFault.ERROR_IN_200, (200, "application/json;charset=UTF-8")),
        (ApiFault.TOKEN_REFUSED, (401, "application/json;charset=UTF-8")),
    ],
)
def test_a_planned_fault_comes_so_often_and_no_more(
    client: Client, fault: ApiFault, expected: tuple[int, str | None]
):
    client.zoom.fail_next(fault, times=2, path="/users")
    answers = [client.get("/users") for _ in range(3)]
    seen = [(a.status_code, a.headers.get("Content-Type")) for a in answers]
    assert seen == [expected, expected, (200, "application/json;charset=UTF-8")]


def test_a_connection_may_be_reset(client: Client):
    client.zoom.fail_next(ApiFault.RESET)
    with pytest.raises(httpx.TransportError):
        client.get("/users")
    assert client.get("/users").status_code == 200


def test_faults_come_in_turn_on_every_so_manieth_call(start: Start):
    faults = (ApiFault.SERVER_ERROR, ApiFault.UNAVAILABLE)
    client = start(Traps(api_faults=faults, api_fault_every=2))
    seen = [client.get("/users").status_code for _ in range(6)]
    assert seen == [200, 500, 200, 503, 200, 500]


def test_a_wide_window_is_cut_and_only_the_echo_tells(start: Start):
    client = start(Traps(clamp_days=3))
    response = client.recordings()
    echo = {key: response.json()[key] for key in ("from", "to")}
    assert echo == {"from": "2026-08-19", "to": "2026-08-22"}
    assert uuids(response) == [SLASHED, "instance2=="]


def test_the_last_day_may_be_left_out(start: Start):
    day = {"from": "2026-08-20", "to": "2026-08-20"}
    assert uuids(start().recordings(**day)) == [SLASHED]
    assert uuids(start(Traps(to_is_exclusive=True)).recordings(**day)) == []


def test_the_page_token_of_users_may_go_round_in_circles(start: Start):
    client = start(Traps(looping_user_pages=True))
    first = client.get("/users").json()
    again = client.get("/users", next_page_token=first["next_page_token"]).json()
    assert first["users"] == again["users"]
    assert again["next_page_token"]


def test_a_page_token_ends_after_fifteen_minutes(client: Client, clock: FrozenClock):
    token = client.recordings(page_size=2).json()["next_page_token"]
    clock.sleep(timedelta(minutes=15))
    assert error(client.recordings(page_size=2, next_page_token=token)) == (400, 300)


def test_a_page_of_300_may_lack_rows_and_only_the_total_tells(start: Start):
    world = World.generated(users=1, days=30)
    rows = [replace(world.meetings[0], uuid=f"{n}==", user_id="u") for n in range(40)]
    client = start(
        Traps(rows_withheld=True), on=World(users=[replace(world.users[0], id="u")], meetings=rows)
    )
    day = rows[0].start_at.date().isoformat()
    page = client.recordings("u", **{"from": day, "to": day, "page_size": 300}).json()
    assert (len(page["meetings"]), page["total_records"]) == (30, 40)
    assert page["next_page_token"] == ""


def test_rows_may_come_again_on_the_next_page(start: Start):
    client = start(Traps(page_overlap=1))
    first = client.recordings(page_size=3)
    token = first.json()["next_page_token"]
    second = client.recordings(page_size=3, next_page_token=token)
    assert uuids(first)[-1] == uuids(second)[0]


def test_files_are_processed_for_a_while(start: Start, clock: FrozenClock):
    client = start(Traps(processing_for=timedelta(days=2)))
    row = client.recordings().json()["meetings"][0]
    seen = row["recording_files"][0]
    clock.sleep(timedelta(days=2))
    client.log_in()
    later = client.recordings().json()["meetings"][0]["recording_files"][0]
    assert (row["total_size"], row["recording_count"]) == (0, 0)
    expected = {"recording_end": "", "file_type": "", "file_extension": "", "file_size": 0}
    assert {key: seen[key] for key in expected} == expected
    assert (seen["status"], later["status"], later["file_size"]) == (
        "processing",
        "completed",
        5000,
    )


def test_a_transcript_comes_days_later_under_the_old_date(start: Start, clock: FrozenClock):
    client = start(Traps(transcript_delay=timedelta(days=3)))
    before = [f["file_type"] for f in client.files()]
    clock.sleep(timedelta(days=3))
    client.log_in()
    day = {"from": "2026-08-20", "to": "2026-08-20"}
    row = client.recordings(**day).json()["meetings"][0]
    after = [f["file_type"] for f in row["recording_files"]]
    assert (before, after) == (["MP4", "CHAT"], ["MP4", "TRANSCRIPT", "CHAT"])


def test_the_account_listing_needs_rights(start: Start):
    window = {"from": "2026-08-01", "to": "2026-08-22"}
    assert error(start().get("/accounts/me/recordings", **window)) == (400, 200)
    page = start(Traps(account_listing=True)).get("/accounts/me/recordings", **window)
    assert (len(uuids(page)), page.json()["meetings"][0]["host_email"]) == (5, "ann@example.org")


def test_odd_rows_look_as_they_were_seen(start: Start, world: World):
    row = world.meetings[0]
    bare = replace(row.files[0], omitted=frozenset({"id", "file_size"}), id="bare")
    text = replace(row.files[0], size_as_text=True, id="text")
    odd = [
        replace(row, uuid="a", files_form=FilesForm.MISSING),
        replace(row, uuid="b", files_form=FilesForm.NULL),
        replace(row, uuid="c", files=(bare, text), numbers_as_text=True),
    ]
    client = start(on=World(users=world.users, meetings=odd))
    rows = {found["uuid"]: found for found in client.recordings().json()["meetings"]}
    assert "recording_files" not in rows["a"]
    assert rows["b"]["recording_files"] is None
    assert (rows["c"]["type"], rows["c"]["duration"]) == ("2", "43")
    first, second = rows["c"]["recording_files"]
    assert ("id" in first, "file_size" in first, second["file_size"]) == (False, False, "5000")


def trash(client: Client, uuid: str, **params: str) -> int:
    url = client.zoom.api_base + client.meeting_path(uuid)
    return int(client.http.delete(url, params=params).status_code)


def test_what_was_thrown_away_can_be_recovered_for_30_days(client: Client, clock: FrozenClock):
    path = client.meeting_path("instance2==")
    status = client.zoom.api_base + path + "/status"
    assert [trash(client, "instance2==", action="trash") for _ in range(2)] == [204, 404]
    assert error(client.get(path)) == (404, 3301)
    assert "instance2==" not in uuids(client.recordings())
    assert uuids(client.recordings(trash="true")) == ["instance2=="]
    assert client.http.put(status, json={"action": "recover"}).status_code == 204
    assert "instance2==" in uuids(client.recordings())
    trash(client, "instance2==", action="trash")
    clock.sleep(timedelta(days=30))
    client.log_in()
    assert client.http.put(status, json={"action": "recover"}).status_code == 404


def test_one_file_can_be_thrown_away_and_recovered(start: Start):
    client = start(Traps(changed_status=200))
    url = client.zoom.api_base + client.meeting_path(SLASHED)
    assert client.http.delete(f"{url}/chat", params={"action": "trash"}).status_code == 200
    without = [f["file_type"] for f in client.files()]
    assert client.http.put(f"{url}/chat/status", json={"action": "recover"}).status_code == 200
    with_chat = [f["file_type"] for f in client.files()]
    assert (without, with_chat) == (["MP4", "TRANSCRIPT"], ["MP4", "TRANSCRIPT", "CHAT"])


def test_what_was_deleted_does_not_come_back(client: Client, world: World):
    trash(client, "instance2==", action="delete")
    status = client.zoom.api_base + client.meeting_path("instance2==") + "/status"
    assert client.http.put(status, json={"action": "recover"}).status_code == 404
    assert [e.uuid for e in world.truth()] == [SLASHED, *(f"instance{n}==" for n in (3, 4, 5))]


def test_a_second_delete_for_the_same_user_at_the_same_time_is_refused(start: Start):
    client = start(Traps(hold_deletes=True))
    with ThreadPoolExecutor() as threads:
        first = threads.submit(trash, client, "instance2==", action="trash")
        client.zoom.delete_gate.reached.wait(10)
        second = trash(client, "instance3==", action="trash")
        client.zoom.delete_gate.open()
        assert (first.result(), second) == (204, 429)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/users?page_size=301", "page_size 301"),
        ("/users/ann/recordings?from=2026-07-01&to=2026-08-22", "window of 52 days"),
    ],
)
def test_a_broken_promise_is_answered_with_400_and_remembered(
    client: Client, path: str, complaint: str
):
    assert client.get(path).status_code == 400
    assert [v.partition(":")[0] for v in client.zoom.violations()] == [complaint]


def test_a_page_token_with_other_parameters_breaks_a_promise(client: Client):
    token = client.recordings(page_size=2).json()["next_page_token"]
    assert client.recordings(page_size=3, next_page_token=token).status_code == 400
    assert len(client.zoom.violations()) == 1


def test_a_delete_without_an_action_breaks_a_promise(client: Client, world: World):
    assert trash(client, SLASHED) == 400
    assert len(client.zoom.violations()) == 1
    assert len(world.truth()) == 5


def test_a_call_without_a_token_or_a_name_breaks_a_promise(client: Client):
    bare = client.alone(client.zoom.api_base + "/users")
    nameless = client.http.get(client.zoom.api_base + "/users", headers={"User-Agent": ""})
    assert (bare.status_code, nameless.status_code) == (400, 400)
    assert client.zoom.violations() == ("no Bearer token: /v2/users", "no User-Agent: /v2/users")


def test_every_request_is_remembered_with_its_answer(client: Client, clock: FrozenClock):
    client.get("/users", page_size=5)
    last = client.zoom.requests[-1]
    seen = (last.method, last.path, last.query, last.status, last.at)
    assert seen == ("GET", "/v2/users", "page_size=5", 200, clock.now())
    assert client.zoom.counts() == {"POST oauth": 1, "GET users": 1}


def test_revoked_tokens_open_nothing(client: Client):
    client.zoom.revoke_tokens()
    assert error(client.get("/users")) == (401, 124)


def test_times_are_written_in_utc_with_a_z(client: Client):
    row = client.recordings().json()["meetings"][0]
    assert datetime.fromisoformat(row["start_time"]).isoformat() == "2026-08-20T09:00:00+00:00"
