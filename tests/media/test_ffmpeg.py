"""Finding ffmpeg, and running it so that nothing of it is left when we are gone."""

import os
import select
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest

from zoomauto.errors import ConfigurationError, CorruptMedia, DiskFull, TemporaryError
from zoomauto.media.child import Ended
from zoomauto.media.ffmpeg import Ffmpeg, failure, file_url, find_ffmpeg, reason, source_arguments

MINUTE = timedelta(minutes=1)
ENDLESS = ["-re", "-f", "lavfi", "-i", "anullsrc", "-f", "wav"]


def program(path: Path, text: str = "exit 0") -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def ended(*lines: str, code: int = 1, too_talkative: bool = False) -> Ended:
    return Ended(
        lines=lines, length=None, code=code, was_overdue=False, was_too_talkative=too_talkative
    )


def test_the_setting_comes_before_the_path(tmp_path: Path):
    mine = program(tmp_path / "my-ffmpeg")
    assert find_ffmpeg(str(mine)) == Ffmpeg(path=str(mine))


def test_the_path_comes_before_the_bundled_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mine = program(tmp_path / "ffmpeg")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == Ffmpeg(path=str(mine))


def test_without_one_on_the_path_the_bundled_one_is_used(monkeypatch: pytest.MonkeyPatch):
    bundled = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    monkeypatch.setenv("PATH", "")
    assert find_ffmpeg() == Ffmpeg(path=bundled)


def test_without_any_the_command_that_installs_one_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ConfigurationError) as refusal:
        find_ffmpeg()
    assert refusal.value.hint == 'pip install "zoomauto[ffmpeg]"'


def test_a_setting_that_is_no_program_is_refused(tmp_path: Path):
    with pytest.raises(ConfigurationError, match="not a program"):
        find_ffmpeg(str(tmp_path / "missing"))


def test_a_program_that_cannot_start_is_a_matter_of_configuration(tmp_path: Path):
    broken = tmp_path / "ffmpeg"
    broken.write_bytes(b"\x7fELF, but no more")
    broken.chmod(0o755)
    with pytest.raises(ConfigurationError, match="cannot be started"):
        Ffmpeg(path=str(broken)).run([], timeout=MINUTE)


def test_progress_adds_up_to_the_length(each_ffmpeg: Ffmpeg, clips: Any):
    told: list[float] = []
    arguments = [*source_arguments(clips.talk), "-vn", "-f", "null", "-"]
    finished = each_ffmpeg.run(arguments, timeout=MINUTE, advance=told.append)
    assert (round(sum(told), 3), finished.length) == (20.0, timedelta(seconds=20))


@pytest.mark.parametrize(
    "name",
    ["-y.mp4", "a:b.mp4", "http:x.mp4", "%03d.mp4", "two\nlines.mp4", "naïve 📼.mp4", "\udcff.mp4"],
)
def test_any_name_is_taken_as_a_file(
    name: str, clips: Any, ffmpeg: Ffmpeg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path(name).hardlink_to(clips.mute)
    finished = ffmpeg.run([*source_arguments(Path(name)), "-f", "null", "-"], timeout=MINUTE)
    assert finished.length is not None


def test_a_playlist_cannot_make_ffmpeg_open_other_files(
    each_ffmpeg: Ffmpeg, clips: Any, tmp_path: Path
):
    playlist = tmp_path / "innocent.mp4"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{clips.mute}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises(CorruptMedia):
        each_ffmpeg.run([*source_arguments(playlist), "-f", "null", "-"], timeout=MINUTE)


def test_what_ffmpeg_cannot_read_is_corrupt_for_its_own_reason(each_ffmpeg: Ffmpeg, tmp_path: Path):
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0" + bytes(1000))
    with pytest.raises(CorruptMedia, match="moov atom not found"):
        each_ffmpeg.run([*source_arguments(junk), "-f", "null", "-"], timeout=MINUTE)


def test_a_full_disk_is_told_as_such(each_ffmpeg: Ffmpeg, clips: Any):
    full = [*source_arguments(clips.talk), "-vn", "-f", "wav", "-y", "/dev/full"]
    with pytest.raises(DiskFull):
        each_ffmpeg.run(full, timeout=MINUTE)


def test_what_takes_too_long_is_stopped(ffmpeg: Ffmpeg, tmp_path: Path):
    with pytest.raises(TemporaryError, match="not done after"):
        ffmpeg.run([*ENDLESS, str(tmp_path / "x.wav")], timeout=timedelta(seconds=0.2))


def test_no_more_run_at_once_than_there_are_turns(tmp_path: Path):
    turns = Semaphore(1)
    log = tmp_path / "log"
    slow = program(tmp_path / "ffmpeg", f"echo in >>{log}; sleep 0.1; echo out >>{log}")
    ffmpegs = [Ffmpeg(path=str(slow), turns=turns) for _ in range(3)]
    threads = [
        threading.Thread(target=f.run, args=([],), kwargs={"timeout": MINUTE}) for f in ffmpegs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.read_text().split() == ["in", "out"] * 3


def test_who_waits_for_a_turn_can_be_called_away(tmp_path: Path):
    def called_away(seconds: float) -> None:
        assert seconds == 0
        raise KeyboardInterrupt

    busy = Ffmpeg(path=str(program(tmp_path / "ffmpeg")), turns=Semaphore(0))
    with pytest.raises(KeyboardInterrupt):
        busy.run([], timeout=MINUTE, advance=called_away)


def test_it_steps_back_for_other_programs(tmp_path: Path):
    tell = program(tmp_path / "ffmpeg", "nice >&2")
    finished = Ffmpeg(path=str(tell), niceness=7).run([], timeout=MINUTE)
    assert int(finished.lines[0]) == min(os.nice(0) + 7, 19)


def test_a_script_that_starts_ffmpeg_is_stopped_with_it(tmp_path: Path):
    script = program(tmp_path / "ffmpeg", "tail -f /dev/null\ntrue")
    with pytest.raises(TemporaryError, match="not done after"):
        Ffmpeg(path=str(script)).run([], timeout=timedelta(seconds=0.2))


def test_an_interruption_ends_the_child_first(ffmpeg: Ffmpeg, tmp_path: Path):
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    before = children_of(os.getpid())  # other tests' servers may be among them
    with pytest.raises(KeyboardInterrupt):
        ffmpeg.run([*ENDLESS, str(tmp_path / "x.wav")], timeout=MINUTE, advance=interrupted)
    assert children_of(os.getpid()) == before


def test_a_killed_parent_leaves_no_ffmpeg_behind(ffmpeg: Ffmpeg, tmp_path: Path):
    script = (
        "from datetime import timedelta; from zoomauto.media.ffmpeg import Ffmpeg\n"
        "import sys; say = lambda seconds: print('on', flush=True)\n"
        "Ffmpeg(path=sys.argv[1]).run(sys.argv[2:], timeout=timedelta(minutes=1), advance=say)\n"
    )
    command = [sys.executable, "-c", script, ffmpeg.path, *ENDLESS, str(tmp_path / "x.wav")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "on\n"
        child = next(pid for pid in children_of(parent.pid) if "ffmpeg" in name_of(pid))
        watch = os.pidfd_open(child)
        os.kill(parent.pid, signal.SIGKILL)
        assert has_ended(watch)


def children_of(pid: int) -> list[int]:
    text = "".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(word) for word in text.split()]


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text()


def has_ended(process: int) -> bool:
    """Wait until a process has ended, for half a minute at most."""
    try:
        return select.select([process], [], [], 30) == ([process], [], [])
    finally:
        os.close(process)


def test_a_child_that_complains_without_end_is_stopped(tmp_path: Path):
    loud = program(tmp_path / "ffmpeg", "while :; do echo '[error] broken' >&2; done")
    with pytest.raises(CorruptMedia, match="without end: broken"):
        Ffmpeg(path=str(loud)).run([], timeout=MINUTE)


def test_a_line_without_end_costs_no_memory(tmp_path: Path):
    loud = program(tmp_path / "ffmpeg", "tr '\\0' x < /dev/zero >&2")
    with pytest.raises(CorruptMedia, match="without end"):
        Ffmpeg(path=str(loud)).run([], timeout=MINUTE)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (ended(code=0), None),
        (ended("[error] av_write_frame(): No space left on device", code=0), DiskFull),
        (ended("[error] Disk quota exceeded"), DiskFull),
        (ended(code=-signal.SIGKILL), TemporaryError),
        (ended(code=-signal.SIGSEGV), CorruptMedia),
        (ended("[fatal] Unrecognized option 'fps_mode'."), ConfigurationError),
        (ended("[error] moov atom not found"), CorruptMedia),
        (ended("[info] title: No space left on device", code=0), None),
    ],
)
def test_each_end_has_its_meaning(outcome: Ended, error: type | None):
    found = failure(outcome)
    assert (type(found) if found else None) == error


def test_the_telling_line_is_the_reason_not_the_last():
    lines = [
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x1] [error] moov atom not found",
        "[in#0 @ 0x2] [error] Error opening input: Invalid data found when processing input",
        "[error] Error opening input file file:/home/me/a.mp4.",
    ]
    assert reason(lines) == "moov atom not found"


def test_a_reason_shows_no_path_of_ours():
    assert reason(["[error] file:/home/me/a.mp4: Invalid argument"]) == "a.mp4: Invalid argument"


def test_silence_has_no_reason():
    assert reason(["", " "]) == "it gives no reason"


def test_an_address_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert file_url(Path("-x.mp4")) == f"file:{tmp_path}/-x.mp4"
