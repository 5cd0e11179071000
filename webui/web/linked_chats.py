"""Users of chats who are somebody here, as screens show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.preview import visible
from webui.receivers.registry import KINDS
from webui.store.queries.chat import identities


@dataclass(frozen=True, slots=True)
class LinkedChat:
    """One user of a chat."""

    id: str
    platform: str
    team: str
    external_id: str
    created_at: int
    user_id: str


def linked_chats(
    session: Session, org_id: str, user_ids: Sequence[str]
) -> list[LinkedChat]:
    """Return who decides by clicks as one of these people, oldest first."""
    return [
        LinkedChat(
            each.id,
            KINDS[each.kind].label,
            visible(each.team),
            visible(each.external_id),
            each.created_at,
            each.user_id,
        )
        for each in identities(session, org_id, user_ids)
    ]
