"""Helio's tickets, as its documents and its source (12ba56c, 458b678) have them, both ways."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.plugins.upstream import converse
from webui.approvals.errors import InvalidError
from webui.receivers import helio
from webui.receivers.kind import Ignored, Inbound, Refused, SourceSecrets
from webui.receivers.reading import read_body
from webui.receivers.way_back import End, Heard, Outcome, Told

SECRET = "a secret of the webhook channel"
SOURCE = SourceSecrets((SECRET,), {"api_url": "http://127.0.0.1:3100/"}, "api-secret")
TICKET = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "tool_name": "delete_record",
    "tool_input": {"id": "123"},
    "matched_rule": "approve-deletes",
    "rule_index": 0,
    "channel_name": "webhook",
    "session_id": "session-abc",
    "requested_at": "2026-04-09T12:00:00.000Z",
    "timeout_at": "2026-04-09T12:05:00.000Z",
    "timeout_ms": 300000,
    "status": "pending",
    "notification_failures": [],
}


def delivery(document: Any, signature: str | None = None) -> Inbound:
    body = json.dumps(document, separators=(",", ":")).encode()
    made = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-helio-signature": signature or f"sha256={made}",
    }
    return Inbound(headers, body, "127.0.0.1")


def asked(**changed: Any) -> dict[str, Any]:
    document = {"event": "approval_requested", "ticket": TICKET | changed}
    inbound = delivery(document)
    helio.verify(inbound, SOURCE, 0)
    [submission] = helio.to_submissions(read_body(inbound), inbound.headers, SOURCE.config)
    return submission


def told(verdict: str, *answers: Heard, by: str = "Rae") -> Any:
    conversation = helio.tell(Told(verdict, "too risky", by), {"ticket": "t/1"}, SOURCE, 0)
    return converse(conversation, *answers)


def heard(code: int, **said: Any) -> Heard:
    return Heard(code, json.dumps(said).encode())


def test_a_ticket_becomes_a_submission_that_knows_its_way_back() -> None:
    assert asked() == {
        "tool": "delete_record",
        "arguments": {"id": "123"},
        "arguments_text": '{"id":"123"}',
        "source_ref": TICKET["id"],
        "run_deadline": TICKET["timeout_at"],
        "reason": "Helio's rule: approve-deletes.",
        "session": "session-abc",
        "reply_to": {"ticket": TICKET["id"]},
    }


def test_a_budget_that_is_exceeded_is_shown_and_a_session_may_lack() -> None:
    breached = [{"name": "spend", "limit": 10}]
    found = asked(breached_budgets=breached, session_id=None)
    assert found["context"] == {"breached_budgets": breached}
    assert "session" not in found


def test_a_forged_ticket_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        helio.verify(delivery({}, "sha256=" + "0" * 64), SOURCE, 0)
    assert caught.value.status == 401


@pytest.mark.parametrize(
    "document",
    [
        {"event": "approval_resolved"},
        {"event": "approval_requested", "ticket": TICKET | {"status": "denied"}},
    ],
    ids=["other event", "settled"],
)
def test_what_asks_for_nothing_is_ignored(document: Any) -> None:
    inbound = delivery(document)
    with pytest.raises(Ignored):
        helio.to_submissions(read_body(inbound), {}, SOURCE.config)


@pytest.mark.parametrize(
    "missing", ["id", "tool_name", "tool_input", "timeout_at", "status"]
)
def test_a_ticket_without_what_it_needs_is_refused(missing: str) -> None:
    with pytest.raises(Refused) as caught:
        asked(**{missing: None})
    assert caught.value.code == "field_missing"


def test_a_yes_goes_to_the_tickets_own_address_with_the_api_secret() -> None:
    ([sent], outcome) = told("approve", heard(200, ok=True))
    assert (sent.method, sent.url) == (
        "POST",
        "http://127.0.0.1:3100/api/approvals/t%2F1/approve",
    )
    assert sent.headers["Authorization"] == "Bearer api-secret"
    assert json.loads(sent.body) == {"approved_by": "Rae"}
    assert outcome.end is End.CONFIRMED


def test_a_no_carries_its_reason_and_always_a_name() -> None:
    ([sent], _) = told("deny", heard(200, ok=True), by="")
    assert sent.url.endswith("/deny")
    assert json.loads(sent.body) == {"denied_by": "Countersign", "reason": "too risky"}


@pytest.mark.parametrize(
    ("verdict", "answer", "end", "approved"),
    [
        ("approve", heard(404, error="Ticket not found"), End.GONE, None),
        ("approve", heard(409, status="approved"), End.CONFIRMED, True),
        ("approve", heard(409, status="break_glass"), End.CONFIRMED, True),
        ("deny", heard(409, status="approved"), End.GONE, True),
        ("approve", heard(409, status="denied"), End.GONE, False),
        ("deny", heard(409, status="denied"), End.CONFIRMED, False),
        ("deny", heard(409, status="timeout"), End.GONE, None),
        ("deny", heard(409, status="client_disconnected"), End.GONE, None),
        ("deny", heard(409, error="native_ticket"), End.PERMANENT, None),
        ("deny", heard(409, error="Failed to deny ticket"), End.TRANSIENT, None),
        ("deny", Heard(409, b"<html>"), End.TRANSIENT, None),
        ("deny", Heard(409, b"[]"), End.TRANSIENT, None),
        ("deny", heard(401), End.PERMANENT, None),
        ("deny", heard(302), End.PERMANENT, None),
        ("deny", heard(429), End.TRANSIENT, None),
        ("deny", heard(503), End.TRANSIENT, None),
    ],
)
def test_each_answer_of_helio_has_its_meaning(
    verdict: str, answer: Heard, end: End, approved: bool | None
) -> None:
    outcome: Outcome = told(verdict, answer)[1]
    assert (outcome.end, outcome.approved) == (end, approved)
    assert outcome.error or end is End.CONFIRMED


@pytest.mark.parametrize(
    ("config", "token", "pointer"),
    [
        ({}, "api-secret", "/api_url"),
        ({"api_url": "ftp://x"}, "api-secret", "/api_url"),
        ({"api_url": "http://x", "on_shutdown": "stop"}, "api-secret", "/on_shutdown"),
        ({"api_url": "http://x"}, None, "/token"),
    ],
)
def test_a_source_that_could_not_answer_is_not_made(
    config: dict[str, Any], token: str | None, pointer: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        helio.check_source(SourceSecrets((SECRET,), config, token))
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_settings_that_were_changed_past_the_desk_refuse() -> None:
    inbound = delivery({"event": "approval_requested", "ticket": TICKET})
    with pytest.raises(Refused) as caught:
        helio.to_submissions(read_body(inbound), {}, {})
    assert caught.value.code == "source_misconfigured"
