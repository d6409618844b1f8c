"""The tables that every start looks into: jobs, runs and leases.

They stand by themselves because a class costs two milliseconds, and nearly every start ends here.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint, text
from sqlmodel import Field

from zoomauto.storage.row import KEEP_IDS, Row, UTCDateTime


class JobRow(Row, table=True):
    """A saved job."""

    __tablename__ = "automation_jobs"
    __table_args__ = (
        UniqueConstraint("owner", "name"),
        UniqueConstraint("owner", "slug"),
        KEEP_IDS,
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    slug: str
    description: str
    template_ids: list[int] = Field(sa_type=JSON)
    schedule: dict[str, Any] = Field(sa_type=JSON)
    sync_days: int
    statuses: list[str] = Field(sa_type=JSON)
    exclude_blank: bool
    processing_config: dict[str, Any] = Field(sa_type=JSON)
    is_active: bool
    effective_from: datetime = Field(sa_type=UTCDateTime)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)
    last_run_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    last_status: str | None = None
    run_count: int
    policies: dict[str, Any] = Field(
        sa_type=JSON, sa_column_kwargs={"server_default": text("'{}'")}
    )
    failures_in_row: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    paused_reason: str | None = None


class RunRow(Row, table=True):
    """A run; ``(job_id, scheduled_for)`` is the claim of an occurrence (contract, section 5)."""

    __tablename__ = "automation_runs"
    __table_args__ = (
        UniqueConstraint("job_id", "scheduled_for"),
        Index(None, "owner", "started_at"),
        KEEP_IDS,
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    job_id: int | None = Field(default=None, foreign_key="automation_jobs.id", ondelete="SET NULL")
    job_name: str
    trigger: str
    scheduled_for: datetime | None = Field(default=None, sa_type=UTCDateTime)
    status: str
    attempt: int
    started_at: datetime = Field(sa_type=UTCDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    skip_reason: str | None = None
    exit_code: int | None = None
    error: str | None = None
    report: dict[str, Any] = Field(sa_type=JSON)
    host: str
    next_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    missed_from: datetime | None = Field(default=None, sa_type=UTCDateTime)
    missed_to: datetime | None = Field(default=None, sa_type=UTCDateTime)
    missed_count: int | None = None
    covered_by: int | None = None


class LeaseRow(Row, table=True):
    """A lock with its holder."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True)
    host: str
    realm: str
    pid: int
    pid_started: str
    acquired_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
