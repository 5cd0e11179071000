"""Saying that two accounts are one person, so that nobody decides their own calls by a second one."""

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.people.standing import By, check_reach, require_in
from webui.sentences import sentence
from webui.store.models import Install, Membership, User
from webui.store.queries.persons import aliases_of, roots_of
from webui.store.transaction import Transaction


def same_person(tx: Transaction, org_id: str, by: By, user_id: str, other_id: str) -> None:
    """Note that two members are one person. Marks stay flat: all point to one first account.

    Raises:
        NotFoundError: one of them is not in the org.
        InvalidError: it is one account.
        NotAllowedError: one of them has a role above one's own.

    """
    _check(tx, org_id, by, user_id, other_id)
    if user_id == other_id:
        raise InvalidError(sentence("That is one account; name two."))
    roots = roots_of(tx.session, (user_id, other_id))
    kept, merged = roots[other_id], roots[user_id]
    if kept == merged:
        return
    tx.session.execute(
        update(User)
        .where((User.id == merged) | (User.person_id == merged))
        .values(person_id=kept)
    )
    note = {"other": other_id, "person": kept}
    tx.record(org_id, by.name, "user.same_person", f"user:{user_id}", note)


def apart(tx: Transaction, org_id: str, by: By, user_id: str) -> None:
    """Take the mark back: this account is a person of its own again.

    Raises:
        NotFoundError: they are not in the org.
        InvalidError: they have no other account.
        NotAllowedError: it is one's own mark, their role is above one's own, or the accounts
            meet in an org whose members one does not manage.

    """
    _check(tx, org_id, by, user_id)
    accounts = aliases_of(tx.session, user_id)
    if len(accounts) == 1:
        raise InvalidError(
            sentence("This account is not marked as somebody's other account.")
        )
    _check_elsewhere(tx, org_id, by, user_id, accounts)
    if by.user_id in accounts:
        raise NotAllowedError(
            "self_change", sentence("Nobody takes back the mark of their own accounts.")
        )
    rest = sorted(accounts - {user_id})
    first = roots_of(tx.session, [user_id])[user_id]
    if first == user_id:  # the others keep together, under the oldest of them
        first = rest[0]
        tx.session.execute(update(User).where(User.id.in_(rest)).values(person_id=first))
        tx.session.execute(update(User).where(User.id == first).values(person_id=None))
    tx.session.execute(update(User).where(User.id == user_id).values(person_id=None))
    tx.record(org_id, by.name, "user.apart", f"user:{user_id}", {"person": first})


def _check_elsewhere(
    tx: Transaction, org_id: str, by: By, user_id: str, accounts: frozenset[str]
) -> None:
    """Refuse to free a person in another org, where the mark keeps them from their own calls."""
    theirs, others = aliased(Membership), aliased(Membership)
    shared = (
        select(theirs.org_id)
        .distinct()
        .join(others, others.org_id == theirs.org_id)
        .where(
            theirs.user_id == user_id,
            theirs.org_id != org_id,
            others.user_id.in_(accounts - {user_id}),
        )
        .order_by(theirs.org_id)
    )
    for other_org in tx.session.scalars(shared).all():
        try:
            require_in(tx, other_org, by, MEMBERS)
        except NotAllowedError:
            raise NotAllowedError(
                "marked_elsewhere",
                sentence(
                    "This mark counts beyond this organization; ask whoever runs the desk to take "
                    "it back."
                ),
            ) from None


def _check(tx: Transaction, org_id: str, by: By, *user_ids: str) -> None:
    """Refuse whom one may not speak of; marks are made one after the other in all orgs."""
    held = require_in(tx, org_id, by, MEMBERS)
    roles = dict(
        tx.session.execute(
            select(Membership.user_id, Membership.role).where(
                Membership.org_id == org_id, Membership.user_id.in_(user_ids)
            )
        ).all()
    )
    for user_id in user_ids:
        if user_id not in roles:
            raise NotFoundError("person")
        check_reach(held, roles[user_id])
    tx.session.execute(select(Install.id).with_for_update(key_share=True))
