"""Reading Zoom's rows: JSON in, listed recordings out. Nothing here asks anybody anything.

Every field may be missing, null, empty or a number in quotes; unknown kinds are kept. Addresses
and passcodes are never taken over.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from zoomauto import __version__
from zoomauto.domain.recording import FileKind, ListedRecording
from zoomauto.sources.zoom.pages import FileRow, MeetingRow, file_in, objects_in

_KINDS = {
    "MP4": FileKind.VIDEO,
    "M4A": FileKind.AUDIO,
    "CHAT": FileKind.CHAT,
    "TRANSCRIPT": FileKind.TRANSCRIPT,
    "CC": FileKind.CAPTIONS,
}
_MEDIA = frozenset({FileKind.VIDEO, FileKind.AUDIO})
#: The mixed sound; what follows are interpreters.
_SOUNDS = ("audio_only",)
_EXTENSIONS = {
    "MP4": "mp4",
    "M4A": "m4a",
    "CHAT": "txt",
    "TRANSCRIPT": "vtt",
    "CC": "vtt",
    "TIMELINE": "json",
    "SUMMARY": "json",
    "CSV": "csv",
    "TB": "jpg",
}
#: Between a recording's uuid and a file's id; no uuid has it.
_SEPARATOR = ":"


class Sort(NamedTuple):
    """What Zoom's words say of a file: thousands of files are of a few dozen sorts."""

    #: Zoom's ``file_type``; empty while it is being processed.
    type: str
    kind: FileKind
    #: Whether it is a picture or a sound.
    is_media: bool
    view: str
    #: What such a file is called.
    name: str
    #: Whether it can be fetched, if it has bytes.
    is_complete: bool
    #: Whether a recording waits for it until it can be: texts may come days later.
    holds_up: bool


class File(msgspec.Struct, gc=False):
    """A file's row, read."""

    id: str
    sort: Sort
    size_bytes: int | None
    start_at: datetime | None
    end_at: datetime | None
    #: Whether it can be fetched.
    is_ready: bool


def recording_of(
    row: MeetingRow, views: Sequence[str], *, mark: str | None = None
) -> ListedRecording | None:
    """Read a meeting's row. None when it cannot be told apart, or from when it is."""
    uuid = _text(row.uuid)
    files = _files_of(row)
    start_at = start_of(row) or min((f.start_at for f in files if f.start_at), default=None)
    if not uuid or start_at is None:
        return None
    ready = [file for file in files if file.is_ready]
    pictures = _best([file for file in ready if file.sort.kind is FileKind.VIDEO], views)
    sounds = _best([file for file in ready if file.sort.kind is FileKind.AUDIO], _SOUNDS)
    shown = {file.id for file in (*pictures, *sounds)}
    pending = _pending(files, has_media=bool(shown))
    facts = {
        "key": uuid,
        "name": _text(row.topic),
        "start_at": start_at,
        "duration": None if pending else _duration(row, pictures or sounds),
        "files": [_listed(uuid, file, shown) for file in ready],
        "pending_reason": pending,
        "expires_at": None if row.auto_delete is False else _instant(row.auto_delete_date),
        "mark": mark,
    }
    # Checked, and made with all files in half the time that the classes themselves take.
    return msgspec.convert(facts, ListedRecording)


def start_of(row: MeetingRow) -> datetime | None:
    """Give when a meeting started, if its row says so itself."""
    return _instant(row.start_time)


def mark_of(row: MeetingRow, views: Sequence[str]) -> str | None:
    """Shorten all that a recording is read from; another version may read it otherwise.

    None for a row with a text that is none.
    """
    try:
        facts = msgspec.json.encode((__version__, views, row))
    except UnicodeEncodeError:
        return None
    return hashlib.sha1(facts, usedforsecurity=False).hexdigest()


def merged(one: MeetingRow, other: MeetingRow) -> MeetingRow:
    """Give one row for two of the same recording: every file once, the later words."""
    files = {_file_id(file): file for row in (one, other) for file in row.recording_files or ()}
    later = {
        name: getattr(one if getattr(other, name) is None else other, name)
        for name in MeetingRow.__struct_fields__
    }
    return MeetingRow(**{**later, "recording_files": list(files.values())})


def address_of(row: Mapping[str, Any], file_id: str) -> str | None:
    """Give the address of one file, good for a while and never to be stored."""
    for file in objects_in(row.get("recording_files")):
        if _file_id(file_in(file)) == file_id:
            return _text(file.get("download_url")) or None
    return None


def identity_of(row: MeetingRow) -> tuple[object, ...]:
    """Tell rows of one uuid apart: pages overlap, and a recording may have several rows."""
    ids = tuple([str(file.id) for file in row.recording_files or ()])
    return str(row.uuid), str(row.start_time), ids


def parted_key(key: str) -> tuple[str, str]:
    """Give the uuid and the file id of a key."""
    uuid, _, file_id = key.partition(_SEPARATOR)
    return uuid, file_id


def _files_of(row: MeetingRow) -> list[File]:
    """Read a meeting's files, each id once, in order of their starts."""
    found = {file.id: file for file in map(_file, row.recording_files or ())}
    return sorted(found.values(), key=_place)


def _place(file: File) -> tuple[datetime, str, str]:
    return file.start_at or _FIRST, file.sort.type, file.id


_FIRST = datetime.min.replace(tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def _listed(uuid: str, file: File, shown: Collection[str]) -> dict[str, object]:
    """Give the fields of a RecordingFile.

    One view of each part is what is processed, the others are only kept.
    """
    sort, size_bytes, end_at = file.sort, file.size_bytes, file.end_at
    is_extra = sort.is_media and file.id not in shown
    end = "" if end_at is None else _second_of(end_at)
    return {
        "key": f"{uuid}{_SEPARATOR}{file.id}",
        "name": sort.name,
        "kind": FileKind.OTHER if is_extra else sort.kind,
        "size_bytes": size_bytes,
        "fingerprint": f"{size_bytes}-{end}",
        "start_at": file.start_at,
    }


@lru_cache(maxsize=1024)
def _second_of(instant: datetime) -> int:
    return (instant - _EPOCH) // _SECOND


def _best(files: Sequence[File], order: Sequence[str]) -> Sequence[File]:
    """Choose one file for each part: parts are told apart by their starts."""
    if len(files) < 2:  # noqa: PLR2004 - there is nothing to choose from
        return files
    ranks = {view: rank for rank, view in enumerate(order)}
    best: dict[datetime | None, File] = {}
    for file in files:
        known = best.get(file.start_at)
        rank = ranks.get(file.sort.view, len(ranks))
        if known is None or rank < ranks.get(known.sort.view, len(ranks)):
            best[file.start_at] = file
    return list(best.values())


def _pending(files: Sequence[File], *, has_media: bool) -> str | None:
    if not files:
        return "Zoom has not listed its files yet"
    waiting = [file for file in files if not file.is_ready and file.sort.holds_up]
    if waiting:
        return f"Zoom is still processing {len(waiting)} of {len(files)} files"
    return None if has_media else "no picture or sound in it yet"


def _duration(row: MeetingRow, parts: Sequence[File]) -> timedelta | None:
    """Add up the parts; the meeting's minutes, which may be 0, only where an end is missing."""
    total = _NO_TIME
    for part in parts:
        if not part.start_at or not part.end_at or part.end_at <= part.start_at:
            break
        total += part.end_at - part.start_at
    else:
        if parts:
            return total
    minutes = _number(row.duration)
    return timedelta(minutes=minutes) if minutes else None


_NO_TIME = timedelta()


def _file_id(file: FileRow) -> str:
    return _text(file.id) or _stand_in(file)


def _stand_in(file: FileRow) -> str:
    """Give what stands for the id: captions and timelines may have none."""
    return "-".join(map(_text, (file.file_type, file.recording_type, file.recording_start)))


def _file(file: FileRow) -> File:
    try:
        sort = _sort(file.file_type, file.file_extension, file.recording_type, file.status)
        start_at, end_at = _instant_in(file.recording_start), _instant_in(file.recording_end)
    except TypeError:  # a list or an object, which no cache can look up
        return _file(FileRow(**{n: _text(getattr(file, n)) for n in FileRow.__struct_fields__}))
    size_bytes = file.file_size if type(file.file_size) is int else _number(file.file_size)
    # Captions and timelines may come without status and size.
    has_bytes = size_bytes != 0 and (size_bytes is not None or not sort.is_media)
    return File(
        _text(file.id) or _stand_in(file),
        sort,
        size_bytes,
        start_at,
        end_at,
        sort.is_complete and has_bytes,
    )


@lru_cache(maxsize=1024)
def _sort(*words: object) -> Sort:
    file_type, extension, view, status = map(_text, words)
    file_type, extension, status = file_type.upper(), extension.lower(), status.lower()
    kind = _KINDS.get(file_type, FileKind.OTHER)
    return Sort(
        type=file_type,
        kind=kind,
        is_media=kind in _MEDIA,
        view=view,
        name=f"{view or file_type.lower()}.{extension or _EXTENSIONS.get(file_type, 'bin')}",
        is_complete=bool(file_type) and status in {"", "completed"},
        holds_up=status != "failed" and (not file_type or kind in _MEDIA),
    )


def _text(value: object) -> str:
    """Take a text over; what no database keeps becomes ``?`` or U+FFFD."""
    if not isinstance(value, str):
        return "" if value is None else str(value)
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    return _instant_in(value) if isinstance(value, str) else None


@lru_cache(maxsize=1024)
def _instant_in(text: object) -> datetime | None:
    """Read an instant; the files of a part say the same ones again and again."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
