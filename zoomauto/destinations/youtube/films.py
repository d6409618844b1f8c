"""Films, playlists and pictures of a channel as YouTube's API knows them."""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from zoomauto.destinations.youtube.options import YouTubeOptions
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    PermanentError,
    TemporaryError,
)
from zoomauto.google.client import GoogleClient, Request
from zoomauto.media.ffmpeg import Ffmpeg, source_arguments

#: A film is there as soon as YouTube has its bytes; it may take hours to be ready.
_THERE = frozenset({"uploaded", "processed"})
_FRAME_TIMEOUT = timedelta(minutes=2)


class ChannelFilms:
    """The calls that are needed, each a few lines."""

    def __init__(self, client: GoogleClient, options: YouTubeOptions) -> None:
        self._client = client
        self._api = options.api_base.rstrip("/")
        self._upload = options.upload_base.rstrip("/")

    def get(self, film: str) -> Mapping[str, Any] | None:
        """Give what YouTube tells its owner of a film; None when there is none."""
        return self._first(
            "look at a film", "videos", {"part": "id,status,fileDetails", "id": film}
        )

    def channel(self) -> Mapping[str, Any]:
        """Give the channel of the login. Raise AuthenticationError when there is none."""
        found = self._first(
            "look at the channel", "channels", {"part": "snippet,status", "mine": "true"}
        )
        if found is None:
            raise AuthenticationError(
                "this login has no channel", hint="make one at youtube.com, then log in again"
            )
        return found

    def playlist(self, playlist: str) -> Mapping[str, Any]:
        """Give a playlist. Raise ConfigurationError when there is none."""
        found = self._first(
            "look at a playlist", "playlists", {"part": "id,snippet", "id": playlist}
        )
        if found is None:
            raise ConfigurationError(
                f"YouTube shows no playlist {playlist!r} to this login",
                hint="the id is what follows list= in the playlist's address",
            )
        return found

    def add_to_playlist(self, film: str, playlist: str) -> None:
        """Add a film to the end of a playlist, unless it is in it."""
        what = f"add a film to the playlist {playlist}"
        params = {"part": "id", "playlistId": playlist, "videoId": film}
        if self._first(what, "playlistItems", params) is not None:
            return
        resource = {"kind": "youtube#video", "videoId": film}
        self._client.call(
            Request(
                what=what,
                method="POST",
                url=f"{self._api}/playlistItems",
                params={"part": "snippet"},
                document={"snippet": {"playlistId": playlist, "resourceId": resource}},
            )
        )

    def set_thumbnail(self, film: str, picture: bytes) -> None:
        """Show a picture before the film is played. Needs a channel with a verified phone."""
        self._client.call(
            Request(
                what="set a thumbnail (the channel's phone number must be verified)",
                method="POST",
                url=f"{self._upload}/thumbnails/set",
                params={"videoId": film, "uploadType": "media"},
                headers={"Content-Type": "image/jpeg"},
                content=picture,
            )
        )

    def _first(self, what: str, kind: str, params: Mapping[str, str]) -> Mapping[str, Any] | None:
        request = Request(what=what, url=f"{self._api}/{kind}", params=params)
        items = self._client.call(request).get("items")
        return items[0] if isinstance(items, list) and items else None


def is_there(film: Mapping[str, Any], size_bytes: int) -> bool:
    """Whether a film was taken and kept, with that size where YouTube tells it."""
    if film.get("status", {}).get("uploadStatus") not in _THERE:
        return False
    size = film.get("fileDetails", {}).get("fileSize")
    return size is None or str(size) == str(size_bytes)


def require_there(film: Mapping[str, Any] | None, size_bytes: int) -> None:
    """Raise PermanentError, with YouTube's reason, for a film that was not kept."""
    if film is None:
        raise TemporaryError("YouTube does not show what was uploaded")
    if is_there(film, size_bytes):
        return
    status = film.get("status", {})
    reason = status.get("failureReason") or status.get("rejectionReason") or "without a reason"
    raise PermanentError(
        f"YouTube did not keep the film ({status.get('uploadStatus')}): {reason}",
        hint="see it at studio.youtube.com",
    )


def picture_at(ffmpeg: Ffmpeg, path: PurePath, seconds: float) -> bytes:
    """Give the picture at that time as JPEG, 720 lines high; the first one of a shorter film."""
    with tempfile.TemporaryDirectory(prefix="zoomauto-") as folder:
        target = Path(folder) / "picture.jpg"
        for start in (seconds, 0.0):
            arguments = ["-y", "-ss", f"{start:.3f}", *source_arguments(path)]
            form = ["-frames:v", "1", "-vf", "scale=-2:720", "-q:v", "4", "-f", "mjpeg"]
            ffmpeg.run([*arguments, *form, f"file:{target}"], timeout=_FRAME_TIMEOUT)
            if target.is_file() and target.stat().st_size:
                return target.read_bytes()
    raise CorruptMedia(f"{path.name} has no picture for a thumbnail")
