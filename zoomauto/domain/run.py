"""Runs: one execution of a job, what it did, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from zoomauto.domain.recording import FailureKind

if TYPE_CHECKING:
    # A start that finds nothing due reads run rows, and needs nothing of this.
    from zoomauto.domain.deletion import Trashed


class RunStatus(StrEnum):
    """How a run stands or ended."""

    RUNNING = "RUNNING"
    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


class Trigger(StrEnum):
    """Why a run started."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    CATCH_UP = "catch_up"


class SkipReason(StrEnum):
    """Why an occurrence has a run row but did not run."""

    OVERLAP = "overlap"
    MISSED = "missed"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One row of history; for a scheduled run also the claim of its occurrence."""

    id: int
    owner: str
    job_id: int | None
    #: Kept in the row, so that history outlives the job.
    job_name: str
    trigger: Trigger
    #: The occurrence; None for a manual run.
    scheduled_for: datetime | None
    status: RunStatus
    #: 1, and one more each time the same occurrence is taken up again.
    attempt: int = 1
    started_at: datetime
    finished_at: datetime | None = None
    skip_reason: SkipReason | None = None
    exit_code: int | None = None
    #: One paragraph; None when nothing went wrong.
    error: str | None = None
    #: The run's JSON document: ``sources``, ``recordings``, ``items``.
    report: Mapping[str, Any] = field(default_factory=dict)
    #: Where it ran.
    host: str = ""
    #: A RUNNING row with this waits for a retry; nobody works on it.
    next_attempt_at: datetime | None = None
    #: First and last of the consecutive occurrences that one SKIPPED row stands for.
    missed_from: datetime | None = None
    missed_to: datetime | None = None
    #: How many they are; 20,000 stands for that many or more.
    missed_count: int | None = None
    #: The run that made up for them.
    covered_by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceReport:
    """What syncing one source did in a run."""

    name: str
    #: ``success``, ``failed``, or ``skipped`` under ``--no-sync``.
    status: str
    found: int = 0
    new: int = 0
    updated: int = 0
    error: str | None = None
    #: Code of the error, so that credentials can be told from the rest.
    error_code: str | None = None
    #: What mends it, where the source knows.
    hint: str | None = None
    #: The parts of the source that were left out, when all others are complete.
    missing_parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunItem:
    """What a run did with one recording."""

    recording_id: int
    name: str
    template: str
    #: The recording's status afterwards.
    status: str
    #: Stage -> what happened (``done``, ``skipped: ...``, ``failed: ...``).
    stages: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    error_code: str | None = None
    failure: FailureKind | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many recordings went which way."""

    found: int = 0
    matched: int = 0
    unmatched: int = 0
    processed: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """All that a run did: the value behind table, JSON, history row and exit code."""

    run: Run
    sources: tuple[SourceReport, ...] = ()
    recordings: Counts = field(default_factory=Counts)
    items: tuple[RunItem, ...] = ()
    #: Published recordings that were put into their source's trash, or not, as was tried.
    trashed: tuple["Trashed", ...] = ()
    #: Trouble that belongs to no single recording or source; what ended a run early comes first.
    problems: tuple[str, ...] = ()
    #: Of what ended the run early: its name for machines, and what mends it.
    code: str | None = None
    hint: str | None = None
    #: Runs of occurrences that had waited for this one to end, in the same process.
    followed_by: tuple["RunReport", ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewItem:
    """What a run would do with one recording."""

    #: None for a recording that only the dry run has seen.
    recording_id: int | None
    name: str
    #: ``NEW``, ``UPDATED``, ``RESUME`` or ``SKIP``.
    action: str
    reason: str
    template: str | None
    #: Stage -> ``run``, ``done``, ``skip: ...``, ``not available: ...``.
    stages: Mapping[str, str] = field(default_factory=dict)
    download_bytes: int = 0
    #: All stages that can be estimated, together.
    estimated_time: timedelta | None = None
    #: Stage to run -> how long it may take; without those that cannot be estimated.
    stage_times: Mapping[str, timedelta] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class PreviewReport:
    """What a run would do; the value behind ``--dry-run``."""

    job_id: int
    job_name: str
    would_process: tuple[PreviewItem, ...]
    skipped: tuple[PreviewItem, ...]
    sources: tuple[SourceReport, ...]
    recordings: Counts
    would_trash: tuple["Trashed", ...] = ()
    problems: tuple[str, ...] = ()
