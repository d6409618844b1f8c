"""Up to when the parts of a source were listed, where some are behind."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next incomplete listing fills it in."""
    op.add_column("recording_sources", sa.Column("parts_listed_until", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("recording_sources", "parts_listed_until")
