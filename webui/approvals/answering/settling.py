"""How a verdict settles an approval: at once, or when the time to undo it is over.

Until then the approval stays as it was: its agent sees nothing, and no other verdict is taken.
What the verdict will change is kept with the approval, encrypted, and happens as of the moment
at which it was given. It never waits past the deadline, so the deadline is judged by then.
Source: spec approvals.md, "Undo window".
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from webui.approvals.agents.question_grants import make_grant
from webui.approvals.answering.mandate import guard_by
from webui.approvals.answering.messages import keep
from webui.approvals.answering.quorum import YESES
from webui.approvals.desk import SYSTEM, Guard, facts, move, subject
from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.grants.granting import (
    GrantWish,
    keep_standing_grant,
    standing_grant_of,
)
from webui.approvals.states import Status
from webui.store.keyring import Keyring
from webui.store.loaded import as_loaded
from webui.store.models import Approval, Decision, Org, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_decisions = table_of(Decision)
_data_key = select(Org.data_key).where(Org.id == bindparam("org"))
_HIDDEN = "sealed_edit"
"""The one column among the values that holds bytes."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A verdict that settles an approval, and all that it changes."""

    to: str
    action: str
    """Name of the event."""
    user_id: str
    at: int
    """When the verdict was given, ms."""
    values: Mapping[str, Any]
    """Columns of the approval."""
    note: Mapping[str, Any]
    """What the event says of the verdict."""
    by_role: bool
    mandate: Mapping[str, Any]
    """What the move checks (see `mandate`)."""
    vote: Mapping[str, Any] | None = None
    """Its row among the decisions."""
    resets: bool = False
    """It is an edit, so that the approvals given before count no more."""
    message: str | None = None
    """With a request for changes: what the agent is told."""
    wish: GrantWish | None = None
    """What is to be allowed beyond this one call."""

    @property
    def actor(self) -> str:
        """Return who gave the verdict, as the log names them."""
        return f"user:{self.user_id}"

    @property
    def guard(self) -> Guard:
        """Return the conditions of its move."""
        return guard_by(by_role=self.by_role)


def carry_out(tx: Transaction, approval: Approval, verdict: Settlement) -> Approval:
    """Settle an approval by a verdict: the votes, the move, and what a yes makes.

    Raises:
        ConflictError: somebody was faster, or what the verdict rests on is gone.
        InvalidError: the standing grant that it is to make cannot be given.

    """
    grant = None
    if verdict.wish is not None:
        after = as_loaded(Approval, _columns(approval) | dict(verdict.values))
        grant = standing_grant_of(tx, after, verdict.wish, verdict.user_id)
    waited = {} if approval.settles_at is None else {"settles_at": None, "settling": None}
    settled = move(
        tx,
        approval,
        Status(verdict.to),
        actor=verdict.actor,
        action=verdict.action,
        values={**verdict.values, **waited},
        guard=verdict.guard,
        given=verdict.mandate,
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


def settle(tx: Transaction, approval: Approval, verdict: Settlement) -> Approval:
    """Settle an approval by a verdict now, or once it can be undone no more.

    Raises:
        ConflictError: somebody was faster, or what the verdict rests on is gone.
        InvalidError: the standing grant that it is to make cannot be given.

    """
    if approval.undo_window <= 0:
        return carry_out(tx, approval, verdict)
    if verdict.wish is not None:  # to be refused now, and not when nobody looks any more
        after = as_loaded(Approval, _columns(approval) | dict(verdict.values))
        standing_grant_of(tx, after, verdict.wish, verdict.user_id)
    settles_at = min(tx.now + approval.undo_window, approval.expires_at)
    kept = {
        "new_settles_at": settles_at,
        "new_settling": _seal(tx, approval, verdict),
        "old_id": approval.id,
        "old_org": approval.org_id,
        "old_version": approval.version,
    }
    done = tx.row(_keeping(verdict.guard), {**kept, **verdict.mandate})
    if done is None:
        raise ConflictError(
            "wrong_status", "Somebody else was faster, or the time is over."
        )
    waits = as_loaded(Approval, done)
    note = dict(verdict.note) | {"settles_at": settles_at}
    tx.record(
        approval.org_id,
        verdict.actor,
        "approval.settling",
        subject(approval.id),
        facts(waits) | note,
    )
    return waits


@lru_cache(maxsize=4)
def _keeping(guard: Guard) -> Prepared:
    return Prepared(
        update(_approvals)
        .where(
            _approvals.c.id == bindparam("old_id"),
            _approvals.c.org_id == bindparam("old_org"),
            _approvals.c.version == bindparam("old_version"),
            _approvals.c.settles_at.is_(None),
            *guard.conditions,
        )
        .values(settles_at=bindparam("new_settles_at"), settling=bindparam("new_settling"))
        .returning(*_approvals.c)
    )


def settle_if_due(tx: Transaction, approval: Approval) -> Approval:
    """Return the approval, settled by the verdict that can be undone no more, if there is one.

    What that verdict rests on is checked once more, as for every other; without it the verdict
    is taken back, and the approval waits for others or expires.
    """
    if not is_due(approval, tx.now):
        return approval
    verdict = settlement_of(tx.session, tx.keyring, approval)
    if verdict.note.get("solo") and not approval.solo:
        return take_back(tx, approval, verdict, SYSTEM, "not_alone")
    try:
        return carry_out(tx, approval, verdict)
    except DeskError as error:
        return take_back(tx, approval, verdict, SYSTEM, error.code)


def is_due(approval: Approval, now: int) -> bool:
    """Say whether a verdict settles it now, and nobody has written that down yet."""
    return approval.settles_at is not None and approval.settles_at <= now


def take_back(
    tx: Transaction, approval: Approval, verdict: Settlement, actor: str, cause: str
) -> Approval:
    """Let an approval wait for a verdict again, as if this one had not been given."""
    tx.execute(
        update(_approvals)
        .where(_approvals.c.id == approval.id)
        .values(settles_at=None, settling=None)
    )
    approval.__dict__.update(settles_at=None, settling=None)
    note = {
        "verdict": verdict.note.get("verdict"),
        "given_by": verdict.actor,
        "given_at": verdict.at,
        "cause": cause,
    }
    tx.record(
        approval.org_id,
        actor,
        "approval.undone",
        subject(approval.id),
        facts(approval) | note,
    )
    return approval


def settlement_of(session: Session, keyring: Keyring, approval: Approval) -> Settlement:
    """Return the verdict that will settle an approval; there must be one.

    Raises:
        KeyringError: the key file is not the one it was encrypted with.

    """
    wrapped = session.scalars(_data_key, {"org": approval.org_id}).one()
    assert approval.settling is not None
    opened = keyring.open(wrapped, approval.org_id, _about(approval), approval.settling)
    found: dict[str, Any] = json.loads(opened)
    if found["values"].get(_HIDDEN) is not None:
        found["values"][_HIDDEN] = b64decode(found["values"][_HIDDEN])
    wish = found.pop("wish")
    if wish is not None:
        wish = GrantWish(**wish | {"conditions": tuple(wish["conditions"])})
    return Settlement(**found, wish=wish)


def _seal(tx: Transaction, approval: Approval, verdict: Settlement) -> bytes:
    content = asdict(verdict)
    hidden = content["values"].get(_HIDDEN)
    if hidden is not None:
        content["values"][_HIDDEN] = b64encode(hidden).decode()
    wrapped = tx.session.scalars(_data_key, {"org": approval.org_id}).one()
    text = json.dumps(content, ensure_ascii=False)
    return tx.keyring.seal(wrapped, approval.org_id, _about(approval), text.encode())


def _about(approval: Approval) -> str:
    return f"{approval.org_id}/{approval.id}/settling"


def _columns(approval: Approval) -> dict[str, Any]:
    return {column.key: getattr(approval, column.key) for column in _approvals.columns}
