"""Reading Zoom's rows: JSON in, listed recordings out. Nothing here asks anybody anything.

Every field may be missing, null, empty or a number in quotes; unknown kinds are kept. Addresses
and passcodes are never taken over.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile

Row = Mapping[str, Any]

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
    view: str
    #: What such a file is called.
    name: str
    #: Whether it can be fetched, if it has bytes.
    is_complete: bool
    #: Whether a recording waits for it until it can be: texts may come days later.
    holds_up: bool


class FileRow(NamedTuple):
    """A row of ``recording_files``, read."""

    id: str
    sort: Sort
    size_bytes: int | None
    start_at: datetime | None
    end_at: datetime | None
    #: Whether it can be fetched.
    is_ready: bool


def recording_of(row: Row, views: Sequence[str]) -> ListedRecording | None:
    """Read a meeting's row. None when it cannot be told apart, or from when it is."""
    uuid = _text(row.get("uuid"))
    files = files_of(row)
    start_at = _instant(row.get("start_time")) or min(
        (file.start_at for file in files if file.start_at), default=None
    )
    if not uuid or start_at is None:
        return None
    ready = [file for file in files if file.is_ready]
    pictures = _best([file for file in ready if file.sort.kind is FileKind.VIDEO], views)
    sounds = _best([file for file in ready if file.sort.kind is FileKind.AUDIO], _SOUNDS)
    shown = {file.id for file in (*pictures, *sounds)}
    pending = _pending(files, has_media=bool(shown))
    return ListedRecording(
        key=uuid,
        name=_text(row.get("topic")),
        start_at=start_at,
        duration=None if pending else _duration(row, pictures or sounds),
        files=tuple([_listed(uuid, file, shown) for file in ready]),
        pending_reason=pending,
        expires_at=_expiry(row),
    )


def merged(one: Row, other: Row) -> Row:
    """Give one row for two of the same recording: every file once, the later words."""
    files = {_file_id(file): file for row in (one, other) for file in _file_rows(row)}
    return {**one, **other, "recording_files": list(files.values())}


def files_of(row: Row) -> list[FileRow]:
    """Read a meeting's files, each id once, in order of their starts."""
    found = {file.id: file for file in map(_file_row, _file_rows(row))}
    return sorted(found.values(), key=_place)


def address_of(row: Row, file_id: str) -> str | None:
    """Give the address of one file, good for a while and never to be stored."""
    for file in _file_rows(row):
        if _file_id(file) == file_id:
            return _text(file.get("download_url")) or None
    return None


def identity_of(row: Row) -> tuple[object, ...]:
    """Tell rows of one uuid apart: pages overlap, and a recording may have several rows."""
    ids = tuple(str(file.get("id")) for file in _file_rows(row))
    return str(row.get("uuid")), str(row.get("start_time")), ids


def parted_key(key: str) -> tuple[str, str]:
    """Give the uuid and the file id of a key."""
    uuid, _, file_id = key.partition(_SEPARATOR)
    return uuid, file_id


def _place(file: FileRow) -> tuple[datetime, str, str]:
    return file.start_at or _FIRST, file.sort.type, file.id


_FIRST = datetime.min.replace(tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def _listed(uuid: str, file: FileRow, shown: Collection[str]) -> RecordingFile:
    """Show a file; one view of each part is what is processed, the others are only kept."""
    sort = file.sort
    is_extra = sort.kind in _MEDIA and file.id not in shown
    end = "" if file.end_at is None else (file.end_at - _EPOCH) // _SECOND
    return RecordingFile(
        key=uuid + _SEPARATOR + file.id,
        name=sort.name,
        kind=FileKind.OTHER if is_extra else sort.kind,
        size_bytes=file.size_bytes,
        fingerprint=f"{file.size_bytes}-{end}",
        start_at=file.start_at,
    )


def _best(files: Sequence[FileRow], order: Sequence[str]) -> Sequence[FileRow]:
    """Choose one file for each part: parts are told apart by their starts."""
    if len(files) < 2:  # noqa: PLR2004 - there is nothing to choose from
        return files
    ranks = {view: rank for rank, view in enumerate(order)}
    best: dict[datetime | None, FileRow] = {}
    for file in files:
        known = best.get(file.start_at)
        rank = ranks.get(file.sort.view, len(ranks))
        if known is None or rank < ranks.get(known.sort.view, len(ranks)):
            best[file.start_at] = file
    return list(best.values())


def _pending(files: Sequence[FileRow], *, has_media: bool) -> str | None:
    if not files:
        return "Zoom has not listed its files yet"
    waiting = [file for file in files if not file.is_ready and file.sort.holds_up]
    if waiting:
        return f"Zoom is still processing {len(waiting)} of {len(files)} files"
    return None if has_media else "no picture or sound in it yet"


def _duration(row: Row, parts: Sequence[FileRow]) -> timedelta | None:
    """Add up the parts; the meeting's minutes, which may be 0, only where an end is missing."""
    total = _NO_TIME
    for part in parts:
        if not part.start_at or not part.end_at or part.end_at <= part.start_at:
            break
        total += part.end_at - part.start_at
    else:
        if parts:
            return total
    minutes = _number(row.get("duration"))
    return timedelta(minutes=minutes) if minutes else None


_NO_TIME = timedelta()


def _expiry(row: Row) -> datetime | None:
    if row.get("auto_delete") is False:
        return None
    return _instant(row.get("auto_delete_date"))


def _file_rows(row: Row) -> list[Row]:
    files = row.get("recording_files")
    return [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []


def _file_id(file: Row) -> str:
    """Give the id, or what stands for it: captions and timelines may have none."""
    if own := _text(file.get("id")):
        return own
    facts = (file.get("file_type"), file.get("recording_type"), file.get("recording_start"))
    return "-".join(map(_text, facts))


def _file_row(file: Row) -> FileRow:
    get = file.get
    words = get("file_type"), get("file_extension"), get("recording_type"), get("status")
    try:
        sort = _sort(*words)
    except TypeError:  # a list or an object, which no cache can look up
        sort = _sort(*map(_text, words))
    size_bytes = _number(get("file_size"))
    # Captions and timelines may come without status and size.
    has_bytes = size_bytes != 0 and (size_bytes is not None or sort.kind not in _MEDIA)
    return FileRow(
        _file_id(file),
        sort,
        size_bytes,
        _instant(get("recording_start")),
        _instant(get("recording_end")),
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
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(str(value))
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is UTC:
            return found
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
