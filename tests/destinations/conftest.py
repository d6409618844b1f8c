"""Parcels, a folder to publish into, and trouble on the way to a server."""

import hashlib
import json
import os
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from zoomauto.destinations.folder import FolderDestination, FolderOptions
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress, FakeStep
from zoomauto.workspace import DiskWorkspace


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Tools with a real workspace."""
    clock = FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))
    return Tools(workspace=DiskWorkspace(tmp_path / "work"), clock=clock)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder to publish into, not made yet."""
    return tmp_path / "out"


@pytest.fixture
def folder(root: Path, tools: Tools) -> FolderDestination:
    """A folder destination."""
    return FolderDestination(FolderOptions(path=str(root)), tools)


@pytest.fixture
def parcel_of(tmp_path: Path) -> Callable[..., Parcel]:
    """Make a parcel of some bytes."""

    def made(content: bytes, *, name: str = "2026/Sync", identity: str = "k/a.mp4") -> Parcel:
        path = tmp_path / f"{hashlib.sha256(content).hexdigest()[:8]}.bin"
        path.write_bytes(content)
        return Parcel(
            path=path,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            name=name,
            extension=".mp4",
            identity=identity,
        )

    return made


@pytest.fixture
def small_disk(tmp_path: Path, component: Callable[[object, str], None]) -> Iterator[Path]:
    """A disk of 24 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(disk)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    component(mounted, "right to mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@dataclass(kw_only=True)
class _Watched(FakeStep):
    watch: Callable[[], None]

    def advance(self, amount: float) -> None:
        """Count on, and do what is wanted."""
        super().advance(amount)
        self.watch()


class Watched(FakeProgress):
    """Progress that does something each time a block has arrived."""

    def __init__(self, watch: Callable[[], None]) -> None:
        super().__init__()
        self.watch = watch

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[FakeStep]:
        """Open a step that is watched."""
        yield _Watched(label=label, total=total, unit=unit, watch=self.watch)


@pytest.fixture
def watched() -> type[Watched]:
    """Progress that does something each time a block has arrived."""
    return Watched


@pytest.fixture
def held() -> Callable[[Path], dict[str, str]]:
    """Give the hash of every file below a folder, hidden ones too."""

    def held(root: Path) -> dict[str, str]:
        return {
            str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*")
            if path.is_file()
        }

    return held


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Run HTTP servers that give one answer to everybody; give the address of each."""
    with ExitStack() as stack:

        def made(status: int, body: bytes = b"", *, head: int = 0, **headers: str) -> str:
            class Handler(BaseHTTPRequestHandler):
                protocol_version = "HTTP/1.1"

                def answer(self) -> None:
                    self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    self.send_response(head if head and self.command == "HEAD" else status)
                    for name, value in {**headers, "Content-Length": str(len(body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

                do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815
                do_PROPFIND = do_MKCOL = do_MOVE = answer  # noqa: N815

                def log_message(self, *_: object) -> None:
                    """Say nothing."""

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            stack.enter_context(server)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield made


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to a server that may be bad."""

    address: str
    #: How many bytes went to the server.
    carried: list[int]


@pytest.fixture
def bad_line() -> Iterator[Callable[..., Line]]:
    """Run lines to a server: each breaks or turns a byte over when so many bytes were sent."""
    with ExitStack() as stack:

        def made(server: str, *, breaks_at: int = 0, flips_at: int = 0) -> Line:
            host, _, port = server.rpartition("//")[2].partition(":")
            line = Line(address="", carried=[0])

            class Handler(socketserver.BaseRequestHandler):
                def handle(self) -> None:
                    with socket.create_connection((host, int(port))) as there:
                        back = threading.Thread(target=_carry_back, args=(there, self.request))
                        back.start()
                        while data := bytearray(self.request.recv(2**16)):
                            before = line.carried[0]
                            line.carried[0] += len(data)
                            if 0 < breaks_at < line.carried[0]:
                                _reset(self.request)
                                break
                            if before <= flips_at < line.carried[0] and flips_at:
                                data[flips_at - before] ^= 1
                            there.sendall(data)
                        with suppress(OSError):
                            there.shutdown(socket.SHUT_RDWR)
                        back.join()

            forwarder = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
            stack.enter_context(forwarder)
            thread = threading.Thread(target=forwarder.serve_forever, args=(0.02,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(forwarder.shutdown)
            return Line(
                address=f"http://127.0.0.1:{forwarder.server_address[1]}", carried=line.carried
            )

        yield made


def _carry_back(there: socket.socket, here: socket.socket) -> None:
    with suppress(OSError):
        while data := there.recv(2**16):
            here.sendall(data)
        here.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """End a connection as a machine does that has lost it: without a farewell."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


#: Publishes a parcel, and kills itself when so many bytes went out.
KILLED = """
import json, os, signal, sys
from datetime import UTC, datetime
from pathlib import PurePath
from zoomauto import registry
from zoomauto.domain.options import read_options
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress, FakeStep

name, options, secrets, parcel, after = json.loads(sys.argv[1])

def advance(step, amount):
    step.done += amount
    if step.done >= after:
        os.kill(os.getpid(), signal.SIGKILL)

FakeStep.advance = advance
adapter = registry.load("destination", name)
tools = Tools(workspace=None, clock=None, secrets=StoredSecrets(secrets))
parcel = {**parcel, "path": PurePath(parcel["path"]), "state": PurePath(parcel["state"])}
opened = adapter(read_options(adapter.Options, options, where=name), tools)
opened.publish(Parcel(**parcel), FakeProgress())
"""


@pytest.fixture
def publish_killed() -> Callable[..., None]:
    """Publish in a process that is killed in the middle."""

    def done(
        name: str,
        options: Mapping[str, Any],
        secrets: Mapping[str, str],
        parcel: Parcel,
        *,
        after: int,
    ) -> None:
        fields = ("size_bytes", "sha256", "name", "extension", "identity")
        facts: dict[str, Any] = {field: getattr(parcel, field) for field in fields}
        facts |= {"path": str(parcel.path), "state": str(parcel.state)}
        words = json.dumps([name, options, secrets, facts, after])
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, words], check=False, capture_output=True, text=True
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return done
