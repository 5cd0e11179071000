"""Saved views of the queue, and reasons to choose from."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_saved_views_org", "saved_views", ["org_id", "user_id"])
    op.create_index("ix_decisions_user", "decisions", ["user_id", "id"])
    op.add_column(
        "orgs", sa.Column("reasons", sa.String(), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Take back; saved views and the reasons to choose from are lost."""
    op.drop_column("orgs", "reasons")
    op.drop_index("ix_decisions_user", table_name="decisions")
    op.drop_table("saved_views")
