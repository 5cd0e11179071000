"""Every answer a person can give."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ADDED = {
    "approvals": (
        ("sealed_edit", sa.LargeBinary()),
        ("edited_hash", sa.String()),
        ("edited_fingerprint", sa.String()),
        ("grant_id", sa.String()),
        ("rule_line", sa.BigInteger()),
        ("ruling", sa.String()),
        ("risk_asked", sa.String()),
        ("edited_rule_hash", sa.String()),
        ("escalate_at", sa.BigInteger()),
        ("escalate_to", sa.String()),
        ("max_grant", sa.BigInteger()),
        ("reserved", sa.String()),
        ("settles_at", sa.BigInteger()),
        ("settling", sa.LargeBinary()),
    ),
    "orgs": (("policy_number", sa.BigInteger()),),
    "decisions": (("answer", sa.String()), ("reset_at", sa.BigInteger())),
}

FILLED: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    "approvals": (
        ("message_count", sa.BigInteger(), "0"),
        ("approvers", sa.String(), ""),
        ("veto_groups", sa.String(), ""),
        ("distinct_groups", sa.Boolean(), sa.false()),
        ("irreversible", sa.Boolean(), sa.false()),
        ("idempotent", sa.Boolean(), sa.false()),
        ("undo_window", sa.BigInteger(), "0"),
    ),
    "orgs": (
        ("grant_hours", sa.BigInteger(), "24"),
        ("undo_seconds", sa.BigInteger(), "0"),
    ),
    "decisions": (("groups", sa.String(), ""),),
}
"""What every row has; these begin so on rows that are there already."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"]),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "standing_grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("bound", sa.String(), nullable=False),
        sa.Column("risk", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"]),
        sa.ForeignKeyConstraint(["approval_id"], ["approvals.id"]),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_standing_grants_live",
        "standing_grants",
        ["org_id", "agent_id", "tool"],
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_index("ix_standing_grants_org", "standing_grants", ["org_id", "id"])
    _make_policies()
    op.create_index("ix_messages_approval", "messages", ["approval_id", "id"])
    for table, columns in ADDED.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, filled in FILLED.items():
        for name, filling, value in filled:
            op.add_column(
                table, sa.Column(name, filling, nullable=False, server_default=value)
            )
    for index, indexed, where in _INDEXES:
        op.create_index(
            index,
            "approvals",
            indexed,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    covered = sa.text("grant_id IS NOT NULL")
    op.create_index(
        "ix_approvals_grant",
        "approvals",
        ["grant_id", "id"],
        sqlite_where=covered,
        postgresql_where=covered,
    )
    counts = sa.text("reset_at IS NULL")
    op.drop_index("ix_decisions_once", "decisions")
    op.create_index(
        "ix_decisions_once",
        "decisions",
        ["approval_id", "user_id"],
        unique=True,
        sqlite_where=counts,
        postgresql_where=counts,
    )


_INDEXES = (
    (
        "ix_approvals_same_call",
        ["org_id", "agent_id", "tool", "arguments_hash", "decided_at"],
        "decided_at IS NOT NULL",
    ),
    ("ix_approvals_escalates", ["escalate_at"], "escalate_at IS NOT NULL"),
    ("ix_approvals_settles", ["settles_at"], "settles_at IS NOT NULL"),
)


def _make_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("org_id", "number"),
    )
    op.create_table(
        "policy_counts",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("counter", sa.String(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"]),
        sa.PrimaryKeyConstraint("org_id", "counter", "start"),
    )


def downgrade() -> None:
    """Take back; policies, edits, answers and conversations are lost.

    A yes that was given to edited arguments must not run what was asked: an unused one ends,
    and votes on an edited call that still waits count no more. What a rule asked for ends too:
    its limits and its groups are not known any more.
    """
    op.execute("DELETE FROM decisions WHERE reset_at IS NOT NULL")
    op.execute(
        "DELETE FROM decisions WHERE approval_id IN (SELECT id FROM approvals"
        " WHERE edited_hash IS NOT NULL AND status IN ('pending', 'needs_revision'))"
    )
    op.execute(
        "UPDATE approvals SET usable_until = decided_at"
        " WHERE edited_hash IS NOT NULL AND status IN ('approved', 'executing')"
    )
    op.execute(
        "UPDATE approvals SET usable_until = decided_at"
        " WHERE rule_hash IS NOT NULL AND status = 'approved'"
    )
    op.execute(
        "UPDATE approvals SET expires_at = created_at"
        " WHERE rule_hash IS NOT NULL AND status IN ('pending', 'needs_revision')"
    )
    for index, _, _ in _INDEXES:
        op.drop_index(index, "approvals")
    op.drop_index("ix_approvals_grant", "approvals")
    op.drop_index("ix_decisions_once", "decisions")
    op.create_index(
        "ix_decisions_once", "decisions", ["approval_id", "user_id"], unique=True
    )
    for table, columns in ADDED.items():
        for name, _ in columns:
            op.drop_column(table, name)
    for table, filled in FILLED.items():
        for name, _, _ in filled:
            op.drop_column(table, name)
    op.drop_table("policy_counts")
    op.drop_table("policies")
    op.drop_table("standing_grants")
    op.drop_table("messages")
