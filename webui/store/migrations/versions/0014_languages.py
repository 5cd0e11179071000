"""The language a person chose."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("users", sa.Column("language", sa.String(), nullable=True))


def downgrade() -> None:
    """Take back; what people chose is lost, and their browsers' language counts again."""
    op.drop_column("users", "language")
