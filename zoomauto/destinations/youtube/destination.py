"""YouTube: a channel of films, with captions."""

from typing import Any, ClassVar

from zoomauto.destinations.youtube.captions import Captions
from zoomauto.destinations.youtube.film import film_resource, playlist_of
from zoomauto.destinations.youtube.films import (
    ChannelFilms,
    is_there,
    picture_at,
    require_there,
)
from zoomauto.destinations.youtube.options import SCOPES, YouTubeOptions
from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import Check
from zoomauto.errors import PermanentError
from zoomauto.google.client import GoogleClient, Request, Service, established
from zoomauto.google.resumable import Upload, send_resumably
from zoomauto.google.upload_memory import UploadMemory
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel, Visit
from zoomauto.ports.progress import Progress

_NO_CAPTION = ""


class YouTubeDestination:
    """Publishes films on a YouTube channel, and their subtitles as captions.

    Takes videos and subtitles. Title, description, tags, category, language, privacy and playlist
    are what the template's metadata says, else these options; the title is the name. An upload
    that was broken off goes on where it stopped, in another process too. YouTube keeps no sums, so
    size and SHA-256 are of the bytes that were sent.
    """

    Options: ClassVar[type] = YouTubeOptions
    secret_names: ClassVar[frozenset[str]] = frozenset({"client_secret"})
    takes: ClassVar[frozenset[FileKind]] = frozenset({FileKind.VIDEO, FileKind.SUBTITLES})

    def __init__(self, options: YouTubeOptions, tools: Tools) -> None:
        """Open the destination; nothing is asked yet."""
        self._options = options
        self._tools = tools
        self._client = GoogleClient(options, tools, Service(name="youtube", scopes=SCOPES))
        self._films = ChannelFilms(self._client, options)
        self._captions = Captions(self._client, options)

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, AuthenticationError
        without a login, RateLimited for a quota, PermanentError for what YouTube does not keep.
        """
        login = self._client.logins.required()
        place = f"{self._options.upload_base}\n{parcel.beside or ''}"
        memory = UploadMemory.of(parcel, login_id=login.id, place=place)
        if parcel.kind is FileKind.SUBTITLES:
            return self._publish_captions(parcel, memory, progress)
        if parcel.kind is not FileKind.VIDEO:
            raise PermanentError(f"YouTube takes videos and subtitles, not {parcel.kind}")
        return self._publish_film(parcel, memory, progress)

    def holds(self, delivered: Delivered) -> bool:
        """Whether the film or the track is still there; a film with the same size."""
        film, slash, track = delivered.location.partition("/")
        if track != _NO_CAPTION:
            return any(found["id"] == track for found in self._tracks_of(film))
        found = self._films.get(film)
        if found is None:
            return False
        return bool(slash) or is_there(found, delivered.size_bytes)

    def check(self) -> tuple[Check, ...]:
        """Prove that somebody is logged in who has a channel, and the playlist if one is named."""
        login = self._client.check_login()
        if not all(check.ok for check in login):
            return login
        facts = [*login, established("channel", self._channel)]
        if self._options.playlist:
            facts.append(established("playlist", self._playlist))
        return (*facts, Check(name="limits", ok=True, detail=_LIMITS))

    def log_in(self, visit: Visit) -> tuple[Check, ...]:
        """Have a person log in, keep the login, and check the destination."""
        self._client.log_in(visit)
        return self.check()

    def _publish_film(self, parcel: Parcel, memory: UploadMemory, progress: Progress) -> Delivered:
        film = memory.object_id
        if film is not None and self._films.get(film) is None:
            # Somebody deleted it since.
            memory.keep(object=None, session=None, thumbnail=None)
            film = None
        if film is None:
            film = self._uploaded(parcel, memory, progress)
        require_there(self._films.get(film), parcel.size_bytes)
        if playlist := playlist_of(parcel.metadata, self._options):
            self._films.add_to_playlist(film, playlist)
        seconds = self._options.thumbnail_seconds
        if seconds is not None and memory.facts.get("thumbnail") != seconds:
            picture = picture_at(self._tools.ffmpeg, parcel.path, seconds)
            self._films.set_thumbnail(film, picture)
            memory.keep(thumbnail=seconds)
        return _delivered(parcel, location=film, film=film)

    def _uploaded(self, parcel: Parcel, memory: UploadMemory, progress: Progress) -> str:
        """Send the film; give its id, written down before anybody is told."""
        notify = "true" if self._options.notify_subscribers else "false"
        upload = Upload(
            opening=Request(
                what="upload a film",
                method="POST",
                url=f"{self._options.upload_base.rstrip('/')}/videos",
                params={
                    "uploadType": "resumable",
                    "part": "snippet,status",
                    "notifySubscribers": notify,
                },
                headers={
                    "X-Upload-Content-Type": parcel.media_type,
                    "X-Upload-Content-Length": str(parcel.size_bytes),
                },
                document=film_resource(parcel, self._options),
            ),
            parcel=parcel,
            memory=memory,
        )
        film = str(send_resumably(self._client, upload, progress)["id"])
        memory.keep(object=film, session=None)
        return film

    def _publish_captions(
        self, parcel: Parcel, memory: UploadMemory, progress: Progress
    ) -> Delivered:
        """Make captions of the one format; the film holds the same words in the others."""
        film = parcel.beside
        if film is None:
            raise PermanentError(
                "subtitles are published beside their film, which is not on YouTube",
                hint="let the template publish video there, too",
            )
        if parcel.extension != f".{self._options.captions}":
            return _delivered(parcel, location=f"{film}/{_NO_CAPTION}", film=film)
        track = self._captions.publish(parcel, film, memory, progress)
        return _delivered(parcel, location=f"{film}/{track}", film=film)

    def _tracks_of(self, film: str) -> Any:
        return () if self._films.get(film) is None else self._captions.of(film)

    def _channel(self) -> str:
        channel = self._films.channel()
        title = channel.get("snippet", {}).get("title", "without a name")
        length = channel.get("status", {}).get("longUploadsStatus")
        if length in {None, "allowed", "longUploadsUnspecified"}:
            return f"{title}"
        raise PermanentError(
            f"{title}: YouTube refuses its films over 15 minutes", hint="youtube.com/verify"
        )

    def _playlist(self) -> str:
        found = self._films.playlist(self._options.playlist)
        return str(found.get("snippet", {}).get("title", self._options.playlist))


_LIMITS = (
    "a project may upload 100 films a day; until Google has audited it, all of them stay private"
)


def _delivered(parcel: Parcel, *, location: str, film: str) -> Delivered:
    return Delivered(
        location=location,
        url=f"https://youtu.be/{film}",
        size_bytes=parcel.size_bytes,
        sha256=parcel.sha256,
    )
