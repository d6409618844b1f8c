"""What the local part of a recording costs, each figure beside its floor in the same round.

``python tests/benchmarks/bench_media.py [--minutes 60] [--rounds 3] [--sizes 100,1000,4000]``.
Works in a temporary folder of its own below ``--folder`` and deletes it. Budgets, as ratios of the
medians of interleaved rounds: the scan at most 1.25 times a bare decode of the sound, the cut at
most 2 times ``dd conv=fsync`` of the same bytes (with the system's ffmpeg), sealing at most
1.2 times hashlib, and our own memory under 100 MB whatever the size of the file.
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import FileKind
from zoomauto.media.cut import cut_arguments
from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.media.probe import probe
from zoomauto.media.silence import listen
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import StageContext
from zoomauto.stages.trim import TrimOptions, TrimStage, judge
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

BUDGETS = {"scan": 1.25, "cut": 2.0, "seal": 1.2}
MOST_MEMORY = 100 * 10**6
HOUR = timedelta(hours=1)
PICTURE = "testsrc=size=1280x720:rate=25:duration=20,noise=alls=20:allf=t"
TALK = (
    "Good morning everybody and welcome to the weekly review. First we look at the figures of last"
    " week and then at the plans for the next one. The number of visitors went up by seven percent"
    " and most of them came from the new campaign. Are there any questions so far? If not I will go"
    " on with the second part which is about the budget for the coming quarter."
)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-b:v", "900k", "-maxrate", "900k")
AAC = ("-c:a", "aac", "-b:a", "126k", "-movflags", "+faststart")


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; give 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", default="100,1000", help="of the memory test, in MB")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args(arguments)
    ffmpeg = find_ffmpeg()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        recording = made(ffmpeg, folder, minutes=given.minutes)
        rounds = [measured(ffmpeg, recording, folder) for _ in range(given.rounds)]
        missed = shown(recording, given.minutes, rounds)
        recording.unlink()
        for size in map(int, given.sizes.split(",")):
            missed |= memory(ffmpeg, folder, size * 10**6)
    return int(missed)


def made(ffmpeg: Ffmpeg, folder: Path, *, minutes: int) -> Path:
    """Make a 720p recording of a talk with silence at both ends: some seconds, looped."""
    lavfi = ("-f", "lavfi", "-i")

    def run(*arguments: str) -> None:
        subprocess.run(
            [ffmpeg.path, "-nostdin", "-loglevel", "error", "-y", *arguments], check=True
        )

    ends = minutes * 3
    loud = f"between(t,{ends},{minutes * 60 - ends})"
    piece, talk, whole = folder / "piece.mp4", folder / "talk.wav", folder / "whole.mp4"
    run(*lavfi, PICTURE, *H264, "-bufsize", "900k", str(piece))
    run(*lavfi, f"flite=text='{TALK}':voice=slt,aresample=32000,apad=pad_dur=3", str(talk))
    looped = ("-stream_loop", "-1", "-i", str(piece), "-stream_loop", "-1", "-i", str(talk))
    silent_ends = ("-af", f"volume=volume='{loud}':eval=frame")
    streams = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", *AAC, "-t", str(minutes * 60))
    run(*looped, *silent_ends, *streams, str(whole))
    return whole


def measured(ffmpeg: Ffmpeg, recording: Path, folder: Path) -> dict[str, float]:
    """Do each thing once, and its floor right after it; give seconds by name."""
    options, target = TrimOptions(), folder / "piece.part"
    bare = [ffmpeg.path, "-nostdin", "-loglevel", "error", "-i", str(recording)]
    info = probe(recording, ffmpeg)
    times: dict[str, float] = {}

    def take(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - start
        return result

    sound = take("scan", lambda: listen(recording, ffmpeg, options.silence, timeout=HOUR))
    take("scan floor", lambda: command(*bare, "-vn", "-map", "0:a:0", "-f", "null", "-"))
    kept = judge(info, sound, options).kept
    if kept is None:
        raise SystemExit("the recording has no silence to cut")
    take(
        "cut",
        lambda: ffmpeg.run(cut_arguments(recording, target, kept.kept[0], info), timeout=HOUR),
    )
    copied = folder / "copied"
    dd = ("dd", f"if={target}", f"of={copied}", "bs=1M", "conv=fsync", "status=none")
    take("cut floor", lambda: command(*dd))
    workspace = DiskWorkspace(folder / "work")
    sealed = Path(workspace.folder(7)) / "sealed"
    copied.replace(sealed)
    take("seal", lambda: workspace.seal(sealed))
    take("seal floor", lambda: hashed(sealed))
    sealed.unlink()
    original = Path(workspace.folder(7)) / "a.mp4"
    original.symlink_to(recording)
    tools = Tools(workspace=workspace, clock=clock(), ffmpeg_setting=ffmpeg.path)
    stage, given = TrimStage(options, tools), context(original, tools)

    def local_part() -> None:
        """Hash the copy, listen, cut, hash the piece: all but what networks do."""
        hashed(recording)
        (piece,) = stage.run(given).produced
        workspace.seal(piece.path)

    take("local part", local_part)
    workspace.remove(7)
    target.unlink()
    return times


def shown(recording: Path, minutes: int, rounds: Sequence[dict[str, float]]) -> bool:
    """Print medians and ratios; say whether a budget was missed."""
    times = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    size = recording.stat().st_size
    print(f"{minutes} min, {size / 1e6:.0f} MB, medians of {len(rounds)} rounds")
    ratios = {name: times[name] / times[f"{name} floor"] for name in BUDGETS}
    for name, ratio in ratios.items():
        floor = times[f"{name} floor"]
        print(
            f"{name:12} {times[name]:7.2f} s, floor {floor:6.2f} s: {ratio:5.2f} times,"
            f" budget {BUDGETS[name]}"
        )
    print(f"{'local part':12} {times['local part'] * 60 / minutes:7.2f} s per hour of meeting")
    return any(ratios[name] > BUDGETS[name] for name in BUDGETS)


#: Run by a process of its own: what was the most memory belongs to the whole life of one.
_PROBE = """
import resource, runpy, sys
bench = runpy.run_path(sys.argv[1], run_name="bench")
bench["whole_way"](sys.argv[2], sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def memory(ffmpeg: Ffmpeg, folder: Path, size: int) -> bool:
    """Print the most memory that our process takes for a file; say whether it is too much."""
    # Frames make the index grow, bytes alone do not: 4 GB are nine hours of 25 frames a second.
    minutes = max(size * 60 // 469_000_000, 1)
    recording = made(ffmpeg, folder, minutes=minutes)
    command_line = [sys.executable, "-c", _PROBE, __file__, str(recording), ffmpeg.path]
    told = subprocess.run(command_line, capture_output=True, text=True, check=True).stdout
    most = int(told)
    written = recording.stat().st_size / 1e6
    print(f"memory for {written:6.0f} MB: {most / 1e6:.0f} MB, budget {MOST_MEMORY / 1e6:.0f} MB")
    recording.unlink()
    return most > MOST_MEMORY


def whole_way(recording: str, ffmpeg: str) -> None:
    """Seal, listen, cut and seal again, as a run does."""
    path = Path(recording)
    workspace = DiskWorkspace(path.parent / "memory")
    original = Path(workspace.folder(7)) / "a.mp4"
    original.hardlink_to(path)
    workspace.seal(original)
    tools = Tools(workspace=workspace, clock=clock(), ffmpeg_setting=ffmpeg)
    (piece,) = TrimStage(TrimOptions(), tools).run(context(original, tools)).produced
    workspace.seal(piece.path)
    workspace.remove(7)


def context(original: Path, tools: Tools) -> StageContext:
    """Give the stage what it looks at; the rest of a context is of no use to it."""
    unused: Any = None
    artifact = Artifact(
        recording_id=7,
        stage="download",
        file_key="a",
        kind=FileKind.VIDEO,
        path=original.name,
        size_bytes=original.stat().st_size,
        sha256="",
    )
    return StageContext(
        recording=unused,
        template=unused,
        source_name="",
        folder=original.parent,
        inputs=(artifact,),
        source=unused,
        destinations={},
        progress=FakeProgress(),
        clock=tools.clock,
        timezone="UTC",
        published=unused,
    )


def clock() -> FrozenClock:
    """Give a clock that nobody reads."""
    return FrozenClock(datetime(2026, 11, 23, tzinfo=UTC))


def command(*words: str) -> None:
    """Run a program that must succeed."""
    subprocess.run(words, check=True)


def hashed(path: Path) -> str:
    """Hash a file as hashlib does by itself."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
