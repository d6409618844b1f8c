"""Walking the boxes of MP4 files and reading their tables, believing nothing they claim.

Every box must lie inside the one around it, every table inside its box, and every count is
bounded, so that hostile bytes cost neither time nor memory. Layout after ISO/IEC 14496-12.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from zoomauto.errors import CorruptMedia

#: Size and kind.
_SHORTEST = 8
#: A day of one-second fragments has 172,800 boxes.
_MOST_BOXES = 200_000
#: Bytes of one table; ten hours at 60 frames per second need 17 MB.
_LARGEST_TABLE = 64 * 2**20


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """One box of a file."""

    kind: bytes
    #: Where its content begins and ends in the file.
    start: int
    end: int


def boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
    """Give the boxes between two places. The last may claim to end beyond ``end``."""
    position = start
    for _ in range(_MOST_BOXES):
        if end - position < _SHORTEST:
            return
        file.seek(position)
        head = file.read(16)
        length, kind, header = int.from_bytes(head[:4]), head[4:8], _SHORTEST
        if length == 1:
            length, header = int.from_bytes(head[8:16]), 16
        elif length == 0:
            length = end - position
        if length < header:
            raise CorruptMedia(f"the MP4 is damaged at byte {position}")
        yield Box(kind=kind, start=position + header, end=position + length)
        position += length
    raise CorruptMedia("the MP4 is damaged: it has no end of boxes")


def children(file: IO[bytes], parent: Box) -> Iterator[Box]:
    """Give the boxes inside another. Raise CorruptMedia for one that reaches out of it."""
    for box in boxes(file, parent.start, parent.end):
        if box.end > parent.end:
            raise CorruptMedia(f"the MP4's index is damaged at byte {box.start}")
        yield box


def only(candidates: Sequence[Box], kind: bytes) -> Box:
    """Give the first box of a kind. Raise CorruptMedia when there is none."""
    for box in candidates:
        if box.kind == kind:
            return box
    raise CorruptMedia(f"the MP4's index is damaged: no {kind.decode()}")


def payload(file: IO[bytes], box: Box) -> bytes:
    """Read a box's content."""
    if box.end - box.start > _LARGEST_TABLE:
        raise CorruptMedia(f"the MP4's index is damaged: {box.end - box.start} bytes in one table")
    file.seek(box.start)
    return file.read(box.end - box.start)


def entries(data: bytes, entry: str) -> Iterator[tuple[int, ...]]:
    """Give the entries of a table after version, flags and count."""
    (count,) = struct.unpack_from(">I", data, 4)
    length = count * struct.calcsize(entry)
    if length > len(data) - 8:
        raise CorruptMedia("the MP4's index is damaged: a table is longer than its box")
    return struct.iter_unpack(entry, memoryview(data)[8 : 8 + length])


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is kept as it was read: ten hours of frames would make millions of numbers."""

    data: bytes
    entry: str

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        return entries(self.data, self.entry) if self.data else iter(())


def table(file: IO[bytes], box: Box | None, entry: str) -> Table:
    """Read a table of entries; ``entry`` is that of :mod:`struct`. Empty when there is none."""
    read = Table(payload(file, box) if box else b"", entry)
    iter(read)  # raises for a table that cannot be whole
    return read


def numbers(file: IO[bytes], box: Box, code: str) -> Sequence[int]:
    """Read a table of numbers; ``code`` is that of :mod:`struct`."""
    return [number for (number,) in table(file, box, f">{code}")]
