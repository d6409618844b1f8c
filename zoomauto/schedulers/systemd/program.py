"""systemd's programs, run as children that cannot ask, page, colour or hang."""

import os
import pwd
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from zoomauto.errors import ConfigurationError, TemporaryError, ZoomautoError

Scope = Literal["user", "system"]

#: Hint at the way that is always there.
WITHOUT = "--backend crontab, without systemd"
NOT_BOOTED = "systemd is installed, and does not run this machine"
#: A manager with thousands of timers needs a minute or two to load them all anew.
_TIMEOUT_SECONDS = 900
#: Names of units on one command line: none takes long then, and none is too long.
_MOST_NAMES = 500
_NO_BUS = re.compile(
    "Failed to connect to (?:user scope )?bus|No medium found|Host is down|Connection refused"
    "|has not been booted with systemd"
)
_REFUSED = re.compile(
    "authentication required|Access denied|Permission denied|Operation not permitted"
)
_NOT_FOUND = re.compile("Unit file .* does not exist|Unit .* not found")
#: What decides where systemd's programs look; nothing else of our environment reaches them.
_PASSED_ON = ("PATH", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "USER")
_QUIET = {"LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "SYSTEMD_ASK_PASSWORD": "0"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a program said."""

    code: int
    out: str
    err: str


class SystemdPrograms:
    """``systemctl``, ``systemd-analyze``, ``systemd-run`` and ``loginctl`` for one manager."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    @cached_property
    def user(self) -> str:
        """The name of the user who runs this."""
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return str(os.geteuid())

    def control(self, *words: str) -> str:
        """Run ``systemctl``; give what it printed. Raise as :meth:`run` and :meth:`failed` do."""
        return self._checked("systemctl", *self._scope_words, *words)

    def control_all(self, *words: str, names: Sequence[str]) -> str:
        """Run ``systemctl`` for many units; give all that it printed, an empty line between."""
        return "\n".join(self.control(*words, *some) for some in _parts(names))

    def try_control(self, *words: str) -> Said:
        """Run ``systemctl`` where a refusal is an answer too."""
        return self.run("systemctl", *self._scope_words, *words)

    def try_control_all(self, *words: str, names: Sequence[str]) -> None:
        """Run ``systemctl`` for many units, whatever it says."""
        for some in _parts(names):
            self.try_control(*words, *some)

    def unit_path(self) -> tuple[str, ...]:
        """Give the folders in which the manager looks for units."""
        return tuple(self.control("show", "--property=UnitPath", "--value").split())

    def start_transient(self, *words: str) -> None:
        """Run ``systemd-run``."""
        self._checked("systemd-run", *self._scope_words, "--quiet", *words)

    def analyze(self, *words: str, unit_path: Sequence[str] = ()) -> Said:
        """Run ``systemd-analyze``, which says with its exit code what it thinks.

        With a ``unit_path`` it knows the units of these folders alone.
        """
        variables = {"SYSTEMD_UNIT_PATH": ":".join(unit_path)} if unit_path else {}
        return self.run("systemd-analyze", *self._scope_words, *words, **variables)

    def run(self, *command: str, **variables: str) -> Said:
        """Run a program to its end.

        Raise ConfigurationError when it is not installed, TemporaryError when it hangs.
        """
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and every word is made by us
                command,
                env=self._environment() | variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="surrogateescape",
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"{command[0]} is not installed", hint="apt install systemd, or --backend crontab"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise TemporaryError(
                f"{command[0]} did not answer within {_TIMEOUT_SECONDS} seconds"
            ) from error
        return Said(code=done.returncode, out=done.stdout, err=done.stderr.strip())

    def failed(self, program: str, said: Said) -> ZoomautoError:
        """Say what a refusal means, and what mends it."""
        why = said.err.splitlines()[0] if said.err else f"it ended with {said.code}"
        if _NO_BUS.search(said.err):
            return self._no_manager(why)
        if _REFUSED.search(said.err):
            return ConfigurationError(
                f"systemd refuses this to {self.user}: {why}",
                hint="run it with sudo, or with --scope user",
            )
        if _NOT_FOUND.search(said.err):
            return ConfigurationError(
                f"systemd does not look into the folder of our units: {why}",
                hint="unset XDG_CONFIG_HOME, or set it for the user manager too",
            )
        return TemporaryError(f"{program} failed: {why}")

    def is_unreachable(self, said: Said) -> bool:
        """Whether there is no manager to answer."""
        return said.code != 0 and bool(_NO_BUS.search(said.err))

    @property
    def lingering_hint(self) -> str:
        """The command that keeps the user's manager running without a session."""
        # With the name: without one it fails where there is no session, as in a cron job.
        return f"loginctl enable-linger {self.user}"

    @property
    def _scope_words(self) -> Sequence[str]:
        return (f"--{self.scope}",)

    def _checked(self, program: str, *words: str) -> str:
        said = self.run(program, *words)
        if said.code != 0:
            raise self.failed(program, said)
        return said.out

    def _no_manager(self, why: str) -> ConfigurationError:
        if not is_booted():
            return ConfigurationError(NOT_BOOTED, hint=WITHOUT)
        if self.scope == "system":
            return ConfigurationError(f"systemd cannot be reached: {why}", hint=WITHOUT)
        return ConfigurationError(
            f"the systemd user manager of {self.user} cannot be reached: {why}",
            hint=self.lingering_hint,
        )

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        # Under sudo and in cron jobs the variable is another user's, or missing.
        runtime = Path(f"/run/user/{os.geteuid()}")
        if runtime.is_dir() and runtime.stat().st_uid == os.geteuid():
            passed["XDG_RUNTIME_DIR"] = str(runtime)
        return passed | _QUIET


def is_booted() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[first : first + _MOST_NAMES] for first in range(0, len(names), _MOST_NAMES))
