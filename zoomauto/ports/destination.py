"""Where results go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from mimetypes import guess_type
from pathlib import PurePath
from typing import ClassVar, Protocol, runtime_checkable

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


@runtime_checkable
class Choosy(Protocol):
    """A destination that has no place for some kinds of artifacts; others take them all."""

    #: What it takes. A text is taken beside its picture or sound, and only there.
    takes: ClassVar[frozenset[FileKind]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """How a person is sent to a page on which they log in."""

    open_page: Callable[[str], None]
    #: How long the person is waited for.
    patience: timedelta
    #: The port of this machine that the page comes back to; 0 for any.
    port: int = 0


@runtime_checkable
class Personal(Protocol):
    """A destination that a person logs in to, once."""

    def log_in(self, visit: Visit) -> tuple[Check, ...]:
        """Have the person log in, keep the login, and check the destination.

        Raise AuthenticationError for a refusal, TemporaryError when nobody comes in time.
        """
