"""Access: who reports to whom among the agents, and what protects each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint

from webui.approvals.authorization import AGENTS, MEMBERS
from webui.approvals.authorization.chain import LEVELS
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries.reporting import Member, members_of_tree
from webui.web.access import may, require_one
from webui.web.agent_views import STATUS_WORDS
from webui.web.context import house
from webui.web.render import page as whole_page
from webui.web.work import POLICY_WORDS, PolicyView, policy_view

blueprint = Blueprint("reporting", __name__, url_prefix="/access")
MOST = 500
DEEPEST_SHOWN = 12
"""Levels that are set in one below the other; deeper ones say their level."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One agent in its place."""

    id: str
    name: str
    status: str
    status_word: str
    role: str
    level: int
    indent: int
    mark: str
    """What is wrong with its place; empty for nothing."""
    policy: PolicyView


@blueprint.get("/tree")
def page() -> str:
    """Show the reporting tree."""
    return show()


def show(error: str | None = None) -> str:
    """Return the page, with what was refused."""
    org_id = require_one(MEMBERS, AGENTS).org_id
    with house().store.reading() as session:
        found = members_of_tree(session, org_id, MOST + 1)
    return whole_page(
        "reporting/page.html",
        branches=branches(found[:MOST], cut=len(found) > MOST),
        more=len(found) > MOST,
        most=MOST,
        policies=POLICY_WORDS,
        may_manage=may(AGENTS).allowed,
        error=error,
    )


def branches(agents: Sequence[Member], *, cut: bool = False) -> list[Branch]:
    """Return agents in the order of a tree, each below its manager; a circle stands at the end.

    Args:
        agents: by name.
        cut: whether there are more, so that a manager may be among those.

    """
    by_id = {agent.id: agent for agent in agents}
    below: dict[str, list[Member]] = {}
    tops: list[tuple[Member, str]] = []
    for agent in agents:
        if agent.reports_to in by_id:
            below.setdefault(str(agent.reports_to), []).append(agent)
        elif agent.reports_to is None:
            tops.append((agent, ""))
        else:
            tops.append((agent, "" if cut else sentence("Its manager is missing")))
    placed: dict[str, Branch] = {}
    for top, mark in tops:
        _place(top, mark, below, placed)
    for agent in agents:
        if agent.id not in placed:  # whoever is below nobody at the top is in a circle
            _place(agent, sentence("Part of a circle of managers"), below, placed)
    return list(placed.values())


def _place(
    top: Member,
    mark: str,
    below: Mapping[str, Sequence[Member]],
    placed: dict[str, Branch],
) -> None:
    waiting = [(top, 1, mark)]
    while waiting:
        agent, level, wrong = waiting.pop()
        if agent.id in placed:
            continue
        if level == LEVELS + 1:
            wrong = wrong or sentence(
                "Deeper than %(levels)s levels: managers above are not found", levels=LEVELS
            )
        placed[agent.id] = Branch(
            agent.id,
            visible(agent.name),
            agent.status,
            STATUS_WORDS.get(agent.status, agent.status),
            visible(agent.role or ""),
            level,
            min(level, DEEPEST_SHOWN),
            wrong,
            policy_view("agent", agent.id, agent.protection),
        )
        children = reversed(below.get(agent.id, ()))
        waiting += [(child, level + 1, "") for child in children]
