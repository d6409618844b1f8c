"""A small world, and a plain client that talks to the fake cloud which serves it."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom.meeting import File, Meeting, User
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import Traps
from zoomauto.testing.zoom.world import World

NOW = datetime(2026, 8, 21, 12, tzinfo=UTC)
#: Loading those of the system costs each client 100 ms.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
#: Begins with a slash: has to be encoded twice.
SLASHED = "/ajXp112QmuoKj4854875=="


class Client:
    """Asks the fake as a program would, without any care of its own."""

    def __init__(self, zoom: FakeZoom) -> None:
        self.zoom = zoom
        self.http = httpx.Client(timeout=10, verify=NO_CERTIFICATES)

    def token(self, **changes: str) -> httpx.Response:
        """Ask for a token."""
        asked = {"grant_type": "account_credentials", "account_id": self.zoom.account_id}
        credentials = (self.zoom.client_id, self.zoom.client_secret)
        return self.http.post(self.zoom.token_url, params={**asked, **changes}, auth=credentials)

    def log_in(self) -> None:
        """Send a fresh token from now on."""
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def get(self, path: str, **params: Any) -> httpx.Response:
        """Ask the API."""
        return self.http.get(self.zoom.api_base + path, params=params or None)

    def recordings(self, user: str = "ann", **params: Any) -> httpx.Response:
        """List a user's recordings of the last days."""
        window = {"from": "2026-08-01", "to": "2026-08-22"}
        return self.get(f"/users/{user}/recordings", **{**window, **params})

    def meeting_path(self, uuid: str) -> str:
        """Give the path of a meeting's recordings, encoded twice."""
        return f"/meetings/{quote(quote(uuid, safe=''), safe='')}/recordings"

    def files(self, uuid: str = SLASHED) -> list[dict[str, Any]]:
        """Ask for a meeting's files."""
        found: list[dict[str, Any]] = self.get(self.meeting_path(uuid)).json()["recording_files"]
        return found

    def redirect(self, url: str) -> str:
        """Ask the first host for a download; give where it leads."""
        return self.http.get(url).headers["Location"]

    def alone(self, url: str, **headers: str) -> httpx.Response:
        """Send one request that carries nothing but ``headers``."""
        return httpx.get(url, headers=headers, timeout=10, verify=NO_CERTIFICATES)


Start = Callable[..., Client]


def file(name: str, start: datetime, **values: Any) -> File:
    return File(id=name, start_at=start, end_at=start + timedelta(minutes=40), **values)


def meeting(uuid: str, days_ago: int, **values: Any) -> Meeting:
    start = NOW - timedelta(days=days_ago, hours=3)
    files = (file(f"{uuid}-video", start, size=5000),)
    made: dict[str, Any] = {"uuid": uuid, "number": 6840331990, "user_id": "ann"}
    return Meeting(**{**made, "start_at": start, "files": files, **values})


@pytest.fixture
def world() -> World:
    """Three users; Ann has five instances of one meeting, on five days."""
    users = (
        User(id="ann", email="ann@example.org"),
        User(id="bob", email="bob@example.org", status="inactive"),
        User(id="eve", email="eve@example.org", status="pending"),
    )
    start = NOW - timedelta(days=1, hours=3)
    texts = (
        file("transcript", start, file_type="TRANSCRIPT", extension="VTT", size=900),
        file("chat", start, file_type="CHAT", extension="TXT", size=300),
    )
    newest = meeting(SLASHED, 1)
    others = [meeting(f"instance{n}==", n) for n in range(2, 6)]
    first = meeting(SLASHED, 1, files=(*newest.files, *texts), passcode="p4ss")
    return World(users=users, meetings=[*others, first])


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def start(world: World, clock: FrozenClock) -> Iterator[Start]:
    """Call it with traps: a logged-in client of a fresh fake, both closed at the end."""
    with ExitStack() as opened:

        def begin(traps: Traps | None = None, *, on: World | None = None) -> Client:
            zoom = opened.enter_context(FakeZoom(on or world, traps=traps, clock=clock))
            client = Client(zoom)
            opened.enter_context(client.http)
            client.log_in()
            return client

        yield begin


@pytest.fixture
def client(start: Start) -> Client:
    """A client of a cloud that behaves as documented."""
    return start()
