"""Taking sound out of a recording in a form that engines accept."""

from datetime import timedelta
from pathlib import Path

from zoomauto.domain.time_map import Span
from zoomauto.errors import CorruptMedia
from zoomauto.media.ffmpeg import Ffmpeg, file_url, source_arguments
from zoomauto.stages.transcription.engine import Speech

#: Engines hear one channel at this rate, whatever they are sent.
_HEARD = ("-ac", "1", "-ar", "16000")
#: Encoder and container. MP3 at its quickest: 72 minutes in 25 MiB, 5 s for an hour of sound.
_FORMS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "48k", "-compression_level", "9", "-f", "mp3"),
    "wav": ("-c:a", "pcm_s16le", "-f", "wav"),
}
_BYTES_PER_SECOND = {"mp3": 6_000, "wav": 32_000}
#: Containers whose sound an M4A takes as it is.
_COPIED = frozenset({"mp4", "m4a", "mov"})


def extract_arguments(source: Path, target: Path, span: Span | None, form: str) -> list[str]:
    """Give ffmpeg's arguments that encode the sound of ``span``, or all of it."""
    start = [] if span is None else ["-ss", _seconds(span.start)]
    length = [] if span is None else ["-t", _seconds(span.length)]
    sound = ["-vn", "-map", "0:a:0", *length, *_HEARD, *_FORMS[form]]
    return [*start, *source_arguments(source), *sound, "-y", file_url(target)]


def copy_arguments(source: Path, target: Path) -> list[str]:
    """Give ffmpeg's arguments that copy the sound as it is."""
    sound = ["-vn", "-map", "0:a:0", "-c:a", "copy", "-f", "ipod"]
    return [*source_arguments(source), *sound, "-y", file_url(target)]


def encoded(
    speech: Speech, ffmpeg: Ffmpeg, form: str, *, span: Span | None, timeout: timedelta
) -> Path:
    """Write the sound of ``span``, or all of it, into the engine's folder."""
    target = speech.folder / f"sound.{form}"
    ffmpeg.run(extract_arguments(speech.path, target, span, form), timeout=timeout)
    return target


def copied(speech: Speech, ffmpeg: Ffmpeg, *, most_bytes: int, timeout: timedelta) -> Path | None:
    """Copy the sound as it is; None when it is too large or of a kind that an M4A has not."""
    if speech.container not in _COPIED:
        return None
    target = speech.folder / "sound.m4a"
    try:
        ffmpeg.run(copy_arguments(speech.path, target), timeout=timeout)
    except CorruptMedia:
        return None
    return target if target.stat().st_size <= most_bytes else None


def longest_span(form: str, most_bytes: int) -> timedelta:
    """Give how much sound fits; a twentieth is left for headers and frames."""
    return timedelta(seconds=most_bytes * 0.95 / _BYTES_PER_SECOND[form])


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.6f}"
