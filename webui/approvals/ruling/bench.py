"""The test bench: what a policy, in force or not, would say of one call. Nothing is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.policy import Call, Rulebook, Ruling
from webui.approvals.ruling.counting import values_now
from webui.approvals.ruling.rulebooks import live_rulebook
from webui.approvals.ruling.rulings import hinted, ruling_on
from webui.approvals.states import Risk
from webui.store.models import Agent


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that nobody asked."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    agent_id: str | None = None
    risk: str | None = None
    session: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """A counter that the rules of the call read."""

    name: str
    window: str
    value: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    ruling: Ruling
    counts: tuple[Count, ...]


def try_call(
    session: Session, org_id: str, book: Rulebook | None, trial: Trial, now: int
) -> Tried | None:
    """Return what a policy says of a call, with the counters and history of now.

    Args:
        session: to read with.
        org_id: whose counters, history and agents.
        book: the policy to ask; none: the one in force.
        trial: the call.
        now: ms.

    Returns:
        None where no policy is in force and none is given.

    """
    connection = session.connection()
    book = book or live_rulebook(connection, org_id)
    if book is None:
        return None
    call = _call(session, org_id, trial)
    counters = book.counters_for(call.tool)
    values = values_now(connection, org_id, counters, now)
    return Tried(
        ruling_on(connection, book, org_id, call, now),
        tuple(
            Count(each.name, str(each.window), values.get(each.name, 0), each.limit)
            for each in counters
        ),
    )


def _call(session: Session, org_id: str, trial: Trial) -> Call:
    """Return the call as rules see it; without an agent, who asks cannot be told."""
    agent = session.scalar(
        select(Agent).where(Agent.org_id == org_id, Agent.id == (trial.agent_id or ""))
    )
    return Call(
        trial.tool,
        trial.arguments,
        agent=agent.id if agent else None,
        project=agent.project_id if agent else None,
        owner=agent.owner_id if agent else None,
        risk=hinted(trial.risk) or str(Risk.MEDIUM),
        session=trial.session or None,
        scope=trial.scope or None,
    )
