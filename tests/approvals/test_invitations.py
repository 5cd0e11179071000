"""Invitations: within one's reach, once, for a week, and for one address."""

import hashlib
from contextlib import suppress

import pytest
from sqlalchemy import select

from tests.plugins.desk import House, TestClock
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.people import accounts, invitations, members
from webui.approvals.people.invitations import Invited, LinkOverError
from webui.approvals.people.standing import By
from webui.store.models import Invitation, Membership, User
from webui.store.queries import events
from webui.store.queries.invitations import pending
from webui.store.store import Store

ROOT = By()
NEW = "new@example.org"


@pytest.fixture
def invited(store: Store, house: House) -> Invited:
    """Ana invites somebody new as a reviewer."""
    return store.write(
        lambda tx: invitations.invite(
            tx, house.org_id, By(house.ana.id), " New@Example.org", "reviewer"
        )
    )


def accept(store: Store, token: str) -> None:
    store.write(lambda tx: invitations.accept_as_new(tx, token, "New", "-") and None)


def open_ones(store: Store, org_id: str) -> list[str]:
    with store.reading() as session:
        return [row.email for row in pending(session, org_id, store.now(), 10)]


def test_somebody_new_joins_with_the_role_of_the_link(
    store: Store, house: House, invited: Invited
) -> None:
    assert open_ones(store, house.org_id) == [NEW]
    accept(store, invited.token)
    assert open_ones(store, house.org_id) == []
    with store.reading() as session:
        role = session.scalar(
            select(Membership.role)
            .join(User, User.id == Membership.user_id)
            .where(User.email == NEW)
        )
        kept = session.get_one(Invitation, invited.id)
        told = events.about(session, house.org_id, f"invitation:{invited.id}")
        names = [event.action for event in told]
    assert role == "reviewer"
    assert kept.secret_hash == hashlib.sha256(invited.token[-43:].encode()).digest()
    assert names == ["invitation.created", "invitation.accepted"]


def test_an_account_of_another_org_joins_as_it_is(store: Store, house: House) -> None:
    made = store.write(
        lambda tx: invitations.invite(tx, house.org_id, ROOT, house.zoe.email, "viewer")
    )
    store.write(lambda tx: invitations.accept(tx, made.token, house.zoe.id) and None)
    with store.reading() as session:
        assert session.get_one(Membership, (house.org_id, house.zoe.id)).role == "viewer"


def test_a_link_that_does_not_work_says_the_same_for_every_reason(
    store: Store, house: House, invited: Invited, clock: TestClock
) -> None:
    revoked, used, kept = (
        store.write(
            lambda tx, n=n: invitations.invite(  # type: ignore[misc]
                tx, house.org_id, ROOT, f"{n}@example.org", "viewer"
            )
        )
        for n in range(3)
    )
    for _ in range(2):
        store.write(lambda tx: invitations.revoke(tx, house.org_id, ROOT, revoked.id))
    accept(store, used.token)
    mixed = f"{kept.id}.{invited.token.partition('.')[2]}"
    bad = ["", ".", "inv_x.y", kept.id, f"{kept.id}.", kept.token[:-1], mixed]
    said = set()
    for token in [*bad, revoked.token, used.token]:
        with pytest.raises(LinkOverError) as caught:
            accept(store, token)
        said.add((caught.value.code, caught.value.detail))
    clock.advance(invitations.LIFETIME)
    with pytest.raises(LinkOverError) as caught:
        accept(store, kept.token)
    said.add((caught.value.code, caught.value.detail))
    assert len(said) == 1


def test_an_invitation_for_somebody_else_is_refused_and_stays_open(
    store: Store, house: House, invited: Invited
) -> None:
    with pytest.raises(NotAllowedError, match=r"for new@example\.org; sign in"):
        store.write(lambda tx: invitations.accept(tx, invited.token, house.zoe.id) and None)
    assert open_ones(store, house.org_id) == [NEW]


@pytest.mark.parametrize("what", ["demoted", "removed", "suspended"])
def test_a_link_ends_with_its_makers_right_to_make_it(
    store: Store, house: House, what: str
) -> None:
    org, rae = house.org_id, house.rae.id
    store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "admin"))
    made = store.write(lambda tx: invitations.invite(tx, org, By(rae), NEW, "reviewer"))
    if what == "demoted":
        store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "operator"))
    elif what == "removed":
        store.write(lambda tx: members.remove(tx, org, ROOT, rae))
    else:
        store.write(
            lambda tx: accounts.suspend_user(tx, org, house.rae.email, actor="s") and None
        )
    with pytest.raises(LinkOverError):
        accept(store, made.token)


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("no address", "viewer", "needs an e-mail address"),
        ("a\x07@example.org", "viewer", "needs an e-mail address"),
        ("x" * 250 + "@example.org", "viewer", "needs an e-mail address"),
        (NEW, "king", "must be one of"),
        ("rae@example.org", "viewer", "is a member"),
        ("CY@example.org", "viewer", "is a member"),
    ],
)
def test_an_invitation_that_cannot_be_made_says_why(
    store: Store, house: House, email: str, role: str, said: str
) -> None:
    with pytest.raises(InvalidError, match=said):
        store.write(lambda tx: invitations.invite(tx, house.org_id, ROOT, email, role))


def test_a_suspended_member_is_brought_back_not_invited(store: Store, house: House) -> None:
    org = house.org_id
    store.write(lambda tx: members.suspend(tx, org, ROOT, house.rae.id))
    with pytest.raises(InvalidError, match="bring them back"):
        store.write(lambda tx: invitations.invite(tx, org, ROOT, house.rae.email, "viewer"))


def test_nobody_invites_above_themselves(store: Store, house: House) -> None:
    org, rae = house.org_id, house.rae.id
    store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "admin"))
    with pytest.raises(NotAllowedError, match="break_glass"):
        store.write(lambda tx: invitations.invite(tx, org, By(rae), NEW, "owner"))


def test_only_an_orgs_own_open_invitations_are_revoked(
    store: Store, house: House, invited: Invited
) -> None:
    for org, invitation in ((house.other_org_id, invited.id), (house.org_id, "inv_x")):
        with pytest.raises(NotFoundError):
            store.write(
                lambda tx, org=org, it=invitation: invitations.revoke(  # type: ignore[misc]
                    tx, org, ROOT, it
                )
            )
    accept(store, invited.token)
    with pytest.raises(ConflictError, match="has joined"):
        store.write(lambda tx: invitations.revoke(tx, house.org_id, ROOT, invited.id))


def test_the_number_of_open_invitations_is_bounded(
    store: Store, house: House, invited: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 1)
    with pytest.raises(TooManyError, match="revoke some"):
        store.write(
            lambda tx: invitations.invite(tx, house.org_id, ROOT, "b@example.org", "viewer")
        )


def test_tries_from_one_address_are_counted(store: Store, house: House) -> None:
    with suppress(TooManyError):
        for _ in range(100):
            store.write(lambda tx: invitations.spend_try(tx, "192.0.2.1"))
    with pytest.raises(TooManyError):
        store.write(lambda tx: invitations.spend_try(tx, "192.0.2.1"))
    store.write(lambda tx: invitations.spend_try(tx, "192.0.2.2"))
