"""Who was told of a call, where, and whether it arrived: for the call's page."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from webui.notices import wishes
from webui.notices.destinations import BY_MAIL
from webui.preview import visible
from webui.sentences import joined, kept, plural, sentence
from webui.store.queries import notices
from webui.store.queries.notices import Told

_WHY: Final = {
    wishes.DECIDE: "",
    wishes.MANAGER: sentence("as owner of the managing agent"),
    wishes.ESCALATED: sentence("it was escalated to them"),
    wishes.RESUMED: sentence("it waits again"),
    wishes.REMINDER: sentence("reminder"),
    wishes.BREAK_GLASS: sentence("alarm: break-glass"),
    wishes.WRITE: "",
}
_AS_IT_IS: Final = {
    "delivered": sentence("delivered"),
    "sending": sentence("on its way"),
}
_FOR_DIGEST: Final = sentence("waits for the digest")
_FOR_ITS_TIME: Final = sentence("waits for its time")


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
    where = sentence("e-mail") if told.kind in BY_MAIL else told.place.partition(" (")[0]
    state = "waiting" if told.status == "sending" else told.status
    waits = state == "waiting"
    return ToldView(
        visible(told.user_name),
        visible(where),
        _why(told),
        state,
        _words(told),
        (told.next_at if waits else told.ended_at) if told.status != "sending" else None,
    )


def _why(told: Told) -> str:
    if told.why == wishes.DELEGATE:
        return sentence("in place of %(giver)s", giver=visible(told.in_place_of or ""))
    return _WHY[told.why]


def _words(told: Told) -> str:
    why = visible(kept(told.last_error or ""))
    if told.status == "dead":
        return sentence("did not arrive: %(why)s", why=why)
    if told.status == "dropped":
        return sentence("not told: %(why)s", why=why)
    if told.status in _AS_IT_IS:
        return _AS_IT_IS[told.status]
    if told.attempts:
        tried = plural(
            "tried once, and again at the time beside.",
            "tried %(number)s times, and again at the time beside.",
            told.attempts,
        )
        return joined(" ", [tried, why])
    return _FOR_DIGEST if told.digest else _FOR_ITS_TIME
