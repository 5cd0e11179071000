"""`redact` in a policy, as reviewers' tokens and the agent itself see a call."""

from __future__ import annotations

import json
from typing import Any

from tests.plugins.desk import House
from tests.plugins.rules import Desk

POLICY = """version: "1"
tools: {"mail.*": {rules: [{name: ask, action: require_approval}]}}
redact: [iban, "*_pin"]
"""
SECRETS = ("DE02120300000000202051", "pin-4711-of-ana")
LIST = "/api/v1/review/approvals"


def test_reviewers_get_masks_everywhere_and_the_agent_what_it_sent(
    ci: Any, token: Any, house: House, desk: Desk
) -> None:
    desk.set_policy(POLICY)
    arguments = {"iban": SECRETS[0], "deep": {"card_pin": SECRETS[1]}, "to": "ana"}
    filed = ci.file("mail.send", arguments=arguments, ctx={"iban": SECRETS[0]})
    rae = ci.using(token(house.rae))
    shown = json.dumps([rae.get(LIST).json, rae.get(f"{LIST}/{filed['id']}").json])
    assert not any(secret in shown for secret in SECRETS)
    assert "redacted 22 chars" in rae.get(LIST).json["items"][0]["line"]
    assert ci.get(f"/api/v1/approvals/{filed['id']}").json["arguments"] == arguments
    stored = desk.row(filed["id"])
    assert not any(secret in stored.line for secret in SECRETS)
