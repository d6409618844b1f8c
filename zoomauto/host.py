"""This host and this process among all others."""

import _thread
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from zoomauto.domain.lease import Holder

_ETC = Path("/etc")
_PROC = Path("/proc")
#: Field 22 of /proc/PID/stat, counted after the name's closing parenthesis (proc(5)).
_START_TIME = 22 - 3


def host_id() -> str:
    """Tell this host from others, across renaming and reboots."""
    try:
        machine = (_ETC / "machine-id").read_text().strip()
    except OSError:
        machine = ""
    # machine-id(5) asks not to show the id itself.
    return sha256(f"zoomauto {machine or socket.gethostname()}".encode()).hexdigest()[:16]


def host_timezone() -> str:
    """Give the zone of the host's clock, which cron goes by.

    Not that of TZ: a shell has it set, a daemon does not.
    """
    zone = os.path.realpath(_ETC / "localtime").partition("/zoneinfo/")[2]
    if zone:
        return zone.removeprefix("posix/")
    from tzlocal import get_localzone_name  # only where a copy of the zone's data has no name

    try:
        return get_localzone_name() or "UTC"
    except (KeyError, ValueError, OSError):  # the host names no zone, or two that disagree
        return "UTC"


def this_process() -> Holder:
    """Describe this process so that no other, ever and anywhere, has the same description."""
    pid = os.getpid()
    return Holder(
        host=socket.gethostname(), realm=_realm(), pid=pid, pid_started=_started(pid) or ""
    )


def is_alive(holder: Holder) -> bool | None:
    """Say whether the process still runs; None when that cannot be told from here.

    It can be told only within one realm: another host's processes, and those before the last
    boot or in another container, have pids that mean nothing here.
    """
    if holder.realm != _realm():
        return None
    return _started(holder.pid) == holder.pid_started


def main_thread_interrupter() -> Callable[[], None]:
    """Give what raises KeyboardInterrupt in the main thread, even while that waits for the system.

    To be called in the main thread; what it gives, in any other.
    """
    if not hasattr(signal, "SIGALRM"):
        return _thread.interrupt_main
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    main = threading.get_ident()
    return lambda: signal.pthread_kill(main, signal.SIGALRM)


def _realm() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        # A link whose text names the inode, as in "pid:[4026531836]".
        return f"{boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str | None:
    """Say when a process started, in the system's own unit; None when there is no such one."""
    if not (_PROC / "self/stat").exists():
        return _started_by_ps(pid)
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold spaces and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    # A zombie has ended; only its parent has not looked yet.
    return None if fields[0] in ("Z", "X") else fields[_START_TIME]


def _started_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    environment = os.environ | {"LC_ALL": "C"}
    found = subprocess.run(  # noqa: S603 - nothing in it comes from outside
        command, env=environment, capture_output=True, text=True, check=False
    )
    return " ".join(found.stdout.split()) or None
