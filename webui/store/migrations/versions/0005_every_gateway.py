"""Sources of which the desk is also a client: what it signs in with there."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("sources", sa.Column("token", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take back; the tokens are lost."""
    op.drop_column("sources", "token")
