"""From a naming pattern and the facts of a recording to a name that any disk takes.

A pattern is text with fields in braces; ``/`` makes folders. Only the pattern can make a folder:
whatever a recording is called, its name stays one part of the path.
"""

import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from zoomauto.errors import InvalidTemplate

#: What file systems allow for one part of a path, in bytes of UTF-8.
LONGEST_PART = 255
#: Kept free in the last part for a suffix such as `` (a1b2c3d4-e5f60718)`` and an extension.
RESERVED = 40
EMPTY = "untitled"
#: Characters of a name that people are shown in a list or a sentence, from its start and its end.
_SHOWN = (90, 40)

FIELDS = ("date", "time", "topic", "source", "template", "id", "part")
#: Joiners that make emoji and several scripts; all other invisible marks are dropped.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, kw_only=True, slots=True)
class NameFields:
    """What the fields of a pattern stand for. Any text is allowed in any of them."""

    #: ``YYYY-MM-DD`` of the start, in the job's zone.
    date: str
    #: ``HH-MM`` of the start, in the job's zone.
    time: str
    topic: str
    source: str
    template: str
    id: str
    #: Which of the recording's files this is, counted from 1; empty when there is only one.
    part: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a pattern: literal text, or the name of a field."""

    text: str
    is_field: bool = False


def validate_pattern(pattern: str) -> None:
    """Raise InvalidTemplate, saying what is wrong, unless the pattern can be rendered."""
    for part in _parts(pattern):
        literal = "".join("" if piece.is_field else piece.text for piece in part)
        if not part or (not any(piece.is_field for piece in part) and not literal.strip()):
            raise _refused(pattern, "a folder or the name itself is empty")
        if literal.strip() in {".", ".."} and not any(piece.is_field for piece in part):
            raise _refused(pattern, '"." and ".." lead out of the destination')
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in literal):
            raise _refused(pattern, "it holds control characters")


def render_name(pattern: str, fields: NameFields) -> str:
    """Give the name, without extension; ``/`` separates folders, and every part is safe.

    A name that is too long loses the end of its topic first. The last part leaves ``RESERVED``
    bytes for a suffix and an extension. When the recording has several files and the pattern does
    not tell them apart, `` part N`` is added. Raise InvalidTemplate for an unusable pattern.
    """
    validate_pattern(pattern)
    clean = replace(fields, **{key: _clean(value) for key, value in asdict(fields).items()})
    parts = _parts(pattern)
    names_part = any(p.is_field and p.text == "part" for part in parts for p in part)
    ending = f" part {clean.part}" if clean.part and not names_part else ""
    room = LONGEST_PART - RESERVED - len(ending.encode())
    folders = [_render(part, clean, LONGEST_PART) for part in parts[:-1]]
    return "/".join([*folders, _render(parts[-1], clean, room) + ending])


def safe_part(text: str, *, most_bytes: int = LONGEST_PART) -> str:
    """Make any text one part of a path: no ``/``, nothing invisible, not hidden, not too long."""
    cut = cut_to_bytes(_clean(text).lstrip(" .-"), most_bytes)
    return cut.rstrip(" .") or EMPTY


def cut_to_bytes(text: str, most_bytes: int) -> str:
    """Cut text to so many bytes of UTF-8, never within a character or before a combining mark."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return text
    end = len(encoded[: max(most_bytes, 0)].decode("utf-8", "ignore"))
    while end and _continues(text[end]):
        end -= 1
    return text[:end]


def _parts(pattern: str) -> Sequence[Sequence[Piece]]:
    """Split a pattern at ``/`` into parts, each a row of literal text and fields."""
    parts: list[list[Piece]] = [[]]
    for piece in pieces_of(pattern, FIELDS):
        if piece.is_field:
            parts[-1].append(piece)
            continue
        first, *others = piece.text.split("/")
        parts[-1].append(Piece(text=first))
        parts.extend([Piece(text=text)] for text in others)
    return [[piece for piece in part if piece.text] for part in parts]


def pieces_of(pattern: str, known: Sequence[str]) -> Iterator[Piece]:
    """Split a pattern into literal text and fields. Raise InvalidTemplate for other fields."""
    try:
        parsed = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise _refused(pattern, "a brace is not closed or not opened", known) from error
    for literal, field, spec, conversion in parsed:
        if literal:
            yield Piece(text=literal)
        if field is None:
            continue
        if spec or conversion or field not in known:
            raise _refused(pattern, f"{{{field}}} is not one of its fields", known)
        yield Piece(text=field, is_field=True)


def _render(part: Sequence[Piece], fields: NameFields, room: int) -> str:
    """Fill one part's fields, shortening the topic until it fits."""
    text = _fill(part, fields)
    excess = len(text.encode("utf-8", "replace")) - room
    topics = sum(piece.is_field and piece.text == "topic" for piece in part)
    if excess > 0 and topics:
        length = len((fields.topic or EMPTY).encode("utf-8", "replace"))
        share = length - -(-excess // topics)
        shorter = cut_to_bytes(fields.topic or EMPTY, share).rstrip() or EMPTY[:1]
        text = _fill(part, replace(fields, topic=shorter))
    return safe_part(text, most_bytes=room)


def _fill(part: Sequence[Piece], fields: NameFields) -> str:
    return "".join(_value(piece.text, fields) if piece.is_field else piece.text for piece in part)


def _value(field: str, fields: NameFields) -> str:
    value: str = getattr(fields, field)
    return value or ("" if field == "part" else EMPTY)


def _clean(text: str) -> str:
    """Drop what cannot be seen, turn slashes into dashes and every run of space into one."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(_cleaned(character) for character in composed).split())


def _cleaned(character: str) -> str:
    if character in "/\\":
        return "-"
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category in {"Cc", "Cf"} and character not in _JOINERS else character


def _continues(character: str) -> bool:
    """Whether a character belongs to the visible one before it."""
    return unicodedata.combining(character) > 0 or character in _JOINERS


def _refused(pattern: str, why: str, known: Sequence[str] = FIELDS) -> InvalidTemplate:
    fields = " ".join(f"{{{field}}}" for field in known)
    return InvalidTemplate(
        f"the pattern {pattern!r} cannot be used: {why}", hint=f"the fields are {fields}"
    )


def shown_name(name: str) -> str:
    """Shorten a very long name for people; its end stays, which may be what tells two apart."""
    first, last = _SHOWN
    return name if len(name) <= first + last else f"{name[:first]} ... {name[-last:]}"
