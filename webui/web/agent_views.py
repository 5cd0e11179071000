"""Agents and their keys, as their page shows them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from flask import url_for
from sqlalchemy.orm import Session

from webui.insights.counting import Facet
from webui.insights.units import day_of, units_of
from webui.sentences import plural, sentence
from webui.store.models import AgentKey
from webui.store.queries import insights
from webui.store.queries.programs import Program

LATELY: Final = 30
"""Days of which the page says what an agent asked."""
STATUS_WORDS: Final[Mapping[str, str]] = {
    "active": sentence("Active"),
    "paused": sentence("Paused"),
    "pending_approval": sentence("Pending approval"),
    "terminated": sentence("Terminated"),
}


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key of an agent."""

    id: str
    prefix: str
    created_at: int
    last_used_at: int | None
    revoked_at: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent with its keys."""

    id: str
    name: str
    page_url: str
    """The page with this one open."""
    owner: str | None
    owner_email: str
    manager: str | None
    project: str | None
    role: str | None
    can_create_agents: bool
    status: str
    status_word: str
    created_at: int
    last_seen_at: int | None
    """When any of its keys was used last."""
    keys_words: str
    """How many of its keys work."""
    is_cut_off: bool
    """Whether it is active, has keys, and none of them works."""
    waiting: int
    asked: int
    denied: int
    keys: tuple[KeyView, ...]

    def __getitem__(self, name: str) -> object:
        """Let the template write `agent["keys"]`, as for a plain mapping."""
        return getattr(self, name)


class Lately(NamedTuple):
    """What an agent asked people of late."""

    asked: int = 0
    denied: int = 0


def asked_lately(session: Session, org_id: str, now: int) -> Mapping[str, Lately]:
    """Return what each agent asked, as it was counted: a row for each agent and unit of time."""
    today = day_of(now)
    units = units_of(today - LATELY + 1, today)
    rows = insights.sums(
        session, org_id, ("", ""), [Facet.AGENT], ("asked", "denied"), units
    )
    return {row["name"]: Lately(row["asked"], row["denied"]) for row in rows}


def agent_view(
    program: Program, now: int, counts: Mapping[str, Lately] | None, order: str
) -> AgentView:
    """Return an agent as its page shows it, with the table in an order of `ORDERS`."""
    agent = program.agent
    lately = (counts or {}).get(agent.id, Lately())
    working = sum(_works(key, agent.status, now) for key in program.keys)
    return AgentView(
        agent.id,
        agent.name,
        url_for("agents.page", agent=agent.id, sort=order or None, _anchor="agent"),
        program.owner,
        program.owner_email or "",
        program.manager,
        program.project,
        agent.role,
        agent.can_create_agents,
        agent.status,
        STATUS_WORDS.get(agent.status, agent.status),
        agent.created_at,
        max((key.used_at for key in program.keys if key.used_at), default=None),
        _keys_words(working, len(program.keys)),
        bool(program.keys) and not working and agent.status == "active",
        program.waiting,
        lately.asked,
        lately.denied,
        tuple(_key_view(key) for key in program.keys),
    )


def _works(key: AgentKey, status: str, now: int) -> bool:
    over = key.expires_at is not None and key.expires_at <= now
    return status == "active" and key.revoked_at is None and not over


def _keys_words(working: int, total: int) -> str:
    if not total:
        return sentence("no key")
    return plural(
        "%(number)s of %(total)s works",
        "%(number)s of %(total)s work",
        working,
        total=total,
    )


def _key_view(key: AgentKey) -> KeyView:
    return KeyView(
        key.id,
        f"csk_{key.id}",
        key.created_at,
        key.used_at,
        key.revoked_at,
        key.expires_at,
    )


class Order(NamedTuple):
    """One order of the table."""

    word: str
    of: Callable[[AgentView], Any]
    of_counts: bool = False
    """Whether it takes the numbers of late."""


ORDERS: Final[Mapping[str, Order]] = {
    "": Order(sentence("Name"), lambda view: view.name),
    "seen": Order(sentence("Last seen"), lambda view: -(view.last_seen_at or 0)),
    "waiting": Order(sentence("Waiting"), lambda view: -view.waiting),
    "asked": Order(sentence("Asked"), lambda view: -view.asked, True),
    "denied": Order(sentence("Denied"), lambda view: -view.denied, True),
}
"""By what the table is put in order, as the address names it."""


class OrderLink(NamedTuple):
    """A link to the page in another order."""

    word: str
    url: str
    """Keeps nothing open."""
    is_current: bool


def order_of(text: str) -> str:
    """Return the order an address names; one that there is not is the usual."""
    return text if text in ORDERS else ""


def in_order(views: Sequence[AgentView], order: str) -> list[AgentView]:
    """Return agents in an order of `ORDERS`; those that are equal, by name."""
    return sorted(views, key=ORDERS[order].of)


def orders(order: str, *, is_counted: bool) -> list[OrderLink]:
    """Return the links between the orders."""
    return [
        OrderLink(
            each.word,
            url_for("agents.page", sort=name or None),
            is_current=name == order,
        )
        for name, each in ORDERS.items()
        if is_counted or not each.of_counts
    ]
