"""A clock that stands still until it is moved."""

import threading
from datetime import datetime, timedelta

from zoomauto.domain.instant import as_utc


class FrozenClock:
    """Shows the instant it was set to. Sleeping moves it on and takes no time."""

    def __init__(self, instant: datetime) -> None:
        self._instant = as_utc(instant)
        #: Every wait that was asked for, in order.
        self.slept: list[timedelta] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Give the instant that the clock shows."""
        return self._instant

    def sleep(self, span: timedelta) -> None:
        """Move on by ``span`` at once."""
        with self._lock:
            self.slept.append(span)
            self._instant += span

    def move_to(self, instant: datetime) -> None:
        """Set the clock."""
        self._instant = as_utc(instant)
