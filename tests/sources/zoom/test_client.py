"""One token for all threads, which each of them may find refused."""

from collections.abc import Callable, Iterator

from zoomauto.sources.zoom.client import Request, ZoomClient
from zoomauto.sources.zoom.pace import Label
from zoomauto.testing.zoom.server import FakeZoom
from zoomauto.testing.zoom.world import World


def test_a_token_that_another_thread_renewed_may_be_refused_once_more(
    make_zoom: Callable[..., FakeZoom], make_client: Callable[[FakeZoom], ZoomClient]
):
    zoom = make_zoom(World.generated(users=1, days=1))
    client = make_client(zoom)
    first = client.tokens.current()

    def meanwhile() -> Iterator[None]:
        zoom.revoke_tokens()
        client.tokens.renew(first)
        client.tokens.current()
        yield
        zoom.revoke_tokens()
        yield
        yield

    steps = meanwhile()
    asked = Request(path="/users", label=Label.MEDIUM, sending=lambda: next(steps))
    client.change(asked)
    assert zoom.counts()["GET users"] == 3
