"""Who was told of a call, where, and whether it arrived: for the call's page."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from webui.notices import wishes
from webui.notices.destinations import BY_MAIL
from webui.preview import visible
from webui.store.queries import notices
from webui.store.queries.notices import Told

_WHY: Final = {
    wishes.DECIDE: "",
    wishes.DELEGATE: "in place of {giver}",
    wishes.MANAGER: "as owner of the managing agent",
    wishes.ESCALATED: "it was escalated to them",
    wishes.RESUMED: "it waits again",
    wishes.REMINDER: "reminder",
    wishes.BREAK_GLASS: "alarm: break-glass",
    wishes.WRITE: "",
}


@dataclass(frozen=True, slots=True)
class ToldView:
    """One line: a person, a place, and how it stands."""

    who: str
    where: str
    why: str
    state: str
    """delivered, waiting, dead or dropped."""
    words: str
    at: int | None
    """When it arrived, ended, or will be told."""


def told_about(session: Session, approval_id: str) -> tuple[ToldView, ...]:
    """Return who was told of a call, the earliest first."""
    return tuple(_view(each) for each in notices.told(session, approval_id))


def _view(told: Told) -> ToldView:
    # a service's name goes without its server: that is its owner's own business
    where = "e-mail" if told.kind in BY_MAIL else told.place.partition(" (")[0]
    state = "waiting" if told.status == "sending" else told.status
    waits = state == "waiting"
    return ToldView(
        visible(told.user_name),
        visible(where),
        _WHY[told.why].format(giver=visible(told.in_place_of or "")),
        state,
        _words(told),
        (told.next_at if waits else told.ended_at) if told.status != "sending" else None,
    )


def _words(told: Told) -> str:
    why = visible(told.last_error or "")
    if told.status == "delivered":
        return "delivered"
    if told.status == "dead":
        return f"did not arrive: {why}"
    if told.status == "dropped":
        return f"not told: {why}"
    if told.status == "sending":
        return "on its way"
    if told.attempts:
        tried = "once" if told.attempts == 1 else f"{told.attempts} times"
        return f"tried {tried}, and again at the time beside. {why}"
    return "waits for the digest" if told.digest else "waits for its time"
