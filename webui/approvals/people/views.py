"""Saved views of the queue: a line under a name, for oneself or for everybody in the org."""

from sqlalchemy import func, or_, select

from webui.approvals.authorization import MEMBERS, Resource, authorize
from webui.approvals.errors import Fault, InvalidError, NotAllowedError, NotFoundError
from webui.approvals.people.standing import actor_in, lock_org
from webui.narrowing import EVERYBODYS, read
from webui.preview import looks_like, visible
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import SavedView
from webui.store.transaction import Transaction

LONGEST_NAME = 60
MOST = 50
"""Views of one person."""


def save_view(
    tx: Transaction, org_id: str, user_id: str, name: str, line: str, *, is_shared: bool
) -> str:
    """Keep a line under a name; return its id. The same name takes the place of one's own.

    Raises:
        NotAllowedError: the person is no active member.
        InvalidError: the name or the line will not do, or there are too many.

    """
    lock_org(tx, org_id)
    if actor_in(tx, org_id, user_id).role is None:
        raise NotAllowedError(
            "missing_membership",
            sentence("You are not an active member of this organization."),
        )
    name = " ".join(name.split())
    query = read(line)
    _check(name, query.faults[0].words if query.faults else "", query.text)
    own = tx.session.scalars(
        select(SavedView).where(SavedView.org_id == org_id, SavedView.user_id == user_id)
    ).all()
    same = next((view for view in own if view.name.casefold() == name.casefold()), None)
    if same is None and len(own) >= MOST:
        raise InvalidError(
            sentence("You have %(most)s saved views; remove one of them first.", most=MOST)
        )
    if is_shared:
        _check_name_is_free(tx, org_id, user_id, name)
    view = same or SavedView(
        id=new_id("viw", tx.now), org_id=org_id, user_id=user_id, created_at=tx.now
    )
    view.name, view.line, view.is_shared = name, query.text, is_shared
    tx.session.add(view)
    tx.session.flush()
    note = {"name": name, "line": query.text, "shared": is_shared}
    tx.record(org_id, f"user:{user_id}", "view.saved", f"view:{view.id}", note)
    return view.id


def _check(name: str, fault: str, line: str) -> None:
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidError(
            sentence(
                "A view has a name of 1 to %(longest)s characters.",
                longest=LONGEST_NAME,
            ),
            [Fault("/name", "is empty or too long")],
        )
    if visible(name) != name:
        raise InvalidError(
            sentence("The name holds signs that nobody can see; leave them out."),
            [Fault("/name", "holds signs that cannot be seen")],
        )
    if any(looks_like(name, known) for known, _ in EVERYBODYS):
        raise InvalidError(
            sentence(
                "A view that is always there has this name, or one that looks like it; choose "
                "another one."
            ),
            [Fault("/name", "is taken")],
        )
    if fault:
        raise InvalidError(fault, [Fault("/line", "cannot be read")])
    if not line:
        raise InvalidError(
            sentence("The whole queue needs no saved view; narrow it first."),
            [Fault("/line", "is empty")],
        )


def _check_name_is_free(tx: Transaction, org_id: str, user_id: str, name: str) -> None:
    taken = select(SavedView.id).where(
        SavedView.org_id == org_id,
        SavedView.user_id != user_id,
        SavedView.is_shared,
        func.lower(SavedView.name) == name.lower(),
    )
    if tx.session.scalar(taken.limit(1)) is not None:
        raise InvalidError(
            sentence("Somebody else shares a view of this name; choose another one."),
            [Fault("/name", "is taken")],
        )


def remove_view(tx: Transaction, org_id: str, user_id: str, view_id: str) -> None:
    """Remove one's own view, or, for whoever manages members, a shared one.

    Raises:
        NotFoundError: there is none that this person could remove.

    """
    lock_org(tx, org_id)
    manages = authorize(actor_in(tx, org_id, user_id), MEMBERS, Resource(org_id)).allowed
    whose = [SavedView.user_id == user_id, *[SavedView.is_shared] * manages]
    found = tx.session.scalar(
        select(SavedView).where(
            SavedView.org_id == org_id, SavedView.id == view_id, or_(*whose)
        )
    )
    if found is None:
        raise NotFoundError("saved view of yours")
    note = {"name": found.name, "shared": found.is_shared}
    tx.session.delete(found)
    tx.session.flush()
    tx.record(org_id, f"user:{user_id}", "view.removed", f"view:{view_id}", note)
