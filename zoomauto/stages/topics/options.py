"""The options of the topics stage."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from zoomauto.address import require_base
from zoomauto.errors import InvalidOptions
from zoomauto.secrets import check_reference


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicsOptions:
    """The options of the topics stage. Nothing is sent anywhere unless an engine is set."""

    #: ``offline`` finds topics by their words, on this machine; ``http`` asks a chat API.
    engine: Literal["offline", "http"] = "offline"
    #: On: an engine that fails is a failure. Off: topics are then found by their words.
    required: bool = False
    #: What is shorter belongs to the chapter before.
    min_chapter_seconds: float = 180.0
    max_chapters: int = 20
    #: With fewer, nothing is divided.
    min_words: int = 150
    #: For ``http``: what ``/chat/completions`` follows, as in ``http://127.0.0.1:8000/v1``.
    base_url: str = ""
    #: For ``http``: the model, as the server names it.
    model: str = ""
    #: For ``http``: a reference to the key, as in ``env:OPENAI_API_KEY``; empty for none.
    api_key: str = ""
    #: For ``http``: of the titles, in words; empty for that of the speech.
    language: str = ""
    #: For ``http``: a longer transcript is sent in parts.
    characters_per_request: int = 24_000
    #: For ``http``: for each request.
    timeout_seconds: float = 120.0

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what could only fail later."""
        _require("min_chapter_seconds", self.min_chapter_seconds, 10, 3600)
        _require("max_chapters", self.max_chapters, 2, 100)
        _require("min_words", self.min_words, 1, 100_000)
        _require("characters_per_request", self.characters_per_request, 1000, 10_000_000)
        _require("timeout_seconds", self.timeout_seconds, 1, 3600)
        if self.api_key:
            check_reference(self.api_key)
        if self.base_url:
            require_base("topics", self.base_url)
        if self.engine == "http" and not (self.base_url and self.model):
            raise InvalidOptions(
                "topics.engine http needs topics.base_url and topics.model",
                hint="set them in the same table",
            )

    @property
    def shortest(self) -> timedelta:
        """How long a chapter is at least."""
        return timedelta(seconds=self.min_chapter_seconds)


def _require(name: str, value: float, least: float, most: float) -> None:
    # Written so that "not a number", which compares with nothing, is refused too.
    if not least <= value <= most:
        raise InvalidOptions(f"topics.{name} cannot be {value:g}: it goes from {least} to {most}")
