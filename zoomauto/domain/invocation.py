"""How a scheduler backend calls this program."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """Something that a start by a scheduler would not find as it is here."""

    message: str
    #: The command that mends it.
    hint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """Words that mean in a scheduler's bare environment what this call means here."""

    #: The program's absolute path and its global options, ready to take ``run ...``.
    words: tuple[str, ...]
    #: Why the words do not suffice; empty when they do.
    obstacles: tuple[Obstacle, ...] = ()
    #: A unit that systemd starts when a start fails; None for none.
    on_failure: str | None = None
