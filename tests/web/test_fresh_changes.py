"""Who may what is changed only by who proved lately who they are, and never by an agent."""

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, SignedIn, TestClock
from webui.store.models import Group, Membership, PermissionGrant, WebSession
from webui.store.store import Store

CHANGES: tuple[tuple[str, dict[str, str]], ...] = (
    ("/people/{rae}/role", {"role": "admin"}),
    ("/people/invitations", {"email": "new@example.org", "role": "admin"}),
    ("/people/{cy}/restore", {}),
    (
        "/access/grants",
        {"kind": "user", "principal": "vi@example.org", "permission": "approvals:decide"},
    ),
    ("/groups", {"name": "deciders"}),
    ("/delegations", {"email": "vi@example.org", "until": "2030-01-01"}),
)


@pytest.mark.parametrize(("path", "form"), CHANGES)
@pytest.mark.parametrize("why", ["stale", "agent"])
def test_a_change_of_who_may_what_asks_for_a_proof(
    signed_in: SignedIn,
    house: House,
    store: Store,
    clock: TestClock,
    path: str,
    form: dict[str, str],
    why: str,
) -> None:
    ana = signed_in(house.ana)
    if why == "stale":
        clock.advance(901_000)
    else:
        store.write(
            lambda tx: (
                tx.session.execute(update(WebSession).values(agent_context=True)) and None
            )
        )
    answer = ana.send(path.format(rae=house.rae.id, cy=house.cy.id), **form)
    if why == "stale":
        assert answer.headers["Location"].startswith("/account/confirm")
    else:
        assert answer.status_code == 403
    with store.reading() as session:
        assert session.query(PermissionGrant).count() == 0
        assert session.query(Group).count() == 0
        rae = session.get_one(Membership, (house.org_id, house.rae.id))
        assert rae.role == "reviewer"
