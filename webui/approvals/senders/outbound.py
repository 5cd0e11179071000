"""Which events leave the desk, under which names (spec: webhooks.md, "Deliveries"). Pure."""

from collections.abc import Sequence
from typing import Final

EVENT_OF: Final = {
    name: name
    for name in (
        "approval.created",
        "approval.reused",
        "approval.claimed",
        "approval.changes_requested",
        "approval.message",
        "approval.resumed",
        "approval.decided",
        "approval.break_glass",
        "approval.revoked",
        "approval.expired",
        "approval.cancelled",
        "approval.superseded",
        "approval.consumed",
        "approval.rolled_back",
        "approval.outcome",
        "grant.created",
        "grant.revoked",
        "policy.changed",
        "audit.checkpoint",
        "source.failing",
    )
} | {"approval.lease_over": "approval.outcome"}
"""From an action in the log to the event that is sent; what is not here is not sent.

A lease that ended without a report is an outcome too: nobody knows.
"""

ALL_ON: Final = "*"
OFF_BY_DEFAULT: Final = frozenset({"approval.reused"})
OLDER_NAMES: Final = {
    "approval_requested": "approval.created",
    "approval_reused": "approval.reused",
    "approval_consumed": "approval.consumed",
}
CHOICES: Final = frozenset({ALL_ON, *EVENT_OF.values(), *OLDER_NAMES})
"""What an endpoint may ask for."""

TO_CALLBACK: Final = frozenset(
    {
        "approval.changes_requested",
        "approval.message",
        "approval.decided",
        "approval.revoked",
        "approval.expired",
        "approval.cancelled",
        "approval.superseded",
        "approval.outcome",
    }
)
"""What an approval's own `callback_url` is told: how its waiting, or its run, ended, and what
reviewers say to its agent meanwhile; never what the agent said itself."""

INTERRUPT_ANSWERED: Final = "interrupt.answered"
"""One more message to the `callback_url` of a LangGraph interrupt: all of it is answered, and
this is what to resume with. To nobody else, as it brings edited arguments and answers."""


def name_for(chosen: Sequence[str], event: str) -> str | None:
    """Return under which name an endpoint gets an event, or None if it does not.

    An older name that was asked for takes the place of the new one.
    """
    for older in chosen:
        if OLDER_NAMES.get(older) == event:
            return older
    by_star = ALL_ON in chosen and event not in OFF_BY_DEFAULT
    return event if by_star or event in chosen else None
