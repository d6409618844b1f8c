"""A faithful fake of what we use of Google: OAuth, resumable uploads, YouTube and Drive.

with FakeGoogle() as google:
    ...  # a destination with google.youtube_options or google.drive_options
assert google.complaints() == ()
"""

import threading
import traceback
from collections import Counter
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.request import urlopen

from zoomauto.testing.google import drive, youtube
from zoomauto.testing.google.drive import FakeDrive
from zoomauto.testing.google.faults import Fault, Faults
from zoomauto.testing.google.logins import CLIENT_ID, CLIENT_SECRET, FakeLogins
from zoomauto.testing.google.uploads import Sessions
from zoomauto.testing.google.wire import CUT, Call, Reply, Wire, refused
from zoomauto.testing.google.youtube import FakeYouTube

_AUTH = "/o/oauth2/v2/auth"
_TOKEN = "/token"  # noqa: S105 - a path


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request, as the journal has it."""

    method: str
    path: str
    status: int


class FakeGoogle:
    """The fake. A context manager; it listens from when it is made."""

    client_id = CLIENT_ID
    client_secret = CLIENT_SECRET

    def __init__(self, *, port: int = 0) -> None:
        self.logins = FakeLogins()
        self.sessions = Sessions()
        self.youtube = FakeYouTube(sessions=self.sessions)
        self.drive = FakeDrive(sessions=self.sessions)
        self.requests: list[Seen] = []
        self._faults = Faults()
        self._complaints: list[str] = []
        self._lock = threading.Lock()
        self._wire = Wire(self._answer, port=port)
        self.sessions.origin = self.origin

    @property
    def origin(self) -> str:
        """The start of every address."""
        return self._wire.origin

    @property
    def youtube_options(self) -> dict[str, str]:
        """The options that lead a YouTube destination here."""
        return self._options(youtube.API, youtube.UPLOAD)

    @property
    def drive_options(self) -> dict[str, str]:
        """The options that lead a Google Drive destination here."""
        return self._options(drive.API, drive.UPLOAD)

    def options(self, type_name: str) -> dict[str, str]:
        """Give the options of a destination by its type."""
        return self.youtube_options if type_name == "youtube" else self.drive_options

    def visit(self, address: str) -> None:
        """Open a page as a person's browser would, and follow it to its end."""
        with urlopen(address, timeout=10) as page:  # noqa: S310 - loopback
            page.read()

    def fail(self, fault: Fault) -> None:
        """Plan something that goes wrong."""
        self._faults.plan(fault)

    def fail_nothing(self) -> None:
        """Forget what was planned."""
        self._faults.forget()

    def counts(self) -> Counter[str]:
        """Count requests by method and the end of their path: ``PUT videos``."""
        return Counter(f"{r.method} {r.path.rpartition('/')[2]}" for r in self.requests)

    def complaints(self) -> tuple[str, ...]:
        """Give every promise that a client broke, in words, and every bug of the fake."""
        return (*self._complaints, *self.sessions.complaints)

    def stop(self) -> None:
        """Give the port back."""
        self._wire.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _options(self, api: str, upload: str) -> dict[str, str]:
        return {
            "client_id": self.client_id,
            "auth_url": f"{self.origin}{_AUTH}",
            "token_url": f"{self.origin}{_TOKEN}",
            "api_base": f"{self.origin}{api}",
            "upload_base": f"{self.origin}{upload}",
        }

    def _answer(self, call: Call) -> Reply:
        try:
            reply = self._met(call)
        except Exception:  # noqa: BLE001 - a bug here must show, not look like a lost connection
            self._complaints.append(f"the fake itself failed: {traceback.format_exc()}")
            reply = refused(500, "fakeFailed")
        with self._lock:
            self.requests.append(Seen(method=call.method, path=call.path, status=reply.status))
        return reply

    def _met(self, call: Call) -> Reply:
        fault = self._faults.take(call)
        if fault is not None and fault.status:
            return refused(fault.status, fault.reason, fault.headers)
        reply = self._served(call, fault)
        if fault is None or not fault.is_lost:
            return reply
        fault.hold()
        return CUT

    def _served(self, call: Call, fault: Fault | None) -> Reply:
        if call.path == _AUTH:
            return self.logins.page(call)
        if call.path == _TOKEN:
            return self.logins.token(call)
        if not self.logins.is_known(call):
            return refused(401, "authError")
        if "upload_id" in call.query:
            return self.sessions.serve(call, fault)
        if call.path.startswith((youtube.API, youtube.UPLOAD)):
            return self.youtube.serve(call)
        return self.drive.serve(call)
