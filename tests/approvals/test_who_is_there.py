"""What ends when somebody else comes: working alone, and one provider's word for somebody."""

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk
from webui.approvals import accounts, members, sessions
from webui.approvals.errors import NotAllowedError
from webui.approvals.organizations import Flags, change_flags
from webui.approvals.standing import By
from webui.store.models import WebSession
from webui.store.queries import identity
from webui.store.store import Store

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
        store.write(lambda tx, v=verb, u=each.id: v(tx, org, ROOT, u))
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
