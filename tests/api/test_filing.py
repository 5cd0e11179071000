"""`POST /api/v1/approvals`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from webui.approvals.asking import throttling
from webui.approvals.errors import TooManyError
from webui.store.models import Event

CALL = {"tool": "bank.transfer", "arguments": {"to": "DE89", "amount": 12.5}}


def test_a_filed_call_waits_and_tells_the_agent_how_to_wait(ci: Any, house: Any) -> None:
    answer = ci.post("/api/v1/approvals", CALL)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Retry-After"] == str(answer.json["retry_after"])
    found = answer.json
    assert found["status"] == "pending"
    assert found["agent"] == house.ci.id
    assert found["org"] == house.org_id
    assert found["arguments"] == CALL["arguments"]
    assert found["reused"] is False
    assert found["retryable"] is True
    assert found["review_url"] == f"http://localhost:8080/approvals/{found['id']}"
    assert found["review_url"] in found["human_instructions"]
    assert found["expires_at"].endswith("Z")
    assert found["quorum"] == {
        "approvals": 0,
        "denials": 0,
        "required": 1,
        "deny_at": 1,
        "approvers": [],
        "distinct_groups": False,
        "veto_groups": [],
    }


def test_every_field_comes_back_as_it_was_said(ci: Any, house: Any) -> None:
    told = {
        "summary": "Pay Ada",
        "reason": "Invoice 7",
        "context": {"invoice": [7, None]},
        "risk": "high",
        "session": "s-1",
        "run": "r-1",
        "scope": "C123",
        "source_ref": "ref-1",
        "allowed_decisions": ["approve", "deny"],
    }
    trace = [
        {"label": "read mail", "at": "2026-05-01T12:00:00Z", "link": "https://x.example/"}
    ]
    body = (
        CALL | told | {"trace": trace, "on_behalf_of": house.max.email, "ctx": {"cwd": "/"}}
    )
    found = ci.post("/api/v1/approvals", body).json
    assert {name: found[name] for name in told} == told
    assert found["trace"] == trace
    assert found["on_behalf_of"] == house.max.id


def test_the_same_call_again_is_the_same_approval(ci: Any) -> None:
    first = ci.post("/api/v1/approvals", CALL).json
    again = ci.post("/api/v1/approvals", {**CALL, "summary": "said otherwise"})
    assert again.status_code == 200
    assert again.json["reused"] is True
    assert again.json["id"] == first["id"]
    assert again.json["seen_count"] == 2
    assert again.json["version"] == first["version"]


def test_an_approved_call_that_was_not_used_is_returned(ci: Any, settle: Any) -> None:
    first = ci.post("/api/v1/approvals", CALL).json
    settle(first["id"])
    again = ci.post("/api/v1/approvals", CALL)
    assert (again.status_code, again.json["status"]) == (200, "approved")
    assert "retry_after" not in again.json


def test_asking_anew_after_a_denial_gets_the_denial_with_its_reason(
    ci: Any, settle: Any, clock: Any
) -> None:
    first = ci.post("/api/v1/approvals", CALL).json
    settle(first["id"], "deny", "Not on a Friday")
    again = ci.post("/api/v1/approvals", CALL)
    assert (again.status_code, again.json["id"]) == (200, first["id"])
    assert again.json["status"] == "denied"
    assert again.json["decisions"][0]["reason"] == "Not on a Friday"
    clock.advance(601_000)
    assert ci.post("/api/v1/approvals", CALL).status_code == 201


def test_a_call_that_runs_is_in_progress(ci: Any, used: Any) -> None:
    answer = ci.post(
        "/api/v1/approvals", {"tool": "shell.run", "arguments": {"command": "ls"}}
    )
    assert (answer.status_code, answer.json["code"]) == (409, "in_progress")
    assert 1 <= int(answer.headers["Retry-After"]) <= 120
    assert answer.json["retry_after"] == int(answer.headers["Retry-After"])


def test_the_agents_hint_can_only_raise_the_risk(ci: Any) -> None:
    assert ci.file(risk="low", arguments={})["risk"] == "medium"
    assert ci.file(risk="critical", arguments={"a": 1})["risk"] == "critical"


def test_other_arguments_under_the_same_source_ref_supersede(ci: Any) -> None:
    old = ci.file(arguments={"n": 1}, source_ref="job-1")
    new = ci.file(arguments={"n": 2}, source_ref="job-1")
    found = ci.get(f"/api/v1/approvals/{old['id']}").json
    assert (found["status"], found["superseded_by"]) == ("superseded", new["id"])


def test_an_approval_expires_before_its_run_dies(ci: Any, clock: Any) -> None:
    deadline = clock.now() + 100_000
    moment = datetime.fromtimestamp(deadline / 1000, UTC)
    found = ci.file(run_deadline=moment.isoformat())
    expires = datetime.fromisoformat(found["expires_at"])
    assert 9 <= (moment - expires).total_seconds() <= 11


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on_behalf_of", "nobody@example.org"),
        ("on_behalf_of", "zoe@example.org"),
        ("run_deadline", "2020-01-01T00:00:00Z"),
        ("run_deadline", "2027-06-02T12:00:00"),
        ("run_deadline", "tomorrow at noon"),
        ("run_deadline", "0001-01-01T00:00:00+14:00"),
        ("callback_url", "ftp://example.org/"),
        ("callback_url", "http://user:secret@example.org/"),
        ("callback_url", "http://example.org:99999999/"),
        ("callback_url", "http://[broken/"),
        ("callback_url", "http://example.org/\0"),
        ("expires_in", 0),
        ("expires_in", "60"),
        ("expires_in", True),
        ("risk", "extreme"),
        ("allowed_decisions", []),
        ("allowed_decisions", ["approve", "shrug"]),
        ("summary", "x" * 501),
        ("summary", "a\0b"),
        ("session", ""),
        ("tool_def", {"name": "x", "colour": "red"}),
        ("trace", [{"label": "x", "link": "javascript:alert(1)"}]),
    ],
)
def test_a_field_that_will_not_do_is_named_and_never_repeated(
    ci: Any, actions: Any, field: str, value: Any
) -> None:
    before = actions()
    answer = ci.post("/api/v1/approvals", CALL | {field: value})
    assert answer.status_code == 422, answer.json
    assert answer.mimetype == "application/problem+json"
    pointers = [error["pointer"] for error in answer.json["errors"]]
    assert all(pointer.startswith(f"/{field}") for pointer in pointers), pointers
    assert answer.json["errors"][0]["detail"]
    if isinstance(value, str) and len(value) > 3:
        assert value not in answer.get_data(as_text=True)
    assert actions() == before


def test_too_many_waiting_calls_are_held_back(ci: Any, runtime: Any, settle: Any) -> None:
    runtime.limits = replace(runtime.limits, max_pending=2, rate=0)
    first = ci.file(arguments={"n": 1})
    ci.file(arguments={"n": 2})
    answer = ci.post("/api/v1/approvals", CALL)
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_pending")
    assert int(answer.headers["Retry-After"]) > 0
    settle(first["id"])
    assert ci.post("/api/v1/approvals", CALL).status_code == 201


def test_an_agent_that_asks_too_fast_is_told_when_to_come_back(
    ci: Any, runtime: Any, clock: Any, house: Any
) -> None:
    runtime.limits = replace(runtime.limits, max_pending=0, rate=1)
    statuses = [
        ci.post("/api/v1/approvals", {"tool": "t", "arguments": {"n": n}}).status_code
        for n in range(3)
    ]
    assert statuses == [201, 201, 429]
    answer = ci.post("/api/v1/approvals", {"tool": "t", "arguments": {"n": 9}})
    assert answer.json["code"] == "rate_limited"
    other = ci.using(house.helper.key)
    assert other.post("/api/v1/approvals", CALL).status_code == 201
    clock.advance(1000 * int(answer.headers["Retry-After"]))
    assert ci.post("/api/v1/approvals", CALL).status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/approvals", "/api/v1/gate"])
def test_refusals_by_back_pressure_are_told_of_once_a_minute(
    ci: Any, store: Any, house: Any, clock: Any, monkeypatch: Any, path: str
) -> None:
    def refused() -> None:
        raise TooManyError("Slow.", retry_after=1)

    monkeypatch.setattr(throttling, "spend", lambda *_, **__: refused())

    def told() -> list[tuple[str, int]]:
        with store.reading() as session:
            rows = session.query(Event).where(
                Event.org_id == house.org_id, Event.action == "tool_call"
            )
            found = [json.loads(row.payload) for row in rows.order_by(Event.seq)]
            return [(each["result"], each["count"]) for each in found]

    body = {"tool": "shell.run", "arguments": {}}
    for _ in range(4):
        assert ci.post(path, body).status_code == 429
    clock.advance(60_000)
    assert ci.post(path, body).status_code == 429
    counts = told()
    assert {result for result, _ in counts} == {"rate_limited"}
    assert 2 <= len(counts) <= 3  # the minute may turn in between
    assert sum(count for _, count in counts) == 5
