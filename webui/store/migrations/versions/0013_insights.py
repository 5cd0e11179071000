"""How people decide, as numbers of days and weeks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COUNTS = (
    *("asked", "approved", "denied", "answered", "changes", "expired", "unseen", "gone"),
    *("glass", "waited", "quick", "unopened", "untimed"),
    *(f"w{bucket}" for bucket in range(14)),
)


def upgrade() -> None:
    """Apply; the worker counts what the log still tells of the days that are shown."""
    op.create_table(
        "insight_counts",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("facet", sa.String(), nullable=False),
        sa.Column("unit", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("org_id", "agent_id", "tool", "facet", "unit", "name"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_insight_counts_unit", "insight_counts", ["unit"])
    op.create_table(
        "insight_cursors",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("org_id"),
    )


def downgrade() -> None:
    """Take back; nothing is lost that the log does not tell again."""
    op.drop_table("insight_cursors")
    op.drop_table("insight_counts")
