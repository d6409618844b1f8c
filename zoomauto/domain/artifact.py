"""What stages leave behind: artifacts, checkpoints and publications."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from zoomauto.domain.recording import MEDIA, FileKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """A file that a stage made, sealed: flushed to disk, measured and hashed."""

    recording_id: int
    #: The stage that made it.
    stage: str
    #: The recording file it is a new version of; :func:`derived_key` for what is made from one.
    file_key: str
    kind: FileKind
    #: Relative to the recording's work folder, with ``/``.
    path: str
    size_bytes: int
    #: Lower-case hexadecimal SHA-256 of the bytes.
    sha256: str
    #: Facts for later stages, such as the seconds cut from the start. ``of`` and ``extension``
    #: as :func:`derived_details` gives them.
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_media(self) -> bool:
        """Whether it is picture or sound."""
        return self.kind in MEDIA

    @property
    def media_key(self) -> str:
        """The recording file that this belongs to: its own key, or that of the picture."""
        return str(self.details.get("of", self.file_key))


def derived_key(media_key: str, extension: str) -> str:
    """Give the key of what is made from a picture or sound, such as its subtitles."""
    return f"{media_key}#{extension.lstrip('.')}"


def derived_details(media_key: str, extension: str) -> dict[str, Any]:
    """Give the details that tie an artifact to its picture or sound.

    ``extension`` is put behind the published name, with its dot: ``.vtt``, ``.chapters.json``.
    """
    return {"of": media_key, "extension": extension}


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The stored fact that a stage finished for a recording."""

    recording_id: int
    stage: str
    finished_at: datetime
    #: The recording's fingerprint then; a checkpoint of other bytes counts for nothing.
    fingerprint: str
    #: What the stage did, in words ("cut 12.0 s from the start").
    note: str = ""
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """The result of publishing one artifact to one destination, verified."""

    recording_id: int
    file_key: str
    #: The destination as the template names it: a stored name, or ``folder:/path``.
    destination: str
    #: The destination's own name for the object: a path, an object key, a video id.
    location: str
    #: Where a person opens it; None when there is no such address.
    url: str | None = None
    size_bytes: int
    sha256: str
    published_at: datetime
