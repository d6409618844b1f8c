"""Traps as they are typed: ``download_faults=html,cut``."""

from collections.abc import Mapping
from typing import Any, get_origin, get_type_hints

from zoomauto.domain.options import read_options
from zoomauto.testing.zoom.traps import Traps

ALL = "all"


def read_traps(words: Mapping[str, str]) -> Traps:
    """Read traps from their names and values; lists have commas, ``user_errors`` ``USER:ERROR``.

    ``all`` alone is everything that a careful client survives. Spans of time are seconds.
    Raise InvalidOptions for what there is not.
    """
    if words == {ALL: ""}:
        return Traps.all()
    hints = get_type_hints(Traps)
    values = {name: _value(text, hints.get(name)) for name, text in words.items()}
    return read_options(Traps, values, where="trap")


def _value(text: str, hint: Any) -> Any:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if get_origin(hint) in {tuple, frozenset}:
        return parts
    if get_origin(hint) is Mapping:
        return dict(part.rpartition(":")[::2] for part in parts)
    return int(text) if text.isdecimal() else text
