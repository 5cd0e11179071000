"""Reading the desk's JSON: needed members are needed, unknown ones pass."""

from datetime import UTC, datetime
from typing import Any

import pytest
from countersign_client import Approval, BadAnswer, Client

DECISION = {
    "verdict": "deny",
    "actor": {"type": "user", "id": "usr_1", "display": "Ana"},
    "reason": None,
    "at": "2026-11-20T10:00:00.000Z",
    "channel": "browser",
}


@pytest.fixture
def body(server: Any, desk: Client) -> dict[str, Any]:
    return desk.ask("shell.run", {"command": "ls"}).approval.body


def test_members_are_read_as_what_they_are(body: dict[str, Any]) -> None:
    message = {"from": "Ana", "text": "why?", "at": "2026-11-20T11:00:00.000+01:00"}
    approval = Approval.parse({**body, "decisions": [DECISION], "messages": [message]})
    assert approval.decisions[0].actor.display == "Ana"
    assert approval.decisions[0].at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert approval.messages[0].at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert approval.messages[0].sender == "Ana"
    assert approval.human_instructions == "Ask Ana to look."
    assert approval.body["a_member_of_tomorrow"] == {"x": 1}


@pytest.mark.parametrize(
    "name",
    [
        "id",
        "status",
        "version",
        "tool",
        "arguments",
        "arguments_hash",
        "fingerprint",
        "created_at",
        "expires_at",
    ],
)
def test_a_needed_member_that_is_missing_is_a_bad_answer(
    body: dict[str, Any], name: str
) -> None:
    for broken in ({**body, name: None}, {n: v for n, v in body.items() if n != name}):
        with pytest.raises(BadAnswer, match=name):
            Approval.parse(broken)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 1),
        ("status", "approved!"),
        ("version", True),
        ("version", "1"),
        ("arguments", "{}"),
        ("effective_arguments", []),
        ("created_at", "yesterday"),
        ("created_at", "2026-11-20T10:00:00"),
        ("decided_at", 5),
        ("decisions", {}),
        ("decisions", ["deny"]),
        ("decisions", [{**DECISION, "actor": "Ana"}]),
        ("messages", [{"text": "x"}]),
        ("answer", {"text": "x"}),
        ("reused", 1),
        ("seen_count", "many"),
        ("retry_after", "soon"),
    ],
)
def test_a_member_of_another_kind_is_a_bad_answer(
    body: dict[str, Any], name: str, value: object
) -> None:
    with pytest.raises(BadAnswer, match="the desk"):
        Approval.parse({**body, name: value})


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"decisions": [{**DECISION, "reason": "not today"}]}, "not today"),
        (
            {
                "decisions": [
                    {**DECISION, "reason": "first"},
                    {**DECISION, "reason": "last"},
                ]
            },
            "last",
        ),
        (
            {
                "decisions": [
                    {**DECISION, "reason": "no"},
                    {**DECISION, "verdict": "approve", "reason": "fine by me"},
                ]
            },
            "no",
        ),
        ({"decisions": [DECISION]}, "no reason given by Ana"),
        ({"resolution": "policy"}, "by policy"),
        ({}, "no reason given"),
    ],
)
def test_the_denial_reason_is_that_of_the_deciding_decision(
    body: dict[str, Any], members: dict[str, Any], reason: str
) -> None:
    assert Approval.parse({**body, **members}).denial_reason == reason
