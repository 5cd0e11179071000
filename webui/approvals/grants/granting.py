"""Making a standing grant out of a decision: the same call again, within bounds, for a while.

What no condition names must be as it was approved; a condition frees one argument, which then
has to keep it. It speaks of the argument as a whole: a condition on a place inside would let
everything around that place change. A grant stands for one agent, tool, target, context, rule and principal,
for calls of no higher risk, and never longer than its org allows.
Source: spec approvals.md, "Grants".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from webui.approvals.asking.ask import UPSTREAM_REF
from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.call.canonical import canonical
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.policy import Answer, Call, Condition, Facts, holds, read_conditions
from webui.approvals.states import Risk
from webui.approvals.words import RISK_INSIDE
from webui.sentences import Sentence, sentence
from webui.store.ids import new_id
from webui.store.models import Approval, Org, StandingGrant
from webui.store.transaction import Transaction

HOUR = 3_600_000
MOST_USES = 1_000
MOST_LIVE = 20
"""Live grants of one agent for one tool; each is looked at when it asks."""
_ONCE = frozenset({ASSIGN, ASSIGN_SCOPE})
"""A yes to a question is a permission for that question, once (see `one_use`)."""


@dataclass(frozen=True, slots=True)
class GrantWish:
    """What a reviewer wants to allow beyond the one call."""

    uses: int | None = None
    """None: as many as fit into the time, at most `MOST_USES`."""
    until: int | None = None
    """ms since the epoch; None: as long as the org allows."""
    session: bool = False
    """Only for the session of the approved call."""
    conditions: Sequence[Mapping[str, Any]] = ()
    """`{path, op, value}`, each on one of the call's arguments."""


def standing_grant_of(
    tx: Transaction, approval: Approval, wish: GrantWish, user_id: str
) -> StandingGrant:
    """Return the grant that a decision makes, for `keep_standing_grant`.

    Args:
        tx: the transaction.
        approval: as the decision leaves it.
        wish: what it is to allow.
        user_id: who decides.

    Raises:
        InvalidError: it asks for more than may be granted, or its conditions cannot be read.

    """
    _refuse_ungrantable(tx, approval)
    until = _end_of(tx, approval, wish)
    arguments = effective_arguments(tx.session, tx.keyring, approval).value
    conditions = _conditions(wish, approval, arguments, tx.now)
    grant_id = new_id("grt", tx.now)
    return StandingGrant(
        id=grant_id,
        org_id=approval.org_id,
        agent_id=approval.agent_id,
        approval_id=approval.id,
        created_by=user_id,
        tool=approval.tool,
        bound=bound_to(approval),
        risk=approval.risk,
        session=_session_of(approval, wish),
        sealed=_sealed(tx, approval.org_id, grant_id, arguments, conditions),
        line=approval.line,
        uses=wish.uses or MOST_USES,
        used=0,
        created_at=tx.now,
        expires_at=until,
    )


def keep_standing_grant(tx: Transaction, grant: StandingGrant, wish: GrantWish) -> None:
    """Keep the grant of a decision that has just settled its approval."""
    tx.session.add(grant)
    tx.session.flush()
    conditions, _ = read_conditions(list(wish.conditions), roots=("args",))
    note = {
        "approval": grant.approval_id,
        "agent": grant.agent_id,
        "tool": grant.tool,
        "uses": grant.uses,
        "expires_at": grant.expires_at,
        "session": grant.session,
        "free": sorted(freed_by(conditions)),
    }
    by = f"user:{grant.created_by}"
    tx.record(grant.org_id, by, "standing_grant.created", name_of(grant.id), note)


def name_of(grant_id: str) -> str:
    """Return the name of a standing grant in the log."""
    return f"standing_grant:{grant_id}"


def about(org_id: str, grant_id: str) -> str:
    """Return what the encrypted part of a grant is bound to."""
    return f"{org_id}/{grant_id}/grant"


def bound_to(approval: Approval) -> str:
    """Return what a covered call must have in common with the approved one, as one text."""
    ctx = json.loads(approval.ctx)
    if approval.reply_state is not None:
        ctx.pop(UPSTREAM_REF, None)  # ours, and another for each question
    return canonical(
        {
            "tool_def": approval.tool_def,
            "scope": approval.scope,
            "ctx": ctx,
            "rule_hash": approval.rule_hash,
            "on_behalf_of": approval.on_behalf_of,
            "source": approval.source_id,
        }
    ).decode()


def freed_by(conditions: Sequence[Condition]) -> frozenset[str]:
    """Return the arguments that conditions speak of, which may so differ."""
    return frozenset(condition.path.split(".")[1] for condition in conditions)


def without(arguments: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return the arguments that are not named."""
    return {name: value for name, value in arguments.items() if name not in names}


def facts_of(approval: Approval, arguments: Mapping[str, Any], now: int) -> Facts:
    """Return what conditions ask of a call."""
    call = Call(
        approval.tool,
        arguments,
        agent=approval.agent_id,
        project=approval.project_id,
        owner=approval.agent_owner,
        risk=approval.risk,
        session=approval.session,
        scope=approval.scope,
    )
    return Facts(call, now)


def _sealed(
    tx: Transaction,
    org_id: str,
    grant_id: str,
    arguments: Mapping[str, Any],
    conditions: Sequence[Condition],
) -> bytes:
    content = {
        "arguments": without(arguments, freed_by(conditions)),
        "conditions": [condition.as_document() for condition in conditions],
    }
    key = tx.session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
    return tx.keyring.seal(key, org_id, about(org_id, grant_id), canonical(content))


def _refuse_ungrantable(tx: Transaction, approval: Approval) -> None:
    if approval.tool in _ONCE:
        raise _not_granted(sentence("A question about a permission is answered once."))
    if Risk(approval.handled_as).level >= Risk.HIGH.level:
        raise _not_granted(
            sentence(
                "Calls of %(risk)s risk are decided one by one.",
                risk=RISK_INSIDE[approval.handled_as],
            )
        )
    live = tx.session.scalar(
        select(func.count(StandingGrant.id)).where(
            StandingGrant.org_id == approval.org_id,
            StandingGrant.agent_id == approval.agent_id,
            StandingGrant.tool == approval.tool,
            StandingGrant.ended_at.is_(None),
            StandingGrant.expires_at > tx.now,
        )
    )
    if (live or 0) >= MOST_LIVE:
        raise _not_granted(
            sentence(
                "This agent has %(most)s grants for this tool already; revoke one first.",
                most=MOST_LIVE,
            )
        )


def _not_granted(why: Sentence) -> InvalidError:
    return InvalidError(
        sentence("%(why)s Approve it without a grant.", why=why),
        [Fault("/grant", sentence("cannot be given for this call"))],
        code="grant_not_offered",
    )


def _too_wide(field: str, detail: Sentence, fault: Sentence) -> InvalidError:
    return InvalidError(detail, [Fault(f"/grant/{field}", fault)], code="grant_too_wide")


def _end_of(tx: Transaction, approval: Approval, wish: GrantWish) -> int:
    hours = tx.session.scalars(
        select(Org.grant_hours).where(Org.id == approval.org_id)
    ).one()
    if hours == 0:
        raise _not_granted(sentence("This organization gives no standing grants."))
    lasts = lasts_at_most(approval, hours)
    if lasts == 0:
        raise _not_granted(sentence("The policy allows no standing grant for this call."))
    longest = tx.now + lasts
    if wish.uses is not None and not 1 <= wish.uses <= MOST_USES:
        raise _too_wide(
            "uses",
            sentence("A grant is for 1 to %(most)s uses.", most=MOST_USES),
            sentence("must be 1 to %(most)s", most=MOST_USES),
        )
    if wish.until is not None and not tx.now < wish.until <= longest:
        raise _too_wide(
            "until",
            sentence(
                "A grant for this call ends within %(length)s; choose an earlier time "
                "that lies in the future.",
                length=_length(lasts),
            ),
            sentence("must be within %(length)s", length=_length(lasts)),
        )
    return longest if wish.until is None else wish.until


def lasts_at_most(approval: Approval, hours: int) -> int:
    """Return how long a grant for a call may last (ms): the org's hours, or less by its rule."""
    longest = hours * HOUR
    return longest if approval.max_grant is None else min(longest, approval.max_grant)


def _length(lasts: int) -> Sentence:
    """Say a length of time (ms) in whole hours, or in minutes where it has none."""
    if lasts % HOUR == 0:
        return sentence("%(count)s hours", count=lasts // HOUR)
    return sentence("%(count)s minutes", count=lasts // 60_000)


def _session_of(approval: Approval, wish: GrantWish) -> str | None:
    if wish.session and approval.session is None:
        raise _too_wide(
            "session",
            sentence("This call names no session, so a grant cannot be limited to it."),
            sentence("must be false for a call without a session"),
        )
    return approval.session if wish.session else None


def _conditions(
    wish: GrantWish, approval: Approval, arguments: Mapping[str, Any], now: int
) -> tuple[Condition, ...]:
    conditions, faults = read_conditions(list(wish.conditions), roots=("args",))
    faults += [
        Fault(
            f"/{at}/path",
            sentence("names a place inside an argument; speak of one as a whole"),
        )
        for at, condition in enumerate(conditions)
        if condition.path.count(".") > 1
    ]
    if faults:
        raise InvalidError(
            sentence("The conditions of the grant cannot be read."),
            [Fault(f"/grant/conditions{pointer}", said) for pointer, said in faults],
            code="grant_conditions",
        )
    if holds(conditions, facts_of(approval, arguments, now)) is not Answer.YES:
        raise InvalidError(
            sentence(
                "The call that you approve does not fit the conditions of its own grant."
            ),
            [Fault("/grant/conditions", sentence("must hold for the approved call"))],
            code="grant_conditions",
        )
    return conditions
