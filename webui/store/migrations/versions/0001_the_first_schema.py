"""The first schema."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from webui.store.migrations import hardening

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_heads",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("pruned_upto", sa.BigInteger(), nullable=False),
        sa.Column("fanned_out", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "events",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "seq", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_action", ["org_id", "action", "seq"], unique=False)
        batch_op.create_index("ix_events_at", ["org_id", "at", "seq"], unique=False)
        batch_op.create_index("ix_events_actor", ["org_id", "actor", "seq"], unique=False)
        batch_op.create_index(
            "ix_events_subject", ["org_id", "subject", "seq"], unique=False
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.Column("consumption_id", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "install",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_install")),
    )
    op.create_table(
        "orgs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("data_key", sa.LargeBinary(), nullable=False),
        sa.Column("solo_operator", sa.Boolean(), nullable=False),
        sa.Column("dedupe_window", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orgs")),
        sa.UniqueConstraint("slug", name=op.f("uq_orgs_slug")),
    )
    op.create_table(
        "source_messages",
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "message_id", name=op.f("pk_source_messages")),
    )
    with op.batch_alter_table("source_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_source_messages_received_at"), ["received_at"], unique=False
        )

    op.create_table(
        "throttles",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("empty_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_throttles")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("instance_admin", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_agents_org_id")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_agents_owner_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("org_id", "name", name=op.f("uq_agents_org_id_name")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("last_status", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_deliveries_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_due", ["status", "next_at"], unique=False)
        batch_op.create_index(
            "ix_deliveries_order", ["approval_id", "endpoint_id", "seq"], unique=False
        )
        batch_op.create_index("ix_deliveries_org", ["org_id", "id"], unique=False)

    op.create_table(
        "endpoints",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_endpoints_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
    )
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_endpoints_org_id"), ["org_id"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["orgs.id"], name=op.f("fk_memberships_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "user_id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index("ix_memberships_user_id", ["user_id"], unique=False)

    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id"], ["orgs.id"], name=op.f("fk_personal_tokens_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_personal_tokens_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_tokens")),
    )
    with op.batch_alter_table("personal_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_personal_tokens_user_id", ["user_id"], unique=False)

    op.create_table(
        "web_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id"], ["orgs.id"], name=op.f("fk_web_sessions_org_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_web_sessions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
    )
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_web_sessions_user_id", ["user_id"], unique=False)

    op.create_table(
        "agent_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_keys_agent_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_agent_keys_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_keys")),
    )
    with op.batch_alter_table("agent_keys", schema=None) as batch_op:
        batch_op.create_index("ix_agent_keys_agent_id", ["agent_id"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("agent_owner", sa.String(), nullable=True),
        sa.Column("on_behalf_of", sa.String(), nullable=True),
        sa.Column("source_id", sa.String(), nullable=True),
        sa.Column("source_ref", sa.String(), nullable=True),
        sa.Column("session", sa.String(), nullable=True),
        sa.Column("run", sa.String(), nullable=True),
        sa.Column("scope", sa.String(), nullable=True),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("tool_def", sa.String(), nullable=True),
        sa.Column("ctx", sa.String(), nullable=False),
        sa.Column("arguments_hash", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("arguments_schema", sa.String(), nullable=True),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("context", sa.String(), nullable=True),
        sa.Column("trace", sa.String(), nullable=True),
        sa.Column("risk", sa.String(), nullable=False),
        sa.Column("rule_name", sa.String(), nullable=True),
        sa.Column("rule_hash", sa.String(), nullable=True),
        sa.Column("policy_revision", sa.String(), nullable=True),
        sa.Column("approvals_required", sa.BigInteger(), nullable=False),
        sa.Column("denials_required", sa.BigInteger(), nullable=False),
        sa.Column("require_reason", sa.Boolean(), nullable=False),
        sa.Column("allowed_decisions", sa.String(), nullable=False),
        sa.Column("solo", sa.Boolean(), nullable=False),
        sa.Column("by_person", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("usable_until", sa.BigInteger(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("revision_of", sa.String(), nullable=True),
        sa.Column("edits", sa.BigInteger(), nullable=False),
        sa.Column("change_requests", sa.BigInteger(), nullable=False),
        sa.Column("seen_count", sa.BigInteger(), nullable=False),
        sa.Column("callback_url", sa.String(), nullable=True),
        sa.Column("report", sa.Boolean(), nullable=False),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), nullable=False),
        sa.Column("consumption_id", sa.String(), nullable=True),
        sa.Column("lease_hash", sa.LargeBinary(), nullable=True),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('answered', 'approved', 'consumed', 'denied', 'executing', 'failed', 'revoked', 'unknown')) = (decided_by IS NOT NULL) OR status = 'expired'",
            name=op.f("ck_approvals_decided_by"),
        ),
        sa.CheckConstraint(
            "status IN ('answered', 'approved', 'cancelled', 'consumed', 'denied', 'executing', 'expired', 'failed', 'needs_revision', 'pending', 'revoked', 'superseded', 'unknown')",
            name=op.f("ck_approvals_status"),
        ),
        sa.CheckConstraint(
            "decided_at IS NULL OR decided_at < expires_at",
            name=op.f("ck_approvals_in_time"),
        ),
        sa.CheckConstraint(
            "solo OR decided_by IS NULL OR on_behalf_of IS NULL OR decided_by <> on_behalf_of",
            name=op.f("ck_approvals_not_by_principal"),
        ),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_approvals_agent_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_approvals_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(
            "ix_approvals_agent", ["agent_id", "status", "id"], unique=False
        )
        batch_op.create_index("ix_approvals_agent_id", ["agent_id", "id"], unique=False)
        batch_op.create_index(
            "ix_approvals_fingerprint",
            ["org_id", "agent_id", "fingerprint", "id"],
            unique=False,
            sqlite_where=sa.text("decided_at IS NOT NULL"),
            postgresql_where=sa.text("decided_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_queue", ["org_id", "status", "expires_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_approvals_settled",
            ["org_id", "settled_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_settled_agent",
            ["org_id", "agent_id", "settled_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_settled_owner",
            ["org_id", "agent_owner", "settled_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_settled_status",
            ["org_id", "status", "settled_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_settled_tool",
            ["org_id", "tool", "settled_at", "id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_source_ref",
            ["org_id", "source_ref"],
            unique=False,
            sqlite_where=sa.text("source_ref IS NOT NULL"),
            postgresql_where=sa.text("source_ref IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_approvals_status_expires_at", ["status", "expires_at"], unique=False
        )
        batch_op.create_index(
            "ix_approvals_unindexed",
            ["id"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NOT NULL AND NOT indexed"),
            postgresql_where=sa.text("settled_at IS NOT NULL AND NOT indexed"),
        )
        batch_op.create_index(
            "live_fingerprint",
            ["org_id", "agent_id", "fingerprint"],
            unique=True,
            sqlite_where=sa.text(
                "by_person AND status IN ('approved', 'executing', 'needs_revision', 'pending')"
            ),
            postgresql_where=sa.text(
                "by_person AND status IN ('approved', 'executing', 'needs_revision', 'pending')"
            ),
        )

    op.create_table(
        "sources",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("config", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_sources_agent_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_sources_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sources_org_id"), ["org_id"], unique=False)

    op.create_table(
        "consumptions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_consumptions_approval_id")
        ),
        sa.ForeignKeyConstraint(
            ["org_id"], ["orgs.id"], name=op.f("fk_consumptions_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consumptions")),
    )
    with op.batch_alter_table("consumptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_consumptions_approval_id"), ["approval_id"], unique=False
        )

    op.create_table(
        "decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_decisions_approval_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_decisions_org_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_decisions_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_once", ["approval_id", "user_id"], unique=True)

    op.create_table(
        "source_deliveries",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("headers", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("status_code", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("approval_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_deliveries_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_deliveries")),
    )
    with op.batch_alter_table("source_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_source_deliveries_received_at"), ["received_at"], unique=False
        )
        batch_op.create_index(
            "ix_source_deliveries_source", ["source_id", "id"], unique=False
        )
    for statement in _for_this_engine(hardening.SQLITE, hardening.POSTGRESQL):
        op.execute(statement)


def _for_this_engine(
    sqlite: tuple[str, ...], postgresql: tuple[str, ...]
) -> tuple[str, ...]:
    return sqlite if op.get_bind().dialect.name == "sqlite" else postgresql


def downgrade() -> None:
    """Take back."""
    for statement in _for_this_engine(hardening.UNDO_SQLITE, hardening.UNDO_POSTGRESQL):
        op.execute(statement)
    with op.batch_alter_table("source_deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_source_deliveries_source")
        batch_op.drop_index(batch_op.f("ix_source_deliveries_received_at"))

    op.drop_table("source_deliveries")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_once")

    op.drop_table("decisions")
    with op.batch_alter_table("consumptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consumptions_approval_id"))

    op.drop_table("consumptions")
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sources_org_id"))

    op.drop_table("sources")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index(
            "live_fingerprint",
            sqlite_where=sa.text(
                "by_person AND status IN ('approved', 'executing', 'needs_revision', 'pending')"
            ),
            postgresql_where=sa.text(
                "by_person AND status IN ('approved', 'executing', 'needs_revision', 'pending')"
            ),
        )
        batch_op.drop_index(
            "ix_approvals_unindexed",
            sqlite_where=sa.text("settled_at IS NOT NULL AND NOT indexed"),
            postgresql_where=sa.text("settled_at IS NOT NULL AND NOT indexed"),
        )
        batch_op.drop_index("ix_approvals_status_expires_at")
        batch_op.drop_index(
            "ix_approvals_source_ref",
            sqlite_where=sa.text("source_ref IS NOT NULL"),
            postgresql_where=sa.text("source_ref IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_approvals_settled_tool",
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_approvals_settled_status",
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_approvals_settled_owner",
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_approvals_settled_agent",
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_approvals_settled",
            sqlite_where=sa.text("settled_at IS NOT NULL"),
            postgresql_where=sa.text("settled_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_approvals_queue")
        batch_op.drop_index("ix_approvals_fingerprint")
        batch_op.drop_index("ix_approvals_agent_id")
        batch_op.drop_index("ix_approvals_agent")

    op.drop_table("approvals")
    with op.batch_alter_table("agent_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_agent_keys_agent_id")

    op.drop_table("agent_keys")
    with op.batch_alter_table("web_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_web_sessions_user_id")

    op.drop_table("web_sessions")
    with op.batch_alter_table("personal_tokens", schema=None) as batch_op:
        batch_op.drop_index("ix_personal_tokens_user_id")

    op.drop_table("personal_tokens")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index("ix_memberships_user_id")

    op.drop_table("memberships")
    with op.batch_alter_table("endpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_endpoints_org_id"))

    op.drop_table("endpoints")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_deliveries_org")
        batch_op.drop_index("ix_deliveries_order")
        batch_op.drop_index("ix_deliveries_due")

    op.drop_table("deliveries")
    op.drop_table("agents")
    op.drop_table("users")
    op.drop_table("throttles")
    with op.batch_alter_table("source_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_messages_received_at"))

    op.drop_table("source_messages")
    op.drop_table("orgs")
    op.drop_table("install")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_subject")
        batch_op.drop_index("ix_events_at")
        batch_op.drop_index("ix_events_actor")
        batch_op.drop_index("ix_events_action")

    op.drop_table("events")
    op.drop_table("checkpoints")
    op.drop_table("audit_heads")
    for statement in _for_this_engine((), hardening.UNDO_POSTGRESQL_FUNCTIONS):
        op.execute(statement)
