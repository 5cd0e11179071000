"""What the pages of sources and endpoints show: each attempt, overlaps of secrets, counts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = {
    "endpoints": ("old_secret", "old_secret_until", "plain", "with_arguments"),
    "deliveries": ("tries",),
}


def upgrade() -> None:
    """Apply."""
    op.add_column("endpoints", sa.Column("old_secret", sa.LargeBinary(), nullable=True))
    op.add_column(
        "endpoints", sa.Column("old_secret_until", sa.BigInteger(), nullable=True)
    )
    for name in ("plain", "with_arguments"):
        op.add_column(
            "endpoints",
            sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()),
        )
    op.add_column(
        "deliveries", sa.Column("tries", sa.String(), nullable=False, server_default="[]")
    )
    op.create_index(
        "ix_source_deliveries_verdict", "source_deliveries", ["source_id", "verdict", "id"]
    )
    op.create_index("ix_deliveries_endpoint", "deliveries", ["endpoint_id", "id"])
    op.create_index(
        "ix_deliveries_endpoint_status", "deliveries", ["endpoint_id", "status", "id"]
    )


def downgrade() -> None:
    """Take back; what was tried, and the choices of endpoints, are lost."""
    op.drop_index("ix_deliveries_endpoint_status", "deliveries")
    op.drop_index("ix_deliveries_endpoint", "deliveries")
    op.drop_index("ix_source_deliveries_verdict", "source_deliveries")
    for table, columns in _COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
