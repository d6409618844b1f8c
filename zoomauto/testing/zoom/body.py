"""The bytes of a download, whole, in part, or wrong in the way a trap asks for."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from zoomauto.testing.zoom import content
from zoomauto.testing.zoom.cloud import Call, Cloud
from zoomauto.testing.zoom.meeting import File
from zoomauto.testing.zoom.reply import (
    LOGIN_PAGE,
    Ending,
    Framing,
    Reply,
    empty_reply,
    page_reply,
)
from zoomauto.testing.zoom.traps import DownloadFault, Ranges

_TYPES = {
    "MP4": "video/mp4",
    "M4A": "audio/mp4",
    "VTT": "text/vtt",
    "TXT": "text/plain",
    "JSON": "application/json",
    "JPG": "image/jpeg",
    "CSV": "text/csv",
}
#: How a body that is cut ends: how its length is told, and what happens after the last byte.
_CUTS = {
    DownloadFault.CUT: (Framing.LENGTH, Ending.CLOSED),
    DownloadFault.CHANGED: (Framing.LENGTH, Ending.CLOSED),
    DownloadFault.EXPIRED: (Framing.LENGTH, Ending.CLOSED),
    DownloadFault.CUT_WITHOUT_LENGTH: (Framing.CLOSE, Ending.PROPER),
    DownloadFault.CUT_CHUNKED: (Framing.CHUNKED, Ending.CLOSED),
    DownloadFault.SHORT_CHUNKED: (Framing.CHUNKED, Ending.PROPER),
    DownloadFault.RESET: (Framing.LENGTH, Ending.RESET),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """One attempt to download one file."""

    file: File
    attempt: int
    fault: DownloadFault


def send(cloud: Cloud, call: Call, shipment: Shipment) -> Reply:
    """Answer with the file, or the part that is asked for, as the attempt's fault has it."""
    file = shipment.file
    size = content.size_of(file)
    if shipment.fault is DownloadFault.DISGUISED_HTML and _happens(cloud, shipment):
        page = LOGIN_PAGE * (size // len(LOGIN_PAGE) + 1)
        return page_reply(page[:size], content_type=_content_type(file))
    ranges = cloud.traps.ranges
    version = cloud.world.version(file.id)
    etag = f'"{hashlib.sha256(f"{file.id}/{version}".encode()).hexdigest()[:32]}"'
    headers = _headers(cloud, file, etag)
    start = _start(call.headers, etag)
    if start is None or ranges is Ranges.IGNORED:
        return _part(cloud, shipment, 0, empty_reply(200, headers=headers))
    if start >= size or ranges is Ranges.REFUSED:
        return empty_reply(416, headers={"Content-Range": f"bytes */{size}"})
    first = 0 if ranges is Ranges.WRONG_START else start
    headers["Content-Range"] = f"bytes {first}-{size - 1}/{size}"
    return _part(cloud, shipment, first, empty_reply(206, headers=headers))


def file_name(file: File) -> str:
    """Give the name that the CDN has for a file."""
    return f"GMT{file.start_at:%Y%m%d-%H%M%S}_Recording.{file.extension.lower()}"


def _headers(cloud: Cloud, file: File, etag: str) -> dict[str, str]:
    headers = {
        "Content-Type": _content_type(file),
        "Content-Disposition": f'attachment; filename="{file_name(file)}"',
    }
    if cloud.traps.etags:
        headers["ETag"] = etag
    if cloud.traps.ranges is not Ranges.IGNORED:
        headers["Accept-Ranges"] = "bytes"
    return headers


def _start(headers: Mapping[str, str], etag: str) -> int | None:
    """Give the first byte of an open range; None, also for other ranges: everything is sent."""
    found = re.fullmatch(r"bytes=(\d+)-", headers.get("range", "").strip())
    if found is None or headers.get("if-range", etag) != etag:
        return None
    return int(found[1])


def _part(cloud: Cloud, shipment: Shipment, start: int, reply: Reply) -> Reply:
    """Fill in the body from ``start`` on, cut where the fault cuts it."""
    file, fault = shipment.file, shipment.fault
    size, version = content.size_of(file), cloud.world.version(shipment.file.id)
    middle = start + (size - start) // 2
    whole = replace(reply, length=size - start, pieces=content.pieces(file, version, start, size))
    if fault is DownloadFault.SLOW and _happens(cloud, shipment):
        return replace(whole, pieces=_slow(cloud, file, version, (start, middle, size)))
    if fault not in _CUTS or not _happens(cloud, shipment):
        return whole
    if fault is DownloadFault.CHANGED:
        cloud.world.change_bytes(file.id)
    framing, ending = _CUTS[fault]
    half = content.pieces(file, version, start, middle)
    return replace(whole, pieces=half, framing=framing, ending=ending)


def _slow(cloud: Cloud, file: File, version: int, marks: tuple[int, int, int]) -> Iterator[bytes]:
    start, middle, size = marks
    yield from content.pieces(file, version, start, middle)
    cloud.body_gate.wait()
    yield from content.pieces(file, version, middle, size)


def _happens(cloud: Cloud, shipment: Shipment) -> bool:
    return cloud.attempts.first_time(shipment.file.id, shipment.attempt)


def _content_type(file: File) -> str:
    return _TYPES.get(file.extension, "application/octet-stream")
