"""The channels that were told of an approval, for its page."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.preview import visible
from webui.receivers.registry import KINDS
from webui.store.models import Approval
from webui.store.queries.chat import Told, told_in_chat


@dataclass(frozen=True, slots=True)
class ToldChat:
    """One channel."""

    name: str
    platform: str
    words: str
    at: int | None
    """When it last heard of it."""
    bad: bool


def told_chats(session: Session, approval: Approval) -> tuple[ToldChat, ...]:
    """Return how far the channels are that an approval belongs to."""
    return tuple(
        ToldChat(
            visible(told.name),
            KINDS[told.kind].label,
            visible(_words(told)),
            told.told_at,
            told.last_error is not None,
        )
        for told in told_in_chat(session, approval.org_id, approval.id)
    )


def _words(told: Told) -> str:
    what = "edited" if told.posted else "posted"
    if told.status == "dropped":
        return "not posted: it was settled before."
    if told.status == "dead":
        return f"given up after {told.attempts} attempts. {told.last_error or ''}"
    if told.last_error is not None:
        return f"not {what} yet; it is tried again. {told.last_error}"
    if not told.posted:
        return "about to be posted."
    return "shows how it ended." if told.status == "closed" else "posted."
