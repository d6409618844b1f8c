"""An object store: whole objects under their names, never over others, nothing left behind."""

import hashlib
import hmac
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree as ET

import httpx
import pytest

from zoomauto.destinations.object_store.destination import ObjectStoreDestination
from zoomauto.domain.options import read_options
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    DiskFull,
    InvalidOptions,
    PermanentError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.progress import FakeProgress, FakeStep

ParcelOf = Callable[..., Parcel]
#: Larger than what goes out in one request, and some parts long.
BIG = bytes(range(256)) * (12 * 2**12)
KEY = "films/2026/Sync.mp4"
LARGE_ENOUGH = 5 * 2**20


def ask(method: str, url: str, content: bytes = b"") -> httpx.Response:
    """Ask moto, which wants a name but checks no signature."""
    name = "AWS4-HMAC-SHA256 Credential=me/20261123/us-east-1/s3/aws4_request, Signature=none"
    answer = httpx.request(method, url, content=content, headers={"Authorization": name})
    return answer.raise_for_status()


def destination(
    tools: Tools,
    options: Mapping[str, Any],
    secret: str = "anything",  # noqa: S107 - of private servers
) -> ObjectStoreDestination:
    secrets = StoredSecrets({"secret_access_key": f"command:echo {secret}"})
    read: Any = read_options(ObjectStoreDestination.Options, options, where="test")
    return ObjectStoreDestination(read, replace(tools, secrets=secrets))


@dataclass(frozen=True, kw_only=True)
class Place:
    """A folder of a bucket, and what is really there."""

    options: Mapping[str, Any]
    secret: str
    bucket: str
    tools: Tools

    def open(self, **more: Any) -> ObjectStoreDestination:
        return destination(self.tools, {**self.options, **more}, self.secret)

    def held(self) -> dict[str, bytes]:
        return {key: ask("GET", f"{self.bucket}/{key}").content for key in self._keys("", "Key")}

    def unfinished(self) -> list[str]:
        return self._keys("?uploads", "Key")

    def _keys(self, query: str, field: str) -> list[str]:
        found = ET.fromstring(ask("GET", f"{self.bucket}{query}").content)  # noqa: S314 - our own
        return [
            element.text or "" for element in found.iter() if element.tag.endswith(f"}}{field}")
        ]


@pytest.fixture
def place(moto: Any, tools: Tools) -> Place:
    """A folder of a fresh bucket of moto, which anybody may look into."""
    return place_at(moto, tools)


def place_at(server: Any, tools: Tools, *, through: str | None = None) -> Place:
    bucket = server.new_bucket()
    options = server.options(f"{bucket}/films", endpoint=through or server.endpoint)
    return Place(
        options=options,
        secret=server.secret_access_key,
        bucket=f"{server.endpoint}/{bucket}",
        tools=tools,
    )


class Interrupting(FakeProgress):
    """Progress during which something happens, once, after some bytes."""

    def __init__(self, happens: Callable[[], object], *, after: int = LARGE_ENOUGH) -> None:
        super().__init__()
        events = [happens]

        class Step(FakeStep):
            def advance(self, amount: float) -> None:
                super().advance(amount)
                if self.done >= after and events:
                    events.pop()()

        self.made = Step

    def step(self, label: str, *, total: float | None = None, unit: str = "") -> Any:
        """Open a step."""
        self.steps.append(self.made(label=label, total=total, unit=unit))
        return nullcontext(self.steps[-1])


@pytest.mark.parametrize("content", [b"film", BIG], ids=["small", "big"])
def test_a_parcel_gets_its_key_its_type_and_its_hash(
    place: Place, parcel_of: ParcelOf, content: bytes
):
    parcel, progress = parcel_of(content), FakeProgress()
    delivered = place.open(public_url="https://films.example.org/all").publish(parcel, progress)
    assert delivered == Delivered(
        location=f"{place.options['url']}/2026/Sync.mp4",
        url=f"https://films.example.org/all/{KEY}",
        size_bytes=len(content),
        sha256=parcel.sha256,
    )
    assert place.held() == {KEY: content}
    found = ask("HEAD", f"{place.bucket}/{KEY}").headers
    assert found["content-type"] == "video/mp4"
    assert found["x-amz-meta-sha256"] == parcel.sha256
    size = len(content)
    assert [(s.total, s.done, s.unit) for s in progress.steps] == [(size, size, "bytes")]
    assert place.unfinished() == []


@pytest.mark.parametrize("content", [b"film", BIG], ids=["small", "big"])
def test_another_server_takes_it_too_and_knows_it_again(
    s3rver: Any, tools: Tools, parcel_of: ParcelOf, tmp_path: Path, content: bytes
):
    options = s3rver.options(f"shared/{tmp_path.name}")
    opened, progress = destination(tools, options, s3rver.secret_access_key), FakeProgress()
    first = opened.publish(parcel_of(content), FakeProgress())
    other = opened.publish(parcel_of(content[:-1] + b"!", identity="k/b.mp4"), FakeProgress())
    assert first.location == f"s3://shared/{tmp_path.name}/2026/Sync.mp4"
    assert other.location != first.location
    assert opened.publish(parcel_of(content), progress) == first
    assert progress.steps == []
    assert opened.holds(first)
    assert all(check.ok for check in opened.check())


def test_publishing_again_sends_nothing(place: Place, parcel_of: ParcelOf):
    parcel, progress = parcel_of(BIG), FakeProgress()
    first = place.open().publish(parcel, FakeProgress())
    assert (place.open().publish(parcel, progress), progress.steps) == (first, [])
    assert place.held() == {KEY: BIG}


def test_a_new_version_of_the_same_file_stands_beside_the_old_ones(
    place: Place, parcel_of: ParcelOf
):
    opened = place.open()
    for version in (b"one", b"two", b"three"):
        opened.publish(parcel_of(version), FakeProgress())
    identity = hashlib.sha256(b"k/a.mp4").hexdigest()[:8]
    content = hashlib.sha256(b"three").hexdigest()[:8]
    assert place.held() == {
        KEY: b"one",
        f"films/2026/Sync ({identity}).mp4": b"two",
        f"films/2026/Sync ({identity}-{content}).mp4": b"three",
    }


def test_the_same_bytes_that_others_put_there_count_as_published(place: Place, parcel_of: ParcelOf):
    ask("PUT", f"{place.bucket}/{KEY}", content=b"film")
    progress = FakeProgress()
    delivered = place.open().publish(parcel_of(b"film"), progress)
    assert (delivered.location, progress.steps) == (f"{place.options['url']}/2026/Sync.mp4", [])


def test_a_name_taken_while_we_send_is_left_alone(place: Place, parcel_of: ParcelOf):
    def take() -> None:
        ask("PUT", f"{place.bucket}/{KEY}", content=b"theirs")

    suffix = hashlib.sha256(b"k/a.mp4").hexdigest()[:8]
    delivered = place.open().publish(parcel_of(BIG), Interrupting(take))
    assert delivered.location.endswith(f"/2026/Sync ({suffix}).mp4")
    assert place.held() == {KEY: b"theirs", f"films/2026/Sync ({suffix}).mp4": BIG}
    assert place.unfinished() == []


@pytest.mark.parametrize("content", [b"film", BIG], ids=["small", "big"])
@pytest.mark.parametrize("changed", [lambda c: c[:-1] + b"!", lambda c: c + b"!", lambda c: c[:-1]])
def test_a_file_that_has_changed_is_not_published(
    place: Place, parcel_of: ParcelOf, content: bytes, changed: Callable[[bytes], bytes]
):
    parcel = parcel_of(content)
    Path(parcel.path).write_bytes(changed(content))
    with pytest.raises(CorruptMedia):
        place.open().publish(parcel, FakeProgress())
    assert (place.held(), place.unfinished()) == ({}, [])


def test_a_killed_upload_ends_with_one_object_and_no_parts(
    place: Place, parcel_of: ParcelOf, publish_killed: Callable[..., None], tmp_path: Path
):
    parcel = replace(parcel_of(BIG), state=tmp_path / "state")
    secrets = {"secret_access_key": f"command:echo {place.secret}"}
    # The first part is on its way when the second one is read.
    publish_killed("object-store", place.options, secrets, parcel, after=len(BIG))
    assert (place.held(), place.unfinished()) == ({}, [KEY])
    place.open().publish(parcel, FakeProgress())
    assert (place.held(), place.unfinished()) == ({KEY: BIG}, [])
    assert not Path(tmp_path / "state").exists()


def test_a_broken_line_leaves_nothing_and_the_next_attempt_succeeds(
    moto: Any, tools: Tools, parcel_of: ParcelOf, bad_line: Callable[..., Any]
):
    line = bad_line(moto.endpoint, breaks_at=LARGE_ENOUGH)
    place = place_at(moto, tools, through=line.address)
    with pytest.raises(Unreachable) as failure:
        place.open().publish(parcel_of(BIG), FakeProgress())
    assert str(failure.value).startswith(f"{place.options['url'].rpartition('/')[0]} cannot be")
    assert place.held() == {}
    place.open(endpoint=moto.endpoint).publish(parcel_of(BIG), FakeProgress())
    assert place.held() == {KEY: BIG}


def test_a_server_that_dies_while_we_send_is_unreachable(
    own_moto: Any, tools: Tools, parcel_of: ParcelOf
):
    place = place_at(own_moto, tools)
    with pytest.raises(Unreachable):
        place.open().publish(parcel_of(BIG), Interrupting(own_moto.process.kill))


def code(name: str) -> bytes:
    return f"<Error><Code>{name}</Code><Message>no</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (301, code("PermanentRedirect"), ConfigurationError),
        (400, code("ExpiredToken"), AuthenticationError),
        (400, code("InvalidRequest"), ConfigurationError),
        (400, code("EntityTooLarge"), PermanentError),
        (401, b"", AuthenticationError),
        (403, code("SignatureDoesNotMatch"), AuthenticationError),
        (403, code("QuotaExceeded"), DiskFull),
        (429, code("TooManyRequests"), TemporaryError),
        (503, code("SlowDown"), TemporaryError),
        (507, code("XMinioStorageFull"), DiskFull),
    ],
)
def test_a_refusal_says_what_it_means(
    answering: Callable[..., str], tools: Tools, status: int, body: bytes, meaning: type
):
    options = {"url": "s3://bucket", "endpoint": answering(status, body), "access_key_id": "k"}
    with pytest.raises(ZoomautoError) as failure:
        destination(tools, options)._bucket.create("a", b"", {})
    assert type(failure.value) is meaning
    assert failure.value.message.startswith("s3://bucket ")
    assert "Debug" not in failure.value.message


def test_a_wrong_key_is_refused_as_such(s3rver: Any, tools: Tools, parcel_of: ParcelOf):
    options = s3rver.options("shared", access_key_id="nobody")
    with pytest.raises(AuthenticationError):
        destination(tools, options).publish(parcel_of(b"film"), FakeProgress())


def test_a_bucket_that_is_not_there_is_named(moto: Any, tools: Tools, parcel_of: ParcelOf):
    opened = destination(tools, moto.options("no-such-bucket"))
    with pytest.raises(ConfigurationError, match="there is no s3://no-such-bucket"):
        opened.publish(parcel_of(b"film"), FakeProgress())
    assert [check.ok for check in opened.check()] == [False]


def test_a_check_leaves_nothing(place: Place):
    assert [(check.name, check.ok) for check in place.open().check()] == [
        ("write", True),
        ("delete", True),
    ]
    assert place.held() == {}


def test_what_lies_elsewhere_is_not_held(place: Place, parcel_of: ParcelOf):
    delivered = place.open().publish(parcel_of(b"film"), FakeProgress())
    elsewhere = delivered.location.replace("s3://", "s3://other-")
    assert not place.open().holds(replace(delivered, location=elsewhere))


def test_only_its_own_secrets_are_used(
    place: Place, parcel_of: ParcelOf, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of somebody else")
    place.open(storage_class="STANDARD_IA").publish(parcel_of(b"film"), FakeProgress())
    assert place.held() == {KEY: b"film"}
    stored = ask("HEAD", f"{place.bucket}/{KEY}").headers["x-amz-storage-class"]
    assert stored == "STANDARD_IA"


def test_the_environment_may_have_the_credentials(
    s3rver: Any, tools: Tools, parcel_of: ParcelOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3rver.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3rver.secret_access_key)
    options = {"url": f"s3://shared/{tmp_path.name}", "endpoint": s3rver.endpoint}
    opened = destination(tools, {**options, "credentials": "environment"})
    assert opened.holds(opened.publish(parcel_of(b"film"), FakeProgress()))


def test_a_machine_without_credentials_says_so(
    tools: Tools, parcel_of: ParcelOf, monkeypatch: pytest.MonkeyPatch
):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    opened = destination(tools, {"url": "s3://bucket", "credentials": "environment"})
    with pytest.raises(AuthenticationError, match="has credentials"):
        opened.publish(parcel_of(b"film"), FakeProgress())


def test_without_obstore_the_command_that_installs_it_is_named(
    place: Place, parcel_of: ParcelOf, monkeypatch: pytest.MonkeyPatch
):
    for name in [n for n in sys.modules if n.startswith("zoomauto.destinations.object_store.")]:
        if name.endswith((".bucket", ".faults")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    (check,) = place.open().check()
    assert (check.ok, 'pip install "zoomauto[object-store]"' in check.detail) == (False, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "bucket"}, "no address of a bucket"),
        ({"url": "ftp://bucket"}, "no address of a bucket"),
        ({"url": "s3://"}, "no name of a bucket"),
        ({"url": "s3://b b"}, "no name of a bucket"),
        ({"url": "s3://bucket/../x"}, "a folder that cannot be one"),
        ({"url": "s3://bucket//x"}, "a folder that cannot be one"),
        ({"url": "s3://bucket"}, "'access_key_id' is missing"),
        ({"url": "az://bucket"}, "'account' is missing"),
        ({"url": "gs://bucket", "endpoint": "storage"}, "http or https address"),
        ({"url": "gs://bucket", "endpoint": "http://storage.lan"}, "not encrypted"),
        ({"url": "gs://bucket", "endpoint": "https://me:pw@storage.lan"}, "must not name a user"),
        ({"url": "gs://bucket", "public_url": "films"}, "http or https address"),
        ({"url": "gs://bucket", "credentials": "none"}, "credentials"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_saved(options: Mapping[str, Any], words: str):
    with pytest.raises(InvalidOptions, match=words) as refusal:
        read_options(ObjectStoreDestination.Options, options, where="destination")
    assert refusal.value.hint
    assert "pw" not in str(refusal.value)


@pytest.mark.parametrize("url", ["s3://b-1", "s3://b.c/x/y/", "gs://b_1/ä b", "az://bb/x"])
def test_addresses_of_buckets_are_taken(url: str):
    options = {"url": url, "credentials": "environment", "endpoint": "http://localhost:9000"}
    read: Any = read_options(ObjectStoreDestination.Options, options, where="destination")
    assert "/".join((f"{read.kind}://{read.bucket}", *read.folders)) == url.rstrip("/")


def test_a_signed_query_has_the_signature_that_amazon_describes(tools: Tools):
    options = {"url": "s3://films", "endpoint": "http://127.0.0.1:9", "access_key_id": "me"}
    bucket = destination(tools, options)._bucket
    address = bucket.signed_query("GET", "", {"uploads": "", "prefix": "a/b c+(1).mp4"})
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    signature = query.pop("X-Amz-Signature")
    assert (parts.path, query["prefix"], query["uploads"]) == ("/films", "a/b c+(1).mp4", "")
    words = sorted((quote(k, safe=""), quote(v, safe="")) for k, v in query.items())
    asked = "&".join(f"{k}={v}" for k, v in words)
    host = f"host:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    request = f"GET\n{parts.path}\n{asked}\n{host}"
    scope = query["X-Amz-Credential"].partition("/")[2]
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{scope}\n{hashed}"
    key = b"AWS4anything"
    for word in (*scope.split("/"), text):
        key = hmac.digest(key, word.encode(), "sha256")
    assert key.hex() == signature
