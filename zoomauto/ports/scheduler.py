"""What starts us on time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any, ClassVar, Protocol, runtime_checkable

from zoomauto.domain.entry import InstalledPiece, Piece, Wanted


@dataclass(frozen=True, kw_only=True, slots=True)
class Availability:
    """Whether a backend can be used here and now, and why."""

    usable: bool
    #: "cron is running", "no user manager: lingering is off".
    reason: str
    #: The command that mends it.
    hint: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a real start through the backend showed."""

    fired: bool
    #: When the probe ran; None when it did not.
    at: datetime | None
    #: The environment it ran with.
    environment: Mapping[str, str]
    detail: str
    #: What the command ended with; None when it was not started, or has not ended in time.
    exit_code: int | None = None


class Scheduler(Protocol):
    """A scheduler backend for one owner and installation. It touches only what carries our mark."""

    name: ClassVar[str]

    def availability(self) -> Availability:
        """Say whether entries would be started here. Change nothing."""

    def render(self, wanted: Wanted) -> tuple[Piece, ...]:
        """Make the exact text, piece by piece: each job's, then the safety net's. Pure."""

    def installed(self) -> tuple[InstalledPiece, ...]:
        """Read back our pieces. Raise ConfigurationError for what cannot be understood safely."""

    def install(self, pieces: Sequence[Piece]) -> None:
        """Make the backend hold exactly these of our pieces; read back and compare.

        Everything that is not ours stays byte for byte. On a failure the state before is
        restored. Raise TemporaryError or ConfigurationError, with nothing half-done.
        """

    def uninstall(self) -> tuple[str, ...]:
        """Take away every trace of ours; give what was taken, in words."""

    def next_starts(self) -> Mapping[str, datetime]:
        """Give each job's next start by the backend's own word, by slug."""

    def probe(self, command: Sequence[str], *, within: timedelta) -> Probe:
        """Start ``command`` once through the real backend, wait for it, remove every trace."""


class Schedulers(Protocol):
    """Every scheduler backend there is."""

    def open(self, name: str, *, owner: str, installation: str, scope: str) -> Scheduler:
        """Open a backend. Raise NotFound for an unknown one, UsageError when it has no scope."""


@runtime_checkable
class KeepsBackups(Protocol):
    """A backend that copies what it changes before it changes it."""

    def backups(self) -> Sequence[PurePath]:
        """Give the copies, the newest first."""

    def restore(self, backup: Any = None, *, dry_run: bool = False) -> tuple[str, ...]:
        """Put one of :meth:`backups` back, the newest for None; give a unified diff.

        Raise NotFound when there is none.
        """


@runtime_checkable
class Lingers(Protocol):
    """A backend that starts nothing without a session unless it is told to."""

    def enable_lingering(self) -> None:
        """Keep starting without a session, until it is uninstalled."""
