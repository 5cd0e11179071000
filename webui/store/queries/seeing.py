"""Which calls a person may see, as conditions of a select: what `authorize` says row by row.

A list, a count and a search must not learn of a call that the person may not see, and must not
fetch a thousand rows to throw them away. So the answer is a few ways to see a call, each of
which walks an index where there is one.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from webui.approvals.authorization import VIEW, Actor, Resource, authorize, scope_kinds
from webui.approvals.authorization.chain import LEVELS
from webui.approvals.states import Risk
from webui.store.models import Agent, Approval
from webui.store.queries.walks import Column, Globs, Tests, Values, fits


class Way(NamedTuple):
    """One reason why calls may be seen: all of its conditions must fit."""

    indexed: Values
    also: Tests

    def condition(self) -> ColumnElement[bool]:
        """Return it as one condition, for a select over few rows."""
        tests: dict[Column, Any] = {**self.indexed, **self.also}
        return and_(true(), *(fits(column, values) for column, values in tests.items()))


EVERY_WAY = Way({}, {})
Seen = tuple[Way, ...] | None
"""Ways, any of which lets a call be seen; none: all of the org's are."""


def seen_by(session: Session, actor: Actor) -> Seen:
    """Return which calls of their org a person may see."""
    if authorize(actor, VIEW, Resource(actor.org_id)).allowed:
        return None
    if actor.standing is None:
        return ()
    ways = []
    if actor.role == "member":
        ways.append(Way({Approval.agent_owner: sorted({actor.id, *actor.aliases})}, {}))
    for grant in actor.grants or ():
        kinds = scope_kinds(grant) if grant.permission == VIEW else None
        if kinds is not None and actor.channel in kinds.get("channel", {actor.channel}):
            ways.append(_within(session, actor, kinds))
    return tuple(ways)


def any_of(seen: Seen) -> list[ColumnElement[bool]]:
    """Return the ways as one condition, for a select over few rows."""
    if seen is None:
        return []
    return [or_(false(), *(way.condition() for way in seen))]


def _within(session: Session, actor: Actor, kinds: Mapping[str, frozenset[str]]) -> Way:
    """Return the way of one grant's scope: every kind present must match."""
    indexed: dict[Column, list[str]] = {}
    also: dict[Column, Any] = {}
    if "project" in kinds:
        indexed[Approval.project_id] = sorted(kinds["project"])
    agents = [kinds["agent"]] if "agent" in kinds else []
    if "subtree" in kinds:
        agents.append(_below(session, actor.org_id, kinds["subtree"]))
    if agents:
        indexed[Approval.agent_id] = sorted(frozenset.intersection(*agents))
    if "tool" in kinds:
        on_sqlite = session.connection().dialect.name == "sqlite"
        also[Approval.tool] = Globs(tuple(sorted(kinds["tool"])), on_sqlite)
    if "max_risk" in kinds:
        most = max(Risk(name).level for name in kinds["max_risk"])
        also[Approval.handled_as] = [risk for risk in Risk if risk.level <= most]
    return Way(indexed, also)


def _below(session: Session, org_id: str, managers: Iterable[str]) -> frozenset[str]:
    """Return these agents and all that report to them, as far down as the search goes up."""
    statement: Any = select(Agent.id).where(Agent.org_id == org_id)
    level = set(session.scalars(statement.where(Agent.id.in_(managers))))
    found = set(level)
    for _ in range(LEVELS):
        below = set(session.scalars(statement.where(Agent.reports_to.in_(level))))
        level = below - found
        if not level:
            break
        found |= level
    return frozenset(found)
