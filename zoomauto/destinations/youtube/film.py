"""What YouTube is told of a film, within its limits: options, under what the template says."""

from collections.abc import Mapping
from typing import Any

from zoomauto.destinations.youtube.options import Privacy, YouTubeOptions, is_language
from zoomauto.domain.naming import cut_to_bytes
from zoomauto.errors import ConfigurationError
from zoomauto.ports.destination import Parcel

TITLE_LENGTH = 100
DESCRIPTION_BYTES = 5000
#: Of all tags together; one with a space counts two more, for its quotes.
TAGS_LENGTH = 500
#: The only characters that YouTube refuses; these look much the same.
_ANGLES = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
    }
)


def film_resource(parcel: Parcel, options: YouTubeOptions) -> dict[str, Any]:
    """Give the metadata of a new film.

    Raise ConfigurationError for a privacy, category or language that there is not.
    """
    said = parcel.metadata
    language = language_of(said, options)
    snippet: dict[str, Any] = {
        "title": title_of(parcel),
        "description": description_of(said),
        "categoryId": _category(said.get("category") or options.category),
        "defaultLanguage": language,
        "defaultAudioLanguage": language,
    }
    if tags := tags_of(said):
        snippet["tags"] = tags
    return {
        "snippet": snippet,
        "status": {
            "privacyStatus": _privacy(said.get("privacy") or options.privacy),
            "selfDeclaredMadeForKids": options.made_for_kids,
        },
    }


def title_of(parcel: Parcel) -> str:
    """Give the template's title, else the last part of the name."""
    title = parcel.metadata.get("title") or parcel.name.rpartition("/")[2]
    line = " ".join(title.translate(_ANGLES).split())
    return line[:TITLE_LENGTH].rstrip() or "untitled"


def description_of(said: Mapping[str, str]) -> str:
    """Give the template's description, its end cut off where it is too long."""
    return cut_to_bytes(said.get("description", "").translate(_ANGLES), DESCRIPTION_BYTES)


def tags_of(said: Mapping[str, str]) -> list[str]:
    """Give the tags, written with commas in between, as many as there is room for."""
    tags: list[str] = []
    room = TAGS_LENGTH
    for word in dict.fromkeys(said.get("tags", "").translate(_ANGLES).split(",")):
        tag = " ".join(word.split())
        # A comma stands between two.
        room -= len(tag) + (2 if " " in tag else 0) + (1 if tags else 0)
        if room < 0:
            break
        if tag:
            tags.append(tag)
    return tags


def language_of(said: Mapping[str, str], options: YouTubeOptions) -> str:
    """Give what is spoken."""
    language = said.get("language") or options.language
    if not is_language(language):
        raise ConfigurationError(f"metadata language cannot be {language!r}", hint="as in pt-BR")
    return language


def playlist_of(said: Mapping[str, str], options: YouTubeOptions) -> str:
    """Give the playlist that a film belongs to; empty for none."""
    return said.get("playlist") or options.playlist


def _category(text: str) -> str:
    if not text.isdecimal():
        raise ConfigurationError(f"metadata category cannot be {text!r}", hint="a number, as in 27")
    return text


def _privacy(text: str) -> str:
    try:
        return Privacy(text).value
    except ValueError as error:
        hint = f"one of {', '.join(Privacy)}"
        raise ConfigurationError(f"metadata privacy cannot be {text!r}", hint=hint) from error
