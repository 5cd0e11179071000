"""What a newly filed call takes out of the queue: the same call as it was asked before."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, or_, select

from webui.approvals.asking.ask import Ask, Filer
from webui.approvals.asking.twins import displace
from webui.approvals.desk import load
from webui.approvals.ending import expire_if_over
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import OPEN, ReplyState
from webui.approvals.upstream.rows import latest, note, tell_end
from webui.store.loaded import as_loaded
from webui.store.models import Approval, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_FRESH = {"populate_existing": True}
# The same call, waiting under a rule that is not the one in force any more.
_same_under_another_rule = Prepared(
    select(_approvals)
    .where(
        _approvals.c.agent_id == bindparam("agent"),
        or_(*(_approvals.c.status == waits for waits in sorted(OPEN))),
        _approvals.c.org_id == bindparam("org"),
        _approvals.c.arguments_hash == bindparam("arguments_hash"),
        _approvals.c.tool == bindparam("tool"),
        _approvals.c.ctx == bindparam("ctx"),
        _approvals.c.tool_def.is_not_distinct_from(bindparam("tool_def")),
        _approvals.c.scope.is_not_distinct_from(bindparam("scope")),
        _approvals.c.on_behalf_of.is_not_distinct_from(bindparam("on_behalf_of")),
        _approvals.c.rule_hash.is_distinct_from(bindparam("rule_hash")),
    )
    .with_for_update()
)


def answered_already(tx: Transaction, filer: Filer, ask: Ask) -> Approval | None:
    """Return what an upstream has asked before in the same words, if it is settled.

    A list that was read a moment ago names it still. What could not be told then is told now.
    Only a source asks what goes back to it, and never without its own name for it.
    """
    known = latest(tx, filer.source_id or "", ask.source_ref or "")
    if known is None:
        return None
    asked = expire_if_over(tx, load(tx, filer.org_id, known))
    same = (asked.tool, asked.arguments_hash) == (ask.tool, ask.arguments_hash)
    if not same or asked.status in OPEN:
        return None
    if asked.reply_state == ReplyState.FAILED:
        note(tx, asked, reply_state=ReplyState.SENDING)
        tell_end(tx, asked)
    return asked


def supersede_re_asked(tx: Transaction, filer: Filer, ask: Ask, new: str) -> None:
    """Take out what its source asked under the same reference with other arguments."""
    old = tx.session.scalars(
        select(Approval)
        .where(
            Approval.org_id == filer.org_id,
            Approval.source_ref == ask.source_ref,
            Approval.agent_id == filer.agent_id,
            Approval.source_id.is_(None)
            if filer.source_id is None
            else Approval.source_id == filer.source_id,
            Approval.status.in_(OPEN),
            Approval.fingerprint != ask.fingerprint,
        )
        .with_for_update(),
        execution_options=_FRESH,
    ).all()
    for approval in old:
        supersede(tx, approval, new)


def supersede_under_another_rule(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Take the same call out of the queue that waits under an older rule: nobody can use its yes."""
    names = (
        "arguments_hash",
        "tool",
        "ctx",
        "tool_def",
        "scope",
        "on_behalf_of",
        "rule_hash",
    )
    given = {name: values[name] for name in names}
    given |= {"org": values["org_id"], "agent": values["agent_id"]}
    for row in tx.prepared_rows(_same_under_another_rule, given):
        supersede(tx, as_loaded(Approval, row), values["id"])


def revised_by(tx: Transaction, filer: Filer, approval_id: str) -> Approval:
    """Return the agent's own approval that an ask revises, locked.

    Raises:
        InvalidError: there is none.

    """
    found = tx.session.scalar(
        select(Approval)
        .where(
            Approval.id == approval_id,
            Approval.org_id == filer.org_id,
            Approval.agent_id == filer.agent_id,
        )
        .with_for_update(),
        execution_options=_FRESH,
    )
    if found is None:
        raise InvalidError(
            "What this call revises is not known here.",
            [Fault("/revision_of", "must be the id of an approval of this agent")],
        )
    return found


def supersede(tx: Transaction, old: Approval, new: str) -> None:
    """Take what was asked anew out of the queue, if it still waits there."""
    standing = expire_if_over(tx, old)
    if standing.status in OPEN:
        displace(tx, standing, new)
