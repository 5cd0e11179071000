"""The authorization matrix against a table written independently of the module."""

from itertools import product
from typing import Literal

import pytest

from webui.approvals.authorization import ALL, NOBODY, Access, Actor, Resource, authorize

GRANTED: dict[str, str] = {
    "owner": "all",
    "admin": "all but approvals:break_glass approvals:reveal_secrets",
    "operator": "approvals:view policy:read sources:manage agents:create agents:manage",
    "reviewer": "approvals:view approvals:decide approvals:edit_arguments grants:create"
    " policy:read",
    "auditor": "approvals:view policy:read audit:read audit:export",
    "viewer": "approvals:view policy:read",
    "member": "",
    "no such role": "",
}


def granted(role: str) -> set[str]:
    words = GRANTED[role]
    if words.startswith("all"):
        return set(ALL) - set(words.split())
    return set(words.split())


RELATIONS = ("none", "owner of the agent", "on whose behalf", "both")
SOLO = (False, True)
ADMIN = (False, True)


def resource_for(relation: str, *, solo: bool) -> Resource:
    return Resource(
        "org",
        agent_owner="me" if relation in {"owner of the agent", "both"} else "them",
        on_behalf_of="me" if relation in {"on whose behalf", "both"} else None,
        solo=solo,
    )


def expected(role: str, relation: str, action: str, *, solo: bool, admin: bool) -> str:
    if action == "approvals:decide":
        if relation != "none" and not solo:
            return "deny_self_approval"
    elif admin:
        return "allow_instance_admin"
    if action in granted(role):
        return "allow_role"
    owns = relation in {"owner of the agent", "both"}
    if role == "member" and action == "approvals:view" and owns:
        return "allow_role"
    return "deny_missing_grant"


CELLS = list(product(GRANTED, RELATIONS, sorted(ALL), SOLO, ADMIN))


def test_every_cell_of_the_matrix_answers_as_the_table_says() -> None:
    assert len(CELLS) >= 1_500
    for role, relation, action, solo, admin in CELLS:
        actor = Actor("user", "me", "org", role=role, instance_admin=admin)
        access = authorize(actor, action, resource_for(relation, solo=solo))
        reason = expected(role, relation, action, solo=solo, admin=admin)
        assert access.reason == reason, (role, relation, action, solo, admin)
        assert access.allowed is reason.startswith("allow_")
        assert access.permission == action


@pytest.mark.parametrize("action", sorted(ALL))
@pytest.mark.parametrize("role", sorted(GRANTED))
def test_no_standing_beats_the_boundary_a_suspension_or_a_missing_membership(
    role: str, action: str
) -> None:
    mine, theirs = Resource("org"), Resource("other")
    assert (
        authorize(
            Actor("user", "me", "org", role=role, instance_admin=True), action, theirs
        )
    ).reason == "deny_company_boundary"
    assert (
        authorize(
            Actor("user", "me", "org", role=role, active=False, instance_admin=True),
            action,
            mine,
        )
    ).reason == "deny_account_suspended"
    assert (
        authorize(Actor("user", "me", "org", role=None), action, mine)
    ).reason == "deny_missing_membership"


@pytest.mark.parametrize("solo", SOLO)
def test_an_agent_with_a_persons_identity_never_decides(solo: bool) -> None:
    actor = Actor("user", "me", "org", role="owner", agent_context=True)
    assert (
        authorize(actor, "approvals:decide", Resource("org", solo=solo)).reason
        == "deny_agent_context"
    )
    assert authorize(actor, "approvals:view", Resource("org")).allowed


NO: list[tuple[Actor, str, Resource, str, str]] = [
    (NOBODY, "approvals:view", Resource(""), "deny_unauthenticated", "Sign in first."),
    (
        Actor("user", "", "org", role="owner"),
        "approvals:view",
        Resource("org"),
        "deny_unauthenticated",
        "Sign in first.",
    ),
    (
        Actor("user", "me", "org", role="owner"),
        "approvals:shred",
        Resource("org"),
        "deny_unsupported_action",
        "Unknown action: approvals:shred.",
    ),
    (
        Actor("user", "me", "org", role="owner"),
        "approvals:decide",
        Resource("other"),
        "deny_company_boundary",
        "It belongs to another organization.",
    ),
    (
        Actor("agent", "me", "org"),
        "approvals:decide",
        Resource("org"),
        "deny_agent_cannot_decide",
        "An agent never decides.",
    ),
    (
        Actor("agent", "me", "org"),
        "approvals:view",
        Resource("org"),
        "deny_unsupported_action",
        "Not something an agent does: approvals:view.",
    ),
    (
        Actor("agent", "me", "other"),
        "approvals:decide",
        Resource("org"),
        "deny_company_boundary",
        "It belongs to another organization.",
    ),
    (
        Actor("user", "me", "org", active=False),
        "approvals:view",
        Resource("org"),
        "deny_account_suspended",
        "Your account is suspended.",
    ),
    (
        Actor("user", "me", "org", role="owner", agent_context=True),
        "approvals:decide",
        Resource("org"),
        "deny_agent_context",
        "This session belongs to an agent acting for you; sign in yourself to decide.",
    ),
    (
        Actor("user", "me", "org", role="owner"),
        "approvals:decide",
        Resource("org", on_behalf_of="me"),
        "deny_self_approval",
        "The agent acts on your behalf here, so somebody else has to decide.",
    ),
    (
        Actor("user", "me", "org", role="owner"),
        "approvals:decide",
        Resource("org", agent_owner="me"),
        "deny_self_approval",
        "You own the agent that made this call, so somebody else has to decide.",
    ),
    (
        Actor("user", "me", "org"),
        "approvals:decide",
        Resource("org"),
        "deny_missing_membership",
        "You are not an active member of this organization.",
    ),
    (
        Actor("user", "me", "org", role="viewer"),
        "approvals:decide",
        Resource("org"),
        "deny_missing_grant",
        "Missing permission: approvals:decide.",
    ),
]


@pytest.mark.parametrize(("actor", "action", "resource", "reason", "sentence"), NO)
def test_every_no_has_its_code_and_its_sentence(
    actor: Actor, action: str, resource: Resource, reason: str, sentence: str
) -> None:
    assert authorize(actor, action, resource) == Access(False, reason, sentence, action)


@pytest.mark.parametrize(
    ("role", "admin", "sentence"),
    [
        ("viewer", False, "Your role is viewer."),
        ("viewer", True, "Instance admin."),
        ("member", False, "You own the agent."),
    ],
)
def test_every_yes_has_its_sentence(
    role: Literal["viewer", "member"], admin: bool, sentence: str
) -> None:
    actor = Actor("user", "me", "org", role=role, instance_admin=admin)
    access = authorize(actor, "approvals:view", Resource("org", agent_owner="me"))
    assert (access.allowed, access.explanation) == (True, sentence)
