"""A call that a standing grant covers: approved as it is filed, each use counted and told."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from webui.approvals.answering.reviewing import Reviewer, access_of, actor_of, check_length
from webui.approvals.asking.ask import Ask, Filer
from webui.approvals.authorization import DECIDE, GRANT
from webui.approvals.call.differing import same
from webui.approvals.desk import move
from webui.approvals.errors import ConflictError, NotAllowedError, NotFoundError
from webui.approvals.grants.granting import (
    HOUR,
    about,
    bound_to,
    facts_of,
    freed_by,
    name_of,
    without,
)
from webui.approvals.policy import Answer, holds, read_conditions
from webui.approvals.states import Resolution, Risk, Status, Verdict
from webui.approvals.telling import tell_refused
from webui.sentences import sentence
from webui.store.keyring import Keyring
from webui.store.loaded import as_loaded
from webui.store.models import Approval, Org, StandingGrant, table_of
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

USE_WINDOW = 300_000
"""ms in which a covered call can be used, and never after its grant is over."""
_grants = table_of(StandingGrant)
_live_for = Prepared(
    select(_grants)
    .where(
        _grants.c.org_id == bindparam("org"),
        _grants.c.agent_id == bindparam("agent"),
        _grants.c.tool == bindparam("tool"),
        _grants.c.ended_at.is_(None),
        _grants.c.expires_at > bindparam("now"),
    )
    .order_by(_grants.c.id)
)


def covered(
    tx: Transaction, filer: Filer, ask: Ask, row: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return what a standing grant makes of a call that would wait for a person, or none.

    One use of the grant is taken: the first of those that cover it, by age.

    Args:
        tx: the transaction.
        filer: who files it.
        ask: the call.
        row: the columns of its approval as it would wait.

    """
    live = tx.prepared_rows(
        _live_for,
        {"org": filer.org_id, "agent": filer.agent_id, "tool": ask.tool, "now": tx.now},
    )
    if not live or row["irreversible"] or row.get("max_grant") == 0:
        return None
    if Verdict.APPROVE not in row["allowed_decisions"].split():
        return None
    approval = as_loaded(Approval, row)
    for each in live:
        grant = as_loaded(StandingGrant, each)
        if _covers(tx, grant, approval, ask) and _take(tx, grant):
            return {
                "status": Status.APPROVED,
                "resolution": Resolution.GRANT,
                "decided_by": f"grant:{grant.id}",
                "decided_at": tx.now,
                "settled_at": tx.now,
                "usable_until": min(grant.expires_at, tx.now + USE_WINDOW),
                "by_person": False,
                "grant_id": grant.id,
            }
    return None


def _covers(tx: Transaction, grant: StandingGrant, approval: Approval, ask: Ask) -> bool:
    if (
        grant.bound != bound_to(approval)
        or Risk(approval.risk).level > Risk(grant.risk).level
        or (grant.session is not None and grant.session != approval.session)
    ):
        return False
    pinned, documents = opened(tx.session, tx.keyring, grant)
    conditions, faults = read_conditions(documents, roots=("args",))
    freed, arguments = freed_by(conditions), json.loads(ask.canonical)
    free = {name: value for name, value in arguments.items() if name in freed}
    return (
        not faults
        and same(without(arguments, freed), pinned)
        and not ask.misleads(tx, approval, free)
        and holds(conditions, facts_of(approval, arguments, tx.now)) is Answer.YES
        and _still_allowed(tx, grant, approval)
    )


def stands_for(tx: Transaction, approval: Approval) -> bool:
    """Say whether what approved a call still stands: its grant, if it was one, and its maker.

    A grant whose last use was taken has ended, and the calls it covered may run; one that
    was taken back, or whose session ended, lets nothing run any more.
    """
    if approval.grant_id is None:
        return True
    grant = tx.session.get_one(StandingGrant, approval.grant_id, populate_existing=True)
    taken_back = grant.ended_at is not None and grant.used < grant.uses
    return (
        grant.revoked_by is None
        and not taken_back
        and grant.expires_at > tx.now
        and _still_allowed(tx, grant, approval)
    )


def end_of_session(tx: Transaction, org_id: str, agent_id: str, session: str) -> None:
    """End the grants that an agent has for one of its sessions, and their unused yeses."""
    live = tx.session.scalars(
        select(StandingGrant)
        .where(
            StandingGrant.org_id == org_id,
            StandingGrant.agent_id == agent_id,
            StandingGrant.session == session,
            StandingGrant.expires_at > tx.now,
        )
        .with_for_update(),
        execution_options={"populate_existing": True},
    ).all()
    for grant in live:
        if grant.ended_at is None:
            grant.ended_at = tx.now
            tx.session.flush()
            note = {"cause": "session_ended"}
            tx.record(
                org_id,
                f"agent:{agent_id}",
                "standing_grant.revoked",
                name_of(grant.id),
                note,
            )
        _take_back(tx, grant, f"agent:{agent_id}", {"cause": "session_ended"})


def opened(
    session: Session, keyring: Keyring, grant: StandingGrant
) -> tuple[dict[str, Any], list[Any]]:
    """Return the arguments that must be the same and the conditions on the others."""
    key = session.scalars(select(Org.data_key).where(Org.id == grant.org_id)).one()
    plain = keyring.open(key, grant.org_id, about(grant.org_id, grant.id), grant.sealed)
    content = json.loads(plain)
    return content["arguments"], content["conditions"]


def _still_allowed(tx: Transaction, grant: StandingGrant, approval: Approval) -> bool:
    """Say whether its org still lets it last so long, and its maker could approve this call."""
    hours = tx.session.scalars(select(Org.grant_hours).where(Org.id == grant.org_id)).one()
    if tx.now >= grant.created_at + hours * HOUR:
        return False
    maker = actor_of(tx, Reviewer(grant.created_by, "", "token"), grant.org_id)
    return all(
        access_of(tx, maker, approval, verb, yes=True).allowed for verb in (DECIDE, GRANT)
    )


def _take(tx: Transaction, grant: StandingGrant) -> bool:
    last = _grants.c.used + 1 >= _grants.c.uses
    taken = tx.execute(
        update(_grants)
        .where(
            _grants.c.id == grant.id,
            _grants.c.ended_at.is_(None),
            _grants.c.expires_at > tx.now,
            _grants.c.used < _grants.c.uses,
        )
        .values(used=_grants.c.used + 1, ended_at=case((last, tx.now), else_=None))
        .returning(_grants.c.used)
    ).first()
    return taken is not None


def tell_use(tx: Transaction, filer: Filer, approval: Approval) -> None:
    """Record that a standing grant covered a call; nothing where none did."""
    if approval.grant_id is None:
        return
    tx.record(
        approval.org_id,
        filer.actor,
        "standing_grant.used",
        name_of(approval.grant_id),
        {"approval": approval.id, "tool": approval.tool},
    )


def revoke_grant(
    tx: Transaction, reviewer: Reviewer, org_id: str, grant_id: str, reason: str = ""
) -> NotAllowedError | None:
    """End a standing grant, and take back what it covered and nobody has used yet.

    Whoever made it may, and whoever may grant calls of its agent. Asking twice is fine.

    Returns:
        None; or why they may not, returned so that the event of the attempt is kept.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the reason is too long.
        ConflictError: it is over already.

    """
    check_length(reason)
    grant = tx.session.get(StandingGrant, grant_id, with_for_update=True)
    if grant is None or grant.org_id != org_id:
        raise NotFoundError("standing grant")
    tx.read_clock()
    refusal = _refusal_of(tx, reviewer, grant)
    if refusal is not None:
        return refusal
    if grant.revoked_by is not None:
        _take_back(tx, grant, reviewer.actor, {"who": reviewer.display})
        return None
    if grant.ended_at is None and grant.expires_at > tx.now:
        grant.ended_at = tx.now
    elif not _unused(tx, grant):
        raise ConflictError(
            "grant_over", sentence("This grant is over; nothing is left to revoke.")
        )
    grant.revoked_by = reviewer.user_id
    tx.session.flush()
    note = {"reason": reason, "who": reviewer.display, "channel": reviewer.channel}
    tx.record(org_id, reviewer.actor, "standing_grant.revoked", name_of(grant.id), note)
    _take_back(tx, grant, reviewer.actor, note)
    return None


def _take_back(
    tx: Transaction, grant: StandingGrant, actor: str, note: Mapping[str, Any]
) -> None:
    for approval in _unused(tx, grant):
        move(
            tx,
            approval,
            Status.REVOKED,
            actor=actor,
            action="approval.revoked",
            values={"resolution": Resolution.REVOKED},
            note={**note, "grant": grant.id},
        )


def _refusal_of(
    tx: Transaction, reviewer: Reviewer, grant: StandingGrant
) -> NotAllowedError | None:
    first = tx.session.get_one(Approval, grant.approval_id)
    actor = actor_of(tx, reviewer, grant.org_id)
    access = access_of(tx, actor, first, GRANT)
    own = actor.is_one_of((grant.created_by,)) and actor.role is not None
    if access.allowed or own:
        return None
    refusal = NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
    tell_refused(tx, first, reviewer.actor, refusal, grant=grant.id, verb="revoke")
    return refusal


def _unused(tx: Transaction, grant: StandingGrant) -> list[Approval]:
    """Return what a grant covered and its agent has not used yet, locked."""
    found = tx.session.scalars(
        select(Approval)
        .where(
            Approval.grant_id == grant.id,
            Approval.status == Status.APPROVED,
            Approval.usable_until > tx.now,
        )
        .order_by(Approval.id)
        .with_for_update(),
        execution_options={"populate_existing": True},
    )
    return list(found)
