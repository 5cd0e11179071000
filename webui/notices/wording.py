"""The words of a message: what waits, never what its arguments are. Pure.

It goes into mail, chats and phones, which find links, mentions and marks in plain text. So of
what strangers named, a tool or an agent, only harmless signs are kept.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from webui.approvals.states import Risk
from webui.notices import wishes
from webui.preview import inline

LONGEST_NAME: Final = 80
_HARMLESS: Final = re.compile(r"[^\w .:/+,#⟦⟧-]")
_HEADS: Final = {
    wishes.DECIDE: "Waits for you",
    wishes.DELEGATE: "Waits for you in place of {giver}",
    wishes.MANAGER: "An agent below yours asks",
    wishes.ESCALATED: "Escalated to you",
    wishes.RESUMED: "Waits again",
    wishes.REMINDER: "Ends soon",
    wishes.BREAK_GLASS: "Approved by break-glass",
}


class Item(NamedTuple):
    """One thing to tell."""

    approval_id: str
    why: str
    tool: str
    risk: str
    agent: str
    expires_at: int
    giver: str
    """In whose place a delegate is told; empty for nobody's."""


class Message(NamedTuple):
    """What goes out."""

    title: str
    body: str


def message(items: Sequence[Item], public_url: str, zone: ZoneInfo) -> Message:
    """Return one message about one thing or several, the nearest deadline first."""
    ordered = sorted(items, key=lambda item: (item.expires_at, item.approval_id))
    foot = (
        "Nothing in this message decides: the links open a page behind the sign-in. "
        f"What you are told, and when: {public_url}/account/notifications"
    )
    told = [_told(item, public_url, zone) for item in ordered]
    return Message(title(ordered), "\n\n".join([*told, foot]))


def trial(public_url: str) -> Message:
    """Return the message by which a person tries a place."""
    return Message(
        "Countersign can reach you here",
        "You asked for this message on your account's page. Nothing waits because of it.\n"
        f"{public_url}/account/notifications",
    )


def plain(name: str) -> str:
    """Return a name that no mail program, chat or phone reads as more than a name."""
    shown = _HARMLESS.sub("·", inline(name)).replace("://", "·")
    return shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"


def head(item: Item) -> str:
    """Return in one line what it is about: the reason, the tool and the risk."""
    start = _HEADS[item.why].format(giver=plain(item.giver))
    return f"{start}: {plain(item.tool)}, {item.risk} risk"


def title(items: Sequence[Item]) -> str:
    """Return one line about all of them."""
    if len(items) == 1:
        return head(items[0])
    highest = max((Risk(item.risk) for item in items), key=lambda risk: risk.level)
    return f"{len(items)} approvals to look at, highest risk {highest}"


def _told(item: Item, public_url: str, zone: ZoneInfo) -> str:
    lines = [head(item), f"Asked by {plain(item.agent)}."]
    if item.why != wishes.BREAK_GLASS:
        lines.append(f"Decide before {_clock(item.expires_at, zone)}.")
    else:
        lines.append("One person approved it past its quorum; the reason is on its page.")
    return "\n".join([*lines, f"{public_url}/approvals/{item.approval_id}"])


def _clock(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
