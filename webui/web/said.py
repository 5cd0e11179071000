"""What was said about a call, as its page shows it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.preview import visible
from webui.store.models import Approval
from webui.store.queries import conversations, people


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation."""

    who: str
    by_agent: bool
    at: int
    text: str


def said_about(session: Session, approval: Approval) -> tuple[Said, ...]:
    """Return the conversation about a call, oldest first."""
    found = conversations.messages(session, approval)
    names = people.names(session, approval.org_id, {message.sender for message in found})
    return tuple(
        Said(
            visible(names.get(message.sender, message.sender)),
            message.sender.startswith("agent:"),
            message.at,
            visible(message.text),
        )
        for message in found
    )
