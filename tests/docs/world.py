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

from tests.docs.reader import TIMEOUT, until
from tests.notices.mail_server import MailServer
from tests.plugins import chats as platforms
from tests.plugins.chats import DiscordService, SlackService

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
    """What Slack posts of a click."""
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
    return slack_signed(click)


def slack_typed(
    world: World, _: requests.Response, text: str
) -> tuple[bytes, dict[str, str]]:
    """What Slack posts once somebody typed a text in the dialog that a click opened."""
    views = until(lambda: [one for one in world.slack.asked if one.path == "/views.open"])
    view = views[-1].body["view"]
    [field] = [one for one in view["blocks"] if one["type"] == "input"]
    typed = {field["block_id"]: {field["element"]["action_id"]: {"value": text}}}
    return slack_signed(
        {
            "type": "view_submission",
            "team": {"id": "T1", "domain": "acme"},
            "user": {"id": "U1", "username": "ana", "team_id": "T1"},
            "view": view | {"id": "V1", "state": {"values": typed}},
        }
    )


def slack_signed(payload: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """What Slack posts, signed by its package."""
    body, now = urlencode({"payload": json.dumps(payload)}).encode(), str(int(time.time()))
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
    data = {"custom_id": value, "component_type": 2, "id": 3}
    message = {"id": message_id, "channel_id": DISCORD}
    return discord_signed(world, _interaction(3) | {"message": message, "data": data})


def discord_typed(
    world: World, clicked: requests.Response, text: str
) -> tuple[bytes, dict[str, str]]:
    """What Discord posts once somebody typed a text in the dialog that a click opened."""
    modal = clicked.json()
    assert modal["type"] == 9
    [label] = modal["data"]["components"]
    field = {"type": 4, "custom_id": label["component"]["custom_id"], "value": text}
    typed = [{"type": 18, "id": 1, "component": field}]
    data = {"custom_id": modal["data"]["custom_id"], "components": typed}
    return discord_signed(world, _interaction(5) | {"data": data})


def _interaction(kind: int) -> dict[str, Any]:
    return {
        "type": kind,
        "id": "846061405388720001",
        "application_id": platforms.APPLICATION,
        "token": f"aW50{time.time_ns()}",
        "channel_id": DISCORD,
        "channel": {"id": DISCORD, "type": 0},
        "member": {"user": {"id": "290926798626357999", "username": "ana"}},
    }


def buttons_of(message: dict[str, Any]) -> dict[str, str]:
    """Return the buttons of a message that decide: their words and values."""
    if "blocks" in message:
        elements = message["blocks"][-1]["elements"]
        return {one["text"]["text"]: one["value"] for one in elements if "value" in one}
    elements = message["components"][0]["components"]
    return {one["label"]: one["custom_id"] for one in elements if "custom_id" in one}


def asks_for_code(heard: dict[str, Any]) -> dict[str, str]:
    """Return the button by which a clicker types a code: its words and value."""
    button = heard["blocks"][1] if "blocks" in heard else heard["components"][0]
    [one] = button.get("elements") or button["components"]
    words = one.get("label") or one["text"]["text"]
    return {str(words): str(one.get("custom_id") or one["value"])}
