"""What policy says, as agents hear it over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.plugins.desk import House
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.runtime import Runtime
from webui.store.models import Approval, Event

POLICY = """
version: "1"
tools:
  look:
    rules: [{name: free, action: allow}]
  pay:
    rules:
      - name: at most 500
        conditions: [{path: args.amount, op: lte, value: 500}]
        on_deny: Pay at most 500.
      - {name: payments, action: require_approval}
      - name: 100 a day
        conditions: [{path: state.pay.spent, op: lte, value: 100}]
        state: {counter: spent, window: day, increment_from: args.amount}
        on_deny: The budget is used up.
"""


@pytest.fixture(autouse=True)
def _in_force(runtime: Runtime, house: House) -> None:
    runtime.store.write(lambda tx: policies.accept(tx, house.org_id, POLICY, By()).changed)


def pay(amount: Any) -> dict[str, Any]:
    return {"tool": "pay", "arguments": {"amount": amount}}


def test_the_gate_lets_an_allowed_call_go_with_lease_and_receipt(ci: Any) -> None:
    go = ci.post("/api/v1/gate", {"tool": "look", "arguments": {}})
    assert go.status_code == 200
    assert (go.json["proceed"], go.json["arguments"]) == (True, {})
    assert go.json["approval"]["rule"] == {
        "name": "free",
        "hash": go.json["approval"]["rule"]["hash"],
        "line": 5,
    }
    assert go.json["approval"]["resolution"] == "policy"
    assert go.json["approval"]["policy_revision"].startswith("sha256:")


def test_the_gate_tells_why_a_call_is_denied(ci: Any) -> None:
    no = ci.post("/api/v1/gate", pay(600))
    assert (no.status_code, no.json["code"], no.json["proceed"]) == (403, "denied", False)
    assert no.json["detail"] == "The policy denied this call: Pay at most 500."
    assert no.json["reason"] == "Pay at most 500."
    assert no.json["rule"]["name"] == "at most 500"
    assert no.json["approval"]["message"] == "Pay at most 500."
    assert no.json["approval"]["status"] == "denied"


def test_a_filed_call_is_answered_as_settled(ci: Any) -> None:
    made = ci.post("/api/v1/approvals", pay(600))
    assert (made.status_code, made.json["status"], made.json["reused"]) == (
        201,
        "denied",
        False,
    )
    assert ci.post("/api/v1/approvals", {"tool": "look", "arguments": {}}).json[
        "status"
    ] == ("approved")


def test_a_consume_by_the_call_finds_the_approval_of_its_rule(ci: Any, settle: Any) -> None:
    first, second = (
        ci.post("/api/v1/approvals", pay(each)).json["id"] for each in (60, 70)
    )
    settle(first)
    settle(second)
    path = f"/api/v1/approvals/{first}/consume"
    assert ci.post(path, pay(61)).json["code"] == "fingerprint_mismatch"
    assert ci.post(path, pay(60)).status_code == 200
    no = ci.post(f"/api/v1/approvals/{second}/consume", pay(70))
    assert (no.status_code, no.json["code"], no.json["proceed"]) == (403, "denied", False)
    assert (no.json["detail"], no.json["rule"]["name"]) == (
        "The budget is used up.",
        "100 a day",
    )
    assert ci.get(f"/api/v1/approvals/{second}").json["status"] == "approved"


@pytest.mark.parametrize(
    ("tool", "amount", "verdict", "rule", "message"),
    [
        ("pay", 600, "deny", "at most 500", "Pay at most 500."),
        ("pay", 60, "require_approval", "payments", None),
        ("look", 1, "allow", "free", None),
        ("other", 1, "require_approval", "(default)", None),
    ],
)
def test_evaluate_says_what_policy_would_and_records_nothing(
    ci: Any,
    runtime: Runtime,
    tool: str,
    amount: int,
    verdict: str,
    rule: str,
    message: str | None,
) -> None:
    def rows() -> list[int | None]:
        with runtime.store.reading() as session:
            return [
                session.scalar(select(func.count()).select_from(model))
                for model in (Approval, Event)
            ]

    before = rows()
    said = ci.post("/api/v1/evaluate", {"tool": tool, "arguments": {"amount": amount}})
    assert said.status_code == 200
    assert (said.json["verdict"], said.json["rule"]["name"]) == (verdict, rule)
    assert said.json["message"] == message
    assert rows() == before


def test_evaluate_without_a_policy_says_that_every_call_is_asked_for(
    ci: Any, house: House
) -> None:
    said = (
        ci.using(house.stranger.key)
        .post("/api/v1/evaluate", {"tool": "look", "arguments": {}})
        .json
    )
    assert (said["verdict"], said["rule"]["name"], said["policy_revision"]) == (
        "require_approval",
        None,
        None,
    )


def test_a_policy_is_read_checked_and_set_with_a_token(
    ci: Any, token: Any, house: House
) -> None:
    ana = ci.using(token(house.ana, scopes=["policy:read", "policy:write"]))
    shown = ana.get("/api/v1/review/policy").json
    assert (shown["number"], shown["text"]) == (1, POLICY)
    wrong = {"text": "version: 1\nhide: 5\n", "expected": 1}
    refused = ana.post("/api/v1/review/policy", wrong)
    assert (refused.status_code, refused.json["code"]) == (422, "policy_wrong")
    assert [fault["line"] for fault in refused.json["errors"]] == [2]
    text = POLICY + "tests:\n  - {tool: look, expect: deny}\n"
    checked = ana.post("/api/v1/review/policy/check", {"text": text}).json
    assert [fault["path"] for fault in checked["faults"]] == ["tests[0]"]
    assert [each["passed"] for each in checked["tests"]] == [False]
    assert ana.get("/api/v1/review/policy").json["number"] == 1
    body = {"text": POLICY + "# again\n", "expected": 1, "note": "mine"}
    made = ana.post("/api/v1/review/policy", body).json
    assert (made["number"], made["changed"], made["note"]) == (2, True, "mine")
    assert made["author"] == f"user:{house.ana.id}"
    late = ana.post("/api/v1/review/policy", body)
    assert (late.status_code, late.json["code"]) == (409, "policy_moved")
    first = ana.get("/api/v1/review/policy/versions?limit=1").json
    assert [each["number"] for each in first["items"]] == [2]
    more = ana.get(f"/api/v1/review/policy/versions?cursor={first['next_cursor']}").json
    assert [each["number"] for each in more["items"]] == [1]


def test_an_older_policy_is_put_in_force_again_with_a_token(
    ci: Any, token: Any, house: House, runtime: Runtime
) -> None:
    ana = ci.using(token(house.ana, scopes=["policy:read", "policy:write"]))
    newer = {"text": POLICY + "# newer\n", "expected": 1}
    assert ana.post("/api/v1/review/policy", newer).json["number"] == 2
    path = "/api/v1/review/policy/revert"
    late = ana.post(path, {"number": 1, "expected": 1})
    assert (late.status_code, late.json["code"]) == (409, "policy_moved")
    for body in (
        {},
        {"number": 1},
        {"number": 0, "expected": 2},
        {"number": True, "expected": 2},
    ):
        assert ana.post(path, body).status_code == 422
    for number in (9, 2**31, 2**53 - 1):
        assert ana.post(path, {"number": number, "expected": 2}).status_code == 404
    made = ana.post(path, {"number": 1, "expected": 2})
    assert (made.json["number"], made.json["changed"]) == (3, True)
    assert made.json["note"] == "As version 1 was."
    assert ana.get("/api/v1/review/policy").json["text"] == POLICY


def test_a_text_that_nobody_could_approve_under_is_warned_of(
    ci: Any, token: Any, house: House
) -> None:
    asks = "action: require_approval"
    text = POLICY.replace(asks, f"{asks}, approvals_required: 9")
    reader = ci.using(token(house.vi, scopes=["policy:read"]))
    checked = reader.post("/api/v1/review/policy/check", {"text": text}).json
    assert "it takes 9 approvals, and" in str(checked["warnings"])


def test_t10_no_agent_and_nobody_without_the_permission_sets_a_policy(
    ci: Any, token: Any, house: House
) -> None:
    body = {"text": 'version: "1"\ndefault: allow\n', "expected": 1}
    reader = ci.using(token(house.rae, scopes=["policy:read", "policy:write"]))
    lesser = ci.using(token(house.ana))
    for caller in (ci, reader, lesser):
        refused = caller.post("/api/v1/review/policy", body)
        assert refused.status_code == 403
    assert reader.get("/api/v1/review/policy").json["number"] == 1
    assert ci.get("/api/v1/review/policy").status_code == 403


def test_reviewers_are_shown_the_ruling_with_secrets_masked(
    ci: Any, token: Any, house: House, runtime: Runtime
) -> None:
    text = """
version: "1"
tools:
  pay:
    rules:
      - name: by hand
        action: require_approval
        conditions:
          - {path: args.password, op: exists, value: true}
          - {path: args.amount, op: gt, value: 5}
"""
    runtime.store.write(lambda tx: policies.accept(tx, house.org_id, text, By()).changed)
    call = {"tool": "pay", "arguments": {"amount": 7, "password": "hunter2 hunter2"}}
    made = ci.post("/api/v1/approvals", call).json
    assert "ruling" not in made
    assert made["why_asked"].startswith('The rule "by hand" (line 6) asks for an approval')
    path = f"/api/v1/review/approvals/{made['id']}"
    shown = ci.using(token(house.rae)).get(path).json
    saw = [each["seen"] for each in shown["ruling"]["conditions"]]
    assert saw[1] == 7
    assert "redacted" in saw[0]
    assert "hunter2" not in str(shown)
    assert shown["rule"]["name"] == "by hand"


def test_a_webhooks_secret_is_given_to_nobody(ci: Any, house: Any, token: Any) -> None:
    text = 'version: "1"\napprovals:\n  notify:\n    webhook: {url: "https://a.example", secret: s3cret}\n'
    ana = ci.using(token(house.ana, scopes=["policy:read", "policy:write"]))
    ana.post("/api/v1/review/policy", {"text": text, "expected": 1})
    answer = ana.get("/api/v1/review/policy").json
    assert answer["text"] == text.replace("s3cret", '"(kept by the desk)"')
    again = {"text": answer["text"], "expected": 2}
    assert ana.post("/api/v1/review/policy", again).json["changed"] is False
