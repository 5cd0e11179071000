"""Who may change whose place in an org, and what ends with it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tests.plugins.desk import House, Member
from webui.approvals.agents import tokens
from webui.approvals.agents.keys import read_key
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people import (
    accounts,
    delegations,
    groups,
    invitations,
    members,
    sessions,
)
from webui.approvals.people.standing import By
from webui.store.models import Membership, PermissionGrant, User
from webui.store.queries import events, identity
from webui.store.queries.delegations import delegations_of
from webui.store.queries.groups import groups_of
from webui.store.store import Store
from webui.store.transaction import Transaction

Act = Callable[..., object]
ROOT = By()


def by(member: Member) -> By:
    return By(member.id)


def do(store: Store, act: Act, *words: object) -> None:
    store.write(lambda tx: act(tx, *words))


def role_of(store: Store, org_id: str, user_id: str) -> tuple[str, str] | None:
    with store.reading() as session:
        found = session.get(Membership, (org_id, user_id))
        return None if found is None else (found.role, found.status)


def told(store: Store, org_id: str, subject: str) -> list[str]:
    with store.reading() as session:
        return [event.action for event in events.about(session, org_id, subject)]


def sign_in(store: Store, user_id: str, name: str) -> str:
    digest = name.ljust(64, "0")
    store.write(
        lambda tx: sessions.sign_in(tx, user_id, digest, address="::1", user_agent="x")
    )
    return digest


def lives(store: Store, digest: str) -> bool:
    with store.reading() as session:
        found = identity.signed_session(session, digest)
    assert found is not None
    return found.lives(store.now(), idle=3_600_000, longest=86_400_000)


@pytest.fixture
def admin(store: Store, house: House) -> Member:
    """Rae, made an admin."""
    do(store, members.change_role, house.org_id, by(house.ana), house.rae.id, "admin")
    return house.rae


def test_an_owner_gives_roles_suspends_brings_back_and_removes(
    store: Store, house: House
) -> None:
    org, who, ana = house.org_id, house.rae.id, by(house.ana)
    digest = sign_in(store, who, "rae")
    do(store, members.change_role, org, ana, who, "auditor")
    do(store, members.change_role, org, ana, who, "auditor")
    assert role_of(store, org, who) == ("auditor", "active")
    assert lives(store, digest)
    for _ in range(2):
        do(store, members.suspend, org, ana, who)
    assert not lives(store, digest)
    for _ in range(2):
        do(store, members.restore, org, ana, who)
    assert role_of(store, org, who) == ("auditor", "active")
    assert not lives(store, digest)
    do(store, members.remove, org, ana, who)
    assert role_of(store, org, who) is None
    assert [name for name in told(store, org, f"user:{who}") if "member" in name] == [
        "membership.changed",
        "membership.suspended",
        "membership.restored",
        "membership.removed",
    ]


def test_suspending_in_one_org_leaves_the_other(store: Store, house: House) -> None:
    other = house.other_org_id
    store.write(lambda tx: members.join(tx, other, house.rae.id, "viewer", actor="system"))
    do(store, members.suspend, house.org_id, by(house.ana), house.rae.id)
    digest = sign_in(store, house.rae.id, "rae")
    with store.reading() as session:
        found = identity.signed_session(session, digest)
    assert found is not None
    assert (found.person.org_id, found.person.role) == (other, "viewer")


@pytest.mark.parametrize("act", ["role", "suspend", "restore", "remove"])
def test_nobody_changes_their_own_place_nor_an_aliases(
    store: Store, house: House, act: str
) -> None:
    org = house.org_id
    words: dict[str, tuple[object, ...]] = {
        "role": (members.change_role, "viewer"),
        "suspend": (members.suspend,),
        "restore": (members.restore,),
        "remove": (members.remove,),
    }
    verb, *more = words[act]
    alias = update(User).where(User.id == house.vi.id).values(person_id=house.ana.id)
    store.write(lambda tx: tx.execute(alias) and None)
    for user_id in (house.ana.id, house.vi.id):
        with pytest.raises(NotAllowedError, match="their own place"):
            do(store, verb, org, by(house.ana), user_id, *more)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_an_admin_makes_admins_and_no_owner(
    store: Store, house: House, admin: Member, role: str
) -> None:
    give = (members.change_role, house.org_id, by(admin), house.vi.id, role)
    if role == "admin":
        do(store, *give)
        return
    with pytest.raises(NotAllowedError, match="approvals:break_glass"):
        do(store, *give)
    assert role_of(store, house.org_id, house.vi.id) == ("viewer", "active")


@pytest.mark.parametrize(
    "act", [members.suspend, members.restore, members.remove, members.change_role]
)
def test_an_admin_unmakes_no_owner(
    store: Store, house: House, admin: Member, act: Act
) -> None:
    more = ("viewer",) if act is members.change_role else ()
    with pytest.raises(NotAllowedError, match="do not hold yourself"):
        do(store, act, house.org_id, by(admin), house.ana.id, *more)
    assert role_of(store, house.org_id, house.ana.id) == ("owner", "active")


@pytest.mark.parametrize("who", ["rae", "vi", "ed", "max", "cy", "zoe"])
def test_only_who_manages_members_changes_anybody(
    store: Store, house: House, who: str
) -> None:
    actor: Member = getattr(house, who)
    for act in (members.suspend, members.remove, members.restore):
        with pytest.raises(NotAllowedError):
            do(store, act, house.org_id, by(actor), house.bo.id)
    with pytest.raises(NotAllowedError):
        do(store, members.change_role, house.org_id, by(actor), house.bo.id, "viewer")
    with pytest.raises(NotAllowedError):
        do(store, invitations.invite, house.org_id, by(actor), "x@example.org", "viewer")
    with pytest.raises(NotAllowedError):
        do(store, groups.create_group, house.org_id, by(actor), "x")


def test_a_word_that_is_no_role_and_people_of_elsewhere_are_refused(
    store: Store, house: House
) -> None:
    org, ana = house.org_id, by(house.ana)
    for forged in ("king", "", "Owner", "owner\u200b", "approvals:decide"):
        with pytest.raises(InvalidError, match="must be one of"):
            do(store, members.change_role, org, ana, house.rae.id, forged)
    for stranger in (house.zoe.id, "usr_nobody", ""):
        for act in (members.suspend, members.restore, members.remove):
            with pytest.raises(NotFoundError):
                do(store, act, org, ana, stranger)
    with pytest.raises(NotAllowedError):
        do(store, members.suspend, org, By("usr_nobody"), house.rae.id)


def test_the_last_owner_stays_whoever_asks(store: Store, house: House) -> None:
    org, ana = house.org_id, house.ana.id
    for act in (members.suspend, members.remove):
        with pytest.raises(ConflictError, match="last active owner"):
            do(store, act, org, ROOT, ana)
    with pytest.raises(ConflictError, match="last active owner"):
        do(store, members.change_role, org, ROOT, ana, "admin")
    email = house.ana.email
    with pytest.raises(ConflictError, match="last active owner"):
        store.write(lambda tx: accounts.suspend_user(tx, org, email, actor="s"))
    with pytest.raises(ConflictError, match="last active owner"):
        store.write(lambda tx: accounts.set_role(tx, org, email, "admin", actor="s"))
    # A suspended second owner does not count; an active one does.
    do(store, members.change_role, org, ROOT, house.cy.id, "owner")
    with pytest.raises(ConflictError):
        do(store, members.suspend, org, ROOT, ana)
    do(store, members.change_role, org, ROOT, house.rae.id, "owner")
    do(store, members.suspend, org, by(house.rae), ana)


def test_an_account_that_is_the_last_owner_elsewhere_is_not_switched_off(
    store: Store, house: House
) -> None:
    other = house.other_org_id
    store.write(lambda tx: members.join(tx, other, house.rae.id, "owner", actor="s"))
    do(store, members.remove, other, ROOT, house.zoe.id)
    with pytest.raises(ConflictError, match="last active owner"):
        store.write(
            lambda tx: accounts.suspend_user(tx, house.org_id, house.rae.email, actor="s")
        )


def test_what_came_with_a_membership_ends_with_it(store: Store, house: House) -> None:
    org, rae, ana = house.org_id, house.rae, by(house.ana)

    def prepare(tx: Transaction) -> str:
        group_id = groups.create_group(tx, org, ana, "On call")
        groups.add_to_group(tx, org, ana, group_id, rae.email)
        until = tx.now + 1_000_000
        delegations.delegate(tx, org, rae.id, house.bo.email, until=until)
        grant = {"principal_type": "user", "principal_id": rae.id, "created_by": "s"}
        tx.session.add(
            PermissionGrant(
                id="g1", org_id=org, permission="audit:read", created_at=1, **grant
            )
        )
        tx.session.flush()
        return tokens.create_token(tx, org, rae.id, label="laptop")

    token = read_key(store.write(prepare))
    assert token is not None
    do(store, members.remove, org, ana, rae.id)
    store.write(lambda tx: members.join(tx, org, rae.id, "viewer", actor="s"))
    with store.reading() as session:
        holder = identity.token_holder(session, token.id)
        assert holder is not None
        assert not holder.works(store.now())
        assert not groups_of(session, org, [rae.id])
        assert not delegations_of(session, org, [rae.id], store.now())
        assert session.scalar(select(PermissionGrant.revoked_at)) is not None


def test_joining_twice_or_while_switched_off_is_refused(store: Store, house: House) -> None:
    for who, said in (
        (house.rae, "member of the organization already"),
        (house.cy, "susp"),
    ):
        with pytest.raises(InvalidError, match=said):
            store.write(
                lambda tx, who=who: members.join(  # type: ignore[misc]
                    tx, house.org_id, who.id, "viewer", actor="s"
                )
            )


def at_once(store: Store, *units: Callable[[Transaction], object]) -> list[str]:
    """Run units at the same moment: what each was refused with, or "done"."""
    ready, said = threading.Barrier(len(units)), [""] * len(units)

    def run(at: int) -> None:
        ready.wait()
        try:
            store.write(lambda tx: units[at](tx) and None)
            said[at] = "done"
        except DeskError as error:
            said[at] = error.code

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(units))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_two_owners_who_demote_each_other_leave_one(store: Store, house: House) -> None:
    org, one, two = house.org_id, house.ana, house.rae
    for _ in range(8):
        for member in (one, two):
            do(store, members.change_role, org, ROOT, member.id, "owner")
        said = at_once(
            store,
            lambda tx: members.change_role(tx, org, By(one.id), two.id, "viewer"),
            lambda tx: members.change_role(tx, org, By(two.id), one.id, "viewer"),
        )
        assert sorted(said) == ["done", "missing_grant"]


def test_of_two_last_owners_only_one_is_taken_away(store: Store, house: House) -> None:
    org, one, two = house.org_id, house.ana.id, house.rae.id
    for _ in range(8):
        for user_id in (one, two):
            do(store, members.change_role, org, ROOT, user_id, "owner")
        said = at_once(
            store,
            lambda tx: members.change_role(tx, org, ROOT, one, "viewer"),
            lambda tx: accounts.set_role(
                tx, org, house.rae.email, "viewer", actor="system"
            ),
        )
        assert sorted(said) == ["done", "last_owner"]


def test_an_admin_who_is_demoted_meanwhile_invites_nobody(
    store: Store, house: House
) -> None:
    org, rae = house.org_id, house.rae.id
    for trial in range(8):
        do(store, members.change_role, org, ROOT, rae, "admin")
        email = f"new{trial}@example.org"
        said = at_once(
            store,
            lambda tx: members.change_role(tx, org, By(house.ana.id), rae, "viewer"),
            lambda tx, email=email: invitations.invite(  # type: ignore[misc]
                tx, org, By(rae), email, "viewer"
            ),
        )
        assert said[0] == "done"
        order = [
            name
            for name in _log(store, org)
            if name in {"membership.changed", "invitation.created"}
        ]
        # Whoever came first in the log came first: no invitation follows the demotion.
        assert (said[1], order[-1]) in {
            ("done", "membership.changed"),
            ("missing_grant", "membership.changed"),
        }


def test_a_link_that_two_use_at_once_lets_one_join(store: Store, house: House) -> None:
    for trial in range(4):
        email = f"new{trial}@example.org"
        made = store.write(
            lambda tx, email=email: invitations.invite(  # type: ignore[misc]
                tx, house.org_id, ROOT, email, "viewer"
            )
        )
        token = made.token
        said = at_once(
            store,
            lambda tx, it=token: invitations.accept_as_new(tx, it, "A", "-"),  # type: ignore[misc]
            lambda tx, it=token: invitations.accept_as_new(tx, it, "B", "-"),  # type: ignore[misc]
        )
        assert sorted(said) == ["done", "link_over"]


def _log(store: Store, org_id: str) -> list[str]:
    with store.reading() as session:
        return [wake.action for wake in events.after(session, org_id, 0)]
