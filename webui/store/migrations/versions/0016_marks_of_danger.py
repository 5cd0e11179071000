"""What lists show of a call's preview: its dangers, and whether it could mislead."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; the worker reads what waits, and what is settled stays without marks."""
    op.add_column("approvals", sa.Column("misleads", sa.Boolean(), nullable=True))
    op.add_column("approvals", sa.Column("dangers", sa.BigInteger(), nullable=True))
    op.add_column("approvals", sa.Column("read_by", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take back; the marks can be read again."""
    for column in ("read_by", "dangers", "misleads"):
        op.drop_column("approvals", column)
