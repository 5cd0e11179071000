"""Access: who holds which permission beyond their role, within what, and who gave it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.authorization import AGENTS, ALL, MEMBERS, Grant, scope_kinds
from webui.approvals.authorization.permissions import STRUCTURED
from webui.approvals.errors import DeskError, InvalidError, NotFoundError
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people.standing import By
from webui.approvals.words import RISK_INSIDE, WHO_RUNS_IT
from webui.preview import visible
from webui.sentences import joined, sentence
from webui.store.models import PermissionGrant
from webui.store.queries.grants import names_of, standing_grants
from webui.web.access import may, require_one
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.fresh import manager
from webui.web.render import page as whole_page

blueprint = Blueprint("permissions", __name__, url_prefix="/access")
PER_PAGE = 50
DAY = 86_400_000
DAYS_MAX = 3_650
HOLDERS = {
    "user": sentence("person"),
    "group": sentence("group"),
    "agent": sentence("agent"),
}
WAYS = {
    "page": sentence("page"),
    "token": sentence("token"),
    "chat": sentence("chat"),
    "cli": sentence("cli"),
}
"""How somebody decides."""
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "max_risk": RISK_INSIDE,
    "channel": WAYS,
}
KIND_WORDS = {
    "project": sentence("Project"),
    "agent": sentence("Agent"),
    "subtree": sentence("Agents below"),
    "tool": sentence("Tool"),
    "max_risk": sentence("Risk at most"),
    "channel": sentence("Way"),
}
SCOPE_FIELDS = (
    ("project", "projects"),
    ("agent", "agents"),
    ("subtree", "subtree"),
    ("tool", "tool"),
    ("max_risk", "max_risk"),
    ("channel", "channel"),
)
"""The fields of the form, and the key of a scope that each one fills."""


@dataclass(frozen=True, slots=True)
class GrantView:
    """One grant, with names beside ids."""

    id: str
    holder_kind: str
    holder: str
    holder_id: str
    permission: str
    limits: tuple[tuple[str, str], ...]
    words: str
    """Instead of limits: unlimited, or what is wrong."""
    giver: str
    created_at: int
    expires_at: int | None
    once: str
    """The approval that made it, for one use."""


@blueprint.get("")
def page() -> str:
    """Show the grants of the org."""
    return show()


def show(error: str | None = None, typed: Mapping[str, str] | None = None) -> str:
    """Return the page, with what was refused and what had been typed."""
    org_id = require_one(MEMBERS, AGENTS).org_id
    store = house().store
    with store.reading() as session:
        rows = standing_grants(
            session,
            org_id,
            store.now(),
            after=request.args.get("after", ""),
            most=PER_PAGE + 1,
        )
        shown = rows[:PER_PAGE]
        names = names_of(session, org_id, _ids(shown))
    return whole_page(
        "permissions/page.html",
        grants=[_view(row, names) for row in shown],
        following=shown[-1].id if len(rows) > PER_PAGE else None,
        permissions=sorted(ALL),
        ways=WAYS,
        may_grant=may(MEMBERS).allowed,
        error=error,
        typed=typed or {},
    )


def _ids(rows: Iterable[PermissionGrant]) -> set[str]:
    ids = set()
    for row in rows:
        ids |= {row.principal_id, row.created_by.removeprefix("user:")}
        for names in (scope_kinds(_grant(row)) or {}).values():
            ids |= names
    return ids


def _grant(row: PermissionGrant) -> Grant:
    return Grant(row.id, row.permission, json.loads(row.scope))


def _view(row: PermissionGrant, names: Mapping[str, str]) -> GrantView:
    limits, words = _reach(_grant(row), names)
    return GrantView(
        row.id,
        HOLDERS.get(row.principal_type, row.principal_type),
        visible(names.get(row.principal_id, row.principal_id)),
        row.principal_id,
        row.permission,
        limits,
        words,
        _giver(row.created_by, names),
        row.created_at,
        row.expires_at,
        row.approval_id or "",
    )


def _reach(
    grant: Grant, names: Mapping[str, str]
) -> tuple[tuple[tuple[str, str], ...], str]:
    kinds = scope_kinds(grant)
    if kinds is None:
        return (), sentence("covers nothing: its scope is not understood")
    if not grant.scope:
        words = sentence("covers nothing without a scope")
        return (), words if grant.permission in STRUCTURED else sentence("everything")
    limits = tuple(
        (KIND_WORDS[kind], _within(kind, sorted(found), names))
        for kind, found in sorted(kinds.items())
    )
    return limits, "" if limits else sentence("its scope limits nothing that is known here")


def _within(kind: str, found: Iterable[str], names: Mapping[str, str]) -> str:
    words = _WORDS.get(kind, {})
    return joined(", ", (words.get(each) or _named(each, names) for each in found))


def _named(name: str, names: Mapping[str, str]) -> str:
    return f"{visible(names[name])} ({name})" if name in names else visible(name)


def _giver(name: str, names: Mapping[str, str]) -> str:
    user_id = name.removeprefix("user:")
    return visible(names[user_id]) if user_id in names else WHO_RUNS_IT


@blueprint.post("/grants")
def give() -> BaseResponse | tuple[str, int]:
    """Give somebody a permission."""
    person, form = manager(url_for("permissions.page")), request.form
    org_id, by = person.org_id, By(person.signed.user_id)
    typed = {name: value[:200] for name, value in form.items() if name != "csrf_token"}
    try:
        wanted = _wanted(form)
        house().store.write(lambda tx: permission_grants.give(tx, org_id, by, wanted))
    except DeskError as error:
        return show(error.detail, typed), problems.status_of(error)
    return redirect(url_for("permissions.page"), 303)


def _wanted(form: Mapping[str, str]) -> Wanted:
    scope: dict[str, Any] = {}
    for field, key in SCOPE_FIELDS:
        values = [part.strip() for part in form.get(field, "").split(",") if part.strip()]
        if values:
            scope[key] = values
    days = form.get("days", "").strip()
    if days and (read_seq(days) is None or not 0 < int(days) <= DAYS_MAX):
        raise InvalidError(sentence("A grant ends after 1 to 3,650 days, or not at all."))
    ends = house().store.now() + int(days) * DAY if days else None
    principal = form.get("principal", "").strip()
    return Wanted(form.get("kind", ""), principal, form.get("permission", ""), scope, ends)


@blueprint.post("/grants/<grant_id>/revoke")
def revoke(grant_id: str) -> BaseResponse | tuple[str, int]:
    """Take a grant back, at once."""
    person = manager(url_for("permissions.page"))
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        house().store.write(lambda tx: permission_grants.revoke(tx, org_id, by, grant_id))
    except NotFoundError:
        raise
    except DeskError as error:
        return show(error.detail), problems.status_of(error)
    return redirect(url_for("permissions.page"), 303)
