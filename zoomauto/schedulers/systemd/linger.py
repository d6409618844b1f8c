"""Lingering: whether a user's manager, and so the timers, run without a session."""

from dataclasses import dataclass
from pathlib import Path

from zoomauto.schedulers.systemd.program import SystemdPrograms


@dataclass(frozen=True, kw_only=True, slots=True)
class Lingering:
    """Lingering of the user who runs this, and whether it was we who switched it on."""

    programs: SystemdPrograms
    state_folder: Path

    def is_on(self) -> bool:
        """Whether the manager runs from boot on; no for a user whom logind does not know."""
        said = self.programs.run(
            "loginctl", "show-user", self.programs.user, "--property=Linger", "--value"
        )
        return said.out.strip() == "yes"

    def switch_on(self) -> None:
        """Keep the manager running from now on, and remember that it was us."""
        if self.is_on():
            return
        self.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._memory.touch(mode=0o600)
        said = self.programs.run("loginctl", "enable-linger", self.programs.user)
        if said.code != 0:
            self._memory.unlink()
            raise self.programs.failed("loginctl", said)

    def switch_off_if_ours(self) -> bool:
        """Undo :meth:`switch_on`, if it was ever called; say whether it was."""
        if not self._memory.exists():
            return False
        said = self.programs.run("loginctl", "disable-linger", self.programs.user)
        if said.code != 0:
            raise self.programs.failed("loginctl", said)
        self._memory.unlink()
        return True

    @property
    def _memory(self) -> Path:
        return self.state_folder / "lingering-switched-on"
