"""What a failure of an object store means for the run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    DiskFull,
    PermanentError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,80})</Code>")
_SERVER_ERROR = 500
_FULL_STATUS = 507
_FULL_CODES = frozenset(
    {"InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull"}
)
_REFUSED_CODES = frozenset(
    {"AuthorizationHeaderMalformed", "ExpiredToken", "InvalidToken", "InvalidAccessKeyId"}
)
#: What obstore says of an Azure key that is none, before it asks anybody.
_NO_KEY = "Invalid Access Key"
_BUSY_STATUSES = frozenset({408, 409, 425, 429})
_TOO_LARGE = 413
#: What the addresses have in common under which clouds keep the credentials of their machines.
_MACHINES_OWN = ("/latest/api/token", "/latest/meta-data", "/computeMetadata", "/metadata/identity")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn the failures of obstore into ours; ``place`` is the bucket as its user names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no {place}", hint="make it, or give the url of one that is there"
        ) from error
    except BaseError as error:
        raise _meaning(place, error) from error


def _meaning(place: str, error: BaseError) -> ZoomautoError:
    said = str(error).partition("\n\nDebug source")[0]
    found, code = _STATUS.search(said), _CODE.search(said)
    status = int(found[1]) if found else 0
    why = " ".join(filter(None, [str(status or ""), code[1] if code else ""])) or _reason(said)
    if any(path in said for path in _MACHINES_OWN):
        return AuthenticationError(
            f"{place} cannot be asked: neither the environment nor this machine has credentials",
            hint="give a secret and credentials=secret, or set the variables where jobs start",
        )
    if status == _FULL_STATUS or (code and code[1] in _FULL_CODES):
        return DiskFull(f"{place} is full: {why}", hint="free some space there, or raise its quota")
    if _is_refusal(error, status, code[1] if code else ""):
        return AuthenticationError(
            f"{place} refused us: {why}",
            hint="check the key and its secret, and that it may read, write and list there",
        )
    if status == _TOO_LARGE or (code and code[1] == "EntityTooLarge"):
        return PermanentError(f"{place} takes no file of that size: {why}")
    if not status and "redirect" not in said:
        return Unreachable(f"{place} cannot be reached: {why}")
    if status >= _SERVER_ERROR or status in _BUSY_STATUSES:
        return TemporaryError(f"{place} is in trouble: {why}")
    return ConfigurationError(
        f"{place} does not take what it is sent: {why}",
        hint="check region and endpoint; zoomauto destination check NAME",
    )


def _is_refusal(error: BaseError, status: int, code: str) -> bool:
    kinds = PermissionDeniedError | UnauthenticatedError
    return (
        isinstance(error, kinds)
        or status in {401, 403}
        or code in _REFUSED_CODES
        or _NO_KEY in str(error)
    )


def _reason(said: str) -> str:
    """Give the end of a long sentence: its beginning is a signed address or a type."""
    return said.rpartition(" - ")[2].strip()[:200] or "it said nothing"
