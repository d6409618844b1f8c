"""The one place that asks the system for the time."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, span: timedelta) -> None:
        """Wait."""
        time.sleep(span.total_seconds())
