"""The commands of ``zoomauto schedule`` on the real cron and the real systemd."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Box

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
#: Mounts of our own, with an empty spool folder; cron runs as long as its input stays open.
_CRON = """\
set -e
mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -f /etc/cron.allow /etc/cron.deny /etc/crontab /etc/cron.d/*
ln -sf /usr/share/zoneinfo/UTC /etc/localtime
cron -f & daemon=$!
echo ready
read -r _ || true
kill $daemon
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)["data"]


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host with a daemon that starts jobs, and a user with a settings file."""

    #: Runs the words that follow there.
    enter: tuple[str, ...]
    home: Path

    def run(self, *words: str) -> Ended:
        """Run any command there, with nothing but a home and a path around it."""
        done = subprocess.run([*self.enter, *words], capture_output=True, text=True, check=False)
        return Ended(code=done.returncode, out=done.stdout, err=done.stderr)

    def zoomauto(self, *words: str) -> Ended:
        program = ("-m", "zoomauto", "--config", str(self.home / "settings.toml"))
        return self.run(sys.executable, *program, "--owner", "ann", *words)

    def set_up(self) -> None:
        """Make settings, a folder with nothing in it, and a job that starts every minute."""
        keys = {"workspace": "work", "log_file": "log", "state_folder": "state"}
        lines = [f'{key} = "{self.home / name}"' for key, name in keys.items()]
        lines.append(f'database_url = "sqlite:///{self.home / "zoomauto.db"}"')
        text = "".join(f"{line}\n" for line in lines)
        assert self.run("sh", "-c", f"cat > {self.home}/settings.toml <<'E'\n{text}E").code == 0
        assert self.run("mkdir", "-p", f"{self.home}/in", f"{self.home}/out").code == 0
        for words in (
            ("source", "add", "in", "--type", "folder", "--option", f"path={self.home}/in"),
            ("template", "create", "all", "--destination", f"folder:{self.home}/out"),
            ("quota", "set", "--min-interval-hours", "none"),
            ("job", "create", "Minutely", "--template", "all", "--cron", "* * * * *"),
        ):
            ended = self.zoomauto(*words)
            assert ended.code == 0, ended.err


@pytest.fixture
def cron(component: Callable[[object, str], None], tmp_path: Path) -> Iterator[Host]:
    """Debian's cron in mount and process namespaces of its own."""
    component(shutil.which("cron"), "cron")
    component(os.geteuid() == 0 and shutil.which("nsenter"), "root with nsenter")
    unshare = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    with subprocess.Popen(
        [*unshare, "sh", "-c", _CRON], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        child = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().strip()
        inside = ("nsenter", f"--target={child}", "--mount", "--pid", "--")
        bare = ("env", "-i", "PATH=/usr/bin:/bin", "HOME=/root", f"PYTHONPATH={PROJECT}")
        host = Host(enter=(*inside, *bare), home=tmp_path)
        host.set_up()
        yield host
        process.stdin.close()


def await_runs(host: Host) -> list[dict[str, Any]]:
    """Wait until the job was started by itself; give its runs that have ended."""
    until = time.monotonic() + 150
    while time.monotonic() < until:
        runs = host.zoomauto("history", "list", "-o", "json").data
        if ended := [run for run in runs if run["status"] != "RUNNING"]:
            return ended
        time.sleep(4)  # a start of the program is dear, and a minute long
    return []


def test_cron_starts_what_was_applied_and_nothing_of_it_is_left(cron: Host):
    cron.run("sh", "-c", "echo '# theirs' | crontab -")
    applied = cron.zoomauto("schedule", "apply", "-o", "json")
    assert (applied.code, applied.data["backend"]) == (0, "crontab"), applied.err
    assert applied.data["why"].startswith("cron is running; not systemd: ")
    again = cron.zoomauto("schedule", "apply", "-o", "json")
    assert again.data["outcome"] == "unchanged"

    # The same minute starts the probe and the job.
    before = cron.run("crontab", "-l").out
    probed = cron.zoomauto("schedule", "test", "minutely", "--backend", "crontab", "-o", "json")
    assert (probed.code, probed.data["fired"], probed.data["exit_code"]) == (0, True, 0), probed.err
    assert probed.data["environment"]["HOME"] == "/root"
    assert cron.run("crontab", "-l").out == before

    [run, *_] = await_runs(cron)
    assert (run["trigger"], run["status"]) == ("schedule", "SUCCESS")
    status = cron.zoomauto("schedule", "status", "-o", "json").data
    assert (status["usable"], status["in_sync"]) == (True, True)
    assert status["jobs"][0]["last_status"] == "SUCCESS"

    removed = cron.zoomauto("schedule", "remove", "--yes", "-o", "json")
    assert removed.data["removed"] == ["minutely in the crontab", "due in the crontab"]
    assert cron.run("crontab", "-l").out == "# theirs\n"


@pytest.fixture
def systemd(systemd_box: "Box") -> Host:
    """A user of a running systemd who has never had a session."""
    user = "binder"
    systemd_box.run("useradd", "--create-home", user)
    into = ("nsenter", f"--target={systemd_box.pid}", "--all", "--root", "--wd")
    path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
    bare = ("env", "-i", path, f"PYTHONPATH={PROJECT}", f"HOME=/home/{user}")
    host = Host(enter=(*into, *bare, "runuser", "-u", user, "--"), home=Path(f"/home/{user}"))
    host.set_up()
    return host


def test_systemd_starts_what_was_applied_and_nothing_of_it_is_left(systemd: Host):
    words = ("schedule", "apply", "--backend", "systemd", "--enable-lingering", "-o", "json")
    applied = systemd.zoomauto(*words)
    assert (applied.code, applied.err) == (0, ""), applied.out
    assert applied.data["outcome"] == "applied"
    again = systemd.zoomauto("schedule", "apply", "-o", "json").data
    assert (again["outcome"], again["why"][:25]) == ("unchanged", "entries were applied thro")
    shown = systemd.zoomauto("schedule", "test").out.splitlines()
    assert {"fired:    yes", "detail:   the command ended with 0"} <= set(shown)
    output = shown[shown.index("output:") + 1 : shown.index("environment:")]
    assert [line.split()[:2] for line in output] == [["id", "name"], ["1", "Minutely"]]
    [run, *_] = await_runs(systemd)
    assert (run["trigger"], run["status"]) == ("schedule", "SUCCESS")
    # A start that fails is no success of the backend's.
    assert systemd.run("mv", "/home/binder/in", "/home/binder/out-of-reach").code == 0
    failed = systemd.zoomauto("schedule", "test", "minutely", "-o", "json")
    assert (failed.code, failed.data["exit_code"], failed.data["fired"]) == (75, 75, True)
    [problem] = json.loads(failed.out)["errors"]
    assert (problem["code"], problem["hint"][:13]) == ("probe_failed", "env -i HOME=/")
    assert "/home/binder/in" in problem["message"]
    assert systemd.run("mv", "/home/binder/out-of-reach", "/home/binder/in").code == 0

    status = systemd.zoomauto("schedule", "status", "-o", "json").data
    assert (status["backend"], status["in_sync"]) == ("systemd", True)
    assert status["jobs"][0]["next_start_at"] is not None

    assert systemd.zoomauto("job", "disable", "minutely").code == 0
    units = systemd.zoomauto("schedule", "remove", "--dry-run", "-o", "json").data["removed"]
    assert len(units) == 2
    removed = systemd.zoomauto("schedule", "remove", "--yes", "-o", "json").data["removed"]
    assert "lingering of binder" in removed
    assert systemd.run("ls", "/home/binder/.config/systemd/user").out == ""
