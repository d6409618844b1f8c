"""Leases: locks with holder and expiry, renewed while running."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: How often a running process renews its leases.
HEARTBEAT = timedelta(seconds=20)
#: A lease is stale after three missed heartbeats (contract, section 5: Overlap).
LEASE_TIME = 3 * HEARTBEAT


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """A process, told from every other one that ever ran anywhere."""

    #: The machine's name, for people.
    host: str
    #: Changes with every boot and differs between pid namespaces: within one realm, a pid is one
    #: process.
    realm: str
    pid: int
    #: When the process started, in the system's own unit; tells a reused pid from the first one.
    pid_started: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A lock that someone holds until it expires, or until they are known to be dead."""

    name: str
    holder: Holder
    acquired_at: datetime
    expires_at: datetime


def lease(name: str, holder: Holder, *, now: datetime) -> Lease:
    """Make a fresh lease for ``holder``."""
    return Lease(name=name, holder=holder, acquired_at=now, expires_at=now + LEASE_TIME)


def is_stale(lease: Lease, *, now: datetime, alive: bool | None) -> bool:
    """Say whether a lease may be taken from its holder (contract, section 5: Overlap).

    ``alive`` tells whether the holder still runs, None when that cannot be told from here.
    A dead holder's lease is stale at once; a living one's never, however late its heartbeat: a
    machine that slept goes on where it was. When it cannot be told, the expiry decides.
    """
    if alive is None:
        return now >= lease.expires_at
    return not alive
