"""The pages about chats, endpoints and notifications, followed to their end as they stand."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.plugins import chats as platforms
from tests.docs.reader import TIMEOUT, Reader, blocks, indented, printed, until
from tests.docs.world import (
    World,
    buttons_of,
    discord_click,
    discord_signed,
    link_in,
    slack_click,
)
from tests.plugins.served import ROOT


@pytest.mark.parametrize("kind", ["slack", "discord"])
def test_chats(reader: Reader, world: World, kind: str) -> None:
    own = {
        "slack": {
            "signing-secret.txt": platforms.SLACK_SECRET,
            "bot-token.txt": platforms.SLACK_TOKEN,
        },
        "discord": {
            "public-key.txt": world.key.verify_key.encode().hex(),
            "bot-token.txt": platforms.DISCORD_TOKEN,
        },
    }[kind]
    for name, text in own.items():
        (reader.folder / name).write_text(text + "\n", "utf-8")
    page = f"sources/{kind}.md"
    if kind == "slack":
        [manifest] = blocks(page, "yaml")
        assert "chat:write" in yaml.safe_load(manifest)["oauth_config"]["scopes"]["bot"]
    made = printed(reader.shell(indented(page, "countersign")))
    if kind == "discord":  # as Discord tries the address before it keeps it
        body, headers = discord_signed(world, {"type": 1, "id": "1"})
        ping = requests.post(made["url"], body, headers=headers, timeout=TIMEOUT)
        assert ping.json() == {"type": 1}
        bad = requests.post(made["url"], body + b" ", headers=headers, timeout=TIMEOUT)
        assert bad.status_code == 401
    service = world.slack if kind == "slack" else world.discord
    asked = reader.desk.client.ask("mail.send", {"to": kind}).id
    posted = until(
        lambda: [one for one in service.messages.items() if asked in json.dumps(one)]
    )
    [(message_id, message)] = posted
    sign = slack_click if kind == "slack" else discord_click
    assert set(buttons_of(message)) == {"Approve", "Deny"}

    def click() -> None:
        body, headers = sign(world, message_id, buttons_of(message)["Approve"])
        answer = requests.post(made["url"], body, headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text

    click()
    [heard] = until(
        lambda: [one for one in service.heard if "/account/link" in json.dumps(one)]
    )
    there = urlsplit(link_in(heard))
    assert there.path == "/account/link"
    path = f"{there.path}?{there.query}"
    words = "I clicked: link that user to my account"
    assert f"*{words}*" in (ROOT / "docs" / page).read_text()
    form = re.search(
        r"<form[^>]*action=\"(/account/link[^\"]*)\".*?</form>",
        reader.page(path),
        re.DOTALL,
    )
    assert form is not None
    assert words in form[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    hidden.pop("csrf_token", None)
    assert reader.send(path, form[1], **hidden).url.endswith("/account")
    click()
    reader.becomes(asked, "approved")
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
    from webui.channels.services import check_mail_url  # noqa: PLC0415

    [shell] = blocks("notifications.md", "sh")
    [url] = re.findall(r"COUNTERSIGN_NOTIFY_MAIL='([^']+)'", shell)
    check_mail_url(url)
    text = (ROOT / "docs/notifications.md").read_text()
    assert "*E-mail to*" in text
    assert "*Try it*" in text
    place = "/account/notifications"

    def press(words: str) -> str:
        forms = re.findall(r"<form.*?</form>", reader.page(place), re.DOTALL)
        [form] = [one for one in forms if words in one]
        action = re.search(r'action="([^"]+)"', form)
        assert action is not None
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        button = re.search(r'<button[^>]*name="(\w+)" value="([^"]*)"', form)
        fields = hidden | ({button[1]: button[2]} if button else {})
        fields.pop("csrf_token")
        return reader.send(place, action[1], **fields).text

    assert "Added." in press("E-mail to")
    assert "The message was taken" in press("Try it")
    assert [
        letter
        for letter in world.mail.letters
        if "can reach you here" in letter[1]["Subject"]
    ]
