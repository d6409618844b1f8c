"""A destination that keeps what it is given in memory."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from zoomauto.domain.source import Check
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress


@dataclass(frozen=True, kw_only=True)
class FakeDestinationOptions:
    """Any path; it is not used."""

    path: str = ""


@dataclass(kw_only=True)
class FakeDestination:
    """Holds published bytes by name; fails as often as ``failures`` says."""

    Options: ClassVar[type] = FakeDestinationOptions
    secret_names: ClassVar[frozenset[str]] = frozenset()

    objects: dict[str, bytes] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    #: Every name that was asked for, repeats included.
    asked: list[str] = field(default_factory=list)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Keep the bytes under the wanted name; a taken name gets the identity as suffix."""
        name = f"{parcel.name}{parcel.extension}"
        self.asked.append(name)
        if self.failures:
            raise self.failures.pop(0)
        content = Path(parcel.path).read_bytes()
        if self.objects.setdefault(name, content) != content:
            name = f"{parcel.name} ({parcel.identity}){parcel.extension}"
            self.objects[name] = content
        return Delivered(
            location=name, url=None, size_bytes=parcel.size_bytes, sha256=parcel.sha256
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether the bytes are still there."""
        return len(self.objects.get(delivered.location, b"")) == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Say that all is well."""
        return (Check(name="writable", ok=True, detail="in memory"),)
