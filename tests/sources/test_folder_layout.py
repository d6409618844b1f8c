"""What names of files and folders mean."""

import json
import os
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.sources.folder.layout import (
    FoundFile,
    Meeting,
    cloud_start,
    key_of,
    kind_in_meeting,
    loose_recording,
    media_kind,
    meeting_named,
    meeting_recording,
    path_of,
    readable,
)

TEN = datetime(2026, 1, 5, 10, tzinfo=UTC)
MEETING = Meeting(start_at=TEN, topic="Sync")
FOLDER = "2026-01-05 10.00.00 Sync"
DISK_NAMES = st.binary(min_size=1, max_size=30).filter(
    lambda raw: b"/" not in raw and b"\0" not in raw and raw not in {b".", b".."}
)


@given(parts=st.lists(DISK_NAMES, min_size=1, max_size=3))
def test_every_path_that_a_disk_can_hold_has_a_key_that_leads_back_to_it(parts: list[bytes]):
    path = os.fsdecode(b"/".join(parts))
    key = key_of(path)
    assert path_of(key) == path
    # A database's text takes neither control characters nor halves of a surrogate pair.
    assert key.encode("utf-8").decode("utf-8") == key
    assert not any(character < " " for character in key)


@given(one=DISK_NAMES, other=DISK_NAMES)
def test_two_paths_never_share_a_key(one: bytes, other: bytes):
    assert (key_of(os.fsdecode(one)) == key_of(os.fsdecode(other))) == (one == other)


@given(key=st.text(max_size=20))
def test_a_key_is_read_in_one_way_or_not_at_all(key: str):
    path = path_of(key)
    assert path is None or key_of(path) == key


@pytest.mark.parametrize(
    "key",
    [
        *("", ".", "..", "../a.mp4", "a/../b.mp4", "/etc/passwd", "a//b", "a/", "./a", "a/."),
        *("..%2Fa", "%2E%2E/a", "%00", "a%zz", "%41", "%0a", "\ud800", "a\nb", "%"),
    ],
)
def test_a_key_cannot_leave_the_folder_nor_be_written_in_a_second_way(key: str):
    assert path_of(key) is None


def test_keys_are_what_databases_can_hold():
    path = os.fsdecode(b"\xff 100%\n/caf\xc3\xa9 \xf0\x9f\x8e\xa5.mp4")
    assert key_of(path) == "%FF 100%25%0A/café 🎥.mp4"


def test_names_are_made_readable():
    assert readable(os.fsdecode(b" bad \xff\n byte\x7f")) == "bad \ufffd  byte"


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("2026-01-05 10.00.00 Weekly sync", "Weekly sync"),
        ("2026-01-05 10.00.00 Weekly sync 123456789", "Weekly sync"),
        ("2026-01-05 10.00.00 Weekly 2026 98765432101", "Weekly 2026"),
        ("2026-01-05 10.00.00 Room 12345678", "Room 12345678"),
        ("2026-01-05 10.00.00 Room 123456789012", "Room 123456789012"),
        ("2026-01-05 10.00.00  123456789", ""),
        ("2026-01-05 10.00.00 ", ""),
        ("2026-01-05 10.00.00", ""),
        ("2026-01-05 10.00.00 Планёрка\n🎥", "Планёрка 🎥"),
    ],
)
def test_a_meetings_folder_tells_start_and_topic(name: str, topic: str):
    assert meeting_named(name, UTC) == Meeting(start_at=TEN, topic=topic)


@pytest.mark.parametrize(
    "name",
    [
        "2026-01-05",
        "2026-13-05 10.00.00 X",
        "2026-02-30 10.00.00 X",
        "2026-01-05 24.00.00 X",
        "2026-01-05 10:00:00 X",
        "x2026-01-05 10.00.00 X",
        "2026-01-05 10.00.00X",
        "٢٠٢٦-01-05 10.00.00 X",
        "0001-01-01 00.00.00 X",
        "",
    ],
)
def test_other_folders_are_no_meetings(name: str):
    assert meeting_named(name, ZoneInfo("Asia/Tokyo")) is None


@pytest.mark.parametrize(
    ("name", "zone", "start_at"),
    [
        # Twice: the first pass. Never: after the gap.
        ("2026-10-25 02.30.00 X", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-03-29 02.30.00 X", "Europe/Berlin", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-07-01 10.00.00 X", "America/New_York", datetime(2026, 7, 1, 14, tzinfo=UTC)),
    ],
)
def test_a_meetings_time_is_local(name: str, zone: str, start_at: datetime):
    assert meeting_named(name, ZoneInfo(zone)) == Meeting(start_at=start_at, topic="X")


def test_without_a_zone_the_machines_own_is_meant(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        meeting = meeting_named(FOLDER, None)
    time.tzset()
    assert meeting == Meeting(start_at=datetime(2026, 1, 5, 15, tzinfo=UTC), topic="Sync")


@pytest.mark.parametrize(
    ("name", "start_at"),
    [
        ("GMT20260105-100000_Recording.mp4", TEN),
        ("Sync GMT20260105-100000.mp4", TEN),
        ("GMT20261399-100000_Recording.mp4", None),
        ("GMT20260105-1000000.mp4", None),
        ("20260105-100000.mp4", None),
    ],
)
def test_a_name_from_the_cloud_tells_the_start(name: str, start_at: datetime | None):
    assert cloud_start(name) == start_at


def test_endings_tell_media_whatever_their_case():
    kinds = {name: media_kind(name) for name in ("a.MP4", "b.Opus", "c.txt", "mp4", "d.mp4.part")}
    assert kinds == {
        "a.MP4": FileKind.VIDEO,
        "b.Opus": FileKind.AUDIO,
        "c.txt": None,
        "mp4": None,
        "d.mp4.part": None,
    }


def found(name: str, *, size_bytes: int = 1, modified_ns: int = 7) -> FoundFile:
    return FoundFile(path=f"{FOLDER}/{name}", size_bytes=size_bytes, modified_ns=modified_ns)


def test_a_loose_file_is_a_recording_of_its_own():
    file = FoundFile(path="talks/Intro.part 1.mkv", size_bytes=5, modified_ns=1_500_000_000)
    assert loose_recording(file) == ListedRecording(
        key="talks/Intro.part 1.mkv",
        name="Intro.part 1",
        start_at=datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC),
        files=(
            RecordingFile(
                key="talks/Intro.part 1.mkv",
                name="Intro.part 1.mkv",
                kind=FileKind.VIDEO,
                size_bytes=5,
                fingerprint="5-1500000000",
            ),
        ),
    )


def test_an_impossible_time_of_change_does_no_harm():
    assert loose_recording(found("a.mp4", modified_ns=10**30)).start_at.year == 1970
    assert loose_recording(found("a.mp4", modified_ns=-(10**9))).start_at.year == 1969


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("video1.mp4", FileKind.VIDEO),
        ("audio1.m4a", FileKind.AUDIO),
        ("chat.txt", FileKind.CHAT),
        ("meeting_saved_chat.txt", FileKind.CHAT),
        ("closed_caption.VTT", FileKind.TRANSCRIPT),
        ("Audio Record/audioAnn1.m4a", FileKind.OTHER),
        ("Audio Record/notes.txt", None),
        ("playback1.m3u", None),
        ("recording.conf", None),
    ],
)
def test_files_of_a_meeting_have_kinds(name: str, kind: FileKind | None):
    assert kind_in_meeting(f"{FOLDER}/{name}", FOLDER) is kind


def conf(*items: Any) -> bytes:
    return json.dumps({"items": items, "magic_number": "1"}).encode()


def listed(*names: str, conversion: bytes | None = None) -> ListedRecording:
    files = [found(name) for name in names]
    return meeting_recording(FOLDER, MEETING, files, names=set(names), conversion=conversion)


def test_segments_are_counted_as_people_count():
    recording = listed("video10.mp4", "chat.txt", "video2.mp4", "video1.mp4")
    assert [file.name for file in recording.files] == [
        "chat.txt",
        "video1.mp4",
        "video2.mp4",
        "video10.mp4",
    ]


def test_digits_of_any_script_can_be_ordered():
    recording = listed("٢.mp4", "a.mp4", "2.mp4", "²a.mp4")
    assert [file.name for file in recording.files] == ["2.mp4", "a.mp4", "²a.mp4", "٢.mp4"]


def test_the_order_in_recording_conf_comes_first():
    order = conf({"video": "video9.mp4", "process": 100}, {"video": "video3.mp4", "process": 100})
    recording = listed("video3.mp4", "video9.mp4", "video1.mp4", conversion=order)
    assert [file.name for file in recording.files] == ["video9.mp4", "video3.mp4", "video1.mp4"]


@pytest.mark.parametrize(
    ("names", "conversion", "reason"),
    [
        (["double_click_to_convert_01.zoom"], None, "Zoom has not converted it: open double_click"),
        (["video1.mp4", "x.zoom"], None, "Zoom has not converted it"),
        (["video1.mp4", "video2.mp4.tmp"], None, "video2.mp4.tmp is still being written"),
        (["video1.mp4", "a.m4a.part"], None, "a.m4a.part is still being written"),
        (["video1.mp4"], b'{"items":[{"pro', "recording.conf is not complete"),
        (["video1.mp4"], b"", "recording.conf is not complete"),
        (["video1.mp4"], b"\xff\xfe\x00", "recording.conf is not complete"),
        (["video1.mp4"], b"[" * 100_000, "recording.conf is not complete"),
        (["video1.mp4"], conf({"process": 40}), "Zoom has converted 40 % of it"),
        (["video1.mp4"], conf({"process": 100, "audio": "a.m4a"}), "a.m4a is missing, which"),
        (["chat.txt"], None, "no picture or sound in it yet"),
        (["Audio Record/audioAnn1.m4a"], None, "no picture or sound in it yet"),
        ([], None, "no picture or sound in it yet"),
    ],
)
def test_an_unfinished_meeting_waits_with_a_reason(
    names: list[str], conversion: bytes | None, reason: str
):
    recording = listed(*names, conversion=conversion)
    assert recording.pending_reason is not None
    assert recording.pending_reason.startswith(reason)


@pytest.mark.parametrize(
    "conversion",
    [
        None,
        conf({"audio": "", "prefix": "", "process": 100, "video": "video1.mp4"}),
        b'\xef\xbb\xbf{"items": []}',
        b"[]",
        b"{}",
        b'{"items": 3}',
        conf(3, {"process": "?", "video": 7}),
    ],
)
def test_a_finished_meeting_does_not_wait(conversion: bytes | None):
    assert listed("video1.mp4", conversion=conversion).pending_reason is None


def test_empty_files_of_a_meeting_are_left_out():
    files = [found("audio1.m4a"), found("video1.mp4", size_bytes=0)]
    recording = meeting_recording(FOLDER, MEETING, files, names=set(), conversion=None)
    assert [file.name for file in recording.files] == ["audio1.m4a"]
    assert recording.pending_reason is None


def test_an_empty_loose_file_waits():
    assert loose_recording(found("a.mp4", size_bytes=0)).pending_reason == "the file is empty"
