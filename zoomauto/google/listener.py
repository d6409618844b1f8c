"""An HTTP server on this machine alone, which leaves no connection and no thread behind."""

import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Listener(ThreadingHTTPServer):
    """Listens on 127.0.0.1 from when it is made; a thread for each connection."""

    # So that stopping waits for them.
    daemon_threads = False

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        """Raise OSError when the port is taken; 0 is any."""
        self._connections: set[Any] = set()
        super().__init__(("127.0.0.1", port), handler)
        self._thread = threading.Thread(
            # Whoever stops it waits for the next look.
            target=self.serve_forever,
            kwargs={"poll_interval": 0.05},
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and give the port back. Doing it again does nothing."""
        if not self._thread.is_alive():
            return
        self.shutdown()
        self._thread.join()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a new connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)
