"""Where results go."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar, Protocol

from zoomauto.domain.source import Check
from zoomauto.ports.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One artifact, ready to be published."""

    path: PurePath
    size_bytes: int
    sha256: str
    #: The wanted name, without extension; ``/`` separates folders; every part is safe.
    name: str
    #: With its dot, as in ``.mp4``; may be empty.
    extension: str
    #: Tells this file from every other for ever; makes a stable suffix for a taken name.
    identity: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """Where a parcel lies, after it was verified there."""

    location: str
    url: str | None
    size_bytes: int
    sha256: str


class Destination(Protocol):
    """An open destination. Built as ``adapter(options)`` with its validated options."""

    #: A frozen dataclass; its fields are the options of ``destination add --option``.
    Options: ClassVar[type]
    secret_names: ClassVar[frozenset[str]]

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Nothing half-written is ever visible under a final name, and nothing different is ever
        overwritten. Raise CorruptMedia when the bytes read are not those of the parcel.
        """

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size."""

    def check(self) -> tuple[Check, ...]:
        """Prove that the destination can be written."""
