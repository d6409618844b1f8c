"""Azure's blobs: the same promises, kept with another protocol."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from obstore.store import AzureStore

from zoomauto.destinations.object_store.destination import ObjectStoreDestination
from zoomauto.domain.options import read_options
from zoomauto.errors import AuthenticationError, ConfigurationError
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.secrets import StoredSecrets
from zoomauto.testing.progress import FakeProgress

ParcelOf = Callable[..., Parcel]
#: Some blocks long.
BIG = bytes(range(256)) * (12 * 2**12)
KEY = "films/2026/Sync.mp4"


@pytest.fixture
def opened(azurite: Any, tools: Tools) -> Callable[..., ObjectStoreDestination]:
    """Open a folder of a container, made just now unless told, with the right key unless told."""

    def opened(container: str = "", key: str = "") -> ObjectStoreDestination:
        place = f"{container or azurite.new_container()}/films"
        read: Any = read_options(
            ObjectStoreDestination.Options, azurite.options(place), where="test"
        )
        secrets = StoredSecrets({"account_key": f"command:echo {key or azurite.account_key}"})
        return ObjectStoreDestination(read, replace(tools, secrets=secrets))

    return opened


def store(azurite: Any, container: str) -> AzureStore:
    return AzureStore(
        container,
        account_name=azurite.account,
        account_key=azurite.account_key,
        endpoint=azurite.endpoint,
        client_options={"allow_http": True},
    )


@pytest.mark.parametrize("content", [b"film", BIG], ids=["small", "big"])
def test_a_parcel_is_there_once_with_its_type_and_its_hash(
    azurite: Any, opened: Callable[..., Any], parcel_of: ParcelOf, content: bytes
):
    container, progress = azurite.new_container(), FakeProgress()
    parcel = parcel_of(content)
    delivered = opened(container).publish(parcel, FakeProgress())
    assert delivered == Delivered(
        location=f"az://{container}/{KEY}",
        url=None,
        size_bytes=len(content),
        sha256=parcel.sha256,
    )
    held = store(azurite, container)
    assert [found["path"] for page in held.list() for found in page] == [KEY]
    found = held.get(KEY)
    assert (bytes(found.bytes()), found.attributes) == (
        content,
        {"Content-Type": "video/mp4", "sha256": parcel.sha256},
    )
    assert opened(container).publish(parcel, progress) == delivered
    assert (progress.steps, opened(container).holds(delivered)) == ([], True)


def test_another_film_of_that_name_gets_another(
    azurite: Any, opened: Callable[..., Any], parcel_of: ParcelOf
):
    container = azurite.new_container()
    first = opened(container).publish(parcel_of(b"one"), FakeProgress())
    other = opened(container).publish(parcel_of(b"two", identity="k/b.mp4"), FakeProgress())
    assert other.location != first.location
    assert bytes(store(azurite, container).get(KEY).bytes()) == b"one"


def test_a_check_writes_and_deletes(azurite: Any, opened: Callable[..., Any]):
    container = azurite.new_container()
    assert all(check.ok for check in opened(container).check())
    assert [found for page in store(azurite, container).list() for found in page] == []


@pytest.mark.parametrize("key", ["AAAA" * 22, "no-base64"])
def test_a_wrong_key_is_refused_as_such(key: str, opened: Callable[..., Any], parcel_of: ParcelOf):
    with pytest.raises(AuthenticationError, match="az://"):
        opened(key=key).publish(parcel_of(b"film"), FakeProgress())


def test_a_container_that_is_not_there_is_named(opened: Callable[..., Any], parcel_of: ParcelOf):
    with pytest.raises(ConfigurationError, match="there is no az://nowhere"):
        opened("nowhere").publish(parcel_of(b"film"), FakeProgress())
