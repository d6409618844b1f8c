"""What goes wrong in the fake Google, planned one by one."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoomauto.testing.google.wire import Call

_LONGEST_HOLD_SECONDS = 60


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong with the next requests that fit."""

    method: str = ""
    #: Part of the path.
    path: str = ""
    #: How often.
    times: int = 1
    #: Fitting requests that are spared first.
    after: int = 0
    #: Refuse with this status, unheard.
    status: int = 0
    reason: str = "backendError"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Take so many bytes of the body, then cut the connection.
    cut_after: int | None = None
    #: Take so many bytes of the body, say so, and forget the rest.
    keep: int | None = None
    #: Do what was asked, and cut the connection in place of the answer.
    is_lost: bool = False
    #: Told when it was taken or done; the connection is cut when ``go`` is.
    reached: threading.Event | None = None
    go: threading.Event | None = None

    def hold(self) -> None:
        """Say that it has come to this, and wait for the word."""
        if self.reached is not None and self.go is not None:
            self.reached.set()
            self.go.wait(_LONGEST_HOLD_SECONDS)

    def fits(self, call: Call) -> bool:
        """Whether a request is meant."""
        return (not self.method or call.method == self.method) and self.path in call.path


class Faults:
    """The planned faults, first come, first served."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> None:
        """Add one behind the others."""
        with self._lock:
            self._planned.append(fault)

    def forget(self) -> None:
        """Drop the rest."""
        with self._lock:
            self._planned.clear()

    def take(self, call: Call) -> Fault | None:
        """Give the fault that a request meets, and count it."""
        with self._lock:
            fault = next((fault for fault in self._planned if fault.fits(call)), None)
            if fault is None:
                return None
            if fault.after:
                fault.after -= 1
                return None
            fault.times -= 1
            if fault.times <= 0:
                self._planned.remove(fault)
            return fault
