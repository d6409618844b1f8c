"""One real start through cron's daemon, an hour of it in a minute."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zoomauto.clock import SystemClock
from zoomauto.errors import ConfigurationError
from zoomauto.ports.scheduler import Availability, Probe
from zoomauto.schedulers.crontab.backend import CrontabScheduler
from zoomauto.testing.clock import FrozenClock

if TYPE_CHECKING:
    from tests.schedulers.conftest import CronHost

LIMIT = timedelta(minutes=1)
PRELOAD = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


@pytest.fixture
def backend(cron_host: "CronHost", tmp_path: Path) -> CrontabScheduler:
    return CrontabScheduler(
        owner="ann", installation="ab12", state_folder=tmp_path / "state", clock=SystemClock()
    )


@pytest.fixture
def fast_cron(
    cron_host: "CronHost", component: Callable[[object, str], None]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon with a minute each second."""
    component(PRELOAD, "faketime")
    fake = ("env", f"LD_PRELOAD={PRELOAD}", "FAKETIME=+0 x60")
    with subprocess.Popen(
        cron_host.command("timeout", "--foreground", "100", *fake, "cron", "-f"),
        start_new_session=True,
    ) as daemon:
        yield daemon
        os.killpg(daemon.pid, signal.SIGTERM)


def test_a_probe_shows_when_and_in_which_environment_cron_started_it(
    fast_cron: object, backend: CrontabScheduler, cron_host: "CronHost", tmp_path: Path
):
    cron_host.write(b"# mine\n")
    before = datetime.now(UTC).replace(microsecond=0)
    probe = backend.probe(["sh", "-c", 'echo "it\'s $0"; exit 3', "a  b%\n"], within=LIMIT)
    assert probe.fired
    assert probe.at
    assert before <= probe.at <= datetime.now(UTC)
    assert probe.environment["PATH"] == "/usr/bin:/bin"
    assert "VIRTUAL_ENV" not in probe.environment
    assert (probe.detail, probe.exit_code) == ("the command ended with 3: it's a  b%", 3)
    assert cron_host.text == b"# mine\n"
    assert list((tmp_path / "state").glob("probe-*")) == []


_AVAILABILITY = """
import sys
from pathlib import Path
from zoomauto.clock import SystemClock
from zoomauto.schedulers.crontab.backend import CrontabScheduler

print(CrontabScheduler(
    owner="ann", installation="ab12", state_folder=Path(sys.argv[1]), clock=SystemClock()
).availability())
"""


def test_a_running_daemon_makes_the_backend_usable(
    fast_cron: object, backend: CrontabScheduler, cron_host: "CronHost", tmp_path: Path
):
    backend.probe(["true"], within=LIMIT)  # the daemon runs once this has
    inside = cron_host.command("env", "PATH=/usr/bin", sys.executable, "-c", _AVAILABILITY)
    said = subprocess.run([*inside, tmp_path], capture_output=True, text=True, check=True)
    assert said.stdout == f"{Availability(usable=True, reason='cron is running')}\n"


def test_without_a_daemon_a_probe_ends_in_time_and_leaves_nothing(
    cron_host: "CronHost", tmp_path: Path
):
    clock = FrozenClock(datetime(2026, 3, 1, tzinfo=UTC))
    backend = CrontabScheduler(owner="ann", installation="ab12", state_folder=tmp_path, clock=clock)
    assert backend.probe(["true"], within=timedelta(seconds=90)) == Probe(
        fired=False, at=None, environment={}, detail="cron started nothing"
    )
    assert clock.now() == datetime(2026, 3, 1, 0, 1, 30, tzinfo=UTC)
    assert not cron_host.spool.exists()
    assert list(tmp_path.glob("probe-*")) == []


def test_an_awkward_state_folder_is_refused_before_anything_is_written(
    cron_host: "CronHost", tmp_path: Path
):
    backend = CrontabScheduler(
        owner="ann", installation="ab12", state_folder=tmp_path / "a b", clock=SystemClock()
    )
    with pytest.raises(ConfigurationError):
        backend.probe(["true"], within=LIMIT)
    assert not cron_host.spool.exists()


_PROBE = """
import sys
from datetime import timedelta
from pathlib import Path
from zoomauto.clock import SystemClock
from zoomauto.schedulers.crontab.backend import CrontabScheduler

CrontabScheduler(
    owner="ann", installation="ab12", state_folder=Path(sys.argv[1]), clock=SystemClock()
).probe([sys.argv[2]], within=timedelta(minutes=1))
"""


def test_ctrl_c_takes_every_trace_of_a_probe_away(
    fast_cron: object, cron_host: "CronHost", tmp_path: Path
):
    os.mkfifo(fifo := tmp_path / "fifo")
    waiting = tmp_path / "waiting"
    waiting.write_text(f"#!/bin/sh\necho here > {fifo}\nexec sleep 60\n")
    waiting.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-c", _PROBE, tmp_path / "state", waiting], stderr=subprocess.PIPE
    ) as probing:
        assert fifo.read_text() == "here\n"
        probing.send_signal(signal.SIGINT)
        _, error = probing.communicate()
    assert error.decode().splitlines()[-1] == "KeyboardInterrupt"
    assert not cron_host.spool.exists()
    assert list((tmp_path / "state").glob("probe-*")) == []
