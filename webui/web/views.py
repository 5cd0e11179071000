"""Saved views of the queue: kept under a name, and removed."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui import problems
from webui.approvals.errors import DeskError
from webui.approvals.people import views
from webui.narrowing import read
from webui.web.access import me
from webui.web.context import house
from webui.web.links import link
from webui.web.render import page as whole_page

blueprint = Blueprint("views", __name__, url_prefix="/views")
Answer = BaseResponse | tuple[str, int]


@blueprint.get("/new")
def new() -> str:
    """Ask for the name of a view."""
    return _form(request.args.get("q", ""))


def _form(
    line: str, error: str | None = None, name: str = "", *, shared: bool = False
) -> str:
    return whole_page(
        "views/new.html",
        line=read(line).text,
        error=error,
        name_typed=name,
        shared_typed=shared,
    )


@blueprint.post("")
def save() -> Answer:
    """Save a view, and open it."""
    person = me()
    org_id, user_id = person.org_id, person.signed.user_id
    name, line = request.form.get("name", ""), request.form.get("q", "")
    shared = request.form.get("shared") == "yes"
    try:
        house().store.write(
            lambda tx: views.save_view(tx, org_id, user_id, name, line, is_shared=shared)
        )
    except DeskError as error:
        return _form(line, error.detail, name, shared=shared), problems.status_of(error)
    return redirect(link("queue.page", {"q": read(line).text}), 303)


@blueprint.post("/<view_id>/remove")
def remove(view_id: str) -> BaseResponse:
    """Remove one's own view, or a shared one of somebody else."""
    person = me()
    org_id, user_id = person.org_id, person.signed.user_id
    house().store.write(lambda tx: views.remove_view(tx, org_id, user_id, view_id))
    return redirect(url_for("queue.page"), 303)
