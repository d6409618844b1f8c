"""Recordings and their files, as a source lists them and as we remember them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class RecordingStatus(StrEnum):
    """Where a recording stands. Blank is a flag beside it, not a status."""

    #: Listed, but the source has not finished it.
    PENDING_SOURCE = "PENDING_SOURCE"
    #: Ready to be taken by a job.
    INITIALIZED = "INITIALIZED"
    DOWNLOADING = "DOWNLOADING"
    DOWNLOADED = "DOWNLOADED"
    PROCESSING = "PROCESSING"
    PROCESSED = "PROCESSED"
    TRANSCRIBING = "TRANSCRIBING"
    TRANSCRIBED = "TRANSCRIBED"
    UPLOADING = "UPLOADING"
    #: Published and verified everywhere its template asks for.
    UPLOADED = "UPLOADED"
    #: Left out on purpose: by a person, or because it is blank.
    SKIPPED = "SKIPPED"
    #: A stage failed; ``failure`` says whether a later run tries again.
    FAILED = "FAILED"
    #: The source no longer has it.
    EXPIRED = "EXPIRED"


#: Statuses of a recording that some run has begun and not brought to an end.
IN_BETWEEN = frozenset(
    {
        RecordingStatus.DOWNLOADING,
        RecordingStatus.DOWNLOADED,
        RecordingStatus.PROCESSING,
        RecordingStatus.PROCESSED,
        RecordingStatus.TRANSCRIBING,
        RecordingStatus.TRANSCRIBED,
        RecordingStatus.UPLOADING,
    }
)


class FileKind(StrEnum):
    """What a recording file or an artifact holds."""

    VIDEO = "video"
    AUDIO = "audio"
    CHAT = "chat"
    #: What was said, by whom and when.
    TRANSCRIPT = "transcript"
    #: A source's closed captions: second best to its transcript.
    CAPTIONS = "captions"
    SUBTITLES = "subtitles"
    CHAPTERS = "chapters"
    OTHER = "other"


#: Picture or sound.
MEDIA = frozenset({FileKind.VIDEO, FileKind.AUDIO})
#: What a source may have written down of what was said; it may come days later.
WORDS = frozenset({FileKind.TRANSCRIPT, FileKind.CAPTIONS})


class FailureKind(StrEnum):
    """Whether trying again makes sense."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingFile:
    """One file of a recording."""

    #: Names the file within its source for ever: a relative path, a file id.
    key: str
    #: The file's own name, for people and for its extension. Any text.
    name: str
    kind: FileKind
    #: Size in bytes; None when the source does not say.
    size_bytes: int | None = None
    #: Changes whenever the source's bytes may have changed (size and time, an ETag).
    fingerprint: str = ""
    #: When this file's part of the session began, if the source says. Orders segments.
    start_at: datetime | None = None


def texts_of(files: Iterable[RecordingFile]) -> tuple[RecordingFile, ...]:
    """Give the files in which a source wrote down what was said."""
    return tuple(file for file in files if file.kind in WORDS)


def fingerprint_of(files: Iterable[RecordingFile]) -> str:
    """Change when, and only when, a file appears, goes, or may have other bytes."""
    facts = "\n".join(f"{f.key}\t{f.size_bytes}\t{f.fingerprint}" for f in files)
    return hashlib.sha1(facts.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedRecording:
    """One recorded session as a source lists it."""

    #: Names the recording within its source for ever.
    key: str
    #: The meeting's topic. Any text; may be empty.
    name: str
    #: Aware start of the session.
    start_at: datetime
    #: None when the source does not say.
    duration: timedelta | None = None
    files: tuple[RecordingFile, ...] = ()
    #: Why the source has not finished it; None when it is ready.
    pending_reason: str | None = None
    #: When the source will delete it by itself, if it says so.
    expires_at: datetime | None = None
    #: Equal marks mean that nothing of this has changed; None from a source that gives none.
    mark: str | None = field(default=None, compare=False)

    @property
    def fingerprint(self) -> str:
        """Change when, and only when, a media file appears, goes, or may have other bytes.

        A transcript that comes late is no reason to fetch and cut the picture again.
        """
        return fingerprint_of(f for f in self.files if f.kind in MEDIA)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One recorded session as we remember it."""

    id: int
    owner: str
    source_id: int
    key: str
    name: str
    start_at: datetime
    duration: timedelta | None
    files: tuple[RecordingFile, ...]
    fingerprint: str
    status: RecordingStatus
    pending_reason: str | None = None
    #: When the source will delete it by itself, if it says so.
    expires_at: datetime | None = None
    #: The mark under which it was listed last.
    mark: str | None = None
    #: Why it counts as blank; None when it does not.
    blank_reason: str | None = None
    #: The job that took it; no other job touches it until ``recording reset``.
    taken_by_job_id: int | None = None
    #: The template it was matched to when it was taken.
    template_id: int | None = None
    failed_at_stage: str | None = None
    failure: FailureKind | None = None
    #: Runs that ended in a failure since the last success or reset.
    attempts: int = 0
    last_error: str | None = None
    first_failed_at: datetime | None = None
    #: A scheduled run leaves it alone before this instant.
    next_attempt_at: datetime | None = None
    first_seen_at: datetime
    updated_at: datetime

    @property
    def texts_fingerprint(self) -> str:
        """Change when, and only when, what the source wrote down of it may have changed."""
        return fingerprint_of(texts_of(self.files))

    @property
    def is_blank(self) -> bool:
        """Whether nothing worth publishing was recorded, as far as we know."""
        return self.blank_reason is not None

    @property
    def is_parked(self) -> bool:
        """Whether only a person, or a change of the source file, starts it again."""
        return self.status is RecordingStatus.FAILED and self.failure is FailureKind.PERMANENT


#: What is written when a failure is over, or is to be forgotten.
NO_FAILURE: Mapping[str, Any] = MappingProxyType(
    {
        "failed_at_stage": None,
        "failure": None,
        "attempts": 0,
        "last_error": None,
        "first_failed_at": None,
        "next_attempt_at": None,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordingChange:
    """What a step writes to a recording: only the fields named in ``values``.

    Keys are field names of :class:`Recording`; the store refuses others.
    """

    recording_id: int
    values: Mapping[str, Any] = field(default_factory=dict)


def status_as_listed(pending_reason: str | None) -> RecordingStatus:
    """Give the status of a recording that nobody has begun."""
    if pending_reason is not None:
        return RecordingStatus.PENDING_SOURCE
    return RecordingStatus.INITIALIZED


#: A recording shorter than this is blank (contract, section 6).
BLANK_BELOW = timedelta(seconds=60)


def blank_by_duration(duration: timedelta | None) -> str | None:
    """Say why a recording of this length is blank, or None. Unknown length is never blank."""
    if duration is None or duration >= BLANK_BELOW:
        return None
    return f"shorter than {BLANK_BELOW.seconds} s ({duration // timedelta(seconds=1)} s)"
