"""A parcel's bytes from any position on, hashed on their way: other bytes are never finished."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from zoomauto.errors import CorruptMedia, TemporaryError
from zoomauto.ports.destination import Parcel
from zoomauto.ports.progress import Step

_PIECE = 2**20


class Pieces:
    """Reads a parcel. What is read twice is hashed once; what was sent before us, too."""

    def __init__(self, parcel: Parcel, step: Step) -> None:
        self._parcel = parcel
        self._step = step
        self._path = Path(parcel.path)
        self._digest = hashlib.sha256()
        self._hashed = 0

    def between(self, start: int, end: int) -> Iterator[bytes]:
        """Give the bytes ``start <= position < end``.

        The last ones of the parcel are held back until all are known to be its own. Raise
        CorruptMedia when they are not.
        """
        self._catch_up(start)
        for position, piece in self._read(start, end):
            self._hash(position, piece)
            if position + len(piece) == self._parcel.size_bytes:
                self.require_whole()
            yield piece

    def require_whole(self) -> None:
        """Raise CorruptMedia unless every byte was read and is the parcel's own."""
        self._catch_up(self._parcel.size_bytes)
        if self._digest.hexdigest() != self._parcel.sha256:
            raise self._changed()

    def _catch_up(self, end: int) -> None:
        if self._hashed < end:
            for position, piece in self._read(self._hashed, end):
                self._hash(position, piece)

    def _hash(self, position: int, piece: bytes) -> None:
        new = piece[max(self._hashed - position, 0) :]
        if new:
            self._digest.update(new)
            self._hashed += len(new)
            self._step.advance(len(new))

    def _read(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        try:
            with self._path.open("rb", buffering=0) as file:
                file.seek(start)
                while start < end:
                    piece = file.read(min(_PIECE, end - start))
                    if not piece:
                        raise self._changed()
                    yield start, piece
                    start += len(piece)
        except OSError as error:
            raise TemporaryError(f"{self._path.name} cannot be read: {error.strerror}") from error

    def _changed(self) -> CorruptMedia:
        return CorruptMedia(f"{self._path.name} has changed since it was made; it is not published")
