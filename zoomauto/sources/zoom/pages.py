"""What is read of Zoom's pages: a few of the many fields, of whatever type Zoom gives them.

msgspec skips the rest while it decodes, which halves the time that a long listing takes. What
does not fit its types, or is not quite JSON, is read once more by the standard library.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec


class FileRow(msgspec.Struct, kw_only=True, gc=False):
    """A row of ``recording_files``. Addresses change without meaning anything: left out."""

    id: Any = None
    file_type: Any = None
    file_extension: Any = None
    recording_type: Any = None
    status: Any = None
    file_size: Any = None
    recording_start: Any = None
    recording_end: Any = None


class MeetingRow(msgspec.Struct, kw_only=True, gc=False):
    """A row of ``meetings``."""

    uuid: Any = None
    topic: Any = None
    start_time: Any = None
    duration: Any = None
    auto_delete: Any = None
    auto_delete_date: Any = None
    recording_files: list[FileRow] | None = None


class Page(msgspec.Struct, kw_only=True, gc=False):
    """One answer of a listing."""

    meetings: list[MeetingRow]
    next_page_token: Any = None
    total_records: Any = None
    #: The days that Zoom used.
    first: Any = msgspec.field(default=None, name="from")
    last: Any = msgspec.field(default=None, name="to")


Document = Mapping[str, Any] | Page

_decoder = msgspec.json.Decoder(Page)


def page_in(body: bytes) -> Document | None:
    """Read a page; a document that is none is given as it is, None for what is no document."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        document = document_in(body)
    if document is None or "meetings" not in document:
        return document
    return Page(
        meetings=[meeting_in(row) for row in objects_in(document["meetings"])],
        next_page_token=document.get("next_page_token"),
        total_records=document.get("total_records"),
        first=document.get("from"),
        last=document.get("to"),
    )


def document_in(body: bytes) -> Mapping[str, Any] | None:
    """Read a document; None when it is no JSON object."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def meeting_in(row: Mapping[str, Any]) -> MeetingRow:
    """Take over what is read of a meeting."""
    facts = {name: row.get(name) for name in MeetingRow.__struct_fields__}
    files = [file_in(file) for file in objects_in(facts.pop("recording_files"))]
    return MeetingRow(**facts, recording_files=files)


def file_in(row: Mapping[str, Any]) -> FileRow:
    """Take over what is read of a file."""
    return FileRow(**{name: row.get(name) for name in FileRow.__struct_fields__})


def objects_in(value: object) -> list[Mapping[str, Any]]:
    """Give the objects in a list; nothing for what is no list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
