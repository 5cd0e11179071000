"""What the log is told of calls, and of attempts that were refused.

A refusal is returned from its unit and raised after the commit, so that its event stays. Some
refusals cost the asker nothing, so a flood of them must not fill the log: each principal has
so many a minute written down, and what is beyond them is answered without an event.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from webui.approvals.asking import throttling
from webui.approvals.asking.ask import Filer
from webui.approvals.desk import subject
from webui.approvals.errors import (
    ConflictError,
    DeniedByRuleError,
    DeskError,
    TooManyError,
)
from webui.approvals.states import Status
from webui.store.models import Approval
from webui.store.transaction import Transaction

Refusal = TypeVar("Refusal", bound=DeskError)
REFUSALS = 60
"""Refused attempts that are written down, a minute and principal; the burst is twice that."""


def record_call(
    tx: Transaction, filer: Filer, approval: Approval, result: str, **more: Any
) -> None:
    """Record one `tool_call`: what was asked and what it led to (spec: audit.md)."""
    tx.record(
        filer.org_id,
        filer.actor,
        "tool_call",
        subject(approval.id),
        _call(filer, approval) | {"result": result, **more},
    )


def led_to(approval: Approval) -> str:
    """Return what filing a call led to, as `tool_call` says it."""
    if approval.status == Status.DENIED:
        return "denied"
    if approval.status == Status.APPROVED:
        return "granted" if approval.grant_id else "allowed"
    return "approval_required"


def refuse_running(tx: Transaction, filer: Filer, twin: Approval) -> ConflictError:
    """Return the refusal for a call that is running right now, written down."""
    if _room(tx, filer.actor):
        record_call(tx, filer, twin, "in_progress")
    seconds = max(1, ((twin.lease_expires_at or tx.now) - tx.now + 999) // 1000)
    return ConflictError(
        "in_progress",
        "This very call is running now; ask again when its lease is over.",
        retry_after=seconds,
    )


def refuse_use(
    tx: Transaction, filer: Filer, approval: Approval, refusal: Refusal
) -> Refusal:
    """Return the refusal of a use, written down."""
    note = _call(filer, approval) | {"code": refusal.code}
    if isinstance(refusal, DeniedByRuleError):
        note["refused_by"] = refusal.rule["name"]
    _record_refusal(tx, approval, filer.actor, "approval.use_refused", note)
    return refusal


def tell_refused(
    tx: Transaction, approval: Approval, actor: str, refusal: DeskError, **more: Any
) -> None:
    """Record that a person was refused something on an approval."""
    note = {"approval": approval.id, "code": refusal.code, **more}
    _record_refusal(tx, approval, actor, "access.refused", note)


def _record_refusal(
    tx: Transaction, approval: Approval, actor: str, name: str, note: Mapping[str, Any]
) -> None:
    if _room(tx, actor):
        tx.record(approval.org_id, actor, name, subject(approval.id), note)


def _room(tx: Transaction, actor: str) -> bool:
    try:
        throttling.spend(tx, f"refused:{actor}", per_minute=REFUSALS, detail="")
    except TooManyError:
        return False
    return True


def _call(filer: Filer, approval: Approval) -> dict[str, Any]:
    return {
        "agent": filer.agent_id,
        "tool": approval.tool,
        "fingerprint": approval.fingerprint,
        "rule": approval.rule_name,
        "policy_revision": approval.policy_revision,
    }
