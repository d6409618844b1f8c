"""Reading the index of MP4, M4A and MOV files: length, tracks, key frames, what is missing.

A few seeks and small reads, whatever the file's size. Layout after ISO/IEC 14496-12.
"""

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePath
from typing import IO

from zoomauto.errors import CorruptMedia
from zoomauto.media.boxes import (
    Box,
    Table,
    boxes,
    children,
    entries,
    numbers,
    only,
    payload,
    table,
)

#: Kinds of box that such a file may begin with; the old QuickTime ones need no ``ftyp``.
FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"})

_MOST_TRACKS = 64
#: Samples of a track without a list of key frames, in which each sample is one.
_MOST_KEY_FRAMES = 2_000_000
_LONGEST = timedelta(days=366)


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """One track of a file."""

    #: ``vide``, ``soun``, ...
    kind: str
    #: Four characters: ``avc1``, ``mp4a``; empty when not told.
    codec: str
    #: When each key frame is shown, counted from the start of the file as ffmpeg counts, ascending,
    #: rounded up to the microsecond; None for sound, and when
    #: it cannot be told (fragments, spliced edit lists).
    keyframes: tuple[timedelta, ...] | None
    #: How much earlier than it is shown a frame is decoded, at most; nothing for sound.
    reorder: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mp4:
    """What the index of a file says."""

    #: Four characters: ``isom``, ``M4A ``, ``qt  ``; empty for QuickTime files without one.
    brand: str
    #: None when the index does not hold it (fragments).
    duration: timedelta | None
    tracks: tuple[Track, ...]


def read_mp4(path: PurePath) -> Mp4:
    """Read a file's index. Raise CorruptMedia when it is damaged or points beyond the end."""
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            return _read(file, size)
        except struct.error as error:
            raise CorruptMedia("the MP4's index is damaged: a table ends too early") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Edit:
    """How a track's own time maps to the file's."""

    #: Seconds of nothing before it, in ticks of the movie.
    delay: int = 0
    #: The tick of the track that is shown first.
    media_time: int = 0
    is_simple: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _RawTrack:
    kind: str
    codec: str
    timescale: int
    movie_timescale: int
    edit: _Edit
    #: Runs of (samples, ticks each).
    durations: Table
    #: Runs of (samples, ticks from decoding to showing).
    offsets: Table
    #: 1-based; None when every sample is a key frame.
    key_samples: Sequence[int] | None

    @property
    def start(self) -> timedelta:
        """When it is first heard or seen."""
        _, first = next(iter(self.offsets), (0, 0))
        shown = max(0, first - self.edit.media_time)
        return _span(self.edit.delay, self.movie_timescale) + _span(shown, self.timescale)

    def keyframes(self, origin: timedelta) -> tuple[timedelta, ...] | None:
        """Give when key frames are shown, counted from ``origin``."""
        samples = self._key_samples()
        if self.kind != "vide" or samples is None or not self.edit.is_simple:
            return None
        decoded = _running_totals(self.durations, samples)
        shown = _values(self.offsets, samples)
        delay = _span(self.edit.delay, self.movie_timescale) - origin
        times = (
            delay + _span(tick + offset - self.edit.media_time, self.timescale)
            for tick, offset in zip(decoded, shown, strict=False)
        )
        return tuple(sorted(time for time in times if time >= timedelta()))

    @property
    def reorder(self) -> timedelta:
        """Give how much earlier than it is shown a key frame is decoded, at most."""
        samples = self._key_samples()
        if self.kind != "vide" or samples is None:
            return timedelta()
        # Negative offsets are made up for by decoding everything earlier.
        earlier = min((ticks for _, ticks in self.offsets), default=0)
        latest = max(_values(self.offsets, samples), default=0)
        return _span(latest - min(earlier, 0), self.timescale)

    def _key_samples(self) -> Sequence[int] | None:
        if self.key_samples is not None:
            return self.key_samples
        count = sum(samples for samples, _ in self.durations)
        return range(1, count + 1) if 0 < count <= _MOST_KEY_FRAMES else None


def _read(file: IO[bytes], size: int) -> Mp4:
    brand, movie = "", None
    for box in boxes(file, 0, size):
        if box.end > size:
            raise CorruptMedia(f"the MP4 is cut short: {box.end - size:,} bytes missing")
        if box.kind == b"ftyp" and not brand:
            brand = payload(file, box)[:4].decode("latin-1")
        if box.kind == b"moov" and movie is None:
            movie = box
    if movie is None:
        raise CorruptMedia("the MP4 has no index (moov): its recording was never finished")
    return _movie(file, movie, brand=brand, size=size)


def _movie(file: IO[bytes], movie: Box, *, brand: str, size: int) -> Mp4:
    parts = list(children(file, movie))
    header = only(parts, b"mvhd")
    timescale, ticks = _times(payload(file, header))
    is_fragmented = any(box.kind == b"mvex" for box in parts)
    found = [box for box in parts if box.kind == b"trak"]
    if len(found) > _MOST_TRACKS:
        raise CorruptMedia(f"the MP4 claims to have {len(found)} tracks")
    raw = [_track(file, box, movie_timescale=timescale, size=size) for box in found]
    origin = min(
        (track.start for track in raw if track.kind in {"vide", "soun"}), default=timedelta()
    )
    duration = None
    if ticks is not None and not is_fragmented:
        duration = max(_span(ticks, timescale) - origin, timedelta())
    tracks = (
        Track(
            kind=track.kind,
            codec=track.codec,
            keyframes=track.keyframes(origin) if not is_fragmented else None,
            reorder=track.reorder,
        )
        for track in raw
    )
    return Mp4(brand=brand, duration=duration, tracks=tuple(tracks))


def _track(file: IO[bytes], track: Box, *, movie_timescale: int, size: int) -> _RawTrack:
    parts = list(children(file, track))
    media = list(children(file, only(parts, b"mdia")))
    tables = _tables(file, media)
    timescale, _ = _times(payload(file, only(media, b"mdhd")))
    kind = payload(file, only(media, b"hdlr"))[8:12].decode("latin-1")
    _refuse_beyond_end(file, tables, size)
    return _RawTrack(
        kind=kind,
        codec=_codec(file, tables),
        timescale=timescale,
        movie_timescale=movie_timescale,
        edit=_edit(file, parts),
        durations=table(file, tables.get(b"stts"), ">II"),
        # Version 0 is unsigned by the letter; writers store negative numbers in it all the same.
        offsets=table(file, tables.get(b"ctts"), ">Ii"),
        key_samples=numbers(file, tables[b"stss"], "I") if b"stss" in tables else None,
    )


def _tables(file: IO[bytes], media: Sequence[Box]) -> dict[bytes, Box]:
    information = list(children(file, only(media, b"minf")))
    return {box.kind: box for box in children(file, only(information, b"stbl"))}


def _codec(file: IO[bytes], tables: dict[bytes, Box]) -> str:
    description = payload(file, tables[b"stsd"]) if b"stsd" in tables else b""
    return description[12:16].decode("latin-1")


def _refuse_beyond_end(file: IO[bytes], tables: dict[bytes, Box], size: int) -> None:
    """Raise CorruptMedia when samples lie beyond the end, as after a cut between two boxes."""
    for kind, code in ((b"stco", "I"), (b"co64", "Q")):
        last = max((place for (place,) in table(file, tables.get(kind), f">{code}")), default=0)
        if last >= size > 0:
            raise CorruptMedia(f"the MP4 is cut short: at least {last - size + 1:,} bytes missing")


def _edit(file: IO[bytes], track: Sequence[Box]) -> _Edit:
    """Read the edit list: any number of pauses, then one piece, is what can be reckoned with."""
    lists = [child for box in track if box.kind == b"edts" for child in children(file, box)]
    if not lists:
        return _Edit()
    data = payload(file, only(lists, b"elst"))
    entry = ">Qqi" if data[:1] == b"\x01" else ">Iii"
    edits = [(length, time) for length, time, _ in entries(data, entry)]
    pieces = [time for _, time in edits if time >= 0]
    is_simple = len(pieces) == 1 and edits[-1][1] >= 0
    delay = sum(length for length, time in edits if time < 0)
    return _Edit(delay=delay, media_time=pieces[0] if pieces else 0, is_simple=is_simple)


def _times(header: bytes) -> tuple[int, int | None]:
    """Give ticks per second and length in ticks (None: unknown) from ``mvhd`` or ``mdhd``."""
    is_long = header[:1] == b"\x01"
    timescale, ticks = struct.unpack_from(
        ">IQ" if is_long else ">II", header, 20 if is_long else 12
    )
    if timescale == 0:
        raise CorruptMedia("the MP4's index is damaged: a second has no ticks")
    unknown = 2**64 - 1 if is_long else 2**32 - 1
    return timescale, None if ticks in {0, unknown} else ticks


def _span(ticks: int, timescale: int) -> timedelta:
    """Give ticks as time, rounded up to the microsecond."""
    microseconds = -(-ticks * 1_000_000 // timescale)
    if abs(microseconds) > _LONGEST // timedelta(microseconds=1):
        raise CorruptMedia("the MP4's index is damaged: it claims to last for years")
    return timedelta(microseconds=microseconds)


def _running_totals(runs: Iterable[tuple[int, ...]], samples: Sequence[int]) -> Iterator[int]:
    """Give for each sample (1-based, ascending) the sum of the values before it."""
    first, total, wanted = 1, 0, iter(samples)
    sample = next(wanted, None)
    for count, value in runs:
        while sample is not None and first <= sample < first + count:
            yield total + (sample - first) * value
            sample = next(wanted, None)
        first, total = first + count, total + count * value


def _values(runs: Iterable[tuple[int, ...]], samples: Sequence[int]) -> Iterator[int]:
    """Give for each sample (1-based, ascending) its own value; 0 beyond the runs."""
    first, wanted = 1, iter(samples)
    sample = next(wanted, None)
    for count, value in runs:
        while sample is not None and first <= sample < first + count:
            yield value
            sample = next(wanted, None)
        first += count
    while sample is not None:
        yield 0
        sample = next(wanted, None)
