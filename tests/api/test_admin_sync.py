"""`/api/v1/admin/...`: an orchestrator tells who and what there is, as often as it likes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from webui.approvals.authorization import ALL

ADMIN = "/api/v1/admin"
LISTS = ("agents", "projects", "issues", "permission-grants", "protection-policies")


@pytest.fixture
def ana(ci: Any, token: Any, house: Any) -> Any:
    return ci.using(token(house.ana, scopes=ALL))


@pytest.fixture
def put(ana: Any) -> Callable[..., Any]:
    """Send a sync and return the answer's body; it must be 200."""

    def putting(noun: str, **body: Any) -> Any:
        answer = ana.post(f"{ADMIN}/{noun}", body)
        assert answer.status_code == 200, answer.json
        return answer.json

    return putting


def everything(house: Any) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("agents", {"external_id": "a-1", "name": "boss", "role": "ceo"}),
        ("agents", {"external_id": "a-2", "name": "worker", "manager": "a-1"}),
        ("projects", {"external_id": "p-1", "name": "Site"}),
        ("issues", {"external_id": "i-1", "title": "Mend it", "project": "p-1"}),
        (
            "issues",
            {
                "external_id": "i-2",
                "title": "Part of it",
                "parent": "i-1",
                "assignee_agent": "a-2",
                "assignee_user": house.rae.email,
            },
        ),
        (
            "permission-grants",
            {
                "external_id": "g-1",
                "principal": {"type": "agent", "id": "a-1"},
                "permission": "tasks:assign",
                "scope": {"subtree": house.ci.id, "note": "theirs"},
                "expires_at": "2999-01-01T00:00:00Z",
            },
        ),
        (
            "protection-policies",
            {
                "on": {"type": "agent", "id": "a-2"},
                "policy": {"assignmentPolicy": {"mode": "protected"}},
            },
        ),
    ]


def test_a_repeated_sync_changes_nothing(put: Any, house: Any, actions: Any) -> None:
    first = [put(noun, **body) for noun, body in everything(house)]
    assert all(answer["changed"] for answer in first)
    told = actions()
    again = [put(noun, **body) for noun, body in everything(house)]
    assert not any(answer["changed"] for answer in again)
    for was, now in zip(first, again, strict=True):
        protected_since = {"protection": now["item"].get("protection")}
        assert was["item"] | protected_since == now["item"] | protected_since
    assert actions() == told


def test_null_takes_away_and_what_is_left_out_stays(put: Any, house: Any) -> None:
    for noun, body in everything(house):
        put(noun, **body)
    issue = put("issues", external_id="i-2", assignee_user=None)["item"]
    assert (issue["assignee_user"], issue["title"]) == (None, "Part of it")
    assert issue["assignee_agent"] is not None
    assert put("agents", external_id="a-2", manager=None)["item"]["manager"] is None
    put("protection-policies", on={"type": "agent", "id": "a-2"}, policy={})


def test_lists_go_on_page_by_page(put: Any, ana: Any) -> None:
    for number in range(5):
        put("projects", external_id=f"p-{number}", name=f"Project {number}")
    path, found = f"{ADMIN}/projects?limit=2", []
    while path:
        answer = ana.get(path)
        found += [item["external_id"] for item in answer.json["items"]]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        path = link[1] if link else ""
    assert found == [f"p-{number}" for number in range(5)]
    for query in ("limit=0", "limit=201", "cursor=%20"):
        assert ana.get(f"{ADMIN}/projects?{query}").status_code == 422


def test_every_list_is_of_one_org(
    put: Any, ana: Any, ci: Any, token: Any, house: Any
) -> None:
    for noun, body in everything(house):
        put(noun, **body)
    zoe = ci.using(token(house.zoe, org_id=house.other_org_id, scopes=ALL))
    for noun in LISTS:
        assert len(ana.get(f"{ADMIN}/{noun}").json["items"]) >= 1
        items = zoe.get(f"{ADMIN}/{noun}").json["items"]
        assert [item["name"] for item in items if noun == "agents"] == (
            ["stranger"] if noun == "agents" else []
        )
        assert noun == "agents" or not items


def test_another_orgs_things_answer_404_like_unknown_ones(
    put: Any, ana: Any, ci: Any, token: Any, house: Any
) -> None:
    made = {noun: put(noun, **body)["item"]["id"] for noun, body in everything(house)}
    zoe = ci.using(token(house.zoe, org_id=house.other_org_id, scopes=ALL))
    for noun, verb in (
        ("agents", "delete"),
        ("projects", "delete"),
        ("issues", "delete"),
        ("permission-grants", "revoke"),
    ):
        answers = [
            zoe.post(f"{ADMIN}/{noun}/{name}/{verb}")
            for name in (made[noun], "nothing", "a-1")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.json["detail"] for answer in answers}) == 1
    assert ana.get(f"{ADMIN}/issues").json["items"]


def test_what_a_sync_names_of_another_org_is_unknown(
    ana: Any, ci: Any, token: Any, house: Any
) -> None:
    for noun, body, pointer in (
        ("agents", {"name": "x", "manager": house.stranger.id}, "/manager"),
        ("agents", {"name": "x", "owner": house.zoe.email}, "/owner"),
        ("issues", {"title": "x", "assignee_agent": house.stranger.id}, "/agent"),
        ("issues", {"title": "x", "assignee_user": house.zoe.id}, "/user"),
        ("issues", {"title": "x", "project": "prj_nothing"}, "/project"),
    ):
        answer = ana.post(f"{ADMIN}/{noun}", {"external_id": "n-1"} | body)
        assert answer.status_code == 422, body
        assert answer.json["errors"][0]["pointer"] == pointer
    answer = ana.post(
        f"{ADMIN}/protection-policies",
        {"on": {"type": "agent", "id": house.stranger.id}, "policy": {}},
    )
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/on/id")


@pytest.mark.parametrize(
    "policy",
    [
        {"mystery": 1},
        {"managedBy": "x"},
        {"agentVisibility": {"mode": "hidden"}},
        {"assignmentPolicy": {"mode": []}},
        {"protectedAgent": "yes"},
    ],
)
def test_a_policy_that_is_not_understood_is_refused(
    ana: Any, house: Any, policy: dict[str, Any]
) -> None:
    body = {"on": {"type": "agent", "id": house.ci.id}, "policy": policy}
    answer = ana.post(f"{ADMIN}/protection-policies", body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/policy")
    assert ana.get(f"{ADMIN}/protection-policies").json["items"] == []


def test_circles_and_too_deep_trees_are_refused(put: Any, ana: Any) -> None:
    put("agents", external_id="a-1", name="agent 1")
    for level in range(2, 51):
        put(
            "agents",
            external_id=f"a-{level}",
            name=f"agent {level}",
            manager=f"a-{level - 1}",
        )
    deeper = {"external_id": "a-51", "name": "agent 51", "manager": "a-50"}
    answer = ana.post(f"{ADMIN}/agents", deeper)
    assert answer.status_code == 422
    assert "more than 50" in answer.json["detail"]
    circle = {"external_id": "a-1", "manager": "a-50"}
    assert "itself" in ana.post(f"{ADMIN}/agents", circle).json["detail"]
    put("issues", external_id="i-1", title="x")
    put("issues", external_id="i-2", title="y", parent="i-1")
    circle = {"external_id": "i-1", "parent": "i-2"}
    assert ana.post(f"{ADMIN}/issues", circle).status_code == 422


def test_what_is_deleted_is_gone_and_told(
    put: Any, ana: Any, house: Any, actions: Any
) -> None:
    for noun, body in everything(house):
        put(noun, **body)
    busy = ana.post(f"{ADMIN}/projects/p-1/delete")
    assert (busy.status_code, busy.json["code"]) == (409, "project_in_use")
    busy = ana.post(f"{ADMIN}/issues/i-1/delete")
    assert (busy.status_code, busy.json["code"]) == (409, "issue_in_use")
    for path in (
        "issues/i-2/delete",
        "issues/i-1/delete",
        "projects/p-1/delete",
        "permission-grants/g-1/revoke",
        "agents/a-2/delete",
    ):
        answer = ana.post(f"{ADMIN}/{path}")
        assert (answer.status_code, answer.json["changed"]) == (200, True), path
    again = ana.post(f"{ADMIN}/agents/a-2/delete")
    assert (again.status_code, again.json["changed"]) == (200, False)
    assert {"issue.deleted", "project.deleted", "grant.revoked"} <= set(actions())


def test_a_grant_says_what_is_wrong_with_it(ana: Any, house: Any) -> None:
    good = {
        "principal": {"type": "agent", "id": "ci"},
        "permission": "tasks:assign_scope",
    }
    for wrong, status, code in (
        ({"permission": "approvals:decide"}, 403, "agent_cannot_decide"),
        ({"permission": "tasks:dance"}, 422, "invalid"),
        ({"principal": {"type": "agent", "id": house.stranger.id}}, 422, "invalid"),
        ({"scope": {"allow": ["x"]}}, 422, "invalid"),
        ({"scope": {"project": ["prj_nothing"]}}, 422, "invalid"),
        ({"scope": []}, 422, "schema"),
        ({"expires_at": "tomorrow"}, 422, "schema"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 422, "invalid"),
        ({"colour": "red"}, 422, "schema"),
    ):
        answer = ana.post(f"{ADMIN}/permission-grants", good | wrong)
        assert (answer.status_code, answer.json["code"]) == (status, code), wrong
    for scope in ({}, {"note": "metadata alone"}):
        answer = ana.post(f"{ADMIN}/permission-grants", good | {"scope": scope})
        assert answer.json["item"]["scope"] == scope
    twice = ana.post(f"{ADMIN}/permission-grants", good)
    assert (twice.status_code, twice.json["code"]) == (409, "already_granted")


def test_empty_structured_scopes_cover_nothing_and_metadata_alone_does(
    ana: Any, ci: Any, house: Any, put: Any
) -> None:
    put(
        "protection-policies",
        on={"type": "agent", "id": house.helper.id},
        policy={"agentVisibility": {"mode": "private"}},
    )
    question = {
        "actor": {"type": "agent", "id": house.ci.id},
        "action": "tasks:assign",
        "resource": {"type": "agent", "id": house.helper.id},
    }
    given = {
        "external_id": "g-1",
        "principal": {"type": "agent", "id": house.ci.id},
        "permission": "tasks:assign_scope",
    }
    for scope, allowed in (
        ({}, False),
        ({"note": "metadata alone"}, True),
        ({"agentIds": [house.helper.id]}, True),
        ({"agentIds": [house.ci.id]}, False),
    ):
        put("permission-grants", **given, scope=scope)
        assert ci.post("/api/v1/authorize", question).json["allowed"] == allowed, scope


def test_only_people_who_manage_get_in(ci: Any, token: Any, house: Any) -> None:
    for noun in LISTS:
        path = f"{ADMIN}/{noun}"
        refused = ci.get(path)
        assert (refused.status_code, refused.json["code"]) == (
            403,
            "personal_token_required",
        )
        for member in (house.rae, house.vi, house.ed, house.max):
            refused = ci.using(token(member, scopes=ALL)).get(path)
            assert (refused.status_code, refused.json["code"]) == (403, "missing_grant")
        # Zoe is not of this org, with whatever token
        refused = ci.using(token(house.zoe, scopes=ALL)).get(path)
        assert (refused.status_code, refused.json["code"]) == (403, "missing_membership")


def test_a_preview_says_reason_sentence_grant_and_policy(
    put: Any, ana: Any, house: Any, actions: Any
) -> None:
    put(
        "protection-policies",
        on={"type": "agent", "id": house.ci.id},
        policy={"protectedAgent": {"requiresApproval": True}},
    )
    told = actions()
    said = put(
        "preview",
        actor={"type": "user", "id": house.max.id},
        action="tasks:assign",
        resource={"type": "agent", "id": house.ci.id},
    )
    assert said["reason"] == "deny_policy_restricted"
    assert said["policy"] == {
        "effect": "requires_approval",
        "explanation": "Target agent requires approval before task assignment.",
    }
    assert actions() == told
    body = {
        "actor": {"type": "user", "id": house.max.id},
        "action": "tasks:assign",
        "resource": {"type": "agent", "id": house.ci.id},
        "file": True,
    }
    assert ana.post(f"{ADMIN}/preview", body).status_code == 422


def test_a_token_does_no_more_than_it_carries(ci: Any, token: Any, house: Any) -> None:
    plain = ci.using(token(house.ana))
    refused = plain.get(f"{ADMIN}/agents")
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    narrow = ci.using(token(house.ana, scopes={"members:manage"}))
    assert narrow.get(f"{ADMIN}/permission-grants").status_code == 200
    assert narrow.get(f"{ADMIN}/agents").json["code"] == "scope_missing"
    body = {
        "principal": {"type": "user", "id": house.max.id},
        "permission": "approvals:decide",
    }
    refused = narrow.post(f"{ADMIN}/permission-grants", body)
    assert (refused.status_code, refused.json["code"]) == (403, "scope_missing")
    both = ci.using(token(house.ana, scopes={"members:manage", "approvals:decide"}))
    assert both.post(f"{ADMIN}/permission-grants", body).status_code == 200
