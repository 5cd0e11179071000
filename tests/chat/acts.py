"""A call to pay, and what tests do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.states import Verdict
from webui.preview import PREVIEW_VERSION
from webui.store.models import (
    Approval,
    Decision,
)

if TYPE_CHECKING:
    from tests.plugins.desk import Member
    from webui.store.store import Store


PAY: dict[str, Any] = {
    "tool": "bank.transfer",
    "arguments": {"amount_cents": 100, "currency": "EUR", "to": "DE89370400440532013000"},
}


def change(store: Store, approval_id: str, **values: Any) -> None:
    """Give an approval the terms that a rule would have given it."""
    store.write(
        lambda tx: tx.execute(
            update(Approval).where(Approval.id == approval_id).values(**values)
        )
    )


def decisions(store: Store) -> list[tuple[str, str, str, str]]:
    with store.reading() as session:
        rows = session.scalars(select(Decision).order_by(Decision.id))
        return [(row.user_id, row.verdict, row.channel, row.reason) for row in rows]


def on_the_page(
    store: Store, member: Member, approval_id: str, org_id: str, verdict: Verdict
) -> None:
    """Decide as somebody does on the dashboard."""
    by = Reviewer(member.id, member.name, "page")
    look = Look(None, PREVIEW_VERSION)
    store.write(lambda tx: decide(tx, by, org_id, approval_id, verdict, "Seen.", look))
