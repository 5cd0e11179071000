"""Approvals that an upstream settles: the way back to it, and how far a verdict has come."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("approvals", sa.Column("reply_state", sa.String(), nullable=True))
    op.add_column(
        "approvals",
        sa.Column("reply_attempts", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("approvals", sa.Column("reply_error", sa.String(), nullable=True))
    op.add_column("decisions", sa.Column("option", sa.String(), nullable=True))
    op.create_table(
        "replies",
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("source_ref", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"]),
        sa.PrimaryKeyConstraint("approval_id"),
    )
    op.create_index(
        "ix_replies_source", "replies", ["source_id", "source_ref", "approval_id"]
    )
    to_send = sa.text("next_at IS NOT NULL")
    op.create_index(
        "ix_replies_due",
        "replies",
        ["next_at"],
        sqlite_where=to_send,
        postgresql_where=to_send,
    )


def downgrade() -> None:
    """Take back; the ways back are lost, so upstreams are told nothing any more."""
    op.drop_table("replies")
    op.drop_column("decisions", "option")
    op.drop_column("approvals", "reply_error")
    op.drop_column("approvals", "reply_attempts")
    op.drop_column("approvals", "reply_state")
