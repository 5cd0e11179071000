"""What ends when somebody else comes: working alone, and one provider's word for somebody."""

from functools import partial

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk
from webui.approvals.errors import NotAllowedError
from webui.approvals.gate.write_gate import write_of
from webui.approvals.gate.write_grants import GateLimits, Held, Service, ask
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people import accounts, members, sessions
from webui.approvals.people.organizations import Flags, change_flags
from webui.approvals.people.standing import By
from webui.store.models import Org, WebSession
from webui.store.queries import identity
from webui.store.queries import write_grants as queries
from webui.store.store import Store
from webui.store.transaction import Transaction

ROOT = By()


def sign_in(store: Store, who: Member, method: str) -> str:
    digest = method.ljust(64, "0")
    store.write(
        lambda tx: sessions.sign_in(
            tx, who.id, digest, address="::1", user_agent="x", method=method
        )
    )
    return digest


def ended(store: Store, digest: str) -> bool:
    with store.reading() as session:
        found = identity.signed_session(session, digest)
    return found is None or found.ended_at is not None


@pytest.mark.parametrize("method", ["oidc", "oidc+mfa"])
def test_a_session_by_one_orgs_provider_opens_no_other_org(
    store: Store, house: House, method: str
) -> None:
    other, rae = house.other_org_id, house.rae
    store.write(lambda tx: members.join(tx, other, rae.id, "viewer", actor="system"))
    digest = sign_in(store, rae, method)
    store.write(
        lambda tx: (
            tx.session.execute(update(WebSession).values(org_id=house.org_id)) and None
        )
    )
    with pytest.raises(NotAllowedError, match="speaks for that one"):
        store.write(lambda tx: sessions.switch_org(tx, digest, rae.id, other))
    with store.reading() as session:
        assert session.get_one(WebSession, digest).org_id == house.org_id


@pytest.mark.parametrize(
    ("method", "ends"),
    [("oidc", True), ("oidc+mfa", True), ("oidc+totp", False), ("password", False)],
)
def test_who_joins_another_org_is_no_more_what_one_provider_says(
    store: Store, house: House, method: str, ends: bool
) -> None:
    digest = sign_in(store, house.rae, method)
    store.write(
        lambda tx: members.join(
            tx, house.other_org_id, house.rae.id, "viewer", actor="system"
        )
    )
    assert ended(store, digest) is ends


@pytest.mark.parametrize("how", ["joins", "is made", "is brought back"])
def test_working_alone_ends_when_somebody_else_comes(
    store: Store, house: House, desk: Desk, how: str
) -> None:
    org = house.org_id
    others = [house.ana, house.rae, house.vi, house.ed, house.max, house.cy]
    store.write(lambda tx: members.change_role(tx, org, ROOT, house.bo.id, "owner"))
    for each in others:
        verb = members.suspend if each is house.rae else members.remove
        store.write(partial(verb, org_id=org, by=ROOT, user_id=each.id))
    flags = Flags(require_second_factor=False, solo_operator=True, write_gate=False)
    store.write(lambda tx: change_flags(tx, org, flags, user_id=house.bo.id))
    mine = desk.submit(house.deploy_bot).approval.id
    if how == "joins":
        store.write(lambda tx: members.join(tx, org, house.zoe.id, "viewer", actor="x"))
    elif how == "is made":
        store.write(
            lambda tx: (
                accounts.create_user(
                    tx, org, email="new@example.org", role="viewer", password_hash=""
                )
                and None
            )
        )
    else:
        store.write(lambda tx: members.restore(tx, org, ROOT, house.rae.id))
    with pytest.raises(NotAllowedError):
        desk.decide(house.bo, mine)
    assert not desk.submit(house.deploy_bot, arguments={"n": 2}).approval.solo


def test_the_switches_are_set_by_who_manages_members_at_that_moment(
    store: Store, house: House
) -> None:
    flags = Flags(require_second_factor=False, solo_operator=False, write_gate=True)
    with pytest.raises(NotAllowedError):
        store.write(lambda tx: change_flags(tx, house.org_id, flags, user_id=house.rae.id))


def test_what_ends_one_day_is_not_passed_on_for_ever(store: Store, house: House) -> None:
    org, vi = house.org_id, house.vi.id

    def give(by: By, to: str, permission: str, ends: bool) -> None:
        store.write(
            lambda tx: permission_grants.give(
                tx,
                org,
                by,
                Wanted("user", to, permission, {}, tx.now + 60_000 if ends else None),
            )
        )

    give(ROOT, vi, "members:manage", ends=False)
    give(ROOT, vi, "approvals:decide", ends=True)
    for to in (vi, house.ed.id):
        with pytest.raises(NotAllowedError, match="without limits"):
            give(By(vi), to, "approvals:decide", ends=False)
    give(ROOT, house.rae.id, "members:manage", ends=True)
    give(By(house.rae.id), house.ed.id, "approvals:decide", ends=False)


@pytest.mark.parametrize(
    ("method", "home", "found"),
    [
        ("password", True, False),
        ("oidc+mfa", True, True),
        ("oidc+mfa", False, False),
    ],
)
def test_a_write_is_approved_with_the_factor_that_its_own_org_asks_for(
    store: Store, house: House, method: str, home: bool, found: bool
) -> None:
    org, other, rae = house.org_id, house.other_org_id, house.rae
    store.write(lambda tx: members.join(tx, other, rae.id, "viewer", actor="system"))
    digest = sign_in(store, rae, method)

    def prepare(tx: Transaction) -> str:
        looked_at = org if home else other
        tx.session.execute(update(WebSession).values(org_id=looked_at))
        tx.session.execute(
            update(Org).where(Org.id == org).values(require_second_factor=True)
        )
        service = Service(org, house.ci.id, "key")
        write = write_of("POST", "/x", ["a:write"], None)
        asked = ask(tx, service, rae.id, write, ["a:write"], GateLimits())
        assert isinstance(asked, Held)
        return asked.nonce

    nonce = store.write(prepare)
    with store.reading() as session:
        mine = queries.for_person(session, digest, org, nonce)
        assert (mine is not None) is found
        assert len(queries.waiting(session, digest, store.now())) == found
