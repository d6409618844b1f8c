"""Reading the transcripts that an earlier stage left in the work folder."""

import json
from collections.abc import Iterator
from pathlib import Path

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import FileKind
from zoomauto.domain.transcript import Transcript
from zoomauto.errors import PermanentError
from zoomauto.ports.stage import StageContext


def transcripts(context: StageContext) -> Iterator[tuple[Artifact, Transcript]]:
    """Give every picture or sound that has a transcript, with it."""
    for media in context.media:
        for artifact in context.beside(media, FileKind.TRANSCRIPT):
            yield media, _read(Path(context.folder) / artifact.path)


def _read(path: Path) -> Transcript:
    """Raise PermanentError for what is no transcript: reading it again would not mend it."""
    try:
        return Transcript.from_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise PermanentError(
            f"{path.name} cannot be read as a transcript: {error}",
            hint="zoomauto recording reset ID, to begin again",
        ) from error
