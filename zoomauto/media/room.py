"""Space for files that are being written: what is free now is not free for everybody."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Room:
    """Knows what the writers of this process still need. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needs: list[Callable[[], int]] = []

    @contextmanager
    def claimed(
        self, still_needed: Callable[[], int], *, refuse: Callable[[int], None]
    ) -> Iterator[None]:
        """Count on space while the block lasts.

        ``still_needed`` gives the bytes that are yet to be written; ``refuse`` is told those of
        all others and raises when there is no room beside them.
        """
        with self._lock:
            refuse(sum(max(need(), 0) for need in self._needs))
            self._needs.append(still_needed)
        try:
            yield
        finally:
            with self._lock:
                self._needs.remove(still_needed)
