"""A folder source on a real disk: trees, links, odd names, files that change."""

import hashlib
import os
import re
import shutil
import tempfile
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.domain.options import read_options
from zoomauto.domain.recording import FileKind, ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import (
    DiskFull,
    IncompleteListing,
    InvalidOptions,
    PermanentError,
    TemporaryError,
    Unreachable,
)
from zoomauto.sources.folder.source import FolderOptions, FolderSource
from zoomauto.testing.progress import FakeProgress, FakeStep

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
EVER = Window(start_at=datetime(1971, 1, 1, tzinfo=UTC), end_at=datetime(2999, 1, 1, tzinfo=UTC))
MEETING = "2026-01-05 10.00.00 Weekly sync"
MakeSource = Callable[..., FolderSource]


def write(path: Path, content: bytes = b"media", *, age: float = 86_400) -> Path:
    """Make a file, folders and all, that changed ``age`` seconds before NOW."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    changed = NOW.timestamp() - age
    os.utime(path, (changed, changed))
    return path


def listed(source: FolderSource, window: Window = EVER) -> dict[str, ListedRecording]:
    recordings = list(source.list_recordings(window))
    by_key = {recording.key: recording for recording in recordings}
    assert len(by_key) == len(recordings)
    return by_key


def only(source: FolderSource) -> ListedRecording:
    (recording,) = listed(source).values()
    return recording


def only_file(source: FolderSource) -> RecordingFile:
    (file,) = only(source).files
    return file


def test_every_media_file_in_the_tree_is_a_recording(root: Path, source: FolderSource):
    write(root / "a.mp4")
    write(root / "talks/2026/b.M4A")
    write(root / "GMT20260105-100000_Recording.mp4")
    for other in ("notes.txt", "c.mp4.part", "d.tmp", "e.mkv.crdownload", ".f.mp4", ".g/h.mp4"):
        write(root / other)
    assert {(r.key, r.name, r.start_at) for r in listed(source).values()} == {
        ("a.mp4", "a", NOW - timedelta(days=1)),
        ("talks/2026/b.M4A", "b", NOW - timedelta(days=1)),
        (
            "GMT20260105-100000_Recording.mp4",
            "GMT20260105-100000_Recording",
            datetime(2026, 1, 5, 10, tzinfo=UTC),
        ),
    }


def test_a_meetings_folder_is_one_recording(root: Path, source: FolderSource):
    folder = root / "2026" / f"{MEETING} 123456789"
    for name in ("video2.mp4", "video1.mp4", "audio1.m4a", "chat.txt", "captions.vtt"):
        write(folder / name)
    for name in ("playback1.m3u", ".DS_Store", "Audio Record/audioAnn1.m4a"):
        write(folder / name)
    recording = only(source)
    key = f"2026/{MEETING} 123456789"
    assert (recording.key, recording.name, recording.pending_reason) == (key, "Weekly sync", None)
    assert recording.start_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert [(file.key, file.kind) for file in recording.files] == [
        (f"{key}/audio1.m4a", FileKind.AUDIO),
        (f"{key}/Audio Record/audioAnn1.m4a", FileKind.OTHER),
        (f"{key}/captions.vtt", FileKind.TRANSCRIPT),
        (f"{key}/chat.txt", FileKind.CHAT),
        (f"{key}/video1.mp4", FileKind.VIDEO),
        (f"{key}/video2.mp4", FileKind.VIDEO),
    ]


def test_what_lies_deeper_in_a_meetings_folder_is_not_lost(root: Path, source: FolderSource):
    write(root / MEETING / "video1.mp4")
    write(root / MEETING / "edited" / "final.mp4")
    write(root / MEETING / "2026-01-06 10.00.00 Inner" / "video1.mp4")
    assert set(listed(source)) == {
        MEETING,
        f"{MEETING}/edited/final.mp4",
        f"{MEETING}/2026-01-06 10.00.00 Inner",
    }


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("double_click_to_convert_01.zoom", b"x", "Zoom has not converted it: open double_click"),
        ("video2.mp4.tmp", b"x", "video2.mp4.tmp is still being written"),
        ("recording.conf", b'{"items": [{"process": 7}]}', "Zoom has converted 7 % of it"),
        ("recording.conf", b'{"items": [{"vid', "recording.conf is not complete"),
        ("recording.conf", b'{"items": [{"video": "v.mp4"}]}', "v.mp4 is missing"),
    ],
)
def test_an_unfinished_meeting_is_pending(
    root: Path, source: FolderSource, name: str, content: bytes, reason: str
):
    write(root / MEETING / "video1.mp4")
    write(root / MEETING / name, content)
    pending = only(source)
    assert pending.pending_reason is not None
    assert pending.pending_reason.startswith(reason)
    assert source.find(MEETING) == pending


def test_an_empty_meeting_is_pending_until_it_has_media(root: Path, source: FolderSource):
    (root / MEETING).mkdir()
    assert only(source).pending_reason == "no picture or sound in it yet"
    write(root / MEETING / "video1.mp4")
    assert only(source).pending_reason is None


def test_a_pipe_in_place_of_a_file_does_not_make_us_wait(root: Path, source: FolderSource):
    write(root / MEETING / "video1.mp4")
    os.mkfifo(root / MEETING / "recording.conf")
    os.mkfifo(root / "a.mp4")
    assert only(source).pending_reason == "recording.conf is not complete"


def test_only_starts_within_the_window_are_listed(root: Path, source: FolderSource):
    write(root / "GMT20260105-095959.mp4")
    write(root / "GMT20260105-100000.mp4")
    write(root / "GMT20260106-100000.mp4")
    write(root / MEETING / "video1.mp4")
    start_at = datetime(2026, 1, 5, 10, tzinfo=UTC)
    window = Window(start_at=start_at, end_at=start_at + timedelta(days=1))
    assert set(listed(source, window)) == {"GMT20260105-100000.mp4", MEETING}


def test_times_in_folder_names_are_in_the_sources_zone(root: Path, make_source: MakeSource):
    write(root / MEETING / "video1.mp4")
    tokyo = make_source(timezone="Asia/Tokyo")
    assert only(tokyo).start_at == datetime(2026, 1, 5, 1, tzinfo=UTC)


ODD_NAMES = [
    b"emoji \xf0\x9f\x8e\xa5.mp4",
    b"new\nline.mp4",
    b"tab\t and \x07.mp4",
    b"not utf-8 \xff\xfe.mp4",
    b"100% %41 \\x41.mp4",
    b"-rf.mp4",
    b"..hidden.mp4",
    b"dots...mp4",
    b" space .mp4",
    b"\"quotes' $HOME `id`.mp4",
    b"r" * 251 + b".mp4",
    "\u202egnp.mp4".encode(),
    "cafe\u0301.mp4".encode(),
    "café.mp4".encode(),
]


def test_odd_names_are_listed_found_and_fetched(root: Path, source: FolderSource, tmp_path: Path):
    shown = set(ODD_NAMES) - {b"..hidden.mp4"}
    for name in ODD_NAMES:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name)
    recordings = listed(source)
    assert len(recordings) == len(shown)
    contents = set()
    for key, recording in recordings.items():
        assert source.find(key) == recording
        key.encode("utf-8")
        recording.name.encode("utf-8")
        source.fetch(recording.files[0], tmp_path / "copy", FakeProgress())
        contents.add((tmp_path / "copy").read_bytes())
    assert contents == shown


def test_an_undecodable_name_is_shown_with_replacement_characters(root: Path, source: FolderSource):
    Path(root, os.fsdecode(b"bad \xff\n.mp4")).write_bytes(b"x")
    recording = only(source)
    assert (recording.key, recording.name) == ("bad %FF%0A.mp4", "bad \ufffd")


@pytest.mark.parametrize(
    "key",
    [
        *("../outside.mp4", "sub/../../outside.mp4", "/etc/hostname", "sub/../a.mp4", "", "."),
        *(".hidden.mp4", "sub", "notes.txt", "missing.mp4", "a.mp4/b.mp4", "\0", "\udcff.mp4"),
        *(f"{MEETING}/video1.mp4", f"{MEETING}/Audio Record/a.m4a", "x" * 300 + ".mp4"),
    ],
)
def test_a_key_that_is_never_listed_finds_nothing(root: Path, source: FolderSource, key: str):
    write(root.parent / "outside.mp4")
    for name in ("a.mp4", "sub/b.mp4", ".hidden.mp4", "notes.txt"):
        write(root / name)
    write(root / MEETING / "video1.mp4")
    write(root / MEETING / "Audio Record" / "a.m4a")
    assert source.find(key) is None


def test_links_are_followed_and_loops_are_not(root: Path, source: FolderSource):
    outside = root.parent / "elsewhere"
    write(outside / "far.mp4")
    write(root / "near" / "a.mp4")
    (root / "far").symlink_to(outside)
    (root / "0 again").symlink_to(root / "near")
    (root / "near" / "up").symlink_to(root)
    (outside / "back").symlink_to(root / "near")
    (root / "b.mp4").symlink_to(outside / "far.mp4")
    (root / "circle").symlink_to("circle")
    (root / "circle.mp4").symlink_to("circle.mp4")
    (root / "nowhere.mp4").symlink_to("missing")
    recordings = listed(source)
    assert set(recordings) == {"b.mp4", "far/far.mp4", "near/a.mp4"}
    assert all(source.find(key) == recording for key, recording in recordings.items())
    assert source.find("near/up/near/a.mp4") is None
    assert source.find("circle.mp4") is None


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be somebody whom permissions bind; root may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_root() -> Iterator[Path]:
    """Give a folder whose way down is open to everybody."""
    folder = Path(tempfile.mkdtemp(prefix="zoomauto-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_what_cannot_be_read_is_named_after_the_rest_was_listed(
    open_root: Path, make_source: MakeSource
):
    for name in ("a.mp4", "secret.mp4", "shut/b.mp4", f"{MEETING}/video1.mp4"):
        write(open_root / name)
    write(open_root / MEETING / "audio1.m4a").chmod(0)
    (open_root / "secret.mp4").chmod(0)
    (open_root / "shut").chmod(0)
    source = make_source(path=str(open_root))
    given: list[ListedRecording] = []
    with ordinary_user():
        with pytest.raises(IncompleteListing) as caught:
            given.extend(source.list_recordings(EVER))
        for key in ("secret.mp4", "shut/b.mp4", MEETING):
            with pytest.raises(TemporaryError, match="Permission denied"):
                source.find(key)
        check = source.check()
    (open_root / "shut").chmod(0o755)
    assert {(r.key, r.pending_reason) for r in given} == {
        ("a.mp4", None),
        (MEETING, "not everything in it can be read"),
    }
    told = caught.value.message
    assert told.startswith(f"3 places in {open_root} could not be read: ")
    for place in ("secret.mp4", "shut", f"{MEETING}/audio1.m4a"):
        assert f"{place}: Permission denied" in told
    assert check[1] == Check(
        name="recordings", ok=False, detail=f"2 recordings, 1 ready, 1 not finished; {told}"
    )


def test_a_folder_that_cannot_be_entered_is_unreachable(open_root: Path, make_source: MakeSource):
    open_root.chmod(0)
    source = make_source(path=str(open_root))
    with ordinary_user(), pytest.raises(Unreachable, match="Permission denied"):
        list(source.list_recordings(EVER))


def test_a_missing_folder_is_unreachable_and_nothing_is_called_gone(
    root: Path, source: FolderSource, tmp_path: Path
):
    write(root / "a.mp4")
    file = only_file(source)
    root.rename(tmp_path / "unmounted")
    with pytest.raises(Unreachable, match="No such file") as caught:
        list(source.list_recordings(EVER))
    assert caught.value.hint is not None
    with pytest.raises(Unreachable):
        source.find("a.mp4")
    with pytest.raises(Unreachable):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    (check,) = source.check()
    assert (check.name, check.ok) == ("folder", False)


def test_a_file_in_place_of_the_folder_is_unreachable(root: Path, source: FolderSource):
    root.rmdir()
    root.write_bytes(b"")
    with pytest.raises(Unreachable, match="Not a directory"):
        list(source.list_recordings(EVER))


def test_a_folder_that_is_replaced_during_the_scan_makes_the_listing_incomplete(
    root: Path, source: FolderSource, tmp_path: Path
):
    write(root / "a.mp4")
    listing = source.list_recordings(EVER)
    next(listing)
    root.rename(tmp_path / "unmounted")
    root.mkdir()
    with pytest.raises(IncompleteListing, match="became another folder"):
        next(listing)


@pytest.mark.parametrize("age", [0, 59, -59])
def test_a_file_that_changed_just_now_is_not_settled(
    root: Path, make_source: MakeSource, age: float
):
    write(root / "a.mp4", age=age)
    source = make_source(settle_seconds=60)
    assert only(source).pending_reason == "a.mp4 is still changing"
    assert source.find("a.mp4") == only(source)
    assert only(make_source()).pending_reason is None


@pytest.mark.parametrize("age", [60, 3600, -3600])
def test_a_file_settles_with_time(root: Path, make_source: MakeSource, age: float):
    write(root / "a.mp4", age=age)
    assert only(make_source(settle_seconds=60)).pending_reason is None


def test_a_meeting_settles_with_its_last_file(root: Path, make_source: MakeSource):
    write(root / MEETING / "video1.mp4")
    write(root / MEETING / "chat.txt", age=1)
    assert only(make_source(settle_seconds=60)).pending_reason == "chat.txt is still changing"


def test_a_file_that_changes_during_the_scan_is_pending(root: Path, source: FolderSource):
    names = {"a.mp4", "b.mp4"}
    for name in names:
        write(root / name)
    listing = source.list_recordings(EVER)
    first = next(listing)
    (other,) = names - {first.key}
    write(root / other, b"more media")
    (second,) = listing
    assert (second.key, second.pending_reason) == (other, f"{other} is still changing")


def test_a_file_that_goes_during_the_scan_is_not_listed(root: Path, source: FolderSource):
    for name in ("a.mp4", "b.mp4"):
        write(root / name)
    listing = source.list_recordings(EVER)
    first = next(listing)
    for file in root.iterdir():
        file.unlink()
    assert first.pending_reason is None
    assert list(listing) == []


def test_a_fingerprint_changes_with_size_and_time(root: Path, source: FolderSource):
    prints = []
    for content, age in ((b"one", 9), (b"one", 9), (b"two", 8), (b"three", 8)):
        write(root / "a.mp4", content, age=age)
        prints.append(only_file(source).fingerprint)
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_fetching_copies_and_hashes_and_tells_progress(
    root: Path, source: FolderSource, tmp_path: Path
):
    content = os.urandom(3_000_001)
    write(root / "a.mp4", content)
    progress = FakeProgress()
    (tmp_path / "copy").write_bytes(b"older and in the way")
    fetched = source.fetch(only_file(source), tmp_path / "copy", progress)
    assert (fetched.size_bytes, fetched.sha256) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
    )
    assert (tmp_path / "copy").read_bytes() == content
    assert progress.steps == [
        FakeStep(label="copying a.mp4", total=len(content), unit="bytes", done=len(content))
    ]


def test_a_file_that_changed_since_it_was_listed_is_not_fetched(
    root: Path, source: FolderSource, tmp_path: Path
):
    write(root / "a.mp4")
    file = only_file(source)
    write(root / "a.mp4", b"other media")
    with pytest.raises(TemporaryError, match=r"a\.mp4 changed since it was listed"):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    assert not (tmp_path / "copy").exists()


class Meddler(FakeProgress):
    """Does something else in the middle of a copy."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__()
        self.meddle = meddle

    @contextmanager
    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Iterator[FakeStep]:
        """Open a step and meddle."""
        with super().step(label, total=total, unit=unit) as step:
            self.meddle()
            yield step


def test_a_file_that_changes_while_it_is_copied_leaves_no_copy(
    root: Path, source: FolderSource, tmp_path: Path
):
    write(root / "a.mp4")
    meddler = Meddler(lambda: write(root / "a.mp4", b"other media"))
    with pytest.raises(TemporaryError, match="changed while it was copied"):
        source.fetch(only_file(source), tmp_path / "copy", meddler)
    assert not (tmp_path / "copy").exists()


def test_an_interrupted_copy_leaves_nothing(root: Path, source: FolderSource, tmp_path: Path):
    def interrupt() -> None:
        raise KeyboardInterrupt

    write(root / "a.mp4")
    with pytest.raises(KeyboardInterrupt):
        source.fetch(only_file(source), tmp_path / "copy", Meddler(interrupt))
    assert not (tmp_path / "copy").exists()


def test_a_full_disk_is_told_as_such(root: Path, source: FolderSource, tmp_path: Path):
    write(root / "a.mp4", b"x" * 100_000)
    # Writing through the link meets a full disk; what is removed afterwards is the link.
    (tmp_path / "copy").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match=r"no space left for a\.mp4"):
        source.fetch(only_file(source), tmp_path / "copy", FakeProgress())
    assert not (tmp_path / "copy").is_symlink()
    assert Path("/dev/full").exists()


def test_a_file_that_is_gone_is_a_permanent_error(root: Path, source: FolderSource, tmp_path: Path):
    write(root / "a.mp4")
    file = only_file(source)
    (root / "a.mp4").unlink()
    with pytest.raises(PermanentError, match="no longer in"):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    (root / "a.mp4").mkdir()
    with pytest.raises(PermanentError, match="no longer"):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    (root / "a.mp4").rmdir()
    os.mkfifo(root / "a.mp4")
    with pytest.raises(PermanentError, match="no longer a file"):
        source.fetch(file, tmp_path / "copy", FakeProgress())
    assert not (tmp_path / "copy").exists()


def test_nothing_in_the_folder_is_ever_changed(root: Path, source: FolderSource, tmp_path: Path):
    write(root / "a.mp4").chmod(0o444)
    write(root / MEETING / "video1.mp4")
    write(root / MEETING / "recording.conf", b"{}")

    def state() -> dict[Path, tuple[int, int, int, bytes]]:
        return {
            path: (status.st_mtime_ns, status.st_mode, status.st_ino, path.read_bytes())
            for path in sorted(root.rglob("*.*"))
            if path.is_file()
            for status in [path.stat()]
        }

    before = state()
    for recording in listed(source).values():
        assert source.find(recording.key) == recording
        source.measure(recording)
        source.fetch(recording.files[0], tmp_path / "copy", FakeProgress())
    source.check()
    assert state() == before


def sound(path: Path, seconds: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * seconds))


def test_the_length_is_that_of_all_segments_together(
    root: Path, source: FolderSource, component: Callable[[object, str], None]
):
    component(shutil.which("ffmpeg"), "ffmpeg")
    sound(root / MEETING / "audio1.wav", 2)
    sound(root / MEETING / "audio2.wav", 3)
    sound(root / MEETING / "Audio Record" / "audioAnn.wav", 60)
    assert source.measure(only(source)) == timedelta(seconds=5)


def test_a_broken_file_has_no_length_and_breaks_nothing(root: Path, source: FolderSource):
    write(root / "a.mp4", b"<html>")
    assert source.measure(only(source)) is None
    write(root / MEETING / "chat.txt")
    assert source.measure(listed(source)[MEETING]) is None


def test_a_check_counts_what_is_ready(root: Path, source: FolderSource):
    write(root / "a.mp4")
    write(root / "b.mp4", b"")
    (root / MEETING).mkdir()
    assert source.check() == (
        Check(name="folder", ok=True, detail=f"{root} can be read"),
        Check(name="recordings", ok=True, detail="3 recordings, 1 ready, 2 not finished"),
    )


def test_many_recordings_are_each_listed_once(root: Path, source: FolderSource):
    for number in range(700):
        write(root / f"{number % 7}" / f"{number}.mp4")
    assert len(listed(source)) == 700


def test_options_come_from_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    values = {"path": "~/Zoom", "settle_seconds": "20", "timezone": "Europe/Berlin"}
    options = read_options(FolderOptions, values, where="source option")
    assert (options.root, options.settle_seconds) == (tmp_path / "Zoom", 20)
    assert str(options.zone) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"path": "recordings"}, "must be absolute, not 'recordings'"),
        ({"path": ""}, "must be absolute, not ''"),
        ({"path": "/a\0b"}, "must be absolute"),
        ({"path": "~nobody-at-all/x"}, "must be absolute"),
        ({"path": "/a", "settle_seconds": "-1"}, "between 0 and 3600, -1 does not"),
        ({"path": "/a", "settle_seconds": 3601}, "between 0 and 3600"),
        ({"path": "/a", "settle_seconds": "nan"}, "between 0 and 3600"),
        ({"path": "/a", "settle_seconds": "soon"}, "settle_seconds"),
        ({"path": "/a", "timezone": "Europe/Berlín"}, "there is no time zone 'Europe/Berlín'"),
        ({"path": "/a", "pattern": "x"}, "there is no option 'pattern'"),
        ({}, "'path' is missing"),
    ],
)
def test_options_that_cannot_work_are_refused(values: dict[str, Any], message: str):
    with pytest.raises(InvalidOptions, match=re.escape(message)):
        read_options(FolderOptions, values, where="source option")
