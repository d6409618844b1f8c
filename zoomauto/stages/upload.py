"""Publishing what the stages before made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar
from zoneinfo import ZoneInfo

from zoomauto.domain.artifact import Artifact, Publication
from zoomauto.domain.naming import NameFields, render_name
from zoomauto.errors import AuthenticationError, DiskFull, Unreachable, ZoomautoError
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Destination, Parcel
from zoomauto.ports.stage import StageContext, StageResult

_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}")


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadOptions:
    """The upload stage has no options; names and destinations belong to the template."""


def parcel_of(context: StageContext, artifact: Artifact) -> Parcel:
    """Make an artifact ready to be published, under the name the template gives it."""
    recording = context.recording
    facts = (recording.owner, str(recording.source_id), recording.key, artifact.file_key)
    extension = PurePath(artifact.path).suffix
    return Parcel(
        path=context.folder / artifact.path,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        name=render_name(context.template.output.naming, name_fields(context, artifact)),
        extension=extension if _EXTENSION.fullmatch(extension) else "",
        identity="\n".join(facts),
    )


def name_fields(context: StageContext, artifact: Artifact) -> NameFields:
    """Give the facts that a naming pattern may use; dates are in the job's zone."""
    start = context.recording.start_at.astimezone(ZoneInfo(context.timezone))
    number = context.inputs.index(artifact) + 1
    return NameFields(
        date=f"{start:%Y-%m-%d}",
        time=f"{start:%H-%M}",
        topic=context.recording.name,
        source=context.source_name,
        template=context.template.name,
        id=str(context.recording.id),
        part=str(number) if len(context.inputs) > 1 else "",
    )


class UploadStage:
    """Publishes every artifact to every destination of the template, each once.

    What an earlier run published and the destination still holds is left alone. A destination
    that fails does not keep the others waiting.
    """

    Options: ClassVar[type] = UploadOptions

    def __init__(self, options: UploadOptions, tools: Tools) -> None:
        """Prepare the stage."""
        self._options = options
        self._tools = tools

    def run(self, context: StageContext) -> StageResult:
        """Publish; raise the first destination's error after the others had their turn."""
        failures: list[ZoomautoError] = []
        notes: list[str] = []
        for name, destination in context.destinations.items():
            try:
                notes.append(_publish_all(context, name, destination))
            except (Unreachable, DiskFull, AuthenticationError) as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return StageResult(note="; ".join(notes))


def _publish_all(context: StageContext, name: str, destination: Destination) -> str:
    published = 0
    for artifact in context.inputs:
        if any(destination.holds(earlier) for earlier in _earlier(context, name, artifact)):
            continue
        delivered = destination.publish(parcel_of(context, artifact), context.progress)
        context.published(_publication(context, name, artifact, delivered))
        published += 1
    already = len(context.inputs) - published
    return f"published {published} to {name}" + (f", {already} already there" if already else "")


def _earlier(context: StageContext, name: str, artifact: Artifact) -> Iterator[Delivered]:
    """Give what earlier runs delivered of the same bytes to the same destination."""
    for publication in context.publications:
        theirs = (publication.destination, publication.file_key, publication.sha256)
        if theirs == (name, artifact.file_key, artifact.sha256):
            yield Delivered(
                location=publication.location,
                url=publication.url,
                size_bytes=publication.size_bytes,
                sha256=publication.sha256,
            )


def _publication(
    context: StageContext, name: str, artifact: Artifact, delivered: Delivered
) -> Publication:
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
