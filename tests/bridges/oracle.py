"""What must hold at the end of a run of R14: nothing hangs, nothing is answered twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from tests.bridges.counted import DESK, SERVER, Posted
from webui.approvals.states import OPEN, YES, ReplyState
from webui.approvals.upstream.rows import UNDER_WAY
from webui.store.models import Approval, Decision, Reply

if TYPE_CHECKING:
    from tests.bridges.counted import Counted, End
    from tests.bridges.game import Game, Place

YESES = {"once", "always"}
ENDED = {"denied", "expired", "cancelled", "superseded", "revoked"}


def violations(game: Game) -> list[str]:
    """Return a sentence for each thing that should not be."""
    found = list(_clicks(game)) + ([] if game.rested else ["it did not come to rest"])
    for place in game.places:
        cards = _cards(game, place)
        for ref in place.opencode.asked:
            wrong = (
                *_upstream(place.opencode, ref),
                *_posted(game, place.opencode, ref, cards.get(ref, [])),
                *_here(game, place.opencode.ends[ref], cards.get(ref, [])),
            )
            found += [f"{ref}: {what}" for what in wrong]
        if made_up := cards.keys() - place.opencode.asked.keys():
            found.append(f"cards of questions that nobody asked: {made_up}")
    return found


def _cards(game: Game, place: Place) -> dict[str, list[Approval]]:
    """Return the cards of each question, the oldest first."""
    cards: dict[str, list[Approval]] = {}
    found = (
        select(Reply.source_ref, Approval)
        .join(Approval, Approval.id == Reply.approval_id)
        .where(Reply.source_id == place.source_id)
        .order_by(Approval.id)
    )
    with game.desk.store.reading() as session:
        for ref, card in session.execute(found):
            cards.setdefault(ref, []).append(card)
    return cards


def _clicks(game: Game) -> Iterator[str]:
    """Whoever clicked where it does not belong has decided nothing."""
    with game.desk.store.reading() as session:
        by = Decision.user_id == game.desk.house.ana.id
        if session.scalar(select(Decision.id).where(by).limit(1)) is not None:
            yield "a click in another channel decided"


def _upstream(opencode: Counted, ref: str) -> Iterator[str]:
    if len(opencode.ends[ref]) != 1:
        yield f"it was settled {len(opencode.ends[ref])} times there"
    if ref in opencode.waiting:
        yield "its tool hangs"
    elif opencode.ends[ref] and opencode.ends[ref][0].by != SERVER:
        place = opencode.asked[ref]["tool"]
        parts = opencode.messages[place["messageID"]]["parts"]
        if any(
            each["callID"] == place["callID"] and each["state"]["status"] == "running"
            for each in parts
        ):
            yield "its tool hangs in the record"


def _posted(
    game: Game, opencode: Counted, ref: str, cards: list[Approval]
) -> Iterator[str]:
    """Look at every reply of ours in the order in which they came."""
    posted, begun = opencode.posted[ref], Counter[str]()
    taken_back = False
    for card in cards:
        for event in game.desk.events(card.id):
            taken_back |= event.action == "approval.undone"
            if event.action == "approval.reply_started":
                begun[_verdict(event.payload)] += 1
    if sum(each.counted for each in posted) > 1:
        yield "two of our replies counted"
    if not begun["approve"] and any(each.reply in YESES for each in posted):
        yield "a yes was sent that nobody gave"
    known = _first_known(posted)
    if known is not None and not taken_back:
        later = [each.reply for each in posted[known + 1 :]]
        if later:
            yield f"{later} sent after {posted[known].reply} had been confirmed"
        if posted[known].reply == "reject" and YESES & set(later):
            yield "a yes was sent after a no"


def _first_known(posted: list[Posted]) -> int | None:
    return next((at for at, each in enumerate(posted) if each.answered), None)


def _verdict(payload: bytes | None) -> str:
    return str(json.loads(payload or b"{}").get("verdict"))


def _here(game: Game, ends: list[End], cards: list[Approval]) -> Iterator[str]:
    """Compare what the desk says with what became of it there."""
    if not ends:
        return
    (end, *_) = ends
    if not cards:
        if end.by == DESK:
            yield "it was answered without a card"
        return
    for card in cards:
        if card.status in OPEN or card.reply_state in UNDER_WAY:
            yield f"its card is {card.status} and {card.reply_state}"
    if any(card.status in YES for card in cards[:-1]):
        yield "an earlier card of it is a yes"
    yield from _agrees(game, end, cards[-1])


def _agrees(game: Game, end: End, last: Approval) -> Iterator[str]:
    ran, yes = end.reply in YESES, last.status in YES
    overruled = "approval.reply_overruled" in game.desk.actions(last.id)
    if yes and not ran:
        yield f"its card is {last.status}, and it was {end.reply or 'lost'} there"
    if ran and not yes and not overruled:
        yield f"it ran there, and its card is {last.status} without a word"
    if not yes and last.status not in ENDED:
        yield f"its card is {last.status}"
    if end.by == DESK and last.reply_state not in {ReplyState.CONFIRMED, ReplyState.GONE}:
        yield f"we answered it, and its card is {last.reply_state}"
