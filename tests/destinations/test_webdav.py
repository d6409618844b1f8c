"""A WebDAV folder: whole files under their names, never over others, nothing left behind."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from zoomauto.destinations.webdav.destination import WebdavDestination
from zoomauto.domain.options import read_options
from zoomauto.domain.place_name import temporary_name
from zoomauto.domain.source import Check
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    DiskFull,
    InvalidOptions,
    PermanentError,
    RateLimited,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.progress import FakeProgress, FakeStep

ParcelOf = Callable[..., Parcel]
BIG = bytes(range(256)) * (3 * 2**12)
SECRETS = {"password": "command:echo secret"}


def destination(
    tools: Tools, options: Mapping[str, Any], secrets: Mapping[str, str] = SECRETS
) -> WebdavDestination:
    read: Any = read_options(WebdavDestination.Options, options, where="test")
    return WebdavDestination(read, replace(tools, secrets=StoredSecrets(secrets)))


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder of the server, and what is really there."""

    options: Mapping[str, Any]
    root: Path
    tools: Tools

    def open(self, **more: Any) -> WebdavDestination:
        return destination(self.tools, {**self.options, **more})

    def held(self) -> dict[str, bytes]:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}

    def through(self, address: str) -> str:
        return f"{address}/{self.root.name}"


@pytest.fixture
def place(webdav: Any, webdav_options: Mapping[str, Any], tools: Tools) -> Place:
    """A folder that is not made yet."""
    name = str(webdav_options["url"]).rpartition("/")[2]
    return Place(options=webdav_options, root=webdav.root / name, tools=tools)


class Interrupting(FakeProgress):
    """Progress during which something happens after the first bytes."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()

        class Step(FakeStep):
            def advance(self, amount: float) -> None:
                if not self.done:
                    happens()
                super().advance(amount)

        self.made = Step

    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Any:
        """Open a step."""
        return nullcontext(self.made(label=label, total=total, unit=unit))


def test_a_parcel_gets_its_name_and_folders(place: Place, parcel_of: ParcelOf):
    parcel, progress = parcel_of(BIG, name="a/ä b/Sync: #1 50% [7]?"), FakeProgress()
    address = f"{place.options['url']}/a/%C3%A4%20b/Sync-%20%231%2050%25%20%5B7%5D-.mp4"
    assert place.open().publish(parcel, progress) == Delivered(
        location=address, url=address, size_bytes=len(BIG), sha256=parcel.sha256
    )
    assert place.held() == {"a/ä b/Sync- #1 50% [7]-.mp4": BIG}
    assert [(s.total, s.done, s.unit) for s in progress.steps] == [(len(BIG), len(BIG), "bytes")]


def test_publishing_again_sends_nothing(place: Place, parcel_of: ParcelOf):
    parcel, progress = parcel_of(BIG), FakeProgress()
    first = place.open().publish(parcel, FakeProgress())
    assert (place.open().publish(parcel, progress), progress.steps) == (first, [])
    assert place.open().holds(first)


def test_a_taken_name_gets_a_suffix_that_stays_the_same(place: Place, parcel_of: ParcelOf):
    opened = place.open()
    opened.publish(parcel_of(b"first"), FakeProgress())
    second = parcel_of(b"other", identity="k/b.mp4")
    delivered = opened.publish(second, FakeProgress())
    (place.root / "2026" / "Sync.mp4").unlink()
    assert opened.publish(second, FakeProgress()) == delivered
    suffix = hashlib.sha256(b"k/b.mp4").hexdigest()[:8]
    assert place.held() == {f"2026/Sync ({suffix}).mp4": b"other"}


def test_a_name_taken_while_we_send_is_left_alone(place: Place, parcel_of: ParcelOf):
    theirs = place.root / "2026" / "Sync.mp4"
    place.open().publish(parcel_of(BIG), Interrupting(lambda: theirs.write_bytes(b"theirs")))
    suffix = hashlib.sha256(b"k/a.mp4").hexdigest()[:8]
    assert place.held() == {"2026/Sync.mp4": b"theirs", f"2026/Sync ({suffix}).mp4": BIG}


@pytest.mark.parametrize("changed", [lambda c: c[:-1] + b"!", lambda c: c + b"!", lambda c: c[:-1]])
def test_a_file_that_has_changed_is_not_published(
    place: Place, parcel_of: ParcelOf, changed: Callable[[bytes], bytes]
):
    parcel = parcel_of(BIG)
    Path(parcel.path).write_bytes(changed(BIG))
    with pytest.raises(CorruptMedia):
        place.open().publish(parcel, FakeProgress())
    assert place.held() == {}


def test_a_killed_upload_ends_with_one_file(
    place: Place, parcel_of: ParcelOf, publish_killed: Callable[..., None], tmp_path: Path
):
    parcel = replace(parcel_of(BIG), state=tmp_path / "state")
    publish_killed("webdav", place.options, SECRETS, parcel, after=2 * 2**20)
    assert set(place.held()) <= {f"2026/{temporary_name(parcel)}"}
    place.open().publish(parcel, FakeProgress())
    assert place.held() == {"2026/Sync.mp4": BIG}


def test_a_broken_line_leaves_nothing_visible_and_the_next_attempt_succeeds(
    webdav: Any, place: Place, parcel_of: ParcelOf, bad_line: Callable[..., Any]
):
    line = bad_line(webdav.url, breaks_at=2**20)
    parcel = parcel_of(BIG)
    with pytest.raises(Unreachable):
        place.open(url=place.through(line.address)).publish(parcel, FakeProgress())
    assert set(place.held()) <= {f"2026/{temporary_name(parcel)}"}
    place.open().publish(parcel, FakeProgress())
    assert place.held() == {"2026/Sync.mp4": BIG}


def test_what_arrives_differently_gets_no_name(
    webdav: Any, place: Place, parcel_of: ParcelOf, bad_line: Callable[..., Any]
):
    line = bad_line(webdav.url, flips_at=2**20)
    with pytest.raises(TemporaryError, match="differs from what was sent"):
        place.open(url=place.through(line.address)).publish(parcel_of(BIG), FakeProgress())
    assert place.held() == {}


def test_only_the_size_is_compared_where_that_is_asked_for(
    webdav: Any, place: Place, parcel_of: ParcelOf, bad_line: Callable[..., Any]
):
    line = bad_line(webdav.url, flips_at=2**20)
    opened = place.open(url=place.through(line.address), verify="size")
    opened.publish(parcel_of(BIG), FakeProgress())
    assert [len(content) for content in place.held().values()] == [len(BIG)]


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, ConfigurationError),
        (301, ConfigurationError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (405, ConfigurationError),
        (409, ConfigurationError),
        (413, PermanentError),
        (423, TemporaryError),
        (429, RateLimited),
        (503, TemporaryError),
        (507, DiskFull),
    ],
)
def test_a_refusal_says_what_it_means(
    answering: Callable[..., str],
    tools: Tools,
    parcel_of: ParcelOf,
    status: int,
    meaning: type,
):
    opened = destination(tools, {"url": f"{answering(status, b'<html>')}/films"})
    with pytest.raises(ZoomautoError) as failure:
        opened.publish(parcel_of(b"film"), FakeProgress())
    assert type(failure.value) is meaning
    assert [(check.name, check.ok) for check in opened.check()] == [("write", False)]


@pytest.mark.parametrize("status", [423, 429, 503])
def test_a_busy_server_is_asked_again_when_it_says(
    answering: Callable[..., str], tools: Tools, parcel_of: ParcelOf, status: int
):
    address = answering(status, **{"Retry-After": "120"})
    with pytest.raises(TemporaryError) as failure:
        destination(tools, {"url": f"{address}/films"}).publish(parcel_of(b"film"), FakeProgress())
    after = datetime.fromisoformat(failure.value.data["reset_at"]) - tools.clock.now()
    assert after == timedelta(minutes=2)


def test_a_redirect_names_where_the_folder_is(answering: Callable[..., str], tools: Tools):
    address = answering(308, Location="https://elsewhere.example.org/films?token=1")
    (check,) = destination(tools, {"url": f"{address}/films"}).check()
    assert check.detail.endswith("somewhere else. url=https://elsewhere.example.org/films")


def test_a_server_that_says_it_has_no_room_is_not_sent_anything(
    answering: Callable[..., str], tools: Tools, parcel_of: ParcelOf
):
    found = b'<d:multistatus xmlns:d="DAV:"><d:quota-available-bytes>3</d:quota-available-bytes>'
    opened = destination(tools, {"url": answering(207, found + b"</d:multistatus>", head=404)})
    progress = FakeProgress()
    with pytest.raises(DiskFull, match="has 3 bytes free, 4 are needed"):
        opened.publish(parcel_of(b"film"), progress)
    assert progress.steps == []


def test_a_server_that_is_not_there_is_unreachable(tools: Tools, parcel_of: ParcelOf):
    with pytest.raises(Unreachable):
        destination(tools, {"url": "http://127.0.0.1:1/x"}).publish(
            parcel_of(b"film"), FakeProgress()
        )


def test_a_wrong_password_is_refused_as_such(place: Place, tools: Tools, parcel_of: ParcelOf):
    opened = destination(tools, place.options, {"password": "command:echo wrong"})
    with pytest.raises(AuthenticationError) as failure:
        opened.publish(parcel_of(b"film"), FakeProgress())
    assert "wrong" not in failure.value.message
    assert [check.ok for check in opened.check()] == [False]


def test_a_folder_above_that_is_missing_is_named(place: Place, parcel_of: ParcelOf):
    opened = place.open(url=f"{place.options['url']}/not/made")
    with pytest.raises(ConfigurationError, match="there is no such folder"):
        opened.publish(parcel_of(b"film"), FakeProgress())


def test_a_check_leaves_nothing(place: Place):
    assert place.open().check() == (
        Check(name="write", ok=True, detail=f"{place.options['url']} can be written and read"),
        Check(name="space", ok=True, detail="the server does not say"),
    )
    assert place.held() == {}


def test_what_lies_elsewhere_is_not_held(place: Place, parcel_of: ParcelOf):
    delivered = place.open().publish(parcel_of(b"film"), FakeProgress())
    elsewhere = f"https://elsewhere.example.org{delivered.location}"
    assert not place.open().holds(replace(delivered, location=elsewhere))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "cloud"}, "no http or https address"),
        ({"url": "dav://cloud.example.org"}, "no http or https address"),
        ({"url": "https://[cloud"}, "no address"),
        ({"url": "https://me:pw@cloud.example.org"}, "must not name a user"),
        ({"url": "https://cloud.example.org/?folder=x"}, "no [?] and no #"),
        ({"url": "http://cloud.example.org"}, "not encrypted"),
        ({"url": "https://cloud.example.org", "user": "a:b"}, "without a colon"),
        ({"url": "https://cloud.example.org", "user": ""}, "without a colon"),
        ({"url": "https://cloud.example.org", "verify": "luck"}, "verify"),
        ({"url": "https://cloud.example.org", "patience_seconds": 1}, "10 to 7200"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(options: Mapping[str, Any], words: str):
    with pytest.raises(InvalidOptions, match=words) as refusal:
        read_options(WebdavDestination.Options, options, where="destination")
    assert refusal.value.hint
    assert "pw" not in str(refusal.value)
