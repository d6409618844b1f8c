"""A scheduler backend that keeps its entries in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, ClassVar

from zoomauto.domain.entry import InstalledPiece, Piece, Wanted, WantedJob
from zoomauto.domain.occurrence import next_occurrence
from zoomauto.domain.schedule import describe
from zoomauto.errors import NotFound, UsageError, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Availability, Probe, Scheduler


@dataclass(kw_only=True)
class FakeScheduler:
    """Holds pieces whose text says what was wanted; hands can change them between calls."""

    name: ClassVar[str] = "fake"

    clock: Clock
    #: What it says of itself.
    can_start: Availability = field(
        default_factory=lambda: Availability(usable=True, reason="it always is")
    )
    #: What it holds, by name.
    held: dict[str, Piece] = field(default_factory=dict)
    #: Names of pieces that someone else has changed.
    edited: set[str] = field(default_factory=set)
    #: What it held before each change, the oldest first.
    before: list[dict[str, Piece]] = field(default_factory=list)
    #: Raised by the next install, once.
    failure: ZoomautoError | None = None
    #: Whether something else takes away what was installed.
    forgets: bool = False
    #: Every command that was probed.
    probed: list[tuple[str, ...]] = field(default_factory=list)
    lingers: bool = False
    _jobs: dict[str, WantedJob] = field(default_factory=dict)

    def availability(self) -> Availability:
        """Say what it was told to say."""
        return self.can_start

    def render(self, wanted: Wanted) -> tuple[Piece, ...]:
        """Make one piece for each job, and one for the safety net."""
        self._jobs |= {job.slug: job for job in wanted.jobs}
        return (*(_piece(job, wanted) for job in wanted.jobs), _net(wanted))

    def installed(self) -> tuple[InstalledPiece, ...]:
        """Give what it holds."""
        return tuple(
            InstalledPiece(piece=piece, is_edited=name in self.edited)
            for name, piece in self.held.items()
        )

    def install(self, pieces: Sequence[Piece]) -> None:
        """Hold these pieces, unless it was told to fail."""
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.before.append(dict(self.held))
        self.held = {} if self.forgets else {piece.name: piece for piece in pieces}
        self.edited.clear()

    def uninstall(self) -> tuple[str, ...]:
        """Let everything go."""
        taken = tuple(self.held)
        self.before.append(dict(self.held))
        self.held = dict(self.held) if self.forgets else {}
        return taken

    def next_starts(self) -> Mapping[str, datetime]:
        """Give the next occurrence, with its shift, of each job that it holds."""
        now = self.clock.now()
        jobs = (job for slug, job in self._jobs.items() if slug in self.held)
        coming = ((job, next_occurrence(job.schedule, now - job.shift)) for job in jobs)
        return {job.slug: at + job.shift for job, at in coming if at is not None}

    def probe(self, command: Sequence[str], *, within: timedelta) -> Probe:
        """Say that the command ran, at once and with nothing around it."""
        self.probed.append(tuple(command))
        if not self.can_start.usable:
            return Probe(fired=False, at=None, environment={}, detail="nothing was started")
        return Probe(
            fired=True,
            at=self.clock.now(),
            environment={"PATH": "/usr/bin:/bin"},
            detail="the command ended with 0",
            exit_code=0,
        )

    def enable_lingering(self) -> None:
        """Remember that it was told to."""
        self.lingers = True

    def backups(self) -> tuple[PurePath, ...]:
        """Name what it held before each change, the newest first."""
        return tuple(PurePath(f"/backups/{number}") for number in reversed(range(len(self.before))))

    def restore(self, backup: Any = None, *, dry_run: bool = False) -> tuple[str, ...]:
        """Hold again what it held then."""
        if not self.before:
            raise NotFound("there is no backup")
        old = self.before[int(backup.name) if backup else -1]
        gone, back = sorted(set(self.held) - set(old)), sorted(set(old) - set(self.held))
        if not dry_run:
            self.before.append(dict(self.held))
            self.held = dict(old)
        return (*(f"-{name}" for name in gone), *(f"+{name}" for name in back))

    def edit(self, name: str, text: str) -> None:
        """Change a piece as someone's hands would."""
        self.held[name] = replace(self.held[name], text=text)
        self.edited.add(name)


@dataclass(frozen=True, kw_only=True)
class FakeSchedulers:
    """Hands out the backends it was given, one for each name and scope."""

    #: Name, or ``name system``, -> backend.
    backends: Mapping[str, Scheduler]

    def open(self, name: str, *, owner: str, installation: str, scope: str) -> Scheduler:
        """Give the backend of that name. Raise NotFound, or UsageError for the other scope."""
        if name not in self.backends:
            raise NotFound(f"there is no scheduler type {name!r}")
        key = name if scope == "user" else f"{name} {scope}"
        if key not in self.backends:
            raise UsageError(f"{name} has no entries of the system")
        return self.backends[key]


def _piece(job: WantedJob, wanted: Wanted) -> Piece:
    words = " ".join((*wanted.program, "run", job.slug, "--scheduled"))
    shift = f" + {job.shift}" if job.shift else ""
    text = f"{describe(job.schedule)}{shift}, to {wanted.until:%F}: {words}\n"
    return Piece(name=job.slug, job=job.slug, text=text)


def _net(wanted: Wanted) -> Piece:
    return Piece(name="due", job=None, text=f"hourly: {' '.join(wanted.program)} run --due\n")
