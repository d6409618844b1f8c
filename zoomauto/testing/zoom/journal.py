"""What the fake cloud saw: every request, every broken promise, every leaked secret."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request as it came over the wire, and how it was answered."""

    method: str
    #: Undecoded, without the query.
    path: str
    #: Undecoded; empty when there was none.
    query: str
    #: The port it came in on.
    port: int
    #: Names in lower case.
    headers: Mapping[str, str]
    #: None: the connection was reset instead.
    status: int | None
    at: datetime


class Journal:
    """Collects what happened. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._violations: list[str] = []
        self._leaks: list[str] = []

    @property
    def requests(self) -> tuple[Request, ...]:
        """Give every request so far, in the order in which they were answered."""
        with self._lock:
            return tuple(self._requests)

    @property
    def violations(self) -> tuple[str, ...]:
        """Give every broken promise, in words."""
        with self._lock:
            return tuple(self._violations)

    @property
    def leaks(self) -> tuple[str, ...]:
        """Give every secret that went where it must not go, in words."""
        with self._lock:
            return tuple(self._leaks)

    def counts(self) -> Counter[str]:
        """Count requests by method and first folder: ``GET users``, ``POST oauth``."""
        return Counter(f"{r.method} {_area(r.path)}" for r in self.requests)

    def record(self, request: Request) -> None:
        """Remember a request."""
        with self._lock:
            self._requests.append(request)

    def complain(self, violation: str) -> None:
        """Remember a broken promise."""
        with self._lock:
            self._violations.append(violation)

    def leaked(self, leak: str) -> None:
        """Remember a leak, which is a broken promise too."""
        with self._lock:
            self._leaks.append(leak)
            self._violations.append(leak)


def _area(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "v2"}]
    return parts[0] if parts else ""
