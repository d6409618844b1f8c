"""A bucket, through obstore: the one place that knows how that is called."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import quote, urlencode

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import AzureStore, GCSStore, S3Store

from zoomauto.destinations.object_store.faults import translated
from zoomauto.destinations.object_store.objects import WHOLE, Held, NameTaken
from zoomauto.destinations.object_store.options import Credentials, ObjectStoreOptions
from zoomauto.http import USER_AGENT
from zoomauto.ports.secrets import Secrets

#: Parts on their way at once: memory is bounded by this many, and by one more that is read.
_PARALLEL = 4
#: S3 takes 10,000; room is left for a file that is longer than it was said to be.
_MOST_PARTS = 9_000
_CLIENT = {
    "connect_timeout": timedelta(seconds=20),
    # For one part, not for the file: even a slow line sends one within that time.
    "timeout": timedelta(minutes=15),
    "user_agent": USER_AGENT,
}
#: More patience is the run's business, which tries again by itself.
_RETRIES = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
_LINK_LASTS = timedelta(minutes=5)


class Bucket:
    """The objects of a bucket."""

    def __init__(self, options: ObjectStoreOptions, secrets: Secrets) -> None:
        """Open the bucket; nothing is asked yet. Raise ConfigurationError without its secret."""
        self.name = f"{options.kind}://{options.bucket}"
        self._options = options
        self._secrets = secrets
        with translated(self.name):
            self._store = self._opened()

    def look(self, key: str) -> Held | None:
        """Say what is there under a key; None when nothing is."""
        with translated(self.name):
            try:
                found = obstore.get(self._store, key, options={"head": True})
            except FileNotFoundError:
                return None
            return Held(size_bytes=found.meta["size"], sha256=found.attributes.get("sha256"))

    def hash_of(self, key: str) -> str:
        """Read an object and give the SHA-256 of what it holds."""
        digest = sha256()
        with translated(self.name):
            for chunk in obstore.get(self._store, key).stream(min_chunk_size=2**20):
                digest.update(chunk)
        return digest.hexdigest()

    def create(self, key: str, content: bytes, attributes: Mapping[str, str]) -> None:
        """Put a small object in one request. Raise NameTaken when the key is taken."""
        with translated(self.name):
            try:
                obstore.put(self._store, key, content, mode="create", attributes={**attributes})
            except AlreadyExistsError as error:
                raise NameTaken from error

    def upload(
        self, key: str, blocks: Iterator[bytes], attributes: Mapping[str, str], *, size_bytes: int
    ) -> None:
        """Put a large object in parts. It is there when the last one is, or not at all.

        What ``blocks`` raises is raised. Raise NameTaken when the key was taken meanwhile: parts
        are put together unconditionally, so that is looked at when all have been read.
        """
        failures: list[Exception] = []
        # obstore must not be called within itself, but another thread may call it.
        with ThreadPoolExecutor(max_workers=1) as other:

            def checked() -> Iterator[bytes]:
                try:
                    yield from blocks
                    if other.submit(self.look, key).result() is not None:
                        raise NameTaken  # noqa: TRY301 - as what the blocks raise
                except Exception as error:
                    failures.append(error)
                    raise

            try:
                with translated(self.name):
                    obstore.put(
                        self._store,
                        key,
                        checked(),
                        attributes={**attributes},
                        use_multipart=True,
                        chunk_size=max(WHOLE, -(-size_bytes // _MOST_PARTS)),
                        max_concurrency=_PARALLEL,
                    )
            except Exception:
                # A server that cannot drop what it was sent must not hide why it should.
                if failures:
                    raise failures[0] from None
                raise

    def delete(self, key: str) -> None:
        """Delete an object."""
        with translated(self.name):
            obstore.delete(self._store, key)

    def signed_query(
        self, method: Literal["GET", "DELETE"], key: str, query: Mapping[str, str]
    ) -> str:
        """Give a signed address with a query, for what obstore has no call for. S3 alone.

        obstore signs the addresses of objects only. As far as it knows, ours is that of an object
        called ``_`` of a bucket whose address ends in a query: S3 passes over ``x-id``.
        """
        address = f"{self._options.bucket_url}/{quote(key)}" if key else self._options.bucket_url
        words = urlencode({**query, "x-id": ""}, quote_via=quote)
        with translated(self.name):
            signer = S3Store(**{**self._s3(), "aws_endpoint_url_s3": f"{address}?{words}"})
            return obstore.sign(signer, method, "_", _LINK_LASTS)

    def _opened(self) -> S3Store | GCSStore | AzureStore:
        if self._options.kind == "s3":
            return S3Store(**self._s3())
        if self._options.kind == "gs":
            return GCSStore(**self._gcs())
        return AzureStore(**self._azure())

    def _s3(self) -> dict[str, Any]:
        options = self._options
        made = {
            **self._shared(),
            "bucket": options.bucket,
            "region": options.region,
            # Not "endpoint", which a variable of the environment would override.
            "aws_endpoint_url_s3": options.bucket_url,
            "virtual_hosted_style_request": True,
            "checksum_algorithm": "SHA256",
            "disable_bulk_delete": True,
        }
        if options.credentials is Credentials.SECRET:
            keys = {
                "access_key_id": options.access_key_id,
                "secret_access_key": self._secrets.get("secret_access_key").reveal(),
                "token": None,
                "expires_at": None,
            }
            # Not as settings: a session token of the environment would join them.
            made["credential_provider"] = lambda: keys
        return made

    def _gcs(self) -> dict[str, Any]:
        made = {**self._shared(), "bucket": self._options.bucket}
        if self._options.endpoint:
            made["base_url"] = self._options.endpoint
        if self._options.credentials is Credentials.SECRET:
            made["service_account_key"] = self._secrets.get("service_account_key").reveal()
        return made

    def _azure(self) -> dict[str, Any]:
        made = {**self._shared(), "container_name": self._options.bucket}
        if self._options.endpoint:
            made["endpoint"] = self._options.endpoint
        if self._options.account:
            made["account_name"] = self._options.account
        if self._options.credentials is Credentials.SECRET:
            made["account_key"] = self._secrets.get("account_key").reveal()
        return made

    def _shared(self) -> dict[str, Any]:
        client = {**_CLIENT, "allow_http": self._options.is_plain_allowed}
        return {"client_options": client, "retry_config": _RETRIES}
