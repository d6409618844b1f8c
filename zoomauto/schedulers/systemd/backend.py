"""The scheduler backend that lives in systemd's timers."""

import json
import os
import pwd
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from zoomauto.domain.entry import InstalledPiece, Piece, Wanted
from zoomauto.errors import ConfigurationError, TemporaryError, ZoomautoError
from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Availability, Probe
from zoomauto.schedulers.systemd.linger import Lingering
from zoomauto.schedulers.systemd.probe import run_probe
from zoomauto.schedulers.systemd.program import (
    NOT_BOOTED,
    WITHOUT,
    Scope,
    SystemdPrograms,
    is_booted,
)
from zoomauto.schedulers.systemd.unit_folder import UnitFolder, default_folder
from zoomauto.schedulers.systemd.unit_name import UnitNames
from zoomauto.schedulers.systemd.unit_set import UnitSet
from zoomauto.schedulers.systemd.unit_text import render_units

#: The oldest systemd that this was tried with (contract, introduction).
_OLDEST = 252


class SystemdScheduler:
    """A timer and a service for each job, in the user's or the system's folder of units."""

    name: ClassVar[str] = "systemd"

    def __init__(
        self,
        *,
        owner: str,
        installation: str,
        state_folder: Path,
        clock: Clock,
        scope: Scope = "user",
        unit_folder: Path | None = None,
    ) -> None:
        self._owner = owner
        self._clock = clock
        self._names = UnitNames(owner=owner, installation=installation)
        self._probe_unit = f"zoomauto-probe-{installation}"
        self._programs = SystemdPrograms(scope)
        self._folder = UnitFolder(unit_folder or default_folder(scope))
        self._lingering = Lingering(programs=self._programs, state_folder=state_folder)
        self._units = UnitSet(
            names=self._names,
            folder=self._folder,
            programs=self._programs,
            state_folder=state_folder,
        )

    def availability(self) -> Availability:
        """Say whether systemd runs here, new enough, and would start our timers at any time."""
        try:
            return self._unusable() or Availability(
                usable=True, reason=f"systemd runs the timers of {self._whose()}"
            )
        except ZoomautoError as error:
            return Availability(usable=False, reason=error.message, hint=error.hint)

    def render(self, wanted: Wanted) -> tuple[Piece, ...]:
        """Make service and timer of each job, and of the safety net; a piece for each file."""
        return render_units(wanted, is_system=self._is_system)

    def installed(self) -> tuple[InstalledPiece, ...]:
        """Read our unit files back. Units of others are passed over, whatever their name."""
        return self._units.installed()

    def install(self, pieces: Sequence[Piece]) -> None:
        """Hold exactly these units, enabled and started.

        What was added to them by hand (``systemctl edit``) is moved to the state folder. Raise
        TemporaryError or ConfigurationError with everything as it was.
        """
        if pieces and self._is_system:
            self._check_account()
        self._units.replace(pieces)

    def uninstall(self) -> tuple[str, ...]:
        """Take our units away, with links, stamps and the lingering that we switched on.

        Lingering stays on while the user has other timers that need it.
        """
        if self._is_system and os.geteuid() != 0:
            raise ConfigurationError(
                f"{self._programs.user} cannot change the system's units", hint="run it with sudo"
            )
        taken = self._units.remove()
        if still := self._timers():
            raise TemporaryError(
                f"systemd still has {', '.join(sorted(still))}",
                hint=f"systemctl --{self._programs.scope} stop {' '.join(sorted(still))}",
            )
        if not self._folder.names("", ".timer") and self._lingering.switch_off_if_ours():
            return (*taken, f"lingering of {self._programs.user}")
        return taken

    def next_starts(self) -> Mapping[str, datetime]:
        """Give each job's next start as systemd has it, in UTC, by slug."""
        coming = ((self._names.job_of(timer), at) for timer, at in self._timers().items())
        return {slug: at for slug, at in coming if slug is not None and at is not None}

    def probe(self, command: Sequence[str], *, within: timedelta) -> Probe:
        """Have systemd start ``command`` once, through a timer of its own that goes again.

        ``detail`` tells exit code and output of the command.
        """
        if self._is_system:
            self._check_account()
        return run_probe(
            self._programs,
            command,
            unit=self._probe_unit,
            user=self._owner if self._is_system else None,
            clock=self._clock,
            until=self._clock.now() + within,
        )

    def enable_lingering(self) -> None:
        """Keep the user's timers running without a session; :meth:`uninstall` undoes it."""
        self._lingering.switch_on()

    @property
    def _is_system(self) -> bool:
        return self._programs.scope == "system"

    def _whose(self) -> str:
        return "the system" if self._is_system else self._programs.user

    def _unusable(self) -> Availability | None:
        """Say what stands in the way, the first thing first; None when nothing does."""
        version = _version(self._programs.run("systemctl", "--version").out)
        if version < _OLDEST:
            reason = f"systemd {version} is too old: {_OLDEST} is needed"
            return Availability(usable=False, reason=reason, hint=WITHOUT)
        if not is_booted():
            return Availability(usable=False, reason=NOT_BOOTED, hint=WITHOUT)
        if not self._is_system and not self._lingering.is_on():
            reason = (
                f"lingering is off for {self._programs.user}: without a session no timer would run"
            )
            return Availability(usable=False, reason=reason, hint=self._programs.lingering_hint)
        self._programs.control("show", "--property=Version")
        return None

    def _check_account(self) -> None:
        try:
            pwd.getpwnam(self._owner)
        except KeyError as error:
            raise ConfigurationError(
                f"the owner {self._owner!r} is no user of this host, and system units run as the"
                " owner",
                hint="--scope user, or --owner with the name of a user",
            ) from error

    def _timers(self) -> Mapping[str, datetime | None]:
        """Give our timers that systemd has, and when it starts each next; none without systemd."""
        said = self._programs.try_control(
            "list-timers", "--all", "--output=json", f"{self._names.prefix}*"
        )
        if said.code != 0:
            if self._programs.is_unreachable(said):
                return {}
            raise self._programs.failed("systemctl", said)
        # "left" is wrong in systemd 252; "next" is in microseconds, and 0 for never.
        return {
            row["unit"]: datetime.fromtimestamp(row["next"] / 10**6, UTC) if row["next"] else None
            for row in json.loads(said.out or "[]")
        }


def _version(text: str) -> int:
    found = re.match(r"systemd (\d+)", text)
    return int(found[1]) if found else 0
