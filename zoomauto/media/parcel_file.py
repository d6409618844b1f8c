"""Reading the file of a parcel, for every destination alike."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from zoomauto.errors import CorruptMedia, TemporaryError
from zoomauto.ports.destination import Parcel

_BLOCK = 2**20


@contextmanager
def opened(parcel: Parcel) -> Iterator[BinaryIO]:
    """Open the file to publish; that it cannot be read is not the destination's fault."""
    try:
        file = Path(parcel.path).open("rb")  # noqa: SIM115 - closed below, opened where it fails
    except OSError as error:
        raise TemporaryError(f"{parcel.path} cannot be read: {error.strerror}") from error
    with file:
        yield file


def read_block(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes, fewer at the end; raise TemporaryError when our own disk fails."""
    try:
        return file.read(size)
    except OSError as error:
        raise TemporaryError(f"{file.name} cannot be read: {error.strerror}") from error


def require_sealed(parcel: Parcel) -> None:
    """Read the file once; raise CorruptMedia when its bytes are not those of the parcel."""
    digest = hashlib.sha256()
    with opened(parcel) as file:
        while block := read_block(file, _BLOCK):
            digest.update(block)
    refuse_changed(parcel, digest.hexdigest())


def refuse_changed(parcel: Parcel, sha256: str) -> None:
    """Raise CorruptMedia when the bytes that were read have another hash than the parcel."""
    if sha256 != parcel.sha256:
        raise CorruptMedia(f"{parcel.path.name} has changed since it was made; it is not published")
