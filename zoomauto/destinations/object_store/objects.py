"""What is said about objects, whatever library asks for them."""

from dataclasses import dataclass

#: A file of this size goes out in one request, which can be told to replace nothing. S3 takes no
#: smaller parts; larger ones, several at once, would be most of a run's memory.
WHOLE = 5 * 2**20


class NameTaken(Exception):
    """Somebody else has put an object there meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """An object that is there."""

    size_bytes: int
    #: As whoever put it there says; None when nobody does.
    sha256: str | None
