"""Waits on this machine for the browser that comes back from Google's page (RFC 8252)."""

import queue
import secrets
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from zoomauto.errors import AuthenticationError, TemporaryError, UsageError
from zoomauto.google.listener import Listener
from zoomauto.google.logins import LOGIN_HINT
from zoomauto.ports.destination import Visit

_DONE = "You may close this page. The terminal says whether the login worked.\n"
_NOT_OURS = "This is not the answer that is waited for.\n"
#: A browser opens connections that it never uses.
_SILENCE_SECONDS = 10


class Loopback:
    """A server on 127.0.0.1 for one answer. A context manager."""

    def __init__(self, visit: Visit) -> None:
        """Listen. Raise UsageError when the port that was asked for is taken."""
        self._visit = visit
        self._answers: queue.Queue[Mapping[str, str]] = queue.Queue()
        #: Nothing is an answer before it is known what to wait for.
        self._state = ""
        try:
            self._listener = Listener(visit.port, self._handler())
        except OSError as error:
            raise UsageError(f"port {visit.port} cannot be used: {error.strerror}") from error

    @property
    def redirect_uri(self) -> str:
        """Where Google is to send the browser."""
        return f"http://127.0.0.1:{self._listener.server_port}/"

    def code(self, page: str, *, state: str) -> str:
        """Send a person to the page; give the code that comes back with that state.

        Raise AuthenticationError for a refusal, TemporaryError when nobody comes in time.
        """
        self._state = state
        self._visit.open_page(page)
        patience = self._visit.patience.total_seconds()
        try:
            answer = self._answers.get(timeout=patience)
        except queue.Empty as error:
            raise TemporaryError(
                f"nobody logged in within {patience:.0f} seconds", hint=LOGIN_HINT
            ) from error
        if not answer.get("code"):
            reason = answer.get("error", "without a reason")
            raise AuthenticationError(f"Google gave no login: {reason}", hint=LOGIN_HINT)
        return answer["code"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.stop()

    def _answer_in(self, path: str) -> Mapping[str, str] | None:
        """Read an answer; None when it is not the one that is waited for."""
        parts = urlsplit(path)
        fields = {key: values[0] for key, values in parse_qs(parts.query).items()}
        is_ours = bool(self._state) and secrets.compare_digest(
            fields.get("state", "").encode(), self._state.encode()
        )
        return fields if parts.path == "/" and is_ours else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer_in, answers = self._answer_in, self._answers

        class Handler(BaseHTTPRequestHandler):
            timeout = _SILENCE_SECONDS

            def do_GET(self) -> None:
                answer = answer_in(self.path)
                text = (_DONE if answer else _NOT_OURS).encode()
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                # The address holds the code.
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                try:
                    self.wfile.write(text)
                finally:
                    # Not before: whoever waits for it cuts the connection then.
                    if answer:
                        answers.put(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
                """Say nothing: the path holds the code."""

        return Handler
