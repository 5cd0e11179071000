"""What holds whatever the facts are: properties over generated questions."""

from dataclasses import replace
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.plugins.directory import Book
from webui.approvals.authorization import (
    ALL,
    DECIDING,
    ROLES,
    Actor,
    AgentFacts,
    Grant,
    Reason,
    Resource,
    Source,
    Strength,
    authorize,
    protection_of,
    validate_scope,
)

NAMES = ("a", "b", "c")
some_name = st.sampled_from(NAMES)
maybe_name = st.none() | some_name
actions = st.sampled_from(sorted(ALL))
json_values = st.sampled_from(
    [None, True, 0, 7, "", " ", "a", "b", "c", "x", [], ["a"], ["b", 1], [""], {}, {"a": 1}]
)
scope_keys = st.sampled_from(
    [
        "project",
        "projectIds",
        "agent",
        "assigneeAgentId",
        "subtree",
        "allow",
        "tool",
        "max_risk",
        "channel",
        "n",
    ]
)
scope_values = (
    json_values
    | st.sampled_from(["project:a", "agent:b", "subtree:c", "x:y", "low", "high", "page"])
    | st.lists(some_name, max_size=2)
)
scopes = st.none() | st.dictionaries(scope_keys, scope_values, max_size=3)
grants = st.builds(
    Grant,
    id=some_name,
    permission=actions,
    scope=scopes,
    approval_id=st.sampled_from(["", "apr"]),
)
some_grants = st.lists(grants, max_size=3).map(tuple)
users = st.builds(
    Actor,
    type=st.just("user"),
    id=some_name,
    org_id=st.just("org"),
    role=st.none() | st.sampled_from(sorted(ROLES)),
    membership=st.sampled_from(["active", "active", "invited", "suspended"]),
    active=st.booleans(),
    instance_admin=st.booleans(),
    agent_context=st.booleans(),
    source=st.sampled_from(sorted(get_args(Source))),
    aliases=st.frozensets(some_name, max_size=2),
    groups=st.frozensets(some_name, max_size=2),
    grants=some_grants,
)
people = st.builds(
    lambda user, lenders: replace(user, acting_for=tuple(lenders)),
    users,
    st.lists(users, max_size=2),
)
programs = st.builds(
    Actor,
    type=st.just("agent"),
    id=some_name,
    org_id=st.just("org"),
    role=st.none() | st.sampled_from(sorted(ROLES)),
    instance_admin=st.booleans(),
    source=st.sampled_from(["agent_key", "agent_jwt", "local_implicit", "session"]),
    grants=some_grants,
    acting_for=st.lists(users, max_size=1).map(tuple),
)
resources = st.builds(
    Resource,
    org_id=st.just("org"),
    kind=st.sampled_from(["org", "agent", "approval", "project", "issue"]),
    id=some_name,
    project_id=maybe_name,
    agent_id=maybe_name,
    agent_owner=maybe_name,
    on_behalf_of=maybe_name,
    triggered_by=maybe_name,
    solo=st.booleans(),
    tool=maybe_name,
    risk=st.none() | st.sampled_from(["low", "high", "odd"]),
    channels=st.frozensets(st.sampled_from(["page", "token"]), max_size=1),
    required_groups=st.frozensets(some_name, max_size=1),
    decided_by=st.frozensets(some_name, max_size=1),
    parent_issue_id=maybe_name,
    assignee_agent_id=maybe_name,
    assignee_user_id=maybe_name,
)
policies = st.none() | st.dictionaries(
    st.sampled_from(["agentVisibility", "assignmentPolicy", "protectedAgent", "x"]),
    json_values
    | st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["private", "protected", "odd", 1]),
            "requiresApproval": st.booleans(),
        },
    ),
    max_size=2,
)
facts = st.builds(
    AgentFacts,
    id=st.just(""),
    status=st.sampled_from(["active", "paused", "terminated"]),
    reports_to=maybe_name,
    role=st.sampled_from(["", "ceo"]),
    can_create_agents=st.booleans(),
    policy=policies,
)
books = st.builds(
    Book,
    agents=st.dictionaries(some_name, facts).map(
        lambda found: {name: replace(fact, id=name) for name, fact in found.items()}
    ),
    projects=st.dictionaries(some_name, policies),
    issues=st.dictionaries(some_name, policies),
    members=st.dictionaries(some_name, st.sampled_from(["active", "invited"])),
)
questions = st.none() | st.fixed_dictionaries(
    {}, optional={"projectId": json_values, "assigneeAgentId": json_values}
)
often = settings(max_examples=50, deadline=None)


@often
@given(people | programs, actions | st.text(max_size=5), resources, questions, books)
def test_every_question_has_an_answer_with_code_sentence_and_permission(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
) -> None:
    answer = authorize(actor, action, resource, scope, book)
    assert answer.reason in set(Reason)
    assert answer.allowed is answer.reason.startswith("allow_")
    assert answer.explanation.endswith(".")
    assert answer.permission == action
    assert not (answer.allowed and action not in ALL)
    if answer.grant is not None:
        assert answer.reason.removeprefix("allow_").removeprefix("deny_") in {
            "explicit_grant",
            "delegate",
            "scope",
            "risk_above_limit",
            "wrong_channel",
        }


@often
@given(people | programs, actions, resources, questions, books)
def test_another_org_is_never_allowed(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
) -> None:
    local = actor.source == "local_implicit" and actor.type == "user"
    theirs = replace(resource, org_id="other")
    answer = authorize(actor, action, theirs, scope, book)
    assert answer.reason == (
        "allow_local_board" if local and action not in DECIDING else "deny_company_boundary"
    )


@often
@given(programs, st.sampled_from(sorted(DECIDING)), resources, questions, books)
def test_an_agent_never_decides(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
) -> None:
    assert not authorize(actor, action, resource, scope, book).allowed


@often
@given(people, st.sampled_from(sorted(DECIDING)), resources, books)
def test_nobody_decides_with_agent_context_or_without_a_membership(
    actor: Actor, action: str, resource: Resource, book: Book
) -> None:
    carried = replace(actor, agent_context=True)
    outside = replace(actor, role=None, agent_context=False)
    assert not authorize(carried, action, resource, directory=book).allowed
    assert not authorize(outside, action, resource, directory=book).allowed


@often
@given(people, actions, resources, books)
def test_a_suspended_account_may_nothing(
    actor: Actor, action: str, resource: Resource, book: Book
) -> None:
    source: Source = "session" if actor.source == "local_implicit" else actor.source
    suspended = replace(actor, active=False, source=source)
    assert authorize(suspended, action, resource, directory=book).reason == (
        "deny_account_suspended"
    )


@often
@given(people, st.sampled_from(sorted(DECIDING)), resources, books)
def test_whoever_is_involved_does_not_decide(
    actor: Actor, action: str, resource: Resource, book: Book
) -> None:
    for own in (
        replace(resource, solo=False, agent_owner=actor.id),
        replace(resource, solo=False, on_behalf_of=max({actor.id, *actor.aliases})),
        replace(resource, solo=False, triggered_by=actor.id),
    ):
        assert not authorize(actor, action, own, directory=book).allowed


@often
@given(people | programs, actions, resources, questions, books, grants)
def test_one_more_grant_never_turns_a_yes_into_a_no(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
    grant: Grant,
) -> None:
    before = authorize(actor, action, resource, scope, book)
    held = actor.grants or ()
    for more in ((grant, *held), (*held, grant)):
        after = authorize(replace(actor, grants=more), action, resource, scope, book)
        assert after.allowed or not before.allowed


@often
@given(people, actions, resources, questions, books, users)
def test_one_more_delegation_never_turns_a_yes_into_a_no(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
    lender: Actor,
) -> None:
    before = authorize(actor, action, resource, scope, book)
    more = replace(actor, acting_for=(*actor.acting_for, lender))
    after = authorize(more, action, resource, scope, book)
    assert after.allowed or not before.allowed
    assert action == "approvals:decide" or after == before


@often
@given(people | programs, resources, questions, books)
def test_a_policy_that_is_not_understood_lets_nobody_assign_but_an_admin(
    actor: Actor, resource: Resource, scope: dict[str, object] | None, book: Book
) -> None:
    if protection_of(resource, scope, book).strength is not Strength.UNKNOWN:
        return
    for action in ("tasks:assign", "tasks:assign_scope"):
        answer = authorize(actor, action, resource, scope, book)
        assert not answer.allowed or answer.reason in {
            "allow_instance_admin",
            "allow_local_board",
        }


@often
@given(people | programs, actions, resources, questions, books)
def test_the_order_of_the_reasons_holds(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: dict[str, object] | None,
    book: Book,
) -> None:
    """What comes later in the order never speaks where something earlier applies."""
    reason = authorize(actor, action, resource, scope, book).reason
    is_user = actor.type == "user"
    if is_user and actor.source == "local_implicit" and action not in DECIDING:
        assert reason == "allow_local_board"
    elif not actor.active:
        assert reason == "deny_account_suspended"
    elif is_user and actor.instance_admin and action not in DECIDING:
        assert reason == "allow_instance_admin"
    elif action in DECIDING and reason != "deny_company_boundary":
        if not is_user:
            assert reason == "deny_agent_cannot_decide"
        elif actor.agent_context:
            assert reason == "deny_agent_context"


@often
@given(people | programs, resources, scopes)
def test_what_may_not_be_saved_covers_nothing(
    actor: Actor, resource: Resource, scope: dict[str, object] | None
) -> None:
    holder = replace(
        actor,
        type="user",
        role="viewer",
        membership="active",
        active=True,
        instance_admin=False,
        source="session",
        grants=(Grant("g", "audit:read", scope),),
    )
    about = replace(resource, kind="approval")
    answer = authorize(holder, "audit:read", about)
    assert not (answer.allowed and validate_scope(scope))
