"""Entries: what a scheduler backend should hold, and what it does hold."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from zoomauto.domain.schedule import Schedule

#: How far ahead entries are computed (contract, section 5).
HORIZON = timedelta(days=5 * 366)


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedJob:
    """One active job as a scheduler backend needs to know it."""

    slug: str
    name: str
    schedule: Schedule
    #: Starts are wanted this long after each occurrence; whole minutes.
    shift: timedelta = timedelta()
    #: After this long a start is ended from outside; None for never.
    timeout: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Everything that one owner's jobs need on this host."""

    owner: str
    #: Tells two installations on one host apart. ``[a-z0-9]``.
    installation: str
    #: Absolute program path and the global options that a run needs, ready to take ``run ...``.
    program: tuple[str, ...]
    host_timezone: str
    #: Entries are computed from here to ``start_at`` + ``horizon``.
    start_at: datetime
    horizon: timedelta = HORIZON
    jobs: tuple[WantedJob, ...] = ()
    #: A unit that systemd starts when a run fails; None for none.
    on_failure: str | None = None

    @property
    def until(self) -> datetime:
        """The end of the horizon."""
        return self.start_at + self.horizon


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One part of what a backend holds: the lines of one job, or one unit file."""

    #: Unique within the backend: a job's slug, ``due`` for the safety net, a unit's file name.
    name: str
    #: The job's slug; None for the safety net.
    job: str | None
    #: The exact text, ending in a newline.
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledPiece:
    """A piece as it was read back."""

    piece: Piece
    #: Whether someone else has changed it since we wrote it.
    is_edited: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """The difference between wanted and installed."""

    added: tuple[Piece, ...] = ()
    #: Old and new.
    changed: tuple[tuple[Piece, Piece], ...] = ()
    removed: tuple[Piece, ...] = ()
    #: Names of installed pieces that someone else has changed.
    edited: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def drift(wanted: Sequence[Piece], installed: Sequence[InstalledPiece]) -> Drift:
    """Compare piece by piece."""
    there = {item.piece.name: item.piece for item in installed}
    named = {piece.name for piece in wanted}
    return Drift(
        added=tuple(p for p in wanted if p.name not in there),
        changed=tuple((there[p.name], p) for p in wanted if p.name in there and there[p.name] != p),
        removed=tuple(piece for name, piece in there.items() if name not in named),
        edited=tuple(item.piece.name for item in installed if item.is_edited),
    )


def seal(text: str) -> str:
    """Give the short hash that a piece carries, so that a later edit by hand is noticed."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
