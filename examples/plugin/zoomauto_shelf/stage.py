"""Chapter marks by the clock, for recordings that nobody transcribes."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import ClassVar

from zoomauto.domain.artifact import Artifact, derived_details, derived_key
from zoomauto.domain.recording import FileKind, Recording
from zoomauto.errors import InvalidOptions
from zoomauto.media.probe import probe
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import Produced, StageContext, StageResult

_EXTENSION = ".marks.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class MarksOptions:
    """The options of the marks stage: the keys of its table in ``processing_config``."""

    #: Minutes between two marks.
    every_minutes: float = 10

    def __post_init__(self) -> None:
        """Raise InvalidOptions for marks that never come."""
        if self.every_minutes <= 0:
            raise InvalidOptions("every_minutes must be more than 0")


def render_marks(length: timedelta, every: timedelta) -> str:
    """Give a line for each mark, ``0:10:00 Part 2``."""
    count = max(1, -(-length // every))
    return "".join(f"{number * every} Part {number + 1}\n" for number in range(count))


class MarksStage:
    """Writes chapter marks at even distances, beside each picture or sound."""

    Options: ClassVar[type] = MarksOptions
    #: The stage of zoomauto's own that this one follows.
    after: ClassVar[str] = "trim"

    def __init__(self, options: MarksOptions, tools: Tools) -> None:
        self._every = timedelta(minutes=options.every_minutes)
        self._tools = tools

    def unavailable(self, recording: Recording) -> str | None:
        """Every recording can be marked."""

    def run(self, context: StageContext) -> StageResult:
        """Write a file of marks for each input; doing it again writes the same."""
        marked = [self._marked(context, artifact) for artifact in context.media]
        return StageResult(produced=tuple(marked), note=f"marked {len(marked)}")

    def _marked(self, context: StageContext, artifact: Artifact) -> Produced:
        length = probe(context.folder / artifact.path, self._tools.ffmpeg).duration
        path = context.folder / f"{PurePath(artifact.path).name}{_EXTENSION}"
        Path(path).write_text(render_marks(length or timedelta(), self._every), "utf-8")
        return Produced(
            path=path,
            file_key=derived_key(artifact.media_key, _EXTENSION),
            kind=FileKind.CHAPTERS,
            details=derived_details(artifact.media_key, _EXTENSION),
        )
