"""Captions of a film: subtitles that YouTube shows, a track for each language and name."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zoomauto.destinations.youtube.film import language_of
from zoomauto.destinations.youtube.options import YouTubeOptions
from zoomauto.errors import Unreachable
from zoomauto.google.client import GoogleClient, Request
from zoomauto.google.resumable import Upload, send_resumably
from zoomauto.google.upload_memory import UploadMemory
from zoomauto.ports.destination import Parcel
from zoomauto.ports.progress import Progress


class Captions:
    """The tracks of films. A track that is there is never replaced."""

    def __init__(self, client: GoogleClient, options: YouTubeOptions) -> None:
        self._client = client
        self._options = options

    def of(self, film: str) -> Sequence[Mapping[str, Any]]:
        """Give the tracks of a film; none when there is no such film."""
        request = Request(
            what="list captions",
            url=f"{self._options.api_base.rstrip('/')}/captions",
            params={"part": "snippet", "videoId": film},
        )
        items = self._client.call(request).get("items")
        return items if isinstance(items, list) else ()

    def publish(self, parcel: Parcel, film: str, memory: UploadMemory, progress: Progress) -> str:
        """Make a track of a subtitle file, once; give its id."""
        language = language_of(parcel.metadata, self._options)
        tracks = self.of(film)
        if any(track["id"] == memory.object_id for track in tracks):
            return memory.object_id or ""
        if memory.session is None or "name" not in memory.facts:
            name, found = _choice(parcel, language, tracks)
            if found is not None:
                return found
            memory.keep(name=name, object=None)
        upload = Upload(
            opening=Request(
                what="upload captions",
                method="POST",
                url=f"{self._options.upload_base.rstrip('/')}/captions",
                params={"uploadType": "resumable", "part": "snippet"},
                headers={
                    "X-Upload-Content-Type": "application/octet-stream",
                    "X-Upload-Content-Length": str(parcel.size_bytes),
                },
                document={
                    "snippet": {
                        "videoId": film,
                        "language": language,
                        "name": memory.facts["name"],
                        "isDraft": False,
                    }
                },
            ),
            parcel=parcel,
            memory=memory,
        )
        track = str(send_resumably(self._client, upload, progress)["id"])
        memory.keep(object=track, session=None)
        return track


def _choice(
    parcel: Parcel, language: str, tracks: Sequence[Mapping[str, Any]]
) -> tuple[str, str | None]:
    """Choose a name; with the id of the track that has it when it tells that it holds this."""
    taken = {
        track["snippet"].get("name", ""): str(track["id"])
        for track in tracks
        if track["snippet"].get("language") == language
        # YouTube's own, made by listening, stand beside ours.
        and track["snippet"].get("trackKind") != "asr"
    }
    for name in _names(parcel):
        if name not in taken:
            return name, None
        if name:
            return name, taken[name]
    raise Unreachable("every name for these captions is taken")


def _names(parcel: Parcel) -> Iterator[str]:
    """Give no name, then one that tells this very content: it is the same wherever it is found."""
    yield ""
    identity = hashlib.sha256(parcel.identity.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    yield f"{identity}-{parcel.sha256[:16]}"
