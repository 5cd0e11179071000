"""`POST /api/v1/gate`: may I do this now?"""

from __future__ import annotations

import base64
import json
from typing import Any

CALL = {"tool": "shell.run", "arguments": {"command": "ls", "n": 1.0}}


def test_a_new_call_has_to_wait(ci: Any) -> None:
    answer = ci.post("/api/v1/gate", CALL)
    assert answer.status_code == 202
    assert answer.json["proceed"] is False
    assert answer.json["approval"]["status"] == "pending"
    assert answer.headers["Retry-After"] == "5"


def test_a_retry_waits_for_the_same_approval(ci: Any) -> None:
    ids = {ci.post("/api/v1/gate", CALL).json["approval"]["id"] for _ in range(5)}
    assert len(ids) == 1


def test_an_approved_call_goes_once_with_what_must_be_run(ci: Any, settle: Any) -> None:
    asked = ci.post("/api/v1/gate", CALL).json["approval"]
    settle(asked["id"])
    go = ci.post("/api/v1/gate", CALL)
    assert go.status_code == 200
    assert go.json["proceed"] is True
    assert go.json["consumption"].startswith("con_")
    assert go.json["arguments"] == {"command": "ls", "n": 1}
    assert b'"arguments":{"command":"ls","n":1}}' in go.data  # canonical, byte for byte
    assert go.json["approval"]["status"] == "executing"
    again = ci.post("/api/v1/gate", CALL)
    assert (again.status_code, again.json["code"]) == (409, "in_progress")
    assert int(again.headers["Retry-After"]) > 0


def test_the_receipt_can_be_checked_with_the_published_key(
    ci: Any, settle: Any, runtime: Any, house: Any
) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    from webui.approvals.use.receipts import public_keys  # noqa: PLC0415

    def opened(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    settle(ci.post("/api/v1/gate", CALL).json["approval"]["id"])
    go = ci.post("/api/v1/gate", CALL).json
    head, claims, signature = go["receipt"].split(".")
    (key,) = public_keys(runtime.keyring)
    Ed25519PublicKey.from_public_bytes(opened(key["x"])).verify(
        opened(signature), f"{head}.{claims}".encode()
    )
    said = json.loads(opened(claims))
    assert json.loads(opened(head))["kid"] == key["kid"]
    assert said["fingerprint"] == go["approval"]["fingerprint"]
    assert said["deciders"] == [house.rae.id]


def test_a_gate_that_reports_nothing_uses_the_yes_up_at_once(ci: Any, settle: Any) -> None:
    body = CALL | {"report": False}
    settle(ci.post("/api/v1/gate", body).json["approval"]["id"])
    go = ci.post("/api/v1/gate", body)
    assert go.status_code == 200
    assert go.json["lease_token"] is None
    assert go.json["lease_expires_at"] is None
    assert go.json["approval"]["status"] == "consumed"
    assert ci.post("/api/v1/gate", body).status_code == 202  # a spent yes is never returned


def test_a_denied_call_is_refused_with_the_reason(ci: Any, settle: Any) -> None:
    asked = ci.post("/api/v1/gate", CALL).json["approval"]
    settle(asked["id"], "deny", "Wrong host")
    answer = ci.post("/api/v1/gate", CALL)
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    said = answer.json
    assert (said["code"], said["reason"], said["proceed"]) == (
        "denied",
        "Wrong host",
        False,
    )
    assert said["approval"]["id"] == asked["id"]
    assert "Wrong host" in said["detail"]


def test_a_denial_without_a_reason_is_a_denial(ci: Any, settle: Any) -> None:
    settle(ci.post("/api/v1/gate", CALL).json["approval"]["id"], "deny")
    answer = ci.post("/api/v1/gate", CALL)
    assert (answer.status_code, answer.json["reason"]) == (403, "")


def test_a_yes_past_its_time_is_asked_anew(ci: Any, settle: Any, clock: Any) -> None:
    asked = ci.post("/api/v1/gate", CALL).json["approval"]
    settle(asked["id"])
    clock.advance(900_000)
    answer = ci.post("/api/v1/gate", CALL)
    assert answer.status_code == 202
    assert answer.json["approval"]["id"] != asked["id"]


def test_an_outlived_lease_frees_the_call_to_be_asked_anew(
    ci: Any, settle: Any, clock: Any
) -> None:
    asked = ci.post("/api/v1/gate", CALL).json["approval"]
    settle(asked["id"])
    ci.post("/api/v1/gate", CALL)
    clock.advance(120_000)
    assert ci.post("/api/v1/gate", CALL).status_code == 202
    assert ci.get(f"/api/v1/approvals/{asked['id']}").json["status"] == "unknown"


def test_a_yes_for_one_agent_scope_tool_or_context_serves_no_other(
    ci: Any, settle: Any, house: Any
) -> None:
    settle(ci.post("/api/v1/gate", CALL).json["approval"]["id"])
    tool_def = {"name": "shell.run", "description": "runs", "input_schema": {}}
    others = [
        CALL | {"scope": "C1"},
        CALL | {"ctx": {"cwd": "/srv"}},
        CALL | {"tool": "shell.ran"},
        CALL | {"tool_def": tool_def},
        CALL | {"arguments": {"command": "ls", "n": 2}},
    ]
    assert [ci.post("/api/v1/gate", other).status_code for other in others] == [202] * 5
    assert ci.using(house.helper.key).post("/api/v1/gate", CALL).status_code == 202
    assert ci.post("/api/v1/gate", CALL).status_code == 200


def test_the_jsonrpc_form_is_what_gateways_hand_on(ci: Any) -> None:
    answer = ci.post("/api/v1/gate?format=jsonrpc", CALL)
    approval = answer.json["approval"]
    error = answer.json["jsonrpc_error"]
    command = f"countersign approvals approve {approval['id']}"
    assert error["code"] == -32003
    assert error["message"].startswith("[APPROVAL REQUIRED]")
    assert error["message"].endswith(f"{command} or at {approval['review_url']}")
    assert error["data"] == {
        "approval_id": approval["id"],
        "tool": "shell.run",
        "expires_at": approval["expires_at"],
        "retryable": True,
        "human_instructions": approval["human_instructions"],
    }


def test_a_plain_answer_has_no_jsonrpc_form(ci: Any) -> None:
    assert "jsonrpc_error" not in ci.post("/api/v1/gate", CALL).json
