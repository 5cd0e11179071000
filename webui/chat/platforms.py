"""The chat platforms there are, and what is different between them on our side."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from webui.approvals.call.json_faults import Unreadable
from webui.approvals.call.strict_json import read_document
from webui.channels import discord, slack
from webui.channels.chat import (
    LINK,
    LINKING,
    Card,
    Click,
    Dialog,
    Place,
    Request,
    Told,
    read_press,
    reason_dialog,
)
from webui.channels.http import Answer as HttpAnswer
from webui.inbox.opening import OpenSource
from webui.receivers.kind import Inbound, Refused
from webui.receivers.reading import LIMITS, unreadable
from webui.settings import Settings

NOT_OURS = "This button is none of this desk's; nothing was done."


class Wire(Protocol):
    """What a platform's module offers."""

    def post(self, place: Place, card: Card, nonce: str) -> Request:
        """Return the call that posts a card."""

    def edit(self, place: Place, message_id: str, card: Card) -> Request:
        """Return the call that makes a message show a card."""

    def tell(
        self, place: Place, click: Click, text: str, *, asks_code: bool = False
    ) -> Request | None:
        """Return the call by which only the clicker hears something."""

    def told(self, answer: HttpAnswer) -> Told:
        """Return what the platform said to a call."""


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform."""

    wire: Wire
    read: Callable[[Inbound], Click]
    """Raises Refused."""
    acknowledge: Callable[[Click], bytes]
    """The answer to a click, given before anything is checked; empty: none but the status."""
    dialog: Callable[[Place, Click, Dialog], Request | None]
    """The call that opens the dialog, where that is no answer."""
    address: Callable[[Settings], str]
    wants_word: bool = False
    """A sent dialog waits for a word to its sender, even if all went well."""

    def place(self, settings: Settings, source: OpenSource, channel: str) -> Place:
        """Return where a source's messages go."""
        return Place(self.address(settings), channel, source.secrets.token or "")


def _read_slack(inbound: Inbound) -> Click:
    media_type = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise Refused(415, "unsupported_media_type", "Send the form that Slack sends.")
    try:
        payload = slack.payload_of(inbound.body)
    except ValueError:
        raise Refused(422, "schema", "Send the form that Slack sends.") from None
    return slack.read(_object(payload))


def _read_discord(inbound: Inbound) -> Click:
    media_type = inbound.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(415, "unsupported_media_type", "Send JSON, as Discord does.")
    return discord.read(_object(inbound.body))


def _object(body: bytes) -> dict[str, Any]:
    try:
        return dict(read_document(body, LIMITS, envelope_levels=0).value)
    except Unreadable as error:
        raise unreadable(error) from None


def _answer_slack(_: Click) -> bytes:
    return b""


def _answer_discord(click: Click) -> bytes:
    press = read_press(click.value)
    answer: Mapping[str, Any]
    if click.act == "ping":
        answer = discord.PONG
    elif click.act == "other":
        answer = discord.said_to_clicker(NOT_OURS)
    elif click.act == "submit":
        answer = discord.DEFERRED_TO_CLICKER
    elif click.value == LINK:
        answer = discord.dialog_answer(LINKING)
    elif press is not None and press.asks_first:
        answer = discord.dialog_answer(reason_dialog(press))
    else:
        answer = discord.DEFERRED
    return json.dumps(answer).encode()


def _no_dialog(_place: Place, _click: Click, _asked: Dialog) -> None:
    """Open nothing: the answer to the click did."""


PLATFORMS: Mapping[str, Platform] = {
    "slack": Platform(
        slack, _read_slack, _answer_slack, slack.dialog, lambda settings: settings.slack_api
    ),
    "discord": Platform(
        discord,
        _read_discord,
        _answer_discord,
        _no_dialog,
        lambda settings: settings.discord_api,
        wants_word=True,
    ),
}
"""By the kind's name."""
