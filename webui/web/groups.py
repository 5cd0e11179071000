"""Groups of people: made, renamed, filled, deleted."""

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.authorization import MEMBERS, VIEW
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.preview import visible
from webui.store.queries import groups as queries
from webui.store.transaction import Transaction
from webui.web.access import may, me, require
from webui.web.context import house
from webui.web.cursors import read_seq
from webui.web.fresh import manager
from webui.web.render import page as whole_page

blueprint = Blueprint("groups", __name__, url_prefix="/groups")
MOST = 200
Answer = BaseResponse | tuple[str, int]


@blueprint.get("")
def page() -> str:
    """Show the groups of the org."""
    return _show()


def _show(error: str | None = None, typed: str = "") -> str:
    org_id = require(VIEW).org_id
    with house().store.reading() as session:
        found = queries.groups(session, org_id, house().store.now(), MOST + 1)
    return whole_page(
        "groups/page.html",
        groups=found[:MOST],
        more=len(found) > MOST,
        most=MOST,
        may_manage=may(MEMBERS).allowed,
        error=error,
        typed=typed,
    )


@blueprint.post("")
def create() -> Answer:
    """Make a group."""
    person, name = manager(url_for("groups.page")), request.form.get("name", "")
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        group_id = house().store.write(lambda tx: groups.create_group(tx, org_id, by, name))
    except DeskError as error:
        return _show(error.detail, visible(name[:80])), problems.status_of(error)
    return redirect(url_for("groups.one", group_id=group_id), 303)


@blueprint.get("/<group_id>")
def one(group_id: str) -> str:
    """Show who is in a group, and what it holds."""
    return _show_one(group_id)


def _show_one(group_id: str, error: str | None = None) -> str:
    org_id = require(VIEW).org_id
    with house().store.reading() as session:
        group = queries.group(session, org_id, group_id)
        if group is None:
            raise NotFoundError("group")
        people = queries.people_of(session, group_id, MOST + 1)
        held = queries.permissions_of(session, org_id, group_id, house().store.now())
    return whole_page(
        "groups/one.html",
        group=group,
        people=people[:MOST],
        more=len(people) > MOST,
        most=MOST,
        permissions=held,
        may_manage=may(MEMBERS).allowed,
        error=error,
    )


def _change(group_id: str, unit: Callable[[Transaction, str, By], object]) -> Answer:
    """Have one verb done and return to the group; a refusal stands on its page."""
    person = manager(url_for("groups.one", group_id=group_id))
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        house().store.write(lambda tx: unit(tx, org_id, by) and None)
    except NotFoundError:
        raise
    except DeskError as error:
        return _show_one(group_id, error.detail), problems.status_of(error)
    return redirect(url_for("groups.one", group_id=group_id), 303)


@blueprint.post("/<group_id>/rename")
def rename(group_id: str) -> Answer:
    """Give a group another name."""
    name = request.form.get("name", "")
    return _change(
        group_id, lambda tx, org, by: groups.rename_group(tx, org, by, group_id, name)
    )


@blueprint.post("/<group_id>/people")
def add(group_id: str) -> Answer:
    """Put somebody into a group."""
    email = request.form.get("email", "")
    return _change(
        group_id, lambda tx, org, by: groups.add_to_group(tx, org, by, group_id, email)
    )


@blueprint.post("/<group_id>/people/<user_id>/remove")
def remove(group_id: str, user_id: str) -> Answer:
    """Take somebody out of a group."""
    return _change(
        group_id,
        lambda tx, org, by: groups.take_from_group(tx, org, by, group_id, user_id),
    )


@blueprint.post("/<group_id>/delete")
def delete(group_id: str) -> Answer:
    """Delete a group, with the grants that the page showed."""
    person, shown = manager(url_for("groups.page")), read_seq(request.form.get("grants"))
    org_id, by = me().org_id, By(person.signed.user_id)
    try:
        house().store.write(
            lambda tx: groups.delete_group(
                tx, org_id, by, group_id, grants=-1 if shown is None else shown
            )
        )
    except NotFoundError:
        raise
    except DeskError as error:
        return _show_one(group_id, error.detail), problems.status_of(error)
    return redirect(url_for("groups.page"), 303)
