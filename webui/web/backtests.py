"""Backtests: a draft over the recorded calls, begun here, left, and come back to."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals import jobs
from webui.approvals.errors import DeskError
from webui.approvals.people.standing import By
from webui.approvals.policy import rule_told
from webui.approvals.ruling import policies
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.preview import visible
from webui.replays.backtest import DAYS, KIND, ask_for_backtest
from webui.replays.tally import LISTS
from webui.sentences import plural, sentence
from webui.store.models import Job
from webui.web.access import me
from webui.web.context import house
from webui.web.render import page as whole_page
from webui.web.render import part, wants_part
from webui.web.replayed import (
    LONGEST_TEXT,
    Listed,
    job_of,
    job_views,
    listed,
    past,
    reader,
    result_of,
    said,
)

blueprint = Blueprint("backtests", __name__, url_prefix="/policy/backtests")
Answer = BaseResponse | tuple[str, int]
PERIODS = (
    *(
        (str(days), plural("%(number)s day", "%(number)s days", days))
        for days in (7, 30, 90)
    ),
    ("all", sentence("All recorded")),
)
TITLES = {
    "let_through": sentence("Was denied, and would pass"),
    "newly_asked": sentence("Was settled by policy, and would be asked for"),
    "newly_refused": sentence("Was not denied, and would be refused"),
    "no_longer_asked": sentence("Was asked for, and would pass unasked"),
}
WAS = (
    ("approved", sentence("Asked, and approved")),
    ("denied", sentence("Asked, and denied")),
    ("undecided", sentence("Asked, and not decided")),
    ("granted", sentence("Covered by a standing grant")),
    ("passed", sentence("Passed by policy")),
    ("refused", sentence("Refused by policy")),
)


@dataclass(frozen=True, slots=True)
class ListView:
    """One list of a result."""

    title: str
    count: int
    calls: list[Listed]
    first: bool
    """The one that always stands first, also when it is empty."""


@blueprint.get("")
def page() -> str:
    """Show the form, and what was replayed before."""
    return _show()


def _show(
    error: str | None = None,
    faults: tuple[str, ...] = (),
    typed: str | None = None,
    days: str = str(DAYS),
) -> str:
    org_id = reader().org_id
    with house().store.reading() as session:
        live = policies.in_force(session, org_id)
        text = live.text if live is not None and typed is None else typed or ""
        return whole_page(
            "backtests/page.html",
            text=text,
            text_max=LONGEST_TEXT,
            days=days,
            periods=PERIODS,
            past=past(session, org_id, KIND),
            error=error,
            faults=faults,
        )


@blueprint.post("")
def start() -> Answer:
    """Begin one, and show how far it is."""
    person = reader()
    text = request.form.get("text", "").replace("\r\n", "\n")
    period = request.form.get("days", "")[:10]
    digits = period if period.isascii() and period.isdigit() else "0"
    days = None if period == "all" else int(digits)
    by = By(person.signed.user_id)
    try:
        job_id = house().store.write(
            lambda tx: ask_for_backtest(tx, person.org_id, text, days, by)
        )
    except DeskError as error:
        wrong = error.wrong if isinstance(error, PolicyRefusedError) else ()
        faults = tuple(visible(each.told()) for each in wrong[:50])
        return _show(error.detail, faults, text, period), problems.status_of(error)
    return redirect(url_for("backtests.one", backtest_id=job_id), 303)


@blueprint.get("/<backtest_id>")
def one(backtest_id: str) -> str:
    """Show how far one is, or what came of it; its part alone for a script."""
    org_id = reader().org_id
    with house().store.reading() as session:
        job = job_of(session, org_id, KIND, backtest_id)
        context = _shown(session, job)
        live = policies.in_force(session, org_id)
    if wants_part():
        return part("backtests/_one.html", **context)
    base = 0 if live is None else live.number
    return whole_page(
        "backtests/one.html", text=str(json.loads(job.input)["text"]), base=base, **context
    )


@blueprint.post("/<backtest_id>/cancel")
def cancel(backtest_id: str) -> Answer:
    """End one that waits or runs."""
    org_id = reader().org_id
    house().store.write(lambda tx: jobs.cancel(tx, org_id, KIND, backtest_id))
    return redirect(url_for("backtests.one", backtest_id=backtest_id), 303)


def _shown(session: Session, job: Job) -> dict[str, Any]:
    (view,) = job_views(session, [job])
    result = result_of(job)
    context: dict[str, Any] = {"job": view, "result": None}
    if result is None:
        return context
    org_id = me().org_id
    lists = [
        ListView(
            TITLES[name],
            result["lists"][name]["count"],
            listed(session, org_id, result["lists"][name]["newest"]),
            name == LISTS[0],
        )
        for name in LISTS
    ]
    rules = [
        each | {"rule": visible(rule_told(each["rule"])), "verdict": said(each["verdict"])}
        for each in result["rules"]
    ]
    matrix = [(word, result["matrix"][name]) for name, word in WAS]
    return context | {
        "result": result | {"rules": rules},
        "lists": lists,
        "matrix": matrix,
    }
