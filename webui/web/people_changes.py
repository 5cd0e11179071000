"""Changes to people: their role, their place, their other accounts, and invitations."""

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.people import invitations, members, persons
from webui.approvals.people.standing import By
from webui.store.queries import people as queries
from webui.store.transaction import Transaction
from webui.web import people
from webui.web.access import me
from webui.web.context import desk, house
from webui.web.fresh import manager
from webui.web.once import Secret

blueprint = Blueprint("people_changes", __name__, url_prefix="/people")
Answer = BaseResponse | tuple[str, int]


def _change(unit: Callable[[Transaction, str, By], object]) -> Answer:
    """Have one verb done and return to the page; a refusal stands on it."""
    person = manager(url_for("people.page"))
    org_id, by = person.org_id, By(person.signed.user_id)
    try:
        house().store.write(lambda tx: unit(tx, org_id, by) and None)
    except NotFoundError:
        raise
    except DeskError as error:
        return people.show(error.detail), problems.status_of(error)
    return redirect(url_for("people.page"), 303)


@blueprint.post("/<user_id>/role")
def role(user_id: str) -> Answer:
    """Give somebody another role."""
    wanted = request.form.get("role", "")
    return _change(lambda tx, org, by: members.change_role(tx, org, by, user_id, wanted))


@blueprint.post("/<user_id>/suspend")
def suspend(user_id: str) -> Answer:
    """Suspend somebody in this org."""
    return _change(lambda tx, org, by: members.suspend(tx, org, by, user_id))


@blueprint.post("/<user_id>/restore")
def restore(user_id: str) -> Answer:
    """Bring somebody back who is suspended in this org."""
    return _change(lambda tx, org, by: members.restore(tx, org, by, user_id))


@blueprint.post("/<user_id>/remove")
def remove(user_id: str) -> Answer:
    """End somebody's membership."""
    return _change(lambda tx, org, by: members.remove(tx, org, by, user_id))


@blueprint.post("/<user_id>/same")
def same(user_id: str) -> Answer:
    """Note that somebody has two accounts."""
    email = request.form.get("email", "")

    def unit(tx: Transaction, org_id: str, by: By) -> None:
        other = queries.member_id(tx.session, org_id, email)
        # Nobody of that address is told as an unknown person is, after one's own rights.
        persons.same_person(tx, org_id, by, user_id, other or "")

    return _change(unit)


@blueprint.post("/<user_id>/apart")
def apart(user_id: str) -> Answer:
    """Take such a note back."""
    return _change(lambda tx, org, by: persons.apart(tx, org, by, user_id))


@blueprint.post("/invitations")
def invite() -> Answer:
    """Invite somebody; the link is shown once."""
    person = manager(url_for("people.page"))
    org_id, by = person.org_id, By(person.signed.user_id)
    typed = {name: request.form.get(name, "") for name in ("email", "role")}
    try:
        made = house().store.write(
            lambda tx: invitations.invite(tx, org_id, by, typed["email"], typed["role"])
        )
    except DeskError as error:
        return people.show(error.detail, typed=typed), problems.status_of(error)
    link = house().public_url + url_for("joining.page", token=made.token)
    desk().once.keep(me().session_hash, Secret("people", made.email, link))
    return redirect(url_for("people.page"), 303)


@blueprint.post("/invitations/<invitation_id>/revoke")
def revoke(invitation_id: str) -> Answer:
    """Make a link stop working."""
    return _change(lambda tx, org, by: invitations.revoke(tx, org, by, invitation_id))
