"""The bytes of files that exist nowhere: made from id, version and size, any part at any time."""

import hashlib
import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from zoomauto.testing.zoom.meeting import File

BLOCK = 1 << 20
_MP4_START = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
_CUES = "\n{n}\n00:{m:02d}:{s:02d}.000 --> 00:{m:02d}:{s:02d}.900\nAnn Example: this is line {n}\n"


def size_of(file: File) -> int:
    """Give the number of bytes a download brings."""
    return file.size if file.path is None else file.path.stat().st_size


def pieces(file: File, version: int, start: int, stop: int) -> Iterator[bytes]:
    """Give the bytes ``start`` to ``stop`` (exclusive) in pieces of at most 1 MiB."""
    if file.path is not None:
        yield from _from_disk(file, start, stop)
        return
    for number in count(start // BLOCK):
        first = number * BLOCK
        if first >= stop:
            return
        block = _block(file, version, number)
        yield block[max(start - first, 0) : stop - first]


def sha256_of(file: File, version: int) -> str:
    """Give the lower-case hexadecimal SHA-256 of the whole file."""
    digest = hashlib.sha256()
    for piece in pieces(file, version, 0, size_of(file)):
        digest.update(piece)
    return digest.hexdigest()


def _from_disk(file: File, start: int, stop: int) -> Iterator[bytes]:
    assert file.path is not None  # noqa: S101 - for the type checker
    with file.path.open("rb") as stream:
        stream.seek(start)
        while start < stop:
            piece = stream.read(min(BLOCK, stop - start))
            if not piece:
                return
            start += len(piece)
            yield piece


def _block(file: File, version: int, number: int) -> bytes:
    if not file.is_media:
        text = _text(file.file_type, file.extension, version, file.size)
        return text[number * BLOCK : (number + 1) * BLOCK]
    noise = _noise(file.id, version, min(file.size, BLOCK))
    # Each block is told from the others, so that one in the wrong place shows.
    head = _MP4_START if number == 0 else number.to_bytes(len(_MP4_START), "big")
    return head + noise[len(head) :]


@lru_cache(maxsize=16)
def _noise(file_id: str, version: int, size: int) -> bytes:
    return random.Random(f"{file_id}/{version}").randbytes(size)  # noqa: S311 - no secret


@lru_cache(maxsize=64)
def _text(file_type: str, extension: str, version: int, size: int) -> bytes:
    if extension == "JSON":
        inner = f'{{"version": {version}, "timeline": []'.encode()
        return inner.ljust(size - 1) + b"}"
    start = "WEBVTT\n" if extension == "VTT" else ""
    made = [start] if version == 0 else [start, f"\nNOTE version {version}\n"]
    length = sum(map(len, made))
    for number in count(1):
        if length >= size:
            break
        made.append(_line(file_type, number))
        length += len(made[-1])
    return "".join(made).encode()[:size]


def _line(file_type: str, number: int) -> str:
    minutes, seconds = divmod(number, 60)
    if file_type in {"TRANSCRIPT", "CC"}:
        return _CUES.format(n=number, m=minutes % 60, s=seconds)
    return f"00:{minutes % 60:02d}:{seconds:02d}\tAnn Example:\tline {number}\n"
