"""Taking leases, and keeping them while work goes on."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zoomauto.domain.lease import HEARTBEAT, LEASE_TIME, Holder, Lease, is_stale, lease
from zoomauto.errors import LeaseLost, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.store import Store, Transaction

logger = logging.getLogger(__name__)

#: A signal arrives within microseconds.
_ARRIVAL = timedelta(seconds=1)

#: True or False for a process of this boot and pid namespace, None when that cannot be told.
IsAlive = Callable[[Holder], bool | None]


def take_lease(
    tx: Transaction, name: str, holder: Holder, *, now: datetime, is_alive: IsAlive
) -> Lease | None:
    """Take a lease in this transaction. Give the other holder's lease when it is not free."""
    other = tx.leases.get(name)
    if other is None or other.holder == holder or _is_free(other, now=now, is_alive=is_alive):
        tx.leases.put(lease(name, holder, now=now))
        return None
    return other


def busy_holder(tx: Transaction, name: str, *, now: datetime, is_alive: IsAlive) -> Holder | None:
    """Give who works under a lease; None when it is free to be taken."""
    found = tx.leases.get(name)
    if found is None or _is_free(found, now=now, is_alive=is_alive):
        return None
    return found.holder


def require_lease(tx: Transaction, name: str, holder: Holder) -> None:
    """Raise LeaseLost unless ``holder`` still has the lease.

    In the transaction that writes: a machine that slept may wake up behind another's back, before
    its first heartbeat.
    """
    found = tx.leases.get(name)
    if found is None or found.holder != holder:
        taker = f"{found.holder} took over" if found else "somebody gave back"
        raise LeaseLost(f"{taker} {name} while this process worked on it")


def _is_free(other: Lease, *, now: datetime, is_alive: IsAlive) -> bool:
    return is_stale(other, now=now, alive=is_alive(other.holder))


@dataclass(kw_only=True)
class Heartbeat:
    """Renews this process's leases in the background, and notices when one was lost."""

    store: Store
    clock: Clock
    holder: Holder
    interval: timedelta = HEARTBEAT
    _names: set[str] = field(default_factory=set)
    _lost: str | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _limit: threading.Lock = field(default_factory=threading.Lock)
    _deadline: datetime | None = None
    _interrupt: Callable[[], None] = lambda: None
    #: Whether the work was interrupted because its time was up.
    is_overdue: bool = False

    @contextmanager
    def beating(self) -> Iterator["Heartbeat"]:
        """Renew every ``interval`` until the block ends."""
        self._stopped.clear()
        thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join()

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Watch a lease that was taken; give it back when the block ends."""
        self._names.add(name)
        try:
            yield
        finally:
            self._names.discard(name)
            self._release(name)

    @contextmanager
    def limited(self, timeout: timedelta | None, interrupt: Callable[[], None]) -> Iterator[None]:
        """Call ``interrupt`` once the block has lasted ``timeout``; None for never.

        ``interrupt`` raises KeyboardInterrupt in the thread that is in the block.
        """
        self._interrupt, self.is_overdue = interrupt, False
        self._deadline = self.clock.now() + timeout if timeout is not None else None
        try:
            yield
        finally:
            with self._limit:
                self._deadline = None
            if self.is_overdue and not isinstance(sys.exception(), KeyboardInterrupt):
                # It is on its way and must not hit what comes after the block.
                threading.Event().wait(_ARRIVAL.total_seconds())

    def check(self) -> None:
        """Raise LeaseLost when another process has taken over one of the leases."""
        if self._lost is not None:
            raise LeaseLost(f"another process took over {self._lost}")

    def _beat(self) -> None:
        while not self._stopped.wait(self._pause()):
            self._end_overdue()
            self._renew()

    def _pause(self) -> float:
        deadline = self._deadline
        left = self.interval if deadline is None else deadline - self.clock.now()
        return max(min(left, self.interval), timedelta()).total_seconds()

    def _end_overdue(self) -> None:
        with self._limit:
            if self._deadline is not None and self.clock.now() >= self._deadline:
                self._deadline, self.is_overdue = None, True
                self._interrupt()

    def _renew(self) -> None:
        watched = set(self._names)
        try:
            with self.store.writing() as tx:
                held = tx.leases.renew(self.holder, until=self.clock.now() + LEASE_TIME)
        except Exception:
            # One missed heartbeat is no harm; the lease outlives two of them.
            logger.warning("heartbeat failed", exc_info=True, extra={"action": "heartbeat"})
            return
        # A lease given back in the meantime is gone on purpose.
        gone = (watched & self._names) - set(held)
        self._lost = self._lost or next(iter(gone), None)

    def _release(self, name: str) -> None:
        try:
            with self.store.writing() as tx:
                tx.leases.release(name, self.holder)
        except ZoomautoError:
            # It goes stale by itself; the error that ends the block matters more.
            logger.warning("lease %s not given back", name, extra={"action": "release"})
