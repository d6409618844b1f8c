"""Whether a cron daemon runs: lines in a crontab do nothing by themselves."""

import shutil
import subprocess
from pathlib import Path

_NAMES = ("cron", "crond", "cronie", "fcron")
_PROC = Path("/proc")
_SYSTEMD = Path("/run/systemd/system")


def running_daemon(proc: Path = _PROC) -> str | None:
    """Give the name of the cron daemon that runs here; None when there is none.

    Among the processes first; where other users' are hidden, by systemd's word.
    """
    commands = {_command(folder) for folder in proc.iterdir() if folder.name.isdecimal()}
    return next((name for name in _NAMES if name in commands or _is_active(name)), None)


def starting_hint() -> str:
    """Give the command that starts the daemon here."""
    return "systemctl enable --now cron" if _SYSTEMD.exists() else "service cron start"


def _command(process: Path) -> str:
    try:
        status = (process / "status").read_text(errors="replace")
    except OSError:  # ended meanwhile, or hidden
        return ""
    facts = {key: value for key, _, value in (line.partition(":") for line in status.split("\n"))}
    # Several numbers: a process of a container, whose cron starts nothing of ours.
    is_here = len(facts.get("NSpid", "").split()) < 2  # noqa: PLR2004 - one is ours
    # Ended, and its parent has not noticed, as the first process of a container may not.
    has_ended = facts.get("State", "").split()[:1] == ["Z"]
    return facts.get("Name", "").strip() if is_here and not has_ended else ""


def _is_active(name: str) -> bool:
    if not _SYSTEMD.exists() or (systemctl := shutil.which("systemctl")) is None:
        return False
    command = [systemctl, "is-active", "--quiet", f"{name}.service"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - no word from outside
