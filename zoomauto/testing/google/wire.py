"""HTTP as the fake Google speaks it: one request in, one reply out, or a cut connection."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qs, urlsplit

from zoomauto.google.listener import Listener


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; status 0 cuts the connection instead."""

    status: int = 200
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """The document as JSON; nothing without one."""
        return b"" if self.document is None else json.dumps(self.document).encode()


CUT = Reply(status=0)


def refused(status: int, reason: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Refuse as Google's APIs do."""
    words = {"domain": "fake", "reason": reason, "message": f"refused: {reason}"}
    error = {"code": status, "message": f"refused: {reason}", "errors": [words]}
    return Reply(status=status, document={"error": error}, headers=headers or {})


@dataclass(kw_only=True)
class Call:
    """A request whose body is still to be read."""

    method: str
    path: str
    query: Mapping[str, str]
    #: By lower-case name.
    headers: Mapping[str, str]
    stream: BufferedIOBase
    unread: int

    def read(self, most: int | None = None) -> bytes:
        """Read so much of the body, or all the rest; less when the client broke off."""
        wanted = self.unread if most is None else min(most, self.unread)
        got = self.stream.read(wanted) if wanted else b""
        self.unread = self.unread - len(got) if len(got) == wanted else 0
        return got

    @property
    def document(self) -> Mapping[str, Any]:
        """The body as JSON."""
        found = json.loads(self.read() or b"{}")
        return found if isinstance(found, dict) else {}


class Wire:
    """A server on a free port of this machine."""

    def __init__(self, answer: Callable[[Call], Reply], *, port: int = 0) -> None:
        self._listener = Listener(port, _handler(answer))
        self.origin = f"http://127.0.0.1:{self._listener.server_port}"

    def stop(self) -> None:
        """Cut every connection and give the port back. Doing it again does nothing."""
        self._listener.stop()


def _handler(answer: Callable[[Call], Reply]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it the second write of an answer waits for the client's acknowledgement.
        disable_nagle_algorithm = True
        rbufsize = 2**20

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True)
            call = Call(
                method=self.command,
                path=parts.path,
                query={key: values[0] for key, values in query.items()},
                headers={name.lower(): value for name, value in self.headers.items()},
                stream=self.rfile,
                unread=int(self.headers.get("Content-Length") or 0),
            )
            try:
                reply = answer(call)
                if not reply.status:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self._send(reply)
                if call.unread:
                    # What was not read would be taken for the next request.
                    self.close_connection = True
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class's names

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
            """Say nothing; the fake keeps a journal."""

    return Handler
