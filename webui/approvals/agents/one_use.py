"""Where approval and authorization meet: a yes to a question is a grant for that question, once.

A question that a protection policy holds can be filed as an approval, the question itself being
its arguments. A person's yes makes a grant that names the approval. It counts for nothing but
the same question of the same asking agent, whose fingerprint must be the approval's, and the
first answer that rests on it spends both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.agents.question_grants import person_behind, scope_of
from webui.approvals.agents.questions import Answer, Asked, answer
from webui.approvals.asking import idempotency
from webui.approvals.asking.ask import Ask, Filer, Limits
from webui.approvals.asking.intake import live_twin, submit_or_refuse
from webui.approvals.asking.twins import same_people
from webui.approvals.authorization import Access, Grant, Reason, Strength
from webui.approvals.errors import ConflictError
from webui.approvals.ruling.rulings import ruled
from webui.approvals.states import Status, Verdict
from webui.approvals.use.leases import Lease
from webui.approvals.use.using import Used, gate
from webui.store.models import Approval, PermissionGrant
from webui.store.queries.standing import as_grant
from webui.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question that a policy holds."""

    answer: Answer
    filed: Approval | None = None


def waits(found: Answer, asked: Asked) -> bool:
    """Say whether a question is refused only until somebody approves it."""
    return (
        found.access.reason == Reason.POLICY_RESTRICTED
        and found.effect.strength is Strength.REQUIRES_APPROVAL
        and asked.actor_type != "none"
        # without a name a grant would have no scope, and so cover nothing
        and bool(scope_of(question_of(found, asked)))
    )


def question_of(found: Answer, asked: Asked) -> dict[str, Any]:
    """Return a question with all that was looked up for it: the arguments of its approval."""
    resource = found.resource
    about = {
        "type": resource.kind,
        "id": resource.id,
        "projectId": resource.project_id,
        "parentIssueId": resource.parent_issue_id,
        "assigneeAgentId": resource.assignee_agent_id,
        "assigneeUserId": resource.assignee_user_id,
    }
    project, agent = resource.project, resource.agent
    if asked.scope is not None:
        scope = asked.scope
        project = scope.get("projectId")
        agent = scope.get("assigneeAgentId") or scope.get("targetAgentId")
    return {
        "actor": {"type": asked.actor_type, "id": asked.actor_id},
        "action": asked.action,
        "resource": _said(about),
        "scope": _said({"projectId": project, "assigneeAgentId": agent}),
    }


def body_of(session: Session, found: Answer, asked: Asked) -> dict[str, Any]:
    """Return the body that files a question as an approval, ready to be sent."""
    question = question_of(found, asked)
    body = {
        "tool": asked.action,
        "arguments": question,
        "reason": found.effect.sentence,
        # a yes becomes a grant for the very question: there is nothing to edit or to answer
        "allowed_decisions": [str(Verdict.APPROVE), str(Verdict.DENY)],
    }
    behind = person_behind(session, found.resource.org_id, question["actor"])
    return body | ({"on_behalf_of": behind} if behind else {})


def ask_anew(
    tx: Transaction,
    filer: Filer,
    asked: Asked,
    ask: Ask,
    limits: Limits,
    lease: Lease,
    key: idempotency.Key | None,
    *,
    file: bool,
) -> Outcome | ConflictError:
    """Answer a question that a policy holds: by a yes that was given to it, which is spent.

    Args:
        tx: the transaction.
        filer: the agent that asks.
        asked: the question.
        ask: the same as an approval of this agent.
        limits: of intake.
        lease: how long the repeat of a request gets the same yes.
        key: of the request.
        file: whether to file the approval if nothing has been approved.

    """
    plain = answer(tx.session, filer.org_id, asked, tx.now, locked=tx.on_postgresql)
    if plain.access.allowed or not waits(plain, asked):
        return Outcome(plain)
    ask = ruled(tx, filer, ask)
    row = _yes_to(tx, filer, asked, ask, key)
    if row is not None:
        grant = as_grant(row, row.approval_id or "")
        allowed = answer(tx.session, filer.org_id, asked, tx.now, extra=(grant,))
        if _rests_on(allowed.access, grant):
            used = gate(tx, filer, ask, limits, lease, key)
            if isinstance(used, Used):
                _spend(tx, filer, row)
                return Outcome(allowed)
    if not file:
        return Outcome(plain)
    filed = submit_or_refuse(tx, filer, ask, limits, key)
    return filed if isinstance(filed, ConflictError) else Outcome(plain, filed.approval)


def has_yes(session: Session, org_id: str, asked: Asked, now: int) -> bool:
    """Say whether some one-use grant of the actor stands, so that a closer look is worth it."""
    return (
        session.scalar(
            select(PermissionGrant.id)
            .where(
                PermissionGrant.org_id == org_id,
                PermissionGrant.principal_id == asked.actor_id,
                PermissionGrant.approval_id.is_not(None),
                PermissionGrant.revoked_at.is_(None),
                PermissionGrant.expires_at > now,
            )
            .limit(1)
        )
        is not None
    )


def _yes_to(
    tx: Transaction,
    filer: Filer,
    asked: Asked,
    ask: Ask,
    key: idempotency.Key | None,
) -> PermissionGrant | None:
    """Return the grant that a person's yes to this question made, locked; none without one."""
    known = None if key is None else idempotency.recall(tx, filer.agent_id, key)
    if known is not None and known.consumption_id is not None:
        # The repeat of a request that was told yes: its grant is spent, and that is right.
        return _grant_of(tx, asked, known.approval_id)
    twin = live_twin(tx, filer, ask.fingerprint)
    if twin is None or twin.status != Status.APPROVED:
        return None
    if not same_people(tx, filer, ask, twin):
        return None  # its agent has another owner now, who may have been the one to say yes
    row = _grant_of(tx, asked, twin.id)
    return None if row is None or row.revoked_at is not None else row


def _grant_of(tx: Transaction, asked: Asked, approval_id: str) -> PermissionGrant | None:
    return tx.session.scalar(
        select(PermissionGrant)
        .where(
            PermissionGrant.approval_id == approval_id,
            PermissionGrant.principal_type == asked.actor_type,
            PermissionGrant.principal_id == asked.actor_id,
        )
        .with_for_update(),
        execution_options={"populate_existing": True},
    )


def _rests_on(access: Access, grant: Grant) -> bool:
    return access.allowed and access.grant is not None and access.grant.id == grant.id


def _spend(tx: Transaction, filer: Filer, row: PermissionGrant) -> None:
    if row.revoked_at is not None:
        return  # spent by the request that this one repeats
    row.revoked_at = tx.now
    tx.session.flush()
    note = {"approval": row.approval_id, "permission": row.permission}
    tx.record(row.org_id, filer.actor, "grant.spent", f"permission_grant:{row.id}", note)


def _said(members: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in members.items() if value}
