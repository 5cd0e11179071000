"""The draft that runs beside the policy: started, watched, stopped, put in force."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.authorization import POLICY_WRITE
from webui.approvals.errors import DeskError
from webui.approvals.people.standing import By
from webui.approvals.policy import rule_told
from webui.approvals.ruling import policies, shadows
from webui.approvals.ruling.policies import Accepted, PolicyRefusedError
from webui.policyfile import require_no_file
from webui.preview import visible
from webui.replays.following import figures_of
from webui.sentences import kept
from webui.store.models import PolicyShadow
from webui.store.transaction import Transaction
from webui.web.access import may, me, require
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.fresh import require_fresh
from webui.web.render import page as whole_page
from webui.web.replayed import LONGEST_TEXT, listed, reader, said

blueprint = Blueprint("shadow", __name__, url_prefix="/policy/shadow")
Answer = BaseResponse | tuple[str, int]


@blueprint.get("")
def page() -> str:
    """Show the draft that runs, with its figures; or the form that starts one."""
    return _show()


def _show(
    error: str | None = None, faults: tuple[str, ...] = (), typed: str | None = None
) -> str:
    org_id = reader().org_id
    with house().store.reading() as session:
        shadow = session.get(PolicyShadow, org_id)
        live = policies.in_force(session, org_id)
        figures: dict[str, Any] = {} if shadow is None else figures_of(shadow)
        calls = listed(session, org_id, figures.get("newest", ()))
    text = (live.text if live else "") if typed is None else typed
    rules = [
        each
        | {
            "rule": visible(rule_told(each["rule"])),
            "live": said(each["live"]),
            "draft": said(each["draft"]),
        }
        for each in figures.get("rules", ())
    ]
    return whole_page(
        "shadow/page.html",
        shadow=shadow,
        stands_still=shadow and shadow.error and kept(shadow.error),
        figures=figures | {"rules": rules},
        calls=calls,
        number=0 if live is None else live.number,
        may_write=may(POLICY_WRITE).allowed,
        text=text,
        text_max=LONGEST_TEXT,
        error=error,
        faults=faults,
    )


@blueprint.post("")
def start() -> Answer:
    """Start a draft."""
    text = request.form.get("text", "").replace("\r\n", "\n")
    return _change(lambda tx, org, by: shadows.start_shadow(tx, org, text, by), text)


@blueprint.post("/stop")
def stop() -> Answer:
    """Stop it."""
    return _change(shadows.stop_shadow)


@blueprint.post("/take-over")
def take_over() -> Answer:
    """Put it in force as a new version."""
    require(POLICY_WRITE)
    require_fresh(url_for("shadow.page"))
    number = read_seq(request.form.get("expected", ""))
    expected = -1 if number is None else number
    settings = house().settings

    def unit(tx: Transaction, org_id: str, by: By) -> Accepted:
        require_no_file(tx, settings, org_id)
        return shadows.take_over(tx, org_id, by, expected=expected, note=shadows.RAN_BESIDE)

    return _change(unit)


def _change(
    unit: Callable[[Transaction, str, By], object], typed: str | None = None
) -> Answer:
    """Have one verb done and return to the page; a refusal stands on it."""
    require(POLICY_WRITE)
    org_id, by = reader().org_id, By(me().signed.user_id)
    try:
        house().store.write(lambda tx: unit(tx, org_id, by) and None)
    except DeskError as error:
        wrong = error.wrong if isinstance(error, PolicyRefusedError) else ()
        faults = tuple(visible(each.told()) for each in wrong[:50])
        return _show(error.detail, faults, typed), problems.status_of(error)
    return redirect(url_for("shadow.page"), 303)
