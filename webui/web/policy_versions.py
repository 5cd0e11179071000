"""The versions of the policy: who changed what, when and why; and the way back."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import POLICY_READ, POLICY_WRITE
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.policies import Accepted, PolicyRefusedError
from webui.policyfile import require_no_file, rules
from webui.preview import visible
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.transaction import Transaction
from webui.web.access import may, me, require
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.fresh import require_fresh
from webui.web.policy import address
from webui.web.policy_saving import tell_saved
from webui.web.policy_views import (
    DiffView,
    VersionView,
    diff_view,
    listing,
    live_view,
    version_views,
)
from webui.web.render import page as whole_page

blueprint = Blueprint("policy_versions", __name__, url_prefix="/policy/versions")
PAGE = 20
MOST_COMPARED = 100_000
"""Characters of two texts that a list compares: it does so for each of its rows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One version of the list, and what it changed."""

    version: VersionView
    diff: DiffView | None
    """None: too large to be compared in a list."""


@blueprint.get("")
def page() -> str:
    """List the versions, newest first."""
    org_id, before = require(POLICY_READ).org_id, read_seq(request.args.get("before"))
    with house().store.reading() as session:
        found = policies.versions(session, org_id, before, PAGE + 1)
        views = version_views(session, org_id, found[:PAGE])
        live, _ = live_view(session, org_id)
    texts = [each.text for each in found] + [""]
    rows = [
        Row(view, _listed(texts[place + 1], texts[place]))
        for place, view in enumerate(views)
    ]
    return whole_page(
        "policy/versions.html",
        rows=rows,
        live_number=live.number if live else 0,
        older=views[-1].number if len(found) > PAGE else None,
        newest=before is not None,
    )


def _listed(old: str, new: str) -> DiffView | None:
    return diff_view(old, new) if len(old) + len(new) <= MOST_COMPARED else None


@blueprint.get("/<number>")
def one(number: str) -> str:
    """Show one version: its text, and what it changed."""
    require(POLICY_READ)
    return _one(_numbered(number))


def _numbered(text: str) -> int:
    number = read_seq(text)
    if number is None:
        raise NotFoundError("version of the policy")
    return number


def _one(number: int, error: str = "", wrong: tuple[str, ...] = ()) -> str:
    org_id = me().org_id
    with house().store.reading() as session:
        version = policies.version_of(session, org_id, number)
        view = version_views(session, org_id, [version])[0]
        older = policies.versions(session, org_id, number, 1)
        live, text = live_view(session, org_id)
        by_file = rules(session, house().settings, org_id)
    lines, left_out = listing(version.text)
    return whole_page(
        "policy/version.html",
        version=view,
        before=older[0].number if older else None,
        diff=diff_view(older[0].text if older else "", version.text),
        lines=lines,
        left_out=left_out,
        live=live,
        back=diff_view(text, version.text),
        may_revert=may(POLICY_WRITE).allowed and not by_file,
        error=error,
        wrong=wrong,
    )


@blueprint.post("/<number>/revert")
def revert(number: str) -> BaseResponse | tuple[str, int]:
    """Put the text of this version in force again."""
    org_id = require(POLICY_WRITE).org_id
    wanted = _numbered(number)
    back_here = url_for("policy_versions.one", number=wanted)
    by = By(require_fresh(back_here).signed.user_id)
    expected, settings = read_seq(request.form.get("expected")), house().settings

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, settings, org_id)
        return policies.revert(tx, org_id, wanted, by, expected=expected or 0)

    try:
        accepted = house().store.write(unit)
    except PolicyRefusedError as error:
        wrong = tuple(visible(fault.told()) for fault in error.wrong)
        return _one(wanted, sentence("This version cannot be in force now."), wrong), 422
    except (ConflictError, InvalidError) as error:
        return _one(wanted, error.detail), status_of(error)
    tell_saved(accepted)
    return redirect(address(), 303)
