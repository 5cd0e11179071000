"""What the policy in force says of a call: as it is asked, and again before it runs.

The rule that speaks is part of the fingerprint, so a call is ruled on before anything looks for
an approval that stands for it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from webui.approvals.asking.ask import Ask, Filer
from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.canonical import arguments_hash, fingerprint_of_canonical
from webui.approvals.errors import ConflictError, DeniedByRuleError, DeskError
from webui.approvals.policy import (
    Call,
    Facts,
    History,
    Rulebook,
    Ruling,
    Verdict,
    asked_anyway,
    evaluate,
    refused_by,
    refused_by_count,
)
from webui.approvals.ruling.counting import reserve_all, values_now
from webui.approvals.ruling.rulebooks import live_rulebook
from webui.approvals.states import YES, Risk, Status
from webui.sentences import sentence
from webui.store.models import Approval, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

REMEMBERED: Final = 30 * 86_400_000
"""ms over which rules may ask how the same call was decided."""
_FOR_PEOPLE: Final = frozenset({ASSIGN, ASSIGN_SCOPE})
"""Questions whose yes is a permission (`one_use`): a person gives it, never a rule."""
_approvals = table_of(Approval)
_decided_before = Prepared(
    select(_approvals.c.status, func.count().label("count"))
    .where(
        _approvals.c.org_id == bindparam("org"),
        _approvals.c.agent_id == bindparam("agent"),
        _approvals.c.tool == bindparam("tool"),
        _approvals.c.arguments_hash == bindparam("hash"),
        _approvals.c.decided_at.is_not(None),
        _approvals.c.decided_at > bindparam("since"),
        _approvals.c.by_person,
        _approvals.c.id != bindparam("own"),
        _approvals.c.edited_hash.is_(None),
    )
    .group_by(_approvals.c.status)
)
_APPROVED: Final = YES | {Status.EXPIRED}
"""What a person approved as it was asked and nobody took back, used or not."""


def ruled(tx: Transaction, filer: Filer, ask: Ask) -> Ask:
    """Return an ask with what the policy says of it, and with the rule in its fingerprint.

    Raises:
        StoreUnavailableError: the policy cannot be read; then nothing may pass.

    """
    book = live_rulebook(tx.connection, filer.org_id)
    if book is None:
        return ask
    ruling = ruling_on(tx.connection, book, filer.org_id, call_of(filer, ask), tx.now)
    window = book.policy.approvals.dedupe_window
    return _under(filer, replace(ask, dedupe_window=window), ruling)


def _under(filer: Filer, ask: Ask, ruling: Ruling) -> Ask:
    return replace(
        ask,
        ruling=ruling,
        fingerprint=fingerprint_of_canonical(
            ask.canonical,
            org=filer.org_id,
            agent=filer.agent_id,
            tool=ask.tool,
            tool_def=ask.tool_def,
            scope=ask.scope,
            ctx=ask.ctx,
            rule_hash=ruling.rule.hash,
        ),
    )


def counted(tx: Transaction, filer: Filer, ask: Ask) -> Ask:
    """Return an ask that the policy settles, with what it counts reserved; or its denial."""
    ruling = ask.ruling
    if ruling is None or ruling.verdict is not Verdict.ALLOW:
        return ask
    reserved, refused = reserve_all(tx, filer.org_id, ruling.reservations)
    if refused is not None:
        return _under(filer, ask, refused_by(ruling, refused))
    return replace(ask, reserved=reserved)


def ruling_on(
    connection: Connection,
    book: Rulebook,
    org_id: str,
    call: Call,
    now: int,
    of: Approval | None = None,
) -> Ruling:
    """Return what a policy says of a call now; of its own approval `of` nothing counts."""
    reserved, own = (None, "") if of is None else (of.reserved, of.id)
    counters = values_now(connection, org_id, book.counters_for(call.tool), now, reserved)
    asks_history = book.asks_history(call.tool)
    history = _history(connection, org_id, call, now, own) if asks_history else None
    ruling = evaluate(book, Facts(call, now, counters, history))
    if ruling.verdict is Verdict.ALLOW and call.tool in _FOR_PEOPLE:
        return asked_anyway(book, ruling, now)
    return ruling


def call_of(filer: Filer, ask: Ask) -> Call:
    """Return an ask as rules see it; the agent's hint can only raise its risk."""
    return _call(filer, ask, json.loads(ask.canonical), hinted(ask.risk))


def hinted(hint: str | None) -> str | None:
    """Return the agent's hint if it raises the risk, else none."""
    raises = hint is not None and Risk(hint).level > Risk.MEDIUM.level
    return hint if raises else None


def _call(
    filer: Filer, about: Ask | Approval, arguments: Mapping[str, Any], risk: str | None
) -> Call:
    return Call(
        about.tool,
        arguments,
        agent=filer.agent_id,
        project=filer.project_id,
        owner=filer.owner_id,
        risk=risk or str(Risk.MEDIUM),
        session=about.session,
        scope=about.scope,
    )


def _history(
    connection: Connection, org_id: str, call: Call, now: int, own: str
) -> History:
    which = {
        "org": org_id,
        "agent": call.agent,
        "tool": call.tool,
        "hash": arguments_hash(call.arguments),
        "since": now - REMEMBERED,
        "own": own,
    }
    found = _decided_before.rows(connection, which)
    numbers = {row["status"]: row["count"] for row in found}
    return History(
        approved_same=sum(numbers.get(status, 0) for status in _APPROVED),
        denied_same=numbers.get(Status.DENIED, 0),
    )


def ruling_on_edit(
    tx: Transaction, approval: Approval, arguments: Mapping[str, Any]
) -> Ruling | None:
    """Return what the policy says of an edited call, as if it had been asked; none without one."""
    book = live_rulebook(tx.connection, approval.org_id)
    if book is None:
        return None
    filer = Filer(
        approval.agent_id,
        approval.org_id,
        approval.agent_owner,
        project_id=approval.project_id,
    )
    call = _call(filer, approval, arguments, approval.risk_asked)
    return _again(tx, book, approval, call)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is counted for a use that may begin; or why it may not."""

    reserved: str | None = None
    refusal: DeskError | None = None


def take(
    tx: Transaction, filer: Filer, approval: Approval, ask: Ask | None = None
) -> Taken:
    """Ask the policy in force about an approved call that is about to run, and count it.

    Args:
        tx: the transaction.
        filer: the asking agent.
        approval: which, approved and locked.
        ask: the call as it was just asked and ruled on; none: as it was filed.

    """
    book = live_rulebook(tx.connection, approval.org_id)
    if book is None or approval.rule_hash is None:
        same = book is None and approval.rule_hash is None
        return Taken(approval.reserved) if same else _changed()
    call = _call_again(tx, filer, approval, ask)
    ruling = _again(tx, book, approval, call)
    if approval.edited_hash is None:
        refusal = _refusal(ruling, approval.rule_hash)
    else:
        asked = ruling
        if refused_by_count(asked):  # the edited call may count for less
            asked = evaluate(book, Facts(call, tx.now))
        edited = effective_arguments(tx.session, tx.keyring, approval).value
        ruling = _again(tx, book, approval, replace(call, arguments=edited))
        refusal = _refusal(asked, approval.rule_hash) or _refusal(
            ruling, approval.edited_rule_hash
        )
    if refusal is not None:
        return Taken(refusal=refusal)
    if approval.reserved is not None:  # counted when it was allowed
        return Taken(approval.reserved)
    reserved, refused = reserve_all(tx, approval.org_id, ruling.reservations)
    if refused is not None:
        return Taken(refusal=_denied(refused_by(ruling, refused)))
    return Taken(reserved)


def _call_again(tx: Transaction, filer: Filer, approval: Approval, ask: Ask | None) -> Call:
    if ask is not None:
        return call_of(filer, ask)
    arguments = open_arguments(tx.session, tx.keyring, approval).value
    return _call(filer, approval, arguments, approval.risk_asked)


def _again(tx: Transaction, book: Rulebook, approval: Approval, call: Call) -> Ruling:
    return ruling_on(tx.connection, book, approval.org_id, call, tx.now, approval)


def _refusal(ruling: Ruling, rule_hash: str | None) -> DeskError | None:
    if ruling.rule.hash == rule_hash:
        return None
    return _denied(ruling) if refused_by_count(ruling) else _changed().refusal


def _denied(ruling: Ruling) -> DeniedByRuleError:
    return DeniedByRuleError(ruling.message or ruling.sentence, ruling.rule.as_document())


def _changed() -> Taken:
    return Taken(
        refusal=ConflictError(
            "policy_changed",
            sentence(
                "Another rule holds for this call than the one it was approved under; "
                "ask anew."
            ),
        )
    )
