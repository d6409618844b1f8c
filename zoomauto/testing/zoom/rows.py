"""How users, meetings and files look in JSON (observed field names and forms)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from zoomauto.testing.zoom import content
from zoomauto.testing.zoom.meeting import File, FilesForm, Meeting, User
from zoomauto.testing.zoom.traps import Traps
from zoomauto.testing.zoom.world import World

#: Files that Zoom makes after the meeting's video.
_LATE_KINDS = frozenset({"TRANSCRIPT", "SUMMARY"})


def stamp(instant: datetime) -> str:
    """Write an instant (UTC) as Zoom does: seconds, Z."""
    return f"{instant.isoformat()[:19]}Z"


def user_row(user: User) -> dict[str, Any]:
    """Show a user; a pending one has no id."""
    row = {
        "id": user.id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "display_name": f"{user.first_name} {user.last_name}",
        "email": user.email,
        "type": user.type,
        "status": user.status,
        "timezone": user.timezone,
        "role_id": "2",
        "verified": 1,
        "created_at": "2019-06-01T07:58:03Z",
    }
    if user.status == "pending":
        del row["id"]
    return row


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Shows meetings as they are at one moment."""

    world: World
    traps: Traps
    now: datetime
    account_id: str
    #: File -> its download URL.
    download_url: Callable[[File], str]

    def meeting(self, meeting: Meeting, *, trash: bool = False) -> dict[str, Any]:
        """Show a meeting as a listing does."""
        visible = [f for f in meeting.files if self._is_listed(meeting, f, trash=trash)]
        processing = any(self.is_processing(meeting, f) for f in visible)
        sizes = 0 if processing else sum(self._listed_size(f) for f in visible)
        row: dict[str, Any] = {
            "uuid": meeting.uuid,
            "id": meeting.number,
            "account_id": self.account_id,
            "host_id": meeting.user_id,
            "topic": meeting.topic,
            "type": meeting.type,
            "start_time": stamp(meeting.start_at),
            "timezone": meeting.timezone,
            "duration": meeting.duration,
            "total_size": sizes,
            "recording_count": 0 if processing else len(visible),
            "share_url": "https://us02web.zoom.us/rec/share/" + "s" * 20,
        }
        if meeting.numbers_as_text:
            row.update({key: str(row[key]) for key in ("type", "duration", "total_size")})
        if meeting.passcode:
            row["recording_play_passcode"] = meeting.passcode * 3
        if meeting.auto_delete_on is not None:
            row["auto_delete"] = True
            row["auto_delete_date"] = meeting.auto_delete_on.isoformat()
        if meeting.files_form is not FilesForm.MISSING:
            row["recording_files"] = [self.file(meeting, f) for f in visible]
        if meeting.files_form is FilesForm.NULL:
            row["recording_files"] = None
        return row

    def detail(self, meeting: Meeting) -> dict[str, Any]:
        """Show a meeting as its own address does."""
        row = self.meeting(meeting)
        row["participant_audio_files"] = [
            self._participant(meeting, f) for f in meeting.participant_files
        ]
        row["password"] = meeting.passcode
        return row

    def file(self, meeting: Meeting, file: File) -> dict[str, Any]:
        """Show a file."""
        processing = self.is_processing(meeting, file)
        size = 0 if processing else self._listed_size(file)
        row: dict[str, Any] = {
            "id": file.id,
            "meeting_id": meeting.uuid,
            "recording_start": stamp(file.start_at),
            "recording_end": "" if processing else stamp(file.end_at),
            "file_type": "" if processing else file.file_type,
            "file_extension": "" if processing else file.extension,
            "file_size": str(size) if file.size_as_text else size,
            "play_url": "https://us02web.zoom.us/rec/play/" + "p" * 20,
            "download_url": self.download_url(file),
            "status": "processing" if processing else "completed",
            "recording_type": file.recording_type,
        }
        since = self.world.trashed_at(meeting, file, self.now)
        if since is not None:
            row["deleted_time"] = stamp(since)
        return {key: value for key, value in row.items() if key not in file.omitted}

    def is_processing(self, meeting: Meeting, file: File) -> bool:
        """Whether Zoom has not finished the file yet."""
        span = self.traps.processing_for
        ends = [] if span is None else [_end(meeting) + span]
        if file.processing_until is not None:
            ends.append(file.processing_until)
        return any(self.now < end for end in ends)

    def _is_listed(self, meeting: Meeting, file: File, *, trash: bool) -> bool:
        if trash:
            return self.world.trashed_at(meeting, file, self.now) is not None
        return self.is_available(meeting, file) and self.world.holds(meeting, file)

    def is_available(self, meeting: Meeting, file: File) -> bool:
        """Whether the file has been made already; transcripts come late."""
        span = self.traps.transcript_delay
        late = span is not None and file.file_type in _LATE_KINDS
        if late and self.now < _end(meeting) + (span or timedelta()):
            return False
        return file.available_at is None or file.available_at <= self.now

    def _listed_size(self, file: File) -> int:
        drift = 0 if file.is_media else self.traps.text_size_drift
        return content.size_of(file) + drift

    def _participant(self, meeting: Meeting, file: File) -> dict[str, Any]:
        row = self.file(meeting, file)
        del row["recording_type"], row["meeting_id"], row["file_extension"]
        return {**row, "file_name": f"audio_only_{file.id[:8]}.m4a"}


def _end(meeting: Meeting) -> datetime:
    return meeting.start_at + timedelta(minutes=meeting.duration)
