"""A Google of our own, somebody who is logged in there, and parcels."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.destinations.google_drive.destination import DriveDestination
from zoomauto.destinations.google_drive.options import DriveOptions
from zoomauto.destinations.youtube.destination import YouTubeDestination
from zoomauto.destinations.youtube.options import YouTubeOptions
from zoomauto.domain.recording import FileKind
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Parcel, Visit
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.workspace import DiskWorkspace

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

ParcelOf = Callable[..., Parcel]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeGoogle]:
    """The fake, which must have nothing to complain of in the end."""
    # Loading the certificates of the system costs each client 100 ms.
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with FakeGoogle() as fake:
        monkeypatch.setenv("GOOGLE_SECRET", fake.client_secret)
        yield fake
        assert fake.complaints() == ()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock whose waits take no time, and are remembered."""
    return FrozenClock(NOW)


@pytest.fixture
def tools(tmp_path: Path, clock: FrozenClock) -> Tools:
    """Tools with a state folder and the application's secret."""
    return Tools(
        workspace=DiskWorkspace(tmp_path / "work"),
        clock=clock,
        secrets=StoredSecrets({"client_secret": "env:GOOGLE_SECRET"}),
        state_folder=tmp_path / "state",
    )


@pytest.fixture
def visit(google: FakeGoogle) -> Visit:
    """A person who agrees to everything at once."""
    return Visit(open_page=google.visit, patience=timedelta(seconds=10))


@pytest.fixture
def youtube_of(google: FakeGoogle, tools: Tools) -> Callable[..., YouTubeDestination]:
    """Open a YouTube destination, as a new process would."""

    def opened(**options: Any) -> YouTubeDestination:
        known: dict[str, Any] = {**google.youtube_options, **options}
        return YouTubeDestination(YouTubeOptions(**known), tools)

    return opened


@pytest.fixture
def youtube(youtube_of: Callable[..., YouTubeDestination], visit: Visit) -> YouTubeDestination:
    """A YouTube destination with a login."""
    made = youtube_of()
    made.log_in(visit)
    return made


@pytest.fixture
def drive_of(google: FakeGoogle, tools: Tools) -> Callable[..., DriveDestination]:
    """Open a Google Drive destination, as a new process would."""

    def opened(**options: Any) -> DriveDestination:
        return DriveDestination(DriveOptions(**google.drive_options, **options), tools)

    return opened


@pytest.fixture
def drive(drive_of: Callable[..., DriveDestination], visit: Visit) -> DriveDestination:
    """A Google Drive destination with a login."""
    made = drive_of()
    made.log_in(visit)
    return made


@pytest.fixture
def parcel_of(tmp_path: Path) -> ParcelOf:
    """Make a parcel of some bytes; its state lies where the stage would put it."""

    def made(content: bytes, **facts: Any) -> Parcel:
        sha256 = hashlib.sha256(content).hexdigest()
        path = tmp_path / f"{sha256[:8]}.bin"
        path.write_bytes(content)
        known: dict[str, Any] = {
            "path": path,
            "size_bytes": len(content),
            "sha256": sha256,
            "name": "2026/Weekly Sync [7]",
            "extension": ".mp4",
            "identity": "k/a.mp4",
            "kind": FileKind.VIDEO,
            "state": tmp_path / f"upload-{sha256[:8]}",
        }
        return Parcel(**{**known, **facts})

    return made


@pytest.fixture
def film_bytes(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A film of two chunks and a half, of the smallest chunks there are."""
    monkeypatch.setattr("zoomauto.google.resumable.CHUNK", 256 * 1024)
    return b"".join(hashlib.sha256(number.to_bytes(4)).digest() for number in range(20_000))
