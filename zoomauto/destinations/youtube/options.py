"""The options of a YouTube destination, checked when it is saved."""

import re
from dataclasses import dataclass
from enum import StrEnum

from zoomauto.address import require_secure
from zoomauto.errors import InvalidOptions
from zoomauto.google.options import GoogleOptions

#: Films, captions, playlists and pictures: one scope grants them all.
SCOPES = ("https://www.googleapis.com/auth/youtube.force-ssl",)
_PLAYLIST = re.compile(r"[A-Za-z0-9_-]{2,128}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Privacy(StrEnum):
    """Who may watch."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class CaptionFormat(StrEnum):
    """Which of the subtitle files become captions; a film needs one."""

    VTT = "vtt"
    SRT = "srt"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class YouTubeOptions(GoogleOptions):
    """How films appear on a channel, and who asks."""

    #: ``private``, ``unlisted`` or ``public``; a template's metadata ``privacy`` comes first.
    privacy: Privacy = Privacy.PRIVATE
    #: Id of a playlist that every film is added to; likewise ``playlist``.
    playlist: str = ""
    #: Number of YouTube's category, 27 is education; likewise ``category``.
    category: str = "27"
    #: What is spoken, as in ``en`` or ``pt-BR``; likewise ``language``. Captions need it.
    language: str = "en"
    #: Which subtitles become captions: ``vtt``, ``srt`` or ``none``.
    captions: CaptionFormat = CaptionFormat.VTT
    #: Whether YouTube tells subscribers of a public film.
    notify_subscribers: bool = False
    #: Whether the films are made for children, which the law wants to be told.
    made_for_kids: bool = False
    #: The second of the film whose picture becomes the thumbnail; empty: YouTube chooses.
    thumbnail_seconds: float | None = None
    #: Where the API answers; likewise.
    api_base: str = "https://www.googleapis.com/youtube/v3"
    #: Where uploads go; likewise.
    upload_base: str = "https://www.googleapis.com/upload/youtube/v3"

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        # Not super(): a dataclass with slots is another class than the one it was made from.
        GoogleOptions.__post_init__(self)
        if self.playlist and not _PLAYLIST.fullmatch(self.playlist):
            raise InvalidOptions(f"playlist is an id, as in PLx..., not {self.playlist!r}")
        if not self.category.isdecimal():
            raise InvalidOptions(f"category is a number, not {self.category!r}")
        if not is_language(self.language):
            raise InvalidOptions(f"language is written as in en or pt-BR, not {self.language!r}")
        if self.thumbnail_seconds is not None and self.thumbnail_seconds < 0:
            raise InvalidOptions("thumbnail_seconds cannot be negative")
        for name in ("api_base", "upload_base"):
            require_secure(name, getattr(self, name))


def is_language(text: str) -> bool:
    """Whether this looks like the tag of a language."""
    return bool(_LANGUAGE.fullmatch(text))
