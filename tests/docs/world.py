"""Everybody else: who sends to the desk of a page's reader, and who is told by it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier

from tests.plugins import chats as platforms
from tests.plugins.chats import DiscordService, SlackService
from tests.docs.reader import TIMEOUT
from tests.notices.mail_server import MailServer

SLACK, DISCORD = "C0123456789", "1102312312312312312"
"""The channels that the pages speak of."""
ASKS = """
from datetime import timedelta
from ctrlrun import Action, Principal
asked = provider.request(Action("refund", {"amount": 12}, Principal("bot")), timedelta(minutes=10))
print(asked.request_id)
"""
"""What an agent does with the provider that a page makes."""


@dataclass
class World:
    """Everybody else."""

    slack: SlackService
    discord: DiscordService
    mail: MailServer
    key: SigningKey
    """Discord's own key for the application."""


def post(url: str, document: Any, header: str, secret: str, **more: str) -> Any:
    """Send what an upstream signs by a digest of the body."""
    body = json.dumps(document).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", header: f"sha256={digest}", **more}
    answer = requests.post(url, body, headers=headers, timeout=TIMEOUT)
    assert answer.ok, answer.text
    return answer.json()


def ticket(name: str) -> dict[str, Any]:
    """What Helio posts."""
    asked = {"id": name, "tool_name": "delete_record", "tool_input": {"id": name}}
    ends = {"timeout_at": "2099-01-01T00:00:00.000Z", "status": "pending"}
    return {"event": "approval_requested", "ticket": asked | ends}


def slack_click(world: World, message_id: str, value: str) -> tuple[bytes, dict[str, str]]:
    """What Slack posts of a click, signed by its package."""
    click = {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "team": {"id": "T1", "domain": "acme"},
        "container": {"type": "message", "message_ts": message_id, "channel_id": SLACK},
        "channel": {"id": SLACK, "name": "approvals"},
        "message": {"type": "message", "ts": message_id},
        "trigger_id": str(time.time()),
        "response_url": f"{world.slack.url}/actions/T1/1/token",
        "actions": [{"action_id": "approve", "type": "button", "value": value}],
    }
    body, now = urlencode({"payload": json.dumps(click)}).encode(), str(int(time.time()))
    made = SignatureVerifier(platforms.SLACK_SECRET)
    signature = made.generate_signature(timestamp=now, body=body)
    return body, {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": str(signature),
    }


def discord_signed(world: World, document: Any) -> tuple[bytes, dict[str, str]]:
    """What Discord posts, signed by PyNaCl."""
    body, now = json.dumps(document).encode(), str(int(time.time()))
    return body, {
        "Content-Type": "application/json",
        "X-Signature-Timestamp": now,
        "X-Signature-Ed25519": world.key.sign(now.encode() + body).signature.hex(),
    }


def discord_click(
    world: World, message_id: str, value: str
) -> tuple[bytes, dict[str, str]]:
    """What Discord posts of a click."""
    return discord_signed(
        world,
        {
            "type": 3,
            "id": "846061405388720001",
            "application_id": platforms.APPLICATION,
            "token": f"aW50{time.time_ns()}",
            "channel_id": DISCORD,
            "channel": {"id": DISCORD, "type": 0},
            "member": {"user": {"id": "290926798626357999"}},
            "message": {"id": message_id, "channel_id": DISCORD},
            "data": {"custom_id": value, "component_type": 2, "id": 3},
        },
    )


def buttons_of(message: dict[str, Any]) -> dict[str, str]:
    """Return the buttons of a message that decide: their words and values."""
    if "blocks" in message:
        elements = message["blocks"][-1]["elements"]
        return {one["text"]["text"]: one["value"] for one in elements if "value" in one}
    elements = message["components"][0]["components"]
    return {one["label"]: one["custom_id"] for one in elements if "custom_id" in one}


def link_in(heard: dict[str, Any]) -> str:
    """Return where what a clicker was told leads, under the words of the page."""
    button = heard["blocks"][1] if "blocks" in heard else heard["components"][0]
    [one] = button.get("elements") or button["components"]
    assert (one.get("label") or one["text"]["text"]) == "Go on"
    return str(one["url"])
