"""Components that not every machine has, and a private Postgres server."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import hypothesis
import pytest

Component = Callable[[object, str], None]

# A shell that starts the tests in the background has them and their children ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("zoomauto", deadline=None)
hypothesis.settings.load_profile("zoomauto")


def require_component(present: object, name: str) -> None:
    """Skip the test without a component, or fail it where every component was promised."""
    if present:
        return
    if os.environ.get("ZOOMAUTO_REQUIRE_COMPONENTS") == "1":
        pytest.fail(f"{name} is not installed, and ZOOMAUTO_REQUIRE_COMPONENTS=1")
    pytest.skip(f"{name} is not installed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test logged fit for another process: half a character is none there."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode())
        for title, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def component() -> Component:
    """Call it as ``component(shutil.which("ffmpeg"), "ffmpeg")``."""
    return require_component


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the components that were absent, and how many tests waited for each."""
    reasons = (
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.getreports("skipped")
        if isinstance(report.longrepr, tuple)
    )
    absent = Counter(reason for reason in reasons if reason.endswith("is not installed"))
    if not absent:
        return
    terminalreporter.section("absent components")
    for reason, count in sorted(absent.items()):
        terminalreporter.line(f"{reason}: {count} tests skipped")


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running server that belongs to this test session."""

    port: int

    def url(self, database: str) -> str:
        """Give a database's URL."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, *, template: str = "template0") -> str:
        """Make a database, empty or like another one that nobody has open; give its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever still has it open."""
        self._execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 - an extra that may be absent

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run a private server for this session: own folder, own port, no fsync."""
    binaries = _postgres_binaries()
    require_component(binaries and find_spec("psycopg"), "PostgreSQL server with psycopg")
    assert binaries is not None
    # Not tmp_path: the path of a unix socket may have 107 bytes, and others must enter.
    folder = Path(tempfile.mkdtemp(prefix="zoomauto-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", _free_port()
    options = f"-F -h 127.0.0.1 -p {port} -k {folder} -c full_page_writes=off"
    control = (str(binaries / "pg_ctl"), "-D", str(data), "-w")
    try:
        locale = ("-E", "UTF8", "--locale=C")
        initdb = (str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust")
        _as_postgres(*initdb, *locale, "--no-sync")
        _as_postgres(*control, "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Postgres(port=port)
        finally:
            # pg_ctl ends the process that the server's own pid file names.
            _as_postgres(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Give the URL of a fresh, empty database."""
    url = postgres.create()
    yield url
    postgres.drop(url)


def _postgres_binaries() -> Path | None:
    """Find the server's programs, which Debian keeps off PATH."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda found: int(found.parts[-3]), default=None)
    return None if newest is None else newest.parent


def _as_postgres(*command: str) -> None:
    # The server refuses to run as root.
    prefix = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    # Nothing is captured: the server would keep the pipe open, and reading would never end.
    subprocess.run(
        [*prefix, *command],
        cwd="/",
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
