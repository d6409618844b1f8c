"""Making subtitles from what was said."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact, derived_details, derived_key
from zoomauto.domain.recording import FileKind, Recording
from zoomauto.domain.subtitle import Shape, subtitles_of
from zoomauto.domain.subtitle_text import to_srt, to_text, to_vtt
from zoomauto.domain.transcript import Transcript
from zoomauto.errors import InvalidOptions
from zoomauto.media.text_file import write_text
from zoomauto.media.tools import Tools
from zoomauto.media.transcript_file import transcripts
from zoomauto.ports.stage import Produced, StageContext, StageResult

FORMATS = ("vtt", "srt", "txt")


@dataclass(frozen=True, kw_only=True, slots=True)
class SubtitlesOptions:
    """The options of the subtitles stage."""

    #: With commas in between: ``vtt``, ``srt``, and ``txt`` for reading.
    formats: str = "vtt,srt"
    #: Characters in a line.
    line_length: int = 42
    #: Lines that are shown at once.
    max_lines: int = 2
    #: A short word stays on the screen as long, if nothing follows.
    min_seconds: float = 1.0
    #: What takes longer is split.
    max_seconds: float = 7.0
    #: How fast people read: the end of a subtitle waits for them, if nothing follows.
    characters_per_second: float = 20.0
    #: What one speaker says is shown together across shorter pauses, where it fits.
    merge_gap_seconds: float = 0.5

    def __post_init__(self) -> None:
        """Raise InvalidOptions for values outside their range and for unknown formats."""
        _require("line_length", self.line_length, 10, 200)
        _require("max_lines", self.max_lines, 1, 10)
        _require("min_seconds", self.min_seconds, 0, 10)
        _require("max_seconds", self.max_seconds, 1, 60)
        _require("characters_per_second", self.characters_per_second, 5, 100)
        _require("merge_gap_seconds", self.merge_gap_seconds, 0, 10)
        if self.min_seconds > self.max_seconds:
            raise InvalidOptions("subtitles.min_seconds cannot be more than max_seconds")
        known = ", ".join(FORMATS)
        if unknown := [name for name in self.chosen_formats if name not in FORMATS]:
            raise InvalidOptions(
                f"subtitles.formats: there is no {', '.join(map(repr, unknown))}",
                hint=f"known: {known}",
            )
        if not self.chosen_formats:
            raise InvalidOptions("subtitles.formats names none", hint=f"known: {known}")

    @property
    def chosen_formats(self) -> tuple[str, ...]:
        """The formats in the order they are named."""
        words = (word.strip().lower() for word in self.formats.split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    @property
    def shape(self) -> Shape:
        """How subtitles should look."""
        return Shape(
            line_length=self.line_length,
            most_lines=self.max_lines,
            shortest=timedelta(seconds=self.min_seconds),
            longest=timedelta(seconds=self.max_seconds),
            reading_speed=self.characters_per_second,
            merge_gap=timedelta(seconds=self.merge_gap_seconds),
        )


class SubtitlesStage:
    """Makes subtitles for every picture or sound that has a transcript, a file for each format.

    What was said is split and joined until it can be read, and none of it lies over the next.
    Speakers are named: as voices in WebVTT, where they change in SubRip.
    """

    Options: ClassVar[type] = SubtitlesOptions

    def __init__(self, options: SubtitlesOptions, tools: Tools) -> None:
        """Prepare the stage."""
        self._options = options
        self._tools = tools

    def unavailable(self, recording: Recording) -> str | None:
        """Serve every recording; the plan knows whether there will be a transcript."""

    def run(self, context: StageContext) -> StageResult:
        """Write the subtitles.

        Raise DiskFull or TemporaryError when they cannot be written, PermanentError for a
        transcript that cannot be read.
        """
        found = list(transcripts(context))
        spoken = [(media, transcript) for media, transcript in found if transcript.cues]
        if not spoken:
            return StageResult(note="nothing is said" if found else "there is no transcript")
        names = self._options.chosen_formats
        produced: list[Produced] = []
        for media, transcript in spoken:
            texts = _texts(transcript, self._options.shape)
            produced += [_written(context, media, name, texts[name]) for name in names]
        return StageResult(produced=tuple(produced), note=f"wrote {', '.join(names)}")


def _texts(transcript: Transcript, shape: Shape) -> Mapping[str, str]:
    subtitles = subtitles_of(transcript.cues, shape)
    return {
        "vtt": to_vtt(subtitles),
        "srt": to_srt(subtitles),
        "txt": to_text(transcript.cues),
    }


def _written(context: StageContext, media: Artifact, name: str, text: str) -> Produced:
    path = Path(context.folder) / "subtitles" / f"{PurePath(media.path).stem}.{name}"
    write_text(path, text)
    return Produced(
        path=path,
        file_key=derived_key(media.file_key, f".{name}"),
        kind=FileKind.SUBTITLES,
        details=derived_details(media.file_key, f".{name}"),
    )


def _require(name: str, value: float, least: float, most: float) -> None:
    # Written so that "not a number", which compares with nothing, is refused too.
    if not least <= value <= most:
        raise InvalidOptions(
            f"subtitles.{name} cannot be {value:g}: it goes from {least} to {most}"
        )
