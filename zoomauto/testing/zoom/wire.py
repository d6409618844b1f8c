"""Replies as bytes on a wire: HTTP/1.1 with keep-alive, and every way to break it."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from zoomauto.testing.zoom.cloud import Call
from zoomauto.testing.zoom.reply import Ending, Framing, Reply

#: Bodies up to this length leave together with their head.
_SMALL = 1 << 16
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TLS_HANDSHAKE = b"\x16"

Answer = Callable[[Call], Reply]


class Wire(ThreadingHTTPServer):
    """One listening port on loopback."""

    request_queue_size = 256
    daemon_threads = False
    block_on_close = True

    def __init__(
        self,
        answer: Answer,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        plain_seen: Callable[[], None],
    ) -> None:
        self.answer = answer
        self._tls = tls
        self._plain_seen = plain_seen
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Exchange)
        self._loop = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def origin(self) -> str:
        """Give scheme, host and port."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._loop.start()

    def stop(self) -> None:
        """Cut every connection and end every thread."""
        self.shutdown()
        self._loop.join()
        with self._lock:
            for connection in self._sockets:
                _hang_up(connection)
        self.server_close()

    def server_bind(self) -> None:
        """Bind without asking the system for the name of 127.0.0.1."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be cut."""
        with self._lock:
            self._sockets.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer the requests of one connection, over TLS where that was asked for."""
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        if request.recv(1, socket.MSG_PEEK) not in {b"", _TLS_HANDSHAKE}:
            self._plain_seen()
            return
        # The handshake stays undone until this thread reads.
        duplicate = request.dup()
        with self._tls.wrap_socket(duplicate, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; politely, unless it is to be reset."""
        with self._lock:
            self._sockets.discard(request)
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == _RESET_ON_CLOSE:
            self.close_request(request)
            return
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that hangs up, or distrusts our certificate, is no news."""


class Exchange(BaseHTTPRequestHandler):
    """Reads requests off one connection and writes the replies."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Wire

    def answer(self) -> None:
        """Answer one request."""
        length = int(self.headers.get("Content-Length") or 0)
        call = Call(
            method=self.command,
            target=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            port=self.server.server_port,
        )
        self._write(self.server.answer(call))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing; the journal holds every request."""

    def _write(self, reply: Reply) -> None:
        if reply.status:
            self._write_body(self._head(reply), reply)
        if reply.ending is Ending.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        if reply.ending is not Ending.PROPER or reply.framing is Framing.CLOSE:
            self.close_connection = True

    def _head(self, reply: Reply) -> bytes:
        headers = dict(reply.headers)
        if reply.framing is Framing.LENGTH:
            headers["Content-Length"] = str(reply.length)
        elif reply.framing is Framing.CHUNKED:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _write_body(self, head: bytes, reply: Reply) -> None:
        chunked = reply.framing is Framing.CHUNKED
        unsent = head
        for piece in reply.pieces if self.command != "HEAD" else ():
            framed = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
            if unsent and len(framed) <= _SMALL:
                framed = unsent + framed
            elif unsent:
                self.wfile.write(unsent)
            unsent = b""
            self.wfile.write(framed)
        if chunked and reply.ending is Ending.PROPER:
            unsent += b"0\r\n\r\n"
        if unsent:
            self.wfile.write(unsent)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
