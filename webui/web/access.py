"""From the person of this request to what they may open: the one place (spec: authorization.md)."""

from typing import cast

from flask import Flask, abort, request
from flask_login import current_user
from sqlalchemy.orm import Session

from webui.approvals.authorization import VIEW, Access, Resource, authorize
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.reviewing import deciding_access, resource_of
from webui.store.models import Approval
from webui.store.queries import calls
from webui.store.queries.calls import Row
from webui.web.doors import is_public
from webui.web.person import Person


def register(app: Flask) -> None:
    """Close every view that is not marked as public."""

    @app.before_request
    def only_signed_in() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if not is_public(view) and not current_user.is_authenticated:
            abort(401)


def me() -> Person:
    """Return who is signed in; a view that is not public always has somebody."""
    if not current_user.is_authenticated:
        abort(401)
    return cast("Person", current_user._get_current_object())  # noqa: SLF001 - flask's own


def may(permission: str, resource: Resource | None = None) -> Access:
    """Answer whether the person may do this in the org they look at."""
    person = me()
    return authorize(person.actor, permission, resource or Resource(person.org_id))


def require(permission: str) -> Person:
    """Return the person if they hold a permission in their org.

    Raises:
        NotAllowedError: they do not; the sentence names the permission.

    """
    access = may(permission)
    if not access.allowed:
        raise NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
    return me()


def may_view(approval: Approval) -> bool:
    """Say whether the person may know of this approval."""
    return may(VIEW, resource_of(approval)).allowed


def may_decide(approval: Approval, owner: str | None) -> Access:
    """Answer whether the person may decide it, with the sentence why not.

    Args:
        approval: which.
        owner: who owns its agent now.

    """
    return deciding_access(me().actor, approval, owner)


def only_own() -> str:
    """Return whose agents' calls a list is narrowed to; empty for all of the org's."""
    return "" if may(VIEW).allowed else me().signed.user_id


def approval_or_404(session: Session, approval_id: str) -> Row:
    """Return an approval of the person's org that they may see.

    Raises:
        NotFoundError: unknown, of another org, or not theirs to see: all the same.

    """
    row = calls.one(session, me().org_id, approval_id)
    if row is None or not may_view(row.approval):
        raise NotFoundError("approval")
    return row
