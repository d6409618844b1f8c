"""Uploads beside those of other programs: to S3 (moto) boto3 and rclone, to WebDAV curl.

``python tests/benchmarks/bench_upload.py [--megabytes 300] [--rounds 3]``. Every upload is a
process of its own, so that its peak memory is its own too; seconds are those of the upload alone,
but for rclone and curl, whose start is some 50 ms. With ``verify=read`` the file is read back,
which curl does not do. Budgets: at most 1.5 times the quickest other to S3, at most 100 MB of
memory. Peers that are not installed are left out.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from zoomauto import registry
from zoomauto.domain.options import read_options
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

SLOWER = 1.5
MOST_MEGABYTES = 100
BOTO = """
import boto3, resource, sys, time
address, bucket, path = sys.argv[1:]
keys = dict(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
client = boto3.client("s3", endpoint_url=address, **keys)
began = time.perf_counter()
client.upload_file(path, bucket, "boto3.mp4")
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
#: Seconds, and peak memory in MB.
Figures = tuple[float, float]


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; give 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--own", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.own:
        own(*json.loads(given.own))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        block = os.urandom(2**20)
        with film.open("wb") as file:
            for _ in range(given.megabytes):
                file.write(block)
        with film.open("rb") as file:
            # Not all of it at once: a child's peak memory begins with that of its parent.
            hashed = hashlib.file_digest(file, "sha256").hexdigest()
        found = {**to_s3(film, hashed, given.rounds), **to_webdav(film, hashed, given.rounds)}
    return shown(given.megabytes, found)


def to_s3(film: Path, hashed: str, rounds: int) -> dict[str, list[Figures]]:
    """Upload to a bucket, in turns."""
    folder = Path(os.environ.get("ZOOMAUTO_TEST_SERVERS", ""), "moto", "bin")
    server = shutil.which("moto_server", path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    if server is None:
        print("moto_server is not installed: nothing is measured for S3")
        return {}
    found: dict[str, list[Figures]] = {"s3 zoomauto": []}
    for _ in range(rounds):
        # A fresh server each time: moto keeps what it is sent.
        with serving([server, "-H", "127.0.0.1", "-p"], "") as address:
            bucket = f"b-{uuid.uuid4().hex}"
            httpx.put(f"{address}/{bucket}").raise_for_status()
            options = {"url": f"s3://{bucket}", "endpoint": address, "access_key_id": "a"}
            found["s3 zoomauto"].append(ours("object-store", options, film, hashed))
            peer = [str(Path(server).with_name("python")), "-c", BOTO, address, bucket, str(film)]
            if Path(peer[0]).exists():
                said = subprocess.run(peer, check=True, capture_output=True, text=True).stdout
                seconds, kilobytes = said.split()
                found.setdefault("s3 boto3", []).append((float(seconds), int(kilobytes) / 1024))
            if shutil.which("rclone"):
                # Its last question names a version, which moto answers with 400 (rclone 1.60).
                remote = (
                    ":s3,provider=Other,no_check_bucket=true,no_head=true,access_key_id=a,"
                    f"secret_access_key=b,endpoint='{address}':{bucket}/rclone.mp4"
                )
                command = ["rclone", "--retries", "1", "--config", os.devnull]
                figures = theirs([*command, "copyto", str(film), remote])
                found.setdefault("s3 rclone", []).append(figures)
    return found


def to_webdav(film: Path, hashed: str, rounds: int) -> dict[str, list[Figures]]:
    """Upload to a WebDAV folder, in turns."""
    found: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory() as root:
        program = [sys.executable, "-m", "wsgidav.server.server_cli", "--no-config", "--quiet"]
        command = [*program, "--host", "127.0.0.1", "--auth", "anonymous", "--root", root, "--port"]
        with serving(command, "/") as address:
            for turn in range(rounds):
                for verify in ("size", "read"):
                    options = {"url": f"{address}/{verify}{turn}", "verify": verify}
                    figures = ours("webdav", options, film, hashed)
                    found.setdefault(f"webdav zoomauto verify={verify}", []).append(figures)
                if shutil.which("curl"):
                    sent = [
                        "curl",
                        "-sSf",
                        "-o",
                        os.devnull,
                        "-T",
                        str(film),
                        f"{address}/curl{turn}.mp4",
                    ]
                    found.setdefault("webdav curl -T", []).append(theirs(sent))
    return found


@contextmanager
def serving(command: Sequence[str], path: str) -> Iterator[str]:
    """Run a server whose last argument is its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*command, str(port)], stdout=quiet, stderr=quiet) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                httpx.get(f"{address}{path}")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        try:
            yield address
        finally:
            process.kill()


def ours(name: str, options: Mapping[str, str], film: Path, hashed: str) -> Figures:
    """Publish in a process of its own."""
    words = json.dumps([name, options, str(film), hashed])
    command = [sys.executable, __file__, "--own", words]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds, kilobytes = said.split()
    return float(seconds), int(kilobytes) / 1024


def own(name: str, options: Mapping[str, str], film: str, hashed: str) -> None:
    """Publish, and print seconds and peak memory."""
    adapter = registry.load("destination", name)
    secrets = StoredSecrets({"secret_access_key": "command:echo b"})
    clock = FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))
    work = DiskWorkspace(Path(film).parent)
    tools = Tools(workspace=work, clock=clock, secrets=secrets)
    parcel = Parcel(
        path=Path(film),
        size_bytes=Path(film).stat().st_size,
        sha256=hashed,
        name="Sync",
        extension=".mp4",
        identity="k/a.mp4",
    )
    opened = adapter(read_options(adapter.Options, options, where=name), tools)
    began = time.perf_counter()
    opened.publish(parcel, FakeProgress())
    print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def theirs(command: Sequence[str]) -> Figures:
    """Run a program; give its time and peak memory."""
    began = time.perf_counter()
    # rclone 1.60 cannot start where that is set.
    env = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
    with subprocess.Popen(command, env=env) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def shown(megabytes: int, found: Mapping[str, Sequence[Figures]]) -> int:
    """Print the table; give 1 when a budget is missed."""
    found = {name: figures for name, figures in found.items() if figures}
    seconds = {name: statistics.median(f[0] for f in figures) for name, figures in found.items()}
    memory = {name: max(f[1] for f in figures) for name, figures in found.items()}
    print(f"{megabytes} MiB, medians of {max(map(len, found.values()))} rounds in turns")
    for name in found:
        speed = megabytes / seconds[name]
        print(f"  {name:30} {seconds[name]:6.2f} s {speed:6.0f} MB/s {memory[name]:6.0f} MB memory")
    missed = any(memory[name] > MOST_MEGABYTES for name in found if "zoomauto" in name)
    peers = [seconds[name] for name in ("s3 boto3", "s3 rclone") if name in seconds]
    if peers:
        ratio = seconds["s3 zoomauto"] / min(peers)
        print(f"  to S3: {ratio:.2f} x the quickest other (budget {SLOWER})")
        missed |= ratio > SLOWER
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
