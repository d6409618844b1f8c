"""What every destination promises: the registered ones, and the fake that stands for them.

A new destination needs a line in ``OPTIONS`` that makes a fresh one; without it its test fails.
"""

import hashlib
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from zoomauto import registry
from zoomauto.domain.options import read_options
from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import Check
from zoomauto.errors import InvalidOptions, UsageError
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Destination, Parcel, Personal, Visit
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.destination import FakeDestination
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

#: A courier who never replaces anything, and says where he has put it.
COURIER = """
import hashlib, json, os, sys
from pathlib import Path
path, folder, name, extension, sha256 = sys.argv[1:]
content = Path(path).read_bytes()
for suffix in ("", f" ({sha256[:8]})"):
    target = Path(folder) / f"{name}{suffix}{extension}"
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_bytes() == content:
        break
target.write_bytes(content)
print(json.dumps({"location": str(target)}))
"""


def courier(folder: Path) -> Mapping[str, Any]:
    script = folder / "courier.py"
    script.write_text(COURIER)
    python = shlex.quote(sys.executable)
    look = "import os, sys; sys.exit(os.path.getsize(sys.argv[1]) != int(sys.argv[2]))"
    return {
        "command": f"{python} {script} {{path}} {folder}/out {{name}} {{extension}} {{sha256}}",
        "holds_command": f"{python} -c '{look}' {{location}} {{size}}",
    }


#: Name in the registry -> options of a fresh destination in a folder; servers are fixtures.
OPTIONS: Mapping[str, Callable[[Path, pytest.FixtureRequest], Mapping[str, Any]]] = {
    "command": lambda folder, _: courier(folder),
    "folder": lambda folder, _: {"path": str(folder / "out")},
    "rclone": lambda folder, request: request.getfixturevalue("rclone")(folder),
    "sftp": lambda folder, request: request.getfixturevalue("sshd").options(folder / "out"),
    "google-drive": lambda _, request: request.getfixturevalue("google").drive_options,
    "youtube": lambda _, request: request.getfixturevalue("google").youtube_options,
    "object-store": lambda _, request: request.getfixturevalue("bucket_options"),
    "webdav": lambda _, request: request.getfixturevalue("webdav_options"),
}
#: Name in the registry -> references to its secrets.
SECRETS: Mapping[str, Mapping[str, str]] = {
    "object-store": {"secret_access_key": "command:echo anything"},
    "webdav": {"password": "command:echo secret"},
}
REGISTERED = sorted(registry.BUILT_IN["destination"])


def opened(name: str, folder: Path, request: pytest.FixtureRequest) -> Destination:
    adapter = registry.load("destination", name)
    options = read_options(adapter.Options, OPTIONS[name](folder, request), where=name)
    clock = FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))
    tools = Tools(
        workspace=DiskWorkspace(folder),
        clock=clock,
        secrets=StoredSecrets(
            dict.fromkeys(adapter.secret_names, "env:CONTRACT_SECRET") | dict(SECRETS.get(name, {}))
        ),
        state_folder=folder / "state",
    )
    made: Destination = adapter(options, tools)
    if isinstance(made, Personal):
        visit = request.getfixturevalue("google").visit
        made.log_in(Visit(open_page=visit, patience=timedelta(seconds=10)))
    return made


@pytest.fixture(params=[*REGISTERED, "fake"])
def destination(request: pytest.FixtureRequest, tmp_path: Path) -> Destination:
    fake: Any = FakeDestination()
    if request.param == "fake":
        return cast("Destination", fake)
    return opened(request.param, tmp_path, request)


@pytest.fixture
def parcel_of(tmp_path: Path) -> Callable[..., Parcel]:
    def made(content: bytes, *, identity: str = "k/a.mp4") -> Parcel:
        path = tmp_path / hashlib.sha256(content).hexdigest()
        path.write_bytes(content)
        return Parcel(
            path=path,
            size_bytes=len(content),
            sha256=path.name,
            name="2026/Weekly Sync [7]",
            extension=".mp4",
            identity=identity,
            kind=FileKind.VIDEO,
            state=tmp_path / f"upload-{path.name[:8]}",
        )

    return made


ParcelOf = Callable[..., Parcel]


def test_what_is_delivered_is_verified_and_held(destination: Destination, parcel_of: ParcelOf):
    parcel = parcel_of(b"film")
    delivered = destination.publish(parcel, FakeProgress())
    assert (delivered.size_bytes, delivered.sha256) == (parcel.size_bytes, parcel.sha256)
    assert destination.holds(delivered)


def test_publishing_again_gives_the_same(destination: Destination, parcel_of: ParcelOf):
    first = destination.publish(parcel_of(b"film"), FakeProgress())
    assert destination.publish(parcel_of(b"film"), FakeProgress()) == first


def test_a_taken_name_replaces_nothing(destination: Destination, parcel_of: ParcelOf):
    first = destination.publish(parcel_of(b"first"), FakeProgress())
    second = destination.publish(parcel_of(b"second", identity="k/b.mp4"), FakeProgress())
    assert first.location != second.location
    assert destination.holds(first)
    assert destination.holds(second)


def test_an_empty_file_is_delivered_too(destination: Destination, parcel_of: ParcelOf):
    assert destination.publish(parcel_of(b""), FakeProgress()).size_bytes == 0


def test_what_is_not_there_is_not_held(destination: Destination, parcel_of: ParcelOf):
    delivered = destination.publish(parcel_of(b"film"), FakeProgress())
    assert not destination.holds(replace(delivered, location=f"{delivered.location} gone"))
    assert not destination.holds(replace(delivered, size_bytes=5))


def test_a_check_says_what_was_found(destination: Destination):
    checks = destination.check()
    assert checks
    assert all(isinstance(check, Check) and check.ok and check.detail for check in checks)


@pytest.mark.parametrize("name", REGISTERED)
def test_its_options_are_a_frozen_dataclass_that_explains_itself(name: str):
    adapter = registry.load("destination", name)
    assert adapter.Options.__dataclass_params__.frozen
    assert adapter.__doc__
    assert adapter.Options.__doc__
    assert isinstance(adapter.secret_names, frozenset)


@pytest.mark.parametrize("name", REGISTERED)
def test_an_unknown_option_is_refused_when_it_is_saved(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
):
    adapter = registry.load("destination", name)
    values = {**OPTIONS[name](tmp_path, request), "no_such_option": 1}
    with pytest.raises(InvalidOptions, match="no_such_option") as refusal:
        read_options(adapter.Options, values, where=name)
    assert isinstance(refusal.value, UsageError)
