"""Pages and their parts: what every page needs is added here, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_login import current_user

from webui.approvals.authorization import (
    AGENTS,
    AUDIT_READ,
    MEMBERS,
    POLICY_READ,
    SOURCES,
    VIEW,
)
from webui.store.queries import calls, events, people
from webui.store.queries.people import OrgName
from webui.web.access import may, me, seen
from webui.web.alarms import alarms
from webui.web.context import house
from webui.web.live import epoch_of

MOST_ORGS = 50


@dataclass(frozen=True, slots=True)
class Me:
    """The person in the page's frame."""

    name: str
    org_name: str
    pages: tuple[str, ...]
    """Words of the pages they may open."""
    org_id: str
    orgs: Sequence[OrgName]
    """Where they may switch to, the present one included."""


@dataclass(frozen=True, slots=True)
class Live:
    """From where on a page follows the log."""

    seq: int
    epoch: str


def page(template: str, **context: Any) -> str:
    """Render a whole page; `seq` among the context says up to which event it is true, `counts` what waits."""
    frame = _frame(context.get("seq"), context.get("counts"))
    return render_template(template, **(frame | context))


def part(template: str, **context: Any) -> str:
    """Render one element for a script to put in its place."""
    return render_template(template, **context)


def wants_part() -> bool:
    """Say whether a script asks, which puts the answer into its page."""
    return request.headers.get("HX-Request") == "true"


def _frame(seq: int | None, counts: calls.Pressure | None) -> dict[str, Any]:
    runtime = house()
    frame: dict[str, Any] = {"server_now": runtime.store.now()}
    if not current_user.is_authenticated:
        return frame | {"me": None, "waiting": 0, "live": None, "alarms": ()}
    person = me()
    with runtime.store.reading() as reading:
        orgs = people.orgs_of(reading, person.signed.user_id, MOST_ORGS)
        if person.held_up:
            return frame | {
                "me": _me(orgs, ()),
                "waiting": 0,
                "live": None,
                "alarms": (),
            }
        upto = events.end(reading, person.org_id).seq if seq is None else seq
        epoch = epoch_of(reading, person.org_id)
        broken = alarms(reading)
        counts = counts or calls.pressure(
            reading, person.org_id, runtime.store.now(), seen=seen()
        )
    return frame | {
        "me": _me(orgs, pages()),
        "waiting": counts.waiting,
        "alarms": broken,
        "live": Live(upto, epoch),
    }


def _me(orgs: Sequence[OrgName], open_to_me: tuple[str, ...]) -> Me:
    who = me().signed
    return Me(who.display_name, who.org_name, open_to_me, who.org_id, orgs)


def pages() -> tuple[str, ...]:
    """Return the words of the pages that the person may open."""
    everybody = ("Queue", "History", "Grants", "Account", "Help")
    further = (
        ("Policy", POLICY_READ),
        ("Audit", AUDIT_READ),
        ("Agents", VIEW),
        ("Sources", SOURCES),
        ("Deliveries", SOURCES),
        ("People", VIEW),
        ("Settings", MEMBERS),
    )
    found = everybody + tuple(word for word, needed in further if may(needed).allowed)
    if may(POLICY_READ).allowed and may(VIEW).allowed:
        found = (*found, "Policy")
    if may(AUDIT_READ).allowed and may(VIEW).allowed:
        found = (*found, "Insights")
    manages = may(MEMBERS).allowed or may(AGENTS).allowed
    return (*found, "Access") if manages else found
