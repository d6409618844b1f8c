"""One kind of step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, ClassVar, Protocol

from zoomauto.domain.artifact import Artifact, Publication
from zoomauto.domain.recording import FileKind, Recording
from zoomauto.domain.template import Template
from zoomauto.ports.clock import Clock
from zoomauto.ports.destination import Destination
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class StageContext:
    """All that a stage may look at. The loop owns skipping, checkpoints, retries and leases."""

    recording: Recording
    template: Template
    source_name: str
    #: The recording's work folder; it exists.
    folder: PurePath
    #: The newest artifact of each recording file, from the stages before.
    inputs: tuple[Artifact, ...]
    source: Source
    #: By the name the template uses. In the template's order.
    destinations: Mapping[str, Destination]
    progress: Progress
    clock: Clock
    #: The zone in which dates are written.
    timezone: str
    #: Saves a publication at once, so that a killed run knows of it.
    published: Callable[[Publication], None]
    #: What earlier runs published.
    publications: tuple[Publication, ...] = ()

    @property
    def media(self) -> tuple[Artifact, ...]:
        """The pictures among the inputs, or the sounds of a recording without one; in order."""
        return tuple(artifact for artifact in self.inputs if artifact.is_media)

    def beside(self, media: Artifact, kind: FileKind) -> tuple[Artifact, ...]:
        """Give the inputs of a kind that were made from a picture or sound."""
        return tuple(a for a in self.inputs if a.kind is kind and a.media_key == media.file_key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Produced:
    """A file that a stage wrote into the work folder; the loop seals it."""

    path: PurePath
    file_key: str
    kind: FileKind
    #: The hash the bytes must have, when the stage knows it.
    sha256: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageResult:
    """What a stage did."""

    produced: tuple[Produced, ...] = ()
    #: In words: "cut 12.0 s from the start, 8.5 s from the end".
    note: str = ""
    #: Set when the stage found that nothing worth publishing was recorded.
    blank_reason: str | None = None


class Stage(Protocol):
    """One step. Built as ``adapter(options, tools)`` with its validated options.

    The class of a third party also says in ``after`` which of our stages it follows; it runs for
    a template or job whose ``processing_config`` has a table with its name.
    """

    #: A frozen dataclass; its fields are the keys of the stage's table in ``processing_config``.
    Options: ClassVar[type]

    def unavailable(self, recording: Recording) -> str | None:
        """Say why the stage can do nothing for a recording; None when it can.

        Asked for every plan, dry runs included: it looks at options and listed files, no more.
        """

    def run(self, context: StageContext) -> StageResult:
        """Do the step. Doing it again from the same inputs is harmless.

        Raise PermanentError for what will fail again, TemporaryError for what may pass.
        """
