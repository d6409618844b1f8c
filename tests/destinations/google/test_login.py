"""Logging in over a real callback, and what becomes of tokens."""

import json
import socket
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest

from zoomauto.destinations.google_drive.destination import DriveDestination
from zoomauto.destinations.youtube.destination import YouTubeDestination
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    TemporaryError,
    UsageError,
)
from zoomauto.ports.destination import Parcel, Visit
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.testing.progress import FakeProgress

YouTubeOf = Callable[..., YouTubeDestination]
ParcelOf = Callable[..., Parcel]


def logins(folder: Path) -> list[Path]:
    return sorted(folder.glob("state/google/*.json"))


def test_only_the_answer_that_was_asked_for_is_taken(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit
):
    refused = []

    def besieged(page: str) -> None:
        back = parse_qs(urlsplit(page).query)["redirect_uri"][0]
        for wrong in ("?code=theirs&state=theirs", "?code=theirs", "favicon.ico", ""):
            with pytest.raises(HTTPError) as error:
                urlopen(f"{back}{wrong}", timeout=10)  # noqa: S310 - loopback
            refused.append(error.value.code)
            error.value.close()
        google.visit(page)

    checks = youtube_of().log_in(replace(visit, open_page=besieged))
    assert (all(check.ok for check in checks), refused) == (True, [404] * 4)


def test_a_connection_that_says_nothing_keeps_nobody_waiting(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit
):
    silent = []

    def opened(page: str) -> None:
        back = urlsplit(parse_qs(urlsplit(page).query)["redirect_uri"][0])
        silent.append(socket.create_connection(("127.0.0.1", back.port or 0)))
        google.visit(page)

    assert youtube_of().log_in(replace(visit, open_page=opened))[0].ok
    silent[0].close()


def test_a_person_who_says_no_is_heard(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit, tmp_path: Path
):
    google.logins.denies = True
    with pytest.raises(AuthenticationError, match="Google gave no login: access_denied"):
        youtube_of().log_in(visit)
    assert logins(tmp_path) == []


def test_a_login_that_grants_too_little_is_not_kept(
    google: FakeGoogle, youtube_of: YouTubeOf, visit: Visit, tmp_path: Path
):
    google.logins.grants = "openid"
    with pytest.raises(AuthenticationError, match=r"not granted: .*/auth/youtube\.force-ssl"):
        youtube_of().log_in(visit)
    assert logins(tmp_path) == []


def test_nobody_is_waited_for_longer_than_agreed(youtube_of: YouTubeOf):
    absent = Visit(open_page=lambda _: None, patience=timedelta(milliseconds=1))
    with pytest.raises(TemporaryError, match="nobody logged in within"):
        youtube_of().log_in(absent)


def test_a_port_that_is_taken_is_named(youtube_of: YouTubeOf, google: FakeGoogle, visit: Visit):
    port = urlsplit(google.origin).port or 0
    with pytest.raises(UsageError, match=f"port {port} cannot be used"):
        youtube_of().log_in(replace(visit, port=port))


def test_logins_of_two_words_and_two_services_stand_side_by_side(
    youtube_of: YouTubeOf,
    drive_of: Callable[..., DriveDestination],
    visit: Visit,
    tmp_path: Path,
):
    youtube_of().log_in(visit)
    youtube_of(account="school").log_in(visit)
    drive_of().log_in(visit)
    kept = logins(tmp_path)
    assert [path.name.rpartition("-")[0] for path in kept] == [
        "google-drive-default",
        "youtube-default",
        "youtube-school",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_a_login_that_others_can_read_is_refused(
    youtube_of: YouTubeOf, youtube: YouTubeDestination, parcel_of: ParcelOf, tmp_path: Path
):
    (path,) = logins(tmp_path)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError) as refusal:
        youtube_of().publish(parcel_of(b"film"), FakeProgress())
    assert refusal.value.hint == f"chmod 600 '{path}'"


def test_a_refresh_token_that_is_replaced_is_kept(
    google: FakeGoogle,
    youtube_of: YouTubeOf,
    youtube: YouTubeDestination,
    clock: FrozenClock,
    tmp_path: Path,
):
    google.logins.rotates = True
    (path,) = logins(tmp_path)
    first = json.loads(path.read_text())
    clock.sleep(timedelta(hours=2))
    assert youtube.check()[0].ok
    second = json.loads(path.read_text())
    (token,) = google.logins.refresh_tokens
    assert second == {**first, "refresh_token": token}
    assert youtube_of().check()[0].ok


def test_many_at_once_never_use_a_refresh_token_twice(
    google: FakeGoogle, youtube_of: YouTubeOf, youtube: YouTubeDestination
):
    google.logins.rotates = True
    destinations = [youtube_of() for _ in range(6)]
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda d=d: found.append(d.check()[0].ok)) for d in destinations
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 6


def test_a_login_that_google_has_ended_asks_for_a_new_one(
    google: FakeGoogle, youtube_of: YouTubeOf, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    google.logins.refresh_tokens.clear()
    with pytest.raises(AuthenticationError, match="no longer accepts the login, log in again"):
        youtube_of().publish(parcel_of(b"film"), FakeProgress())


def test_an_application_that_google_does_not_know_is_told_apart(
    youtube_of: YouTubeOf, visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("GOOGLE_SECRET", "of another application")
    with pytest.raises(AuthenticationError, match=r"refuses the application .*invalid_client"):
        youtube_of().log_in(visit)
    assert logins(tmp_path) == []
