"""The tables, one class each; `migrations/` builds the same ones.

Statements are written against the tables (:func:`~zoomauto.storage.row.table_of`), not against
instances: what is read becomes a domain value at once, so nothing of the database travels further
up.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Index,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listens_for
from sqlmodel import Field

from zoomauto.storage.job_tables import JobRow, LeaseRow, RunRow
from zoomauto.storage.row import KEEP_IDS, Row, UTCDateTime, table_of

__all__ = [
    "ApplicationRow",
    "ArtifactRow",
    "CheckpointRow",
    "DeletionRow",
    "DestinationRow",
    "InstallationRow",
    "JobRow",
    "LeaseRow",
    "PublicationRow",
    "QuotaRow",
    "RecordingRow",
    "Row",
    "RunRow",
    "SourceRow",
    "TemplateRow",
]

#: Marks an index that leaves out NULL.
_WITHOUT_NULL = {"without_null": True}


class QuotaRow(Row, table=True):
    """What an owner may have; NULL means unlimited."""

    __tablename__ = "user_quotas"

    owner: str = Field(primary_key=True)
    max_automation_jobs: int | None = Field(default=None)
    min_automation_interval_hours: float | None = Field(default=None)


class TemplateRow(Row, table=True):
    """A template."""

    __tablename__ = "recording_templates"
    __table_args__ = (UniqueConstraint("owner", "name"), KEEP_IDS)

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
    __table_args__ = (UniqueConstraint("owner", "name"), KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    type: str
    options: dict[str, Any] = Field(sa_type=JSON)
    secrets: dict[str, str] = Field(sa_type=JSON)
    is_active: bool
    listed_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    #: Part -> ISO 8601.
    parts_listed_until: dict[str, str] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


class DestinationRow(Row, table=True):
    """A named destination."""

    __tablename__ = "destinations"
    __table_args__ = (UniqueConstraint("owner", "name"), KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    type: str
    options: dict[str, Any] = Field(sa_type=JSON)
    secrets: dict[str, str] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UTCDateTime)
    updated_at: datetime = Field(sa_type=UTCDateTime)


class RecordingRow(Row, table=True):
    """A recording with its files.

    The indexes on job and template leave out NULL: most recordings are never taken, and a sync
    then pays for two indexes instead of four.
    """

    __tablename__ = "recordings"
    __table_args__ = (
        UniqueConstraint("source_id", "key"),
        Index(None, "owner", "start_at"),
        Index(None, "taken_by_job_id", info=_WITHOUT_NULL),
        Index(None, "template_id", info=_WITHOUT_NULL),
        KEEP_IDS,
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
    mark: str | None = None
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
    __table_args__ = (UniqueConstraint("recording_id", "stage"), KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recordings.id", ondelete="CASCADE")
    stage: str
    finished_at: datetime = Field(sa_type=UTCDateTime)
    fingerprint: str
    note: str


class ArtifactRow(Row, table=True):
    """A file that belongs to a checkpoint; recording and stage are the checkpoint's."""

    __tablename__ = "artifacts"
    __table_args__ = (KEEP_IDS,)

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
    __table_args__ = (UniqueConstraint("recording_id", "destination", "file_key"), KEEP_IDS)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recordings.id", ondelete="CASCADE")
    destination: str
    file_key: str
    location: str
    url: str | None = None
    size_bytes: int = Field(sa_type=BigInteger)
    sha256: str
    published_at: datetime = Field(sa_type=UTCDateTime)


class DeletionRow(Row, table=True):
    """What was asked of a source about deleting a recording of ours.

    No foreign keys: the row outlives the recording, the source and the run.
    """

    __tablename__ = "deletions"
    __table_args__ = (KEEP_IDS,)

    id: int | None = Field(default=None, primary_key=True)
    recording_id: int = Field(index=True)
    source_id: int = Field(index=True)
    key: str
    action: str
    at: datetime = Field(sa_type=UTCDateTime)
    run_id: int | None = None
    outcome: str | None = None


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


@listens_for(table_of(RecordingRow), "before_create")
def _leave_out_null(table: Table, connection: Connection, **_: object) -> None:
    """Say which indexes leave out NULL in the words of the dialect at hand.

    Said where they are declared it loads the dialects of all servers: a tenth of every start.
    """
    for index in table.indexes:
        if index.info.get("without_null"):
            (column,) = index.columns
            condition = text(f"{column.name} IS NOT NULL")
            index.dialect_kwargs[f"{connection.dialect.name}_where"] = condition
