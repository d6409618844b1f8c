"""A Zoom source over the fake cloud, with one clock for both that never really waits."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from zoomauto.media.tools import Tools
from zoomauto.ports.secrets import Secret
from zoomauto.sources.zoom.client import ZoomClient
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.source import ZoomSource
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.traps import Traps
from zoomauto.testing.zoom.world import UNTIL, World
from zoomauto.workspace import DiskWorkspace

MakeZoom = Callable[..., FakeZoom]
MakeSource = Callable[..., ZoomSource]
MakeClient = Callable[[FakeZoom], ZoomClient]


class OneSecret:
    """Secrets that were resolved already."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get(self, name: str) -> Secret:
        """Give the only secret there is."""
        assert name == "client_secret"
        return Secret(self.text)


@pytest.fixture
def clock() -> FrozenClock:
    """The time of cloud and client."""
    return FrozenClock(UNTIL)


@pytest.fixture
def make_zoom(clock: FrozenClock) -> Iterator[MakeZoom]:
    """Start a fake cloud; what it saw must be without fault at the end."""
    with ExitStack() as stack:
        started: list[FakeZoom] = []

        def make(world: World, **traps: Any) -> FakeZoom:
            given = traps.pop("given", None) or Traps(**traps)
            started.append(stack.enter_context(FakeZoom(world, traps=given, clock=clock)))
            return started[-1]

        yield make
        assert [zoom.violations() for zoom in started] == [()] * len(started)


@pytest.fixture
def make_source(clock: FrozenClock, tmp_path: Path) -> MakeSource:
    """Open a source over a fake cloud, with other options if need be."""

    def make(zoom: FakeZoom, *, secret: str | None = None, **options: Any) -> ZoomSource:
        tools = _tools(zoom.client_secret if secret is None else secret, clock, tmp_path)
        return ZoomSource(ZoomOptions(**{**_usual(zoom), **options}), tools)

    return make


@pytest.fixture
def make_client(clock: FrozenClock, tmp_path: Path) -> MakeClient:
    """Speak to a fake cloud as a source does."""

    def make(zoom: FakeZoom) -> ZoomClient:
        tools = _tools(zoom.client_secret, clock, tmp_path)
        return ZoomClient(ZoomOptions(**_usual(zoom)), tools)

    return make


def _usual(zoom: FakeZoom) -> dict[str, Any]:
    return {
        "account_id": zoom.account_id,
        "client_id": zoom.client_id,
        "api_base": zoom.api_base,
        "token_url": zoom.token_url,
    }


def _tools(secret: str, clock: FrozenClock, folder: Path) -> Tools:
    workspace = DiskWorkspace(folder / "work")
    return Tools(workspace=workspace, clock=clock, secrets=OneSecret(secret))
