"""A faithful fake of Zoom's cloud-recording service, on two ports of this machine.

world = World.generated(users=40)
with FakeZoom(world, traps=Traps(page_overlap=2)) as zoom:
    ...  # a client with zoom.api_base, zoom.token_url, zoom.account_id, zoom.client_id, ...
assert zoom.violations() == ()
"""

import itertools
import ssl
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from zoomauto.clock import SystemClock
from zoomauto.ports.clock import Clock
from zoomauto.testing.zoom import api, download
from zoomauto.testing.zoom.cloud import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, Call, Cloud
from zoomauto.testing.zoom.journal import Request
from zoomauto.testing.zoom.reply import Refusal, Reply
from zoomauto.testing.zoom.tokens import Gate
from zoomauto.testing.zoom.traps import ApiFault, Traps
from zoomauto.testing.zoom.wire import Wire
from zoomauto.testing.zoom.world import World


@dataclass(kw_only=True)
class Ports:
    """The origins of the two servers, known once they listen."""

    first: str = ""
    cdn: str = ""


@dataclass(frozen=True)
class Numbers:
    """Numbers the requests, for ``x-zm-trackingid``."""

    _next: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def tracking_id(self) -> str:
        """Give the next tracking id."""
        return f"v=2.0;clid=us02;rid=WEB_{next(self._next):032x}"


class FakeZoom:
    """The fake cloud. A context manager; it starts to listen at once when it is made.

    ``world`` holds what there is and keeps what a client changed; another FakeZoom may go on
    with it. ``traps`` is what goes wrong. ``clock`` decides what has expired; a FrozenClock can
    be moved. With ``tls`` both ports speak https. ``ports`` chooses fixed ports, API and CDN.
    """

    def __init__(
        self,
        world: World,
        *,
        traps: Traps | None = None,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
        ports: tuple[int, int] = (0, 0),
    ) -> None:
        self.world = world
        self.account_id = ACCOUNT_ID
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET
        self._stopped = threading.Event()
        self._numbers = Numbers()
        origins = Ports()
        self._cloud = Cloud.of(world, traps or Traps(), clock or SystemClock(), origins)
        self._first = self._wire(api.answer, ports[0], tls)
        self._cdn = self._wire(download.cdn, ports[1], tls)
        origins.first, origins.cdn = self._first.origin, self._cdn.origin
        self._first.start()
        self._cdn.start()

    @property
    def api_base(self) -> str:
        """Give the address under which ``/users`` and the others lie."""
        return f"{self._first.origin}/v2"

    @property
    def token_url(self) -> str:
        """Give the address that gives out access tokens."""
        return f"{self._first.origin}/oauth/token"

    @property
    def cdn_base(self) -> str:
        """Give the origin of the CDN, which must never see a secret."""
        return self._cdn.origin

    @property
    def requests(self) -> tuple[Request, ...]:
        """Give every request so far, on both ports."""
        return self._cloud.journal.requests

    @property
    def body_gate(self) -> Gate:
        """Give the gate that holds back the second half of every slow body."""
        return self._cloud.body_gate

    @property
    def delete_gate(self) -> Gate:
        """Give the gate at which every DELETE waits when ``traps.hold_deletes`` is on."""
        return self._cloud.delete_gate

    def counts(self) -> Counter[str]:
        """Count requests by method and kind: ``GET users``, ``POST oauth``, ``GET cmr``."""
        return self._cloud.journal.counts()

    def violations(self) -> tuple[str, ...]:
        """Give every promise that a client broke, in words; leaks are among them.

        Promises: page_size up to 300, windows up to 31 days, the same parameters with a page
        token, Bearer on every API call, an explicit action with DELETE, a User-Agent, no
        access_token in a URL, no Authorization for the CDN.
        """
        return self._cloud.journal.violations

    def leaks(self) -> tuple[str, ...]:
        """Give every secret that went where it must not go, in words."""
        return self._cloud.journal.leaks

    def fail_next(self, fault: ApiFault, *, times: int = 1, path: str = "") -> None:
        """Answer the next ``times`` requests to the first port with ``fault``.

        Only those whose undecoded path contains ``path``: ``oauth``, ``/users``, ``rec/download``.
        """
        self._cloud.faults.plan(fault, times=times, path=path)

    def revoke_tokens(self) -> None:
        """Make every access token that was given out invalid."""
        self._cloud.access.revoke_all()

    def serve_forever(self) -> None:
        """Wait until :meth:`stop` is called, or Ctrl-C."""
        self._stopped.wait()

    def stop(self) -> None:
        """Cut every connection and give the ports back. Doing it again does nothing."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        self.body_gate.open()
        self.delete_gate.open()
        self._first.stop()
        self._cdn.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wire(
        self, answer: Callable[[Cloud, Call], Reply], port: int, tls: ssl.SSLContext | None
    ) -> Wire:
        complain = self._cloud.journal.complain
        return Wire(
            lambda call: self._answer(answer, call),
            port=port,
            tls=tls,
            plain_seen=lambda: complain("http spoken where https was asked for"),
        )

    def _answer(self, answer: Callable[[Cloud, Call], Reply], call: Call) -> Reply:
        try:
            reply = answer(self._cloud, call)
        except Exception:  # noqa: BLE001 - a bug here must show, not look like a lost connection
            self._cloud.journal.complain(f"the fake itself failed: {traceback.format_exc()}")
            reply = Refusal(500, 500, "The fake itself failed.").reply()
        request = Request(
            method=call.method,
            path=call.path,
            query=call.query_text,
            port=call.port,
            headers=call.headers,
            status=reply.status or None,
            at=self._cloud.clock.now(),
        )
        # Noted before the answer leaves: whoever has the answer finds the request here.
        self._cloud.journal.record(request)
        return replace(
            reply, headers={**reply.headers, "x-zm-trackingid": self._numbers.tracking_id()}
        )
