"""Who has a chat's secret speaks for everybody linked there, so few may have one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from webui.approvals.senders import sources
from webui.store.models import Membership, Source
from webui.store.store import Store

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn, TestClock

OWN_SECRET = "operators-own-signing-secret-0123"
CHAT = {
    "name": "Ops",
    "kind": "slack",
    "config": json.dumps({"channel": "C0123456789"}),
    "secret": OWN_SECRET,
}


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite; nothing new is stored here."""
    return sqlite_database


@pytest.fixture
def operator(signed_in: SignedIn, house: House, store: Store) -> Browser:
    """Somebody who manages sources, and may decide nothing."""
    store.write(
        lambda tx: tx.execute(
            update(Membership)
            .where(Membership.user_id == house.vi.id)
            .values(role="operator")
        )
    )
    return signed_in(house.vi)


@pytest.fixture
def source_id(store: Store, house: House) -> str:
    return store.write(
        lambda tx: sources.create_source(
            tx,
            house.org_id,
            kind="slack",
            name="Ops",
            config={"channel": "C0123456789"},
            secret=OWN_SECRET,
        )
    ).source_id


def test_an_operator_makes_no_chat_whose_clicks_they_could_sign_for_reviewers(
    operator: Browser, store: Store
) -> None:
    assert operator.get("/sources/new?kind=slack").status_code == 403
    answer = operator.send("/sources", **CHAT)
    assert answer.status_code == 403
    assert "members:manage" in answer.text
    with store.reading() as session:
        assert session.scalars(select(Source)).all() == []
    assert operator.get("/sources/new?kind=standard").status_code == 200


def test_an_operator_is_shown_no_new_secret_of_a_chat(
    operator: Browser, store: Store, source_id: str
) -> None:
    path = f"/sources/{source_id}"
    assert "New secret" not in operator.get(path).text
    assert operator.send(f"{path}/rotate").status_code == 403
    with store.reading() as session:
        assert session.get_one(Source, source_id).old_secret is None


def test_who_manages_members_proves_first_who_they_are_and_then_makes_one(
    signed_in: SignedIn, house: House, clock: TestClock, source_id: str
) -> None:
    ana = signed_in(house.ana)
    assert "New secret" in ana.get(f"/sources/{source_id}").text
    assert ana.send("/sources", **CHAT).status_code == 303
    clock.advance(901_000)
    for answer in (
        ana.get("/sources/new?kind=discord"),
        ana.send("/sources", **CHAT),
        ana.send(f"/sources/{source_id}/rotate"),
    ):
        assert answer.location.startswith("/account/confirm?next=/sources")
