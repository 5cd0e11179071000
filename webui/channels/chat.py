"""What chat platforms have in common: a card, its buttons, a click, and what was said to us.

Texts in here may be a stranger's: `slack.py` and `discord.py` put them where nothing in them
is a mention, a link or a format.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from webui.channels.http import Answer

APPROVE, DENY = "approve", "deny"
REASON_MAX: Final = 2_000
"""Characters of a reason that a dialog takes."""

_VALUE = re.compile(r"1:(apr_[0-9A-Z]{26}):([aAdD]):([0-9a-f]{64})", re.ASCII)
_LETTERS = {
    (APPROVE, False): "a",
    (APPROVE, True): "A",
    (DENY, False): "d",
    (DENY, True): "D",
}
_MEANT = {letter: meant for meant, letter in _LETTERS.items()}


class Press(NamedTuple):
    """What a button means. Its value holds all of it, so that no click needs our memory."""

    approval_id: str
    verdict: Literal["approve", "deny"]
    seal: str
    """Of what the message showed."""
    needs_reason: bool = False

    @property
    def asks_first(self) -> bool:
        """Say whether a dialog asks for the reason before anything is decided."""
        return self.verdict == DENY or self.needs_reason

    @property
    def value(self) -> str:
        """Return it as a button carries it: at most 100 characters, which is all Discord takes."""
        letter = _LETTERS[self.verdict, self.needs_reason]
        return f"1:{self.approval_id}:{letter}:{self.seal}"


def read_press(value: str) -> Press | None:
    """Return what a button of ours means; none if it is not one."""
    found = _VALUE.fullmatch(value)
    if found is None:
        return None
    verdict, needs_reason = _MEANT[found[2]]
    return Press(found[1], verdict, found[3], needs_reason)  # type: ignore[arg-type]


class Dialog(NamedTuple):
    """One field that a clicker is asked to fill in."""

    value: str
    """What comes back with the field."""
    title: str
    send: str
    label: str
    required: bool
    most: int
    lines: bool
    """Several of them."""


LINK: Final = "1:link"
"""The value of the button that asks for a code of the desk."""
LINKING: Final = Dialog(
    LINK, "Link your account", "Send", "The code from your account's page", True, 40, False
)


def reason_dialog(press: Press) -> Dialog:
    """Return what asks for the reason of a verdict."""
    word = "Approve" if press.verdict == APPROVE else "Deny"
    label = "Reason; the agent reads it"
    title = f"{word} this call"
    return Dialog(press.value, title, word, label, press.needs_reason, REASON_MAX, True)


@dataclass(frozen=True, slots=True)
class Card:
    """A message about one approval."""

    heading: str
    facts: tuple[tuple[str, str], ...]
    """Names and values."""
    note: str
    """How it stands, or what comes next."""
    url: str
    presses: tuple[Press, ...] = ()
    """None: there is nothing to press any more."""


@dataclass(frozen=True, slots=True)
class Click:
    """What somebody did with a message of ours."""

    act: Literal["ping", "press", "submit", "other"]
    user: str = ""
    team: str = ""
    """The user's workspace; empty where ids are the platform's own."""
    channel: str = ""
    message_id: str = ""
    value: str = ""
    reason: str = ""
    reply_to: str = ""
    """Where only this person hears an answer; a secret for a while."""
    trigger: str = ""
    """With which a dialog is opened; likewise."""
    name: str = ""
    """How the user is shown there."""
    team_name: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where we speak: the platform's address, a channel, and what we sign in with."""

    api: str
    channel: str
    token: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a platform's API."""

    method: Literal["POST", "PATCH"]
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """What a platform said to a call."""

    message_id: str = ""
    why: str = ""
    """What was wrong; empty: nothing."""
    gone: bool = False
    """The message is not there any more, so trying again is of no use."""
    wait: str | None = None
    """The platform asks to be left alone for so long, as `Retry-After` says it."""

    @property
    def good(self) -> bool:
        """Say whether it was done."""
        return not self.why


def wait_asked(answer: Answer) -> str | None:
    """Return how long a platform asks for, whatever of it is a header."""
    return answer.retry_after or "1"


def clipped(text: str, most: int) -> str:
    """Return a text of at most so many characters; what is left out is counted."""
    if len(text) <= most:
        return text
    kept = most - 20
    return f"{text[:kept]} …(+{len(text) - kept})"


def texts(value: Any, *path: str | int) -> str:
    """Return the text that lies on a path in a platform's JSON; empty if none does."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or len(value) <= step:
                return ""
        elif not isinstance(value, dict) or step not in value:
            return ""
        value = value[step]
    return value if isinstance(value, str) else ""
