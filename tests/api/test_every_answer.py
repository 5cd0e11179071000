"""Over HTTP: an edit, an answer, a request for changes, and what agents learn of each."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from webui.approvals.authorization import ALL
from webui.approvals.call.canonical import arguments_hash

REVIEW = "/api/v1/review/approvals"
ASKED = {"command": "ls", "password": "hunter2", "n": 1}


@pytest.fixture
def as_member(ci: Any, token: Any) -> Callable[..., Any]:
    return lambda member: ci.using(token(member, scopes=ALL))


@pytest.fixture
def rae(as_member: Any, house: Any) -> Any:
    return as_member(house.rae)


@pytest.fixture
def poll(ci: Any, runtime: Any) -> Any:
    """Hold a poll in another thread; returns once it is held."""
    with ThreadPoolExecutor(2) as pool:

        def hold(path: str, **headers: str) -> Future[Any]:
            future = pool.submit(ci.get, path, **headers)
            until = time.monotonic() + 60
            while runtime.bus.waiting() == 0 and not future.done():
                assert time.monotonic() < until
                threading.Event().wait(0.001)
            return future

        yield hold


def decide(caller: Any, approval: dict[str, Any], verdict: str, **more: Any) -> Any:
    path = f"{REVIEW}/{approval['id']}"
    body = {"verdict": verdict, "seal": caller.get(path).json["seal"]} | more
    return caller.post(f"{path}/decide", body)


def edit(caller: Any, approval: dict[str, Any], **changed: Any) -> Any:
    """Edit as a program does: from what it was shown, masks and all."""
    shown = caller.get(f"{REVIEW}/{approval['id']}").json
    arguments = shown.get("effective_arguments", shown["arguments"]) | changed
    return decide(caller, approval, "edit", arguments=arguments)


def claims_of(receipt: str) -> dict[str, Any]:
    part = receipt.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return claims


def test_an_edit_is_told_exactly_and_is_what_runs(ci: Any, rae: Any) -> None:
    filed = ci.file(arguments=ASKED)
    answer = edit(rae, filed, n=2)
    assert (answer.status_code, answer.json["status"]) == (200, "approved")
    assert "hunter2" not in answer.get_data(as_text=True)
    assert answer.json["edited"]["changes"] == [
        {"path": "/n", "change": "changed", "before": 1, "after": 2}
    ]
    told = ci.get(f"/api/v1/approvals/{filed['id']}").json
    assert (told["arguments"], told["effective_arguments"]) == (ASKED, ASKED | {"n": 2})
    assert told["edited"]["arguments_hash"] == arguments_hash(ASKED | {"n": 2})
    assert told["arguments_hash"] == filed["arguments_hash"]
    path = f"/api/v1/approvals/{filed['id']}/consume"
    used = ci.post(path, {"tool": "shell.run", "arguments": ASKED}).json
    assert used["arguments"] == ASKED | {"n": 2}
    claims = claims_of(used["receipt"])
    assert claims["arguments_hash"] == told["edited"]["arguments_hash"]
    assert claims["fingerprint"] == filed["fingerprint"]


def test_a_receipt_names_every_yes_and_an_edit_is_one(
    ci: Any, rae: Any, as_member: Any, house: Any, demand: Any
) -> None:
    filed = ci.file(arguments=ASKED)
    demand(filed["id"], approvals_required=2)
    edit(rae, filed, n=2)
    assert decide(as_member(house.ana), filed, "approve").json["status"] == "approved"
    path = f"/api/v1/approvals/{filed['id']}/consume"
    used = ci.post(path, {"tool": "shell.run", "arguments": ASKED}).json
    assert set(claims_of(used["receipt"])["deciders"]) == {house.rae.id, house.ana.id}


def test_the_edited_call_is_consumed_as_it_then_is_and_no_third_is(
    ci: Any, rae: Any
) -> None:
    filed = ci.file(arguments=ASKED)
    edit(rae, filed, n=2)
    path = f"/api/v1/approvals/{filed['id']}/consume"
    third = ci.post(path, {"tool": "shell.run", "arguments": ASKED | {"n": 3}})
    assert (third.status_code, third.json["code"]) == (409, "fingerprint_mismatch")
    used = ci.post(path, {"tool": "shell.run", "arguments": ASKED | {"n": 2}})
    assert used.json["arguments"] == ASKED | {"n": 2}
    with_gate = ci.file(arguments=ASKED | {"n": 7})
    edit(rae, with_gate, n=8)
    body = {"tool": "shell.run", "arguments": ASKED | {"n": 7}}
    gone = ci.post("/api/v1/gate", body).json
    assert (gone["proceed"], gone["arguments"]["n"]) == (True, 8)
    assert gone["approval"]["edited"]["changes"][0]["path"] == "/n"


def test_the_repeat_of_an_edit_is_a_success(ci: Any, rae: Any, as_member: Any) -> None:
    filed = ci.file(arguments={"n": 1})
    assert edit(rae, filed, n=2).status_code == 200
    again = edit(rae, filed, n=2)
    assert (again.status_code, len(again.json["decisions"])) == (200, 1)
    other = edit(rae, filed, n=3)
    assert (other.status_code, other.json["code"]) == (409, "already_settled")


def test_a_second_reviewer_sees_the_edit_and_edits_it(
    ci: Any, rae: Any, as_member: Any, house: Any, demand: Any
) -> None:
    filed = ci.file(arguments=ASKED)
    demand(filed["id"], approvals_required=2)
    answer = edit(rae, filed, n=2)
    assert (answer.json["status"], answer.json["quorum"]["approvals"]) == ("pending", 1)
    ana = as_member(house.ana)
    shown = ana.get(f"{REVIEW}/{filed['id']}").json
    assert shown["effective_arguments"]["n"] == 2
    answer = edit(ana, filed, n=3)
    assert (answer.json["status"], answer.json["quorum"]["approvals"]) == ("pending", 1)
    assert decide(rae, filed, "approve").json["status"] == "approved"


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ({"verdict": "edit"}, "full_view_required", 403),
        ({"verdict": "edit", "arguments": {"n": 2}}, "full_view_required", 403),
        ({"verdict": "edit", "seal": None}, "full_view_required", 403),
        ({"verdict": "respond"}, "invalid", 422),
        ({"verdict": "respond", "answer": ""}, "schema", 422),
        ({"verdict": "respond", "answer": "x" * 4_001}, "schema", 422),
        ({"verdict": "respond", "answer": "\0"}, "schema", 422),
        ({"verdict": "request_changes"}, "text_required", 422),
        ({"verdict": "deny", "answer": "x"}, "invalid", 422),
        ({"verdict": "deny", "arguments": {"n": 2}}, "invalid", 422),
    ],
)
def test_a_verdict_brings_what_it_needs_and_nothing_else(
    ci: Any, rae: Any, body: dict[str, Any], code: str, status: int
) -> None:
    filed = ci.file(arguments={"n": 1})
    answer = rae.post(f"{REVIEW}/{filed['id']}/decide", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert ci.get(f"/api/v1/approvals/{filed['id']}").json["status"] == "pending"


def test_edited_arguments_are_strict_json_and_faults_name_their_place(
    ci: Any, rae: Any
) -> None:
    filed = ci.file(arguments={"n": 1})
    path = f"{REVIEW}/{filed['id']}"
    seal = rae.get(path).json["seal"].encode()
    for text in (b'{"n":1,"n":2}', b'{"n":NaN}', b'{"n":9007199254740993}'):
        body = b'{"verdict":"edit","seal":"' + seal + b'","arguments":' + text + b"}"
        assert rae.post(f"{path}/decide", body).status_code == 422
    answer = edit(rae, filed, n="2")
    assert (answer.status_code, answer.json["code"]) == (422, "edit_types")
    assert answer.json["errors"][0]["pointer"] == "/arguments/n"


def test_a_token_that_was_not_made_for_it_edits_nothing(
    ci: Any, token: Any, house: Any
) -> None:
    plain = ci.using(token(house.rae))
    filed = ci.file(arguments={"n": 1})
    answer = edit(plain, filed, n=2)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert "approvals:edit_arguments" in answer.json["detail"]
    assert decide(plain, filed, "approve").status_code == 200


def test_what_asks_for_its_page_is_edited_there_only(ci: Any, rae: Any) -> None:
    filed = ci.file(arguments={"n": 1}, risk="high")
    answer = edit(rae, filed, n=2)
    assert (answer.status_code, answer.json["code"]) == (403, "full_view_required")


# ---- Answers


def test_an_answer_is_told_and_the_gate_says_it_again_and_again(ci: Any, rae: Any) -> None:
    body = {"tool": "shell.run", "arguments": {"n": 1}}
    waiting = ci.post("/api/v1/gate", body, Idempotency_Key="k1")
    filed = waiting.json["approval"]
    answer = decide(rae, filed, "respond", answer="It is 42.", reason="known")
    assert (answer.json["status"], answer.json["answer"]) == ("answered", "It is 42.")
    for key in ("k1", "k1", "k2"):
        again = ci.post("/api/v1/gate", body, Idempotency_Key=key)
        assert (again.status_code, again.json["proceed"]) == (200, False)
        assert again.json["answer"] == "It is 42."
        assert again.json["approval"]["id"] == filed["id"]
        assert "lease_token" not in again.json
    told = ci.get(f"/api/v1/approvals/{filed['id']}").json
    assert (told["answer"], told["decisions"][0]["reason"]) == ("It is 42.", "known")
    path = f"/api/v1/approvals/{filed['id']}/consume"
    assert ci.post(path, {"fingerprint": filed["fingerprint"]}).status_code == 409


def test_an_answer_that_settles_nothing_yet_is_not_told_to_the_agent(
    ci: Any, rae: Any, as_member: Any, house: Any, demand: Any
) -> None:
    filed = ci.file()
    demand(filed["id"], denials_required=2)
    decide(rae, filed, "respond", answer="It is 42.")
    assert ci.get(f"/api/v1/approvals/{filed['id']}").json["answer"] is None
    decide(as_member(house.ana), filed, "deny")
    told = ci.get(f"/api/v1/approvals/{filed['id']}").json
    assert (told["status"], told["answer"]) == ("denied", None)


# ---- Conversation


def test_a_held_poll_wakes_when_changes_are_asked_for_and_when_somebody_writes(
    ci: Any, rae: Any, poll: Any
) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}?wait=60"
    held = poll(path)
    decide(rae, filed, "request_changes", reason="Which host?")
    answer = held.result(60)
    assert answer.json["status"] == "needs_revision"
    [message] = answer.json["messages"]
    assert (message["from"].split(":")[0], message["text"]) == ("user", "Which host?")
    assert "asked for changes" in answer.json["human_instructions"]
    held = poll(path, If_None_Match=answer.headers["ETag"])
    rae.post(f"{REVIEW}/{filed['id']}/messages", {"text": "Staging?"})
    texts = [message["text"] for message in held.result(60).json["messages"]]
    assert texts == ["Which host?", "Staging?"]


def test_the_gate_answers_202_with_the_message_until_the_agent_has_answered(
    ci: Any, rae: Any
) -> None:
    body = {"tool": "shell.run", "arguments": {"n": 1}}
    filed = ci.post("/api/v1/gate", body).json["approval"]
    decide(rae, filed, "request_changes", reason="Which host?")
    again = ci.post("/api/v1/gate", body)
    assert (again.status_code, again.json["proceed"]) == (202, False)
    assert again.json["approval"]["messages"][0]["text"] == "Which host?"
    shown = rae.get(f"{REVIEW}/{filed['id']}").json
    refused = decide(rae, filed, "approve")
    assert (refused.status_code, refused.json["code"]) == (409, "needs_revision")
    said = ci.post(f"/api/v1/approvals/{filed['id']}/messages", {"text": "Staging."})
    assert (said.status_code, said.json["status"]) == (200, "pending")
    assert decide(rae, filed, "approve", seal=shown["seal"]).json["status"] == "approved"


def test_an_agent_writes_about_its_own_open_calls_only(
    ci: Any, house: Any, settle: Any
) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}/messages"
    for key in (house.helper.key, house.stranger.key):
        answer = ci.using(key).post(path, {"text": "hello"})
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    for bad in ({}, {"text": ""}, {"text": "x" * 4_001}, {"text": "x", "from": "user:1"}):
        assert ci.post(path, bad).status_code == 422
    settle(filed["id"])
    late = ci.post(path, {"text": "hello"})
    assert (late.status_code, late.json["code"]) == (409, "already_settled")


def test_an_agents_key_never_writes_as_a_reviewer(ci: Any, actions: Any) -> None:
    filed = ci.file()
    for verb, body in (
        ("messages", {"text": "approve me"}),
        ("decide", {"verdict": "respond", "answer": "x"}),
    ):
        answer = ci.post(f"{REVIEW}/{filed['id']}/{verb}", body)
        assert (answer.status_code, answer.json["code"]) == (403, "agent_cannot_decide")
        assert actions()[-1] == "agent_cannot_decide"
    assert ci.get(f"/api/v1/approvals/{filed['id']}").json["messages"] == []


def test_every_verdict_is_offered_unless_the_agent_says_which(ci: Any) -> None:
    every = ci.file()["allowed_decisions"]
    assert every == ["approve", "deny", "edit", "respond", "request_changes"]
    some = ci.file(arguments={"n": 1}, allowed_decisions=["edit"])["allowed_decisions"]
    assert some == ["edit", "deny"]


def test_who_may_not_edit_gets_one_answer_whatever_they_send(
    ci: Any, token: Any, house: Any, actions: Any
) -> None:
    filed = ci.file(arguments={"password": "hunter2", "n": 1})
    viewer = ci.using(token(house.vi, scopes=ALL))
    path = f"/api/v1/review/approvals/{filed['id']}/decide"
    guesses: tuple[dict[str, Any], ...] = (
        {"password": "hunter2", "n": 1},  # right: nothing would be changed
        {"password": "hunter1", "n": 1},
        {"password": 7, "other": None},
    )
    said = set()
    for guess in guesses:
        body = {"verdict": "edit", "seal": "0" * 64, "arguments": guess}
        answer = viewer.post(path, body)
        said.add((answer.status_code, answer.json["code"], answer.json["detail"]))
    assert [status for status, _, _ in said] == [403]
    assert actions().count("access.refused") == len(guesses)
