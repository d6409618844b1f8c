"""Zoom's pages: what is read, and what is made of pages that are not as they should be."""

import json
from typing import Any

import pytest

from zoomauto.sources.zoom.pages import FileRow, MeetingRow, Page, page_in

FILE = {"id": "f1", "file_type": "MP4", "file_size": 7, "download_url": "https://zoom.us/rec/1"}
MEETING = {"uuid": "u==", "topic": "Sync", "share_url": "https://zoom.us/s", "type": 8}


def read(*meetings: Any, **more: Any) -> Any:
    return page_in(json.dumps({"meetings": meetings, **more}).encode())


def test_a_page_keeps_the_few_fields_that_are_read():
    found = read(
        {**MEETING, "recording_files": [FILE]},
        **{"from": "2026-08-01", "to": "2026-08-21", "next_page_token": "t", "total_records": 1},
    )
    assert found == Page(
        meetings=[
            MeetingRow(
                uuid="u==",
                topic="Sync",
                recording_files=[FileRow(id="f1", file_type="MP4", file_size=7)],
            )
        ],
        next_page_token="t",  # noqa: S106 - no secret
        total_records=1,
        first="2026-08-01",
        last="2026-08-21",
    )


@pytest.mark.parametrize("files", [None, "", {}, 7, [None, 7, "x"]])
def test_files_of_another_type_are_none(files: Any):
    found = read({**MEETING, "recording_files": files}, total_records="1")
    assert [row.recording_files or [] for row in found.meetings] == [[]]
    assert found.total_records == "1"


def test_rows_that_are_no_objects_are_left_out():
    found = read(None, MEETING, "x", {**MEETING, "recording_files": [FILE, None]})
    assert [len(row.recording_files or ()) for row in found.meetings] == [0, 1]


def test_halves_of_characters_are_read():
    assert read({**MEETING, "topic": "a\ud800b"}).meetings[0].topic == "a\ud800b"


def test_what_is_no_page_is_given_as_it_is():
    assert page_in(b'{"code": 300, "message": "no"}') == {"code": 300, "message": "no"}
    assert read().meetings == page_in(b'{"meetings": null}').meetings == []  # type: ignore[union-attr]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"meetings": [', b"\xff", b"[" * 10**5])
def test_what_is_no_document_is_none(body: bytes):
    assert page_in(body) is None
