"""Taking leases, renewing them, and noticing that one is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from zoomauto.domain.lease import LEASE_TIME, Lease, lease
from zoomauto.errors import LeaseLost, StoreBusy
from zoomauto.usecases.hold_lease import Heartbeat, require_lease, take_lease

if TYPE_CHECKING:
    from tests.usecases.conftest import World
    from zoomauto.ports.store import Store, Transaction

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT_ONCE = timedelta(0)


def held(world: World, name: str = "job:1") -> Lease | None:
    with world.store.reading() as tx:
        return tx.leases.get(name)


def take(world: World, name: str = "job:1") -> Lease | None:
    with world.store.writing() as tx:
        return take_lease(tx, name, world.holder, now=world.clock.now(), is_alive=world.is_alive)


def heartbeat(world: World, *, store: Store | None = None) -> Heartbeat:
    return Heartbeat(
        store=store or world.store, clock=world.clock, holder=world.holder, interval=AT_ONCE
    )


@dataclass
class CountingStore:
    """A store that tells when so many writing transactions have ended, well or not."""

    store: Store
    failures: list[Exception]
    count: int
    done: threading.Event

    @contextmanager
    def writing(self, *, owner: str | None = None) -> Iterator[Transaction]:
        try:
            if self.failures:
                raise self.failures.pop()
            with self.store.writing(owner=owner) as tx:
                yield tx
        finally:
            self.count -= 1
            if self.count <= 0:
                self.done.set()


@dataclass
class SlowHeartStore:
    """A store in which a heartbeat waits until the lease it watches was given back."""

    store: Store
    beating: threading.Event
    given_back: threading.Event

    @contextmanager
    def writing(self, *, owner: str | None = None) -> Iterator[Transaction]:
        if threading.current_thread().name == "heartbeat":
            self.beating.set()
            assert self.given_back.wait(30)
        with self.store.writing(owner=owner) as tx:
            yield tx


def counting(world: World, *, beats: int, failures: tuple[Exception, ...] = ()) -> CountingStore:
    return CountingStore(world.store, list(failures), beats, threading.Event())


def test_a_free_lease_is_taken(empty_world: World):
    assert take(empty_world) is None
    assert held(empty_world) == lease("job:1", empty_world.holder, now=NOON)


def test_the_same_process_may_take_its_lease_again(empty_world: World):
    take(empty_world)

    assert take(empty_world) is None


def test_a_living_holders_lease_is_not_taken_and_is_named(empty_world: World):
    take(empty_world)
    first = held(empty_world)
    empty_world.new_process(after_kill=False)
    empty_world.clock.move_to(NOON + timedelta(days=9))

    assert take(empty_world) == first
    assert held(empty_world) == first


def test_a_dead_holders_lease_is_taken_at_once(empty_world: World):
    take(empty_world)
    empty_world.new_process()

    assert take(empty_world) is None
    assert held(empty_world) == lease("job:1", empty_world.holder, now=NOON)


def test_only_the_holder_meets_the_demand_for_a_lease(empty_world: World):
    world = empty_world
    take(world)
    with world.store.reading() as tx:
        require_lease(tx, "job:1", world.holder)
        with pytest.raises(LeaseLost, match="process 1 on laptop took over job:1"):
            require_lease(tx, "job:1", replace(world.holder, pid=2))
        with pytest.raises(LeaseLost, match="somebody gave back job:2"):
            require_lease(tx, "job:2", world.holder)


def test_a_beating_heart_renews_the_lease(empty_world: World):
    world = empty_world
    take(world)
    world.clock.move_to(NOON + timedelta(minutes=5))
    store: Any = counting(world, beats=1)
    beat = heartbeat(world, store=store)

    with beat.beating(), beat.holding("job:1"):
        assert store.done.wait(30)
        renewed = held(world)
        beat.check()

    assert renewed
    assert (renewed.acquired_at, renewed.expires_at) == (NOON, world.clock.now() + LEASE_TIME)
    assert held(world) is None


def test_a_lost_lease_is_noticed_and_not_given_back(empty_world: World):
    world = empty_world
    take(world)
    thief = replace(world.holder, pid=2)
    with world.store.writing() as tx:
        tx.leases.put(lease("job:1", thief, now=NOON))
    # The second beat ends after what the first one found is known.
    store: Any = counting(world, beats=2)
    beat = heartbeat(world, store=store)

    with beat.holding("job:1"), beat.beating():
        assert store.done.wait(30)
        with pytest.raises(LeaseLost, match="another process took over job:1"):
            beat.check()

    assert held(world) == lease("job:1", thief, now=NOON)


@pytest.mark.parametrize("failure", [StoreBusy("locked"), ZeroDivisionError("a bug")])
def test_a_missed_heartbeat_is_no_harm_whatever_the_cause(empty_world: World, failure: Exception):
    world = empty_world
    take(world)
    world.clock.move_to(NOON + timedelta(seconds=50))
    store: Any = counting(world, beats=3, failures=(failure, failure))
    beat = heartbeat(world, store=store)

    with beat.beating(), beat.holding("job:1"):
        assert store.done.wait(30)
        renewed = held(world)
        beat.check()

    assert renewed
    assert renewed.expires_at == world.clock.now() + LEASE_TIME


def test_leases_that_come_and_go_while_the_heart_beats_are_never_lost(empty_world: World):
    world = empty_world
    beat = heartbeat(world)

    with beat.beating():
        for number in range(30):
            take(world, f"recording:{number}")
            with beat.holding(f"recording:{number}"):
                beat.check()

    beat.check()
    assert held(world, "recording:29") is None


def test_a_lease_given_back_during_a_heartbeat_is_not_lost(empty_world: World):
    world = empty_world
    take(world)
    store: Any = SlowHeartStore(world.store, threading.Event(), threading.Event())
    beat = heartbeat(world, store=store)

    work = ExitStack()
    work.enter_context(beat.holding("job:1"))
    with beat.beating():
        assert store.beating.wait(30)
        work.close()
        store.given_back.set()

    beat.check()


def test_the_lease_is_given_back_when_the_work_fails(empty_world: World):
    take(empty_world)
    beat = heartbeat(empty_world)

    with pytest.raises(KeyboardInterrupt), beat.holding("job:1"):
        raise KeyboardInterrupt

    assert held(empty_world) is None


def test_a_lease_that_cannot_be_given_back_hides_no_error(empty_world: World):
    take(empty_world)
    store: Any = counting(empty_world, beats=1, failures=(StoreBusy("locked"),))
    beat = heartbeat(empty_world, store=store)

    with pytest.raises(ValueError, match="mine"), beat.holding("job:1"):
        raise ValueError("mine")
