"""Standing grants over the reviewers' API: given with a yes, listed, and taken back."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from webui.approvals.authorization import ALL

LIST = "/api/v1/review/approvals"
GRANTS = "/api/v1/review/grants"
MAIL = {"to": "team@example.org", "api_key": "sk-" + "a1B2" * 10}


@pytest.fixture
def rae(ci: Any, token: Any, house: Any) -> Any:
    return ci.using(token(house.rae, scopes=ALL))


def give(ci: Any, rae: Any, grant: dict[str, Any]) -> Any:
    asked = ci.post("/api/v1/approvals", {"tool": "mail.send", "arguments": MAIL}).json
    seal = rae.get(f"{LIST}/{asked['id']}").json["seal"]
    body = {"verdict": "approve", "seal": seal, "grant": grant}
    answer = rae.post(f"{LIST}/{asked['id']}/decide", body)
    if answer.status_code == 200:
        gate = ci.post("/api/v1/gate", {"tool": "mail.send", "arguments": MAIL}).json
        done = {"lease_token": gate["lease_token"], "result": "ok"}
        assert ci.post(f"/api/v1/approvals/{asked['id']}/outcome", done).status_code == 200
    return answer


def test_a_grant_lets_the_same_call_go_on_and_is_listed_masked(ci: Any, rae: Any) -> None:
    assert give(ci, rae, {"uses": 2}).status_code == 200
    gate = ci.post("/api/v1/gate", {"tool": "mail.send", "arguments": MAIL})
    assert gate.json["proceed"] is True
    assert gate.json["arguments"] == MAIL
    assert gate.json["approval"]["resolution"] == "grant"
    (listed,) = rae.get(f"{GRANTS}?live=1").json["items"]
    assert (listed["uses"], listed["used"], listed["live"]) == (2, 1, True)
    assert listed["arguments"]["to"] == MAIL["to"]
    assert "a1B2" not in str(listed)
    alone = rae.get(f"{GRANTS}/{listed['id']}").json
    assert [each["approval"] for each in alone["covered"]] == [gate.json["approval"]["id"]]


def test_the_receipt_of_a_covered_call_names_the_grant(ci: Any, rae: Any) -> None:
    give(ci, rae, {"uses": 2})
    gate = ci.post("/api/v1/gate", {"tool": "mail.send", "arguments": MAIL}).json
    claims = json.loads(base64.urlsafe_b64decode(gate["receipt"].split(".")[1] + "=="))
    (listed,) = rae.get(GRANTS).json["items"]
    assert claims["deciders"] == [f"grant:{listed['id']}"]


def test_a_revoked_grant_lets_nothing_through(ci: Any, rae: Any) -> None:
    give(ci, rae, {"uses": 2})
    (listed,) = rae.get(GRANTS).json["items"]
    for _ in range(2):  # a repeat is fine
        revoked = rae.post(f"{GRANTS}/{listed['id']}/revoke", {"reason": "enough"})
        assert (revoked.status_code, revoked.json["live"]) == (200, False)
    asked = ci.post("/api/v1/gate", {"tool": "mail.send", "arguments": MAIL})
    assert asked.status_code == 202
    assert rae.get(f"{GRANTS}?live=1").json["items"] == []


def test_what_is_masked_is_not_measured(ci: Any, rae: Any) -> None:
    guess = {"path": "args.api_key", "op": "starts_with", "value": "sk-a"}
    answer = give(ci, rae, {"conditions": [guess], "uses": 1})
    assert (answer.status_code, answer.json["code"]) == (422, "grant_conditions")
    freed = {"path": "args.api_key", "op": "exists", "value": True}
    assert give(ci, rae, {"conditions": [freed], "uses": 1}).status_code == 200


def test_a_mask_that_hangs_on_a_freed_neighbour_holds_in_the_list(
    ci: Any, rae: Any
) -> None:
    arguments = {"name": "API_TOKEN", "value": "hunter2secret"}
    asked = ci.post("/api/v1/approvals", {"tool": "set", "arguments": arguments}).json
    seal = rae.get(f"{LIST}/{asked['id']}").json["seal"]
    freed = {"path": "args.name", "op": "exists", "value": True}
    body = {"verdict": "approve", "seal": seal, "grant": {"conditions": [freed]}}
    assert rae.post(f"{LIST}/{asked['id']}/decide", body).status_code == 200
    (listed,) = rae.get(GRANTS).json["items"]
    assert "value" in listed["arguments"]
    assert "hunter2" not in str(listed)


@pytest.mark.parametrize(
    ("grant", "code", "pointer"),
    [
        ({"uses": 0}, "schema", "/grant/uses"),
        ({"uses": True}, "schema", "/grant/uses"),
        ({"forever": True}, "schema", "/grant/forever"),
        ({"until": "2999-01-01T00:00:00Z"}, "grant_too_wide", "/grant/until"),
        ({"session": True}, "grant_too_wide", "/grant/session"),
        (
            {"conditions": [{"path": "args.to", "op": "regx", "value": "x"}]},
            "grant_conditions",
            "/grant/conditions/0/op",
        ),
    ],
)
def test_a_grant_that_is_not_right_says_where_and_decides_nothing(
    ci: Any, rae: Any, grant: dict[str, Any], code: str, pointer: str
) -> None:
    answer = give(ci, rae, grant)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert pointer in [fault["pointer"] for fault in answer.json["errors"]]
    (waiting,) = rae.get(LIST).json["items"]
    assert waiting["status"] == "pending"


def test_a_token_without_the_permission_grants_nothing(
    ci: Any, token: Any, house: Any
) -> None:
    decider = ci.using(token(house.rae, scopes=["approvals:view", "approvals:decide"]))
    answer = give(ci, decider, {"uses": 1})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_another_orgs_grant_is_one_that_does_not_exist(
    ci: Any, rae: Any, token: Any, house: Any
) -> None:
    give(ci, rae, {"uses": 2})
    (listed,) = rae.get(GRANTS).json["items"]
    zoe = ci.using(token(house.zoe, house.other_org_id))
    assert zoe.get(f"{GRANTS}/{listed['id']}").status_code == 404
    assert zoe.post(f"{GRANTS}/{listed['id']}/revoke", {}).status_code == 404
    assert zoe.get(GRANTS).json["items"] == []
