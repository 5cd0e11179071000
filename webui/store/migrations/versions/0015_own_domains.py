"""The domains of an organization, which its calls carry too."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply; nobody has named a domain yet."""
    for table in ("orgs", "approvals"):
        op.add_column(
            table,
            sa.Column("own_domains", sa.String(), nullable=False, server_default=""),
        )


def downgrade() -> None:
    """Take back; the domains that were named are lost."""
    for table in ("approvals", "orgs"):
        op.drop_column(table, "own_domains")
