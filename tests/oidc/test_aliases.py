"""What a provider knows a person by is a name of theirs: nobody decides their own calls under it."""

from typing import Any

import pytest

from tests.plugins.desk import FileCall, House
from webui.approvals.answering.reviewing import resource_of
from webui.approvals.authorization import DECIDE, Actor, authorize
from webui.approvals.errors import InvalidError
from webui.approvals.people.standing import By
from webui.channels.addresses import AllowList
from webui.oidc import providers
from webui.oidc.providers import Wanted
from webui.store.models import Approval, Identity
from webui.store.store import Store


@pytest.fixture(autouse=True)
def identities(store: Store, house: House) -> None:
    """Bo by another address; Zoe, of the other org, by the same."""
    wanted = Wanted("Corp", "https://id.example", "desk", "a secret")

    def unit(tx: Any) -> None:
        for org_id, member in ((house.org_id, house.bo), (house.other_org_id, house.zoe)):
            tx.session.add(
                Identity(
                    provider_id=providers.add(tx, org_id, By(), wanted, AllowList()),
                    subject="00u1",
                    user_id=member.id,
                    email="bo@corp.example",
                    created_at=tx.now,
                )
            )
        tx.session.flush()

    store.write(unit)


@pytest.mark.parametrize("name", ["bo@corp.example", "BO@Corp.Example", "00u1"])
def test_nobody_decides_what_is_done_for_them_under_another_name(
    file_call: FileCall, house: House, store: Store, name: str
) -> None:
    filed = file_call(on_behalf_of=name)
    with store.reading() as session:
        approval = session.get_one(Approval, filed)
        assert approval.on_behalf_of == house.bo.id
        resource = resource_of(approval)
    bo = Actor("user", house.bo.id, house.org_id, role="reviewer")
    assert authorize(bo, DECIDE, resource).reason == "deny_self_approval"


def test_a_name_of_two_people_names_nobody(
    file_call: FileCall, house: House, store: Store
) -> None:
    def unit(tx: Any) -> None:
        row = tx.session.query(Identity).filter_by(user_id=house.bo.id).one()
        row.email = house.rae.email
        tx.session.flush()

    store.write(unit)
    with pytest.raises(InvalidError, match="Several people"):
        file_call(on_behalf_of=house.rae.email)


def test_an_unverified_address_is_no_name(
    file_call: FileCall, house: House, store: Store
) -> None:
    def unit(tx: Any) -> None:
        tx.session.query(Identity).filter_by(user_id=house.bo.id).one().email = ""
        tx.session.flush()

    store.write(unit)
    for name in ("bo@corp.example", ""):
        with pytest.raises(InvalidError, match="not known here"):
            file_call(on_behalf_of=name)
