"""A recording's work folder, and everything a stage is given."""

import hashlib
import json
import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.artifact import Artifact, Publication, derived_details, derived_key
from zoomauto.domain.recording import FileKind, Recording, RecordingFile, RecordingStatus
from zoomauto.domain.template import OutputConfig, Template
from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Destination
from zoomauto.ports.stage import StageContext
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.testing.source import FakeSource
from zoomauto.workspace import DiskWorkspace

# pytest shares fixtures downwards only, and the clips belong to media.
_media = runpy.run_path(str(Path(__file__).parents[1] / "media" / "conftest.py"))
each_ffmpeg, ffmpeg, clips = (_media[name] for name in ("each_ffmpeg", "ffmpeg", "clips"))

NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """Tools with a real workspace; ffmpeg is looked for when it is used."""
    return Tools(workspace=DiskWorkspace(tmp_path / "work"), clock=FrozenClock(NOW))


@dataclass(kw_only=True)
class World:
    """What surrounds a stage, to be arranged by a test."""

    tools: Tools
    #: A FakeSource; Any, since its nested Options is no class variable in mypy's eyes.
    source: Any = field(default_factory=FakeSource)
    progress: FakeProgress = field(default_factory=FakeProgress)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    naming: str = "{date} {topic} [{id}]"
    #: Destination -> kinds; metadata key -> pattern. As a template has them.
    artifacts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    #: What was saved as published, in order.
    published: list[Publication] = field(default_factory=list)
    publications: tuple[Publication, ...] = ()

    @property
    def folder(self) -> Path:
        """The recording's work folder."""
        return Path(self.tools.workspace.folder(7))

    def context(
        self, *, files: tuple[RecordingFile, ...] = (), inputs: tuple[Artifact, ...] = ()
    ) -> StageContext:
        """Give what the stage is handed."""
        return StageContext(
            recording=recording(files),
            template=template(
                OutputConfig(naming=self.naming, artifacts=self.artifacts, metadata=self.metadata)
            ),
            source_name="archive",
            folder=self.folder,
            inputs=inputs,
            source=self.source,
            destinations=self.destinations,
            progress=self.progress,
            clock=self.tools.clock,
            timezone="Europe/Moscow",
            published=self.published.append,
            publications=self.publications,
        )

    def artifact(self, original: Path, *, name: str | None = None) -> Artifact:
        """Put a file into the work folder as an earlier stage would."""
        path = self.folder / "download" / (name or original.name)
        path.parent.mkdir(exist_ok=True)
        path.hardlink_to(original)
        content = original.read_bytes()
        return Artifact(
            recording_id=7,
            stage="download",
            file_key=path.name,
            kind=FileKind.VIDEO,
            path=f"download/{path.name}",
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def derived(self, media: Artifact, extension: str, kind: FileKind, **facts: str) -> Artifact:
        """Put something made from a picture into the work folder, as a later stage would."""
        path = self.folder / "texts" / f"{Path(media.path).stem}{extension}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{kind} of {media.file_key}")
        return Artifact(
            recording_id=7,
            stage="texts",
            file_key=derived_key(media.file_key, extension),
            kind=kind,
            path=f"texts/{path.name}",
            size_bytes=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            details={**derived_details(media.file_key, extension), **facts},
        )

    def transcript(self, media: Artifact, *cues: Cue) -> Artifact:
        """Put what was said in a picture into the work folder, as transcription would."""
        artifact = self.derived(media, ".transcript.json", FileKind.TRANSCRIPT)
        said = Transcript(cues=cues, engine="zoom").to_document()
        (self.folder / artifact.path).write_text(json.dumps(said))
        return artifact


@pytest.fixture
def world(tools: Tools) -> World:
    """A world without files and destinations."""
    return World(tools=tools)


@pytest.fixture
def file_of() -> Callable[..., RecordingFile]:
    """Make a recording file as a source lists it."""

    def made(name: str, kind: FileKind = FileKind.VIDEO, **facts: object) -> RecordingFile:
        return RecordingFile(**{"key": f"k/{name}", "name": name, "kind": kind, **facts})  # type: ignore[arg-type]  # facts are its fields

    return made


def recording(files: tuple[RecordingFile, ...]) -> Recording:
    """Make a recording of a meeting late in the evening, UTC."""
    return Recording(
        id=7,
        owner="me",
        source_id=1,
        key="2026/sync",
        name="Weekly Sync",
        start_at=datetime(2026, 11, 22, 22, 15, tzinfo=UTC),
        duration=None,
        files=files,
        fingerprint="f",
        status=RecordingStatus.DOWNLOADING,
        first_seen_at=NOW,
        updated_at=NOW,
    )


def template(output: OutputConfig) -> Template:
    """Make a template that publishes so."""
    return Template(
        id=1,
        owner="me",
        name="all",
        output=output,
        created_at=NOW,
        updated_at=NOW,
    )
