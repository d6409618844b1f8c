"""Where a bucket is, and who may write into it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlsplit

from zoomauto.errors import InvalidOptions

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_KINDS = ("s3", "gs", "az")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Credentials(StrEnum):
    """Where the right to write comes from."""

    SECRET = "secret"  # noqa: S105 - a word
    ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectStoreOptions:
    """The options of an object store."""

    #: ``s3://BUCKET/FOLDER``, ``gs://BUCKET/FOLDER`` (Google) or ``az://CONTAINER/FOLDER``
    #: (Azure); the folder may be left out.
    url: str
    #: Address of a server that speaks like S3 (or Azure, Google); the vendor's own unless told.
    endpoint: str | None = None
    #: S3: where the bucket is.
    region: str = "us-east-1"
    #: ``secret``: the secrets below. ``environment``: variables such as ``AWS_ACCESS_KEY_ID``, or
    #: the role of the machine.
    credentials: Credentials = Credentials.SECRET
    #: S3: belongs to the secret ``secret_access_key``.
    access_key_id: str | None = None
    #: Azure: the storage account; its secret is ``account_key``. Google needs only the secret
    #: ``service_account_key``, a JSON document.
    account: str | None = None
    #: S3: the endpoint expects the bucket's name as part of the host's.
    virtual_hosted: bool = False
    #: Speak to the endpoint without encryption. Never needed for this machine itself.
    allow_http: bool = False
    #: As in ``STANDARD_IA``; the bucket's own unless told.
    storage_class: str | None = None
    #: What a name is appended to in links, when the world can read the bucket.
    public_url: str | None = None

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can be seen to fail."""
        _check_url(self)
        _check_endpoint(self)
        _check_credentials(self)

    @property
    def kind(self) -> str:
        """``s3``, ``gs`` or ``az``."""
        return self.url.partition("://")[0]

    @property
    def bucket(self) -> str:
        """The bucket or container."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def is_plain_allowed(self) -> bool:
        """Whether the endpoint may be spoken to without encryption."""
        return self.allow_http or urlsplit(self.endpoint or "").hostname in _LOCAL

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders below the bucket that every name gets."""
        return tuple(self.url.partition("://")[2].rstrip("/").split("/")[1:])

    @property
    def bucket_url(self) -> str:
        """The address of an S3 bucket itself."""
        endpoint = (self.endpoint or f"https://s3.{self.region}.amazonaws.com").rstrip("/")
        if not self.virtual_hosted:
            return f"{endpoint}/{quote(self.bucket)}"
        scheme, _, host = endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{host}"


def _check_url(options: ObjectStoreOptions) -> None:
    kind, _, rest = options.url.partition("://")
    hint = "write url=s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER"
    if kind not in _KINDS:
        raise InvalidOptions(f"{options.url!r} is no address of a bucket", hint=hint)
    bucket, *folders = rest.rstrip("/").split("/")
    if not _BUCKET.fullmatch(bucket):
        raise InvalidOptions(f"{bucket!r} is no name of a bucket", hint=hint)
    if any(folder in {"", ".", ".."} or not folder.isprintable() for folder in folders):
        raise InvalidOptions(f"{rest!r} has a folder that cannot be one", hint=hint)


def _check_endpoint(options: ObjectStoreOptions) -> None:
    for name, address in (("endpoint", options.endpoint), ("public_url", options.public_url)):
        if address is None:
            continue
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise InvalidOptions(
                f"{name} must be an http or https address, not {address!r}",
                hint=f"write {name}=https://storage.example.org",
            )
        if parts.username is not None:
            # Not repeated: it may hold a password.
            raise InvalidOptions(
                f"{name} must not name a user", hint="give access_key_id and a secret"
            )
        if name == "endpoint" and parts.scheme == "http" and not options.is_plain_allowed:
            raise InvalidOptions(
                "the endpoint is not encrypted", hint="write https://, or allow_http=true"
            )


def _check_credentials(options: ObjectStoreOptions) -> None:
    if options.credentials is Credentials.ENVIRONMENT:
        return
    needed = {"s3": "access_key_id", "az": "account"}.get(options.kind)
    if needed and not getattr(options, needed):
        raise InvalidOptions(
            f"{needed!r} is missing",
            hint=f"give {needed}, or credentials=environment for what the machine itself has",
        )
