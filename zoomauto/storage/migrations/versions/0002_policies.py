"""What jobs decide about missed, overlapping and failing runs, and what becomes of those."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OF_JOBS = ("policies", "failures_in_row", "paused_reason")
_OF_RUNS = ("next_attempt_at", "missed_from", "missed_to", "missed_count", "covered_by")


def upgrade() -> None:
    """Add columns; SQLite takes them without rebuilding a table."""
    nothing, zero = sa.text("'{}'"), sa.text("0")
    add_to_jobs(sa.Column("policies", sa.JSON(), server_default=nothing, nullable=False))
    add_to_jobs(sa.Column("failures_in_row", sa.Integer(), server_default=zero, nullable=False))
    add_to_jobs(sa.Column("paused_reason", sa.String(), nullable=True))
    add_to_runs(sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True))
    add_to_runs(sa.Column("missed_from", sa.DateTime(timezone=True), nullable=True))
    add_to_runs(sa.Column("missed_to", sa.DateTime(timezone=True), nullable=True))
    add_to_runs(sa.Column("missed_count", sa.Integer(), nullable=True))
    add_to_runs(sa.Column("covered_by", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    for name in _OF_RUNS:
        op.drop_column("automation_runs", name)
    for name in _OF_JOBS:
        op.drop_column("automation_jobs", name)


def add_to_jobs(column: sa.Column[object]) -> None:
    """Add one column to the jobs."""
    op.add_column("automation_jobs", column)


def add_to_runs(column: sa.Column[object]) -> None:
    """Add one column to the runs."""
    op.add_column("automation_runs", column)
