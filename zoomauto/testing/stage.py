"""A stage that does as it is told, and what it may be told to do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact, Publication
from zoomauto.domain.pipeline import main_files
from zoomauto.domain.recording import Recording
from zoomauto.ports.destination import Destination, Parcel
from zoomauto.ports.stage import Produced, StageContext, StageResult


@dataclass(frozen=True, kw_only=True)
class FakeStageOptions:
    """One option, so that tables can be tried."""

    level: int = 0


@dataclass(kw_only=True)
class FakeStage:
    """Remembers every context; fails as often as ``failures`` says, before or after acting."""

    Options: ClassVar[type] = FakeStageOptions

    action: Callable[[StageContext], StageResult] = lambda _: StageResult(note="nothing to do")
    #: Raised before anything is done, once for each entry.
    failures: list[BaseException] = field(default_factory=list)
    #: Raised when everything is done but nothing is told yet, once for each entry.
    late_failures: list[BaseException] = field(default_factory=list)
    contexts: list[StageContext] = field(default_factory=list)
    #: Why it can do nothing for any recording.
    trouble: str | None = None

    def unavailable(self, recording: Recording) -> str | None:
        """Say what it was told to say."""
        return self.trouble

    def run(self, context: StageContext) -> StageResult:
        """Fail if a failure is left, else act."""
        self.contexts.append(context)
        if self.failures:
            raise self.failures.pop(0)
        result = self.action(context)
        if self.late_failures:
            raise self.late_failures.pop(0)
        return result


def fetch_files(context: StageContext) -> StageResult:
    """Download: copy the main files, each under its key."""
    produced = []
    for file in main_files(context.recording.files):
        path = context.folder / file.key
        fetched = context.source.fetch(file, path, context.progress)
        produced.append(
            Produced(path=path, file_key=file.key, kind=file.kind, sha256=fetched.sha256)
        )
    return StageResult(produced=tuple(produced), note=f"copied {len(produced)}")


def cut_files(context: StageContext) -> StageResult:
    """Trim: write each input again, with a word at its end that shows it."""
    return StageResult(produced=tuple(_cut(context, artifact) for artifact in context.inputs))


def publish_inputs(context: StageContext) -> StageResult:
    """Upload: publish each input to each destination, unless an earlier run has."""
    for name, destination in context.destinations.items():
        for artifact in context.inputs:
            done = {(p.destination, p.file_key, p.sha256) for p in context.publications}
            if (name, artifact.file_key, artifact.sha256) not in done:
                context.published(_publish(context, artifact, name, destination))
    return StageResult()


def _cut(context: StageContext, artifact: Artifact) -> Produced:
    path = context.folder / f"cut {artifact.file_key}"
    Path(path).write_bytes(Path(context.folder / artifact.path).read_bytes() + b" cut")
    return Produced(path=path, file_key=artifact.file_key, kind=artifact.kind)


def _publish(
    context: StageContext, artifact: Artifact, name: str, destination: Destination
) -> Publication:
    parcel = Parcel(
        path=context.folder / artifact.path,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        name=context.recording.name,
        extension=artifact.details.get("extension", PurePath(artifact.file_key).suffix),
        identity=artifact.file_key,
    )
    delivered = destination.publish(parcel, context.progress)
    return Publication(
        recording_id=context.recording.id,
        file_key=artifact.file_key,
        destination=name,
        location=delivered.location,
        url=delivered.url,
        size_bytes=delivered.size_bytes,
        sha256=delivered.sha256,
        published_at=context.clock.now(),
    )
