"""Slack's wire: Block Kit messages, clicks and dialogs. Builds and reads; sends nothing.

Source: docs.slack.dev: `chat.postMessage`, `chat.update`, `views.open`, payloads
`block_actions` and `view_submission`, "Handling user interaction". A stranger's words stand
in `plain_text` alone, where nothing is parsed, with `& < >` as entities besides.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from webui.channels.chat import (
    APPROVE,
    LINK,
    Card,
    Click,
    Dialog,
    Place,
    Press,
    Request,
    Told,
    clipped,
    texts,
    wait_asked,
)
from webui.channels.http import Answer
from webui.sentences import sentence

REPLIES: Final = "https://hooks.slack.com/"
"""Where `response_url` leads."""
ACKNOWLEDGED: Final = b""

_TOO_MANY = 429
_GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found"}
)
_WORDS = {
    "not_in_channel": sentence("The app is not in the channel: invite it there."),
    "channel_not_found": sentence(
        "There is no such channel, or the app is not in it: invite it there."
    ),
    "is_archived": sentence("The channel is archived."),
    "invalid_auth": sentence(
        "Slack does not take the bot token: give the source the app's own."
    ),
    "not_authed": sentence(
        "Slack does not take the bot token: give the source the app's own."
    ),
    "token_revoked": sentence(
        "The bot token was revoked: install the app again and replace it."
    ),
    "account_inactive": sentence(
        "The bot token belongs to an account that is switched off."
    ),
    "missing_scope": sentence(
        "The app lacks the scope chat:write: add it and install the app again."
    ),
}


def post(place: Place, card: Card, nonce: str) -> Request:  # noqa: ARG001 - Slack takes none
    """Return the call that posts a card."""
    message = _message(card) | {"channel": place.channel}
    return _call(place, "chat.postMessage", message | _NOTHING_UNFOLDS)


def edit(place: Place, message_id: str, card: Card) -> Request:
    """Return the call that makes a message of ours show a card."""
    message = _message(card) | {"channel": place.channel, "ts": message_id}
    return _call(place, "chat.update", message)


def tell(
    place: Place, click: Click, text: str, *, asks_code: bool = False
) -> Request | None:
    """Return the call by which only the clicker hears something; none if there is no way."""
    if not click.reply_to.startswith((REPLIES, place.api + "/")):
        return None
    said = {
        "response_type": "ephemeral",
        "replace_original": False,
        "text": _escaped(clipped(text, 500)),
        "mrkdwn": False,
        **_NOTHING_UNFOLDS,
        "blocks": [
            {"type": "section", "text": _plain(text, 500)},
            *_way(asks_code=asks_code),
        ],
    }
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Request("POST", click.reply_to, headers, json.dumps(said).encode())


def _way(*, asks_code: bool) -> list[dict[str, Any]]:
    if not asks_code:
        return []
    button = {"type": "button", "action_id": "link", "text": _plain("Type the code", 75)}
    return [{"type": "actions", "elements": [button | {"value": LINK}]}]


def dialog(place: Place, click: Click, asked: Dialog) -> Request | None:
    """Return the call that asks a clicker for something in words."""
    kept = {"value": asked.value, "channel": click.channel, "reply_to": click.reply_to}
    view = {
        "type": "modal",
        "callback_id": "reason",
        "private_metadata": json.dumps(kept | {"message": click.message_id}),
        "title": _plain(asked.title, 24),
        "submit": _plain(asked.send, 24),
        "close": _plain("Back", 24),
        "blocks": [
            {
                "type": "input",
                "block_id": "reason",
                "optional": not asked.required,
                "label": _plain(asked.label, 100),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "reason",
                    "multiline": asked.lines,
                    "max_length": asked.most,
                },
            }
        ],
    }
    return _call(place, "views.open", {"trigger_id": click.trigger, "view": view})


def payload_of(body: bytes) -> bytes:
    """Return the JSON inside the form that Slack sends; raises ValueError."""
    fields = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    found = [value for name, value in fields if name == "payload"]
    if len(found) != 1:
        msg = "there must be one field named payload"
        raise ValueError(msg)
    return found[0].encode()


def read(payload: dict[str, Any]) -> Click:
    """Return what a payload says that somebody did."""
    user = texts(payload, "user", "id")
    team = texts(payload, "user", "team_id") or texts(payload, "team", "id")
    if payload.get("type") == "view_submission":
        return _submission(payload, user, team)
    actions = payload.get("actions")
    if payload.get("type") != "block_actions" or not isinstance(actions, list):
        return Click("other", user, team)
    if len(actions) != 1 or texts(actions, 0, "type") != "button":
        return Click("other", user, team)
    if not texts(actions, 0, "value"):  # the link: it opens by itself
        return Click("other", user, team)
    return Click(
        "press",
        user,
        team,
        texts(payload, "container", "channel_id") or texts(payload, "channel", "id"),
        texts(payload, "container", "message_ts") or texts(payload, "message", "ts"),
        texts(actions, 0, "value"),
        reply_to=texts(payload, "response_url"),
        trigger=texts(payload, "trigger_id"),
        **_names(payload),
    )


def _submission(payload: dict[str, Any], user: str, team: str) -> Click:
    """Return a sent dialog; where it was opened is what we wrote into it, signed with it."""
    try:
        kept = json.loads(texts(payload, "view", "private_metadata"))
    except ValueError:
        return Click("other", user, team)
    values = ("view", "state", "values", "reason", "reason", "value")
    return Click(
        "submit",
        user,
        team,
        texts(kept, "channel"),
        texts(kept, "message"),
        texts(kept, "value"),
        texts(payload, *values),
        texts(kept, "reply_to"),
        **_names(payload),
    )


def _names(payload: dict[str, Any]) -> dict[str, str]:
    name = texts(payload, "user", "username") or texts(payload, "user", "name")
    return {"name": name, "team_name": texts(payload, "team", "domain")}


def told(answer: Answer) -> Told:
    """Return what Slack said: errors come with a status of 200, too."""
    if answer.status == _TOO_MANY:
        return Told(why=sentence("Slack asks to be sent less."), wait=wait_asked(answer))
    try:
        said = json.loads(answer.body_excerpt)
    except ValueError:
        said = None
    if answer.status != 200 or not isinstance(said, dict):  # noqa: PLR2004 - OK
        return Told(why=sentence("Slack answered %(status)s.", status=answer.status))
    if said.get("ok") is True:
        return Told(texts(said, "ts"))
    error = texts(said, "error")[:80]
    why = _WORDS.get(error, sentence("Slack refused it: %(error)s.", error=error))
    return Told(why=why, gone=error in _GONE, wait="1" if error == "ratelimited" else None)


_NOTHING_UNFOLDS: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}


def _message(card: Card) -> dict[str, Any]:
    facts = [_plain(f"{name}: {value}", 300) for name, value in card.facts]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(card.heading, 150)},
        {"type": "section", "fields": facts},
        {"type": "section", "text": _plain(card.note, 500)},
        {"type": "actions", "block_id": "decide", "elements": _buttons(card)},
    ]
    # what a phone shows of it; with blocks there, the channel does not
    short = _escaped(clipped(f"{card.heading}: {card.facts[0][1]}", 200))
    return {"text": short, "mrkdwn": False, "parse": "none", "blocks": blocks}


def _buttons(card: Card) -> list[dict[str, Any]]:
    buttons = [_button(press) for press in card.presses]
    link = {"type": "button", "action_id": "open", "text": _plain("Open", 75)}
    return [*buttons, link | {"url": card.url}]


def _button(press: Press) -> dict[str, Any]:
    yes = press.verdict == APPROVE
    return {
        "type": "button",
        "action_id": press.verdict,
        "text": _plain("Approve" if yes else "Deny", 75),
        "style": "primary" if yes else "danger",
        "value": press.value,
    }


def _plain(text: str, most: int) -> dict[str, Any]:
    # entities count as several characters; the limits here are far from Slack's own
    return {"type": "plain_text", "text": _escaped(clipped(text, most)), "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _call(place: Place, method: str, body: dict[str, Any]) -> Request:
    headers = {
        "Authorization": f"Bearer {place.token}",
        "Content-Type": "application/json; charset=utf-8",
    }
    return Request("POST", f"{place.api}/{method}", headers, json.dumps(body).encode())
