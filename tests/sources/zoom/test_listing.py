"""Listing an account: everything once, nothing lost, and honest about the rest.

ZOOMAUTO_TEST_SIZES=full lists 500 users, with each trap alone and with all of them at once.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from zoomauto.domain.recording import FileKind, ListedRecording
from zoomauto.domain.source import Window
from zoomauto.errors import (
    AuthenticationError,
    IncompleteListing,
    RateLimited,
    TemporaryError,
    Unreachable,
)
from zoomauto.sources.zoom.listing import windows
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom.meeting import File, FilesForm, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import (
    SURVIVABLE_API_FAULTS,
    ApiFault,
    RetryAfter,
    Traps,
    UserError,
)
from zoomauto.testing.zoom.world import UNTIL, World

MakeZoom = Callable[..., FakeZoom]
MakeSource = Callable[..., ZoomSource]

EVER = Window(start_at=UNTIL - timedelta(days=92), end_at=UNTIL + timedelta(days=1))
USERS = 500 if os.environ.get("ZOOMAUTO_TEST_SIZES") == "full" else 24
ALONE: dict[str, dict[str, Any]] = {
    "none": {},
    "tokens end after 20 calls": {"token_calls": 20},
    "only the newest token counts": {"newest_token_only": True, "token_calls": 30},
    "two calls per second": {"calls_per_second": 2},
    "two calls per second, unnamed": {
        "calls_per_second": 2,
        "retry_after": RetryAfter.ABSENT,
        "limit_headers": False,
    },
    "retry after an instant": {"calls_per_second": 2, "retry_after": RetryAfter.ISO},
    "retry after a date": {"calls_per_second": 2, "retry_after": RetryAfter.HTTP_DATE},
    "faults": {"api_faults": SURVIVABLE_API_FAULTS, "api_fault_every": 5},
    "errors in 200": {"api_faults": (ApiFault.BROKEN_JSON, ApiFault.MAINTENANCE)},
    "clamped": {"clamp_days": 9},
    "last day left out": {"to_is_exclusive": True},
    "users for ever": {"looping_user_pages": True},
    "rows withheld": {"rows_withheld": True},
    "pages overlap": {"page_overlap": 7},
    "sizes drift": {"text_size_drift": 5},
}


def expected(world: World, at: datetime, *, without: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Give what a perfect client finds: uuid -> ids of the files that can be fetched."""
    return {
        found.uuid: {
            _shown_id(world, file_id) for file_id in found.file_ids if _shows(world, found.uuid)
        }
        for found in world.truth(at=at, without=without)
    }


def _shows(world: World, uuid: str) -> bool:
    meeting = world.meeting(uuid)
    return meeting is not None and meeting.files_form is FilesForm.LIST


def _shown_id(world: World, file_id: str) -> str:
    known = world.file(file_id)
    assert known is not None
    file, _ = known
    if "id" not in file.omitted:
        return file.id
    return f"{file.file_type}--{file.start_at:%Y-%m-%dT%H:%M:%SZ}"


def files_by_uuid(recordings: list[ListedRecording]) -> dict[str, set[str]]:
    """Give what was listed in the same form; twice the same fails here."""
    assert len({recording.key for recording in recordings}) == len(recordings)
    return {r.key: {file.key.partition(":")[2] for file in r.files} for r in recordings}


@pytest.fixture(scope="module")
def world() -> World:
    return World.generated(users=USERS, days=90)


@pytest.mark.parametrize("trap", ALONE)
def test_every_recording_is_found_once_whatever_zoom_does(
    trap: str, world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    source = make_source(make_zoom(world, **ALONE[trap]))
    found = list(source.list_recordings(EVER))
    assert files_by_uuid(found) == expected(world, clock.now())


def test_with_every_trap_at_once_only_the_refused_users_are_missing_and_named(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    with_some = [user for user in world.users if world.meetings_of(user.id)]
    refused = tuple(user.id for user in with_some[3:7])
    source = make_source(make_zoom(world, given=Traps.all(refused=refused)))
    found: list[ListedRecording] = []
    with pytest.raises(IncompleteListing) as caught:
        found.extend(source.list_recordings(EVER))
    assert files_by_uuid(found) == expected(world, clock.now(), without=refused)
    assert sorted(caught.value.data["users"]) == sorted(user.email for user in with_some[3:7])


def test_the_account_is_listed_at_once_where_zoom_allows_it(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    zoom = make_zoom(world, account_listing=True, clamp_days=20)
    found = list(make_source(zoom, users="account").list_recordings(EVER))
    assert files_by_uuid(found) == expected(world, clock.now())
    assert zoom.counts()["GET users"] == 0


def test_named_users_are_listed_and_nobody_else(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    one, other = [user for user in world.users if world.meetings_of(user.id)][:2]
    zoom = make_zoom(world)
    found = list(make_source(zoom, users=f"{one.id}, {other.email}").list_recordings(EVER))
    others = tuple(user.id for user in world.users if user not in {one, other})
    assert files_by_uuid(found) == expected(world, clock.now(), without=others)


def test_listing_twice_gives_equal_values(make_zoom: MakeZoom, make_source: MakeSource):
    source = make_source(make_zoom(World.generated(users=9, days=20)))
    # Each time another user comes first.
    once, again = ({r.key: r for r in source.list_recordings(EVER)} for _ in range(2))
    assert once == again


def test_what_is_known_by_its_mark_is_given_by_its_key_alone(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    world = World.generated(users=9, days=20)
    source = make_source(make_zoom(world))
    first = list(source.list_changed(EVER, lambda *_: False))
    assert {r.key: r for r in first if not isinstance(r, str)} == {
        r.key: r for r in source.list_recordings(EVER)
    }
    marks = {r.key: r.mark for r in first if not isinstance(r, str)}
    clock.sleep(timedelta(days=3))  # what was being processed is ready, late texts are there

    again = list(source.list_changed(EVER, lambda key, mark: marks[key] == mark))

    now = {r.key: r for r in source.list_recordings(EVER)}
    changed = {key: recording for key, recording in now.items() if recording not in first}
    assert {r.key: r for r in again if not isinstance(r, str)} == changed != {}
    assert {r if isinstance(r, str) else r.key for r in again} == set(now)
    assert len(again) == len(now)


def test_only_what_started_in_the_window_is_given(make_zoom: MakeZoom, make_source: MakeSource):
    source = make_source(make_zoom(World.generated(users=9, days=20)))
    everything = sorted(source.list_recordings(EVER), key=lambda recording: recording.start_at)
    middle = everything[len(everything) // 2].start_at
    window = Window(start_at=everything[0].start_at, end_at=middle)
    found = {recording.key for recording in source.list_recordings(window)}
    assert found == {recording.key for recording in everything if recording.start_at < middle}


def test_a_page_token_that_zoom_forgot_restarts_the_window(
    make_source: MakeSource, clock: FrozenClock
):
    world = World.generated(users=30, days=20)
    moved: list[timedelta] = []

    class Slow(FrozenClock):
        """Lets 20 minutes pass with the first wait."""

        def sleep(self, span: timedelta) -> None:
            if not moved:
                moved.append(span)
                clock.sleep(timedelta(minutes=20))
            clock.sleep(span)

        def now(self) -> datetime:
            return clock.now()

    traps = Traps(account_listing=True, api_faults=(ApiFault.SERVER_ERROR,), api_fault_every=2)
    with FakeZoom(world, traps=traps, clock=clock) as zoom:
        source = make_source(zoom, users="account")
        source._client._clock = Slow(UNTIL)
        found = list(source.list_recordings(EVER))
    assert moved
    assert files_by_uuid(found) == expected(world, clock.now())


@pytest.mark.parametrize("kind", UserError)
def test_one_failing_user_stops_nobody_else(
    kind: UserError, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    world = World.generated(users=5, days=20)
    zoom = make_zoom(world, user_errors={world.users[1].id: kind})
    found: list[ListedRecording] = []
    with pytest.raises(IncompleteListing) as caught:
        found.extend(make_source(zoom).list_recordings(EVER))
    assert caught.value.data["users"] == [world.users[1].email]
    assert caught.value.data["parts"] == [world.users[1].id]
    assert files_by_uuid(found) == expected(world, clock.now(), without=(world.users[1].id,))


def test_only_a_user_who_is_behind_is_listed_from_further_back(
    make_zoom: MakeZoom, make_source: MakeSource
):
    world = World.generated(users=2, days=60)
    ann, ben = world.users
    zoom = make_zoom(world)
    recent = UNTIL - timedelta(days=3)
    window = Window(
        start_at=UNTIL - timedelta(days=60),
        end_at=UNTIL + timedelta(days=1),
        part_starts={"": recent, ann.id: UNTIL - timedelta(days=60)},
    )
    found = {r.key for r in make_source(zoom).list_recordings(window)}
    listings = [request.path for request in zoom.requests if "/recordings" in request.path]
    everything = {r.key: r.start_at for r in make_source(zoom).list_recordings(EVER)}
    whose = {m.uuid: m.user_id for m in world.meetings}
    assert found == {k for k, at in everything.items() if whose[k] == ann.id or at >= recent}
    assert [sum(user.id in path for path in listings) for user in (ann, ben)] == [3, 1]


def test_the_daily_limit_ends_the_listing_with_its_reset(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    source = make_source(make_zoom(world, calls_per_day=10))
    with pytest.raises(RateLimited) as caught:
        list(source.list_recordings(EVER))
    assert caught.value.data["reset_at"] == "2026-08-22T00:00:00+00:00"
    assert clock.now() - UNTIL < timedelta(minutes=1)


def test_an_outage_is_not_tried_on_every_user(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    zoom = make_zoom(World.generated(users=30, days=20))
    zoom.fail_next(ApiFault.UNAVAILABLE, times=1000, path="/recordings")
    with pytest.raises(IncompleteListing) as caught:
        list(make_source(zoom).list_recordings(EVER))
    assert len(caught.value.data["users"]) == 3
    assert "; 26 more were not asked for" in caught.value.message
    # Nothing was listed: no part of it counts as complete.
    assert caught.value.data["parts"] == []
    assert clock.now() - UNTIL < timedelta(minutes=5)


def test_users_who_fail_for_ever_keep_nobody_else_from_being_listed_in_the_end(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    world = World.generated(users=6, days=20)
    zoom = make_zoom(world)
    failing = {user.id for user in world.users[1:4]}
    for user in failing:
        zoom.fail_next(ApiFault.UNAVAILABLE, times=1000, path=f"/users/{user}/recordings")
    source = make_source(zoom)
    others = {user.id for user in world.users} - failing
    left: set[str] = set(others)
    for _ in range(10):
        clock.sleep(timedelta(hours=1))
        with pytest.raises(IncompleteListing) as caught:
            list(source.list_recordings(EVER))
        parts = set(caught.value.data["parts"])
        left -= others - parts if parts else set()
    assert left == set()


def test_refused_credentials_say_why(make_zoom: MakeZoom, make_source: MakeSource):
    source = make_source(make_zoom(World.generated(users=2, days=5)), secret="wrong-secret")  # noqa: S106
    with pytest.raises(AuthenticationError) as caught:
        list(source.list_recordings(EVER))
    assert "invalid_client" in caught.value.message
    assert "wrong-secret" not in f"{caught.value} {caught.value.hint}"


def test_missing_scopes_are_named_in_both_forms(make_zoom: MakeZoom, make_source: MakeSource):
    zoom = make_zoom(
        World.generated(users=4, days=5),
        withheld_scopes=frozenset({"cloud_recording:read:list_user_recordings:admin"}),
    )
    with pytest.raises(AuthenticationError) as caught:
        list(make_source(zoom).list_recordings(EVER))
    assert caught.value.hint == (
        "add cloud_recording:read:list_user_recordings:admin (classic apps: recording:read:admin)"
        " to the app on marketplace.zoom.us"
    )


def test_a_cloud_that_is_not_there_is_unreachable(make_source: MakeSource, clock: FrozenClock):
    with FakeZoom(World.generated(users=1, days=5), clock=clock) as zoom:
        source = make_source(zoom)
    with pytest.raises(
        Unreachable, match=r"127\.0\.0\.1:\d+ cannot be reached: Connection refused"
    ):
        list(source.list_recordings(EVER))


def test_finding_gives_what_was_listed(make_zoom: MakeZoom, make_source: MakeSource):
    source = make_source(make_zoom(World.generated(users=12, days=20)))
    listed = list(source.list_recordings(EVER))
    assert [source.find(recording.key) for recording in listed] == listed
    assert any(recording.key.startswith("/") for recording in listed)


def test_what_zoom_still_processes_waits_and_late_words_come_under_the_old_date(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    start = UNTIL - timedelta(hours=1)
    film = File(id="film", start_at=start, end_at=start + timedelta(minutes=50))
    words = replace(film, id="words", file_type="TRANSCRIPT", extension="VTT")
    meeting = Meeting(
        uuid="m==", number=1, user_id="u1", topic="Waves", start_at=start, files=(film, words)
    )
    world = World(users=[User(id="u1", email="ann@example.org")], meetings=[meeting])
    delays = {"processing_for": timedelta(hours=2), "transcript_delay": timedelta(days=5)}
    source = make_source(make_zoom(world, **delays))

    def seen() -> tuple[str | None, list[str]]:
        (listed,) = source.list_recordings(EVER)
        assert source.find("m==") == listed
        return listed.pending_reason, [file.key.partition(":")[2] for file in listed.files]

    assert seen() == ("Zoom is still processing 1 of 1 files", [])
    clock.sleep(timedelta(hours=3))
    assert seen() == (None, ["film"])
    clock.sleep(timedelta(days=5))
    (late,) = source.list_recordings(replace(EVER, end_at=clock.now()))
    assert [file.kind for file in late.files] == [FileKind.VIDEO, FileKind.TRANSCRIPT]


def test_only_zooms_word_makes_a_recording_gone(
    make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    world = World.generated(users=3, days=20)
    zoom = make_zoom(world)
    source = make_source(zoom)
    assert source.find("never heard of") is None
    listed = next(iter(source.list_recordings(EVER)))
    meeting = world.meeting(listed.key)
    assert meeting is not None
    assert world.discard(meeting, None, clock.now())
    with pytest.raises(TemporaryError):
        source.find(listed.key)
    assert make_source(zoom).find(listed.key) is None
    zoom.fail_next(ApiFault.SERVER_ERROR, times=20)
    with pytest.raises(TemporaryError):
        source.find("never heard of")


def test_windows_share_a_day_and_end_tomorrow():
    now = datetime(2026, 8, 21, 12, tzinfo=UTC)
    spans = windows(Window(start_at=now - timedelta(days=90), end_at=now + timedelta(days=9)), now)
    assert (spans[0].first, spans[-1].last) == (date(2026, 5, 22), date(2026, 8, 22))
    assert all(one.last == other.first for one, other in pairwise(spans))
    assert max((span.last - span.first).days for span in spans) == 29


def test_windows_of_the_beginning_of_time_and_of_the_future():
    now = datetime(2026, 8, 21, 12, tzinfo=UTC)
    least = datetime.min.replace(tzinfo=UTC)
    assert windows(Window(start_at=least, end_at=now), now)[0].first == date(2012, 1, 1)
    future = now + timedelta(days=9)
    assert windows(Window(start_at=future, end_at=future + timedelta(days=1)), now) == []
