"""Writing down what is said: the source's own transcript, its captions, else an engine."""

import json
from contextlib import closing
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, ClassVar

from zoomauto.domain.artifact import Artifact, derived_details, derived_key
from zoomauto.domain.recording import FileKind, Recording, RecordingFile
from zoomauto.domain.time_map import time_map_of
from zoomauto.domain.transcript import Transcript, moved
from zoomauto.errors import PermanentError
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.stages.transcription.attempts import Attempts, Implausible
from zoomauto.stages.transcription.doubt import doubt
from zoomauto.stages.transcription.options import TranscriptionOptions
from zoomauto.stages.transcription.reading import UnusableText, read_text
from zoomauto.stages.transcription.source_texts import WRITERS, has_texts, texts_for

if TYPE_CHECKING:
    from zoomauto.stages.transcription.chain import Chain

EXTENSION = ".transcript.json"
_NAMES = {FileKind.TRANSCRIPT: "the source's transcript", FileKind.CAPTIONS: "its captions"}


class TranscriptionStage:
    """Takes the source's transcript, else its captions, else asks the engines in their order.

    A text that nobody can have said is not taken: too dense, too repetitive, or over silence.
    Times are those of the file that is published, after the cut.
    """

    Options: ClassVar[type] = TranscriptionOptions

    def __init__(self, options: TranscriptionOptions, tools: Tools) -> None:
        """Prepare the stage; engines are made when they are needed."""
        self._options = options
        self._tools = tools

    def unavailable(self, recording: Recording) -> str | None:
        """Say so when there is neither a text nor an engine."""
        if self._options.engines or (self._options.use_source and has_texts(recording)):
            return None
        return "no transcript from the source, and no engine is configured"

    def run(self, context: StageContext) -> StageResult:
        """Write one transcript for each picture or sound.

        Raise what the engines raise when one is required and none gives a text, and what the
        source raises when it may still give its own.
        """
        folder = Path(context.folder) / "transcription"
        folder.mkdir(exist_ok=True)
        produced: list[Produced] = []
        notes: list[str] = []
        with closing(self._chain()) as chain:
            for artifact in context.media:
                attempts = self._attempts(context, artifact, chain)
                name = f"{PurePath(artifact.path).name}: " if len(context.media) > 1 else ""
                notes.append(f"{name}{attempts.note}")
                if attempts.transcript is not None:
                    produced.append(_written(folder, artifact, attempts.transcript))
        return StageResult(produced=tuple(produced), note="; ".join(notes))

    def _chain(self) -> "Chain":
        # With HTTP and media: a dry run looks at options alone.
        from zoomauto.stages.transcription.chain import Chain  # noqa: PLC0415

        return Chain(self._options, self._tools)

    def _attempts(self, context: StageContext, artifact: Artifact, chain: "Chain") -> Attempts:
        attempts = Attempts()
        if self._options.use_source:
            _take_from_source(context, artifact, attempts)
        path = Path(context.folder) / artifact.path
        # What is published already is here no more; only its source's words can come late.
        if attempts.transcript is None and self._options.engines and path.exists():
            room = Path(context.folder) / "transcription" / "engine"
            chain.ask(path, room, context.progress, attempts)
            if self._options.required and attempts.failure is not None:
                raise attempts.failure
        return attempts


def _take_from_source(context: StageContext, artifact: Artifact, attempts: Attempts) -> None:
    for file in texts_for(artifact, context.media, context.recording):
        try:
            attempts.transcript = _from_source(context, artifact, file)
        except PermanentError as error:
            attempts.misses.append(f"{_NAMES[file.kind]}: {error}")
        else:
            return


def _from_source(context: StageContext, artifact: Artifact, file: RecordingFile) -> Transcript:
    """Fetch a text and put it on the clock after the cut. Raise PermanentError for a bad one."""
    path = Path(context.folder) / "transcription" / f"{PurePath(artifact.path).stem}.source"
    try:
        context.source.fetch(file, path, context.progress)
        cues = read_text(path.read_bytes())
    finally:
        path.unlink(missing_ok=True)
    whole = Transcript(cues=cues, engine=WRITERS[file.kind])
    kept = moved(whole, time_map_of(artifact.details))
    if not kept.cues:
        raise UnusableText("nothing of it is left after the cut")
    if reason := doubt(kept):
        raise Implausible(f"it cannot be believed: {reason}")
    return kept


def _written(folder: Path, artifact: Artifact, transcript: Transcript) -> Produced:
    path = folder / f"{PurePath(artifact.path).stem}{EXTENSION}"
    document = json.dumps(transcript.to_document(), ensure_ascii=False, indent=1)
    path.write_text(f"{document}\n", encoding="utf-8")
    return Produced(
        path=path,
        file_key=derived_key(artifact.file_key, EXTENSION),
        kind=FileKind.TRANSCRIPT,
        details=derived_details(artifact.file_key, EXTENSION),
    )
