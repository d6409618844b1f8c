"""The names that a file may get at a destination, the same ones at every attempt.

Every destination uses these, so that a name that is taken has one meaning everywhere.
"""

import hashlib
from collections.abc import Iterator
from itertools import count, islice
from pathlib import PurePath
from typing import Protocol

from zoomauto.domain.naming import LONGEST_PART, safe_part

#: Names tried for one file; the second is free unless somebody copies our suffixes.
_MOST_NAMES = 20


class Named(Protocol):
    """What tells a file's names: a parcel has it all."""

    @property
    def name(self) -> str:
        """The wanted name, without extension; ``/`` separates folders."""

    @property
    def extension(self) -> str:
        """With its dot, as in ``.mp4``; may be empty."""

    @property
    def identity(self) -> str:
        """Tells this file from every other for ever."""

    @property
    def sha256(self) -> str:
        """The hash of its content, in hexadecimal digits."""


def name_candidates(named: Named) -> Iterator[PurePath]:
    """Give the names a file may get, best first; the same ones each time.

    The wanted name, then one that tells the file, then ones that tell its content too. Every part
    fits into 255 bytes with suffix and extension.
    """
    *folders, name = named.name.split("/")
    parent = PurePath(*(safe_part(folder) for folder in folders))
    identity = _hash_of(named.identity)[:8]
    content = f"{identity}-{named.sha256[:8]}"
    suffixes = (f" ({tag})" for tag in _tags(identity, content))
    for suffix in ("", *islice(suffixes, _MOST_NAMES)):
        ending = f"{suffix}{named.extension}"
        room = LONGEST_PART - len(ending.encode("utf-8", "surrogateescape"))
        yield parent / f"{safe_part(name, most_bytes=room)}{ending}"


def temporary_name(named: Named) -> str:
    """Give the hidden name a file has while it is copied, so that the next try finds it."""
    return f".zoomauto-{_hash_of(named.identity)[:24]}.part"


def _hash_of(identity: str) -> str:
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


def _tags(identity: str, content: str) -> Iterator[str]:
    yield identity
    yield content
    yield from (f"{content}-{number}" for number in count(2))
