"""YouTube: films with what is said of them, captions, playlists, thumbnails."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoomauto.destinations.youtube.destination import YouTubeDestination
from zoomauto.destinations.youtube.film import description_of, tags_of, title_of
from zoomauto.destinations.youtube.options import YouTubeOptions
from zoomauto.domain.options import read_options
from zoomauto.domain.recording import FileKind
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidOptions,
    PermanentError,
)
from zoomauto.ports.destination import Delivered, Parcel, Visit
from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.testing.google.youtube import PLAYLIST
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]
YouTubeOf = Callable[..., YouTubeDestination]

LEFT = "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}"
RIGHT = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
WORDS = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"


def publish(destination: YouTubeDestination, parcel: Parcel) -> Delivered:
    return destination.publish(parcel, FakeProgress())


def subtitles(
    parcel_of: ParcelOf, film: str | None, content: bytes = WORDS, **facts: Any
) -> Parcel:
    known = {"kind": FileKind.SUBTITLES, "extension": ".vtt", "beside": film} | facts
    return parcel_of(content, identity="k/a.mp4#vtt", **known)


def test_a_film_is_private_and_called_by_its_name(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    delivered = publish(youtube, parcel)
    (name,) = google.youtube.films
    assert delivered == Delivered(
        location=name, url=f"https://youtu.be/{name}", size_bytes=4, sha256=parcel.sha256
    )
    assert google.youtube.films[name].resource == {
        "snippet": {
            "title": "Weekly Sync [7]",
            "description": "",
            "categoryId": "27",
            "defaultLanguage": "en",
            "defaultAudioLanguage": "en",
        },
        "status": {"privacyStatus": "private", "selfDeclaredMadeForKids": False},
    }


def test_what_the_template_says_comes_before_the_options(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit, parcel_of: ParcelOf
):
    youtube = youtube_of(privacy="public", language="de", category="22", playlist="PLother")
    youtube.log_in(visit)
    said = {
        "title": "Lecture <1>",
        "description": "0:00 Start",
        "tags": "maths,  open day ,maths,",
        "privacy": "unlisted",
        "language": "pt-BR",
        "category": "28",
        "playlist": PLAYLIST,
    }
    film = publish(youtube, parcel_of(b"film", metadata=said)).location
    assert google.youtube.films[film].resource == {
        "snippet": {
            "title": f"Lecture {LEFT}1{RIGHT}",
            "description": "0:00 Start",
            "tags": ["maths", "open day"],
            "categoryId": "28",
            "defaultLanguage": "pt-BR",
            "defaultAudioLanguage": "pt-BR",
        },
        "status": {"privacyStatus": "unlisted", "selfDeclaredMadeForKids": False},
    }
    assert google.youtube.playlists[PLAYLIST] == [film]


@pytest.mark.parametrize("key", ["privacy", "language", "category"])
def test_metadata_that_youtube_does_not_know_is_refused_before_anything_is_sent(
    key: str, google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    with pytest.raises(ConfigurationError, match=f"metadata {key} cannot be"):
        publish(youtube, parcel_of(b"film", metadata={key: "se cret"}))
    assert google.counts()["POST videos"] == 0


def test_texts_are_cut_to_what_youtube_takes(parcel_of: ParcelOf):
    said = {"title": "ä" * 200, "description": "ä" * 3000, "tags": ",".join(["a b"] * 2)}
    parcel = parcel_of(b"film", metadata=said)
    assert (title_of(parcel), description_of(said)) == ("ä" * 100, "ä" * 2500)
    assert tags_of({"tags": ",".join(f"{number:09}" for number in range(90))}) == [
        f"{number:09}" for number in range(50)
    ]


def test_doing_it_again_makes_no_second_film_and_no_second_entry(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit, parcel_of: ParcelOf
):
    youtube_of().log_in(visit)
    first = publish(youtube_of(playlist=PLAYLIST), parcel_of(b"film"))
    assert publish(youtube_of(playlist=PLAYLIST), parcel_of(b"film")) == first
    assert list(google.youtube.films) == [first.location]
    assert google.youtube.playlists[PLAYLIST] == [first.location]


def test_what_came_after_the_film_is_made_up_for_without_a_second_film(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit, parcel_of: ParcelOf
):
    youtube = youtube_of(playlist=PLAYLIST)
    youtube.log_in(visit)
    google.fail(Fault(method="POST", path="playlistItems", status=403, reason="forbidden"))
    with pytest.raises(AuthenticationError):
        publish(youtube, parcel_of(b"film"))
    film = publish(youtube_of(playlist=PLAYLIST), parcel_of(b"film")).location
    assert (list(google.youtube.films), google.youtube.playlists[PLAYLIST]) == ([film], [film])


def test_a_film_that_somebody_deleted_is_published_again(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    first = publish(youtube, parcel_of(b"film"))
    google.youtube.films.clear()
    assert not youtube.holds(first)
    second = publish(youtube, parcel_of(b"film"))
    assert list(google.youtube.films) == [second.location]


def test_a_film_that_youtube_does_not_keep_is_no_success(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    google.youtube.upload_status = ("rejected", "duplicate")
    with pytest.raises(PermanentError, match=r"\(rejected\): duplicate"):
        publish(youtube, parcel_of(b"film"))


def test_subtitles_become_captions_once(
    google: FakeGoogle, youtube: YouTubeDestination, youtube_of: YouTubeOf, parcel_of: ParcelOf
):
    film = publish(youtube, parcel_of(b"film")).location
    first = publish(youtube, subtitles(parcel_of, film))
    assert publish(youtube_of(), subtitles(parcel_of, film)) == first
    (track,) = google.youtube.tracks
    assert first.location == f"{film}/{track}"
    snippet = {"videoId": film, "language": "en", "name": "", "isDraft": False}
    found = google.youtube.tracks[track]
    assert (found.snippet, found.content) == (snippet, WORDS)
    assert youtube.holds(first)
    assert not youtube.holds(replace(first, location=f"{film}/other"))
    google.youtube.films.clear()
    assert not youtube.holds(first)


def test_other_words_replace_no_captions(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf, tmp_path: Path
):
    film = publish(youtube, parcel_of(b"film")).location
    first = publish(youtube, subtitles(parcel_of, film))
    other = subtitles(parcel_of, film, WORDS + b"\n")
    second = publish(youtube, other)
    assert [track.content for track in google.youtube.tracks.values()] == [WORDS, WORDS + b"\n"]
    assert youtube.holds(first)
    # Their name tells them, so that nothing is sent again when the work folder is gone.
    assert publish(youtube, replace(other, state=tmp_path / "new")) == second


def test_subtitles_in_another_format_are_held_by_the_film(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    film = publish(youtube, parcel_of(b"film")).location
    delivered = publish(youtube, replace(subtitles(parcel_of, film), extension=".srt"))
    assert (delivered.location, google.youtube.tracks) == (f"{film}/", {})
    assert youtube.holds(delivered)
    google.youtube.films.clear()
    assert not youtube.holds(delivered)


def test_subtitles_without_a_film_have_no_place(youtube: YouTubeDestination, parcel_of: ParcelOf):
    with pytest.raises(PermanentError, match="beside their film"):
        publish(youtube, subtitles(parcel_of, None))


def test_the_last_answer_to_captions_may_be_lost(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    film = publish(youtube, parcel_of(b"film")).location
    google.fail(Fault(method="PUT", path="captions", is_lost=True))
    publish(youtube, subtitles(parcel_of, film))
    assert len(google.youtube.tracks) == 1


@pytest.fixture
def short_film(tmp_path: Path, component: Callable[[object, str], None]) -> Path:
    """One second of pictures."""
    component(shutil.which("ffmpeg"), "ffmpeg")
    path = tmp_path / "film.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=d=1:s=320x180:r=5", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *source, path], check=True)
    return path


@pytest.mark.parametrize("seconds", [0.5, 60.0], ids=["within the film", "behind its end"])
def test_a_picture_of_the_film_becomes_its_thumbnail_once(
    seconds: float,
    google: FakeGoogle,
    youtube_of: YouTubeOf,
    visit: Visit,
    short_film: Path,
    parcel_of: ParcelOf,
):
    youtube = youtube_of(thumbnail_seconds=seconds)
    youtube.log_in(visit)
    parcel = replace(parcel_of(short_film.read_bytes()), path=short_film)
    film = publish(youtube, parcel).location
    publish(youtube, parcel)
    assert google.youtube.films[film].thumbnail.startswith(b"\xff\xd8\xff")
    assert google.counts()["POST set"] == 1


def test_a_check_says_who_is_logged_in_and_what_is_reached(youtube_of: YouTubeOf, visit: Visit):
    youtube = youtube_of(playlist=PLAYLIST)
    assert youtube.check() == (
        Check(
            name="login",
            ok=False,
            detail="nobody is logged in at Google; zoomauto destination login NAME",
        ),
    )
    checks = youtube.log_in(visit)
    assert [(check.name, check.ok, check.detail) for check in checks[:-1]] == [
        ("login", True, "Google accepts it"),
        ("scopes", True, "all granted"),
        ("channel", True, "Fake channel"),
        ("playlist", True, "Lectures"),
    ]
    assert "stay private" in checks[-1].detail


def test_a_check_names_what_is_missing(google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit):
    youtube = youtube_of(playlist="PLgone")
    google.youtube.long_uploads = "eligible"
    google.logins.life_seconds = 7 * 24 * 3600
    found = {check.name: (check.ok, check.detail) for check in youtube.log_in(visit)}
    assert found["login"][1].startswith("Google accepts it until 2026-11-30 12:00 UTC; publish")
    assert found["channel"] == (
        False,
        "Fake channel: YouTube refuses its films over 15 minutes; youtube.com/verify",
    )
    assert found["playlist"][0] is False
    google.youtube.has_channel = False
    assert "no channel" in {check.name: check.detail for check in youtube.check()}["channel"]
    google.logins.refresh_tokens.clear()
    (login,) = youtube_of().check()
    assert "testing" in login.detail
    assert "zoomauto destination login NAME" in login.detail


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("client_id", " "),
        ("account", "two words"),
        ("privacy", "secret"),
        ("category", "films"),
        ("language", "English!"),
        ("playlist", "https://youtube.com/playlist?list=x"),
        ("captions", "ass"),
        ("thumbnail_seconds", "-1"),
        ("api_base", "http://example.com"),
        ("token_url", "ftp://example.com"),
    ],
)
def test_what_can_never_work_is_refused_when_it_is_saved(option: str, value: str):
    with pytest.raises(InvalidOptions):
        read_options(YouTubeOptions, {"client_id": "c", option: value}, where="youtube")
