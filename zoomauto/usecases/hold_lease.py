"""Taking leases, and keeping them while work goes on."""

import logging
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

    def check(self) -> None:
        """Raise LeaseLost when another process has taken over one of the leases."""
        if self._lost is not None:
            raise LeaseLost(f"another process took over {self._lost}")

    def _beat(self) -> None:
        while not self._stopped.wait(self.interval.total_seconds()):
            self._renew()

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
