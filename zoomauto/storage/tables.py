"""The tables, one class each; `migrations/` builds the same ones.

Statements are written against the tables (:func:`table_of`), not against instances: what is read
becomes a domain value at once, so nothing of the database travels further up.

Every id is used once for ever (``sqlite_autoincrement``; sequences do so anyway): work folders and
leases are named after ids, and must not pass to a later row.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.orm import registry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from zoomauto.domain.instant import as_utc

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_KEEP_IDS = {"sqlite_autoincrement": True}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant: refuses naive ones, gives UTC back whatever the server's zone.

    On SQLite it is text of fixed width in UTC, which sorts as instants do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    # Processors instead of the usual process_... methods: a sync writes three instants per
    # recording, and the dialect's own formatting would cost more than the insert.

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Say how an instant goes in."""
        return _to_text if dialect.name == "sqlite" else _to_server

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Say how an instant comes out."""
        return _from_text if dialect.name == "sqlite" else _to_server


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else as_utc(value).isoformat(" ", "microseconds")[:-6]


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _to_server(value: datetime | None) -> datetime | None:
    return None if value is None else as_utc(value)


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING))):
    """What all tables share: their metadata, whose constraints have stable names."""

    __abstract__: ClassVar[bool] = True


class JobRow(Row, table=True):
    """A saved job."""

    __tablename__ = "automation_jobs"
    __table_args__ = (
        UniqueConstraint("owner", "name"),
        UniqueConstraint("owner", "slug"),
        _KEEP_IDS,
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


class QuotaRow(Row, table=True):
    """What an owner may have; NULL means unlimited."""

    __tablename__ = "user_quotas"

    owner: str = Field(primary_key=True)
    max_automation_jobs: int | None = Field(default=None)
    min_automation_interval_hours: float | None = Field(default=None)


class TemplateRow(Row, table=True):
    """A template."""

    __tablename__ = "recording_templates"
    __table_args__ = (UniqueConstraint("owner", "name"), _KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    description: str
    is_active: bool
    is_draft: bool
    rules: dict[str, Any] = Field(sa_type=JSON)
    processing_config: dict[str, Any] = Field(sa_type=JSON)
    output: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


class SourceRow(Row, table=True):
    """A configured source."""

    __tablename__ = "recording_sources"
    __table_args__ = (UniqueConstraint("owner", "name"), _KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    type: str
    options: dict[str, Any] = Field(sa_type=JSON)
    secrets: dict[str, str] = Field(sa_type=JSON)
    is_active: bool
    listed_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


class DestinationRow(Row, table=True):
    """A named destination."""

    __tablename__ = "destinations"
    __table_args__ = (UniqueConstraint("owner", "name"), _KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    type: str
    options: dict[str, Any] = Field(sa_type=JSON)
    secrets: dict[str, str] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


def _where_set(column: str) -> dict[str, Any]:
    condition = text(f"{column} IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


class RecordingRow(Row, table=True):
    """A recording with its files.

    The indexes on job and template leave out NULL: most recordings are never taken, and a sync
    then pays for two indexes instead of four.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("source_id", "key"),
        Index(None, "owner", "start_at"),
        Index(None, "taken_by_job_id", **_where_set("taken_by_job_id")),
        Index(None, "template_id", **_where_set("template_id")),
        _KEEP_IDS,
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    source_id: int = Field(foreign_key="recording_sources.id", ondelete="CASCADE")
    key: str
    name: str
    start_at: datetime = Field(sa_type=UTCDateTime)
    duration_seconds: float | None = None
    files: list[dict[str, Any]] = Field(sa_type=JSON)
    fingerprint: str
    status: str
    pending_reason: str | None = None
    expires_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    blank_reason: str | None = None
    taken_by_job_id: int | None = Field(
        default=None, foreign_key="automation_jobs.id", ondelete="SET NULL"
    )
    template_id: int | None = Field(
        default=None, foreign_key="recording_templates.id", ondelete="SET NULL"
    )
    failed_at_stage: str | None = None
    failure: str | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    last_error: str | None = None
    first_failed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    next_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    first_seen_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


class CheckpointRow(Row, table=True):
    """A stage that finished for a recording."""

    __tablename__ = "checkpoints"
    __table_args__ = (UniqueConstraint("recording_id", "stage"), _KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recordings.id", ondelete="CASCADE")
    stage: str
    finished_at: datetime = Field(sa_type=UTCDateTime)
    fingerprint: str
    note: str


class ArtifactRow(Row, table=True):
    """A file that belongs to a checkpoint; recording and stage are the checkpoint's."""

    __tablename__ = "artifacts"
    __table_args__ = (_KEEP_IDS,)

    id: int | None = Field(default=None, primary_key=True)
    checkpoint_id: int = Field(foreign_key="checkpoints.id", ondelete="CASCADE", index=True)
    file_key: str
    kind: str
    path: str
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str
    details: dict[str, Any] = Field(sa_type=JSON)


class PublicationRow(Row, table=True):
    """One file of a recording, published to one destination."""

    __tablename__ = "publications"
    __table_args__ = (UniqueConstraint("recording_id", "destination", "file_key"), _KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recordings.id", ondelete="CASCADE")
    destination: str
    file_key: str
    location: str
    url: str | None = None
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str
    published_at: datetime = Field(sa_type=UTCDateTime)


class RunRow(Row, table=True):
    """A run; ``(job_id, scheduled_for)`` is the claim of an occurrence (contract, section 5)."""

    __tablename__ = "automation_runs"
    __table_args__ = (
        UniqueConstraint("job_id", "scheduled_for"),
        Index(None, "owner", "started_at"),
        _KEEP_IDS,
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


class DeletionRow(Row, table=True):
    """What was asked of a source about deleting a recording of ours.

    No foreign keys: the row outlives the recording, the source and the run.
    """

    __tablename__ = "deletions"
    __table_args__ = (_KEEP_IDS,)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(index=True)
    source_id: int = Field(index=True)
    key: str
    action: str
    at: datetime = Field(sa_type=UTCDateTime)
    run_id: int | None = None
    outcome: str | None = None


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


class InstallationRow(Row, table=True):
    """The name of this database among all that a host may start jobs for; one row."""

    __tablename__ = "installation"

    id: str = Field(primary_key=True)


class ApplicationRow(Row, table=True):
    """The last time an owner's entries were applied on a host, by backend and scope."""

    __tablename__ = "applications"

    host: str = Field(primary_key=True)
    owner: str = Field(primary_key=True)
    backend: str = Field(primary_key=True)
    scope: str = Field(primary_key=True)
    applied_at: datetime = Field(sa_type=UTCDateTime)
    start_at: datetime = Field(sa_type=UTCDateTime)
    until: datetime = Field(sa_type=UTCDateTime)
    zone_rules: dict[str, str] = Field(sa_type=JSON)


def table_of(row: type[Row]) -> Table:
    """Give the table behind a class."""
    return cast("Table", inspect(row).local_table)
