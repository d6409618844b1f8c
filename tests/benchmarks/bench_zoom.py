"""The Zoom source beside its floors, each in the same run over the same loopback server.

* Listing: bare httpx and json.loads of the same pages; ours reads them into recordings; the sync
  with SQLite compares them besides with what is stored, and finds nothing new. Once more with a
  server that thinks for 50 ms before each page, which is little for one across the internet.
* One large file: curl alone, and curl whose output sha256sum reads too; ours hashes on the way.
* Small files: ``curl --parallel`` of the ready addresses, as many at once as ours, which asks for
  each address first and hashes; once more with ours one after another.

The server is plain, runs in a process of its own and makes every answer beforehand. What is
compared takes turns, and the median counts. A listing computes: beside the seconds that passed
stand those that its process used, which count where the machine has other work.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from zoomauto.adapters import RegisteredAdapters
from zoomauto.domain.recording import FileKind, RecordingFile
from zoomauto.domain.source import Window
from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.stages.download import DownloadOptions
from zoomauto.storage.store import open_store
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.usecases.edit_sources import AddSource, SourceChange
from zoomauto.usecases.sync_source import SyncSource
from zoomauto.workspace import DiskWorkspace

NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)
WINDOW = Window(start_at=NOW - timedelta(days=20), end_at=NOW + timedelta(days=1))
PAGE = 300
ROWS_PER_USER = 3000
LISTING_BUDGET = 1.5
#: Answers below this path come after some seconds of thinking.
FAR, THINKING = "/far", 0.05
DOWNLOAD_BUDGET = 0.9
AT_ONCE = DownloadOptions().at_once
HEAD = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"


def main() -> int:
    """Print three tables; give 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=2 * 10**9)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    sizes = parser.parse_args([] if "bench_zoom" not in sys.argv[0] else None)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name, _server(sizes, Path(name)) as base:
        folder = Path(name)
        missed = _listing(base, folder, sizes.recordings, sizes.turns)
        missed |= _large(base, folder, sizes.bytes, sizes.turns)
        if shutil.which("curl"):
            _small(base, folder, sizes.files, sizes.turns)
    return missed


def _listing(base: str, folder: Path, recordings: int, turns: int) -> int:
    resync = _prepared_sync(base, folder)
    print(f"sync of {recordings} new recordings with SQLite: {_timed(resync):.2f} s")
    ways: dict[str, Callable[[], object]] = {
        "httpx + json": lambda: _bare_listing(base),
        "ours": lambda: _listed(base),
        "unchanged sync": resync,
    }
    turn = [{name: _cost(way) for name, way in ways.items()} for _ in range(turns)]
    passed, used = (
        {name: statistics.median(costs[name][which] for costs in turn) for name in ways}
        for which in (0, 1)
    )
    for name in ways:
        print(
            f"listing {recordings}, {name}: {passed[name]:.2f} s, {used[name]:.2f} s used", end=""
        )
        ratios = (took[name] / took["httpx + json"] for took in (passed, used))
        print("; ratios " + ", ".join(f"{ratio:.2f}" for ratio in ratios))
    far = f"{base}{FAR}"
    theirs, ours = _timed(lambda: _bare_listing(far)), _timed(lambda: _listed(far))
    print(f"the same at {THINKING * 1000:.0f} ms a page: httpx + json {theirs:.2f} s,", end=" ")
    print(f"ours {ours:.2f} s; ratio {ours / theirs:.2f}")
    return int(max(passed.values()) / passed["httpx + json"] > LISTING_BUDGET)


def _listed(base: str) -> int:
    return sum(1 for _ in _source(base).list_recordings(WINDOW))


def _prepared_sync(base: str, folder: Path) -> Callable[[], object]:
    """Give a sync into a store that is empty at first."""
    os.environ["BENCH_ZOOM"] = "x"
    clock = FrozenClock(NOW)
    adapters = RegisteredAdapters(tools=Tools(workspace=DiskWorkspace(folder), clock=clock))
    store = open_store(f"sqlite:///{folder}/bench.db")
    options = {"account_id": "a", "client_id": "c"} | _addresses(base)
    change = SourceChange(
        name="bench", options=options, secrets={"client_secret": "env:BENCH_ZOOM"}
    )
    config = AddSource(store=store, clock=clock, adapters=adapters)("me", "zoom", change)
    sync = SyncSource(store=store, clock=clock, adapters=adapters, progress=FakeProgress())
    return lambda: sync(config, WINDOW)


def _bare_listing(base: str) -> None:
    with httpx.Client() as client:
        users = json.loads(client.get(f"{base}/v2/users").content)["users"]
        for user in users:
            token = ""
            while True:
                url = f"{base}/v2/users/{user['id']}/recordings?next_page_token={token}"
                page = json.loads(client.get(url).content)
                token = page["next_page_token"]
                if not token:
                    break


def _large(base: str, folder: Path, size: int, turns: int) -> int:
    target = folder / "copy"
    address = f"{base}/rec/download/large?size={size}"
    ways: dict[str, Callable[[], float]] = {"ours": lambda: _fetched(base, target, size)}
    if shutil.which("curl"):
        curl = f"curl -sS '{address}'"
        hashed = f"{curl} | tee {target} | sha256sum"
        ways["curl"] = lambda: _run(f"{curl} -o {target}", target)
        ways["curl and sha256sum"] = lambda: _run(hashed, target)
    took = _medians(ways, turns)
    speeds = [f"{name} {size / seconds / 1e6:.0f} MB/s" for name, seconds in took.items()]
    print(f"download of {size} bytes: {', '.join(speeds)};", end=" ")
    print(f"ours with SHA-256, {max(_peaks)} MB of memory at most")
    ratios = {name: seconds / took["ours"] for name, seconds in took.items() if name != "ours"}
    print("speed ratio " + ", ".join(f"to {name} {ratio:.2f}" for name, ratio in ratios.items()))
    return int(ratios.get("curl", 1) < DOWNLOAD_BUDGET)


def _fetched(base: str, target: Path, size: int) -> float:
    """Download in a process of its own, whose memory can be looked at."""
    command = [sys.executable, __file__, "fetch", base, str(target), str(size)]
    seconds, peak = subprocess.run(command, check=True, capture_output=True).stdout.split()
    _peaks.append(int(peak))
    target.unlink()
    return float(seconds)


_peaks: list[int] = []


def fetch(base: str, target: Path, size: int) -> None:
    """Download once; print the seconds and the most memory, in MB."""
    source = _source(base)
    took = _timed(lambda: source.fetch(_file("large", size), target, FakeProgress()))
    status = Path("/proc/self/status").read_text()
    print(took, int(status.partition("VmHWM:")[2].split()[0]) // 1024)


def _run(line: str, target: Path) -> float:
    took = _timed(lambda: subprocess.run(line, shell=True, check=True, capture_output=True))  # noqa: S602
    target.unlink()
    return took


def _small(base: str, folder: Path, count: int, turns: int) -> None:
    source = _source(base)
    files = [_file(f"small{number}", 50_000) for number in range(count)]

    def fetch_all(at_once: int) -> None:
        targets = [folder / f"small{number}" for number in range(count)]
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda f, t: source.fetch(f, t, FakeProgress()), files, targets))

    command = ["curl", "-sS", "--no-progress-meter", "--parallel", "--parallel-max", str(AT_ONCE)]
    for number in range(count):
        url = f"{base}/rec/download/small{number}?size=50000"
        command += ["-o", str(folder / f"curl{number}"), url]
    took = _medians(
        {
            "curl --parallel": lambda: _timed(lambda: subprocess.run(command, check=True)),
            f"ours, {AT_ONCE} at once": lambda: _timed(lambda: fetch_all(AT_ONCE)),
            "ours, one by one": lambda: _timed(lambda: fetch_all(1)),
        },
        turns,
    )
    told = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
    print(f"{count} small files: {told}")


def _file(file_id: str, size: int) -> RecordingFile:
    return RecordingFile(
        key=f"bench{size}:{file_id}", name="a.mp4", kind=FileKind.VIDEO, size_bytes=size
    )


class _OneSecret:
    """Nothing that opens anything."""

    def get(self, name: str) -> Secret:
        """Give it."""
        return Secret(name)


def _source(base: str) -> ZoomSource:
    """Open the source with a clock that takes no time: the pace is not what is measured."""
    places = _addresses(base)
    options = ZoomOptions(
        account_id="a", client_id="c", api_base=places["api_base"], token_url=places["token_url"]
    )
    workspace = DiskWorkspace(Path(tempfile.gettempdir()))
    return ZoomSource(
        options, Tools(workspace=workspace, clock=FrozenClock(NOW), secrets=_OneSecret())
    )


def _addresses(base: str) -> dict[str, str]:
    return {"api_base": f"{base}/v2", "token_url": f"{base}/oauth/token"}


@contextmanager
def _server(sizes: argparse.Namespace, folder: Path) -> Iterator[str]:
    port_file = folder / "port"
    command = [sys.executable, __file__, "serve", str(port_file), str(sizes.recordings)]
    server = subprocess.Popen(command)
    try:
        while not port_file.exists():
            time.sleep(0.05)
            if server.poll() is not None:
                raise SystemExit("the server did not start")
        yield f"http://127.0.0.1:{port_file.read_text()}"
    finally:
        server.kill()
        server.wait()


def _timed(work: Callable[[], object]) -> float:
    return _cost(work)[0]


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """Give the seconds that pass, and those that this process uses."""
    passed, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - passed, time.process_time() - used


def _medians(ways: Mapping[str, Callable[[], float]], turns: int) -> dict[str, float]:
    """Let each way have its turn, several times over."""
    took = [{name: way() for name, way in ways.items()} for _ in range(turns)]
    return {name: statistics.median(turn[name] for turn in took) for name in ways}


def _pages(recordings: int) -> dict[str, bytes]:
    """Make every answer of the listing: path and token -> body."""
    users = max(1, recordings // ROWS_PER_USER)
    per_user = recordings // users
    answers = {"/v2/users": json.dumps({"users": [{"id": f"u{n}"} for n in range(users)]}).encode()}
    for user in range(users):
        rows = [_row(user, number) for number in range(per_user)]
        for offset in range(0, per_user, PAGE):
            token = f"t{offset + PAGE}" if offset + PAGE < per_user else ""
            page = {
                "total_records": per_user,
                "next_page_token": token,
                "meetings": rows[offset : offset + PAGE],
            }
            place = f"/v2/users/u{user}/recordings t{offset}"
            answers[place] = json.dumps(page).encode()
    return answers


def _row(user: int, number: int) -> dict[str, Any]:
    start = NOW - timedelta(minutes=5 * number + 60)
    end = start + timedelta(minutes=40)
    files = [
        {
            "id": f"72576a1f-4e66-4a77-87c4-{user:04d}{number:08d}{index}",
            "meeting_id": f"{user:06d}{number:016d}==",
            "recording_start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "recording_end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "file_type": kind,
            "file_extension": kind,
            "file_size": 120_000 + index,
            "play_url": "https://us02web.zoom.us/rec/play/" + "p" * 80,
            "download_url": "https://us02web.zoom.us/rec/download/" + "d" * 80,
            "status": "completed",
            "recording_type": view,
        }
        for index, (kind, view) in enumerate(
            (("MP4", "shared_screen_with_speaker_view"), ("M4A", "audio_only"), ("CHAT", "chat"))
        )
    ]
    return {
        "uuid": f"{user:06d}{number:016d}==",
        "id": 6_840_331_990,
        "account_id": "Cx3wERazSgup7ZWRHQM8-w",
        "host_id": f"u{user}",
        "topic": f"Weekly sync {number}",
        "type": 8,
        "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "timezone": "Europe/Berlin",
        "duration": 43,
        "total_size": 360_003,
        "recording_count": 3,
        "share_url": "https://us02web.zoom.us/rec/share/" + "s" * 80,
        "recording_files": files,
    }


def serve(port_file: Path, recordings: int) -> None:  # noqa: C901 - a class in a function
    """Serve forever; the port is told in a file."""
    answers = _pages(recordings)
    block = HEAD + os.urandom(2**20 - len(HEAD))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 2**16

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._document(b'{"access_token": "bench-token", "expires_in": 3600}')

        def do_GET(self) -> None:
            if self.path.startswith(FAR):
                time.sleep(THINKING)
            parts = urlsplit(self.path.removeprefix(FAR))
            query = parse_qs(parts.query)
            if parts.path.startswith("/rec/"):
                self._bytes(int(query["size"][0]))
            elif parts.path.startswith("/v2/meetings/bench"):
                self._files(int(parts.path.split("/")[3].removeprefix("bench")))
            elif parts.path == "/v2/users":
                self._document(answers["/v2/users"])
            else:
                token = query.get("next_page_token", ["t0"])[0]
                self._document(answers[f"{parts.path} {token}"])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _files(self, size: int) -> None:
            base = f"http://{self.headers['Host']}/rec/download"
            names = ["large", *(f"small{number}" for number in range(200))]
            rows = [{"id": n, "download_url": f"{base}/{n}?size={size}"} for n in names]
            self._document(json.dumps({"uuid": "bench", "recording_files": rows}).encode())

        def _document(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _bytes(self, size: int) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(size))
            self.end_headers()
            for start in range(0, size, len(block)):
                self.wfile.write(block[: size - start])

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # fewer would make clients wait for a second knock

    with Server(("127.0.0.1", 0), Handler) as server:
        draft = port_file.with_suffix(".new")
        draft.write_text(str(server.server_address[1]))
        draft.replace(port_file)
        server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["fetch"]:
        fetch(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(main())
