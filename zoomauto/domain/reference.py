"""Finding the one thing a person means by a word on the command line."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Protocol, TypeVar

from zoomauto.errors import Ambiguous, NotFound


class _Named(Protocol):
    @property
    def id(self) -> int: ...

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)

_FACETS = ("id", "slug", "name")


def resolve(reference: str, things: Sequence[T], *, kind: str) -> T:
    """Find the thing that ``reference`` names: an id, a slug (where there is one) or a name.

    ``id:``, ``slug:`` and ``name:`` settle which is meant.
    Raise NotFound with the closest names, or Ambiguous with the candidates.
    """
    facet, colon, rest = reference.partition(":")
    found = _matches(things, rest, (facet,)) if colon and facet in _FACETS else []
    found = found or _matches(things, reference, _FACETS)
    if len(found) == 1:
        return found[0]
    if found:
        candidates = ", ".join(f"id:{thing.id} ({thing.name})" for thing in found)
        raise Ambiguous(
            f"{reference!r} fits more than one {kind}: {candidates}",
            hint=f"say id:{found[0].id}, slug:... or name:...",
        )
    raise NotFound(f"there is no {kind} {reference!r}", hint=_suggestion(reference, things, kind))


def _matches(things: Sequence[T], text: str, facets: Sequence[str]) -> list[T]:
    return [t for t in things if any(_facet(t, facet) == text for facet in facets)]


def _facet(thing: Any, facet: str) -> str | None:
    value = getattr(thing, facet, None)
    return None if value is None else str(value)


def _suggestion(reference: str, things: Sequence[T], kind: str) -> str:
    # Slug and name of a thing are often one word, but for capital letters.
    words: dict[str, str] = {}
    for word in (word for t in things for f in _FACETS if (word := _facet(t, f))):
        words.setdefault(word.casefold(), word)
    close = get_close_matches(reference, words.values(), n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"zoomauto {kind} list"
