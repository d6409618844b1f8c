"""Components that not every machine has, and private servers: Postgres, SSH, S3, Azure, WebDAV."""

import base64
import fcntl
import hmac
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import formatdate
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
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
def built_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], None]], Path]:
    """Fill a folder once for all workers of this session; tests only read what it holds."""
    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def built(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return built


@pytest.fixture(scope="session")
def component() -> Component:
    """Call it as ``component(shutil.which("ffmpeg"), "ffmpeg")``."""
    return require_component


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones, so that no worker is left alone with one in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """A running SSH server that belongs to this test session; whoever runs it may log in."""

    pid: int
    port: int
    user: str
    #: Holds ``known_hosts``, and ``key``, the private key of somebody who may log in.
    folder: Path

    def options(self, path: Path, **more: Any) -> dict[str, Any]:
        """Give the options of an SFTP destination in a folder."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "path": str(path),
            "known_hosts": str(self.folder / "known_hosts"),
            "key_file": str(self.folder / "key"),
            **more,
        }

    def end_sessions(self) -> None:
        """Kill every process that serves somebody; the server itself goes on."""
        for process in _descendants(self.pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """Run a private SSH server for this session: own keys, own port, nobody but us."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    require_component(program, "OpenSSH server")
    folder, port = tmp_path_factory.mktemp("sshd"), _free_port()
    folder.chmod(0o700)
    for name in ("host", "key"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(make, check=True)
    host = (folder / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/key.pub\nStrictModes no\nPasswordAuthentication yes\n"
        "Subsystem sftp internal-sftp\n"
    )
    # The server wants to be called by its full path, so that it can start itself anew.
    command = [str(program), "-D", "-e", "-f", str(folder / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        said = iter(server.stderr.readline, "")
        assert any("listening" in line for line in said), "sshd did not start"
        # Nobody reads on, but a full pipe would stop the server.
        drain = threading.Thread(target=lambda: [*said], daemon=True)
        drain.start()
        user = pwd.getpwuid(os.geteuid()).pw_name
        yield Sshd(pid=server.pid, port=port, user=user, folder=folder)
        server.terminate()
        drain.join()


@pytest.fixture(scope="session")
def rclone() -> Callable[[Path], dict[str, Any]]:
    """Give the options of an rclone destination that ends in a folder."""
    require_component(shutil.which("rclone"), "rclone")

    def options(folder: Path) -> dict[str, Any]:
        config = folder / "rclone.conf"
        config.write_text(f"[shelf]\ntype = alias\nremote = {folder}/out\n")
        return {"remote": "shelf:", "config": str(config)}

    return options


@dataclass(frozen=True, kw_only=True)
class ObjectServer:
    """A running S3 server that belongs to this test session."""

    process: subprocess.Popen[str]
    endpoint: str
    access_key_id: str
    secret_access_key: str

    def options(self, bucket: str, **more: Any) -> dict[str, Any]:
        """Give the options of an object store in a bucket."""
        keys = {"access_key_id": self.access_key_id, "endpoint": self.endpoint}
        return {"url": f"s3://{bucket}", **keys, **more}

    def new_bucket(self) -> str:
        """Make a bucket, where anybody may; give its name."""
        name = f"test-{uuid.uuid4().hex}"
        httpx.put(f"{self.endpoint}/{name}").raise_for_status()
        return name


@contextmanager
def moto_server() -> Iterator[ObjectServer]:
    """Run moto's S3 server; it makes a bucket for whoever asks, and checks no signature."""
    program = server_program("moto_server", folder="moto/bin")
    require_component(program, "moto_server")
    port = _free_port()
    command = [str(program), "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, said="Running on") as process:
        endpoint = f"http://127.0.0.1:{port}"
        yield ObjectServer(
            process=process,
            endpoint=endpoint,
            access_key_id="somebody",
            secret_access_key="anything",  # noqa: S106 - of a private server
        )


@pytest.fixture(scope="session")
def moto() -> Iterator[ObjectServer]:
    """Run moto's S3 server for this session."""
    with moto_server() as server:
        yield server


@pytest.fixture
def own_moto() -> Iterator[ObjectServer]:
    """Run another one for a single test, which may kill it."""
    with moto_server() as server:
        yield server


@pytest.fixture
def bucket_options(moto: ObjectServer) -> dict[str, Any]:
    """Give the options of an object store in a fresh bucket of moto."""
    return moto.options(moto.new_bucket())


@pytest.fixture(scope="session")
def s3rver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """Run a second S3 server, by others, for this session; its bucket is ``shared``."""
    program = server_program("s3rver", folder="node_modules/.bin")
    require_component(program, "s3rver")
    port, folder = _free_port(), tmp_path_factory.mktemp("s3rver")
    place = ("--directory", str(folder), "--address", "127.0.0.1", "--port", str(port))
    command = [str(program), *place, "--configure-bucket", "shared"]
    with serving(command, said="listening") as process:
        yield ObjectServer(
            process=process,
            endpoint=f"http://127.0.0.1:{port}",
            access_key_id="S3RVER",
            secret_access_key="S3RVER",  # noqa: S106 - the only one it knows
        )


@dataclass(frozen=True, kw_only=True)
class AzureServer:
    """A running Azure blob server that belongs to this test session."""

    #: With the account, as such servers want it.
    endpoint: str
    account: str
    #: In base64.
    account_key: str

    def options(self, container: str) -> dict[str, Any]:
        """Give the options of an object store in a container."""
        return {"url": f"az://{container}", "account": self.account, "endpoint": self.endpoint}

    def new_container(self) -> str:
        """Make a container; give its name."""
        name = f"test-{uuid.uuid4().hex}"
        marks = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
        marked = "".join(f"{key}:{value}\n" for key, value in marks.items())
        # The account's name stands there twice: before the path, and in the path of this server.
        resource = f"/{self.account}/{self.account}/{name}\nrestype:container"
        asked = "PUT" + 12 * "\n" + marked + resource
        key = base64.b64decode(self.account_key)
        proof = base64.b64encode(hmac.digest(key, asked.encode(), "sha256")).decode()
        headers = {**marks, "Authorization": f"SharedKey {self.account}:{proof}"}
        url = f"{self.endpoint}/{name}?restype=container"
        httpx.put(url, headers=headers).raise_for_status()
        return name


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """Run Microsoft's own stand-in for Azure's blobs for this session."""
    program = server_program("azurite-blob", folder="node_modules/.bin")
    require_component(program, "azurite")
    port, folder = _free_port(), tmp_path_factory.mktemp("azurite")
    place = ("--location", str(folder), "--blobHost", "127.0.0.1", "--blobPort", str(port))
    command = [str(program), *place, "--skipApiVersionCheck", "--disableTelemetry"]
    account = "devstoreaccount1"
    # The one account that it has by itself, with the key that its documentation gives.
    key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    with serving(command, said="successfully listens"):
        endpoint = f"http://127.0.0.1:{port}/{account}"
        yield AzureServer(endpoint=endpoint, account=account, account_key=key)


@dataclass(frozen=True, kw_only=True)
class DavServer:
    """A running WebDAV server that belongs to this test session; ``ann`` may log in."""

    url: str
    #: What it serves.
    root: Path


@pytest.fixture(scope="session")
def webdav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    """Run a WebDAV server for this session."""
    require_component(find_spec("wsgidav") and find_spec("cheroot"), "WsgiDAV")
    folder, port = tmp_path_factory.mktemp("webdav"), _free_port()
    (folder / "root").mkdir()
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": str(folder / "root")},
        "simple_dc": {"user_mapping": {"*": {"ann": {"password": "secret"}}}},
        "http_authenticator": {"accept_digest": False, "default_to_digest": False},
    }
    (folder / "wsgidav.json").write_text(json.dumps(settings))
    command = [
        sys.executable,
        "-m",
        "wsgidav.server.server_cli",
        "--config",
        str(folder / "wsgidav.json"),
    ]
    with serving(command, said="Serving on"):
        yield DavServer(url=f"http://127.0.0.1:{port}", root=folder / "root")


@pytest.fixture
def webdav_options(webdav: DavServer) -> dict[str, Any]:
    """Give the options of a fresh WebDAV folder, not made yet."""
    return {"url": f"{webdav.url}/{uuid.uuid4().hex}", "user": "ann"}


def server_program(name: str, *, folder: str) -> str | None:
    """Find a server that only tests need: in ``$ZOOMAUTO_TEST_SERVERS``, then on PATH."""
    servers = os.environ.get("ZOOMAUTO_TEST_SERVERS", "")
    places = [str(Path(servers, folder))] if servers else []
    return shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))


@contextmanager
def serving(command: Sequence[str], *, said: str) -> Iterator[subprocess.Popen[str]]:
    """Run a server from when it says so to when it is killed."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        try:
            assert any(said in line for line in lines), f"{command[0]} did not start"
            # Nobody reads on, but a full pipe would stop the server.
            drain = threading.Thread(target=lambda: [*lines], daemon=True)
            drain.start()
            yield process
        finally:
            process.kill()
        drain.join()


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


def _descendants(process: int) -> Iterator[int]:
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        with suppress(FileNotFoundError):
            yield from _descendants(int(child))
        yield int(child)
