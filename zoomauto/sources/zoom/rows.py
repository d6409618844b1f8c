"""Reading Zoom's rows: JSON in, listed recordings out. Nothing here asks anybody anything.

Every field may be missing, null, empty or a number in quotes; unknown kinds are kept. Addresses
and passcodes are never taken over.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile

Row = Mapping[str, Any]

_KINDS = {
    "MP4": FileKind.VIDEO,
    "M4A": FileKind.AUDIO,
    "CHAT": FileKind.CHAT,
    "TRANSCRIPT": FileKind.TRANSCRIPT,
    "CC": FileKind.TRANSCRIPT,
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


class FileRow(NamedTuple):
    """A row of ``recording_files``, read."""

    id: str
    #: Zoom's ``file_type``; empty while it is being processed.
    type: str
    #: What it holds; of several views of one part only one stays what it is.
    kind: FileKind
    view: str
    extension: str
    size_bytes: int | None
    start_at: datetime | None
    end_at: datetime | None
    status: str
    #: Whether it can be fetched.
    is_ready: bool

    @property
    def holds_up(self) -> bool:
        """Whether the recording waits for it: texts may come days later, media may not."""
        is_over = self.is_ready or self.status == "failed"
        return not is_over and (not self.type or self.kind in _MEDIA)


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
    listed = tuple(_listed_files(uuid, ready, views))
    pending = _pending(files, ready)
    return ListedRecording(
        key=uuid,
        name=_text(row.get("topic")),
        start_at=start_at,
        duration=None if pending else _duration(row, ready, listed),
        files=listed,
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
    """Tell rows of a listing apart: pages overlap, and a recording may have several rows."""
    ids = tuple(str(file.get("id")) for file in _file_rows(row))
    return str(row.get("uuid")), str(row.get("start_time")), ids


def parted_key(key: str) -> tuple[str, str]:
    """Give the uuid and the file id of a key."""
    uuid, _, file_id = key.partition(_SEPARATOR)
    return uuid, file_id


def _place(file: FileRow) -> tuple[datetime, str, str]:
    return file.start_at or _FIRST, file.type, file.id


_FIRST = datetime.min.replace(tzinfo=UTC)


def _listed_files(
    uuid: str, ready: Sequence[FileRow], views: Sequence[str]
) -> Iterable[RecordingFile]:
    """Show the files; one view of each part is what is processed, the others are only kept."""
    extra = _extra(ready, FileKind.VIDEO, views) | _extra(ready, FileKind.AUDIO, _SOUNDS)
    for file in ready:
        yield RecordingFile(
            key=uuid + _SEPARATOR + file.id,
            name=f"{file.view or file.type.lower()}.{file.extension}",
            kind=FileKind.OTHER if file.id in extra else file.kind,
            size_bytes=file.size_bytes,
            fingerprint=f"{file.size_bytes}-{_timestamp(file.end_at)}",
            start_at=file.start_at,
        )


def _extra(files: Sequence[FileRow], kind: FileKind, order: Sequence[str]) -> set[str]:
    """Give the ids of those that show a part again."""
    alike = [file for file in files if file.kind is kind]
    if len(alike) < 2:  # noqa: PLR2004 - there is nothing to choose from
        return set()
    return {file.id for file in alike} - {file.id for file in _best(alike, order)}


def _timestamp(instant: datetime | None) -> str:
    return "" if instant is None else str(int(instant.timestamp()))


def _best(files: Iterable[FileRow], order: Sequence[str]) -> Iterable[FileRow]:
    """Choose one file for each part: parts are told apart by their starts."""
    ranks = {view: rank for rank, view in enumerate(order)}
    best: dict[datetime | None, FileRow] = {}
    for file in files:
        known = best.get(file.start_at)
        if known is None or ranks.get(file.view, len(ranks)) < ranks.get(known.view, len(ranks)):
            best[file.start_at] = file
    return best.values()


def _pending(files: Sequence[FileRow], ready: Sequence[FileRow]) -> str | None:
    if not files:
        return "Zoom has not listed its files yet"
    waiting = sum(file.holds_up for file in files)
    if waiting:
        return f"Zoom is still processing {waiting} of {len(files)} files"
    if not any(file.kind in _MEDIA for file in ready):
        return "no picture or sound in it yet"
    return None


def _duration(
    row: Row, ready: Sequence[FileRow], listed: Sequence[RecordingFile]
) -> timedelta | None:
    """Add up the parts; the meeting's minutes, which may be 0, only where an end is missing."""
    kinds = {file.kind for file in listed}
    kind = FileKind.VIDEO if FileKind.VIDEO in kinds else FileKind.AUDIO
    spans = [
        file.end_at - file.start_at if file.start_at and file.end_at else None
        for file, shown in zip(ready, listed, strict=True)
        if shown.kind is kind
    ]
    known = [span for span in spans if span is not None and span > timedelta()]
    if spans and len(known) == len(spans):
        return sum(known, timedelta())
    minutes = _number(row.get("duration"))
    return timedelta(minutes=minutes) if minutes else None


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
    kind_name = _text(file.get("file_type")).upper()
    kind = _KINDS.get(kind_name, FileKind.OTHER)
    status = _text(file.get("status")).lower()
    size_bytes = _number(file.get("file_size"))
    # Captions and timelines may come without status and size.
    has_bytes = size_bytes != 0 and (size_bytes is not None or kind not in _MEDIA)
    ending = _text(file.get("file_extension")).lower()
    return FileRow(
        id=_file_id(file),
        type=kind_name,
        kind=kind,
        view=_text(file.get("recording_type")),
        extension=ending or _EXTENSIONS.get(kind_name, "bin"),
        size_bytes=size_bytes,
        start_at=_instant(file.get("recording_start")),
        end_at=_instant(file.get("recording_end")),
        status=status,
        is_ready=bool(kind_name) and has_bytes and status in {"", "completed"},
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
