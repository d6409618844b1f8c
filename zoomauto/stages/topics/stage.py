"""Dividing recordings into chapters by what is said."""

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact, derived_details, derived_key
from zoomauto.domain.chapter import (
    Chapter,
    Heading,
    chapters_document,
    chapters_of,
    chapters_vtt,
    description_lines,
)
from zoomauto.domain.recording import FileKind, Recording
from zoomauto.domain.subtitle import readable
from zoomauto.domain.text_tiling import headings_by_words
from zoomauto.domain.transcript import Cue, Transcript
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PermanentError,
    TemporaryError,
)
from zoomauto.media.text_file import write_text
from zoomauto.media.tools import Tools
from zoomauto.media.transcript_file import transcripts
from zoomauto.ports.stage import Produced, StageContext, StageResult
from zoomauto.stages.topics.options import TopicsOptions

_FEWEST_CHAPTERS = 2
#: A word; scripts without spaces count by character.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_TROUBLE = (AuthenticationError, ConfigurationError, PermanentError, TemporaryError)


class TopicsStage:
    """Divides every picture or sound that has a transcript into chapters.

    They are written as JSON chapters and as WebVTT, and as lines for a description, which
    ``{chapters}`` stands for in the template's metadata. A chapter begins where a cue does,
    whatever an engine says of times.
    """

    Options: ClassVar[type] = TopicsOptions

    def __init__(self, options: TopicsOptions, tools: Tools) -> None:
        """Prepare the stage; a key is looked up when the engine is asked."""
        self._options = options
        self._tools = tools

    def unavailable(self, recording: Recording) -> str | None:
        """Serve every recording; the plan knows whether there will be a transcript."""

    def run(self, context: StageContext) -> StageResult:
        """Find the topics and write the chapters.

        Raise what the engine raises when it is required, DiskFull or TemporaryError when
        chapters cannot be written, PermanentError for a transcript that cannot be read.
        """
        produced: list[Produced] = []
        notes: list[str] = []
        for media, transcript in transcripts(context):
            chapters, note = self._chapters(context, transcript)
            notes.append(note)
            if chapters:
                produced += _written(context, media, chapters)
        return StageResult(
            produced=tuple(produced), note="; ".join(notes) or "there is no transcript"
        )

    def _chapters(
        self, context: StageContext, transcript: Transcript
    ) -> tuple[Sequence[Chapter], str]:
        """Give the chapters, none when there is nothing to divide; say how they were found."""
        options = self._options
        cues = readable(transcript.cues)
        if sum(len(_WORD.findall(cue.text)) for cue in cues) < options.min_words:
            return (), f"no chapters: fewer than {options.min_words} words"
        if cues[-1].end < _FEWEST_CHAPTERS * options.shortest:
            return (), f"no chapters: too short for two of {options.min_chapter_seconds:g} s"
        headings, how = self._headings(context, cues, transcript.language)
        chapters = chapters_of(headings, cues, shortest=options.shortest, most=options.max_chapters)
        if len(chapters) < _FEWEST_CHAPTERS:
            return (), f"no chapters: one topic, {how}"
        return chapters, f"{len(chapters)} chapters, {how}"

    def _headings(
        self, context: StageContext, cues: Sequence[Cue], language: str | None
    ) -> tuple[Sequence[Heading], str]:
        """Give the topics, and say who found them."""
        options = self._options
        trouble = ""
        if options.engine == "http":
            try:
                return self._asked(context, cues, language), f"by {options.model}"
            except _TROUBLE as error:
                if options.required:
                    raise
                trouble = f", since the engine failed: {error}"
        words = headings_by_words(cues, shortest=options.shortest, most=options.max_chapters)
        return words, f"by their words{trouble}"

    def _asked(
        self, context: StageContext, cues: Sequence[Cue], language: str | None
    ) -> Sequence[Heading]:
        # httpx costs 100 ms, and most runs need none.
        from zoomauto.stages.topics.chat import headings_by_chat  # noqa: PLC0415

        return headings_by_chat(
            cues, self._options, language=language, clock=context.clock, progress=context.progress
        )


def _written(
    context: StageContext, media: Artifact, chapters: Sequence[Chapter]
) -> tuple[Produced, ...]:
    document = json.dumps(chapters_document(chapters), ensure_ascii=False, indent=2)
    return (
        _file(
            context,
            media,
            ".chapters.json",
            text=f"{document}\n",
            facts={"lines": description_lines(chapters)},
        ),
        _file(context, media, ".chapters.vtt", text=chapters_vtt(chapters), facts={}),
    )


def _file(
    context: StageContext, media: Artifact, extension: str, *, text: str, facts: dict[str, str]
) -> Produced:
    path = Path(context.folder) / "topics" / f"{PurePath(media.path).stem}{extension}"
    write_text(path, text)
    return Produced(
        path=path,
        file_key=derived_key(media.file_key, extension),
        kind=FileKind.CHAPTERS,
        details={**derived_details(media.file_key, extension), **facts},
    )
