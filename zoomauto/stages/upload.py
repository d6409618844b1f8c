"""Publishing what the stages before made."""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar
from zoneinfo import ZoneInfo

from zoomauto.domain.artifact import Artifact, Publication
from zoomauto.domain.hint import named
from zoomauto.domain.metadata import render_metadata
from zoomauto.domain.naming import NameFields, render_name
from zoomauto.domain.recording import FailureKind, Recording
from zoomauto.domain.retry import reset_at
from zoomauto.domain.verdict import failure_kind, failure_text
from zoomauto.errors import CorruptMedia, LeaseLost, TemporaryError, ZoomautoError
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Choosy, Delivered, Destination, Parcel
from zoomauto.ports.stage import StageContext, StageResult

_EXTENSION = re.compile(r"(\.[A-Za-z0-9]{1,10}){1,2}")
#: What concerns every destination: our own files are damaged, or another process has them.
_OF_ALL = (CorruptMedia, LeaseLost)

logger = logging.getLogger(__name__)


class _PlaceFailed(Exception):
    """One destination failed, in whatever way; that keeps no other waiting."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadOptions:
    """The upload stage has no options; names and destinations belong to the template."""


def parcel_of(
    context: StageContext, artifact: Artifact, *, place: str = "", beside: str | None = None
) -> Parcel:
    """Make an artifact ready to be published, under the name the template gives it.

    ``place`` is the destination as the template names it; ``beside``: where the picture that the
    artifact was made from lies there.
    """
    recording, output = context.recording, context.template.output
    facts = (recording.owner, str(recording.source_id), recording.key, artifact.file_key)
    fields = name_fields(context, artifact)
    return Parcel(
        path=context.folder / artifact.path,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        name=render_name(output.naming, fields),
        extension=_extension(artifact),
        identity="\n".join(facts),
        kind=artifact.kind,
        metadata=render_metadata(output.metadata, fields, chapters=_chapters(context, artifact)),
        beside=beside,
        state=context.folder / _state_name(place, artifact),
    )


def name_fields(context: StageContext, artifact: Artifact) -> NameFields:
    """Give the facts that a naming pattern may use; dates are in the job's zone."""
    start = context.recording.start_at.astimezone(ZoneInfo(context.timezone))
    keys = [media.file_key for media in context.media]
    number = keys.index(artifact.media_key) + 1 if artifact.media_key in keys else 0
    return NameFields(
        date=f"{start:%Y-%m-%d}",
        time=f"{start:%H-%M}",
        topic=context.recording.name,
        source=context.source_name,
        template=context.template.name,
        id=str(context.recording.id),
        part=str(number) if number and len(keys) > 1 else "",
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

    def unavailable(self, recording: Recording) -> str | None:
        """Serve every recording."""

    def run(self, context: StageContext) -> StageResult:
        """Publish; raise what went wrong after every destination had its turn."""
        failures: dict[str, Exception] = {}
        notes: list[str] = []
        for name, destination in context.destinations.items():
            try:
                notes.append(_publish_all(context, name, destination))
            except _PlaceFailed as failed:
                failures[name] = failed.error
        if failures:
            raise _failure(failures, places=len(context.destinations))
        return StageResult(note="; ".join(notes))


def _failure(failures: Mapping[str, Exception], *, places: int) -> Exception:
    """Make one error of those of some destinations; each is named where there are several."""
    decisive = min(failures.values(), key=_hopelessness)
    for name, error in failures.items():
        if error is not decisive and not isinstance(error, ZoomautoError):
            logger.error("%s: %s", name, error, exc_info=error)
    if not isinstance(decisive, ZoomautoError):
        return decisive
    told = {name: named(failure_text(error), name) for name, error in failures.items()}
    if places == 1:
        return decisive.saying(*told.values())
    return decisive.saying("; ".join(f"{name}: {text}" for name, text in told.items()))


def _hopelessness(error: Exception) -> tuple[bool, bool, bool]:
    """Order errors by how soon another attempt may help; it meets the other ones again."""
    return (
        failure_kind(error) is FailureKind.PERMANENT,
        not (isinstance(error, TemporaryError) and error.retry_now),
        reset_at(error) is not None,
    )


def _publish_all(context: StageContext, name: str, destination: Destination) -> str:
    published = 0
    #: Key of a picture or sound -> where it lies.
    media: dict[str, str] = {}
    wanted = _wanted(context, name, destination)
    for artifact in wanted:
        parcel = parcel_of(context, artifact, place=name, beside=media.get(artifact.media_key))
        with _trouble_of_a_place():
            held = _held(context, name, artifact, destination)
            delivered = held or destination.publish(parcel, context.progress)
        if artifact.is_media:
            media[artifact.file_key] = delivered.location
        if held is None:
            context.published(_publication(context, name, artifact, delivered))
            published += 1
    already = len(wanted) - published
    return f"published {published} to {name}" + (f", {already} already there" if already else "")


@contextmanager
def _trouble_of_a_place() -> Iterator[None]:
    """Tell what a destination raises from what concerns all; a bug in it is its own, too."""
    try:
        yield
    except _OF_ALL:
        raise
    except Exception as error:
        raise _PlaceFailed(error) from error


def _held(
    context: StageContext, name: str, artifact: Artifact, destination: Destination
) -> Delivered | None:
    """Give what was delivered before and is still there.

    Once the work folder is gone, what was published counts wherever somebody has moved it since:
    only words that came late are published then.
    """
    is_gone = not Path(context.folder / artifact.path).exists()
    earlier = _earlier(context, name, artifact)
    return next((e for e in earlier if is_gone or destination.holds(e)), None)


def _wanted(context: StageContext, name: str, destination: Destination) -> Sequence[Artifact]:
    """Give what a destination is to be given: pictures first, then what goes beside them."""
    output = context.template.output
    wanted = [artifact for artifact in context.inputs if output.is_wanted(artifact.kind, at=name)]
    if isinstance(destination, Choosy):
        taken = [artifact for artifact in wanted if artifact.kind in destination.takes]
        media = {artifact.file_key for artifact in taken if artifact.is_media}
        wanted = [artifact for artifact in taken if artifact.media_key in media]
    return sorted(wanted, key=lambda artifact: not artifact.is_media)


def _extension(artifact: Artifact) -> str:
    """Give what follows the name: what the stage says, else how the file itself ends."""
    extension = str(artifact.details.get("extension", PurePath(artifact.path).suffix))
    return extension if _EXTENSION.fullmatch(extension) else ""


def _chapters(context: StageContext, artifact: Artifact) -> str:
    """Give the chapters of the picture that an artifact belongs to, a line each."""
    found = (a for a in context.inputs if a.media_key == artifact.media_key)
    return next((str(a.details["lines"]) for a in found if "lines" in a.details), "")


def _state_name(place: str, artifact: Artifact) -> str:
    """Name a file for what a destination must remember of this very upload."""
    facts = f"{place}\n{artifact.file_key}\n{artifact.sha256}"
    return f"upload-{hashlib.sha256(facts.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


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
