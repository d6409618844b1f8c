"""What the fake Zoom cloud holds: users, meetings and their files, as plain values.

All instants are in UTC.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path


class FilesForm(StrEnum):
    """How a meeting's row shows ``recording_files``."""

    LIST = "list"
    MISSING = "missing"
    NULL = "null"


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A person on the account."""

    id: str
    email: str
    #: ``active``, ``inactive`` or ``pending``; a pending user has no id on the wire.
    status: str = "active"
    first_name: str = "Ann"
    last_name: str = "Example"
    timezone: str = "Europe/Berlin"
    #: 1 Basic, 2 Licensed, 99 none.
    type: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file of a recorded meeting."""

    id: str
    file_type: str = "MP4"
    extension: str = "MP4"
    recording_type: str = "shared_screen_with_speaker_view"
    #: In bytes; that of ``path`` when there is one.
    size: int = 4096
    start_at: datetime
    end_at: datetime
    #: Not listed before this instant.
    available_at: datetime | None = None
    #: Listed as being processed before this instant.
    processing_until: datetime | None = None
    #: A real file with the bytes; without one they are made up from the id.
    path: Path | None = None
    #: Keys that the JSON of this file lacks.
    omitted: frozenset[str] = frozenset()
    #: Give ``file_size`` as a string.
    size_as_text: bool = False

    @property
    def ticket(self) -> str:
        """Give what names the file in a download address."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:40]

    @property
    def is_media(self) -> bool:
        """Whether it is sound or pictures that play."""
        return self.file_type in {"MP4", "M4A"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """One recorded meeting. Recurring ones share ``number`` and differ in ``uuid``."""

    uuid: str
    #: The numeric id.
    number: int
    #: The host.
    user_id: str
    topic: str = "Weekly sync"
    start_at: datetime
    #: Minutes; Zoom may say 0.
    duration: int = 43
    timezone: str = "Europe/Berlin"
    #: 1 instant, 2 scheduled, 3 and 8 recurring, 4 personal room, 5 webinar, 99 uploaded.
    type: int = 2
    files: tuple[File, ...] = ()
    #: ``participant_audio_files``; only the meeting's own answer shows them.
    participant_files: tuple[File, ...] = ()
    files_form: FilesForm = FilesForm.LIST
    #: Give ``type``, ``duration`` and ``total_size`` as strings.
    numbers_as_text: bool = False
    passcode: str = ""
    auto_delete_on: date | None = None
    #: Switched off by host or administrator; a download gives a page instead.
    downloads_allowed: bool = True

    @property
    def all_files(self) -> tuple[File, ...]:
        """Give every file that can be downloaded."""
        return (*self.files, *self.participant_files)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a perfect client finds of one meeting."""

    user_id: str
    uuid: str
    #: Ids of the files that are complete, in the order of the meeting.
    file_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Users and meetings by what they are asked for with."""

    users: tuple[User, ...]
    meetings: tuple[Meeting, ...]
    by_user: dict[str, list[Meeting]] = field(default_factory=dict)
    by_uuid: dict[str, Meeting] = field(default_factory=dict)
    by_number: dict[int, list[Meeting]] = field(default_factory=dict)
    #: File id -> the file and its meeting.
    files: dict[str, tuple[File, Meeting]] = field(default_factory=dict)
    #: The same by ticket.
    tickets: dict[str, tuple[File, Meeting]] = field(default_factory=dict)
    #: Id, and e-mail in lower case, -> user.
    people: dict[str, User] = field(default_factory=dict)

    @classmethod
    def of(cls, users: Iterable[User], meetings: Iterable[Meeting]) -> "Inventory":
        """Sort the meetings by start, newest first as Zoom lists them, and index everything."""
        ordered = sorted(meetings, key=lambda meeting: meeting.start_at, reverse=True)
        made = cls(users=tuple(users), meetings=tuple(ordered))
        for user in made.users:
            made.people[user.id] = user
            made.people[user.email.lower()] = user
        for meeting in made.meetings:
            made.by_user.setdefault(meeting.user_id, []).append(meeting)
            made.by_number.setdefault(meeting.number, []).append(meeting)
            made.by_uuid[meeting.uuid] = meeting
            made.files.update({file.id: (file, meeting) for file in meeting.all_files})
        made.tickets.update({file.ticket: (file, m) for file, m in made.files.values()})
        return made
