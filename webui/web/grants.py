"""Standing grants: what stands, what is over, what each covered, and taking one back."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.answering.reviewing import owner_now
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.grants.covering import revoke_grant
from webui.preview import visible
from webui.problems import status_of
from webui.store.queries import events, standing_grants
from webui.store.queries.standing_grants import GrantRow
from webui.web.access import may_grant, may_view, me, seen
from webui.web.context import house
from webui.web.grant_views import grant_view, is_live
from webui.web.render import page as whole_page
from webui.web.rows import RowView, row_view
from webui.web.timeline import facts_of

blueprint = Blueprint("grants", __name__, url_prefix="/grants")
Answer = BaseResponse | tuple[str, int]
PAGE = 50
COVERED = 100
_OVER = "over."
"""How the cursor of a page begins that is past all those that stand."""


@dataclass(frozen=True, slots=True)
class Revoking:
    """What a person can do about a grant."""

    offered: bool
    why_not: str | None
    """Why they may not; none where they may, or where there is nothing to end."""
    unused: int
    """Calls that it let through and that can still be used."""


@blueprint.get("")
def page() -> str:
    """Show the grants whose calls this person may see: those that stand, then the others."""
    before = request.args.get("before", "")[:100]
    with house().store.reading() as session:
        found = _found(session, before)
        shown = [row for row in found[:PAGE] if may_view(row.made_from)]
        views = [grant_view(session, row) for row in shown]
    return whole_page(
        "grants/page.html",
        live=[view for view in views if view.live],
        over=[view for view in views if not view.live],
        older_url=_older(found),
        newest_url=url_for("grants.page") if before else None,
    )


def _found(session: Session, before: str) -> list[GrantRow]:
    org_id, now, may_see = me().org_id, house().store.now(), seen()
    past_live = before.startswith(_OVER)
    found: list[GrantRow] = []
    if not past_live:
        found += standing_grants.grants(
            session, org_id, now, live=True, seen=may_see, before=before, limit=PAGE + 1
        )
    room = PAGE + 1 - len(found)
    if room > 0:
        last = before.removeprefix(_OVER) if past_live else ""
        found += standing_grants.grants(
            session, org_id, now, over=True, seen=may_see, before=last, limit=room
        )
    return found


def _older(found: list[GrantRow]) -> str | None:
    if len(found) <= PAGE:
        return None
    last = found[PAGE - 1].grant
    return url_for("grants.page", before=last.id if is_live(last) else _OVER + last.id)


@blueprint.get("/<standing_id>")
def one(standing_id: str) -> str:
    """Show one grant: its bounds, and the newest calls that it covered."""
    return _one(standing_id)


def _one(standing_id: str, error: str | None = None, reason: str = "") -> str:
    with house().store.reading() as session:
        row = _visible(session, standing_id)
        return whole_page(
            "grants/one.html",
            grant=grant_view(session, row, "full"),
            revoking=_revoking(session, row),
            covered=_covered(session, standing_id),
            taken_back=_reason(session, row),
            error=error,
            reason_typed=reason,
        )


@blueprint.post("/<standing_id>/revoke")
def revoke(standing_id: str) -> Answer:
    """End it, and take back what it let through and nobody used."""
    by, org_id = me().reviewer(), me().org_id
    reason = request.form.get("reason", "").strip().replace("\r\n", "\n")
    with house().store.reading() as session:
        _visible(session, standing_id)
    try:
        refusal = house().store.write(
            lambda tx: revoke_grant(tx, by, org_id, standing_id, reason)
        )
        if refusal is not None:
            raise refusal
    except NotFoundError:
        raise
    except DeskError as error:
        return _one(standing_id, error.detail, reason), status_of(error)
    return redirect(url_for("grants.one", standing_id=standing_id), 303)


def _visible(session: Session, standing_id: str) -> GrantRow:
    row = standing_grants.one(session, me().org_id, standing_id)
    if row is None or not may_view(row.made_from):
        raise NotFoundError("standing grant")
    return row


def _revoking(session: Session, row: GrantRow) -> Revoking:
    """Return what `revoke_grant` will say: its maker may, and who may grant such calls."""
    grant, person = row.grant, me()
    unused = standing_grants.unused(session, grant.id, house().store.now())
    if grant.revoked_by is not None or not (is_live(grant) or unused):
        return Revoking(offered=False, why_not=None, unused=unused)
    access = may_grant(row.made_from, owner_now(session, row.made_from))
    own = person.actor.is_one_of((grant.created_by,)) and person.actor.role is not None
    if access.allowed or (own and not person.agent_context):
        return Revoking(offered=True, why_not=None, unused=unused)
    return Revoking(offered=False, why_not=visible(access.explanation), unused=unused)


def _covered(session: Session, grant_id: str) -> list[RowView]:
    """Return the newest calls that it covered and this person may see."""
    org_id, now = me().org_id, house().store.now()
    found = standing_grants.covered(session, org_id, grant_id, seen(), COVERED)
    return [
        row_view(row, now, url_for("approval.page", approval_id=row.approval.id))
        for row in found
        if may_view(row.approval)
    ]


def _reason(session: Session, row: GrantRow) -> str:
    if row.grant.revoked_by is None:
        return ""
    told, _ = events.told_about(
        session,
        row.grant.org_id,
        f"standing_grant:{row.grant.id}",
        {"standing_grant.revoked"},
    )
    return visible(facts_of(told[-1]).get("reason") or "") if told else ""
