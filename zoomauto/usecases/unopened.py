"""What stands for a destination that cannot be opened, so that the others have their turn."""

from dataclasses import dataclass
from typing import ClassVar, NoReturn

from zoomauto.domain.source import Check
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Unopened:
    """A destination that was removed, or whose package is gone: says so whenever it is needed."""

    Options: ClassVar[type] = type(None)
    secret_names: ClassVar[frozenset[str]] = frozenset()

    error: Exception

    def publish(self, parcel: Parcel, progress: Progress) -> NoReturn:
        """Raise what opening it raised."""
        raise self.error

    def holds(self, delivered: Delivered) -> NoReturn:
        """Raise what opening it raised: nobody can look."""
        raise self.error

    def check(self) -> tuple[Check, ...]:
        """Say what opening it raised."""
        return (Check(name="open", ok=False, detail=str(self.error)),)
