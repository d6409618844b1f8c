"""What scheduler backends hold, host by host, and whose installation it is."""

from secrets import token_hex

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables; the installation gets its name here, once and for all."""
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    op.bulk_insert(installation, [{"id": token_hex(4)}])
    op.create_table(
        "applications",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("backend", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zone_rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("host", "owner", "backend", "scope", name="pk_applications"),
    )


def downgrade() -> None:
    """Remove both tables."""
    op.drop_table("applications")
    op.drop_table("installation")
