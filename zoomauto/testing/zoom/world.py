"""The account that the fake Zoom cloud serves, and what has become of its recordings."""

import threading
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from zoomauto.testing.zoom import content
from zoomauto.testing.zoom.generated import generate
from zoomauto.testing.zoom.meeting import Expected, File, Inventory, Meeting, User

#: How long the trash keeps a recording.
TRASH_KEPT = timedelta(days=30)
#: The default end of a generated world.
UNTIL = datetime(2026, 8, 21, 12, tzinfo=UTC)


class World:
    """Users and meetings, and the trash. Safe to use from several threads."""

    def __init__(self, *, users: Iterable[User], meetings: Iterable[Meeting]) -> None:
        self._inventory = Inventory.of(users, meetings)
        self._lock = threading.RLock()
        self._versions: dict[str, int] = {}
        #: (uuid, file id; "" for all files) -> when it was put in the trash.
        self._trash: dict[tuple[str, str], datetime] = {}
        self._deleted: set[tuple[str, str]] = set()

    @classmethod
    def generated(
        cls, *, users: int = 500, days: int = 90, seed: int = 1, until: datetime = UNTIL
    ) -> "World":
        """Make a world of ``days`` before ``until``, the same for the same arguments.

        It holds every oddity that real accounts were seen to hold; see ``generated.py``.
        """
        people, meetings = generate(users=users, days=days, seed=seed, until=until)
        return cls(users=people, meetings=meetings)

    @property
    def users(self) -> tuple[User, ...]:
        """Give every user, whatever the status."""
        return self._inventory.users

    @property
    def meetings(self) -> tuple[Meeting, ...]:
        """Give every meeting there ever was, newest first."""
        return self._inventory.meetings

    def user(self, reference: str) -> User | None:
        """Give the user with that id or e-mail."""
        return self._inventory.people.get(reference) or self._inventory.people.get(
            reference.lower()
        )

    def meetings_of(self, user_id: str) -> list[Meeting]:
        """Give the user's meetings, newest first, those in the trash included."""
        return self._inventory.by_user.get(user_id, [])

    def meeting(self, reference: str) -> Meeting | None:
        """Give the meeting with that uuid, or the latest with that numeric id."""
        found = self._inventory.by_uuid.get(reference)
        if found is not None or not reference.isdecimal():
            return found
        held = [m for m in self._inventory.by_number.get(int(reference), []) if m.all_files]
        return held[0] if held else None

    def file(self, file_id: str) -> tuple[File, Meeting] | None:
        """Give the file with that id, and its meeting."""
        return self._inventory.files.get(file_id)

    def file_by_ticket(self, ticket: str) -> tuple[File, Meeting] | None:
        """Give the file whose download address holds this ticket, and its meeting."""
        return self._inventory.tickets.get(ticket)

    def truth(self, *, at: datetime | None = None, without: Collection[str] = ()) -> list[Expected]:
        """Give what a perfect client finds, sorted by user and uuid, the trash left out.

        With ``at``, only what is complete by then, delays that traps add left aside. ``without``
        names users (ids) to leave out. Recordings without any file are there too, and files
        whose JSON lacks an id.
        """
        found = [
            Expected(
                user_id=meeting.user_id,
                uuid=meeting.uuid,
                file_ids=tuple(
                    f.id for f in meeting.files if _is_complete(f, at) and self.holds(meeting, f)
                ),
            )
            for meeting in self.meetings
            if meeting.user_id not in without and self.holds(meeting, None)
        ]
        return sorted(found, key=lambda expected: (expected.user_id, expected.uuid))

    def bytes_of(self, file_id: str) -> bytes:
        """Give a file's bytes as a download brings them now. Not for huge files."""
        file, _ = self._inventory.files[file_id]
        size = content.size_of(file)
        return b"".join(content.pieces(file, self.version(file_id), 0, size))

    def sha256_of(self, file_id: str) -> str:
        """Give the SHA-256 of a file's bytes, which are never held all at once."""
        return content.sha256_of(self._inventory.files[file_id][0], self.version(file_id))

    def version(self, file_id: str) -> int:
        """Count how often the file's bytes have changed."""
        with self._lock:
            return self._versions.get(file_id, 0)

    def change_bytes(self, file_id: str) -> None:
        """Give the file other bytes of the same number; no effect on real files."""
        with self._lock:
            self._versions[file_id] = self._versions.get(file_id, 0) + 1

    def holds(self, meeting: Meeting, file: File | None) -> bool:
        """Whether the meeting (or one file of it) is there and not in the trash."""
        # Asked for every row of every page, mostly of worlds in which nothing was thrown away.
        if not self._trash and not self._deleted:
            return True
        keys = self._keys(meeting, file)
        with self._lock:
            return not any(key in self._trash or key in self._deleted for key in keys)

    def trashed_at(self, meeting: Meeting, file: File | None, now: datetime) -> datetime | None:
        """Say since when it lies in the trash; None when it does not, or not any more."""
        if not self._trash:
            return None
        keys = self._keys(meeting, file)
        with self._lock:
            if any(key in self._deleted for key in keys):
                return None
            since = [self._trash[key] for key in keys if key in self._trash]
        return min((at for at in since if now - at < TRASH_KEPT), default=None)

    def discard(
        self, meeting: Meeting, file: File | None, now: datetime, *, for_good: bool = False
    ) -> bool:
        """Put the meeting's files, or one of them, in the trash, or delete them for good.

        Give False when there is nothing to discard. What lies in the trash can still be deleted.
        """
        with self._lock:
            held = self.holds(meeting, file)
            if not held and not (for_good and self.trashed_at(meeting, file, now)):
                return False
            if for_good:
                self._deleted.add(_key(meeting, file))
            else:
                self._trash[_key(meeting, file)] = now
            return True

    def recover(self, meeting: Meeting, file: File | None, now: datetime) -> bool:
        """Take out of the trash what was put there in one piece; False when it is not there."""
        with self._lock:
            key = _key(meeting, file)
            if key not in self._trash or self.trashed_at(meeting, file, now) is None:
                return False
            del self._trash[key]
            return True

    def _keys(self, meeting: Meeting, file: File | None) -> list[tuple[str, str]]:
        whole = _key(meeting, None)
        return [whole] if file is None else [whole, _key(meeting, file)]


def _key(meeting: Meeting, file: File | None) -> tuple[str, str]:
    return (meeting.uuid, "" if file is None else file.id)


def _is_complete(file: File, at: datetime | None) -> bool:
    if at is None:
        return True
    return all(t is None or t <= at for t in (file.available_at, file.processing_until))
