"""What tells that nothing of a listed recording has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next listing fills it in."""
    op.add_column("recordings", sa.Column("mark", sa.String(), nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("recordings", "mark")
