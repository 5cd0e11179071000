"""What people looked at: recorded, so that the log says what a reviewer had seen."""

from typing import Any

from webui.approvals.desk import facts, subject
from webui.store.models import Approval
from webui.store.transaction import Transaction


def note_viewed(
    tx: Transaction, approval: Approval, actor: str, session_hash: str, seal: str
) -> None:
    """Record that the card of an approval was shown, with the seal of what it showed."""
    _note(tx, approval, actor, "approval.viewed", session_hash, seal)


def note_opened_full(
    tx: Transaction, approval: Approval, actor: str, session_hash: str, seal: str
) -> None:
    """Record that the full arguments were shown."""
    _note(tx, approval, actor, "approval.opened_full", session_hash, seal)


def _note(
    tx: Transaction,
    approval: Approval,
    actor: str,
    action: str,
    session_hash: str,
    seal: str,
) -> None:
    note = {"session": session_hash, "seal": seal}
    tx.record(approval.org_id, actor, action, subject(approval.id), facts(approval) | note)


def note_exported(
    tx: Transaction, org_id: str, actor: str, form: str, filters: dict[str, Any]
) -> None:
    """Record that the log was exported, and how it was narrowed."""
    tx.record(
        org_id, actor, "audit.exported", f"org:{org_id}", {"form": form, "filters": filters}
    )
