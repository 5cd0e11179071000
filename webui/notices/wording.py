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
    wishes.WRITE: "Waits for you",
}


class Item(NamedTuple):
    """One thing to tell."""

    id: str
    """Of the call, or of the held write."""
    why: str
    tool: str
    """Of a write its method."""
    risk: str
    """Empty for a write, which has none."""
    agent: str
    expires_at: int
    giver: str
    """In whose place a delegate is told; empty for nobody's."""
    link: str
    """Path of its page."""


class Message(NamedTuple):
    """What goes out."""

    title: str
    body: str


def message(items: Sequence[Item], public_url: str, zone: ZoneInfo) -> Message:
    """Return one message about one thing or several, the nearest deadline first."""
    ordered = sorted(items, key=lambda item: (item.expires_at, item.id))
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
    if not item.risk:
        return f"{start}: a write in your name, {plain(item.tool)}"
    return f"{start}: {plain(item.tool)}, {item.risk} risk"


def title(items: Sequence[Item]) -> str:
    """Return one line about all of them."""
    if len(items) == 1:
        return head(items[0])
    risks = [Risk(item.risk) for item in items if item.risk]
    writes = len(items) - len(risks)
    parts = (
        []
        if not writes
        else ["a write in your name" if writes == 1 else f"{writes} writes in your name"]
    )
    if risks:
        highest = max(risks, key=lambda risk: risk.level)
        noun = "approval" if len(risks) == 1 else "approvals"
        parts.insert(0, f"{len(risks)} {noun} to look at, highest risk {highest}")
    return "; ".join(parts)


def _told(item: Item, public_url: str, zone: ZoneInfo) -> str:
    lines = [head(item), f"Asked by {plain(item.agent)}."]
    if item.why != wishes.BREAK_GLASS:
        verb = "Decide" if item.risk else "Nobody else can answer it. Answer"
        lines.append(f"{verb} before {_clock(item.expires_at, zone)}.")
    else:
        lines.append("One person approved it past its quorum; the reason is on its page.")
    return "\n".join([*lines, f"{public_url}{item.link}"])


def _clock(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
