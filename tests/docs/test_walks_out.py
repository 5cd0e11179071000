"""The pages about chats, endpoints and notifications, followed to their end as they stand."""

from __future__ import annotations

import html
import json
import re

import pytest
import requests
import yaml

from tests.docs.reader import TIMEOUT, Reader, blocks, indented, printed, until
from tests.docs.world import (
    World,
    asks_for_code,
    buttons_of,
    discord_click,
    discord_signed,
    discord_typed,
    slack_click,
    slack_typed,
)
from tests.plugins import chats as platforms
from tests.plugins.served import ROOT
from webui.channels.services import check_mail_url

CONFIRM = "That is me: link that user to my account"


def named(page: str, *words: str) -> None:
    """Check that a page calls what is on a screen by the words that stand on it."""
    text = " ".join((ROOT / "docs" / page).read_text("utf-8").split())
    assert [each for each in words if f"*{each}*" not in text] == []


def pressed(reader: Reader, place: str, words: str) -> str:
    """Press a button of a page by its words; return the page that comes of it."""
    forms = re.findall(r"<form.*?</form>", reader.page(place), re.DOTALL)
    [form] = [one for one in forms if words in one]
    action = re.search(r'action="([^"]+)"', form)
    assert action is not None
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    button = re.search(r'<button[^>]*name="(\w+)" value="([^"]*)"', form)
    fields = hidden | ({button[1]: button[2]} if button else {})
    fields.pop("csrf_token")
    plain = {name: html.unescape(value) for name, value in fields.items()}
    return reader.send(place, action[1], **plain).text


def source_made(reader: Reader, world: World, kind: str) -> dict[str, str]:
    """Make a chat's source as its page says, with what the platform's own pages show."""
    key = world.key.verify_key.encode().hex()
    own = {
        "slack": ("signing-secret.txt", platforms.SLACK_SECRET, platforms.SLACK_TOKEN),
        "discord": ("public-key.txt", key, platforms.DISCORD_TOKEN),
    }
    name, secret, token = own[kind]
    for file, text in {name: secret, "bot-token.txt": token}.items():
        (reader.folder / file).write_text(text + "\n", "utf-8")
    return printed(reader.shell(indented(f"sources/{kind}.md", "countersign")))


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_chats(reader: Reader, world: World, kind: str) -> None:
    page, made = f"sources/{kind}.md", source_made(reader, world, kind)
    service, click, typed = {
        "slack": (world.slack, slack_click, slack_typed),
        "discord": (world.discord, discord_click, discord_typed),
    }[kind]

    def send(signed: tuple[bytes, dict[str, str]]) -> requests.Response:
        body, headers = signed
        answer = requests.post(made["url"], body, headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer

    asked = reader.desk.client.ask("mail.send", {"to": kind}).id
    [(message_id, message)] = until(
        lambda: [one for one in service.messages.items() if asked in json.dumps(one)]
    )
    buttons = buttons_of(message)
    assert set(buttons) == {"Approve", "Deny"}
    named(page, *buttons, "Account", "Link a chat account", "Get a code", "I typed it")
    assert '"/account/link">Link a chat account<' in reader.page("/account")
    told = pressed(reader, "/account/link", "Get a code")
    [code] = re.findall(r'<strong class="mono">(.*?)</strong>', told)
    assert ">I typed it<" in told
    send(click(world, message_id, buttons["Approve"]))
    [heard] = until(lambda: [one for one in service.heard if "/account/link" in str(one)])
    [(words, value)] = asks_for_code(heard).items()
    named(page, words, CONFIRM)
    send(typed(world, send(click(world, message_id, value)), code))
    until(lambda: "confirm that it was you" in json.dumps(service.heard))
    assert reader.status(asked) == "pending"
    pressed(reader, "/account/link", CONFIRM)
    send(click(world, message_id, buttons["Approve"]))
    reader.becomes(asked, "approved")
    reader.desk.command("sources", "pause", made["id"])


def test_what_the_platforms_ask_before_there_is_a_call(
    reader: Reader, world: World
) -> None:
    [manifest] = blocks("sources/slack.md", "yaml")
    assert "chat:write" in yaml.safe_load(manifest)["oauth_config"]["scopes"]["bot"]
    made = source_made(reader, world, "discord")
    # Discord tries an address before it keeps it
    body, headers = discord_signed(world, {"type": 1, "id": "1"})
    ping = requests.post(made["url"], body, headers=headers, timeout=TIMEOUT)
    assert ping.json() == {"type": 1}
    bad = requests.post(made["url"], body + b" ", headers=headers, timeout=TIMEOUT)
    assert bad.status_code == 401
    reader.desk.command("sources", "pause", made["id"])


def test_endpoints(reader: Reader) -> None:
    [receiver], [shell] = (blocks("endpoints.md", word) for word in ("python", "sh"))
    adds, starts = re.findall(r"(?m)^(?:countersign|ENDPOINT_SECRET).*$", shell)
    assert starts == "ENDPOINT_SECRET=whsec_... python receive.py"
    reader.known |= {"PORT": "0", "ENDPOINT_SECRET": "whsec_" + "A" * 43 + "="}
    probe = reader.start(receiver)
    port = reader.line(probe)[-1]
    probe.kill()
    probe.communicate()
    made = printed(reader.shell(reader.fill(adds, **{"8000": port})))
    reader.known |= {"PORT": port, "ENDPOINT_SECRET": made["secret"]}
    program = reader.start(receiver)
    try:
        assert reader.line(program)[0] == "listening"
        reader.desk.command("endpoints", "test", made["id"])
        assert reader.line(program) == ["endpoint.test"]
        asked = reader.desk.client.ask("mail.send", {"to": "an endpoint"}).id
        assert reader.line(program) == ["approval.created", asked]
    finally:
        program.kill()
        program.communicate()
        reader.desk.command("endpoints", "remove", made["id"])


def test_notifications(reader: Reader, world: World) -> None:
    [shell] = blocks("notifications.md", "sh")
    [url] = re.findall(r"COUNTERSIGN_NOTIFY_MAIL='([^']+)'", shell)
    check_mail_url(url)
    named("notifications.md", "E-mail to", "Try it")
    place = "/account/notifications"
    assert "Added." in pressed(reader, place, "E-mail to")
    assert "The message was taken" in pressed(reader, place, "Try it")
    assert [
        letter
        for letter in world.mail.letters
        if "can reach you here" in letter[1]["Subject"]
    ]
