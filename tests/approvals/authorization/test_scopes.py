"""Scopes: every spelling, pooling, what is left out, and what is refused on saving."""

from itertools import product

import pytest

from tests.plugins.directory import Book, agents
from webui.approvals.authorization import (
    Actor,
    Grant,
    Resource,
    authorize,
    contradictions,
    validate_scope,
)
from webui.approvals.errors import Fault

CHAIN = Book(
    agents=agents(root=None, lead="root", worker="lead", peer=None), projects={"p": None}
)
PROJECT_KEYS = ["project", "projects", "projectId", "projectIds"]
AGENT_KEYS = [
    "agent",
    "agents",
    "agentId",
    "agentIds",
    "assigneeAgentId",
    "assigneeAgentIds",
    "targetAgentId",
    "targetAgentIds",
]
SUBTREE_KEYS = [
    "subtree",
    "managerAgentId",
    "managerAgentIds",
    "managedSubtreeAgentId",
    "managedSubtreeAgentIds",
    "subtreeAgentId",
    "subtreeAgentIds",
    "subtreeRootAgentId",
    "subtreeRootAgentIds",
]
QUESTION = {"projectId": "p", "assigneeAgentId": "worker"}
ORG = Resource("org")


def ask(
    grant_scope: object,
    question: dict[str, object] | None = None,
    permission: str = "agents:create",
    resource: Resource = ORG,
    **more: object,
) -> str:
    grant = Grant("g", permission, grant_scope)  # type: ignore[arg-type]  # also what is none
    actor = Actor("user", "me", "org", role="viewer", grants=(grant,), **more)  # type: ignore[arg-type]
    answer = authorize(actor, permission, resource, question, CHAIN)
    assert answer.grant == grant
    return answer.reason


def forms(name: str, other: str) -> list[object]:
    """Return the ways to write one name down; `other` fits as little as a wrong one does."""
    return [
        name,
        f"  {name} ",
        [name],
        [other, name],
        [f"{name} "],
        (name,),
        [1, None, " ", name],
    ]


@pytest.mark.parametrize(
    ("keys", "prefix", "inside", "outside"),
    [
        (PROJECT_KEYS, "project", "p", "q"),
        (AGENT_KEYS, "agent", "worker", "lead"),
        (SUBTREE_KEYS, "subtree", "root", "peer"),
    ],
)
def test_every_spelling_of_a_kind_means_the_same(
    keys: list[str], prefix: str, inside: str, outside: str
) -> None:
    for name, reason in ((inside, "allow_explicit_grant"), (outside, "deny_scope")):
        scopes: list[object] = [
            {key: form} for key, form in product(keys, forms(name, "other"))
        ]
        rules = forms(f"{prefix}:{name}", f"{prefix}:other")
        scopes += [{"allow": form} for form in [*rules, f"{prefix}: {name}"]]
        assert [scope for scope in scopes if ask(scope, dict(QUESTION)) != reason] == []
        assert [scope for scope in scopes if validate_scope(scope)] == []


def test_keys_and_rules_of_one_kind_are_pooled() -> None:
    for scope in (
        {"projectId": "x", "projects": ["p"]},
        {"projectIds": ["x", "y"], "allow": ["project:p"]},
        {"agentId": "x", "allow": ["agent:y", "agent:worker"]},
        {"subtree": "peer", "managerAgentId": ["lead"]},
    ):
        assert ask(scope, dict(QUESTION)) == "allow_explicit_grant"


def test_every_kind_that_is_present_must_match() -> None:
    parts = {
        "project": ("p", "q"),
        "agent": ("worker", "lead"),
        "subtree": ("root", "peer"),
    }
    for fits in product((True, False), repeat=3):
        scope = {
            kind: yes if fit else no
            for (kind, (yes, no)), fit in zip(parts.items(), fits, strict=True)
        }
        assert ask(scope, dict(QUESTION)) == (
            "allow_explicit_grant" if all(fits) else "deny_scope"
        )


def test_an_id_may_hold_a_colon() -> None:
    call = Resource("org", kind="approval", project_id="team:7")
    assert ask({"allow": "project:team:7"}, None, resource=call) == "allow_explicit_grant"


@pytest.mark.parametrize("scope", [None, {}])
def test_an_empty_scope_is_unlimited(scope: object) -> None:
    assert ask(scope, dict(QUESTION)) == "allow_explicit_grant"
    assert ask(scope) == "allow_explicit_grant"
    assert ask(scope, {}) == "allow_explicit_grant"


@pytest.mark.parametrize("scope", [None, {}])
def test_but_it_means_no_where_a_structured_one_is_demanded(scope: object) -> None:
    assert ask(scope, dict(QUESTION), "tasks:assign_scope") == "deny_scope"


def test_unknown_keys_alone_do_not_limit_and_count_as_structured() -> None:
    for permission in ("agents:create", "tasks:assign_scope"):
        scope = {"note": "x", "projectID": "other", "Allow": []}
        assert ask(scope, {"assigneeAgentId": "worker"}, permission) == (
            "allow_explicit_grant"
        )
        assert validate_scope(scope) == []
        assert ask({"note": 1, "agent": "lead"}, dict(QUESTION), permission) == "deny_scope"


@pytest.mark.parametrize(
    "question",
    [None, {}, {"projectId": ""}, {"projectId": 7}, {"foo": "p"}, {"assigneeAgentId": " "}],
)
@pytest.mark.parametrize("scope", [{"project": "p"}, {"note": 1}, {"tool": "*"}])
def test_a_scope_never_covers_a_question_that_names_none(
    question: dict[str, object] | None, scope: object
) -> None:
    assert ask(scope, question) == "deny_scope"


@pytest.mark.parametrize(
    ("scope", "question"),
    [
        ({"project": "p"}, {"assigneeAgentId": "worker"}),
        ({"agent": "worker"}, {"projectId": "p"}),
        ({"subtree": "root"}, {"projectId": "p"}),
        ({"tool": "*"}, {"projectId": "p"}),
        ({"max_risk": "critical"}, {"projectId": "p"}),
    ],
)
def test_a_limited_kind_that_the_question_leaves_out_does_not_match(
    scope: object, question: dict[str, object]
) -> None:
    assert ask(scope, question) == "deny_scope"


@pytest.mark.parametrize(
    ("question", "agent"),
    [
        ({"assigneeAgentId": "worker", "targetAgentId": "peer"}, "worker"),
        ({"targetAgentId": " worker "}, "worker"),
        ({"assigneeAgentId": " ", "targetAgentId": "worker"}, "worker"),
        ({"assigneeAgentId": None, "targetAgentId": "worker"}, "worker"),
    ],
)
def test_a_question_names_its_assignee_else_its_target(
    question: dict[str, object], agent: str
) -> None:
    assert ask({"agent": agent}, question) == "allow_explicit_grant"
    assert ask({"agent": "peer"}, question) == "deny_scope"


def test_without_a_scope_the_question_names_what_the_resource_names() -> None:
    for resource, covering in (
        (Resource("org", kind="project", id="p"), {"project": "p"}),
        (Resource("org", kind="agent", id="worker"), {"agent": "worker"}),
        (Resource("org", kind="issue", project_id="p"), {"projects": "p"}),
        (Resource("org", kind="issue", assignee_agent_id="worker"), {"subtree": "lead"}),
        (Resource("org", kind="approval", agent_id="worker"), {"agentIds": "worker"}),
        (Resource("org", kind="approval", tool="shell.run"), {"tool": "shell.*"}),
        (Resource("org", kind="approval", risk="low"), {"max_risk": "low"}),
    ):
        assert ask(covering, None, resource=resource) == "allow_explicit_grant"
        for limit in ({"channel": "page"}, {"agent": "peer", "project": "x"}):
            reason = ask(limit, None, resource=resource)
            assert reason in {"deny_scope", "deny_wrong_channel"}


def test_a_grant_for_what_the_scope_says_does_not_open_what_the_resource_is() -> None:
    issue = Resource("org", kind="issue", project_id="q", assignee_agent_id="peer")
    assert ask({"agent": "worker"}, dict(QUESTION), resource=issue) == "deny_scope"
    assert ask({"agent": "peer"}, dict(QUESTION), resource=issue) == "deny_scope"
    assert ask({"project": "p"}, dict(QUESTION), resource=issue) == "deny_scope"
    assert ask({"note": 1}, dict(QUESTION), resource=issue) == "deny_scope"
    same_agent = {"projectId": "p", "assigneeAgentId": "peer"}
    assert ask({"agent": "peer"}, dict(same_agent), resource=issue) == (
        "allow_explicit_grant"
    )
    assert ask({"project": ["p", "q"]}, dict(same_agent), resource=issue) == "deny_scope"


def test_contradictions_are_named_with_their_pointers() -> None:
    issue = Resource("org", kind="issue", project_id="q", assignee_agent_id="peer")
    project = Fault("/scope/projectId", "differs from the resource's project")

    def agent(key: str) -> Fault:
        return Fault(f"/scope/{key}", "differs from the resource's agent")

    assert contradictions(issue, QUESTION) == [project, agent("assigneeAgentId")]
    assert contradictions(issue, {"targetAgentId": "worker"}) == [agent("targetAgentId")]
    assert contradictions(issue, {"projectId": "q", "targetAgentId": "peer"}) == []
    assert contradictions(issue, None) == []
    assert contradictions(ORG, QUESTION) == []
    asks = Resource("org", kind="approval", agent_id="peer")
    assert contradictions(asks, QUESTION) == [agent("assigneeAgentId")]


TOOLS = [
    ("shell.*", "shell.run", True),
    ("shell.*", "SHELL.run", False),
    ("shell.*", "shell", False),
    ("*", "anything", True),
    ("read_?", "read_1", True),
    ("read_?", "read_12", False),
    (["a", "b*"], "bcd", True),
    (["a", "b*"], "c", False),
]


@pytest.mark.parametrize(("globs", "tool", "covered"), TOOLS)
def test_a_tool_is_matched_as_a_glob(globs: object, tool: str, covered: bool) -> None:
    call = Resource("org", kind="approval", tool=tool)
    reason = ask({"tool": globs}, None, "approvals:decide", call)
    assert reason == ("allow_explicit_grant" if covered else "deny_scope")


RISKS = ("low", "medium", "high", "critical")


@pytest.mark.parametrize("limit", RISKS)
@pytest.mark.parametrize("risk", [*RISKS, "boundless", None])
def test_the_risk_ends_at_the_limit(limit: str, risk: str | None) -> None:
    call = Resource("org", kind="approval", tool="t", risk=risk)
    reason = ask({"max_risk": limit}, None, "approvals:decide", call)
    if risk not in RISKS:
        assert reason == "deny_scope"
    elif RISKS.index(risk) <= RISKS.index(limit):
        assert reason == "allow_explicit_grant"
    else:
        assert reason == "deny_risk_above_limit"


def test_of_several_limits_the_highest_counts() -> None:
    call = Resource("org", kind="approval", risk="high")
    for limits in (["low", "high"], ["high", "low"]):
        assert ask({"max_risk": limits}, None, "approvals:decide", call) == (
            "allow_explicit_grant"
        )


SOURCES = {
    "session": "page",
    "cloud_tenant": "page",
    "token": "token",
    "board_key": "token",
    "chat": "chat",
    "local_implicit": "cli",
    "none": "",
    "agent_key": "",
}


@pytest.mark.parametrize(("source", "channel"), SOURCES.items())
@pytest.mark.parametrize("allowed", ["page", "token", "chat", "cli"])
def test_a_channel_is_how_the_person_came_whatever_its_older_name(
    source: str, channel: str, allowed: str
) -> None:
    call = Resource("org", kind="approval", tool="t")
    reason = ask({"channel": allowed}, None, "approvals:decide", call, source=source)
    assert reason == (
        "allow_explicit_grant" if channel == allowed else "deny_wrong_channel"
    )


def test_the_first_reason_that_is_not_the_scope_is_the_risk() -> None:
    call = Resource("org", kind="approval", agent_id="worker", risk="high")
    beyond = {"max_risk": "low", "channel": "page"}
    assert ask(beyond, None, "approvals:decide", call) == "deny_risk_above_limit"
    assert ask(beyond | {"agent": "peer"}, None, "approvals:decide", call) == "deny_scope"


KEY = "must be a name or a list with at least one"
FAULTY: list[tuple[object, list[Fault]]] = [
    ("project:p", [Fault("", "must be an object")]),
    ([], [Fault("", "must be an object")]),
    (0, [Fault("", "must be an object")]),
    ({"project": ""}, [Fault("/project", KEY)]),
    ({"projectIds": []}, [Fault("/projectIds", KEY)]),
    ({"agents": [1, None, "  "]}, [Fault("/agents", KEY)]),
    ({"subtree": {"id": "root"}}, [Fault("/subtree", KEY)]),
    ({"tool": None}, [Fault("/tool", KEY)]),
    ({"allow": []}, [Fault("/allow", KEY)]),
    ({"allow": {"project": "p"}}, [Fault("/allow", KEY)]),
    (
        {"allow": "team:x"},
        [Fault("/allow", "'team:x' is not project:ID, agent:ID or subtree:ID")],
    ),
    (
        {"allow": ["project:p", "worker", "agent: "]},
        [
            Fault("/allow", "'worker' is not project:ID, agent:ID or subtree:ID"),
            Fault("/allow", "'agent:' is not project:ID, agent:ID or subtree:ID"),
        ],
    ),
    (
        {"allow": "Project:p"},
        [Fault("/allow", "'Project:p' is not project:ID, agent:ID or subtree:ID")],
    ),
    (
        {"allow": "tool:x"},
        [Fault("/allow", "'tool:x' is not project:ID, agent:ID or subtree:ID")],
    ),
    (
        {"max_risk": "huge"},
        [Fault("/max_risk", "must be one of: low, medium, high, critical")],
    ),
    (
        {"max_risk": ["low", "huge"]},
        [Fault("/max_risk", "must be one of: low, medium, high, critical")],
    ),
    ({"max_risk": 3}, [Fault("/max_risk", KEY)]),
    ({"channel": "fax"}, [Fault("/channel", "must be one of: chat, cli, page, token")]),
    (
        {"projectId": [], "agent": "", "note": ""},
        [Fault("/projectId", KEY), Fault("/agent", KEY)],
    ),
]


@pytest.mark.parametrize(("scope", "faults"), FAULTY)
def test_what_is_refused_on_saving_says_where(scope: object, faults: list[Fault]) -> None:
    assert validate_scope(scope) == faults


@pytest.mark.parametrize("scope", [scope for scope, _ in FAULTY])
@pytest.mark.parametrize("beside", [{}, {"projects": ["p"]}, {"agentId": "worker"}])
def test_and_matches_nothing_if_met(scope: object, beside: dict[str, object]) -> None:
    met = beside | scope if isinstance(scope, dict) else scope
    call = Resource("org", kind="approval", tool="t", risk="low")
    assert ask(met, dict(QUESTION)) == "deny_scope"
    assert ask(met, None, resource=call) == "deny_scope"


def test_a_good_scope_has_no_faults() -> None:
    for scope in (
        None,
        {},
        {"allow": ["project:p", "agent:a", "subtree:s", ""], "tool": ["a*", "b"]},
        {"max_risk": ["low", "critical"], "channel": ["page", "cli"], "note": []},
        {"max_risk": list(RISKS), "channel": ["page", "token", "chat", "cli"]},
    ):
        assert validate_scope(scope) == []
