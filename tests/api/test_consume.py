"""`POST /api/v1/approvals/{id}/consume`: the one use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

CALL = {
    "tool": "bank.transfer",
    "arguments": {"to": "DE89", "amount": 12.5},
    "tool_def": {"name": "bank.transfer", "description": "moves money"},
    "scope": "C1",
    "ctx": {"cwd": "/srv"},
}


@pytest.fixture
def approved(ci: Any, settle: Any) -> Any:
    approval = ci.post("/api/v1/approvals", CALL).json
    settle(approval["id"])
    return approval


def _consume(ci: Any, approval: Any, body: Any, **headers: str) -> Any:
    return ci.post(f"/api/v1/approvals/{approval['id']}/consume", body, **headers)


def test_the_call_as_about_to_run_is_what_was_approved(ci: Any, approved: Any) -> None:
    answer = _consume(ci, approved, CALL)
    assert answer.status_code == 200
    assert answer.json["lease_token"].startswith("lse_")
    assert answer.json["lease_expires_at"].endswith("Z")
    assert answer.json["arguments"] == CALL["arguments"]
    assert answer.json["consumption"].startswith("con_")
    assert answer.json["receipt"].count(".") == 2


def test_its_fingerprint_will_do_as_well(ci: Any, approved: Any) -> None:
    answer = _consume(ci, approved, {"fingerprint": approved["fingerprint"]})
    assert answer.status_code == 200


def test_it_works_once(ci: Any, approved: Any) -> None:
    assert _consume(ci, approved, CALL).status_code == 200
    again = _consume(ci, approved, CALL)
    assert (again.status_code, again.json["code"]) == (409, "already_consumed")


def test_of_many_at_once_one_succeeds(ci: Any, approved: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _consume(ci, approved, CALL), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7


@pytest.mark.parametrize(
    "change",
    [
        {"arguments": {"to": "DE90", "amount": 12.5}},
        {"tool": "bank.transfers"},
        {"scope": None},
        {"ctx": {"cwd": "/"}},
        {"tool_def": {"name": "bank.transfer", "description": "moves all money"}},
    ],
)
def test_something_else_than_was_approved_is_refused(
    ci: Any, approved: Any, change: Any
) -> None:
    answer = _consume(ci, approved, CALL | change)
    assert (answer.status_code, answer.json["code"]) == (409, "fingerprint_mismatch")
    assert _consume(ci, approved, CALL).status_code == 200


def test_what_waits_or_was_refused_cannot_be_used(ci: Any, settle: Any) -> None:
    waiting = ci.file(arguments={"n": 1})
    denied = ci.file(arguments={"n": 2})
    settle(denied["id"], "deny")
    withdrawn = ci.file(arguments={"n": 3})
    ci.post(f"/api/v1/approvals/{withdrawn['id']}/cancel")
    for approval in (waiting, denied, withdrawn):
        answer = _consume(ci, approval, {"fingerprint": approval["fingerprint"]})
        assert (answer.status_code, answer.json["code"]) == (409, "not_approved")
        assert answer.json["detail"]


def test_a_passed_deadline_holds_before_any_sweep(
    ci: Any, approved: Any, clock: Any
) -> None:
    clock.advance(900_000)
    answer = _consume(ci, approved, CALL)
    assert (answer.status_code, answer.json["code"]) == (409, "expired")
    assert ci.get(f"/api/v1/approvals/{approved['id']}").json["status"] == "expired"


def test_a_yes_that_was_taken_back_is_revoked(ci: Any, approved: Any, store: Any) -> None:
    from webui.approvals.desk import load, move  # noqa: PLC0415
    from webui.approvals.states import Status  # noqa: PLC0415

    def take_back(tx: Any) -> None:
        approval = load(tx, approved["org"], approved["id"])
        values = {"settled_at": tx.now, "resolution": "revoked"}
        move(
            tx,
            approval,
            Status.REVOKED,
            actor="user:x",
            action="approval.revoked",
            values=values,
        )

    store.write(take_back)
    answer = _consume(ci, approved, CALL)
    assert (answer.status_code, answer.json["code"]) == (409, "revoked")


def test_a_run_whose_lease_is_over_is_used_up(ci: Any, approved: Any, clock: Any) -> None:
    _consume(ci, approved, CALL)
    clock.advance(120_000)
    answer = _consume(ci, approved, CALL)
    assert (answer.status_code, answer.json["code"]) == (409, "already_consumed")
    assert ci.get(f"/api/v1/approvals/{approved['id']}").json["status"] == "unknown"


def test_another_agents_approval_does_not_exist(ci: Any, approved: Any, house: Any) -> None:
    for other in (house.helper, house.stranger):
        answer = _consume(ci.using(other.key), approved, CALL)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert _consume(ci, approved, CALL).status_code == 200


def test_a_lost_answer_can_be_fetched_again_with_its_key(
    ci: Any, approved: Any, clock: Any
) -> None:
    first = _consume(ci, approved, CALL, Idempotency_Key="use-1")
    clock.advance(5_000)
    again = _consume(ci, approved, CALL, Idempotency_Key="use-1")
    assert again.status_code == 200
    assert again.json == first.json
    other = _consume(ci, approved, {**CALL, "scope": "C2"}, Idempotency_Key="use-1")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_key_that_came_with_a_refusal_does_not_keep_it(ci: Any, settle: Any) -> None:
    approval = ci.file()
    body = {"fingerprint": approval["fingerprint"]}
    assert _consume(ci, approval, body, Idempotency_Key="k").status_code == 409
    settle(approval["id"])
    assert _consume(ci, approval, body, Idempotency_Key="k").status_code == 200


@pytest.mark.parametrize(
    "body", [{"fingerprint": "sha256:00"}, {"fingerprint": 7}, {"tool": "x"}, {}, {"x": 1}]
)
def test_a_body_that_names_no_call_is_refused(ci: Any, approved: Any, body: Any) -> None:
    answer = _consume(ci, approved, body)
    assert (answer.status_code, answer.json["code"]) == (422, "schema")
    assert _consume(ci, approved, CALL).status_code == 200
