"""A resumable upload to the fake Google beside one PUT of curl to the same fake.

Ours reads, hashes and sends chunk by chunk, writes its state and asks what became of the film;
curl sends. What curl and sha256sum take together is shown beside it. The server and each client
are processes of their own; what is compared takes turns, and the median counts. Memory is that of
our whole process.
"""

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from zoomauto.destinations.youtube.destination import YouTubeDestination
from zoomauto.destinations.youtube.options import SCOPES, YouTubeOptions
from zoomauto.domain.recording import FileKind
from zoomauto.google.logins import Login, LoginFile
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.ports.secrets import Secret
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

#: Times curl alone.
BUDGET = 1.5
#: Bytes of our process, whatever the size of the file.
MEMORY_BUDGET = 100_000_000


def main() -> int:
    """Print the table; give 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--bytes", type=int, default=400_000_000)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args([] if "bench_google" not in sys.argv[0] else None)
    if not shutil.which("curl"):
        print("curl is not installed")
        return 0
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        file = _film(folder / "film.mp4", asked.bytes)
        ways: dict[str, Callable[[], tuple[float, int]]] = {
            "curl": lambda: _curl(file, is_hashed=False),
            "curl and sha256sum": lambda: _curl(file, is_hashed=True),
            "ours": lambda: _ours(file),
        }
        seen: dict[str, list[tuple[float, int]]] = {way: [] for way in ways}
        for _ in range(asked.turns):
            for way, measure in ways.items():
                seen[way].append(measure())
        small = _ours(_film(folder / "small.mp4", asked.bytes // 4))[1]
    took = {way: statistics.median(seconds for seconds, _ in found) for way, found in seen.items()}
    memory = max(size for _, size in seen["ours"])
    for way, seconds in took.items():
        speed = asked.bytes / seconds / 1e6
        print(f"{asked.bytes:,} bytes, {way}: {seconds:.2f} s, {speed:.0f} MB/s")
    ratio = took["ours"] / took["curl"]
    print(f"ours to curl: {ratio:.2f} (<= {BUDGET})")
    print(f"memory {memory / 1e6:.0f} MB; of a file of a quarter {small / 1e6:.0f} MB")
    return int(ratio > BUDGET or memory > MEMORY_BUDGET)


def _film(path: Path, size: int) -> Path:
    block = os.urandom(2**20)
    with path.open("wb") as file:
        for start in range(0, size, len(block)):
            file.write(block[: size - start])
    return path


@contextmanager
def _server() -> Iterator[tuple[str, str, str]]:
    """Run the fake in a process of its own; give its origin, an access and a refresh token."""
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        origin, access, refresh = it.stdout.readline().split()
        yield origin, access, refresh
        assert it.stdin is not None
        it.stdin.close()


def _curl(file: Path, *, is_hashed: bool) -> tuple[float, int]:
    size = file.stat().st_size
    with _server() as (origin, access, _):
        shown = {"Authorization": f"Bearer {access}", "X-Upload-Content-Length": str(size)}
        opened = httpx.post(
            f"{origin}/upload/youtube/v3/videos?uploadType=resumable",
            headers=shown,
            json={"snippet": {"title": "film", "description": ""}},
        )
        headers = [f"Authorization: Bearer {access}", f"Content-Range: bytes 0-{size - 1}/{size}"]
        options = [word for header in headers for word in ("-H", header)]
        begun = time.perf_counter()
        if is_hashed:
            subprocess.run(["sha256sum", str(file)], check=True, stdout=subprocess.DEVNULL)
        upload = ["-T", str(file), opened.headers["location"]]
        command = ["curl", "-sS", "--fail", *options, *upload]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - begun, 0


def _ours(file: Path) -> tuple[float, int]:
    with _server() as (origin, _, refresh):
        command = [sys.executable, __file__, "upload", origin, refresh, str(file)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


def serve() -> None:
    """Serve one upload until standard input ends."""
    with FakeGoogle() as google:
        refresh = google.logins.new_login(" ".join(SCOPES))
        access = "ya29.bench"
        google.logins.access_tokens.add(access)
        print(google.origin, access, refresh, flush=True)
        sys.stdin.read()


def upload(origin: str, refresh: str, file: Path) -> None:
    """Publish a file; print the seconds, and the bytes of memory this process had at most."""
    os.environ["BENCH_SECRET"] = FakeGoogle.client_secret
    with tempfile.TemporaryDirectory() as folder, file.open("rb") as film:
        tools = Tools(
            workspace=DiskWorkspace(Path(folder)),
            clock=FrozenClock(datetime(2026, 11, 23, tzinfo=UTC)),
            secrets=StoredSecrets({"client_secret": "env:BENCH_SECRET"}),
            state_folder=Path(folder),
        )
        options = YouTubeOptions(
            client_id=FakeGoogle.client_id,
            token_url=f"{origin}/token",
            api_base=f"{origin}/youtube/v3",
            upload_base=f"{origin}/upload/youtube/v3",
        )
        login = Login(refresh_token=Secret(refresh), scopes=frozenset(SCOPES))
        LoginFile.of(options, tools, service="youtube").save(login)
        parcel = Parcel(
            path=file,
            size_bytes=file.stat().st_size,
            sha256=hashlib.file_digest(film, "sha256").hexdigest(),
            name="film",
            extension=".mp4",
            identity="film",
            kind=FileKind.VIDEO,
            state=Path(folder) / "upload",
        )
        destination = YouTubeDestination(options, tools)
        begun = time.perf_counter()
        destination.publish(parcel, FakeProgress())
        took = time.perf_counter() - begun
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve()
    elif sys.argv[1:2] == ["upload"]:
        upload(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        sys.exit(main())
