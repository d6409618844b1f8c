"""How one picture or sound came to its transcript, or to none."""

from dataclasses import dataclass, field

from zoomauto.domain.transcript import Transcript
from zoomauto.errors import PermanentError, ZoomautoError


class Implausible(PermanentError):
    """Nobody can have said this."""


@dataclass(kw_only=True)
class Attempts:
    """What was tried, in order, and what came of it."""

    transcript: Transcript | None = None
    #: Set when there is nothing to write down: "nothing is heard".
    nothing: str = ""
    #: Why a text was not taken, in words.
    misses: list[str] = field(default_factory=list)
    #: What engines raised.
    failures: list[ZoomautoError] = field(default_factory=list)

    @property
    def failure(self) -> ZoomautoError | None:
        """The failure that counts: one that may pass or be mended, else the last.

        It tells those of the other engines too.
        """
        if self.transcript is not None or self.nothing or not self.failures:
            return None
        passing = [error for error in self.failures if not isinstance(error, PermanentError)]
        counts = next(iter([*passing, *reversed(self.failures)]))
        return counts if len(self.failures) == 1 else counts.saying("; ".join(self.misses))

    @property
    def note(self) -> str:
        """What happened, in words."""
        told = self.nothing or "not available"
        if self.transcript is not None:
            count = len(self.transcript.cues)
            told = f"{self.transcript.engine}, {count} cue{'' if count == 1 else 's'}"
        return f"{told} ({'; '.join(self.misses)})" if self.misses else told
