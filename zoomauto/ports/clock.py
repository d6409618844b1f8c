"""The time, handed in."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""

    def sleep(self, span: timedelta) -> None:
        """Wait."""
