"""The way back: how a kind tells its upstream what became of what it asked.

A kind with a way back has `tell` and `options`, and a line in `registry.WAYS_BACK`. `tell` is
pure: it gives requests away and is given answers, so that only `channels/` opens connections.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from webui.approvals.upstream.told import APPROVE, DENY, Told
from webui.receivers.kind import SourceSecrets
from webui.sentences import sentence

__all__ = [
    "APPROVE",
    "DENY",
    "Conversation",
    "End",
    "Heard",
    "Option",
    "Outcome",
    "Outgoing",
    "Told",
    "WayBack",
    "judged",
]


class Option(NamedTuple):
    """One way in which a verdict can go back, where the upstream knows several."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request that is to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    max_answer: int = 64 * 1024
    """Bytes that are read of the answer at least, if it has so many."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was answered, of any status."""

    status: int
    body: bytes
    """As much of it as the request says; a bridge reads more."""


class End(StrEnum):
    """How an attempt ended."""

    CONFIRMED = "confirmed"
    """The upstream has it settled as told, or says with `approved` how."""
    GONE = "gone"
    """The upstream waits for it no more; `approved` is what its own records say, if they do."""
    TRANSIENT = "transient"
    """It may work in a while: the same is sent again."""
    PERMANENT = "permanent"
    """It will not work, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and why."""

    end: End
    error: str = ""
    """A sentence for people; without secrets."""
    approved: bool | None = None


Conversation: TypeAlias = Generator[Outgoing, Heard, Outcome]


class WayBack(Protocol):
    """What the module of a kind with a way back offers besides the kind itself."""

    @property
    def name(self) -> str:
        """Return the kind's name."""

    @property
    def options(self) -> Mapping[str, Sequence[Option]]:
        """Return the ways in which a verdict can go back, by verdict; the first is usual."""

    @property
    def on_shutdown(self) -> Literal["reject", "keep"]:
        """Return what a shutdown does to what is open, where the settings do not say."""

    def tell(
        self, told: Told, reply_to: Mapping[str, Any], source: SourceSecrets, now: int
    ) -> Conversation:
        """Say what to send, read what is answered, and return how it ended.

        Raises LookupError or ValueError if `reply_to` or the settings do not suffice; that
        is permanent. What the connection does is not its business. `now` is ms.
        """


def judged(heard: Heard, gone: Sequence[int] = (HTTPStatus.NOT_FOUND,)) -> Outcome:
    """Return the outcome that a status has where the upstream's documents say nothing else.

    Args:
        heard: the answer.
        gone: the statuses by which this upstream says that it waits no more.

    """
    status = heard.status
    if status in gone:
        return Outcome(
            End.GONE,
            sentence("The source answered %(status)s: it waits no more.", status=status),
        )
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(End.CONFIRMED)
    later = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in later:
        return Outcome(
            End.TRANSIENT, sentence("The source answered %(status)s.", status=status)
        )
    return Outcome(
        End.PERMANENT, sentence("The source refused it with %(status)s.", status=status)
    )
