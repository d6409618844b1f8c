"""Sending the bytes of a parcel: read once, hashed on the way, told as they go."""

import hashlib
from collections.abc import Iterator

from zoomauto.errors import CorruptMedia
from zoomauto.media.parcel_file import opened, read_block, refuse_changed
from zoomauto.ports.destination import Parcel
from zoomauto.ports.progress import Step

BLOCK = 2**20


def told_blocks(parcel: Parcel, step: Step) -> Iterator[bytes]:
    """Give the bytes of a parcel, telling each block when the next one is asked for.

    Raise CorruptMedia after the last block, or in place of one too many, when they are not its
    own: whoever sends them must not finish then.
    """
    digest = hashlib.sha256()
    size = 0
    with opened(parcel) as file:
        while block := read_block(file, BLOCK):
            size += len(block)
            if size > parcel.size_bytes:
                raise CorruptMedia(f"{parcel.path.name} has grown since it was made")
            digest.update(block)
            yield block
            step.advance(len(block))
    refuse_changed(parcel, digest.hexdigest())
