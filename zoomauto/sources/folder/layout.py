"""How recordings lie in folders: names, kinds, keys. Pure text; nothing here touches a disk.

The desktop client's layout is known from Zoom's support pages (KB0064394) and from the field:
``YYYY-MM-DD HH.MM.SS Topic[ meeting id]``, in local time.
"""

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from posixpath import basename, splitext
from typing import Any

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile

VIDEO = frozenset({".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".ts"})
AUDIO = frozenset({".m4a", ".mp3", ".wav", ".flac", ".ogg", ".opus", ".aac", ".wma"})
#: Endings of files that somebody is still writing.
UNFINISHED = frozenset({".part", ".tmp", ".crdownload"})
#: The client's own format, before it is converted.
UNCONVERTED = ".zoom"
CONVERSION = "recording.conf"
#: One file per participant, when the client was told so.
AUDIO_RECORD = "audio record"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DONE = 100
_MEETING = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}\.[0-9]{2}\.[0-9]{2})"
    r"(?: (?P<topic>.*?))?(?: [0-9]{9,11})?\Z",
    re.DOTALL,
)
_CLOUD_START = re.compile(r"GMT([0-9]{8}-[0-9]{6})(?![0-9])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSAFE = re.compile(r"[%\x00-\x1f\x7f\udc80-\udcff]")
_SAFE = re.compile(rb"%([0-9A-F]{2})")


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundFile:
    """A regular file as the disk showed it."""

    #: Relative to the source's folder, with ``/``.
    path: str
    size_bytes: int
    #: Nanoseconds since 1970.
    modified_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """What the name of a meeting's folder says."""

    start_at: datetime
    topic: str


def key_of(path: str) -> str:
    """Write a relative path as text that any database can hold.

    ``%``, control characters and bytes that are no UTF-8 become ``%NN``, the same in every locale.
    """
    text = os.fsencode(path).decode("utf-8", "surrogateescape")
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]) & 0xFF:02X}", text)


def path_of(key: str) -> str | None:
    """Give the relative path that ``key`` stands for; None for what :func:`key_of` never gives.

    A path that leaves the folder, or is not in its plainest form, is None too.
    """
    raw = key.encode("utf-8", "surrogatepass")
    path = os.fsdecode(_SAFE.sub(lambda found: bytes([int(found[1], 16)]), raw))
    is_plain = not {"", ".", ".."} & set(path.split("/")) and "\0" not in path
    return path if is_plain and key_of(path) == key else None


def readable(name: str) -> str:
    """Write a file name for people: odd bytes as U+FFFD, control characters as a space."""
    return _CONTROL.sub(" ", os.fsencode(name).decode("utf-8", "replace")).strip()


def is_hidden(name: str) -> bool:
    """Whether a file or folder is none of ours."""
    return name.startswith(".")


def media_kind(name: str) -> FileKind | None:
    """Tell picture from sound by the ending; None for everything else."""
    ending = _ending(name)
    if ending in VIDEO:
        return FileKind.VIDEO
    return FileKind.AUDIO if ending in AUDIO else None


def meeting_named(name: str, zone: tzinfo | None) -> Meeting | None:
    """Read the name of a meeting's folder, in ``zone`` (None: the machine's).

    A time that occurs twice means the first pass, one that never occurs the time after the gap.
    """
    found = _MEETING.match(name)
    if found is None:
        return None
    try:
        local = datetime.strptime(found[1], "%Y-%m-%d %H.%M.%S").replace(tzinfo=zone)
        start_at = local.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return Meeting(start_at=start_at, topic=readable(found["topic"] or ""))


def cloud_start(name: str) -> datetime | None:
    """Read the start from a name that Zoom's cloud gave: ``GMT20260105-100000_Recording``."""
    found = _CLOUD_START.search(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def fingerprint(size_bytes: int, modified_ns: int) -> str:
    """Tell one state of a file's bytes from the next."""
    return f"{size_bytes}-{modified_ns}"


def kind_in_meeting(path: str, folder: str) -> FileKind | None:
    """Tell what a file in a meeting's folder is; None for what is no part of the recording."""
    name = path[len(folder) + 1 :].lower()
    if "/" in name:
        return FileKind.OTHER if media_kind(name) else None
    if name.endswith(".vtt"):
        return FileKind.TRANSCRIPT
    if name.endswith("chat.txt"):
        return FileKind.CHAT
    return media_kind(name)


def loose_recording(file: FoundFile) -> ListedRecording:
    """Make a recording of one media file that belongs to no meeting's folder."""
    name = basename(file.path)
    kind = media_kind(name) or FileKind.OTHER
    return ListedRecording(
        key=key_of(file.path),
        name=readable(splitext(name)[0]),
        start_at=cloud_start(name) or _instant(file.modified_ns),
        files=(_recording_file(file, kind),),
        pending_reason=None if file.size_bytes else "the file is empty",
    )


def meeting_recording(
    folder: str,
    meeting: Meeting,
    files: Sequence[FoundFile],
    *,
    names: Collection[str],
    conversion: bytes | None,
) -> ListedRecording:
    """Make one recording of all files in a meeting's folder.

    ``names`` are all names in it, ``conversion`` the bytes of its ``recording.conf``, if any.
    Empty files are left out: there is nothing to fetch yet.
    """
    items = _conversion_items(conversion)
    places = {name: place for place, name in enumerate(_named_files(items or ()))}

    def place(file: FoundFile) -> tuple[Any, ...]:
        return places.get(basename(file.path), len(places)), _natural(file.path)

    kinds = [
        (file, kind)
        for file in sorted(files, key=place)
        if file.size_bytes and (kind := kind_in_meeting(file.path, folder))
    ]
    has_media = any(kind in {FileKind.VIDEO, FileKind.AUDIO} for _, kind in kinds)
    pending = _unfinished(names) or _unconverted(items, names)
    return ListedRecording(
        key=key_of(folder),
        name=meeting.topic,
        start_at=meeting.start_at,
        files=tuple(_recording_file(file, kind) for file, kind in kinds),
        pending_reason=pending or (None if has_media else "no picture or sound in it yet"),
    )


def _recording_file(file: FoundFile, kind: FileKind) -> RecordingFile:
    name = basename(file.path)
    return RecordingFile(
        key=key_of(file.path),
        name=readable(name),
        kind=kind,
        size_bytes=file.size_bytes,
        fingerprint=fingerprint(file.size_bytes, file.modified_ns),
        start_at=cloud_start(name),
    )


def _unfinished(names: Collection[str]) -> str | None:
    for name in sorted(names):
        ending = _ending(name)
        if ending == UNCONVERTED:
            return f"Zoom has not converted it: open {readable(name)} to have it converted"
        if ending in UNFINISHED:
            return f"{readable(name)} is still being written"
    return None


def _unconverted(items: Sequence[Mapping[str, Any]] | None, names: Collection[str]) -> str | None:
    if items is None:
        return f"{CONVERSION} is not complete"
    for item in items:
        done = item.get("process")
        if isinstance(done, int | float) and done < _DONE:
            return f"Zoom has converted {done:g} % of it"
    missing = [name for name in _named_files(items) if name not in names]
    return f"{readable(missing[0])} is missing, which {CONVERSION} names" if missing else None


def _conversion_items(conversion: bytes | None) -> Sequence[Mapping[str, Any]] | None:
    """Read ``recording.conf``. None while it is half written; empty when it says nothing."""
    try:
        document = json.loads(conversion) if conversion is not None else {}
    except (ValueError, RecursionError):
        return None
    items = document.get("items") if isinstance(document, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else ()


def _named_files(items: Sequence[Mapping[str, Any]]) -> list[str]:
    named = (item.get(kind) for kind in ("video", "audio") for item in items)
    return [name for name in named if isinstance(name, str) and name]


def _ending(name: str) -> str:
    return splitext(name)[1].lower()


def _natural(path: str) -> list[Any]:
    """Order names as people count: ``video2`` before ``video10``."""
    parts = enumerate(re.split("([0-9]+)", path))
    return [int(part) if place % 2 else part.casefold() for place, part in parts]


def _instant(modified_ns: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=modified_ns // 1000)
    except OverflowError:
        return _EPOCH
