"""Protection policies on agents, projects and issues: saved as given, if they are understood."""

import json
from typing import Any

from webui.approvals.authorization import AGENTS, Effect, Strength
from webui.approvals.authorization.protection import effect_of
from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.models import Agent, Issue, Project
from webui.store.transaction import Transaction

BEARERS: dict[str, Any] = {"agent": Agent, "project": Project, "issue": Issue}
LABELS = {"agent": "Target agent", "project": "Target project", "issue": "Target issue"}
NOUN = "agent, project or issue"
LONGEST = 8_192


def effect_on(kind: str, policy: object) -> Effect:
    """Return what a policy does, in the words that a refusal would use."""
    return effect_of(policy, LABELS[kind])


def check_policy(kind: str, policy: object) -> Effect:
    """Refuse a policy that is not understood: it would deny everything; return its effect.

    Raises:
        InvalidError: says what is not understood.

    """
    effect = effect_on(kind, policy)
    if not isinstance(policy, dict):
        raise InvalidError(
            sentence("A protection policy is an object."),
            [Fault("/policy", sentence("must be an object"))],
        )
    if effect.strength is Strength.UNKNOWN:
        raise InvalidError(
            sentence(
                "%(sentence)s It would deny every assignment, so it is not saved. "
                "Known are agentVisibility (mode discoverable or private, "
                "hiddenFromDefaultDirectory), assignmentPolicy (mode company_default "
                "or protected, protectedAgentRequiresApproval), protectedAgent "
                "(requiresApproval, approvalReason) and managedBy.",
                sentence=effect.sentence,
            ),
            [Fault("/policy", sentence("is not understood"))],
        )
    return effect


def protect(
    tx: Transaction, org_id: str, by: By, kind: str, bearer_id: str, policy: object
) -> bool:
    """Put a policy on an agent, a project or an issue; say whether that changed anything.

    Raises:
        NotFoundError: no such thing in the org.
        InvalidError: the policy is not understood.

    """
    require_in(tx, org_id, by, AGENTS)
    effect = check_policy(kind, policy)
    bearer = tx.session.get(
        BEARERS[kind], bearer_id, with_for_update=True, populate_existing=True
    )
    if bearer is None or bearer.org_id != org_id:
        raise NotFoundError(NOUN)
    text = json.dumps(policy, ensure_ascii=False)
    if len(text) > LONGEST or "\\u0000" in text:
        raise InvalidError(
            sentence(
                "A protection policy has at most %(longest)s characters and no U+0000.",
                longest=LONGEST,
            ),
            [Fault("/policy", sentence("is too long or holds U+0000"))],
        )
    before = json.loads(bearer.protection)
    if before == policy:
        return False
    bearer.protection = text
    tx.session.flush()
    note = {"before": before, "after": policy, "effect": effect.strength.name.lower()}
    tx.record(org_id, by.name, "protection.changed", f"{kind}:{bearer_id}", note)
    return True
