"""One real start through systemd, to see that it happens and what it finds."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from zoomauto.ports.clock import Clock
from zoomauto.ports.scheduler import Probe
from zoomauto.schedulers.systemd.program import SystemdPrograms

_POLL = timedelta(milliseconds=100)
_SCRIPT = """\
cd "$1" || exit 0
shift
{ date -u +%s; env -0; } > environment.new && mv environment.new environment
"$@" > output 2>&1
echo $? > code.new && mv code.new code
"""


def run_probe(
    programs: SystemdPrograms,
    command: Sequence[str],
    *,
    unit: str,
    user: str | None,
    clock: Clock,
    until: datetime,
) -> Probe:
    """Have a transient timer start ``command`` a second from now; leave nothing of it behind.

    As ``user``, which only the system's manager can. Give what is known at ``until`` at the latest.
    """
    # Not in the state folder: nothing of this outlives the call.
    folder = Path(mkdtemp(prefix="zoomauto-probe-"))
    identity = () if user is None else (f"--uid={user}",)
    try:
        _remove(programs, unit)
        (folder / "start").write_text(_SCRIPT)
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(folder / "start", user)
        words = ("/bin/sh", str(folder / "start"), str(folder), *command)
        _start(programs, unit, identity, words)
        while clock.now() < until and not (folder / "code").exists():
            clock.sleep(min(_POLL, until - clock.now()))
        return _result(folder)
    finally:
        _remove(programs, unit)
        shutil.rmtree(folder, ignore_errors=True)


def _start(
    programs: SystemdPrograms, unit: str, identity: Sequence[str], words: Sequence[str]
) -> None:
    timer = ("--on-active=1s", "--timer-property=AccuracySec=100ms", "--property=Type=oneshot")
    # systemd replaces variables in the words of a command.
    escaped = (word.replace("$", "$$") for word in words)
    programs.start_transient(f"--unit={unit}", "--collect", *timer, *identity, "--", *escaped)


def _remove(programs: SystemdPrograms, unit: str) -> None:
    units = (f"{unit}.timer", f"{unit}.service")
    programs.try_control("stop", *units)
    programs.try_control("reset-failed", *units)


def _result(folder: Path) -> Probe:
    file = folder / "environment"
    if not file.exists():
        return Probe(fired=False, at=None, environment={}, detail="systemd started nothing")
    at, environment = _parse(file.read_bytes())
    code = _code(folder)
    detail = _detail(folder, code)
    return Probe(fired=True, at=at, environment=environment, detail=detail, exit_code=code)


def _code(folder: Path) -> int | None:
    file = folder / "code"
    return int(file.read_text()) if file.exists() else None


def _detail(folder: Path, code: int | None) -> str:
    if code is None:
        return "the command was started and has not ended in time"
    output = (folder / "output").read_text(errors="replace").strip()
    return f"the command ended with {code}" + (f": {output}" if output else "")


def _parse(text: bytes) -> tuple[datetime, Mapping[str, str]]:
    at, _, rest = text.partition(b"\n")
    pairs = (item.partition("=") for item in rest.decode(errors="replace").split("\0") if item)
    return datetime.fromtimestamp(int(at), UTC), {name: value for name, _, value in pairs}
