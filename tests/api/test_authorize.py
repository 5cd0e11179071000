"""`POST /api/v1/authorize`: an orchestrator's questions, and the yes that a person gives to one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from webui.approvals.agents import issues, projects
from webui.approvals.agents.issues import IssueChange
from webui.approvals.agents.protections import protect
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people.standing import By
from webui.store.models import Agent

PATH = "/api/v1/authorize"
APPROVAL = {"protectedAgent": {"requiresApproval": True}}
MEMBERS = {"action", "allowed", "explanation", "grant", "reason"}


@pytest.fixture
def ask(ci: Any) -> Callable[..., Any]:
    """Ask and return the answer's body; it must be 200."""

    def asking(
        actor: dict[str, Any], action: str, resource: dict[str, Any], **more: Any
    ) -> Any:
        body = {"actor": actor, "action": action, "resource": resource} | more
        answer = ci.post(PATH, body)
        assert answer.status_code == 200, answer.json
        return answer.json

    return asking


@pytest.fixture
def by(house: Any) -> By:
    return By(house.ana.id)


@pytest.fixture
def guard(store: Any, house: Any, by: By) -> Callable[..., bool]:
    """Put a policy on something."""

    def guarding(kind: str, bearer: str, policy: Any) -> bool:
        return bool(
            store.write(lambda tx: protect(tx, house.org_id, by, kind, bearer, policy))
        )

    return guarding


@pytest.fixture
def issue(store: Any, house: Any, by: By) -> str:
    """An issue in a project, assigned to `helper`."""

    def unit(tx: Any) -> str:
        project = projects.create_project(tx, house.org_id, by, "Site")
        change = IssueChange(title="Mend it", project=project, agent="helper")
        return issues.create_issue(tx, house.org_id, by, change)

    return str(store.write(unit))


def user(member: Any) -> dict[str, str]:
    return {"type": "user", "id": member.id}


def agent(program: Any) -> dict[str, str]:
    return {"type": "agent", "id": program.id}


def test_an_answer_has_exactly_its_members(ask: Any, house: Any) -> None:
    said = ask(user(house.rae), "approvals:decide", {"type": "org"})
    assert said == {
        "allowed": True,
        "reason": "allow_role",
        "explanation": "Your role is reviewer.",
        "action": "approvals:decide",
        "grant": None,
    }
    said = ask({"type": "none"}, "approvals:view", {"type": "org"})
    assert (said["allowed"], said["reason"]) == (False, "deny_unauthenticated")


def test_a_yes_by_a_grant_names_it(
    ask: Any, store: Any, house: Any, by: By, guard: Any
) -> None:
    guard("agent", house.helper.id, {"agentVisibility": {"mode": "private"}})
    target = {"type": "agent", "id": house.helper.id}
    said = ask(user(house.rae), "tasks:assign", target)
    assert said["reason"] == "deny_policy_restricted"
    assert "approval_body" not in said  # nobody's yes would help; a grant does
    wanted = Wanted("user", house.rae.id, "tasks:assign", {"agentId": house.helper.id})
    grant = store.write(lambda tx: permission_grants.give(tx, house.org_id, by, wanted))
    said = ask(user(house.rae), "tasks:assign", target)
    assert said["reason"] == "allow_explicit_grant"
    assert said["grant"] == {
        "id": grant,
        "permission": "tasks:assign",
        "scope": {"agentId": house.helper.id},
        "approval": None,
    }


@pytest.mark.parametrize(
    "more",
    [
        {"source": "local_implicit"},
        {"memberships": [{"role": "owner"}]},
        {"instance_admin": True},
        {"role": "owner"},
    ],
)
def test_who_the_actor_is_is_never_read_from_the_body(
    ci: Any, house: Any, more: dict[str, Any]
) -> None:
    body = {
        "actor": user(house.vi) | more,
        "action": "members:manage",
        "resource": {"type": "org"},
    }
    answer = ci.post(PATH, body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/actor/{next(iter(more))}"
    for kind in ("local_implicit", "board", ""):
        actor = {"type": kind, "id": house.ana.id}
        assert ci.post(PATH, body | {"actor": actor}).status_code == 422


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/actor"),
        ({"resource": {"type": "moon"}}, "/resource/type"),
        ({"scope": {"project": "x"}}, "/scope/project"),
        ({"file": "yes"}, "/file"),
        ({"extra": 1}, "/extra"),
        ({"action": ""}, "/action"),
    ],
)
def test_what_is_no_question_is_refused_with_its_place(
    ci: Any, house: Any, body: dict[str, Any], pointer: str
) -> None:
    whole = {
        "actor": user(house.ana),
        "action": "tasks:assign",
        "resource": {"type": "org"},
    }
    answer = ci.post(PATH, whole | body if body else {})
    assert (answer.status_code, answer.json["code"]) == (422, "schema")
    assert pointer in [error["pointer"] for error in answer.json["errors"]]


def test_the_key_needs_the_scope(ci: Any, new_key: Any, house: Any) -> None:
    body = {"actor": user(house.ana), "action": "x", "resource": {"type": "org"}}
    refused = ci.using(new_key("approvals:read")).post(PATH, body)
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")


def test_another_orgs_ids_are_answered_like_unknown_ones(
    ask: Any, house: Any, file_call: Any, store: Any
) -> None:
    zoe = By(house.zoe.id)
    theirs = store.write(
        lambda tx: projects.create_project(tx, house.other_org_id, zoe, "Theirs")
    )
    pairs = [
        ("org", house.other_org_id),
        ("agent", house.stranger.id),
        ("approval", file_call(house.stranger)),
        ("project", theirs),
        ("source", "src_nothing"),
        ("issue", "iss_nothing"),
    ]
    for kind, foreign in pairs:
        for action in ("tasks:assign", "approvals:view", "issue:mutate"):
            answers = [
                ask(agent(house.ci), action, {"type": kind, "id": each})
                for each in (foreign, f"{foreign[:4]}nowhere")
            ]
            assert answers[0] == answers[1]
            assert not answers[0]["allowed"], (kind, action)
    for member in (house.zoe.id, "usr_nobody"):
        said = ask({"type": "user", "id": member}, "approvals:view", {"type": "org"})
        assert said["reason"] == "deny_missing_membership"
    for program in (house.stranger.id, "agt_nobody"):
        said = ask(
            {"type": "agent", "id": program},
            "tasks:assign",
            {"type": "agent", "id": house.ci.id},
        )
        assert said["reason"] == "deny_company_boundary"


def test_a_suspended_person_may_nothing(ask: Any, house: Any) -> None:
    said = ask(user(house.cy), "approvals:view", {"type": "org"})
    assert said["reason"] == "deny_account_suspended"


def test_an_unknown_action_is_said_to_be_one(ask: Any, house: Any) -> None:
    said = ask(user(house.ana), "tasks:dance", {"type": "org"})
    assert said["reason"] == "deny_unsupported_action"
    assert said["explanation"] == "Unknown action: tasks:dance."


def test_what_is_said_of_an_issue_must_be_so(
    ask: Any, ci: Any, house: Any, issue: str
) -> None:
    known = {"type": "issue", "id": issue}
    assert ask(agent(house.ci), "tasks:assign", known)["allowed"]
    for wrong, pointer in (
        (
            {"resource": known | {"projectId": "prj_other"}},
            "/resource/projectId",
        ),
        (
            {"resource": known | {"assigneeAgentId": house.ci.id}},
            "/resource/assigneeAgentId",
        ),
        ({"resource": known | {"parentIssueId": "iss_x"}}, "/resource/parentIssueId"),
        (
            {"resource": known, "scope": {"assigneeAgentId": house.ci.id}},
            "/scope/assigneeAgentId",
        ),
        ({"resource": known, "scope": {"projectId": "prj_other"}}, "/scope/projectId"),
    ):
        body = {"actor": agent(house.ci), "action": "tasks:assign"} | wrong
        answer = ci.post(PATH, body)
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    right = known | {"assigneeAgentId": house.helper.id}
    assert ask(agent(house.ci), "tasks:assign", right)["allowed"]


def test_an_issue_that_does_not_exist_yet_may_be_asked_about(
    ask: Any, house: Any, guard: Any, issue: str
) -> None:
    new = {"type": "issue"}
    scope = {"assigneeAgentId": house.helper.id}
    said = ask(user(house.max), "tasks:assign", new, scope=scope)
    assert said["reason"] == "allow_simple_company_member"
    said = ask(user(house.vi), "tasks:assign", new, scope=scope)
    assert said["reason"] == "deny_missing_grant"
    said = ask(agent(house.ci), "issue:mutate", new, scope=scope)
    assert not said["allowed"]  # it would be another agent's
    said = ask(agent(house.helper), "issue:mutate", new, scope=scope)
    assert said["reason"] == "allow_self"
    guard("issue", issue, APPROVAL)
    below = new | {"parentIssueId": issue}
    said = ask(user(house.max), "tasks:assign", below, scope=scope)
    assert said["explanation"] == "Parent issue requires approval before task assignment."


class TestARequiredApproval:
    """A question that a policy holds is filed, approved, and answered with yes once."""

    @pytest.fixture
    def question(self, house: Any, guard: Any, issue: str) -> dict[str, Any]:
        guard("agent", house.helper.id, APPROVAL)
        return {
            "actor": user(house.max),
            "action": "tasks:assign",
            "resource": {"type": "issue", "id": issue},
        }

    def test_the_answer_carries_a_body_that_files_it(
        self, ci: Any, question: Any, house: Any
    ) -> None:
        said = ci.post(PATH, question).json
        assert said["reason"] == "deny_policy_restricted"
        body = said["approval_body"]
        assert body["on_behalf_of"] == house.max.id
        assert body["arguments"]["resource"]["id"] == question["resource"]["id"]
        filed = ci.post("/api/v1/approvals", body)
        assert filed.status_code == 201
        again = ci.post(PATH, question | {"file": True}).json
        assert again["approval"]["id"] == filed.json["id"]

    def test_a_yes_is_good_for_one_answer(
        self, ci: Any, question: Any, settle: Any, actions: Any
    ) -> None:
        said = ci.post(PATH, question | {"file": True}).json
        assert set(said) == MEMBERS | {"approval_body", "approval"}
        assert said["approval"]["status"] == "pending"
        assert not ci.post(PATH, question).json["allowed"]
        settle(said["approval"]["id"])
        allowed = ci.post(PATH, question).json
        assert allowed["reason"] == "allow_explicit_grant"
        assert allowed["grant"]["approval"] == said["approval"]["id"]
        assert set(allowed) == MEMBERS
        assert not ci.post(PATH, question).json["allowed"]
        approval = ci.get(f"/api/v1/approvals/{said['approval']['id']}").json
        assert approval["status"] == "consumed"
        assert actions().count("grant.created") == actions().count("grant.spent") == 1

    def test_it_is_good_for_nothing_else(
        self, ci: Any, question: Any, settle: Any, house: Any
    ) -> None:
        said = ci.post(PATH, question | {"file": True}).json
        settle(said["approval"]["id"])
        target = {"type": "agent", "id": house.helper.id}
        others = (
            {"resource": target},
            {"resource": {"type": "issue"}, "scope": {"assigneeAgentId": target["id"]}},
            {"actor": user(house.ana)},
            {"action": "tasks:assign_scope"},
        )
        for other in others:
            assert not ci.post(PATH, question | other).json["allowed"], other
        stranger = ci.using(house.deploy_bot.key)  # another agent of the same org
        assert not stranger.post(PATH, question).json["allowed"]
        assert ci.post(PATH, question).json["allowed"]

    def test_a_no_is_a_no(self, ci: Any, question: Any, settle: Any) -> None:
        said = ci.post(PATH, question | {"file": True}).json
        settle(said["approval"]["id"], "deny", "not now")
        said = ci.post(PATH, question | {"file": True}).json
        assert (said["allowed"], said["approval"]["status"]) == (False, "denied")

    def test_who_would_get_it_does_not_give_it(
        self, ci: Any, question: Any, settle: Any, house: Any, actions: Any
    ) -> None:
        bo = question | {"actor": user(house.bo)}
        said = ci.post(PATH, bo | {"file": True}).json
        with pytest.raises(AssertionError):
            settle(said["approval"]["id"], by=house.bo)
        body = dict(said["approval_body"])
        del body["on_behalf_of"]  # forged: so that Bo could approve it
        forged = ci.post("/api/v1/approvals", body | {"expires_in": 600}).json
        settle(forged["id"], by=house.rae if forged["reused"] else house.bo)
        if not forged["reused"]:
            assert "grant.created" not in actions()
            assert not ci.post(PATH, bo).json["allowed"]

    def test_a_repeat_with_its_key_gets_the_same_yes(
        self, ci: Any, question: Any, settle: Any, actions: Any
    ) -> None:
        said = ci.post(PATH, question | {"file": True}).json
        settle(said["approval"]["id"])
        first = ci.post(PATH, question, Idempotency_Key="k-1").json
        assert first["allowed"]
        assert ci.post(PATH, question, Idempotency_Key="k-1").json == first
        assert not ci.post(PATH, question, Idempotency_Key="k-2").json["allowed"]
        assert actions().count("grant.spent") == 1

    def test_a_yes_that_was_used_as_a_call_is_used(
        self, ci: Any, question: Any, settle: Any
    ) -> None:
        said = ci.post(PATH, question | {"file": True}).json["approval"]
        settle(said["id"])
        path = f"/api/v1/approvals/{said['id']}/consume"
        assert ci.post(path, {"fingerprint": said["fingerprint"]}).status_code == 200
        assert not ci.post(PATH, question).json["allowed"]

    def test_a_yes_does_not_survive_a_stronger_policy(
        self, ci: Any, question: Any, settle: Any, store: Any, house: Any
    ) -> None:
        said = ci.post(PATH, question | {"file": True}).json
        settle(said["approval"]["id"])

        def spoil(tx: Any) -> None:
            tx.session.get(Agent, house.helper.id).protection = '{"mystery": 1}'
            tx.session.flush()

        store.write(spoil)
        said = ci.post(PATH, question).json
        assert not said["allowed"]
        assert "not understood" in said["explanation"]
