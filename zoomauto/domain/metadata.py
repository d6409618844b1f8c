"""What a template tells destinations of a result: title, description and more, from patterns.

Fields in braces and nothing else: a pattern is data, so there is nothing to escape from.
"""

from collections.abc import Mapping
from dataclasses import asdict

from zoomauto.domain.naming import FIELDS, NameFields, pieces_of
from zoomauto.errors import InvalidTemplate

#: Those of names, and the list of chapters with their times, a line each.
METADATA_FIELDS = (*FIELDS, "chapters")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raise InvalidTemplate, saying what is wrong, unless every pattern can be rendered."""
    for key, pattern in metadata.items():
        if not key.isidentifier():
            raise InvalidTemplate(f"metadata cannot be called {key!r}", hint="as in title=...")
        list(pieces_of(pattern, METADATA_FIELDS))


def render_metadata(
    metadata: Mapping[str, str], fields: NameFields, *, chapters: str = ""
) -> dict[str, str]:
    """Fill the patterns. The values of fields are taken as they are, whatever they hold."""
    values = {**asdict(fields), "chapters": chapters}
    return {
        key: "".join(
            values[piece.text] if piece.is_field else piece.text
            for piece in pieces_of(pattern, METADATA_FIELDS)
        ).strip()
        for key, pattern in metadata.items()
    }
