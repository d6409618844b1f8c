"""Putting recordings into Zoom's trash and taking them back, against the fake cloud."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from zoomauto.errors import AuthenticationError, PermanentError, RateLimited
from zoomauto.ports.source import Trashing
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import ApiFault
from zoomauto.testing.zoom.world import UNTIL, World

MakeZoom = Callable[..., FakeZoom]
MakeSource = Callable[..., ZoomSource]
ANN = User(id="ann", email="ann@x.org")
UUIDS = ("BOKXuumlTAGXuqwr3bLyuQ==", "/ajXp112QmuoKj4854875A==", "a//Xp112QmuoKj4854875A==")


@pytest.fixture
def world() -> World:
    meetings = []
    for number, uuid in enumerate(UUIDS):
        start_at = UNTIL - timedelta(days=number + 1)
        end_at = start_at + timedelta(hours=1)
        file = File(id=f"file-{number}", start_at=start_at, end_at=end_at)
        meetings.append(
            Meeting(uuid=uuid, number=10 + number, user_id="ann", start_at=start_at, files=(file,))
        )
    return World(users=[ANN], meetings=meetings)


def left(world: World) -> set[str]:
    return {expected.uuid for expected in world.truth()}


@pytest.mark.parametrize("uuid", UUIDS)
@pytest.mark.parametrize("status", [200, 204])
def test_a_recording_goes_into_the_trash_and_comes_back(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, uuid: str, status: int
):
    source = make_source(make_zoom(world, changed_status=status))

    assert isinstance(source, Trashing)
    assert source.trash(uuid) is True
    assert left(world) == set(UUIDS) - {uuid}
    assert source.find(uuid) is None
    source.recover(uuid)
    assert left(world) == set(UUIDS)


def test_nothing_is_ever_deleted_for_good(
    world: World, make_zoom: MakeZoom, make_source: MakeSource
):
    zoom = make_zoom(world)
    make_source(zoom).trash(UUIDS[0])

    (asked,) = [r for r in zoom.requests if r.method == "DELETE"]
    assert asked.query == "action=trash"


def test_what_is_gone_already_is_said_to_be(
    world: World, make_zoom: MakeZoom, make_source: MakeSource
):
    source = make_source(make_zoom(world))
    source.trash(UUIDS[0])

    assert source.trash(UUIDS[0]) is False
    assert source.trash("nobodyKnowsThisUuid12A==") is False


def test_another_request_of_the_same_user_is_waited_out(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    zoom = make_zoom(world)
    zoom.fail_next(ApiFault.QPS, times=2, path="/recordings")

    assert make_source(zoom).trash(UUIDS[0]) is True
    assert sum(clock.slept, timedelta()) > timedelta()


def test_a_daily_limit_ends_it(world: World, make_zoom: MakeZoom, make_source: MakeSource):
    zoom = make_zoom(world)
    zoom.fail_next(ApiFault.DAILY, path="/recordings")

    with pytest.raises(RateLimited):
        make_source(zoom).trash(UUIDS[0])
    assert left(world) == set(UUIDS)


def test_an_expired_token_is_renewed(world: World, make_zoom: MakeZoom, make_source: MakeSource):
    zoom = make_zoom(world)
    source = make_source(zoom)
    source.find(UUIDS[0])
    zoom.revoke_tokens()

    assert source.trash(UUIDS[0]) is True


def test_a_missing_scope_is_named(world: World, make_zoom: MakeZoom, make_source: MakeSource):
    scopes = {"recording:write:admin", "cloud_recording:delete:meeting_recording:admin"}
    source = make_source(make_zoom(world, withheld_scopes=frozenset(scopes)))

    with pytest.raises(AuthenticationError) as raised:
        source.trash(UUIDS[0])
    assert scopes <= set(raised.value.data["scopes"])
    assert left(world) == set(UUIDS)


def test_a_page_in_place_of_an_answer_is_no_proof(
    world: World, make_zoom: MakeZoom, make_source: MakeSource
):
    zoom = make_zoom(world)
    zoom.fail_next(ApiFault.MAINTENANCE, path="/recordings")

    assert make_source(zoom).trash(UUIDS[0]) is True
    assert UUIDS[0] not in left(world)


def test_an_error_in_a_200_is_an_error(world: World, make_zoom: MakeZoom, make_source: Any):
    zoom = make_zoom(world)
    zoom.fail_next(ApiFault.ERROR_IN_200, path="/recordings")

    with pytest.raises(PermanentError):
        make_source(zoom).trash(UUIDS[0])


def test_gone_at_the_second_asking_means_that_the_first_was_heard(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    zoom = make_zoom(world)
    zoom.fail_next(ApiFault.RESET, path="/recordings")
    (meeting,) = [m for m in world.meetings if m.uuid == UUIDS[0]]
    world.discard(meeting, None, clock.now())

    assert make_source(zoom).trash(UUIDS[0]) is True


def test_what_is_not_in_the_trash_cannot_be_recovered(
    world: World, make_zoom: MakeZoom, make_source: MakeSource, clock: FrozenClock
):
    source = make_source(make_zoom(world))
    source.trash(UUIDS[0])
    clock.move_to(UNTIL + timedelta(days=31))

    with pytest.raises(PermanentError, match="30 days"):
        source.recover(UUIDS[0])
