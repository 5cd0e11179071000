"""Slack and Discord on loopback, as far as a desk speaks with them, and people who click there.

The shapes are those of their documentation (docs.slack.dev; docs.discord.com, API v10), the
signatures are made by slack_sdk and by PyNaCl.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from nacl.signing import SigningKey
from slack_sdk.signature import SignatureVerifier

from webui.approvals.people import chat_identities
from webui.approvals.senders import sources
from webui.chat import clicking
from webui.chat.poster import Poster

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.test import TestResponse

    from tests.plugins.desk import Browser, House, Member
    from webui.runtime import Runtime
    from webui.settings import Settings
    from webui.store.store import Store

Answer = tuple[int, dict[str, str], dict[str, Any]]
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_TOKEN, DISCORD_TOKEN = "xoxb-1-2-three", "MTk4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
APPLICATION = "775799577604522054"
EPHEMERAL = 64


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Service:
    """A web server that is the platform; `instead` answers the next requests otherwise."""

    asked: list[Asked] = field(default_factory=list)
    instead: list[Answer] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: list[dict[str, Any]] = field(default_factory=list)
    """What clickers were told alone."""
    number: int = 0
    url: str = ""

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def take(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.instead.pop(0) if self.instead else self.answer(asked)


def handler_for(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(self.rfile.read(size) or b"{}")
            status, more, said = service.take(Asked(self.command, self.path, headers, body))
            text = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **more}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PATCH = _do  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's
            """Say nothing."""

    return Handler


class SlackService(Service):
    """Slack's Web API and its response URLs."""

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/actions/"):
            assert "authorization" not in asked.headers
            self.heard.append(asked.body)
            return 200, {}, {"ok": True}
        if asked.headers.get("authorization") != f"Bearer {SLACK_TOKEN}":
            return 200, {}, {"ok": False, "error": "invalid_auth"}
        assert asked.headers["content-type"] == "application/json; charset=utf-8"
        method = asked.path.removeprefix("/")
        if method == "views.open":
            assert asked.body["trigger_id"]
            return 200, {}, {"ok": True, "view": asked.body["view"] | {"id": "V1"}}
        channel = asked.body["channel"]
        if method == "chat.postMessage":
            self.number += 1
            ts = f"17000000{self.number:02d}.000100"
        else:
            assert method == "chat.update", method
            ts = asked.body["ts"]
            if ts not in self.messages:
                return 200, {}, {"ok": False, "error": "message_not_found"}
        self.messages[ts] = asked.body
        return 200, {}, {"ok": True, "channel": channel, "ts": ts, "message": {}}


class DiscordService(Service):
    """Discord's API, with the webhooks by which interactions are answered."""

    def answer(self, asked: Asked) -> Answer:
        steps = asked.path.strip("/").split("/")
        assert asked.headers["user-agent"].startswith("DiscordBot (")
        assert asked.body["allowed_mentions"] == {"parse": []}
        if steps[0] == "webhooks":
            assert steps[1] == APPLICATION
            assert "authorization" not in asked.headers
            assert asked.body["flags"] & EPHEMERAL
            self.heard.append(asked.body)
            return 200, {}, {"id": "9", "content": asked.body["content"]}
        if asked.headers.get("authorization") != f"Bot {DISCORD_TOKEN}":
            return 401, {}, {"message": "401: Unauthorized", "code": 0}
        assert steps[0] == "channels"
        assert steps[2] == "messages"
        if asked.method == "POST":
            same = [
                message_id
                for message_id, message in self.messages.items()
                if message["nonce"] == asked.body["nonce"]
            ]
            self.number += 1
            message_id = same[0] if same else f"1234567890123456{self.number:03d}"
            assert len(asked.body["nonce"]) <= 25
            assert len(asked.body["content"]) <= 2_000
        else:
            message_id = steps[3]
            if message_id not in self.messages:
                return 404, {}, {"message": "Unknown Message", "code": 10008}
        kept = self.messages.get(message_id, {})
        self.messages[message_id] = kept | asked.body
        return 200, {}, {"id": message_id, "channel_id": steps[1]}


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Serve a platform until the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(service))
    server.daemon_threads = True
    service.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    ).start()
    yield
    server.shutdown()
    server.server_close()


@pytest.fixture
def services() -> Iterator[dict[str, Service]]:
    """Both platforms."""
    made: dict[str, Service] = {"slack": SlackService(), "discord": DiscordService()}
    with running(made["slack"]), running(made["discord"]):
        yield made


def settings_with(
    instance: Path, database_url: str, services: dict[str, Service], **more: Any
) -> Settings:
    """Return settings of a desk that speaks with these two instead of the real ones."""
    from webui.settings import Settings  # noqa: PLC0415 - what it imports is slow

    on_postgresql = database_url.startswith("postgresql")
    return Settings.model_validate(
        {
            "instance": instance,
            "database_url": database_url if on_postgresql else None,
            "callback_allow": ("127.0.0.0/8",),
            "slack_api": services["slack"].url,
            "discord_api": services["discord"].url,
            **more,
        }
    )


@dataclass
class Chat:
    """A channel of a platform, its messages, and what people do with them."""

    kind: str
    service: Service
    browser: Browser
    store: Store
    runtime: Runtime
    org_id: str
    channel: str
    source_id: str
    key: SigningKey
    poster: Poster
    clicks: int = 0

    # what the desk does -----------------------------------------------------------------

    def turn(self) -> None:
        """Let the desk post and edit until there is nothing to do."""
        while self.poster.turn():
            self.poster.wait()

    # what is to be seen ------------------------------------------------------------------

    @property
    def last(self) -> str:
        """The id of the newest message."""
        return list(self.service.messages)[-1]

    def buttons(self, message_id: str | None = None) -> dict[str, str]:
        """The words on the buttons that decide, and their values."""
        message = self.service.messages[message_id or self.last]
        if self.kind == "slack":
            elements = message["blocks"][-1]["elements"]
            return {e["text"]["text"]: e["value"] for e in elements if "value" in e}
        elements = message["components"][0]["components"]
        return {e["label"]: e["custom_id"] for e in elements if "custom_id" in e}

    def text(self, message_id: str | None = None) -> str:
        """All words of a message."""
        message = self.service.messages[message_id or self.last]
        if self.kind == "discord":
            return str(message["content"])
        head, facts, note, _ = message["blocks"]
        lines = [head["text"]["text"], *(f["text"] for f in facts["fields"])]
        return "\n".join([*lines, note["text"]["text"]])

    @property
    def heard(self) -> list[str]:
        """What clickers were told alone."""
        if self.kind == "slack":
            return [said["blocks"][0]["text"]["text"] for said in self.service.heard]
        return [said["content"].strip("`\n") for said in self.service.heard]

    def link_button(self) -> str:
        """What the button says that clickers were last given to type a code."""
        for said in reversed(self.service.heard):
            if self.kind == "slack" and len(said["blocks"]) > 1:
                return str(said["blocks"][1]["elements"][0]["value"])
            if self.kind == "discord" and "components" in said:
                return str(said["components"][0]["components"][0]["custom_id"])
        raise AssertionError(self.heard)

    def type_code(self, code: str, user: str = "U1") -> str:
        """Press the button that asks for a code, type one, and return what is said to that."""
        asked = self.press("", user, value=self.link_button())
        self.send(self.sent_dialog(asked, code, user))
        return self.heard[-1]

    # what people do ----------------------------------------------------------------------

    def press(
        self,
        word: str,
        user: str = "U1",
        *,
        message_id: str | None = None,
        channel: str | None = None,
        value: str | None = None,
    ) -> TestResponse:
        """Click a button as somebody, and wait for what comes of it."""
        wanted = message_id or self.last
        pressed = value if value is not None else self.buttons(wanted)[word]
        return self.send(self.click(pressed, user, wanted, channel or self.channel))

    def click(self, value: str, user: str, message_id: str, channel: str) -> dict[str, Any]:
        """What the platform sends of a click."""
        self.clicks += 1
        if self.kind == "slack":
            return {
                "type": "block_actions",
                "user": {"id": user, "username": "mallory", "team_id": "T1"},
                "api_app_id": "A02",
                "token": "Shh_its_a_seekrit",
                "container": {
                    "type": "message",
                    "message_ts": message_id,
                    "channel_id": channel,
                    "is_ephemeral": False,
                },
                "trigger_id": f"12466734323.1395872398.{self.clicks}",
                "team": {"id": "T1", "domain": "acme"},
                "enterprise": None,
                "is_enterprise_install": False,
                "channel": {"id": channel, "name": "approvals"},
                "message": {"type": "message", "ts": message_id, "bot_id": "B1"},
                "state": {"values": {}},
                "response_url": f"{self.service.url}/actions/T1/{self.clicks}/token",
                "actions": [
                    {
                        "action_id": "approve",
                        "block_id": "decide",
                        "text": {"type": "plain_text", "text": "Approve", "emoji": False},
                        "value": value,
                        "type": "button",
                        "action_ts": "1702463410.208979",
                    }
                ],
            }
        return self.interaction(3, user, message_id, channel) | {
            "data": {"custom_id": value, "component_type": 2, "id": 3}
        }

    def interaction(
        self, kind: int, user: str, message_id: str, channel: str
    ) -> dict[str, Any]:
        """What every interaction of Discord's has."""
        return {
            "type": kind,
            "id": f"84606140538872{self.clicks:04d}",
            "application_id": APPLICATION,
            "token": f"aW50ZXJhY3Rpb246{self.clicks}",
            "version": 1,
            "guild_id": "290926798626357999",
            "channel_id": channel,
            "channel": {"id": channel, "type": 0},
            "member": {
                "user": {"id": user, "username": "mallory", "discriminator": "0"},
                "roles": [],
                "permissions": "2147483647",
            },
            "message": {"id": message_id, "channel_id": channel, "type": 0},
            "app_permissions": "442368",
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": "290926798626357999"},
            "context": 0,
            "attachment_size_limit": 524288,
        }

    def sent_dialog(
        self, asked: TestResponse, reason: str, user: str = "U1", channel: str = ""
    ) -> dict[str, Any]:
        """What the platform sends once the dialog that an answer opened is filled in."""
        self.clicks += 1
        if self.kind == "slack":
            view = self.service.asked[-1].body["view"]
            assert self.service.asked[-1].path == "/views.open"
            values = {"reason": {"reason": {"type": "plain_text_input", "value": reason}}}
            return {
                "type": "view_submission",
                "team": {"id": "T1", "domain": "acme"},
                "user": {"id": user, "username": "mallory", "team_id": "T1"},
                "api_app_id": "A02",
                "token": "Shh_its_a_seekrit",
                "trigger_id": f"12466734323.{self.clicks}",
                "view": view | {"id": "V1", "state": {"values": values}},
                "response_urls": [],
            }
        modal = asked.get_json()
        assert modal["type"] == 9
        [label] = modal["data"]["components"]
        field_ = {"type": 4, "custom_id": label["component"]["custom_id"], "id": 2}
        made = self.interaction(5, user, self.last, channel or self.channel)
        components = [{"type": 18, "id": 1, "component": field_ | {"value": reason}}]
        return made | {
            "data": {"custom_id": modal["data"]["custom_id"], "components": components}
        }

    def deny(self, reason: str = "No.", user: str = "U1") -> TestResponse:
        """Click Deny and send the dialog."""
        return self.send(self.sent_dialog(self.press("Deny", user), reason, user))

    def body_of(self, payload: dict[str, Any]) -> bytes:
        """The bytes that a platform makes of a payload."""
        text = json.dumps(payload)
        return (
            urlencode({"payload": text}).encode()
            if self.kind == "slack"
            else (text.encode())
        )

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """The headers that go with a body, made by the official packages."""
        seconds = str((at or self.store.now()) // 1000)
        if self.kind == "slack":
            signature = SignatureVerifier(SLACK_SECRET).generate_signature(
                timestamp=seconds, body=body
            )
            assert signature is not None
            return {
                "content-type": "application/x-www-form-urlencoded",
                "x-slack-request-timestamp": seconds,
                "x-slack-signature": signature,
            }
        return {
            "content-type": "application/json",
            "x-signature-timestamp": seconds,
            "x-signature-ed25519": self.key.sign(seconds.encode() + body).signature.hex(),
        }

    def send(self, payload: dict[str, Any]) -> TestResponse:
        """Send a payload as the platform does, and wait for what comes of it."""
        body = self.body_of(payload)
        answer = self.post(body, self.signed(body))
        clicking.wait()
        return answer

    def post(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.browser.post(f"/hooks/{self.source_id}", data=body, headers=headers)

    def link(self, member: Member, user: str = "U1") -> None:
        """Let a chat user be somebody of the desk."""
        team = "T1" if self.kind == "slack" else ""
        self.store.write(
            lambda tx: chat_identities.link(
                tx, self.org_id, member.id, kind=self.kind, team=team, external_id=user
            )
        )


CHANNELS = {"slack": "C0123456789", "discord": "1102312312312312312"}
OpenChannel = Callable[..., Chat]


@pytest.fixture
def open_channel(
    services: dict[str, Service],
    browser: Browser,
    store: Store,
    runtime: Runtime,
    house: House,
) -> OpenChannel:
    """Make a source for a channel."""
    poster = Poster(runtime)

    def made(
        kind: str,
        channel: str | None = None,
        org_id: str | None = None,
        token: str | None = "",
        **config: Any,
    ) -> Chat:
        key = SigningKey.generate()
        secret = SLACK_SECRET if kind == "slack" else key.verify_key.encode().hex()
        own = SLACK_TOKEN if kind == "slack" else DISCORD_TOKEN
        where = channel or CHANNELS[kind]
        source = store.write(
            lambda tx: sources.create_source(
                tx,
                org_id or house.org_id,
                kind=kind,
                name=f"Approvals in {kind}",
                config={"channel": where, **config},
                secret=secret,
                token=own if token == "" else token,
            )
        )
        chat = Chat(
            kind,
            services[kind],
            browser,
            store,
            runtime,
            org_id or house.org_id,
            where,
            source.source_id,
            key,
            poster,
        )
        chat.turn()
        return chat

    return made
