"""From what happened in a run to its status and exit code (contract, section 6)."""

from collections.abc import Iterable, Sequence

from zoomauto.domain.recording import FailureKind
from zoomauto.domain.run import RunItem, RunStatus, SourceReport
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    PartialFailure,
    PermanentError,
    TemporaryError,
    UsageError,
    ZoomautoError,
)

_BEST_TO_WORST = (
    0,
    PartialFailure.exit_code,
    PermanentError.exit_code,
    TemporaryError.exit_code,
    AuthenticationError.exit_code,
    ConfigurationError.exit_code,
    ZoomautoError.exit_code,
)


def exit_code(
    sources: Sequence[SourceReport], items: Sequence[RunItem], *, has_problems: bool = False
) -> int:
    """Give the exit code of a run.

    All sources failed: 77 if every one for credentials, else 75.
    Every attempted recording failed: 75 if any is temporary, else 65.
    Some of either, or trouble beside them: 3.
    """
    failed_sources = [s for s in sources if s.status == "failed"]
    if sources and len(failed_sources) == len(sources):
        refused = all(s.error_code == "authentication" for s in failed_sources)
        return AuthenticationError.exit_code if refused else TemporaryError.exit_code
    failures = [item.failure for item in items if item.failure is not None]
    if failures and len(failures) == len(items) and not failed_sources:
        temporary = FailureKind.TEMPORARY in failures
        return TemporaryError.exit_code if temporary else PermanentError.exit_code
    if failures or failed_sources or has_problems:
        return PartialFailure.exit_code
    return 0


def worst(codes: Iterable[int]) -> int:
    """Give the exit code of several runs: that of the one that needs a person most.

    0 is best; then partial failures, failures of recordings, what may mend itself, credentials,
    settings; what nobody foresaw is worst.
    """
    return max(codes, key=_severity, default=0)


def status_of(code: int) -> RunStatus:
    """Give the run status that goes with an exit code."""
    if code == 0:
        return RunStatus.SUCCESS
    return RunStatus.PARTIAL if code == PartialFailure.exit_code else RunStatus.FAILED


def _severity(code: int) -> int:
    return _BEST_TO_WORST.index(code) if code in _BEST_TO_WORST else len(_BEST_TO_WORST)


def failure_kind(error: Exception) -> FailureKind:
    """Say whether a later run should try again after ``error``.

    What a person must mend first (credentials, settings, a destination that was removed) is
    temporary too: once it is mended the next run succeeds. A bug is permanent: the same input
    meets the same bug.
    """
    mendable = (TemporaryError, AuthenticationError, ConfigurationError, UsageError)
    return FailureKind.TEMPORARY if isinstance(error, mendable) else FailureKind.PERMANENT


def failure_code(error: Exception) -> str:
    """Name the error for machines; ``bug`` for what nobody foresaw."""
    return error.code if isinstance(error, ZoomautoError) else "bug"


def failure_text(error: Exception) -> str:
    """Say what went wrong, in text that any database can keep."""
    text = str(error) if isinstance(error, ZoomautoError) else repr(error)
    # A file name of the source may bring half a surrogate pair or a NUL into the message.
    return text.replace("\x00", "").encode("utf-8", "backslashreplace").decode()
