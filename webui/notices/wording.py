"""The words of a message: what waits, never what its arguments are. Pure.

It goes into mail, chats and phones, which find links, mentions and marks in plain text. So of
what strangers named, a tool or an agent, only harmless signs are kept.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from webui.approvals.states import Risk
from webui.approvals.words import RISK_INSIDE
from webui.languages import Language
from webui.notices import wishes
from webui.preview import inline
from webui.sentences import Sentence, joined, plural, sentence, sentence_in

LONGEST_NAME: Final = 80
_HARMLESS: Final = re.compile(r"[^\w .:/+,#⟦⟧-]")
_HEADS: Final = {
    wishes.DECIDE: sentence("Waits for you"),
    wishes.MANAGER: sentence("An agent below yours asks"),
    wishes.ESCALATED: sentence("Escalated to you"),
    wishes.RESUMED: sentence("Waits again"),
    wishes.REMINDER: sentence("Ends soon"),
    wishes.BREAK_GLASS: sentence("Approved by break-glass"),
    wishes.WRITE: sentence("Waits for you"),
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


def message(
    items: Sequence[Item], public_url: str, zone: ZoneInfo, language: Language
) -> Message:
    """Return one message about one thing or several, the nearest deadline first."""
    ordered = sorted(items, key=lambda item: (item.expires_at, item.id))
    address = f"{public_url}/account/notifications"
    foot = sentence(
        "Nothing in this message decides: the links open a page behind the sign-in. "
        "What you are told, and when: %(address)s",
        address=address,
    )
    told = [
        _told(item, public_url, language.local(item.expires_at, zone)) for item in ordered
    ]
    body = joined("\n\n", [*told, foot])
    return Message(title(ordered).told(language), body.told(language))


def trial(public_url: str, language: Language) -> Message:
    """Return the message by which a person tries a place."""
    why = sentence(
        "You asked for this message on your account's page. Nothing waits because of it."
    )
    return Message(
        sentence("Countersign can reach you here").told(language),
        f"{why.told(language)}\n{public_url}/account/notifications",
    )


def plain(name: str) -> str:
    """Return a name that no mail program, chat or phone reads as more than a name."""
    shown = _HARMLESS.sub("·", inline(name)).replace("://", "·")
    return shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"


def head(item: Item) -> Sentence:
    """Return in one line what it is about: the reason, the tool and the risk."""
    tool = plain(item.tool)
    if not item.risk:
        return sentence(
            "%(why)s: a write in your name, %(method)s", why=_why(item), method=tool
        )
    risk = RISK_INSIDE[item.risk]
    return sentence(
        "%(why)s: %(tool)s, %(risk)s risk", why=_why(item), tool=tool, risk=risk
    )


def _why(item: Item) -> Sentence:
    if item.why == wishes.DELEGATE:
        giver = plain(item.giver)
        return sentence("Waits for you in place of %(giver)s", giver=giver)
    return _HEADS[item.why]


def title(items: Sequence[Item]) -> Sentence:
    """Return one line about all of them."""
    if len(items) == 1:
        return head(items[0])
    risks = [Risk(item.risk) for item in items if item.risk]
    parts = []
    if risks:
        highest = RISK_INSIDE[max(risks, key=lambda risk: risk.level)]
        approvals = plural(
            "%(number)s approval to look at, highest risk %(highest)s",
            "%(number)s approvals to look at, highest risk %(highest)s",
            len(risks),
            highest=highest,
        )
        parts.append(approvals)
    writes = len(items) - len(risks)
    if writes == 1:
        parts.append(sentence_in("among what waits", "a write in your name"))
    elif writes:
        parts.append(
            plural(
                "%(number)s write in your name", "%(number)s writes in your name", writes
            )
        )
    return joined("; ", parts)


def _told(item: Item, public_url: str, until: str) -> Sentence:
    if item.why == wishes.BREAK_GLASS:
        end = sentence("One person approved it past its quorum; the reason is on its page.")
    elif item.risk:
        end = sentence("Decide before %(until)s.", until=until)
    else:
        end = sentence("Nobody else can answer it. Answer before %(until)s.", until=until)
    asked = sentence("Asked by %(agent)s.", agent=plain(item.agent))
    return joined("\n", (head(item), asked, end, f"{public_url}{item.link}"))
