"""Resumable uploads: whatever breaks, one object with the right bytes."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from zoomauto.destinations.youtube.destination import YouTubeDestination
from zoomauto.errors import (
    AuthenticationError,
    CorruptMedia,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.ports.destination import Parcel
from zoomauto.testing.clock import FrozenClock
from zoomauto.testing.google.faults import Fault
from zoomauto.testing.google.server import FakeGoogle
from zoomauto.testing.progress import FakeProgress

KIB = 2**10
ParcelOf = Callable[..., Parcel]

FAULTS = {
    "nothing": (),
    "a connection cut within a chunk": (Fault(method="PUT", cut_after=100 * KIB),),
    "connections cut again and again": (Fault(method="PUT", cut_after=60 * KIB, times=4),),
    "a connection cut before the first byte": (Fault(method="PUT", cut_after=0),),
    "a server that is unwell": (Fault(method="PUT", status=503, times=3),),
    "a server that is unwell while it is asked": (
        Fault(method="PUT", cut_after=20 * KIB),
        Fault(method="PUT", status=502, times=2),
    ),
    "less taken than was sent": (Fault(method="PUT", keep=40 * KIB, times=2),),
    "nothing taken": (Fault(method="PUT", keep=0),),
    "a session that is lost": (Fault(method="PUT", status=410, after=1),),
    "a session that was never there": (Fault(method="PUT", status=404),),
    "a token that is refused": (Fault(method="PUT", status=401, reason="authError", after=1),),
    "too many requests": (
        Fault(method="PUT", status=429, reason="rateLimitExceeded", headers={"Retry-After": "7"}),
    ),
    "an answer that is lost in the middle": (Fault(method="PUT", is_lost=True),),
    "the last answer lost": (Fault(method="PUT", is_lost=True, after=2),),
    "no session at first": (Fault(method="POST", path="videos", status=500, times=2),),
    "a token refused at first": (Fault(method="POST", path="videos", status=401),),
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_film_with_the_right_bytes_comes_of(
    name: str,
    google: FakeGoogle,
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
    film_bytes: bytes,
):
    for fault in FAULTS[name]:
        google.fail(replace(fault))
    progress = FakeProgress()
    delivered = youtube.publish(parcel_of(film_bytes), progress)
    held = {key: film.content for key, film in google.youtube.films.items()}
    assert held == {delivered.location: film_bytes}
    assert [step.done for step in progress.steps] == [len(film_bytes)]


def test_only_what_is_missing_is_sent_by_the_next_process(
    google: FakeGoogle,
    youtube_of: Callable[..., YouTubeDestination],
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
    film_bytes: bytes,
):
    parcel = parcel_of(film_bytes)
    google.fail(Fault(method="PUT", after=2, status=503, times=12))
    with pytest.raises(TemporaryError):
        youtube.publish(parcel, FakeProgress())
    assert google.youtube.films == {}
    google.fail_nothing()
    youtube_of().publish(parcel, FakeProgress())
    assert [film.content for film in google.youtube.films.values()] == [film_bytes]
    assert google.sessions.bytes_taken == len(film_bytes)
    assert google.counts()["POST videos"] == 1


def test_a_session_of_another_login_is_not_used(
    google: FakeGoogle,
    youtube_of: Callable[..., YouTubeDestination],
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
    visit: object,
):
    parcel = parcel_of(b"film")
    google.fail(Fault(method="PUT", status=503, times=12))
    with pytest.raises(TemporaryError):
        youtube.publish(parcel, FakeProgress())
    google.fail_nothing()
    again = youtube_of()
    again.log_in(visit)  # type: ignore[arg-type]  # the fixture is a Visit
    again.publish(parcel, FakeProgress())
    assert google.counts()["POST videos"] == 2


def test_the_state_is_for_nobody_else(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    google.fail(Fault(method="PUT", status=503, times=12))
    with pytest.raises(TemporaryError):
        youtube.publish(parcel, FakeProgress())
    state = Path(str(parcel.state))
    document = json.loads(state.read_text())
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert document["facts"]["session"].startswith(google.origin)
    assert {key: document["about"][key] for key in ("size_bytes", "sha256")} == {
        "size_bytes": 4,
        "sha256": parcel.sha256,
    }


@pytest.mark.parametrize("content", [b"", b"\0{", b"[1]", b'{"about": 1, "facts": []}'])
def test_a_state_that_says_nothing_is_as_good_as_none(
    content: bytes, google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    state = Path(str(parcel.state))
    state.write_bytes(content)
    state.chmod(0o600)
    youtube.publish(parcel, FakeProgress())
    assert [film.content for film in google.youtube.films.values()] == [b"film"]


@pytest.mark.parametrize("change", [b"fiXm", b"fi", b"filmfilm"])
def test_bytes_that_changed_are_never_published(
    change: bytes, google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf
):
    parcel = parcel_of(b"film")
    Path(str(parcel.path)).write_bytes(change)
    if change.startswith(b"film"):
        # What was added since is not read.
        assert youtube.publish(parcel, FakeProgress()).size_bytes == 4
        return
    with pytest.raises(CorruptMedia):
        youtube.publish(parcel, FakeProgress())
    assert google.youtube.films == {}
    assert google.sessions.known == {}


def test_bytes_that_changed_between_two_processes_are_never_published(
    google: FakeGoogle,
    youtube_of: Callable[..., YouTubeDestination],
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
    film_bytes: bytes,
):
    parcel = parcel_of(film_bytes)
    google.fail(Fault(method="PUT", after=2, status=503, times=12))
    with pytest.raises(TemporaryError):
        youtube.publish(parcel, FakeProgress())
    google.fail_nothing()
    Path(str(parcel.path)).write_bytes(b"X" + film_bytes[1:])
    with pytest.raises(CorruptMedia):
        youtube_of().publish(parcel, FakeProgress())
    assert google.youtube.films == {}


@pytest.mark.parametrize(
    ("fault", "kind", "data"),
    [
        (
            Fault(path="videos", status=403, reason="quotaExceeded"),
            RateLimited,
            "2026-11-24T08:00:00+00:00",  # midnight in California
        ),
        (
            Fault(path="videos", status=400, reason="uploadLimitExceeded"),
            RateLimited,
            "2026-11-24T12:00:00+00:00",
        ),
        (Fault(path="videos", status=403, reason="forbidden"), AuthenticationError, None),
        (Fault(path="videos", status=400, reason="invalidTags"), PermanentError, None),
        (
            Fault(path="videos", status=503, headers={"Retry-After": "3600"}),
            TemporaryError,
            "2026-11-23T13:00:00+00:00",
        ),
        (Fault(path="videos", status=401, reason="authError", times=2), AuthenticationError, None),
    ],
    ids=lambda value: getattr(value, "reason", None),
)
def test_a_refusal_says_what_it_means_and_when_to_come_back(
    fault: Fault,
    kind: type[ZoomautoError],
    data: str | None,
    google: FakeGoogle,
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
):
    google.fail(replace(fault))
    with pytest.raises(kind) as refusal:
        youtube.publish(parcel_of(b"film"), FakeProgress())
    assert type(refusal.value) is kind
    assert refusal.value.data.get("reset_at") == data


def test_retry_after_is_heeded(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf, clock: FrozenClock
):
    google.fail(Fault(method="PUT", status=503, headers={"Retry-After": "7"}))
    youtube.publish(parcel_of(b"film"), FakeProgress())
    (waited,) = clock.slept
    assert timedelta(seconds=7) < waited < timedelta(seconds=8)


def test_a_google_that_is_away_is_not_asked_for_ever(
    google: FakeGoogle, youtube: YouTubeDestination, parcel_of: ParcelOf, clock: FrozenClock
):
    google.stop()
    with pytest.raises(Unreachable):
        youtube.publish(parcel_of(b"film"), FakeProgress())
    assert len(clock.slept) == 5


def test_no_secret_is_told(
    google: FakeGoogle,
    youtube: YouTubeDestination,
    parcel_of: ParcelOf,
    caplog: pytest.LogCaptureFixture,
):
    parcel = parcel_of(b"film")
    caplog.set_level(0)
    google.fail(Fault(method="PUT", status=400, reason="invalid"))
    with pytest.raises(PermanentError) as refusal:
        youtube.publish(parcel, FakeProgress())
    told = f"{refusal.value!r} {refusal.value.data} {refusal.value.__cause__!r} {caplog.text}"
    secrets = [
        *google.logins.access_tokens,
        *google.logins.refresh_tokens,
        *google.sessions.known,
        google.client_secret,
    ]
    assert len(secrets) >= 4
    assert [secret for secret in secrets if secret in told] == []
