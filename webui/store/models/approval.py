"""The held call, and the verdicts on it."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, TextClause, text
from sqlalchemy.orm import Mapped, mapped_column

from webui.approvals.states import DECIDED, LIVE, Status
from webui.store.models.base import Model
from webui.store.models.handling import Handling


def _among(column: str, statuses: frozenset[Status]) -> str:
    return f"{column} IN ({', '.join(sorted(repr(str(s)) for s in statuses))})"


LIVE_TWIN = text(f"by_person AND {_among('status', LIVE)}")
"""Which rows the fingerprint index covers: those a person settles and that may still be used."""

SETTLED = text("settled_at IS NOT NULL")
"""What history shows. Its indexes are partial: filing a call does not pay for them."""


def _history_index(name: str, *columns: str) -> Index:
    return Index(
        name,
        "org_id",
        *columns,
        "settled_at",
        "id",
        sqlite_where=SETTLED,
        postgresql_where=SETTLED,
    )


def _partial_index(name: str, *columns: str, where: TextClause) -> Index:
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)


COUNTS = text("reset_at IS NULL")
"""Which decisions count: those that no later edit took back."""

ESCALATES = text("escalate_at IS NOT NULL")
"""Others will be asked as well, if nobody decides until then."""

SETTLES = text("settles_at IS NOT NULL")
"""A verdict was given and can still be undone."""

UNINDEXED = text("settled_at IS NOT NULL AND NOT indexed")
"""Settled, and not yet in the search index."""


class Approval(Handling, Model):
    """One tool call held for a verdict, from asking to outcome (spec: approvals.md)."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    agent_owner: Mapped[str | None] = mapped_column(default=None)
    """The agent's owner when it asked: excluded from deciding."""
    on_behalf_of: Mapped[str | None] = mapped_column(default=None)
    """User id of the person whose authority the agent carries: excluded from deciding."""
    triggered_by: Mapped[str | None] = mapped_column(default=None)
    """User id of the person who started the run: excluded from deciding."""
    project_id: Mapped[str | None] = mapped_column(default=None)
    """The agent's project when it asked; grants may be limited to it."""
    source_id: Mapped[str | None] = mapped_column(default=None)
    source_ref: Mapped[str | None] = mapped_column(default=None)
    session: Mapped[str | None] = mapped_column(default=None)
    run: Mapped[str | None] = mapped_column(default=None)
    scope: Mapped[str | None] = mapped_column(default=None)

    tool: Mapped[str]
    tool_def: Mapped[str | None] = mapped_column(default=None)
    ctx: Mapped[str] = mapped_column(default="{}")
    arguments_hash: Mapped[str]
    fingerprint: Mapped[str]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Canonical and received arguments, encrypted together under the org's data key."""
    size: Mapped[int]
    """Bytes of the canonical arguments."""
    sealed_edit: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The canonical arguments of the last edit, encrypted likewise; none before the first."""
    edited_hash: Mapped[str | None] = mapped_column(default=None)
    """The `arguments_hash` of the last edit; `arguments_hash` stays that of what was asked."""
    edited_fingerprint: Mapped[str | None] = mapped_column(default=None)
    arguments_schema: Mapped[str | None] = mapped_column(default=None)

    line: Mapped[str]
    """The safe one-line preview; masked, so lists and notices may show it."""
    summary: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    context: Mapped[str | None] = mapped_column(default=None)
    trace: Mapped[str | None] = mapped_column(default=None)

    rule_name: Mapped[str | None] = mapped_column(default=None)
    rule_hash: Mapped[str | None] = mapped_column(default=None)
    rule_line: Mapped[int | None] = mapped_column(default=None)
    policy_revision: Mapped[str | None] = mapped_column(default=None)
    ruling: Mapped[str | None] = mapped_column(default=None)
    """JSON of what the policy said, without values of the call; none without a policy."""
    risk_asked: Mapped[str | None] = mapped_column(default=None)
    """The risk that the policy was told, where the agent's hint was above medium."""
    edited_rule_hash: Mapped[str | None] = mapped_column(default=None)
    """Of the rule that the edited call falls under; `rule_hash` stays that of what was asked."""
    approvers: Mapped[str] = mapped_column(default="")
    """Ids of the groups of which an approval must come; empty: of anybody who may decide."""
    distinct_groups: Mapped[bool] = mapped_column(default=False)
    veto_groups: Mapped[str] = mapped_column(default="")
    escalate_at: Mapped[int | None] = mapped_column(default=None)
    """When others are asked as well; none once they were."""
    escalate_to: Mapped[str | None] = mapped_column(default=None)
    irreversible: Mapped[bool] = mapped_column(default=False)
    idempotent: Mapped[bool] = mapped_column(default=False)
    max_grant: Mapped[int | None] = mapped_column(default=None)
    """The longest that a standing grant made from it may last, ms; 0 allows none."""
    reserved: Mapped[str | None] = mapped_column(default=None)
    """JSON of what its use has counted: counter, start and end of the window, amount."""
    approvals_required: Mapped[int] = mapped_column(default=1)
    denials_required: Mapped[int] = mapped_column(default=1)
    require_reason: Mapped[bool] = mapped_column(default=False)
    allowed_decisions: Mapped[str] = mapped_column(default="approve deny")
    solo: Mapped[bool] = mapped_column(default=False)
    """The org had opted out of separation of duties when this was filed."""
    break_glass: Mapped[bool] = mapped_column(default=False)
    """Approved past quorum in an emergency; marked for ever."""
    undo_window: Mapped[int] = mapped_column(default=0)
    """How long a verdict that settles it can be undone, ms: what the org says while it is open."""
    own_domains: Mapped[str] = mapped_column(default="", server_default="")
    """The org's domains while it is open, one a line: its preview and its seal go by them."""
    settles_at: Mapped[int | None] = mapped_column(default=None)
    """When the verdict that was given settles it; none while there is none to be undone."""
    settling: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """That verdict with all that it will change, encrypted (see `settling.Settlement`)."""
    reply_state: Mapped[str | None] = mapped_column(default=None)
    """How far the verdict is on its way to the upstream that settles it; none: we settle it."""
    reply_attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """To tell it what is told now, the one under way included."""
    reply_error: Mapped[str | None] = mapped_column(default=None)
    """Why the last attempt failed, or why what was said did not get there."""
    by_person: Mapped[bool] = mapped_column(default=True)

    status: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    resolution: Mapped[str | None] = mapped_column(default=None)
    decided_by: Mapped[str | None] = mapped_column(default=None)
    """User id of the deciding person, or `policy:...` / `grant:...`."""
    created_at: Mapped[int]
    expires_at: Mapped[int]
    decided_at: Mapped[int | None] = mapped_column(default=None)
    settled_at: Mapped[int | None] = mapped_column(default=None)
    """When it left the queue, however it ended."""
    usable_until: Mapped[int | None] = mapped_column(default=None)
    grant_id: Mapped[str | None] = mapped_column(default=None)
    """The standing grant that covered it, in place of a decision of its own."""
    superseded_by: Mapped[str | None] = mapped_column(default=None)
    revision_of: Mapped[str | None] = mapped_column(default=None)
    claimed_by: Mapped[str | None] = mapped_column(default=None)
    """User id of who looks into it; a courtesy that ends at `claim_expires_at`."""
    claim_expires_at: Mapped[int | None] = mapped_column(default=None)
    edits: Mapped[int] = mapped_column(default=0)
    change_requests: Mapped[int] = mapped_column(default=0)
    message_count: Mapped[int] = mapped_column(default=0)
    seen_count: Mapped[int] = mapped_column(default=1)
    callback_url: Mapped[str | None] = mapped_column(default=None)
    report: Mapped[bool] = mapped_column(default=True)

    indexed: Mapped[bool] = mapped_column(default=False)
    """Its words are in the search index; done once, after it is settled."""

    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    consumption_id: Mapped[str | None] = mapped_column(default=None)
    lease_hash: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    lease_expires_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        CheckConstraint(_among("status", frozenset(Status)), name="status"),
        CheckConstraint(
            f"({_among('status', DECIDED)}) = (decided_by IS NOT NULL) OR status = 'expired'",
            name="decided_by",
        ),
        CheckConstraint(
            "solo OR decided_by IS NULL OR on_behalf_of IS NULL OR decided_by <> on_behalf_of",
            name="not_by_principal",
        ),
        CheckConstraint("decided_at IS NULL OR decided_at < expires_at", name="in_time"),
        Index(
            "live_fingerprint",
            "org_id",
            "agent_id",
            "fingerprint",
            unique=True,
            sqlite_where=LIVE_TWIN,
            postgresql_where=LIVE_TWIN,
        ),
        # the sweeper and the queue: few rows are pending, however long the history is
        Index("ix_approvals_status_expires_at", "status", "expires_at"),
        Index("ix_approvals_queue", "org_id", "status", "expires_at", "id"),
        # history, newest first, whole or narrowed to one value
        _history_index("ix_approvals_settled"),
        _history_index("ix_approvals_settled_status", "status"),
        _history_index("ix_approvals_settled_agent", "agent_id"),
        _history_index("ix_approvals_settled_tool", "tool"),
        _history_index("ix_approvals_settled_owner", "agent_owner"),
        _history_index("ix_approvals_settled_project", "project_id"),
        # the agents' own list, newest first
        Index("ix_approvals_agent", "agent_id", "status", "id"),
        Index("ix_approvals_agent_id", "agent_id", "id"),
        Index(
            "ix_approvals_source_ref",
            "org_id",
            "source_ref",
            sqlite_where=text("source_ref IS NOT NULL"),
            postgresql_where=text("source_ref IS NOT NULL"),
        ),
        # what a standing grant has covered
        Index(
            "ix_approvals_grant",
            "grant_id",
            "id",
            sqlite_where=text("grant_id IS NOT NULL"),
            postgresql_where=text("grant_id IS NOT NULL"),
        ),
        # how the same call was decided before, for rules that ask
        Index(
            "ix_approvals_same_call",
            "org_id",
            "agent_id",
            "tool",
            "arguments_hash",
            "decided_at",
            sqlite_where=text("decided_at IS NOT NULL"),
            postgresql_where=text("decided_at IS NOT NULL"),
        ),
        _partial_index("ix_approvals_escalates", "escalate_at", where=ESCALATES),
        _partial_index("ix_approvals_settles", "settles_at", where=SETTLES),
        _partial_index("ix_approvals_unindexed", "id", where=UNINDEXED),
        # denial memory, earlier decisions on the same call; a fingerprint falls anywhere in
        # its index, which makes it the dearest of all: filing a call does not pay for it
        Index(
            "ix_approvals_fingerprint",
            "org_id",
            "agent_id",
            "fingerprint",
            "id",
            sqlite_where=text("decided_at IS NOT NULL"),
            postgresql_where=text("decided_at IS NOT NULL"),
        ),
    )


class Decision(Model):
    """One reviewer's verdict on an approval."""

    __tablename__ = "decisions"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    approval_id: Mapped[str] = mapped_column(ForeignKey("approvals.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    verdict: Mapped[str]
    reason: Mapped[str]
    seal: Mapped[str | None] = mapped_column(default=None)
    channel: Mapped[str]
    """Where it was given: page, token, cli."""
    delegated_by: Mapped[str | None] = mapped_column(default=None)
    """User id of the person in whose place it was given."""
    answer: Mapped[str | None] = mapped_column(default=None)
    """With respond: what the agent gets as the result, in place of a run."""
    option: Mapped[str | None] = mapped_column(default=None)
    """How it was to go back, where the upstream knows several ways."""
    groups: Mapped[str] = mapped_column(default="")
    """Ids of the groups in which the voice counted, of those that the rule asks for."""
    at: Mapped[int]
    reset_at: Mapped[int | None] = mapped_column(default=None)
    """When an edit took this yes back: it was for other arguments, and counts no more."""

    __table_args__ = (
        # one person counts once
        Index(
            "ix_decisions_once",
            "approval_id",
            "user_id",
            unique=True,
            sqlite_where=COUNTS,
            postgresql_where=COUNTS,
        ),
        # the reasons that somebody gave last
        Index("ix_decisions_user", "user_id", "id"),
    )
