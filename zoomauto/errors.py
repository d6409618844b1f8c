"""The whole error tree, with exit codes.

Each class docstring is the default message.
An instance carries what happened, may carry a ``hint`` (the command that mends it) and facts for
machines in ``data``.
Errors never print or log themselves: one boundary in ``zoomauto.cli`` shows them.
"""

import re
from typing import Any, ClassVar, Self


class ZoomautoError(Exception):
    """Something we foresaw went wrong."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str | None = None, *, hint: str | None = None, **data: Any) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        self.hint = hint
        self.data = data
        super().__init__(self.message)

    def saying(self, message: str, *, hint: str | None = None) -> Self:
        """Give the same error in other words: its kind and data stay, and its hint without one."""
        said = type(self).__new__(type(self), message)
        said.__dict__.update(self.__dict__, message=message, hint=hint or self.hint)
        said.__cause__ = self
        return said

    @property
    def code(self) -> str:
        """The stable name for machines: the class name in snake case, without ``Error``."""
        name = type(self).__name__.removesuffix("Error") or "error"
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class UsageError(ZoomautoError):
    """The request cannot be carried out as written."""

    exit_code = 2


class NotFound(UsageError):
    """There is no such thing."""


class AlreadyExists(UsageError):
    """The name is taken."""


class Ambiguous(UsageError):
    """The reference fits more than one thing."""


class InUse(UsageError):
    """Something else still needs it."""


class InvalidSchedule(UsageError):
    """The schedule cannot be understood, or never occurs."""


class InvalidTemplate(UsageError):
    """The matching rules or the output configuration cannot be used."""


class InvalidOptions(UsageError):
    """An option is unknown or has an unusable value."""


class InvalidDocument(UsageError):
    """The document cannot be read, or does not describe what was asked for."""


class QuotaExceeded(UsageError):
    """The owner's quota does not allow this."""


class PartialFailure(ZoomautoError):
    """Some recordings or sources succeeded, some did not."""

    exit_code = 3


class PermanentError(ZoomautoError):
    """This recording will fail again; it is parked."""

    exit_code = 65


class CorruptMedia(PermanentError):
    """The media file is damaged or cut short."""


class TemporaryError(ZoomautoError):
    """Try again later; the next run will."""

    exit_code = 75
    #: Whether another attempt within the same run may help.
    retry_now: ClassVar[bool] = True


class DiskFull(TemporaryError):
    """There is not enough free space."""

    retry_now = False


class Unreachable(TemporaryError):
    """A source or destination cannot be reached or written."""

    retry_now = False


class RateLimited(TemporaryError):
    """The vendor's rate limit is used up; ``reset_at`` in the data says until when.

    It is text, ISO 8601 with offset, or None; any temporary error may carry it.
    """

    retry_now = False


class IncompleteListing(TemporaryError):
    """The source could not be listed completely.

    ``parts`` in the data names the parts that were left out, when all others are complete.
    """

    retry_now = False


class AlreadyRunning(TemporaryError):
    """The job is running already."""

    retry_now = False


class LeaseLost(TemporaryError):
    """Another process took over the lease of this run."""

    retry_now = False


class StoreBusy(TemporaryError):
    """The database is locked by another process."""

    retry_now = False


class AuthenticationError(ZoomautoError):
    """A source or destination refused us; renew the credentials or scopes."""

    exit_code = 77


class ConfigurationError(ZoomautoError):
    """Settings or stored data are unusable."""

    exit_code = 78


class SchemaOutdated(ConfigurationError):
    """The database has an older schema than this program."""


class SchemaTooNew(ConfigurationError):
    """The database was written by a newer version of this program."""
