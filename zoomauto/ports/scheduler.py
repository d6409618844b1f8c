"""What starts us on time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

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
