"""Progress that is only remembered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class FakeStep:
    """One step with how far it came."""

    label: str
    total: float | None
    unit: str
    done: float = 0.0

    def advance(self, amount: float) -> None:
        """Count on."""
        self.done += amount


@dataclass(kw_only=True)
class FakeProgress:
    """Remembers every step and note."""

    steps: list[FakeStep] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[FakeStep]:
        """Open a step."""
        step = FakeStep(label=label, total=total, unit=unit)
        self.steps.append(step)
        yield step

    def note(self, text: str) -> None:
        """Remember a note."""
        self.notes.append(text)
