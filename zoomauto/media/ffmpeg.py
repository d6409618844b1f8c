"""Finding ffmpeg, calling it safely, and telling what its answers mean.

ffprobe is never needed: headers are read by :mod:`zoomauto.media.mp4`, the rest is in what ffmpeg
prints. Each line carries its level (``-loglevel level+info``), so that damage can be told from
chatter whatever the version.
"""

import errno
import re
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath

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


def find_ffmpeg(setting: str | None = None) -> "Ffmpeg":
    """Find ffmpeg: the setting, else ``PATH``, else the one that imageio-ffmpeg brings.

    ``PATH`` comes before the wheel: the system's build is patched by the system, and faster.
    Raise ConfigurationError, with the command that installs one, when there is none.
    """
    if setting:
        return Ffmpeg(path=_named(setting))
    found = shutil.which("ffmpeg") or _bundled()
    if found is None:
        raise ConfigurationError(
            "ffmpeg is needed to look into recordings, and was not found", hint=INSTALL_HINT
        )
    return Ffmpeg(path=str(Path(found).absolute()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ffmpeg:
    """One ffmpeg program."""

    #: Absolute.
    path: str

    def run(
        self,
        arguments: Sequence[str],
        *,
        timeout: timedelta,
        advance: Callable[[float], None] | None = None,
    ) -> Finished:
        """Run ffmpeg to its end, telling ``advance`` each time how many seconds more are done.

        Raise CorruptMedia with ffmpeg's own reason, DiskFull when the output did not fit,
        TemporaryError when it took longer than ``timeout``, ConfigurationError when the program
        itself cannot be used.
        """
        command = [self.path, *_MANNERS, *_PROGRESS, *arguments]
        try:
            ended = run_child(command, timeout=timeout, advance=advance or _ignore)
        except OSError as error:
            raise self._unusable(error) from error
        if ended.was_overdue:
            raise TemporaryError(f"ffmpeg was stopped: not done after {timeout}")
        if (refusal := failure(ended)) is not None:
            raise refusal
        return Finished(lines=ended.lines, length=ended.length)

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
