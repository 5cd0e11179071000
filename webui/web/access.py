"""From the person of this request to what they may open: the one place (spec: authorization.md)."""

from typing import cast

from flask import Flask, abort, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.answering.reviewing import resource_of
from webui.approvals.answering.settling import is_due
from webui.approvals.authorization import (
    BREAK_GLASS,
    DECIDE,
    EDIT,
    GRANT,
    REVEAL,
    VIEW,
    Access,
    Resource,
    authorize,
)
from webui.approvals.ending import bring_up_to_date
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.queries import calls
from webui.store.queries.calls import Row
from webui.store.queries.seeing import Seen, seen_by
from webui.store.queries.standing import OrgDirectory
from webui.web.context import house
from webui.web.doors import is_open_to_agents, is_open_while_held_up, is_public
from webui.web.person import Person


def register(app: Flask) -> None:
    """Close every view that is not marked as public."""

    @app.before_request
    def only_signed_in() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if not is_public(view) and not current_user.is_authenticated:
            abort(401)

    @app.before_request
    def only_with_the_second_factor_that_is_asked_for() -> BaseResponse | None:
        view = app.view_functions.get(request.endpoint or "")
        if is_open_while_held_up(view) or not me().held_up:
            return None
        by_script = "HX-Request" in request.headers or "Upgrade" in request.headers
        if request.method == "GET" and not by_script:
            return redirect(url_for("factors.page"), 303)
        raise NotAllowedError("second_factor_required", _HELD_UP)

    @app.before_request
    def agents_only_read() -> None:
        view = app.view_functions.get(request.endpoint or "")
        if request.method == "POST" and not is_open_to_agents(view):
            refuse_agents()


_HELD_UP = sentence(
    "This organization asks for a second factor; set one up on your account's page first."
)


def me() -> Person:
    """Return who is signed in; a view that is not public always has somebody."""
    user = current_user._get_current_object()  # noqa: SLF001 - flask's own; one look for each row
    if not user.is_authenticated:
        abort(401)
    return cast("Person", user)


def refuse_agents() -> None:
    """Refuse an agent acting in this session.

    It reads, as its tokens do. A form would be a way to what it may not: inviting somebody who
    decides, or lending its person's verdict.

    Raises:
        NotAllowedError: `agent_context`.

    """
    if me().agent_context:
        raise NotAllowedError(
            "agent_context",
            sentence("An agent acts in this session; sign in yourself to do this."),
        )


def may(permission: str, resource: Resource | None = None) -> Access:
    """Answer whether the person may do this in the org they look at."""
    person = me()
    asked = resource or Resource(person.org_id)
    return authorize(person.actor, permission, asked, None, _directory())


def _directory() -> OrgDirectory:
    """Return what may have to be looked up, once a request."""
    known = g.get("directory")
    if known is None:
        store = house().store
        known = g.directory = OrgDirectory(store.reading, me().org_id, store.now())
    return cast("OrgDirectory", known)


def require(permission: str) -> Person:
    """Return the person if they hold a permission in their org.

    Raises:
        NotAllowedError: they do not; the sentence names the permission.

    """
    access = may(permission)
    if not access.allowed:
        raise NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
    return me()


def require_one(*permissions: str) -> Person:
    """Return the person if they hold one of several permissions in their org.

    Raises:
        NotAllowedError: they hold none; the sentence names the first.

    """
    if not any(may(permission).allowed for permission in permissions):
        return require(permissions[0])
    return me()


def may_view(approval: Approval) -> bool:
    """Say whether the person may know of this approval."""
    return may(VIEW, resource_of(approval)).allowed


def may_decide(
    approval: Approval, owner: str | None, decided_by: frozenset[str] = frozenset()
) -> Access:
    """Answer whether the person may decide it, with the sentence why not.

    Args:
        approval: which.
        owner: who owns its agent now.
        decided_by: whose voices count already.

    """
    return may(DECIDE, resource_of(approval, owner, decided_by))


def may_approve(
    approval: Approval, owner: str | None, decided_by: frozenset[str] = frozenset()
) -> Access:
    """Answer whether a yes of the person counts; who is only asked for a veto gives none."""
    return may(DECIDE, resource_of(approval, owner, decided_by, yes=True))


def may_edit(approval: Approval, owner: str | None) -> Access:
    """Answer whether the person may change what it would run."""
    return may(EDIT, resource_of(approval, owner))


def may_grant(approval: Approval, owner: str | None) -> Access:
    """Answer whether the person may allow calls like it beyond the one."""
    return may(GRANT, resource_of(approval, owner))


def may_break_glass(approval: Approval, owner: str | None) -> Access:
    """Answer whether the person may approve it past quorum, in an emergency."""
    return may(BREAK_GLASS, resource_of(approval, owner))


def may_reveal(approval: Approval, owner: str | None) -> Access:
    """Answer whether the person may be shown what is masked in it."""
    return may(REVEAL, resource_of(approval, owner))


def seen() -> Seen:
    """Return which of the org's calls the person may see, for the lists of this request."""
    if "seen" not in g:
        with house().store.reading() as session:
            g.seen = seen_by(session, me().actor)
    return cast("Seen", g.seen)


def approval_or_404(session: Session, approval_id: str) -> Row:
    """Return an approval of the person's org that they may see.

    Raises:
        NotFoundError: unknown, of another org, or not theirs to see: all the same.

    """
    org_id = me().org_id
    row = calls.one(session, org_id, approval_id)
    if row is None or not may_view(row.approval):
        raise NotFoundError("approval")
    if is_due(row.approval, house().store.now()):
        house().store.write(lambda tx: bring_up_to_date(tx, org_id, approval_id))
        session.rollback()  # to see what was written
        row = calls.one(session, org_id, approval_id) or row
    return row
