"""Where results go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from mimetypes import guess_type
from pathlib import PurePath
from typing import ClassVar, Protocol

from zoomauto.domain.recording import FileKind
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
    kind: FileKind = FileKind.OTHER
    #: What the template says of it: ``title``, ``description``, ``tags``, ... -> any text.
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: Where its picture or sound lies at this destination, when it is a text made from one.
    beside: str | None = None
    #: A file in the work folder that is the destination's own: what it needs to go on with a
    #: broken upload in another process. Gone once the recording is published.
    state: PurePath | None = None

    @property
    def media_type(self) -> str:
        """The type of its content, as HTTP names it."""
        return guess_type(f"x{self.extension}", strict=False)[0] or "application/octet-stream"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """Where a parcel lies, after it was verified there."""

    location: str
    url: str | None
    size_bytes: int
    sha256: str


class Destination(Protocol):
    """An open destination. Built as ``adapter(options, tools)`` with its validated options."""

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
