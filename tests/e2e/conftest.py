"""A real systemd as process 1 of its own namespaces: a box that the machine does not notice."""

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_PROJECT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60
#: Servers of the machine whose files the box sees.
_MASKED = ("postgresql.service", "getty.target", "exim4.service", "cron.service", "ssh.service")
#: A control group of its own, which systemd takes for all there is.
_ENTER = 'echo $$ > "$1/cgroup.procs"; shift; exec "$@"'
#: $1 holds what the box writes, so that a second one can go on from there; the others are folders
#: that all users need there. /tmp is its own: systemd empties it at boot.
_BOOT = """\
set -e
layer=$1; shift
mount --make-rprivate /
mount -t overlay overlay \\
    -o lowerdir=/,upperdir=$layer/upper,workdir=$layer/work $layer/root
cd $layer/root
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm
for folder; do
    mkdir -p .$folder
    above=.$folder
    while [ $above != . ]; do chmod a+x $above; above=$(dirname $above); done
    case $folder in /tmp/*)
        mount --bind $folder .$folder
        mount -o remount,bind,ro .$folder
    esac
done
for unit in $MASKED; do ln -sf /dev/null etc/systemd/system/$unit; done
exec env -i container=box PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    chroot . /usr/lib/systemd/systemd --system
"""
#: Calls one method of the backend in the box, and hands back what it gives or raises.
_CALL = """\
import pickle, sys
from zoomauto.clock import SystemClock
from zoomauto.errors import ZoomautoError
from zoomauto.schedulers.systemd.backend import SystemdScheduler

options, method, arguments, named = pickle.load(sys.stdin.buffer)
scheduler = SystemdScheduler(clock=SystemClock(), **options)
try:
    said = "given", getattr(scheduler, method)(*arguments, **named)
except ZoomautoError as error:
    said = "raised", (type(error), error.message, error.hint)
except KeyboardInterrupt:
    said = "given", "interrupted"
sys.stdout.buffer.write(pickle.dumps(said))
"""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A running systemd with a file system of its own, seen from outside through ``root``."""

    pid: int
    layer: Path

    @property
    def root(self) -> Path:
        return Path(f"/proc/{self.pid}/root")

    def run(self, *command: str, user: str = "root", check: bool = True) -> str:
        """Run a command there, as a user without a session; give its output."""
        done = self._run(command, user=user)
        assert done.returncode == 0 or not check, (command, done.stdout, done.stderr)
        return done.stdout.decode().strip()

    def call(
        self,
        user: str,
        options: dict[str, Any],
        method: str,
        *arguments: Any,
        through: Sequence[str] = (),
        **named: Any,
    ) -> Any:
        """Call a method of SystemdScheduler there, as a user; raise what it raises.

        ``through`` is a command that starts the caller.
        """
        asked = pickle.dumps((options, method, arguments, named))
        done = self._run((*through, sys.executable, "-c", _CALL), user=user, stdin=asked)
        assert done.returncode == 0, done.stderr.decode()
        outcome, said = pickle.loads(done.stdout)  # noqa: S301 - from our own child
        if outcome == "raised":
            kind, message, hint = said
            raise kind(message, hint=hint)
        return said

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file there."""
        file = self.root / path.lstrip("/")
        file.write_text(text)
        file.chmod(mode)

    def read(self, path: str) -> str | None:
        """Read a file there; None when there is none."""
        file = self.root / path.lstrip("/")
        return file.read_text() if file.exists() else None

    def await_true(self, condition: Callable[[], object]) -> bool:
        """Wait, not for ever, until something holds there."""
        return _await(condition)

    def _run(
        self, command: Sequence[str], *, user: str, stdin: bytes = b""
    ) -> subprocess.CompletedProcess[bytes]:
        # As in a cron job or under sudo: nothing says where the user's manager is.
        home = "/root" if user == "root" else f"/home/{user}"
        bare = ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"PYTHONPATH={_PROJECT}", f"HOME={home}")
        words = ["nsenter", f"--target={self.pid}", "--all", "--root", "--wd", "env", "-i", *bare]
        if user != "root":
            words += ["runuser", "-u", user, "--"]
        return subprocess.run(
            [*words, *command],
            input=stdin,
            capture_output=True,
            timeout=2 * _PATIENCE_SECONDS,
            check=False,
        )


@dataclass(frozen=True, kw_only=True)
class Boxes:
    """Boots boxes and stops them."""

    #: On a tmpfs: an overlay cannot be written into another one.
    folder: Path
    group: Path
    running: dict[int, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def boot(self, layer: Path | None = None) -> Box:
        """Boot a box: a fresh one, or one that goes on with the files of an earlier one."""
        layer = layer or Path(tempfile.mkdtemp(dir=self.folder))
        for name in ("upper", "work", "root"):
            (layer / name).mkdir(exist_ok=True)
        log = layer / "boot.log"
        unshare = ("unshare", "--pid", "--mount", "--cgroup", "--uts", "--ipc", "--fork")
        boot = ("bash", "-c", _BOOT, "boot", str(layer), *_needed_folders())
        with log.open("ab") as stream:
            outer = subprocess.Popen(
                ["bash", "-c", _ENTER, "enter", str(self.group), *unshare, *boot],
                env=os.environ | {"MASKED": " ".join(_MASKED)},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        assert _await(lambda: _only_child(outer.pid)), log.read_text()
        box = Box(pid=_only_child(outer.pid) or 0, layer=layer)
        self.running[box.pid] = outer
        assert _await(lambda: _is_up(box)), log.read_text()
        return box

    def stop(self, box: Box) -> None:
        """End a box as a power cut would: with its process 1 all others go."""
        outer = self.running.pop(box.pid)
        os.kill(box.pid, 9)
        outer.wait(timeout=_PATIENCE_SECONDS)

    def close(self) -> None:
        """Stop every box, and leave nothing of them."""
        for pid in list(self.running):
            self.stop(Box(pid=pid, layer=self.folder))
        shutil.rmtree(self.folder)
        assert _await(lambda: _remove_group(self.group))


@pytest.fixture(scope="session")
def systemd_boxes(component: Callable[[object, str], None]) -> Iterator[Boxes]:
    """Boot systemd as process 1, as often as needed."""
    component(os.geteuid() == 0 and shutil.which("nsenter"), "root with nsenter")
    component(Path("/usr/lib/systemd/systemd").exists(), "systemd")
    component(Path("/usr/lib/systemd/systemd-logind").exists(), "systemd-logind")
    component(shutil.which("dbus-daemon"), "dbus")
    component(_cgroup2(), "cgroup2")
    with open_boxes() as boxes:
        yield boxes


@contextmanager
def open_boxes() -> Iterator[Boxes]:
    """Make a place for boxes, and leave nothing of them."""
    group = Path(tempfile.mkdtemp(prefix="zoomauto-box-", dir=_cgroup2()))
    group.chmod(0o755)  # users' managers must pass through
    boxes = Boxes(
        folder=Path(tempfile.mkdtemp(prefix="zoomauto-box-", dir="/dev/shm")),
        group=group,
    )
    try:
        yield boxes
    finally:
        boxes.close()


@pytest.fixture(scope="session")
def systemd_box(systemd_boxes: Boxes) -> Box:
    """A running box that tests share; each uses users and installations of its own."""
    return systemd_boxes.boot()


def _needed_folders() -> list[str]:
    folders = {_PROJECT, Path(sys.prefix), Path(sys.base_prefix)}
    # What lies in another one comes with it, read-only as that may be.
    return sorted(str(folder) for folder in folders if folders.isdisjoint(folder.parents))


def _cgroup2() -> Path | None:
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next((Path(words[1]) for words in mounts if words[2] == "cgroup2"), None)


def _only_child(pid: int) -> int | None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    if len(children) != 1:
        return None
    child = Path(f"/proc/{children[0]}/comm").read_text().strip()
    return int(children[0]) if child == "systemd" else None


def _is_up(box: Box) -> bool:
    state = box.run("systemctl", "is-system-running", check=False)
    return state in ("running", "degraded")


def _remove_group(group: Path) -> bool:
    try:
        for folder, _, _ in os.walk(group, topdown=False):
            Path(folder).rmdir()
    except OSError:  # its last processes are still ending
        return False
    return True


def _await(condition: Callable[[], object]) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
