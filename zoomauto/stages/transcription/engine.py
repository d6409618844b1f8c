"""What an engine is given, and what it promises."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from zoomauto.domain.time_map import Span
from zoomauto.domain.transcript import Transcript


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """A picture or sound whose speech is to be written down."""

    path: Path
    #: As :func:`zoomauto.media.probe.probe` names it.
    container: str
    length: timedelta
    #: Where nothing is heard, in order.
    silences: tuple[Span, ...]
    #: For files of the engine's own; it exists, and goes when the engine is done.
    folder: Path
    #: Told how many seconds more are done.
    advance: Callable[[float], None]

    @property
    def whole(self) -> Span:
        """All of it."""
        return Span(start=timedelta(), end=self.length)


class Engine(Protocol):
    """Something that writes down what is said."""

    def transcribe(self, speech: Speech) -> Transcript:
        """Give what is said, on the clock of the file; no cues when nothing is.

        Raise PermanentError for what will fail again, TemporaryError for what may pass,
        AuthenticationError and ConfigurationError for what a person must mend.
        """

    def close(self) -> None:
        """Let go of connections."""
