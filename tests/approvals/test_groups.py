"""Groups, delegations, and accounts that are one person."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import select

from tests.plugins.desk import House, Member, TestClock
from webui.approvals.answering.reviewing import Reviewer, actor_of
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people import delegations, groups, members, persons
from webui.approvals.people.standing import By
from webui.store.models import (
    Delegation,
    GroupMember,
    Membership,
    PermissionGrant,
    User,
)
from webui.store.queries import events
from webui.store.queries import groups as queries
from webui.store.queries.delegations import active_delegations, delegations_of
from webui.store.queries.persons import aliases_of, others_of
from webui.store.store import Store
from webui.store.transaction import Transaction

ROOT = By()
DAY = 86_400_000
T = TypeVar("T")


@pytest.fixture
def group_id(store: Store, house: House) -> str:
    """Bo is on call."""

    def make(tx: Transaction) -> str:
        made = groups.create_group(tx, house.org_id, ROOT, " On call ")
        groups.add_to_group(tx, house.org_id, ROOT, made, house.bo.email)
        return made

    return store.write(make)


def do(store: Store, act: Callable[..., T], *words: object, **more: object) -> T:
    """Have one verb done."""
    return store.write(lambda tx: act(tx, *words, **more))


def grant(store: Store, house: House, group_id: str, permission: str) -> None:
    def give(tx: Transaction) -> None:
        tx.session.add(
            PermissionGrant(
                id=f"g{permission}",
                org_id=house.org_id,
                principal_type="group",
                principal_id=group_id,
                permission=permission,
                created_by="system",
                created_at=tx.now,
            )
        )
        tx.session.flush()

    store.write(give)


def test_a_group_is_made_filled_renamed_and_deleted(
    store: Store, house: House, group_id: str
) -> None:
    org, ana = house.org_id, By(house.ana.id)
    for _ in range(2):
        store.write(
            lambda tx: groups.add_to_group(tx, org, ana, group_id, "RAE@example.org")
        )
        store.write(lambda tx: groups.rename_group(tx, org, ana, group_id, "Night watch"))
    with store.reading() as session:
        names = [person.display_name for person in queries.people_of(session, group_id, 9)]
        (row,) = queries.groups(session, org, store.now(), 9)
    assert (names, row.name, row.members) == (["Bo", "Rae"], "Night watch", 2)
    store.write(lambda tx: groups.take_from_group(tx, org, ana, group_id, house.bo.id))
    with pytest.raises(NotFoundError):
        store.write(lambda tx: groups.take_from_group(tx, org, ana, group_id, house.bo.id))
    store.write(lambda tx: groups.delete_group(tx, org, ana, group_id, grants=0))
    with store.reading() as session:
        told = [event.action for event in events.about(session, org, f"group:{group_id}")]
    assert told == ["group.created", "group.changed", "group.deleted"]
    with pytest.raises(NotFoundError):
        store.write(lambda tx: groups.delete_group(tx, org, ana, group_id, grants=0))


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 81, "a\nb", "a\x00b", "a\u202eb", "a\x1b[31m", "On call"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_that_will_not_do_is_refused(
    store: Store, house: House, group_id: str, name: str
) -> None:
    with pytest.raises(InvalidError, match="name"):
        store.write(lambda tx: groups.create_group(tx, house.org_id, ROOT, name))
    other = store.write(lambda tx: groups.create_group(tx, house.org_id, ROOT, "Other"))
    with pytest.raises(InvalidError, match="name"):
        store.write(lambda tx: groups.rename_group(tx, house.org_id, ROOT, other, name))


def test_a_group_of_another_org_is_as_unknown_as_an_unknown_one(
    store: Store, house: House, group_id: str
) -> None:
    for known in (group_id, "On call"):
        assert do(store, groups.find_group, house.org_id, known) == group_id
    here = (house.other_org_id, By(house.zoe.id))
    for unknown in (group_id, "grp_nothing"):
        with pytest.raises(NotFoundError):
            do(store, groups.rename_group, *here, unknown, "x")
        with pytest.raises(NotFoundError):
            do(store, groups.delete_group, *here, unknown, grants=0)
        with pytest.raises(NotFoundError):
            do(store, groups.add_to_group, *here, unknown, house.zoe.email)
        with pytest.raises(NotFoundError):
            do(store, groups.take_from_group, *here, unknown, house.bo.id)
        with pytest.raises(NotFoundError):
            do(store, groups.find_group, house.other_org_id, unknown)
    with pytest.raises(InvalidError, match="Nobody with this e-mail"):
        store.write(
            lambda tx: groups.add_to_group(
                tx, house.org_id, ROOT, group_id, house.zoe.email
            )
        )


def test_what_is_granted_to_a_group_is_shown_before_it_goes(
    store: Store, house: House, group_id: str
) -> None:
    org = house.org_id
    grant(store, house, group_id, "audit:read")
    with pytest.raises(ConflictError, match="1 permission is given to this group"):
        store.write(lambda tx: groups.delete_group(tx, org, ROOT, group_id, grants=0))
    grant(store, house, group_id, "audit:export")
    with pytest.raises(ConflictError, match="2 permissions are"):
        store.write(lambda tx: groups.delete_group(tx, org, ROOT, group_id, grants=1))
    store.write(lambda tx: groups.delete_group(tx, org, ROOT, group_id, grants=2))
    with store.reading() as session:
        assert None not in session.scalars(select(PermissionGrant.revoked_at)).all()


def test_nobody_adds_to_a_group_that_holds_more_than_they(
    store: Store, house: House, group_id: str
) -> None:
    org, rae = house.org_id, house.rae.id
    store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "admin"))
    grant(store, house, group_id, "approvals:break_glass")
    with pytest.raises(NotAllowedError, match="break_glass"):
        store.write(
            lambda tx: groups.add_to_group(tx, org, By(rae), group_id, house.rae.email)
        )
    store.write(
        lambda tx: groups.add_to_group(tx, org, By(house.ana.id), group_id, house.rae.email)
    )


def test_a_delegate_decides_until_the_day_or_the_end(
    store: Store, house: House, clock: TestClock
) -> None:
    org, bo, rae = house.org_id, house.bo, house.rae

    def given() -> str:
        return store.write(
            lambda tx: delegations.delegate(tx, org, bo.id, rae.email, until=tx.now + DAY)
        )

    def standing() -> list[str]:
        with store.reading() as session:
            now = store.now()
            to_rae = active_delegations(session, org, rae.id, now)
            of_bo = delegations_of(session, org, [bo.id], now)
            assert active_delegations(session, org, bo.id, now) == []
            assert active_delegations(session, house.other_org_id, rae.id, now) == []
        assert list(to_rae) == list(of_bo)
        return [one.user_name for one in to_rae]

    for who in (bo.id, rae.id):
        first = given()
        assert standing() == ["Bo"]
        with pytest.raises(InvalidError, match="already"):
            given()
        for _ in range(2):
            do(store, delegations.end_delegation, org, who, first)
        assert standing() == []
    given()
    store.write(lambda tx: members.suspend(tx, org, ROOT, bo.id))
    assert standing() == []
    store.write(lambda tx: members.restore(tx, org, ROOT, bo.id))
    assert standing() == ["Bo"]
    clock.advance(DAY)
    assert standing() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_delegation_that_cannot_be_says_why(store: Store, house: House) -> None:
    org, bo = house.org_id, house.bo
    do(store, persons.same_person, org, ROOT, house.vi.id, bo.id)
    for email, ahead, said in (
        (bo.email, DAY, "their own delegate"),
        (house.vi.email, DAY, "their own delegate"),
        (house.zoe.email, DAY, "active member"),
        (house.cy.email, DAY, "active member"),
        ("nobody@example.org", DAY, "active member"),
        (house.rae.email, 0, "within 30 days"),
        (house.rae.email, 30 * DAY + 1, "within 30 days"),
    ):
        with pytest.raises(InvalidError, match=said):
            store.write(
                lambda tx, email=email, ahead=ahead: delegations.delegate(  # type: ignore[misc]
                    tx, org, bo.id, email, until=tx.now + ahead
                )
            )
    with pytest.raises(NotAllowedError, match="not an active member"):
        store.write(
            lambda tx: delegations.delegate(
                tx, org, house.zoe.id, bo.email, until=tx.now + DAY
            )
        )
    given = store.write(
        lambda tx: delegations.delegate(tx, org, bo.id, house.rae.email, until=tx.now + DAY)
    )
    for who, where in ((house.ana.id, org), (bo.id, house.other_org_id)):
        with pytest.raises(NotFoundError):
            do(store, delegations.end_delegation, where, who, given)


def test_the_number_of_ones_delegates_is_bounded(
    store: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delegations, "MOST", 0)
    with pytest.raises(InvalidError, match="end one of them"):
        store.write(
            lambda tx: delegations.delegate(
                tx, house.org_id, house.bo.id, house.rae.email, until=tx.now + DAY
            )
        )


def aliases(store: Store, user_id: str) -> frozenset[str]:
    with store.reading() as session:
        return aliases_of(session, user_id)


def test_accounts_of_one_person_stay_flat_however_they_are_marked(
    store: Store, house: House
) -> None:
    org, ana = house.org_id, By(house.ana.id)
    bo, rae, vi, ed = (member.id for member in (house.bo, house.rae, house.vi, house.ed))
    for one, other in ((bo, rae), (vi, ed), (bo, vi), (ed, rae), (rae, bo)):
        do(store, persons.same_person, org, ana, one, other)
    everybody = frozenset({bo, rae, vi, ed})
    assert all(aliases(store, user_id) == everybody for user_id in everybody)
    with store.reading() as session:
        pointed = set(session.scalars(select(User.person_id))) - {None}
        roots = set(session.scalars(select(User.id).where(User.person_id.is_(None))))
        assert len(pointed) == 1
        assert pointed <= roots
        assert len(others_of(session, org, [bo])[bo]) == 3
        assert others_of(session, house.other_org_id, [bo])[bo] == ()
    (first,) = pointed
    store.write(lambda tx: persons.apart(tx, org, ana, str(first)))
    assert aliases(store, str(first)) == {first}
    rest = everybody - {first}
    assert all(aliases(store, user_id) == rest for user_id in rest)
    for user_id in sorted(rest)[:2]:
        do(store, persons.apart, org, ana, user_id)
    assert all(aliases(store, user_id) == {user_id} for user_id in everybody)
    with pytest.raises(InvalidError, match="not marked"):
        store.write(lambda tx: persons.apart(tx, org, ana, bo))


def test_who_may_not_mark_does_not(store: Store, house: House) -> None:
    org, ana, rae = house.org_id, By(house.ana.id), house.rae.id
    with pytest.raises(InvalidError, match="one account"):
        store.write(lambda tx: persons.same_person(tx, org, ana, rae, rae))
    for stranger in (house.zoe.id, "usr_nobody"):
        with pytest.raises(NotFoundError):
            do(store, persons.same_person, org, ana, rae, stranger)
        with pytest.raises(NotFoundError):
            do(store, persons.apart, org, ana, stranger)
    with pytest.raises(NotAllowedError):
        store.write(
            lambda tx: persons.same_person(tx, org, By(house.bo.id), rae, house.vi.id)
        )
    store.write(lambda tx: persons.same_person(tx, org, ana, rae, house.ana.id))
    with pytest.raises(NotAllowedError, match="their own accounts"):
        store.write(lambda tx: persons.apart(tx, org, ana, rae))
    store.write(lambda tx: persons.apart(tx, org, ROOT, rae))
    store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "admin"))
    with pytest.raises(NotAllowedError, match="hold yourself"):
        store.write(
            lambda tx: persons.same_person(tx, org, By(rae), house.ana.id, house.bo.id)
        )


def test_who_manages_one_org_frees_nobody_in_another(store: Store, house: House) -> None:
    org, other, rae, bo = house.org_id, house.other_org_id, house.rae.id, house.bo.id
    for user_id in (rae, bo):
        do(store, members.join, other, user_id, "reviewer", actor="system")
    do(store, persons.same_person, org, By(house.ana.id), rae, bo)
    with pytest.raises(NotAllowedError, match="beyond this organization"):
        do(store, persons.apart, other, By(house.zoe.id), bo)
    assert aliases(store, bo) == {rae, bo}
    do(store, persons.apart, other, ROOT, bo)
    assert aliases(store, bo) == {bo}


@pytest.mark.postgres  # SQLite has one writer at a time anyway
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_a_verdict_rests_on_is_held_until_it_is_given(
    store: Store, house: House
) -> None:
    """A grant, a group, a role or a delegation taken away waits for it."""
    org, ana, vi = house.org_id, By(house.ana.id), house.vi
    group_id = store.write(lambda tx: groups.create_group(tx, org, ana, "deciders"))
    do(store, groups.add_to_group, org, ana, group_id, vi.email)
    wanted = Wanted("group", group_id, "approvals:decide")
    store.write(lambda tx: permission_grants.give(tx, org, ana, wanted))
    store.write(
        lambda tx: delegations.delegate(tx, org, house.rae.id, vi.email, until=tx.now + DAY)
    )
    held = {
        GroupMember: GroupMember.user_id == vi.id,
        PermissionGrant: PermissionGrant.principal_id == group_id,
        Delegation: Delegation.delegate_id == vi.id,
        Membership: Membership.user_id.in_((vi.id, house.rae.id)),
    }
    free: dict[str, int] = {}

    def unlocked(tx: Transaction, model: Any, condition: Any) -> int:
        statement = select(model).where(condition).with_for_update(skip_locked=True)
        return len(tx.session.scalars(statement).all())

    def look() -> None:
        for model, condition in held.items():
            free[model.__name__] = do(store, unlocked, model, condition)

    def unit(tx: Transaction) -> None:
        actor_of(tx, Reviewer(vi.id, vi.name, "page"), org)
        beside = threading.Thread(target=look)
        beside.start()
        beside.join()

    store.write(unit)
    assert free == dict.fromkeys((model.__name__ for model in held), 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_delegates_who_lead_back_to_who_names_them_are_refused(
    store: Store, house: House
) -> None:
    """Not directly, not over others, not by another account; until one of them ends."""
    org, bo, rae, ed, vi = house.org_id, house.bo, house.rae, house.ed, house.vi

    def name(giver: Member, delegate: Member) -> str:
        return store.write(
            lambda tx: delegations.delegate(
                tx, org, giver.id, delegate.email, until=tx.now + DAY
            )
        )

    do(store, persons.same_person, org, ROOT, vi.id, bo.id)
    first = name(bo, rae)
    name(rae, ed)
    for giver, delegate in ((rae, bo), (ed, bo), (ed, rae)):
        with pytest.raises(InvalidError, match="lead back to you"):
            name(giver, delegate)
    name(house.ana, bo)
    with pytest.raises(InvalidError, match="lead back to you"):
        name(vi, house.ana)  # her other account is Ana's delegate
    do(store, delegations.end_delegation, org, bo.id, first)
    name(ed, bo)
