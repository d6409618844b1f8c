"""Progress is told here; whoever listens decides how it looks."""

from contextlib import AbstractContextManager
from typing import Protocol


class Step(Protocol):
    """One piece of long work that is under way."""

    def advance(self, amount: float) -> None:
        """Say that ``amount`` more of the total is done."""


class Progress(Protocol):
    """Hears about long work, from several threads at once; a step is one thread's own."""

    def step(
        self, label: str, *, total: float | None = None, unit: str = ""
    ) -> AbstractContextManager[Step]:
        """Open a step of ``total`` units (``bytes``, ``seconds``, ``recordings``)."""

    def note(self, text: str) -> None:
        """Say something that stays on the screen or in the log."""
