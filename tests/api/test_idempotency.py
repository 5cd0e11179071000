"""Idempotency-Key over HTTP: the same key and body is the same request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

CALL = {"tool": "shell.run", "arguments": {"command": "ls"}}


def test_a_retry_whose_first_answer_was_lost_finds_its_approval(ci: Any) -> None:
    first = ci.post("/api/v1/approvals", CALL, Idempotency_Key="a")
    again = ci.post("/api/v1/approvals", CALL, Idempotency_Key="a")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["id"] == first.json["id"]
    assert again.json["seen_count"] == 1  # the same request, not another one


def test_the_approval_is_shown_as_it_is_now(ci: Any, settle: Any, clock: Any) -> None:
    first = ci.post("/api/v1/approvals", CALL, Idempotency_Key="a").json
    settle(first["id"], "deny", "No")
    clock.advance(700_000)  # a denial is remembered for ten minutes, a key for thirty days
    again = ci.post("/api/v1/approvals", CALL, Idempotency_Key="a").json
    assert (again["id"], again["status"]) == (first["id"], "denied")


def test_another_body_under_the_same_key_is_refused(ci: Any, actions: Any) -> None:
    ci.post("/api/v1/approvals", CALL, Idempotency_Key="a")
    before = actions()
    other = ci.post("/api/v1/approvals", CALL | {"summary": "x"}, Idempotency_Key="a")
    gate = ci.post("/api/v1/gate", CALL, Idempotency_Key="a")
    for answer in (other, gate):
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert actions() == before


def test_keys_of_different_agents_have_nothing_to_do_with_each_other(
    ci: Any, house: Any
) -> None:
    mine = ci.post("/api/v1/approvals", CALL, Idempotency_Key="a").json
    theirs = ci.using(house.helper.key).post("/api/v1/approvals", CALL, Idempotency_Key="a")
    assert theirs.status_code == 201
    assert theirs.json["id"] != mine["id"]


def test_duplicates_at_the_same_time_make_one_approval(ci: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: ci.post("/api/v1/approvals", CALL, Idempotency_Key="a"), range(8)
            )
        )
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]


def test_a_gate_that_waits_is_evaluated_anew_and_its_use_is_replayed(
    ci: Any, settle: Any
) -> None:
    waiting = ci.post("/api/v1/gate", CALL, Idempotency_Key="g")
    assert waiting.status_code == 202
    settle(waiting.json["approval"]["id"])
    go = ci.post("/api/v1/gate", CALL, Idempotency_Key="g")
    again = ci.post("/api/v1/gate", CALL, Idempotency_Key="g")
    assert (go.status_code, again.status_code) == (200, 200)
    assert again.json == go.json
    assert ci.post("/api/v1/gate", CALL).json["code"] == "in_progress"


def test_the_receipt_of_a_repeat_is_the_same_even_after_a_renewal(
    ci: Any, settle: Any, clock: Any
) -> None:
    asked = ci.post("/api/v1/gate", CALL).json["approval"]["id"]
    settle(asked)
    go = ci.post("/api/v1/gate", CALL, Idempotency_Key="g").json
    clock.advance(60_000)
    lease = {"lease_token": go["lease_token"]}
    renewed = ci.post(f"/api/v1/approvals/{asked}/heartbeat", lease).json
    again = ci.post("/api/v1/gate", CALL, Idempotency_Key="g").json
    assert again["receipt"] == go["receipt"]
    assert again["lease_expires_at"] == renewed["lease_expires_at"]
    lease["result"] = "ok"
    assert ci.post(f"/api/v1/approvals/{asked}/outcome", lease).status_code == 200
    over = ci.post("/api/v1/gate", CALL, Idempotency_Key="g")
    assert (over.status_code, over.json["code"]) == (409, "already_consumed")
    assert "proceed" not in over.json


def test_of_duplicate_gates_at_the_same_time_one_use_comes_out(
    ci: Any, settle: Any
) -> None:
    settle(ci.post("/api/v1/gate", CALL).json["approval"]["id"])
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: ci.post("/api/v1/gate", CALL, Idempotency_Key="g"), range(8))
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json["consumption"] for answer in answers}) == 1
    assert len({answer.json["lease_token"] for answer in answers}) == 1


def test_a_gate_key_whose_approval_ended_says_so_and_wants_a_new_key(
    ci: Any, clock: Any
) -> None:
    asked = ci.post("/api/v1/gate", CALL, Idempotency_Key="c").json["approval"]["id"]
    ci.post(f"/api/v1/approvals/{asked}/cancel")
    ci.post("/api/v1/gate", CALL, Idempotency_Key="e")
    clock.advance(900_000)
    for key, status in (("c", "cancelled"), ("e", "expired")):
        answer = ci.post("/api/v1/gate", CALL, Idempotency_Key=key)
        assert (answer.status_code, answer.json["code"]) == (409, status)
        assert answer.json["proceed"] is False
        assert "new key" in answer.json["detail"]
        assert "Retry-After" not in answer.headers
        assert "retry_after" not in answer.json
    assert ci.post("/api/v1/gate", CALL, Idempotency_Key="new").status_code == 202


def test_a_refused_request_leaves_its_key_free(ci: Any) -> None:
    bad = ci.post("/api/v1/approvals", {"tool": "x"}, Idempotency_Key="a")
    assert bad.status_code == 422
    assert ci.post("/api/v1/approvals", CALL, Idempotency_Key="a").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ü"])
def test_a_key_that_is_none_is_refused(ci: Any, key: str) -> None:
    answer = ci.post("/api/v1/approvals", CALL, Idempotency_Key=key)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_invalid")


def test_the_longest_key_will_do(ci: Any) -> None:
    assert ci.post("/api/v1/approvals", CALL, Idempotency_Key="x" * 255).status_code == 201
