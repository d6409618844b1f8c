"""A crontab of its own: the real programs of Debian, away from the machine's."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from zoomauto.schedulers.crontab.program import CrontabProgram

#: Mounts of our own; whatever is written below these folders is gone with the namespace.
_ENTER = """\
set -e
mount -t tmpfs -o mode=1730,gid=crontab tmpfs /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
cp -a /etc /run/etc
mount --bind /run/etc /etc
rm -f /etc/cron.allow /etc/cron.deny /etc/crontab /etc/cron.d/*
echo ready
read -r _
"""
_CRONTAB = """\
#!/bin/sh
exec nsenter --target {pid} --mount --wdns="$PWD" -- $CRONTAB_AS /usr/bin/crontab "$@"
"""


@dataclass(frozen=True, kw_only=True)
class CronHost:
    """A mount and process namespace with an empty spool folder and no daemon."""

    #: The namespace's first process, as seen from here.
    pid: int
    #: A folder whose ``crontab`` is the namespace's.
    tools: Path

    @property
    def root(self) -> Path:
        """The file system as the namespace sees it."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def spool(self) -> Path:
        """The very file that cron reads."""
        return self.root / "var/spool/cron/crontabs/root"

    def command(self, *words: str) -> list[str]:
        """Give a command that runs inside."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--", *words]

    def write(self, text: bytes) -> None:
        """Install a crontab as its user would."""
        subprocess.run([self.tools / "crontab", "-"], input=text, check=True, capture_output=True)

    def place(self, text: bytes) -> None:
        """Put a file into the spool folder without asking crontab, which might refuse it."""
        self.spool.write_bytes(text)
        self.spool.chmod(0o600)

    @property
    def text(self) -> bytes:
        """The crontab as our program reads it."""
        text = CrontabProgram().read()
        assert text is not None, "there is no crontab"
        return text


@pytest.fixture(scope="session")
def cron_namespace(
    component: Callable[[object, str], None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CronHost]:
    component(shutil.which("crontab"), "cron")
    component(os.geteuid() == 0 and shutil.which("nsenter"), "root with nsenter")
    tools = tmp_path_factory.mktemp("tools")
    unshare = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")
    with subprocess.Popen(
        [*unshare, "sh", "-c", _ENTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        host = CronHost(pid=int(children), tools=tools)
        script = tools / "crontab"
        script.write_text(_CRONTAB.format(pid=host.pid))
        script.chmod(0o755)
        yield host
        # The end of its input ends the first process, and with it all others inside.
        process.stdin.close()


@pytest.fixture
def cron_host(cron_namespace: CronHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[CronHost]:
    """Give a host without a crontab, whose ``crontab`` is the first on PATH."""
    monkeypatch.setenv("PATH", f"{cron_namespace.tools}:{os.environ['PATH']}")
    yield cron_namespace
    cron_namespace.spool.unlink(missing_ok=True)
    (cron_namespace.root / "etc/cron.allow").unlink(missing_ok=True)
