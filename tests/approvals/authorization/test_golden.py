"""S12: every branch of the orchestrator's questions with its reason, sentence and grant."""

from dataclasses import replace
from itertools import product

import pytest

from tests.plugins.directory import Book
from webui.approvals.authorization import (
    Access,
    Actor,
    AgentFacts,
    Grant,
    Resource,
    Strength,
    authorize,
    protection_of,
)

BROAD = Grant("broad", "tasks:assign")
FITS = Grant("fits", "tasks:assign", {"projectId": "p", "agentIds": ["worker"]})
MISSES = Grant("misses", "tasks:assign", {"projectId": "another"})
SCOPED = Grant("scoped", "tasks:assign_scope", {"assigneeAgentId": "worker"})
SCOPED_MISSES = Grant("scoped_misses", "tasks:assign_scope", {"agents": ["another"]})
UNSCOPED = Grant("unscoped", "tasks:assign_scope", {})
NOTED = Grant("noted", "tasks:assign_scope", {"note": "metadata alone"})
APPROVED = Grant("approved", "tasks:assign", {"agent": "worker"}, approval_id="apr_1")
APPROVED_MISSES = Grant("am", "tasks:assign", {"agent": "another"}, approval_id="apr_2")
APPROVED_FOR_ALL = Grant("afa", "tasks:assign", {}, approval_id="apr_3")
OTHERS = Grant("others", "agents:create")

SIMPLE = "No policy stands against it, so an active member may assign it."
ANSWERS: dict[str, tuple[str, str, Grant | None]] = {
    "simple": ("allow_simple_company_member", SIMPLE, None),
    "outside": (
        "deny_missing_membership",
        "You are not an active member of this organization.",
        None,
    ),
    "missing": ("deny_missing_grant", "Missing permission: tasks:assign_scope.", None),
    **{
        grant.id: ("allow_explicit_grant", f"Explicit grant: {grant.permission}.", grant)
        for grant in (BROAD, FITS, SCOPED, NOTED, APPROVED, APPROVED_FOR_ALL)
    },
    **{
        f"not {grant.id}": (
            "deny_scope",
            f"The grant of {grant.permission} does not cover this.",
            grant,
        )
        for grant in (MISSES, SCOPED_MISSES, UNSCOPED, APPROVED_MISSES)
    },
}

# who, their role, their grants | with no policy | restricted | requires approval
# "policy" is the policy's own sentence; an unknown policy says it to everybody
ROWS: list[tuple[str, str | None, tuple[Grant, ...], str, str, str]] = [
    ("user", "owner", (), "simple", "policy", "policy"),
    ("user", "admin", (), "simple", "policy", "policy"),
    ("user", "operator", (), "simple", "policy", "policy"),
    ("user", "reviewer", (), "simple", "policy", "policy"),
    ("user", "member", (), "simple", "policy", "policy"),
    ("user", "member", (BROAD,), "simple", "broad", "policy"),
    ("user", "member", (FITS,), "simple", "fits", "policy"),
    ("user", "member", (MISSES,), "simple", "policy", "policy"),
    ("user", "member", (SCOPED,), "simple", "scoped", "policy"),
    ("user", "member", (MISSES, SCOPED), "simple", "scoped", "policy"),
    ("user", "member", (UNSCOPED,), "simple", "policy", "policy"),
    ("user", "member", (APPROVED,), "simple", "approved", "approved"),
    ("user", "member", (APPROVED_FOR_ALL,), "simple", "afa", "policy"),
    ("user", "member", (APPROVED, SCOPED), "simple", "approved", "approved"),
    ("user", "member", (APPROVED, BROAD), "simple", "broad", "approved"),
    ("user", "member", (APPROVED_MISSES,), "simple", "policy", "policy"),
    ("user", "unheard_of", (), "missing", "policy", "policy"),
    *[
        row
        for role in ("viewer", "auditor")
        for row in (
            ("user", role, (), "missing", "policy", "policy"),
            ("user", role, (OTHERS,), "missing", "policy", "policy"),
            ("user", role, (BROAD,), "broad", "broad", "policy"),
            ("user", role, (FITS,), "fits", "fits", "policy"),
            ("user", role, (MISSES,), "not misses", "policy", "policy"),
            ("user", role, (MISSES, FITS), "fits", "fits", "policy"),
            ("user", role, (SCOPED,), "scoped", "scoped", "policy"),
            ("user", role, (SCOPED_MISSES,), "not scoped_misses", "policy", "policy"),
            ("user", role, (SCOPED_MISSES, SCOPED), "scoped", "scoped", "policy"),
            ("user", role, (SCOPED, BROAD), "broad", "broad", "policy"),
            ("user", role, (UNSCOPED,), "not unscoped", "policy", "policy"),
            ("user", role, (NOTED,), "noted", "noted", "policy"),
            ("user", role, (MISSES, SCOPED), "scoped", "scoped", "policy"),
            ("user", role, (SCOPED_MISSES, MISSES), "not misses", "policy", "policy"),
            ("user", role, (APPROVED,), "approved", "approved", "approved"),
        )
    ],
    ("user", None, (), "outside", "policy", "policy"),
    ("user", None, (BROAD, SCOPED, APPROVED), "outside", "policy", "policy"),
    ("invited", "owner", (BROAD, APPROVED), "outside", "policy", "policy"),
    ("suspended", "owner", (BROAD, APPROVED), "outside", "policy", "policy"),
    ("agent", None, (), "simple", "policy", "policy"),
    ("agent", None, (BROAD,), "simple", "broad", "policy"),
    ("agent", None, (FITS,), "simple", "fits", "policy"),
    ("agent", None, (MISSES,), "simple", "policy", "policy"),
    ("agent", None, (SCOPED,), "simple", "scoped", "policy"),
    ("agent", None, (SCOPED_MISSES,), "simple", "policy", "policy"),
    ("agent", None, (MISSES, SCOPED), "simple", "scoped", "policy"),
    ("agent", None, (UNSCOPED,), "simple", "policy", "policy"),
    ("agent", None, (NOTED,), "simple", "noted", "policy"),
    ("agent", None, (APPROVED,), "simple", "approved", "approved"),
]

NO_POLICY: list[object] = [
    None,
    {},
    {"protectedAgent": {}},
    {"assignmentPolicy": {"mode": "company_default"}},
    {"agentVisibility": {"mode": "discoverable"}},
    {"agentVisibility": {"hiddenFromDefaultDirectory": False}, "managedBy": "x"},
    {
        "agentVisibility": {},
        "assignmentPolicy": {},
        "protectedAgent": {},
        "managedBy": None,
    },
    {"agentVisibility": {"hiddenFromDefaultDirectory": "true", "colour": 1}},
    {"protectedAgent": {"requiresApproval": 1, "approvalReason": "because"}},
    {"assignmentPolicy": {"protectedAgentRequiresApproval": "yes"}},
]
PRIVATE = "{} is private; assigning it tasks takes a grant."
PROTECTED = "{} is protected; assigning it tasks takes a grant."
RESTRICTED: list[tuple[object, str]] = [
    ({"agentVisibility": {"mode": "private"}}, PRIVATE),
    ({"agentVisibility": {"hiddenFromDefaultDirectory": True}}, PRIVATE),
    (
        {"agentVisibility": {"mode": "discoverable", "hiddenFromDefaultDirectory": True}},
        PRIVATE,
    ),
    ({"assignmentPolicy": {"mode": "protected"}}, PROTECTED),
    (
        {"agentVisibility": {"mode": "private"}, "assignmentPolicy": {"mode": "protected"}},
        PRIVATE,
    ),
]
APPROVAL = "{} requires approval before task assignment."
NEEDS_APPROVAL: list[object] = [
    {"protectedAgent": {"requiresApproval": True}},
    {"assignmentPolicy": {"protectedAgentRequiresApproval": True}},
    {
        "agentVisibility": {"mode": "private"},
        "assignmentPolicy": {"mode": "protected"},
        "protectedAgent": {"requiresApproval": True, "approvalReason": "because"},
    },
]
GIBBERISH = "{} has a protection policy that is not understood."
VISIBILITY = "{} has a visibility mode that is not understood."
ASSIGNMENT = "{} has an assignment mode that is not understood."
UNKNOWN: list[tuple[object, str]] = [
    ({"protectedAgents": {"requiresApproval": True}}, GIBBERISH),
    ({"assignmentPolicy": {"mode": "company_default"}, "extra": None}, GIBBERISH),
    ({"managedBy": "someone"}, GIBBERISH),
    ("private", GIBBERISH),
    ([], GIBBERISH),
    (False, GIBBERISH),
    (0, GIBBERISH),
    ("", GIBBERISH),
    ({"agentVisibility": "private"}, GIBBERISH),
    ({"assignmentPolicy": None}, GIBBERISH),
    ({"protectedAgent": []}, GIBBERISH),
    ({"agentVisibility": {"mode": "Private"}}, VISIBILITY),
    ({"agentVisibility": {"mode": ""}}, VISIBILITY),
    ({"agentVisibility": {"mode": None}}, VISIBILITY),
    ({"agentVisibility": {"mode": ["private"]}}, VISIBILITY),
    ({"agentVisibility": {"mode": "x"}, "assignmentPolicy": {"mode": "y"}}, VISIBILITY),
    ({"assignmentPolicy": {"mode": "open"}}, ASSIGNMENT),
    ({"assignmentPolicy": {"mode": 1}}, ASSIGNMENT),
    (
        {
            "assignmentPolicy": {"mode": "open"},
            "protectedAgent": {"requiresApproval": True},
        },
        ASSIGNMENT,
    ),
]
COLUMNS: list[tuple[int, object, str]] = [
    *((0, policy, "") for policy in NO_POLICY),
    *((1, policy, sentence) for policy, sentence in RESTRICTED),
    *((2, policy, APPROVAL) for policy in NEEDS_APPROVAL),
    *((3, policy, sentence) for policy, sentence in UNKNOWN),
]
BEARERS = ("Target agent", "Target project", "Target issue", "Parent issue")


def book(bearer: str, policy: object) -> Book:
    def on(this: str) -> object:
        return policy if this == bearer else None

    return Book(
        agents={
            "me": AgentFacts("me"),
            "worker": AgentFacts("worker", "paused", policy=on("Target agent")),
        },
        projects={"p": on("Target project")},
        issues={"i": on("Target issue"), "parent": on("Parent issue")},
        members={"colleague": "active", "guest": "invited"},
    )


ISSUE = Resource(
    "org",
    kind="issue",
    id="i",
    project_id="p",
    parent_issue_id="parent",
    assignee_agent_id="worker",
)


def asker(kind: str, role: str | None, grants: tuple[Grant, ...]) -> Actor:
    if kind == "agent":
        return Actor("agent", "me", "org", source="agent_key", grants=grants)
    status = "active" if kind == "user" else kind
    return Actor(
        "user", "me", "org", role=role, membership=status, source="session", grants=grants
    )


@pytest.mark.parametrize("row", ROWS)
def test_every_assignment_under_every_policy_answers_as_written(
    row: tuple[str, str | None, tuple[Grant, ...], str, str, str],
) -> None:
    kind, role, grants, *written = row
    actor = asker(kind, role, grants)
    for (column, policy, sentence), bearer in product(COLUMNS, BEARERS):
        name = [*written, "policy"][column]
        said = ("deny_policy_restricted", sentence.format(bearer), None)
        reason, words, grant = said if name == "policy" else ANSWERS[name]
        answer = authorize(actor, "tasks:assign", ISSUE, directory=book(bearer, policy))
        expected = Access(reason.startswith("allow"), reason, words, "tasks:assign", grant)
        assert answer == expected, (policy, bearer)


@pytest.mark.parametrize("policy", [RESTRICTED[0][0], NEEDS_APPROVAL[0]])
@pytest.mark.parametrize("row", ROWS)
def test_grants_that_the_directory_knows_count_like_those_brought_along(
    row: tuple[str, str | None, tuple[Grant, ...], str, str, str], policy: object
) -> None:
    kind, role, grants, *_ = row
    known = book("Target agent", policy)
    brought = asker(kind, role, grants)
    given: dict[tuple[str, str], tuple[Grant, ...]] = {(brought.type, "me"): grants}
    looked_up = replace(known, given=given)
    asking = replace(brought, grants=None)
    assert authorize(asking, "tasks:assign", ISSUE, directory=looked_up) == authorize(
        brought, "tasks:assign", ISSUE, directory=known
    )


@pytest.mark.parametrize(("column", "policy", "sentence"), COLUMNS)
def test_what_a_policy_does_is_told_to_whoever_files_the_approval(
    column: int, policy: object, sentence: str
) -> None:
    effect = protection_of(ISSUE, directory=book("Parent issue", policy))
    assert effect == (Strength(column), sentence.format("Parent issue"))


ORDERED = [
    (Strength.RESTRICTED, {"agentVisibility": {"mode": "private"}}, PRIVATE),
    (Strength.REQUIRES_APPROVAL, {"protectedAgent": {"requiresApproval": True}}, APPROVAL),
    (Strength.UNKNOWN, {"managedBy": "x"}, GIBBERISH),
]


@pytest.mark.parametrize("weaker", ORDERED)
@pytest.mark.parametrize("stronger", ORDERED)
def test_of_several_policies_the_strongest_speaks_and_among_equals_the_first(
    weaker: tuple[Strength, object, str], stronger: tuple[Strength, object, str]
) -> None:
    for first, second in product(range(4), repeat=2):
        if first >= second or weaker[0] > stronger[0]:
            continue
        policies: list[object] = [None] * 4
        policies[first], policies[second] = weaker[1], stronger[1]
        told_by = first if weaker[0] == stronger[0] else second
        agent, project, issue, parent = policies
        several = Book(
            agents={"worker": AgentFacts("worker", policy=agent)},
            projects={"p": project},
            issues={"i": issue, "parent": parent},
        )
        sentence = stronger[2].format(BEARERS[told_by])
        assert protection_of(ISSUE, directory=several) == (stronger[0], sentence)


def test_an_issue_that_is_its_own_parent_speaks_as_the_issue() -> None:
    own = Resource("org", kind="issue", id="i", parent_issue_id="i")
    policy = {"agentVisibility": {"mode": "private"}}
    assert protection_of(own, directory=Book(issues={"i": policy})) == (
        Strength.RESTRICTED,
        PRIVATE.format("Target issue"),
    )


def test_an_issue_by_the_name_of_a_project_has_no_say_in_it() -> None:
    policy = {"agentVisibility": {"mode": "private"}}
    namesakes = Book(projects={"x": None}, issues={"x": policy})
    project = Resource("org", kind="project", id="x")
    assert protection_of(project, directory=namesakes).strength is Strength.NONE


@pytest.mark.parametrize(
    ("resource", "label"),
    [
        (Resource("org", kind="agent", id="?"), "Target agent"),
        (Resource("org", kind="project", id="?"), "Target project"),
        (Resource("org", kind="issue", id="i", project_id="?"), "Target project"),
        (Resource("org", kind="issue", id="?"), "Target issue"),
        (Resource("org", kind="issue", id="i", parent_issue_id="?"), "Parent issue"),
    ],
)
def test_a_policy_that_cannot_be_read_is_unknown(resource: Resource, label: str) -> None:
    assert protection_of(resource, directory=Book(issues={"i": None})) == (
        Strength.UNKNOWN,
        f"{label} is not one of this organization.",
    )


def test_a_scope_names_the_target_of_what_has_none_yet() -> None:
    guarded = book("Target agent", {"protectedAgent": {"requiresApproval": True}})
    scope = {"assigneeAgentId": "worker"}
    for resource in (Resource("org"), Resource("org", kind="issue", id="i")):
        answer = authorize(
            asker("user", "owner", ()), "tasks:assign", resource, scope, guarded
        )
        assert answer.explanation == APPROVAL.format("Target agent")
    by_project = book("Target project", {"protectedAgent": {"requiresApproval": True}})
    assert protection_of(Resource("org"), {"projectId": "p"}, by_project) == (
        Strength.REQUIRES_APPROVAL,
        APPROVAL.format("Target project"),
    )


STATUSES = [
    ("active", True),
    ("paused", True),
    ("idle", True),
    ("pending_approval", False),
    ("terminated", False),
]


@pytest.mark.parametrize(("status", "counts"), STATUSES)
@pytest.mark.parametrize("action", ["tasks:assign", "tasks:assign_scope"])
def test_a_target_agent_must_be_active(status: str, counts: bool, action: str) -> None:
    known = Book(agents={"worker": AgentFacts("worker", status)}, members={"u": "active"})
    target = Resource("org", kind="issue", assignee_agent_id="worker", assignee_user_id="u")
    answer = authorize(asker("user", "owner", ()), action, target, directory=known)
    assert answer.allowed is counts
    if not counts:
        assert answer.reason == "deny_company_boundary"
        assert answer.explanation == "The target agent is not active in this organization."


@pytest.mark.parametrize(("status", "counts"), STATUSES)
@pytest.mark.parametrize("source", ["agent_key", "agent_jwt"])
def test_an_asking_agent_must_be_active(status: str, counts: bool, source: str) -> None:
    known = Book(agents={"me": AgentFacts("me", status, policy={"managedBy": "x"})})
    actor = Actor("agent", "me", "org", source=source)  # type: ignore[arg-type]
    answer = authorize(actor, "tasks:assign", Resource("org"), directory=known)
    assert answer.reason == (
        "allow_simple_company_member" if counts else "deny_missing_membership"
    )


def test_an_inactive_asker_hears_of_itself_before_its_target() -> None:
    known = Book(agents={"me": AgentFacts("me", "terminated")})
    target = Resource("org", kind="issue", assignee_agent_id="nobody")
    answer = authorize(asker("agent", None, ()), "tasks:assign", target, directory=known)
    assert answer.reason == "deny_missing_membership"


@pytest.mark.parametrize(
    ("user", "reason"),
    [
        ("colleague", "allow_simple_company_member"),
        ("guest", "deny_company_boundary"),
        ("stranger", "deny_company_boundary"),
        (None, "allow_simple_company_member"),
    ],
)
@pytest.mark.parametrize("kind", ["user", "agent"])
def test_a_target_user_must_be_an_active_member(
    user: str | None, reason: str, kind: str
) -> None:
    target = Resource("org", kind="issue", id="i", assignee_user_id=user)
    actor = asker(kind, "member", ())
    known = book("", None)
    assert authorize(actor, "tasks:assign", target, directory=known).reason == reason


def test_with_both_named_the_agent_is_checked() -> None:
    target = Resource(
        "org", kind="issue", id="i", assignee_agent_id="worker", assignee_user_id="guest"
    )
    answer = authorize(
        asker("user", "member", ()), "tasks:assign", target, directory=book("", None)
    )
    assert answer.reason == "allow_simple_company_member"


CREATE = Grant("create", "agents:create")
CREATE_ONE = Grant("one", "agents:create", {"agent": "worker"})
READ = Grant("read", "agent_config:read")
UPDATE = Grant("update", "agent_config:update", {"subtree": "boss"})
CHECK = Grant("check", "tasks:manage_active_checkouts")
CHECK_ELSEWHERE = Grant("check_other", "tasks:manage_active_checkouts", {"project": "q"})
EDIT_ISSUE = Grant("edit", "issue:mutate", {"projects": ["p"]})
CHAIN = Book(
    agents={
        "me": AgentFacts("me"),
        "boss": AgentFacts("boss"),
        "worker": AgentFacts("worker", reports_to="lead"),
        "lead": AgentFacts("lead", reports_to="boss"),
        "peer": AgentFacts("peer"),
        "ceo": AgentFacts("ceo", role="ceo"),
        "cto": AgentFacts("cto", role="cto"),
        "flag": AgentFacts("flag", can_create_agents=True),
    },
    projects={"p": None, "q": None},
    issues={"i": None},
)
OF_WORKER = Resource(
    "org", kind="issue", id="i", project_id="p", assignee_agent_id="worker"
)
FREE = Resource("org", kind="issue", id="i", project_id="p")
WORKER = Resource("org", kind="agent", id="worker")
ORG = Resource("org")
MANAGED = "The asking agent is above the assignee in the reporting chain."
LEGACY = "The asking agent is a legacy creator of agents."

# who (an agent's name, or a user's role) | grants | action | resource | reason | sentence | by
OTHERS_ASK: list[tuple[str, tuple[Grant, ...], str, Resource, str, str, Grant | None]] = [
    (
        "worker",
        (),
        "issue:mutate",
        OF_WORKER,
        "allow_self",
        "The issue is assigned to the asking agent.",
        None,
    ),
    (
        "peer",
        (),
        "issue:mutate",
        FREE,
        "allow_company_agent",
        "The issue is assigned to no agent.",
        None,
    ),
    (
        "peer",
        (EDIT_ISSUE,),
        "issue:mutate",
        OF_WORKER,
        "allow_explicit_grant",
        "Explicit grant: issue:mutate.",
        EDIT_ISSUE,
    ),
    (
        "peer",
        (),
        "issue:mutate",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: issue:mutate.",
        None,
    ),
    (
        "ceo",
        (),
        "issue:mutate",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: issue:mutate.",
        None,
    ),
    (
        "boss",
        (),
        "issue:mutate",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: issue:mutate.",
        None,
    ),
    (
        "peer",
        (),
        "issue:mutate",
        ORG,
        "deny_missing_grant",
        "Missing permission: issue:mutate.",
        None,
    ),
    (
        "user:operator",
        (),
        "issue:mutate",
        FREE,
        "deny_unsupported_action",
        "Not something a person does without a grant: issue:mutate.",
        None,
    ),
    (
        "user:viewer",
        (EDIT_ISSUE,),
        "issue:mutate",
        FREE,
        "allow_explicit_grant",
        "Explicit grant: issue:mutate.",
        EDIT_ISSUE,
    ),
    ("user:owner", (), "issue:mutate", FREE, "allow_role", "Your role is owner.", None),
    (
        "worker",
        (),
        "agent_config:update",
        WORKER,
        "allow_self",
        "An agent may update its own configuration.",
        None,
    ),
    (
        "worker",
        (),
        "agent_config:read",
        WORKER,
        "deny_missing_grant",
        "Missing permission: agent_config:read.",
        None,
    ),
    (
        "peer",
        (),
        "agent_config:update",
        WORKER,
        "deny_missing_grant",
        "Missing permission: agent_config:update.",
        None,
    ),
    (
        "boss",
        (),
        "agent_config:update",
        WORKER,
        "deny_missing_grant",
        "Missing permission: agent_config:update.",
        None,
    ),
    (
        "worker",
        (),
        "agent_config:update",
        Resource("org", kind="issue", id="worker"),
        "deny_missing_grant",
        "Missing permission: agent_config:update.",
        None,
    ),
    (
        "peer",
        (UPDATE,),
        "agent_config:update",
        WORKER,
        "allow_explicit_grant",
        "Explicit grant: agent_config:update.",
        UPDATE,
    ),
    (
        "peer",
        (READ,),
        "agent_config:update",
        WORKER,
        "deny_missing_grant",
        "Missing permission: agent_config:update.",
        None,
    ),
    *[
        (
            who,
            (CREATE,),
            action,
            WORKER,
            "allow_explicit_grant",
            "Explicit grant: agents:create.",
            CREATE,
        )
        for who in ("peer", "user:viewer")
        for action in ("agent_config:read", "agent_config:update", "agents:create")
    ],
    (
        "peer",
        (CREATE_ONE,),
        "agent_config:read",
        WORKER,
        "allow_explicit_grant",
        "Explicit grant: agents:create.",
        CREATE_ONE,
    ),
    (
        "peer",
        (CREATE_ONE,),
        "agents:create",
        ORG,
        "deny_scope",
        "The grant of agents:create does not cover this.",
        CREATE_ONE,
    ),
    (
        "peer",
        (READ,),
        "agents:create",
        ORG,
        "deny_missing_grant",
        "Missing permission: agents:create.",
        None,
    ),
    *[
        (who, (), action, resource, "allow_legacy_agent_creator", LEGACY, None)
        for who in ("ceo", "flag")
        for action, resource in (
            ("agents:create", ORG),
            ("agent_config:read", WORKER),
            ("agent_config:update", WORKER),
            ("tasks:manage_active_checkouts", OF_WORKER),
        )
    ],
    (
        "ceo",
        (CREATE_ONE,),
        "agents:create",
        ORG,
        "allow_legacy_agent_creator",
        LEGACY,
        None,
    ),
    (
        "ceo",
        (CREATE,),
        "agents:create",
        ORG,
        "allow_explicit_grant",
        "Explicit grant: agents:create.",
        CREATE,
    ),
    (
        "cto",
        (),
        "agents:create",
        ORG,
        "deny_missing_grant",
        "Missing permission: agents:create.",
        None,
    ),
    (
        "ceo",
        (),
        "agents:manage",
        ORG,
        "deny_unsupported_action",
        "Not something an agent does: agents:manage.",
        None,
    ),
    *[
        (
            who,
            (),
            "tasks:manage_active_checkouts",
            OF_WORKER,
            "allow_manager_chain",
            MANAGED,
            None,
        )
        for who in ("boss", "lead", "worker")
    ],
    (
        "boss",
        (),
        "tasks:assign_scope",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: tasks:assign_scope.",
        None,
    ),
    (
        "boss",
        (CHECK,),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "allow_explicit_grant",
        "Explicit grant: tasks:manage_active_checkouts.",
        CHECK,
    ),
    (
        "boss",
        (CHECK_ELSEWHERE,),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "allow_manager_chain",
        MANAGED,
        None,
    ),
    (
        "peer",
        (CHECK_ELSEWHERE,),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "deny_scope",
        "The grant of tasks:manage_active_checkouts does not cover this.",
        CHECK_ELSEWHERE,
    ),
    (
        "peer",
        (),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: tasks:manage_active_checkouts.",
        None,
    ),
    (
        "boss",
        (),
        "tasks:manage_active_checkouts",
        FREE,
        "deny_missing_grant",
        "Missing permission: tasks:manage_active_checkouts.",
        None,
    ),
    (
        "user:operator",
        (),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "allow_role",
        "Your role is operator.",
        None,
    ),
    (
        "user:viewer",
        (),
        "tasks:manage_active_checkouts",
        OF_WORKER,
        "deny_missing_grant",
        "Missing permission: tasks:manage_active_checkouts.",
        None,
    ),
    (
        "peer",
        (SCOPED,),
        "tasks:assign_scope",
        OF_WORKER,
        "allow_explicit_grant",
        "Explicit grant: tasks:assign_scope.",
        SCOPED,
    ),
    (
        "user:operator",
        (),
        "tasks:assign_scope",
        OF_WORKER,
        "allow_role",
        "Your role is operator.",
        None,
    ),
]


@pytest.mark.parametrize("row", OTHERS_ASK)
def test_every_other_question_of_the_orchestrator_answers_as_written(
    row: tuple[str, tuple[Grant, ...], str, Resource, str, str, Grant | None],
) -> None:
    who, grants, action, resource, reason, sentence, grant = row
    kind, _, role = who.partition(":")
    actor = (
        Actor("user", "me", "org", role=role, grants=grants)
        if role
        else Actor("agent", kind, "org", grants=grants)
    )
    answer = authorize(actor, action, resource, directory=CHAIN)
    assert answer == Access(reason.startswith("allow"), reason, sentence, action, grant)


def test_asked_by_its_own_name_assign_scope_is_a_grants_alone_under_a_policy() -> None:
    private = book("Target agent", {"agentVisibility": {"mode": "private"}})
    action = "tasks:assign_scope"
    for role in ("owner", "operator"):
        answer = authorize(asker("user", role, (BROAD,)), action, ISSUE, directory=private)
        assert answer.explanation == PRIVATE.format("Target agent")
        answer = authorize(asker("user", role, (SCOPED,)), action, ISSUE, directory=private)
        assert answer.grant == SCOPED


def test_a_managers_hand_does_not_reach_an_agent_of_another_org() -> None:
    for known in (
        Book(agents={"boss": AgentFacts("boss")}),
        Book(
            agents={
                "boss": AgentFacts("boss"),
                "worker": AgentFacts("worker", reports_to="x"),
            }
        ),
    ):
        answer = authorize(
            Actor("agent", "boss", "org"),
            "tasks:manage_active_checkouts",
            OF_WORKER,
            directory=known,
        )
        assert not answer.allowed
