"""What the trim stage costs beside the two bare ffmpeg commands it cannot do without.

``python tests/benchmarks/bench_trim.py [--minutes 60] [--rounds 5]``. The recording is made once
per length and kept in the system's temporary directory. Budget: the stage at most 1.25 times the
two commands, medians of interleaved rounds.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from zoomauto.domain.artifact import Artifact
from zoomauto.domain.recording import FileKind
from zoomauto.media.ffmpeg import Ffmpeg, find_ffmpeg
from zoomauto.media.tools import Tools
from zoomauto.ports.stage import StageContext
from zoomauto.stages.trim import TrimOptions, TrimStage
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.progress import FakeProgress
from zoomauto.workspace import DiskWorkspace

BUDGET = 1.25
PICTURE = "testsrc=size=1280x720:rate=25:duration=60"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-b:v", "900k")
AAC = ("-c:a", "aac", "-b:a", "126k", "-movflags", "+faststart")


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Seconds of one round."""

    scan: float
    cut: float
    stage: float


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; give 1 when the budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args(arguments)
    ffmpeg = find_ffmpeg()
    recording = made(ffmpeg, given.minutes)
    with tempfile.TemporaryDirectory() as folder:
        rounds = [measured(ffmpeg, recording, Path(folder)) for _ in range(given.rounds)]
    return shown(recording, rounds)


def made(ffmpeg: Ffmpeg, minutes: int) -> Path:
    """Make a 720p recording of a talk with silence at both ends, or take the one there is."""
    path = Path(tempfile.gettempdir()) / f"zoomauto-bench-{os.getuid()}-{minutes}min.mp4"
    if path.exists():
        return path
    lavfi = ("-f", "lavfi", "-i")

    def run(*arguments: str) -> None:
        subprocess.run([ffmpeg.path, "-nostdin", "-loglevel", "error", *arguments], check=True)

    ends = minutes * 3
    loud = f"between(t,{ends},{minutes * 60 - ends})"
    sound = f"anoisesrc=color=pink:amplitude=0.3:sample_rate=32000:duration={minutes * 60}"
    with tempfile.TemporaryDirectory() as folder:
        minute, unfinished = Path(folder) / "minute.mp4", Path(folder) / "whole.mp4"
        run(*lavfi, f"{PICTURE},noise=alls=20:allf=t", *H264, str(minute))
        looped = ("-stream_loop", str(minutes - 1), "-i", str(minute))
        silent_ends = ("-af", f"volume=volume='{loud}':eval=frame")
        streams = ("-map", "0:v", "-map", "1:a", "-c:v", "copy", *AAC)
        run(*looped, *lavfi, sound, *silent_ends, *streams, str(unfinished))
        return Path(shutil.move(unfinished, path))


def measured(ffmpeg: Ffmpeg, recording: Path, folder: Path) -> Times:
    """Run the two commands and the stage once, each from the same page cache."""
    shutil.rmtree(folder / "7", ignore_errors=True)
    workspace = DiskWorkspace(folder)
    original = Path(workspace.folder(7)) / "a.mp4"
    original.symlink_to(recording)
    tools = Tools(workspace=workspace, clock=clock(), ffmpeg_setting=ffmpeg.path)
    stage = TrimStage(TrimOptions(), tools)
    artifact = Artifact(
        recording_id=7,
        stage="download",
        file_key="a",
        kind=FileKind.VIDEO,
        path="a.mp4",
        size_bytes=recording.stat().st_size,
        sha256="",
    )
    took, result = timed(lambda: stage.run(context(original.parent, artifact, tools)))
    start, length = (
        result.produced[0].details[key] for key in ("cut_start_seconds", "duration_seconds")
    )
    quiet = [ffmpeg.path, "-nostdin", "-loglevel", "error"]
    scan = ["-i", str(recording), "-vn", "-map", "0:a:0", "-af"]
    scan += ["silencedetect=n=-40dB:d=2,volumedetect", "-f", "null", "-"]
    cut = ["-ss", f"{start:.6f}", "-i", str(recording), "-map", "0:V", "-map", "0:a", "-c", "copy"]
    cut += ["-t", f"{length:.6f}", "-movflags", "+faststart", "-y", str(folder / "bare.mp4")]
    scanned, _ = timed(lambda: subprocess.run([*quiet, *scan], check=True))
    written, _ = timed(lambda: subprocess.run([*quiet, *cut], check=True))
    return Times(scan=scanned, cut=written, stage=took)


def context(folder: Path, artifact: Artifact, tools: Tools) -> StageContext:
    """Give the stage what it looks at; the rest of a context is of no use to it."""
    unused: Any = None
    return StageContext(
        recording=unused,
        template=unused,
        source_name="",
        folder=folder,
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


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Do the work; give how long it took, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def shown(recording: Path, rounds: Sequence[Times]) -> int:
    """Print the medians and their ratio."""
    scan, cut, stage = (
        statistics.median(getattr(times, name) for times in rounds)
        for name in ("scan", "cut", "stage")
    )
    ratio = stage / (scan + cut)
    print(f"{recording.name}: {recording.stat().st_size / 1e6:.0f} MB, {len(rounds)} rounds")
    print(f"{'ffmpeg scan':24} {scan:8.2f} s")
    print(f"{'ffmpeg cut':24} {cut:8.2f} s")
    print(f"{'trim stage':24} {stage:8.2f} s   {ratio:.2f} of both, budget {BUDGET}")
    return int(ratio > BUDGET)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
