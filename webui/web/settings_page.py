"""The org's own settings, for whoever manages its people."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.people.organizations import (
    LONGEST_GRANT,
    LONGEST_UNDO,
    MOST_DOMAINS,
    MOST_REASONS,
    Flags,
    change_flags,
    domains_in,
    flags_of,
)
from webui.problems import status_of
from webui.sentences import sentence
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


def _page(
    error: str | None = None,
    hours: str | None = None,
    undo: str | None = None,
    reasons: str | None = None,
    domains: str | None = None,
) -> str:
    org_id = require(MEMBERS).org_id
    told = desk().once.take(me().session_hash, "settings")
    with house().store.reading() as session:
        flags = flags_of(session.get_one(Org, org_id))
    return whole_page(
        "settings/page.html",
        flags=flags,
        hours=str(flags.grant_hours) if hours is None else hours,
        undo=str(flags.undo_seconds) if undo is None else undo,
        reasons=flags.reasons if reasons is None else reasons,
        most_reasons=MOST_REASONS,
        domains=flags.own_domains if domains is None else domains,
        most_domains=MOST_DOMAINS,
        longest_grant=LONGEST_GRANT,
        longest_undo=LONGEST_UNDO,
        error=error,
        told=told and told.text,
    )


@blueprint.post("")
def change() -> BaseResponse | tuple[str, int]:
    """Set the switches."""
    person = require(MEMBERS)
    require_fresh(url_for("settings.page"))
    org_id, user_id, form = person.org_id, person.signed.user_id, request.form
    hours, undo = form.get("grant_hours"), form.get("undo_seconds")
    reasons, domains = form.get("reasons"), form.get("own_domains")
    before = _flags(org_id)
    try:
        flags = Flags(
            require_second_factor="require_second_factor" in form,
            solo_operator="solo_operator" in form,
            write_gate="write_gate" in form,
            grant_hours=before.grant_hours if hours is None else _hours(hours),
            undo_seconds=before.undo_seconds if undo is None else _seconds(undo),
            reasons=before.reasons if reasons is None else _lines(reasons),
            own_domains=before.own_domains
            if domains is None
            else "\n".join(domains_in(domains)),
        )
        changed = house().store.write(
            lambda tx: change_flags(tx, org_id, flags, user_id=user_id)
        )
    except (ConflictError, InvalidError) as error:
        return _page(error.detail, hours, undo, reasons, domains), status_of(error)
    words = (
        sentence("Saved; it holds from now on.")
        if changed
        else sentence("Nothing was changed.")
    )
    desk().once.keep(person.session_hash, Secret("settings", "", words))
    return redirect(url_for("settings.page"), 303)


def _flags(org_id: str) -> Flags:
    with house().store.reading() as session:
        return flags_of(session.get_one(Org, org_id))


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(dict.fromkeys(filter(None, lines)))


def _hours(text: str) -> int:
    return _whole(
        text,
        sentence(
            "The longest standing grant is a whole number of hours: 0 (none) to %(longest)s.",
            longest=LONGEST_GRANT,
        ),
    )


def _seconds(text: str) -> int:
    return _whole(
        text,
        sentence(
            "The time to undo is a whole number of seconds: 0 (none) to %(longest)s.",
            longest=LONGEST_UNDO,
        ),
    )


def _whole(text: str, otherwise: str) -> int:
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(LONGEST_GRANT)):
        return int(digits)
    raise InvalidError(otherwise)
