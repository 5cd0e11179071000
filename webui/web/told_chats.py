"""The channels that were told of an approval, for its page."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.preview import visible
from webui.receivers.registry import KINDS
from webui.sentences import joined, kept, sentence
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
    error = kept(told.last_error or "")
    if told.status == "dropped":
        return sentence("not posted: it was settled before.")
    if told.status == "dead":
        given_up = sentence("given up after %(count)s attempts.", count=told.attempts)
        return joined(" ", [given_up, error])
    if told.last_error is not None:
        if told.posted:
            again = sentence("not edited yet; it is tried again.")
        else:
            again = sentence("not posted yet; it is tried again.")
        return joined(" ", [again, error])
    if not told.posted:
        return sentence("about to be posted.")
    if told.status == "closed":
        return sentence("shows how it ended.")
    return sentence("posted.")
