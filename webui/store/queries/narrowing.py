"""The line that narrows the queue, as conditions and an order over the few open rows."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, not_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from webui.approvals.states import OPEN, Risk, Status
from webui.narrowing import Query, Term
from webui.preview import visible
from webui.store.models import Agent, Approval, Source
from webui.store.queries.calls import (
    LONGEST_PAGE,
    Row,
    claimer,
    principal,
    rows,
    waits_still,
)
from webui.store.queries.seeing import Seen, any_of
from webui.store.rare import rare

_STEP: Final = 10**14
"""Longer than any time in ms: what comes before a time in an order."""
_AHEAD: Final = {"critical": 1_800_000, "high": 600_000, "medium": 60_000, "low": 0}
"""How much nearer a risk moves a deadline, ms: the urgency of a call."""
_AHEAD_OF_DANGER: Final = 300_000
"""The same for a call in which the desk sees a danger: before all others of its risk."""
_DANGEROUS: Final = func.coalesce(Approval.dangers, 0) > 0
_MOST_VALUES: Final = 12
_VALUES: Final[dict[str, Any]] = {
    "tool": Approval.tool,
    "agent": Agent.name,
    "for": principal.c.display_name,
    "claimed": claimer.c.display_name,
    "session": Approval.session,
    "source": Source.name,
}


def waiting(
    session: Session,
    org_id: str,
    now: int,
    query: Query,
    *,
    seen: Seen,
    limit: int = LONGEST_PAGE,
    after: tuple[int, str] | None = None,
) -> list[tuple[int, Row]]:
    """Return what waits and fits the line, each with the number by which it stands.

    `is:mine` is left to the caller: only authorization can say it.

    Args:
        session: to read with.
        org_id: whose.
        now: ms.
        query: the line.
        seen: what the person may see at all.
        limit: rows.
        after: (number, id) of the last row of the page before.

    """
    place = order(query.sort)
    statement = (
        rows()
        .add_columns(place.label("place"))
        .where(
            Approval.org_id == org_id,
            rare(Approval.status.in_(OPEN)),
            waits_still(now),
            *_conditions(query, now),
            *any_of(seen),
        )
        .order_by(place, Approval.id)
        .limit(min(limit, LONGEST_PAGE + 1))
    )
    if after is not None:
        at, last = after
        statement = statement.where(or_(place > at, and_(place == at, Approval.id > last)))
    return [(found[-1], Row._make(found[:-1])) for found in session.execute(statement)]


def known_values(
    session: Session, org_id: str, now: int, field: str, typed: str, *, seen: Seen
) -> list[str]:
    """Return values of a field among what waits that begin with what was typed; few.

    One that cannot be seen as it is, is left out: nobody could tell what they put in.
    """
    column = _VALUES.get(field)
    if column is None:
        return []
    waits = (Approval.org_id == org_id, rare(Approval.status.in_(OPEN)), waits_still(now))
    found = session.scalars(
        rows()
        .with_only_columns(column)
        .where(
            *waits,
            column.ilike(f"{_escaped(typed)}%", escape="\\"),
            *any_of(seen),
        )
        .distinct()
        .order_by(column)
        .limit(_MOST_VALUES)
    )
    return [each for each in found if visible(each) == each]


def _conditions(query: Query, now: int) -> list[ColumnElement[bool]]:
    """Return what rows must fit, but for `is:mine`."""
    tests: dict[str, Callable[[Term], ColumnElement[bool]]] = {
        "tool": lambda term: or_(*(_like(Approval.tool, each) for each in term.values)),
        "risk": lambda term: Approval.handled_as.in_(term.values),
        "is": lambda term: or_(*(_is(each, now) for each in term.values)),
        "agent": lambda term: or_(Agent.name.in_(term.values), Agent.id.in_(term.values)),
        "for": lambda term: _by_name(Approval.on_behalf_of, principal, term),
        "claimed": lambda term: and_(
            _claimed(now), _by_name(Approval.claimed_by, claimer, term)
        ),
        "session": lambda term: Approval.session.in_(term.values),
        "source": lambda term: or_(
            Source.name.in_(term.values), Approval.source_id.in_(term.values)
        ),
        "age": lambda term: _longer(now - Approval.created_at, term),
        "left": lambda term: _longer(Approval.expires_at - now, term),
    }
    found = [_mentions(word) for word in query.words]
    found += [not_(_mentions(word)) for word in query.not_words]
    for term in query.terms:
        if term.field == "is" and "mine" in term.values:
            continue
        fits = func.coalesce(tests[term.field](term), False)
        found.append(not_(fits) if term.is_not else fits)
    return found


def wants_mine(query: Query) -> bool | None:
    """Say whether only calls that the person can decide are asked for, or only others."""
    for term in query.terms:
        if term.field == "is" and "mine" in term.values:
            return not term.is_not
    return None


def order(sort: str) -> ColumnElement[int]:
    """Return the number by which rows stand, the smallest first."""
    if sort == "age":
        return Approval.created_at + 0
    if sort == "deadline":
        return Approval.expires_at + 0
    if sort == "risk":
        rank = {str(risk): 2 * _STEP * (Risk.CRITICAL.level - risk.level) for risk in Risk}
        place = case(rank, value=Approval.handled_as, else_=0) + Approval.expires_at
        return place - case((_DANGEROUS, _STEP), else_=0)
    ahead = case(_AHEAD, value=Approval.handled_as, else_=0)
    return Approval.expires_at - ahead - case((_DANGEROUS, _AHEAD_OF_DANGER), else_=0)


def _is(state: str, now: int) -> ColumnElement[bool]:
    found: dict[str, ColumnElement[bool]] = {
        "claimed": _claimed(now),
        "unclaimed": not_(func.coalesce(_claimed(now), False)),
        "edited": Approval.edits > 0,
        "repeated": Approval.seen_count > 1,
        "revised": Approval.status == Status.NEEDS_REVISION,
        "undelivered": Approval.reply_error.is_not(None),
        "dangerous": _DANGEROUS,
    }
    return found[state]


def _claimed(now: int) -> ColumnElement[bool]:
    return and_(Approval.claimed_by.is_not(None), Approval.claim_expires_at > now)


def _by_name(column: Any, who: Any, term: Term) -> ColumnElement[bool]:
    folded = [value.casefold() for value in term.values]
    return or_(
        func.lower(who.c.display_name).in_(folded),
        func.lower(who.c.email).in_(folded),
        column.in_(term.values),
    )


def _longer(ms: ColumnElement[int], term: Term) -> ColumnElement[bool]:
    return ms > term.ms if term.sign == ">" else ms < term.ms


def _mentions(words: str) -> ColumnElement[bool]:
    """Match the few open rows by their safe line; history has an index of words."""
    pattern = f"%{_escaped(words)}%"
    return or_(
        Approval.id == words,
        *(
            func.coalesce(column, "").ilike(pattern, escape="\\")
            for column in (Approval.line, Approval.tool, Approval.summary, Agent.name)
        ),
    )


def _like(column: InstrumentedAttribute[str], pattern: str) -> ColumnElement[bool]:
    if "*" not in pattern:
        return column == pattern
    return column.like(_escaped(pattern).replace("*", "%"), escape="\\")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
