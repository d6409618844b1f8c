"""Worlds made from a seed, with every oddity that was seen on real accounts."""

import base64
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from zoomauto.testing.zoom.meeting import File, FilesForm, Meeting, User

#: How a uuid may begin that has to be encoded twice, or at least once.
_AWKWARD_STARTS = ("/ajXp1", "//bQ7z", "aa//bb", "x/y+zz")
_ODD_TOPICS = (
    "../../etc/passwd",
    "first line\nsecond line",
    "$(rm -rf ~)",
    "\u202e\u05d4\u05e8\u05e6\u05d0\u05d4\u202c",
    "T" * 4096,
    "",
    "Ünïcödé 🎓 / week 3",
    "-rf --help",
    "quotes \" and ' and \\",
    "ends with a dot. ",
)
_TOPICS = ("Weekly sync", "Algebra, lecture", "Board meeting", "Office hours", "Standup")
#: Of 25 users in a row: who is not active.
_STATUSES = {7: "inactive", 13: "pending", 17: "inactive"}
#: Every so manieth user has no recordings, or no time zone.
_EVERY = 6
_SIDECARS = (
    ("TRANSCRIPT", "VTT", "audio_transcript"),
    ("CHAT", "TXT", "chat_file"),
    ("SUMMARY", "JSON", "summary"),
)
_IDLESS = frozenset({"id", "status", "file_size", "play_url", "recording_type"})


def generate(
    *, users: int, days: int, seed: int, until: datetime
) -> tuple[tuple[User, ...], tuple[Meeting, ...]]:
    """Make users, and meetings of the ``days`` before ``until``."""
    maker = _Maker(random.Random(seed), days=days, until=until)  # noqa: S311 - no secret
    people = tuple(_user(number) for number in range(users))
    meetings = tuple(m for n, user in enumerate(people) for m in maker.meetings_of(n, user))
    return people, meetings


def _user(number: int) -> User:
    status = _STATUSES.get(number % 25, "active")
    return User(
        id=f"u{number:05d}_" + f"{number * 7919:014x}",
        email=f"user{number}+zoom@example.org",
        status=status,
        last_name=f"Example {number}",
        timezone="" if number % _EVERY == 1 else "Europe/Berlin",
    )


class _Maker:
    """Draws from one stream of random numbers, in a fixed order."""

    def __init__(self, draw: random.Random, *, days: int, until: datetime) -> None:
        self._draw = draw
        self._days = days
        self._until = until.astimezone(UTC).replace(microsecond=0)
        self._made = 0

    def meetings_of(self, number: int, user: User) -> Iterator[Meeting]:
        """Give one user's meetings: none for every sixth user and for pending ones."""
        if number % _EVERY == _EVERY - 1 or user.status == "pending":
            return
        series = self._draw.randrange(10**9, 10**11)
        for _ in range(1 + self._draw.randrange(8)):
            start = self._until - timedelta(
                days=self._draw.randrange(self._days), seconds=self._draw.randrange(80_000)
            )
            meeting = self._meeting(user, series, start)
            yield meeting
            if self._made % 11 == 0:
                # Same topic, same second, same series: only the uuid differs.
                files = self._files(start)
                yield replace(meeting, uuid=self._uuid(), files=files, participant_files=())

    def _meeting(self, user: User, series: int, start: datetime) -> Meeting:
        recurring = self._draw.random() < 0.6  # noqa: PLR2004 - most meetings recur
        return self._oddity(
            Meeting(
                uuid=self._uuid(),
                number=series if recurring else self._draw.randrange(10**8, 10**11),
                user_id=user.id,
                topic=self._draw.choice(_TOPICS),
                start_at=start,
                duration=self._draw.randrange(1, 120),
                type=8 if recurring else 2,
                files=self._files(start),
                passcode="s3cret" if self._draw.random() < 0.2 else "",  # noqa: PLR2004
            )
        )

    def _uuid(self) -> str:
        self._made += 1
        text = base64.b64encode(self._draw.randbytes(16)).decode()
        if self._made % 7 == 3:  # noqa: PLR2004 - a few of each kind
            start = _AWKWARD_STARTS[self._made % len(_AWKWARD_STARTS)]
            return start + text[len(start) :]
        return text

    def _files(self, start: datetime) -> tuple[File, ...]:
        end = start + timedelta(minutes=40)
        made = [self._file(start, end)]
        made.append(self._file(start, end, "M4A", "M4A", "audio_only"))
        if self._draw.random() < 0.2:  # noqa: PLR2004 - a second view now and then
            made.append(self._file(start, end, recording_type="gallery_view"))
        if self._draw.random() < 0.15:  # noqa: PLR2004 - a second segment now and then
            again = end + timedelta(minutes=5)
            made.append(self._file(again, again + timedelta(minutes=20)))
        for kind, extension, name in _SIDECARS:
            if self._draw.random() < 0.4:  # noqa: PLR2004 - some have it
                made.append(self._file(start, end, kind, extension, name))
        return tuple(made)

    def _file(
        self,
        start: datetime,
        end: datetime,
        file_type: str = "MP4",
        extension: str = "MP4",
        recording_type: str = "shared_screen_with_speaker_view",
    ) -> File:
        return File(
            id=_file_id(self._draw),
            file_type=file_type,
            extension=extension,
            recording_type=recording_type,
            size=self._draw.randrange(800, 9000),
            start_at=start + timedelta(seconds=6),
            end_at=end,
            size_as_text=self._draw.random() < 0.1,  # noqa: PLR2004 - now and then
        )

    def _oddity(self, meeting: Meeting) -> Meeting:
        turn = self._made % 23
        if turn < len(_ODD_TOPICS):
            return replace(meeting, topic=_ODD_TOPICS[turn])
        media, start = meeting.files[0], meeting.start_at
        soon = self._until + timedelta(days=3)
        changes: dict[int, dict[str, object]] = {
            10: {"timezone": "", "duration": 0},
            11: {"type": 99, "number": 0, "duration": 0},
            12: {"files": _with_late_transcript(meeting, self._draw)},
            13: {"files": tuple(replace(f, processing_until=soon) for f in meeting.files)},
            14: {"auto_delete_on": soon.date()},
            15: {"files": (), "files_form": FilesForm.MISSING},
            16: {"files": (), "files_form": FilesForm.NULL},
            17: {"files": (*meeting.files, self._idless(start, "CC", "VTT"))},
            18: {"files": (*meeting.files, self._idless(start, "TIMELINE", "JSON"))},
            19: {"numbers_as_text": True},
            20: {"participant_files": (replace(media, id=_file_id(self._draw)),)},
            21: {"files": (*meeting.files, self._file(start, start, "TB", "JPG", "thumbnail"))},
        }
        return replace(meeting, **changes.get(turn, {"files": ()}))  # type: ignore[arg-type]  # the values fit their keys

    def _idless(self, start: datetime, file_type: str, extension: str) -> File:
        file = self._file(start, start + timedelta(minutes=40), file_type, extension, "")
        return replace(file, omitted=_IDLESS)


def _file_id(draw: random.Random) -> str:
    text = draw.randbytes(16).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _with_late_transcript(meeting: Meeting, draw: random.Random) -> tuple[File, ...]:
    late = replace(
        meeting.files[0],
        id=_file_id(draw),
        file_type="TRANSCRIPT",
        extension="VTT",
        recording_type="audio_transcript",
        available_at=meeting.start_at + timedelta(days=7),
    )
    others = tuple(f for f in meeting.files if f.file_type != "TRANSCRIPT")
    return (*others, late)
