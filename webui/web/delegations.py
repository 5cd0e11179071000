"""One's own delegations: who decides while one is away, and for whom one decides."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.errors import DeskError, Fault, InvalidError
from webui.approvals.people import delegations
from webui.sentences import sentence
from webui.store.queries.delegations import active_delegations, delegations_of
from webui.web.access import me
from webui.web.context import house
from webui.web.fresh import require_fresh
from webui.web.render import page as whole_page

blueprint = Blueprint("delegations", __name__, url_prefix="/delegations")
Answer = BaseResponse | tuple[str, int]
DAY = 86_400_000


@blueprint.get("")
def page() -> str:
    """Show the delegations that one has given and received."""
    return _show()


def _show(error: str | None = None, *, email: str = "", until: str = "") -> str:
    signed, now = me().signed, house().store.now()
    with house().store.reading() as session:
        given = delegations_of(session, signed.org_id, [signed.user_id], now)
        received = active_delegations(session, signed.org_id, signed.user_id, now)
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    longest = delegations.LONGEST // DAY
    return whole_page(
        "delegations/page.html",
        given=given,
        received=received,
        first_day=today.isoformat(),
        last_day=(today + timedelta(days=longest - 1)).isoformat(),
        error=error,
        email_typed=email,
        until_typed=until,
    )


@blueprint.post("")
def create() -> Answer:
    """Name a delegate."""
    person = require_fresh(url_for("delegations.page"))
    email, day = request.form.get("email", ""), request.form.get("until", "")
    org_id, user_id = person.org_id, person.signed.user_id
    try:
        until = end_of(day)
        house().store.write(
            lambda tx: delegations.delegate(tx, org_id, user_id, email, until=until)
        )
    except DeskError as error:
        return _show(error.detail, email=email, until=day), problems.status_of(error)
    return redirect(url_for("delegations.page"), 303)


def end_of(day: str) -> int:
    """Return the end (ms) of a day written as 2026-12-24, in UTC as all times here.

    Raises:
        InvalidError: it is no day.

    """
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InvalidError(
            sentence("The last day is written like 2026-12-24."),
            [Fault("/until", "is no day")],
        ) from None
    return int(start.timestamp() * 1000) + DAY - 1


@blueprint.post("/<delegation_id>/end")
def end(delegation_id: str) -> BaseResponse:
    """End one of them, given or received."""
    person = me()
    org_id, user_id = person.org_id, person.signed.user_id
    house().store.write(
        lambda tx: delegations.end_delegation(tx, org_id, user_id, delegation_id)
    )
    return redirect(url_for("delegations.page"), 303)
