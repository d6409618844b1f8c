"""What kind of media a file is, and how long: first from its own index, else from ffmpeg."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path, PurePath

from zoomauto.errors import CorruptMedia
from zoomauto.media.ffmpeg import Ffmpeg, source_arguments
from zoomauto.media.mp4 import FIRST_BOXES, Mp4, read_mp4

_PROBE_TIMEOUT = timedelta(minutes=2)
_TEXT = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?P<mark><|\{|\[|WEBVTT|#EXTM3U|ffconcat)")
#: Covers and chapter images; no moving picture.
_STILLS = frozenset({"jpeg", "png "})
_INPUT = re.compile(r"\[info\] Input #0, (?P<formats>\S+), from ")
_DURATION = re.compile(r"\[info\] +Duration: (?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d\.\d+)")
_STREAM = re.compile(r"\[info\] +Stream #0:\d+\S* (?P<kind>Video|Audio): (?P<rest>.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class MediaInfo:
    """What is known of a media file without decoding it."""

    #: ``mp4``, ``m4a``, ``mov``, or ffmpeg's name: ``matroska``, ``mp3``.
    container: str
    #: None when even ffmpeg cannot tell without reading all of it.
    duration: timedelta | None
    has_video: bool
    has_audio: bool
    #: When the picture can begin, ascending, rounded up to the microsecond; None when not known.
    keyframes: tuple[timedelta, ...] | None = None
    #: How much earlier than it is shown a key frame is decoded, at most.
    reorder: timedelta = timedelta()


def probe(path: PurePath, ffmpeg: Ffmpeg) -> MediaInfo:
    """Tell what a file holds. Raise CorruptMedia for what is damaged or is no media at all."""
    info = probe_header(path)
    if info is not None and info.duration is not None:
        return info
    arguments = [*source_arguments(path), "-map", "0:V?", "-map", "0:a?", "-c", "copy", "-t", "0"]
    finished = ffmpeg.run([*arguments, "-f", "null", "-"], timeout=_PROBE_TIMEOUT)
    told = parse_banner(finished.lines)
    return replace(told, container=info.container) if info else told


def probe_header(path: PurePath) -> MediaInfo | None:
    """Tell what a file holds from its first bytes and its index alone, without ffmpeg.

    None when only ffmpeg can tell. Raise CorruptMedia for an MP4 that is damaged or cut short, and
    for what is no media at all (empty, a web page, a JSON answer).
    """
    with Path(path).open("rb") as file:
        head = file.read(512)
    refuse_text(head)
    return _from_mp4(read_mp4(path)) if head[4:8] in FIRST_BOXES else None


def refuse_text(head: bytes) -> None:
    """Raise CorruptMedia when a file's first bytes are nothing, or text instead of media."""
    if not head:
        raise CorruptMedia("the file is empty")
    if not head.strip(b"\0"):
        raise CorruptMedia("the file begins with nothing but zeros")
    found = _TEXT.match(head)
    if found:
        mark = found["mark"]
        kind = "a web page" if mark == b"<" else "a JSON answer" if mark in b"{[" else "text"
        raise CorruptMedia(f"the file is {kind}, not media")


def parse_banner(lines: Sequence[str]) -> MediaInfo:
    """Read what ffmpeg says about its first input, one line each with its level."""
    formats = _first(_INPUT, lines)
    duration = _first(_DURATION, lines)
    streams = [found for line in lines if (found := _STREAM.match(line))]
    pictures = [s for s in streams if s["kind"] == "Video" and "(attached pic)" not in s["rest"]]
    sounds = [s for s in streams if s["kind"] == "Audio"]
    if formats is None or not (pictures or sounds):
        raise CorruptMedia("the file holds neither picture nor sound")
    return MediaInfo(
        container=formats["formats"].split(",")[0],
        duration=_duration(duration) if duration else None,
        has_video=bool(pictures),
        has_audio=bool(sounds),
    )


def _first(pattern: re.Pattern[str], lines: Sequence[str]) -> re.Match[str] | None:
    return next((found for line in lines if (found := pattern.match(line))), None)


def _duration(found: re.Match[str]) -> timedelta:
    return timedelta(hours=int(found["h"]), minutes=int(found["m"]), seconds=float(found["s"]))


def _from_mp4(mp4: Mp4) -> MediaInfo:
    pictures = [t for t in mp4.tracks if t.kind == "vide" and t.codec not in _STILLS]
    sounds = [t for t in mp4.tracks if t.kind == "soun"]
    if not (pictures or sounds):
        raise CorruptMedia("the MP4 holds neither picture nor sound")
    return MediaInfo(
        container=_container(mp4.brand),
        duration=mp4.duration,
        has_video=bool(pictures),
        has_audio=bool(sounds),
        keyframes=pictures[0].keyframes if pictures else None,
        reorder=pictures[0].reorder if pictures else timedelta(),
    )


def _container(brand: str) -> str:
    if brand.startswith("M4A"):
        return "m4a"
    return "mov" if brand in {"qt  ", ""} else "mp4"
