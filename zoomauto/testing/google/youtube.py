"""The fake's YouTube: films, captions, playlists and thumbnails of one channel."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from zoomauto.testing.google.uploads import Sessions
from zoomauto.testing.google.wire import Call, Reply, refused

API = "/youtube/v3"
UPLOAD = "/upload/youtube/v3"
PLAYLIST = "PLfake-lectures"


@dataclass(kw_only=True)
class Film:
    """One film of the channel."""

    resource: Mapping[str, Any]
    content: bytes
    upload_status: str = "uploaded"
    reason: str = ""
    thumbnail: bytes = b""


@dataclass(kw_only=True)
class Track:
    """One caption track."""

    snippet: Mapping[str, Any]
    content: bytes


@dataclass(kw_only=True)
class FakeYouTube:
    """What the channel holds."""

    sessions: Sessions
    has_channel: bool = True
    long_uploads: str = "allowed"
    #: ``uploadStatus`` and reason of the films to come.
    upload_status: tuple[str, str] = ("uploaded", "")
    films: dict[str, Film] = field(default_factory=dict)
    tracks: dict[str, Track] = field(default_factory=dict)
    #: Playlist -> films, in order.
    playlists: dict[str, list[str]] = field(default_factory=lambda: {PLAYLIST: []})

    def serve(self, call: Call) -> Reply:
        """Answer a request of the API."""
        name = call.path.removeprefix(UPLOAD).removeprefix(API)
        served = {
            "POST /videos": self._new_film,
            "POST /captions": self._new_track,
            "POST /thumbnails/set": self._thumbnail,
            "POST /playlistItems": self._add_to_playlist,
            "GET /videos": lambda call: _items(self._film(call.query["id"])),
            "GET /captions": lambda call: self._tracks(call.query["videoId"]),
            "GET /channels": lambda _: _items(self._channel()),
            "GET /playlists": self._playlist,
            "GET /playlistItems": self._in_playlist,
        }
        serve = served.get(f"{call.method} {name}")
        return serve(call) if serve else refused(404, "notFound")

    def _new_film(self, call: Call) -> Reply:
        resource = call.document
        snippet = resource["snippet"]
        if not 1 <= len(snippet["title"]) <= 100 or set("<>") & set(snippet["title"]):  # noqa: PLR2004 - YouTube's limit
            return refused(400, "invalidTitle")
        description = snippet["description"]
        if len(description.encode()) > 5000 or set("<>") & set(description):  # noqa: PLR2004 - likewise
            return refused(400, "invalidDescription")

        def finish(content: bytes) -> Reply:
            name = secrets.token_urlsafe(8)
            status, reason = self.upload_status
            self.films[name] = Film(
                resource=resource, content=content, upload_status=status, reason=reason
            )
            return Reply(document={"kind": "youtube#video", "id": name})

        return self.sessions.open(call, finish)

    def _new_track(self, call: Call) -> Reply:
        snippet = call.document["snippet"]
        if snippet["videoId"] not in self.films:
            return refused(404, "videoNotFound")
        if any(_place(track.snippet) == _place(snippet) for track in self.tracks.values()):
            return refused(409, "captionExists")

        def finish(content: bytes) -> Reply:
            name = f"AUieDa{secrets.token_urlsafe(16)}="
            self.tracks[name] = Track(snippet=snippet, content=content)
            return Reply(document={"kind": "youtube#caption", "id": name})

        return self.sessions.open(call, finish)

    def _thumbnail(self, call: Call) -> Reply:
        picture = call.read()
        if not picture.startswith(b"\xff\xd8"):
            return refused(400, "invalidImage")
        self.films[call.query["videoId"]].thumbnail = picture
        return Reply(document={"kind": "youtube#thumbnailSetResponse"})

    def _add_to_playlist(self, call: Call) -> Reply:
        snippet = call.document["snippet"]
        films = self.playlists.get(snippet["playlistId"])
        if films is None:
            return refused(404, "playlistNotFound")
        films.append(snippet["resourceId"]["videoId"])
        return Reply(document={"id": "item"})

    def _playlist(self, call: Call) -> Reply:
        found = call.query["id"] in self.playlists
        return _items({"snippet": {"title": "Lectures"}} if found else None)

    def _in_playlist(self, call: Call) -> Reply:
        films = self.playlists.get(call.query["playlistId"])
        if films is None:
            return refused(404, "playlistNotFound")
        return _items({"id": "item"} if call.query["videoId"] in films else None)

    def _film(self, name: str) -> Mapping[str, Any] | None:
        film = self.films.get(name)
        if film is None:
            return None
        status = {"uploadStatus": film.upload_status}
        if film.reason:
            status["rejectionReason"] = film.reason
        size = {"fileSize": str(len(film.content))}
        return {"id": name, "status": status, "fileDetails": size}

    def _tracks(self, film: str) -> Reply:
        if film not in self.films:
            return refused(404, "videoNotFound")
        return Reply(
            document={
                "items": [
                    {"id": name, "snippet": dict(track.snippet)}
                    for name, track in self.tracks.items()
                    if track.snippet["videoId"] == film
                ]
            }
        )

    def _channel(self) -> Mapping[str, Any] | None:
        if not self.has_channel:
            return None
        status = {"longUploadsStatus": self.long_uploads}
        return {"snippet": {"title": "Fake channel"}, "status": status}


def _items(*found: Mapping[str, Any] | None) -> Reply:
    return Reply(document={"items": [item for item in found if item is not None]})


def _place(snippet: Mapping[str, Any]) -> tuple[str, str, str]:
    return snippet["videoId"], snippet["language"], snippet["name"]
