"""Carrying a verdict out: the votes, the move, and what a yes makes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update

from webui.approvals.agents.question_grants import make_grant
from webui.approvals.answering.messages import keep
from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.settlement import Settlement
from webui.approvals.desk import ALWAYS, move
from webui.approvals.errors import DeskError
from webui.approvals.grants.granting import keep_standing_grant, standing_grant_of
from webui.approvals.states import Status
from webui.store.loaded import as_loaded
from webui.store.models import Approval, Decision, StandingGrant, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_decisions = table_of(Decision)


def carry_out(
    tx: Transaction,
    approval: Approval,
    verdict: Settlement,
    further: Mapping[str, Any] | None = None,
) -> Approval:
    """Settle an approval by a verdict: the votes, the move, and what a yes makes.

    Args:
        tx: the transaction.
        approval: which.
        verdict: by what.
        further: columns that the upstream's confirmation sets. It has acted on the verdict, so
            what that rests on is asked no more, and a grant that cannot be given is left out.

    Raises:
        ConflictError: somebody was faster, or what the verdict rests on is gone.
        InvalidError: the standing grant that it is to make cannot be given.

    """
    confirmed = further is not None
    grant = grant_of(tx, approval, verdict, lenient=confirmed)
    waited = {} if approval.settles_at is None else {"settles_at": None, "settling": None}
    settled = move(
        tx,
        approval,
        Status(verdict.to),
        actor=verdict.actor,
        action=verdict.action,
        values={**verdict.values, **waited, **(further or {})},
        guard=ALWAYS if confirmed else verdict.guard,
        given=None if confirmed else verdict.mandate,
        note=verdict.note,
    )
    if verdict.resets:
        reset_yeses(tx, approval.id, verdict.at)
    if verdict.vote is not None:
        tx.execute(insert(_decisions), dict(verdict.vote))
    if verdict.message is not None:
        keep(tx, settled, verdict.actor, verdict.message)
    if settled.status == Status.APPROVED:
        make_grant(tx, settled, verdict.actor)
    if grant is not None and verdict.wish is not None:
        keep_standing_grant(tx, grant, verdict.wish)
    return settled


def grant_of(
    tx: Transaction, approval: Approval, verdict: Settlement, *, lenient: bool = False
) -> StandingGrant | None:
    """Return the standing grant that a verdict makes, if it makes one.

    Raises:
        DeskError: it cannot be given; none instead, if `lenient`.

    """
    if verdict.wish is None:
        return None
    after = as_loaded(Approval, _columns(approval) | dict(verdict.values))
    try:
        return standing_grant_of(tx, after, verdict.wish, verdict.user_id)
    except DeskError:
        if lenient:
            return None
        raise


def reset_yeses(tx: Transaction, approval_id: str, at: int) -> None:
    """Let the approvals given so far count no more: they were for other arguments."""
    tx.execute(
        update(_decisions)
        .where(
            _decisions.c.approval_id == approval_id,
            _decisions.c.reset_at.is_(None),
            _decisions.c.verdict.in_(YESES),
        )
        .values(reset_at=at)
    )


def _columns(approval: Approval) -> dict[str, Any]:
    return {column.key: getattr(approval, column.key) for column in _approvals.columns}
