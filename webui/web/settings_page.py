"""The org's own settings, for whoever manages its people."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.organizations import LONGEST_GRANT, Flags, change_flags, flags_of
from webui.problems import status_of
from webui.store.models import Org
from webui.web.access import me, require
from webui.web.context import desk, house
from webui.web.fresh import require_fresh
from webui.web.once import Secret
from webui.web.render import page as whole_page

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("")
def page() -> str:
    """Show the switches."""
    return _page()


def _page(error: str | None = None, hours: str | None = None) -> str:
    org_id = require(MEMBERS).org_id
    told = desk().once.take(me().session_hash, "settings")
    with house().store.reading() as session:
        flags = flags_of(session.get_one(Org, org_id))
    return whole_page(
        "settings/page.html",
        flags=flags,
        hours=str(flags.grant_hours) if hours is None else hours,
        longest_grant=LONGEST_GRANT,
        error=error,
        told=told and told.text,
    )


@blueprint.post("")
def change() -> BaseResponse | tuple[str, int]:
    """Set the switches."""
    person = require(MEMBERS)
    require_fresh(url_for("settings.page"))
    org_id, user_id, form = person.org_id, person.signed.user_id, request.form
    hours = form.get("grant_hours")
    try:
        flags = Flags(
            require_second_factor="require_second_factor" in form,
            solo_operator="solo_operator" in form,
            write_gate="write_gate" in form,
            grant_hours=_present_hours(org_id) if hours is None else _hours(hours),
        )
        changed = house().store.write(
            lambda tx: change_flags(tx, org_id, flags, user_id=user_id)
        )
    except (ConflictError, InvalidError) as error:
        return _page(error.detail, hours), status_of(error)
    words = "Saved; it holds from now on." if changed else "Nothing was changed."
    desk().once.keep(person.session_hash, Secret("settings", "", words))
    return redirect(url_for("settings.page"), 303)


def _present_hours(org_id: str) -> int:
    with house().store.reading() as session:
        return session.get_one(Org, org_id).grant_hours


def _hours(text: str) -> int:
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(LONGEST_GRANT)):
        return int(digits)
    raise InvalidError(
        f"The longest standing grant is a whole number of hours: 0 (none) to {LONGEST_GRANT}."
    )
