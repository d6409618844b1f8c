"""Buckets: Amazon S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from zoomauto.destinations.object_store.leftovers import drop_parts, forget, remember, remembered
from zoomauto.destinations.object_store.objects import WHOLE, Held, NameTaken
from zoomauto.destinations.object_store.options import ObjectStoreOptions
from zoomauto.domain.place_name import name_candidates
from zoomauto.domain.source import Check
from zoomauto.errors import ConfigurationError, TemporaryError, ZoomautoError
from zoomauto.media.parcel_stream import told_blocks
from zoomauto.media.tools import Tools
from zoomauto.ports.destination import Delivered, Parcel
from zoomauto.ports.progress import Progress

if TYPE_CHECKING:
    from zoomauto.destinations.object_store.bucket import Bucket

#: Names that are looked at before any is used: one may hold the parcel already.
_LOOKED_AT = 3


class ObjectStoreDestination:
    """Publishes into a bucket: whole objects under their names, never over others.

    An object appears with its last byte, or not at all. Every request carries a SHA-256 that S3
    compares with what arrived; the hash of the whole file is kept with the object as ``sha256``,
    so that the same file is known again without being read.
    """

    Options: ClassVar[type] = ObjectStoreOptions
    secret_names: ClassVar[frozenset[str]] = frozenset(
        {"secret_access_key", "account_key", "service_account_key"}
    )

    def __init__(self, options: ObjectStoreOptions, tools: Tools) -> None:
        """Open the destination; nothing is asked yet."""
        self._options = options
        self._tools = tools

    def publish(self, parcel: Parcel, progress: Progress) -> Delivered:
        """Publish the parcel and verify it there. Doing it again gives the same result.

        Raise CorruptMedia when the bytes read are not those of the parcel, AuthenticationError
        when the store refuses us, ConfigurationError when there is no such bucket, DiskFull,
        Unreachable or TemporaryError when it cannot take them now.
        """
        self._drop_leftovers(parcel)
        keys = ["/".join((*self._options.folders, *n.parts)) for n in name_candidates(parcel)]
        found, free = self._find(keys, parcel)
        while found is None and free:
            found = self._put(free.pop(0), parcel, progress)
        if found is None:
            raise TemporaryError(f"every name for {keys[0]!r} is taken in {self._bucket.name}")
        link = self._options.public_url
        return Delivered(
            location=f"{self._bucket.name}/{found}",
            url=f"{link.rstrip('/')}/{quote(found)}" if link else None,
            size_bytes=parcel.size_bytes,
            sha256=parcel.sha256,
        )

    def holds(self, delivered: Delivered) -> bool:
        """Whether what was delivered is still there with the same size. Raise as publish does."""
        name, slash, key = delivered.location.partition(f"{self._bucket.name}/")
        if name or not slash or not key:
            return False
        held = self._bucket.look(key)
        return held is not None and held.size_bytes == delivered.size_bytes

    def check(self) -> tuple[Check, ...]:
        """Prove that the bucket can be written and read, with an object that is deleted again."""
        key = "/".join((*self._options.folders, f".zoomauto-check-{os.getpid()}"))
        try:
            self._write_probe(key)
        except ZoomautoError as error:
            return (Check.failed("write", error),)
        return (
            Check(name="write", ok=True, detail=f"{self._bucket.name} can be written and read"),
            self._delete_probe(key),
        )

    @cached_property
    def _bucket(self) -> "Bucket":
        """Import obstore when it is needed: settings are checked without it."""
        try:
            from zoomauto.destinations.object_store.bucket import Bucket
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "an object store needs the obstore package",
                hint='pip install "zoomauto[object-store]"',
            ) from error
        return Bucket(self._options, self._tools.secrets)

    def _find(self, keys: list[str], parcel: Parcel) -> tuple[str | None, list[str]]:
        """Give the key that holds the parcel already, or else keys that are free."""
        free: list[str] = []
        for number, key in enumerate(keys):
            if free and number >= _LOOKED_AT:
                break
            held = self._bucket.look(key)
            if held is None:
                free.append(key)
            elif self._is_same(key, held, parcel):
                return key, free
        return None, free

    def _put(self, key: str, parcel: Parcel, progress: Progress) -> str | None:
        """Send the parcel and look at what is there then; None when the key was taken meanwhile."""
        is_ours = True
        with progress.step(parcel.name, total=parcel.size_bytes, unit="bytes") as step:
            try:
                self._send(key, parcel, told_blocks(parcel, step))
            except NameTaken:
                is_ours = False
        held = self._bucket.look(key)
        if held is not None and self._is_same(key, held, parcel):
            return key
        if is_ours:
            raise TemporaryError(f"{self._bucket.name}/{key} differs from what was sent")
        return None

    def _send(self, key: str, parcel: Parcel, blocks: Iterator[bytes]) -> None:
        attributes = {"sha256": parcel.sha256, "Content-Type": parcel.media_type}
        if self._options.storage_class:
            attributes["Storage-Class"] = self._options.storage_class
        if parcel.size_bytes <= WHOLE:
            self._bucket.create(key, b"".join(blocks), attributes)
            return
        remember(parcel.state, key)
        self._bucket.upload(key, blocks, attributes, size_bytes=parcel.size_bytes)
        forget(parcel.state)

    def _drop_leftovers(self, parcel: Parcel) -> None:
        """Have the store drop what an earlier process of ours sent before it was killed."""
        key = remembered(parcel.state)
        if key is None:
            return
        if self._options.kind != "s3" or drop_parts(self._bucket, key):
            forget(parcel.state)

    def _is_same(self, key: str, held: Held, parcel: Parcel) -> bool:
        """Whether an object has the parcel's bytes; it is read when nobody says what it holds."""
        if held.size_bytes != parcel.size_bytes:
            return False
        return (held.sha256 or self._bucket.hash_of(key)) == parcel.sha256

    def _write_probe(self, key: str) -> None:
        with suppress(NameTaken):
            self._bucket.create(key, b"zoomauto\n", {"sha256": sha256(b"zoomauto\n").hexdigest()})
        if self._bucket.look(key) is None:
            raise TemporaryError(f"{self._bucket.name} does not hold what was written")

    def _delete_probe(self, key: str) -> Check:
        try:
            self._bucket.delete(key)
        except ZoomautoError as error:
            # Publishing deletes nothing.
            detail = f"not allowed, nor needed ({error.message}); {key} stays there"
            return Check(name="delete", ok=True, detail=detail)
        return Check(name="delete", ok=True, detail="what was written is deleted again")
