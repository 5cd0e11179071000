"""Discord's wire: messages with buttons, interactions and modals. Builds and reads; sends nothing.

Source: docs.discord.com (API v10): "Receiving and responding to interactions", "Component
reference", "Message". A stranger's words stand in one code block, where nothing is parsed and
which no backtick of theirs can end; besides, nobody may be mentioned by any message.
"""

import json
from typing import Any, Final

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

PONG: Final = {"type": 1}
DEFERRED: Final = {"type": 6}
"""Acknowledges a click; its message is edited later."""
EPHEMERAL: Final = 64
DEFERRED_TO_CLICKER: Final = {"type": 5, "data": {"flags": EPHEMERAL}}
_PROGRAM = "DiscordBot (https://countersign.invalid, 0.1)"
"""Discord turns programs away that do not call themselves like this."""
_NO_EMBEDS = 4
_NOBODY: dict[str, Any] = {"allowed_mentions": {"parse": []}}
_ROW, _BUTTON, _TEXT_INPUT, _LABEL = 1, 2, 4, 18
_PLAIN, _YES, _NO, _LINK = 2, 3, 4, 5
_LINE, _PARAGRAPH = 1, 2
_TOO_MANY = 429
_GONE = {
    10003: sentence("There is no such channel."),
    10008: sentence("The message was deleted."),
}
_WORDS = {
    0: sentence("Discord does not take the bot token: give the source the bot's own."),
    50001: sentence("The bot is not in the channel: let it see and write there."),
    50013: sentence("The bot may not write in the channel: let it send messages there."),
    **_GONE,
}


def post(place: Place, card: Card, nonce: str) -> Request:
    """Return the call that posts a card; the nonce lets Discord know a repeat for one."""
    message = _message(card) | {"nonce": nonce[-25:], "enforce_nonce": True}
    return _call(place, "POST", f"channels/{place.channel}/messages", message)


def edit(place: Place, message_id: str, card: Card) -> Request:
    """Return the call that makes a message of ours show a card."""
    path = f"channels/{place.channel}/messages/{message_id}"
    return _call(place, "PATCH", path, _message(card))


def tell(
    place: Place, click: Click, text: str, *, asks_code: bool = False
) -> Request | None:
    """Return the call by which only the clicker hears something; none if there is no way."""
    if not click.reply_to:
        return None
    said = {"content": _block(clipped(text, 500)), "flags": EPHEMERAL} | _NOBODY
    if asks_code:
        button = {
            "type": _BUTTON,
            "style": _PLAIN,
            "label": "Type the code",
            "custom_id": LINK,
        }
        said["components"] = [{"type": _ROW, "components": [button]}]
    # a sent modal was deferred by a message to its sender, which this fills; a click was not
    if click.act == "submit":
        path = f"webhooks/{click.reply_to}/messages/@original"
        return _bare(place, "PATCH", path, said)
    return _bare(place, "POST", f"webhooks/{click.reply_to}", said)


def dialog_answer(asked: Dialog) -> dict[str, Any]:
    """Return the answer to a click that asks for something in words."""
    field = {
        "type": _TEXT_INPUT,
        "custom_id": "reason",
        "style": _PARAGRAPH if asked.lines else _LINE,
        "required": asked.required,
        "max_length": asked.most,
    }
    label = {"type": _LABEL, "label": asked.label, "component": field}
    return {
        "type": 9,
        "data": {"custom_id": asked.value, "title": asked.title, "components": [label]},
    }


def said_to_clicker(text: str) -> dict[str, Any]:
    """Return the answer to a click that only the clicker sees."""
    return {"type": 4, "data": {"content": _block(text), "flags": EPHEMERAL} | _NOBODY}


def read(payload: dict[str, Any]) -> Click:
    """Return what an interaction says that somebody did."""
    kind, data = payload.get("type"), payload.get("data")
    if kind == 1:
        return Click("ping")
    user = texts(payload, "member", "user", "id") or texts(payload, "user", "id")
    # both come from Discord, and become part of an address
    ids = texts(payload, "application_id"), texts(payload, "token")
    reply_to = "/".join(ids) if ids[0].isdigit() and _is_plain(ids[1]) else ""
    acts = {3: "press", 5: "submit"}
    if kind not in acts or (kind == 3 and _component(data) != _BUTTON):  # noqa: PLR2004 - a component
        return Click("other", user, reply_to=reply_to)
    return Click(
        acts[kind],  # type: ignore[arg-type]
        user,
        "",
        texts(payload, "channel_id") or texts(payload, "channel", "id"),
        texts(payload, "message", "id"),
        texts(data, "custom_id"),
        _reason(data),
        reply_to,
        name=_name(payload),
    )


def _name(payload: dict[str, Any]) -> str:
    user = ("member", "user") if "member" in payload else ("user",)
    return texts(payload, *user, "username") or texts(payload, *user, "global_name")


def told(answer: Answer) -> Told:
    """Return what Discord said."""
    if answer.status == _TOO_MANY:
        return Told(why=sentence("Discord asks to be sent less."), wait=wait_asked(answer))
    try:
        said = json.loads(answer.body_excerpt) if answer.body_excerpt else {}
    except ValueError:
        said = None
    if 200 <= answer.status < 300 and isinstance(said, dict):  # noqa: PLR2004 - success
        return Told(texts(said, "id"))
    code = said.get("code") if isinstance(said, dict) else None
    why = _WORDS.get(code) if isinstance(code, int) else None
    return Told(
        why=why or sentence("Discord answered %(status)s.", status=answer.status),
        gone=code in _GONE,
    )


def _message(card: Card) -> dict[str, Any]:
    facts = "\n".join(f"{name}: {clipped(value, 500)}" for name, value in card.facts)
    block = f"{facts}\n{clipped(card.note, 500)}"
    return {
        "content": f"**{card.heading}**\n{_block(block)}",
        "flags": _NO_EMBEDS,
        "components": [{"type": _ROW, "components": _buttons(card)}],
    } | _NOBODY


def _buttons(card: Card) -> list[dict[str, Any]]:
    buttons = [_button(press) for press in card.presses]
    link = {"type": _BUTTON, "style": _LINK, "label": "Open", "url": card.url}
    return [*buttons, link]


def _button(press: Press) -> dict[str, Any]:
    yes = press.verdict == APPROVE
    return {
        "type": _BUTTON,
        "style": _YES if yes else _NO,
        "label": "Approve" if yes else "Deny",
        "custom_id": press.value,
    }


def _block(text: str) -> str:
    """Return a text in a code block; a backtick, which could end it, is written out."""
    return "```\n" + text.replace("`", "⟦U+0060⟧") + "\n```"


def _component(data: Any) -> Any:
    return data.get("component_type") if isinstance(data, dict) else None


def _reason(data: Any) -> str:
    """Return what stands in the one field of a modal: in a label, or in a row as once."""
    return texts(data, "components", 0, "component", "value") or texts(
        data, "components", 0, "components", 0, "value"
    )


def _is_plain(token: str) -> bool:
    return (
        bool(token)
        and token.isascii()
        and not set(token) & set("/?#%\\ ")
        and (token.isprintable())
    )


def _bare(place: Place, method: Any, path: str, body: dict[str, Any]) -> Request:
    headers = {"Content-Type": "application/json", "User-Agent": _PROGRAM}
    return Request(method, f"{place.api}/{path}", headers, json.dumps(body).encode())


def _call(place: Place, method: Any, path: str, body: dict[str, Any]) -> Request:
    bare = _bare(place, method, path, body)
    headers = {**bare.headers, "Authorization": f"Bot {place.token}"}
    return Request(bare.method, bare.url, headers, bare.body)
