"""The reporting tree of an org's agents: who manages whom, at most so many levels of it."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import Agent


class Link(NamedTuple):
    """One agent of a chain."""

    id: str
    name: str


def chain_from(session: Session, org_id: str, agent_id: str, most: int) -> Sequence[Link]:
    """Return an agent and its managers, upwards. A circle that is there already ends it."""
    chain: list[Link] = []
    next_id: str | None = agent_id
    while next_id is not None and len(chain) < most:
        row = session.execute(
            select(Agent.id, Agent.name, Agent.reports_to).where(
                Agent.id == next_id, Agent.org_id == org_id
            )
        ).one_or_none()
        if row is None or row.id in {link.id for link in chain}:
            break
        chain.append(Link(row.id, row.name))
        next_id = row.reports_to
    return chain


def height_of(session: Session, org_id: str, agent_id: str, most: int) -> int:
    """Return how many levels an agent and those below it have, up to `most` + 1."""
    level, seen, height = {agent_id}, {agent_id}, 0
    while level and height <= most:
        height += 1
        below = session.scalars(
            select(Agent.id).where(Agent.org_id == org_id, Agent.reports_to.in_(level))
        )
        level = set(below) - seen
        seen |= level
    return height


class Member(NamedTuple):
    """One agent of an org, for drawing who reports to whom."""

    id: str
    name: str
    reports_to: str | None
    status: str
    role: str | None
    protection: str


def members_of_tree(session: Session, org_id: str, most: int) -> Sequence[Member]:
    """Return the agents of an org by name."""
    rows = session.execute(
        select(
            Agent.id,
            Agent.name,
            Agent.reports_to,
            Agent.status,
            Agent.role,
            Agent.protection,
        )
        .where(Agent.org_id == org_id)
        .order_by(Agent.name, Agent.id)
        .limit(most)
    )
    return [Member._make(row) for row in rows]
