"""Finding ffmpeg, calling it safely, and telling what its answers mean.

ffprobe is never needed: headers are read by :mod:`zoomauto.media.mp4`, the rest is in what ffmpeg
prints. Each line carries its level (``-loglevel level+info``), so that damage can be told from
chatter whatever the version.
"""

import errno
import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePath
from threading import Semaphore
from typing import Any

from zoomauto.errors import (
    ConfigurationError,
    CorruptMedia,
    DiskFull,
    TemporaryError,
    ZoomautoError,
)
from zoomauto.media.child import Ended, run_child

INSTALL_HINT = 'pip install "zoomauto[ffmpeg]"'

#: Containers that recordings come in. Playlists (HLS, concat) are left out on purpose: they make
#: ffmpeg open other files and addresses.
FORMATS = "mov,mp4,matroska,webm,mp3,wav,w64,ogg,flac,aac,avi,mpegts,mpeg,flv,asf,amr,caf"

#: Seconds between two looks up from waiting for a turn.
_LOOK_UP = 0.5
_MANNERS = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info")
_PROGRESS = ("-progress", "pipe:1")
_FULL = ("No space left on device", "Disk quota exceeded")
_TOO_OLD = ("Unrecognized option", "No such filter", "Option not found")
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})
#: What ffmpeg says after the reason; true of every failure, so it explains none.
_GENERIC = re.compile("Error opening input|Invalid data found when processing|Conversion failed")
_COMPLAINT = re.compile(r"(?:\[[^\]]* @ [^\]]*\] )*\[(?:error|fatal|panic)\] (?P<text>.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """What a successful ffmpeg left behind."""

    #: All lines it printed, in order; decode errors are among them even after success.
    lines: tuple[str, ...]
    #: How far into the output it came; None when it wrote nothing timed.
    length: timedelta | None


def one_per_core() -> Semaphore:
    """Give as many turns as there are cores to this process: more ffmpegs end no sooner."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return Semaphore(len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1)


def find_ffmpeg(
    setting: str | None = None, *, turns: Semaphore | None = None, niceness: int = 0
) -> "Ffmpeg":
    """Find ffmpeg: the setting, else ``PATH``, else the one that imageio-ffmpeg brings.

    ``PATH`` comes before the wheel: the system's build is patched by the system, and faster.
    ``turns`` and ``niceness`` are those of :class:`Ffmpeg`.
    Raise ConfigurationError, with the command that installs one, when there is none.
    """
    manners: dict[str, Any] = {"turns": turns or one_per_core(), "niceness": niceness}
    if setting:
        return Ffmpeg(path=_named(setting), **manners)
    found = shutil.which("ffmpeg") or _bundled()
    if found is None:
        raise ConfigurationError(
            "ffmpeg is needed to look into recordings, and was not found", hint=INSTALL_HINT
        )
    return Ffmpeg(path=str(Path(found).absolute()), **manners)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ffmpeg:
    """One ffmpeg program."""

    #: Absolute.
    path: str
    #: How many may run at once; all threads that should share them hold the same.
    turns: Semaphore = field(default_factory=one_per_core, compare=False, repr=False)
    #: What the system's scheduler is asked to put before it; added to our own.
    niceness: int = 0

    def run(
        self,
        arguments: Sequence[str],
        *,
        timeout: timedelta,
        advance: Callable[[float], None] | None = None,
    ) -> Finished:
        """Run ffmpeg to its end, telling ``advance`` each time how many seconds more are done.

        It waits for a turn first, and meanwhile tells ``advance`` of nothing done, now and then.
        Raise CorruptMedia with ffmpeg's own reason, DiskFull when the output did not fit,
        TemporaryError when it took longer than ``timeout``, ConfigurationError when the program
        itself cannot be used.
        """
        command = [self.path, *_MANNERS, *_PROGRESS, *arguments]
        told = advance or _ignore
        with self._turn(told):
            try:
                ended = run_child(command, timeout=timeout, advance=told, niceness=self.niceness)
            except OSError as error:
                raise self._unusable(error) from error
        if ended.was_overdue:
            raise TemporaryError(f"ffmpeg was stopped: not done after {timeout}")
        if (refusal := failure(ended)) is not None:
            raise refusal
        return Finished(lines=ended.lines, length=ended.length)

    @contextmanager
    def _turn(self, advance: Callable[[float], None]) -> Iterator[None]:
        while not self.turns.acquire(timeout=_LOOK_UP):
            # Whoever listens may want to end the waiting, which it does by raising.
            advance(0)
        try:
            yield
        finally:
            self.turns.release()

    def _unusable(self, error: OSError) -> ZoomautoError:
        if error.errno in {errno.ENOMEM, errno.EAGAIN}:
            return TemporaryError(f"ffmpeg could not be started: {error.strerror}")
        return ConfigurationError(
            f"ffmpeg cannot be started: {self.path}: {error.strerror}", hint=INSTALL_HINT
        )


def source_arguments(path: PurePath) -> list[str]:
    """Give the arguments that make ``path`` the input, whatever its name looks like.

    Neither the name nor the bytes can make ffmpeg open anything else.
    """
    whitelists = ["-protocol_whitelist", "file", "-format_whitelist", FORMATS]
    return [*whitelists, "-i", file_url(path)]


def file_url(path: PurePath) -> str:
    """Give a path so that ffmpeg takes it neither for an option nor for a protocol."""
    return f"file:{Path(path).absolute()}"


def complaints(lines: Sequence[str]) -> tuple[str, ...]:
    """Give the text of every line that ffmpeg itself calls an error."""
    found = (_COMPLAINT.match(line) for line in lines)
    return tuple(match["text"].strip() for match in found if match)


def reason(lines: Sequence[str]) -> str:
    """Give the line that explains best why ffmpeg failed, without paths of ours."""
    told = complaints(lines)
    telling = [text for text in told if not _GENERIC.search(text)]
    spoken = [line.strip() for line in lines if line.strip()]
    for choice in (telling, told, spoken):
        if choice:
            return re.sub(r"file:/\S*/", "", choice[-1])
    return "it gives no reason"


def failure(ended: Ended) -> ZoomautoError | None:
    """Tell what an ended ffmpeg means; None for success."""
    told = "\n".join(complaints(ended.lines))
    if any(phrase in told for phrase in _FULL):
        hint = "free some space where the work folders lie"
        return DiskFull("ffmpeg ran out of disk space", hint=hint)
    if ended.was_too_talkative:
        return CorruptMedia(f"ffmpeg finds errors without end: {reason(ended.lines)}")
    if ended.code == 0:
        return None
    if ended.code < 0:
        return _killed(-ended.code)
    if any(phrase in told for phrase in _TOO_OLD):
        text = f"this ffmpeg cannot be used: {reason(ended.lines)}"
        return ConfigurationError(text, hint=INSTALL_HINT)
    return CorruptMedia(f"ffmpeg cannot read it: {reason(ended.lines)}")


def _killed(number: int) -> ZoomautoError:
    """Tell a crash, which the same bytes will cause again, from a kill by the system."""
    if number in _CRASHES:
        return CorruptMedia(f"ffmpeg crashed on it (signal {number})")
    return TemporaryError(f"ffmpeg was ended by signal {number}")


def _ignore(seconds: float) -> None:
    """Hear progress that nobody asked for."""


def _named(setting: str) -> str:
    found = shutil.which(Path(setting).expanduser())
    if found is None:
        raise ConfigurationError(
            f"the ffmpeg named in the settings is not a program: {setting}",
            hint="zoomauto config show",
        )
    return str(Path(found).absolute())


def _bundled() -> str | None:
    """Give the program that imageio-ffmpeg brings, if the extra ``ffmpeg`` is installed."""
    try:
        import imageio_ffmpeg  # noqa: PLC0415 - an extra, looked for only when PATH has none
    except ImportError:
        return None
    with suppress(RuntimeError):
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    return None
