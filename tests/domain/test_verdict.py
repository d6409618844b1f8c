"""From what happened to exit code, status and kind of failure."""

import pytest

from zoomauto.domain.recording import FailureKind
from zoomauto.domain.run import RunItem, RunStatus, SourceReport
from zoomauto.domain.verdict import (
    exit_code,
    failure_code,
    failure_kind,
    failure_text,
    status_of,
)
from zoomauto.errors import (
    AuthenticationError,
    ConfigurationError,
    CorruptMedia,
    DiskFull,
    NotFound,
    PermanentError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)

LISTED = SourceReport(name="A", status="success")
UNASKED = SourceReport(name="B", status="skipped")
DOWN = SourceReport(name="C", status="failed", error_code="unreachable")
REFUSED = SourceReport(name="D", status="failed", error_code="authentication")


def item(failure: FailureKind | None) -> RunItem:
    return RunItem(recording_id=1, name="", template="", status="", failure=failure)


DONE = item(None)
LATER = item(FailureKind.TEMPORARY)
NEVER = item(FailureKind.PERMANENT)


@pytest.mark.parametrize(
    ("sources", "items", "code"),
    [
        # Sources alone.
        ([], [], 0),
        ([LISTED], [], 0),
        ([UNASKED], [], 0),
        ([DOWN], [], 75),
        ([REFUSED], [], 77),
        ([REFUSED, REFUSED], [], 77),
        ([REFUSED, DOWN], [], 75),
        ([LISTED, REFUSED], [], 3),
        ([UNASKED, DOWN], [], 3),
        # Recordings alone.
        ([LISTED], [DONE], 0),
        ([LISTED], [NEVER], 65),
        ([LISTED], [NEVER, NEVER], 65),
        ([LISTED], [LATER], 75),
        ([LISTED], [NEVER, LATER], 75),
        ([LISTED], [DONE, NEVER], 3),
        ([LISTED], [LATER, DONE], 3),
        # Both.
        ([DOWN], [DONE], 75),
        ([REFUSED], [NEVER], 77),
        ([LISTED, DOWN], [DONE], 3),
        ([LISTED, DOWN], [NEVER], 3),
    ],
)
def test_the_exit_code_says_what_failed(
    sources: list[SourceReport], items: list[RunItem], code: int
):
    assert exit_code(sources, items) == code


def test_trouble_beside_them_is_partial_and_hides_nothing_worse():
    assert exit_code([LISTED], [DONE], has_problems=True) == 3
    assert exit_code([DOWN], [], has_problems=True) == 75
    assert exit_code([LISTED], [NEVER], has_problems=True) == 65


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, RunStatus.SUCCESS),
        (3, RunStatus.PARTIAL),
        (65, RunStatus.FAILED),
        (75, RunStatus.FAILED),
        (77, RunStatus.FAILED),
        (78, RunStatus.FAILED),
        (1, RunStatus.FAILED),
    ],
)
def test_the_status_goes_with_the_code(code: int, status: RunStatus):
    assert status_of(code) is status


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (TemporaryError("x"), FailureKind.TEMPORARY, "temporary"),
        (DiskFull("x"), FailureKind.TEMPORARY, "disk_full"),
        (Unreachable("x"), FailureKind.TEMPORARY, "unreachable"),
        (AuthenticationError("x"), FailureKind.TEMPORARY, "authentication"),
        (ConfigurationError("x"), FailureKind.TEMPORARY, "configuration"),
        (NotFound("x"), FailureKind.TEMPORARY, "not_found"),
        (PermanentError("x"), FailureKind.PERMANENT, "permanent"),
        (CorruptMedia("x"), FailureKind.PERMANENT, "corrupt_media"),
        (ZoomautoError("x"), FailureKind.PERMANENT, "zoomauto"),
        (ValueError("x"), FailureKind.PERMANENT, "bug"),
    ],
)
def test_what_time_or_a_person_can_mend_is_temporary(
    error: Exception, kind: FailureKind, code: str
):
    assert (failure_kind(error), failure_code(error)) == (kind, code)


def test_the_text_of_a_failure_can_be_kept_anywhere():
    assert failure_text(PermanentError("no \udcff file\x00")) == "no \\udcff file"
    assert failure_text(KeyError("gone")) == "KeyError('gone')"
