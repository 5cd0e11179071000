"""Every answer has its code and, word for word, its sentence."""

import pytest

from tests.plugins.directory import Book, agents
from webui.approvals import authorization
from webui.approvals.authorization import (
    NOBODY,
    Access,
    Actor,
    AgentFacts,
    Grant,
    Reason,
    Resource,
    authorize,
)

ORG = Resource("org")
BOOK = Book(
    agents={
        **agents(me=None, boss=None, worker="boss"),
        "ceo": AgentFacts("ceo", role="ceo"),
        "creator": AgentFacts("creator", can_create_agents=True),
        "gone": AgentFacts("gone", "terminated"),
        "new": AgentFacts("new", "pending_approval"),
    },
    issues={"i": None},
    members={"left": "suspended", "guest": "invited"},
)


def user(role: str | None = None, **more: object) -> Actor:
    return Actor("user", "me", "org", role=role, **more)  # type: ignore[arg-type]


def agent(name: str = "me", org: str = "org") -> Actor:
    return Actor("agent", name, org, source="agent_key")


def issue(**more: str) -> Resource:
    return Resource("org", kind="issue", id="i", **more)  # type: ignore[arg-type]


def approval(**more: object) -> Resource:
    return Resource("org", kind="approval", **more)  # type: ignore[arg-type]


OWNER = user("owner")
NARROW = Grant("g", "approvals:decide", {"max_risk": "low"})
ON_PAGES = Grant("g", "approvals:decide", {"channel": "page"})
ONE_AGENT = Grant("g", "approvals:decide", {"agent": "a"})
LENDER = Actor("user", "lender", "org", role="reviewer")

NO = [
    (NOBODY, "approvals:view", Resource(""), "deny_unauthenticated", "Sign in first."),
    (
        Actor("user", "", "org", role="owner"),
        "approvals:view",
        ORG,
        "deny_unauthenticated",
        "Sign in first.",
    ),
    (agent(""), "tasks:assign", ORG, "deny_unauthenticated", "Sign in first."),
    (
        Actor("user", source="local_implicit"),
        "approvals:decide",
        ORG,
        "deny_unauthenticated",
        "A person has to decide: name an active member with --actor EMAIL.",
    ),
    (
        OWNER,
        "approvals:shred",
        ORG,
        "deny_unsupported_action",
        "Unknown action: approvals:shred.",
    ),
    (
        user(None, instance_admin=True),
        "approvals:shred",
        ORG,
        "deny_missing_membership",
        "You are not an active member of this organization.",
    ),
    (
        user("owner", source="local_implicit"),
        "approvals:shred",
        ORG,
        "deny_unsupported_action",
        "Unknown action: approvals:shred.",
    ),
    (
        agent(),
        "approvals:shred",
        ORG,
        "deny_unsupported_action",
        "Unknown action: approvals:shred.",
    ),
    (
        agent(),
        "approvals:view",
        ORG,
        "deny_unsupported_action",
        "Not something an agent does: approvals:view.",
    ),
    (
        OWNER,
        "approvals:decide",
        Resource("other"),
        "deny_company_boundary",
        "It belongs to another organization.",
    ),
    (
        agent(org="other"),
        "approvals:decide",
        ORG,
        "deny_company_boundary",
        "It belongs to another organization.",
    ),
    (
        agent("stranger"),
        "tasks:assign",
        ORG,
        "deny_company_boundary",
        "The asking agent is not one of this organization.",
    ),
    (
        OWNER,
        "agents:manage",
        Resource("org", kind="agent", id="stranger"),
        "deny_company_boundary",
        "The target agent is not one of this organization.",
    ),
    (
        OWNER,
        "tasks:assign",
        issue(assignee_agent_id="gone"),
        "deny_company_boundary",
        "The target agent is not active in this organization.",
    ),
    (
        OWNER,
        "tasks:assign",
        issue(assignee_user_id="left"),
        "deny_company_boundary",
        "The target user is not an active member of this organization.",
    ),
    (
        agent(),
        "approvals:decide",
        ORG,
        "deny_agent_cannot_decide",
        "An agent never decides.",
    ),
    (
        agent("gone"),
        "issue:mutate",
        issue(),
        "deny_missing_membership",
        "The asking agent is not active in this organization.",
    ),
    (
        user("owner", active=False),
        "approvals:view",
        ORG,
        "deny_account_suspended",
        "Your account is suspended.",
    ),
    (
        user("owner", agent_context=True),
        "approvals:decide",
        ORG,
        "deny_agent_context",
        "This session belongs to an agent acting for you; sign in yourself to decide.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(on_behalf_of="me"),
        "deny_self_approval",
        "The agent acts on your behalf here, so somebody else has to decide.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(agent_owner="me"),
        "deny_self_approval",
        "You own the agent that made this call, so somebody else has to decide.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(triggered_by="me"),
        "deny_self_approval",
        "You started the run that made this call, so somebody else has to decide.",
    ),
    (
        user("viewer", acting_for=(LENDER,)),
        "approvals:decide",
        approval(agent_owner="lender"),
        "deny_self_approval",
        "Who made you their delegate may not decide this call, so neither may you for them.",
    ),
    (
        user(),
        "approvals:decide",
        ORG,
        "deny_missing_membership",
        "You are not an active member of this organization.",
    ),
    (
        user("viewer"),
        "approvals:decide",
        ORG,
        "deny_missing_grant",
        "Missing permission: approvals:decide.",
    ),
    (
        agent(),
        "agent_config:read",
        ORG,
        "deny_missing_grant",
        "Missing permission: agent_config:read.",
    ),
    (
        user("reviewer"),
        "issue:mutate",
        issue(),
        "deny_unsupported_action",
        "Not something a person does without a grant: issue:mutate.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(channels=frozenset({"page"})),
        "deny_wrong_channel",
        "This call cannot be decided on the way you came by.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(required_groups=frozenset({"finance"})),
        "deny_not_in_required_group",
        "You are in none of the groups that have to decide this call.",
    ),
    (
        OWNER,
        "approvals:decide",
        approval(decided_by=frozenset({"me"})),
        "deny_already_decided_by_you",
        "You have already decided this call.",
    ),
]
NOT_COVERED = [
    (
        NARROW,
        approval(risk="medium", tool="t"),
        "deny_risk_above_limit",
        "The grant of approvals:decide ends below the risk of this call.",
    ),
    (
        ON_PAGES,
        approval(tool="t"),
        "deny_wrong_channel",
        "The grant of approvals:decide does not hold on the way you came by.",
    ),
    (
        ONE_AGENT,
        approval(agent_id="b"),
        "deny_scope",
        "The grant of approvals:decide does not cover this.",
    ),
]
YES = [
    (
        Actor("user", source="local_implicit"),
        "policy:write",
        ORG,
        "allow_local_board",
        "A command of the owner of this instance.",
    ),
    (
        Actor("none", source="local_implicit"),
        "approvals:view",
        ORG,
        "allow_local_board",
        "A command of the owner of this instance.",
    ),
    (
        user("viewer", instance_admin=True),
        "approvals:view",
        ORG,
        "allow_instance_admin",
        "Instance admin.",
    ),
    (user("viewer"), "approvals:view", ORG, "allow_role", "Your role is viewer."),
    (
        user("member"),
        "approvals:view",
        approval(agent_owner="me"),
        "allow_role",
        "You own the agent.",
    ),
    (
        agent(),
        "issue:mutate",
        issue(assignee_agent_id="me"),
        "allow_self",
        "The issue is assigned to the asking agent.",
    ),
    (
        agent(),
        "issue:mutate",
        issue(assignee_user_id="left"),
        "allow_company_agent",
        "The issue is assigned to no agent.",
    ),
    (
        agent(),
        "agent_config:update",
        Resource("org", kind="agent", id="me"),
        "allow_self",
        "An agent may update its own configuration.",
    ),
    (
        user("member"),
        "tasks:assign",
        issue(assignee_agent_id="worker"),
        "allow_simple_company_member",
        "No policy stands against it, so an active member may assign it.",
    ),
    (
        agent("boss"),
        "tasks:manage_active_checkouts",
        issue(assignee_agent_id="worker"),
        "allow_manager_chain",
        "The asking agent is above the assignee in the reporting chain.",
    ),
    (
        agent("ceo"),
        "agents:create",
        ORG,
        "allow_legacy_agent_creator",
        "The asking agent is a legacy creator of agents.",
    ),
    (
        user("viewer", acting_for=(LENDER,)),
        "approvals:decide",
        approval(),
        "allow_delegate",
        "You are the delegate of somebody who may decide this.",
    ),
]


@pytest.mark.parametrize(("actor", "action", "resource", "reason", "sentence"), NO)
def test_every_no_has_its_code_and_its_sentence(
    actor: Actor, action: str, resource: Resource, reason: str, sentence: str
) -> None:
    answer = authorize(actor, action, resource, directory=BOOK)
    assert answer == Access(False, reason, sentence, action)


@pytest.mark.parametrize(("grant", "resource", "reason", "sentence"), NOT_COVERED)
def test_a_grant_that_does_not_cover_says_why_and_is_named(
    grant: Grant, resource: Resource, reason: str, sentence: str
) -> None:
    answer = authorize(user("viewer", grants=(grant,)), "approvals:decide", resource)
    assert answer == Access(False, reason, sentence, "approvals:decide", grant)


@pytest.mark.parametrize(("actor", "action", "resource", "reason", "sentence"), YES)
def test_every_yes_has_its_code_and_its_sentence(
    actor: Actor, action: str, resource: Resource, reason: str, sentence: str
) -> None:
    answer = authorize(actor, action, resource, directory=BOOK)
    lender = actor.acting_for[0].id if reason == "allow_delegate" else ""
    assert answer == Access(True, reason, sentence, action, delegator=lender)


def test_a_yes_by_grant_names_the_grant() -> None:
    grant = Grant("g", "audit:read")
    answer = authorize(user("viewer", grants=(grant,)), "audit:read", ORG)
    assert answer == Access(
        True, "allow_explicit_grant", "Explicit grant: audit:read.", "audit:read", grant
    )


def test_the_codes_are_those_of_the_specification_and_each_is_met_above() -> None:
    specified = [
        "allow_local_board",
        "allow_instance_admin",
        "allow_role",
        "allow_explicit_grant",
        "allow_self",
        "allow_company_agent",
        "allow_simple_company_member",
        "allow_manager_chain",
        "allow_legacy_agent_creator",
        "allow_delegate",
        "deny_unauthenticated",
        "deny_company_boundary",
        "deny_missing_membership",
        "deny_missing_grant",
        "deny_policy_restricted",
        "deny_scope",
        "deny_unsupported_action",
        "deny_agent_cannot_decide",
        "deny_agent_context",
        "deny_self_approval",
        "deny_risk_above_limit",
        "deny_wrong_channel",
        "deny_not_in_required_group",
        "deny_already_decided_by_you",
        "deny_account_suspended",
    ]
    assert sorted(Reason) == sorted(specified)
    met = {row[3] for row in (*NO, *YES)} | {row[2] for row in NOT_COVERED}
    elsewhere = {"allow_explicit_grant", "deny_policy_restricted"}
    assert met | elsewhere == set(specified)


def test_what_the_package_offers_is_there() -> None:
    assert all(hasattr(authorization, name) for name in authorization.__all__)
