"""Linking one's account to a chat user: from one's own session, by a fresh code, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from webui.approvals.people import chat_identities
from webui.approvals.senders import sources
from webui.chat.codes import LASTS_MS, Claim, code_for
from webui.store.models import ChatIdentity, Event
from webui.store.store import Store

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn, TestClock


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite; what is stored is tested on both in `tests/chat/test_storage.py`."""
    return sqlite_database


@pytest.fixture
def source_id(store: Store, house: House) -> str:
    config = {"channel": "C0123456789"}
    return store.write(
        lambda tx: sources.create_source(
            tx, house.org_id, kind="slack", name="Ops", config=config
        )
    ).source_id


@pytest.fixture
def code(store: Store, source_id: str) -> str:
    return code_for(store.keyring, Claim(source_id, "T1", "U1"), store.now())


def linked(store: Store) -> list[tuple[str, str, str]]:
    with store.reading() as session:
        rows = session.scalars(select(ChatIdentity))
        return [(row.team, row.external_id, row.user_id) for row in rows]


def send(browser: Browser, code: str) -> tuple[int, str]:
    answer = browser.send("/account/link", code=code)
    return answer.status_code, answer.text


def test_a_person_links_themselves_and_sees_and_ends_it(
    signed_in: SignedIn, house: House, store: Store, code: str
) -> None:
    rae = signed_in(house.rae)
    page = rae.get(f"/account/link?code={code}").text
    assert "U1" in page
    assert "T1" in page
    assert linked(store) == []
    assert send(rae, code)[0] == 303
    assert linked(store) == [("T1", "U1", house.rae.id)]
    assert "decides as you" in rae.get("/account").text
    with store.reading() as session:
        [identity] = session.scalars(select(ChatIdentity.id)).all()
    assert rae.send(f"/account/chat/{identity}/unlink").status_code == 303
    assert linked(store) == []
    with store.reading() as session:
        told = session.scalars(
            select(Event.action).where(Event.action.startswith("identity."))
        ).all()
    assert list(told) == ["identity.linked", "identity.unlinked"]


def test_a_code_that_is_over_bent_or_made_up_links_nobody(
    signed_in: SignedIn, house: House, store: Store, code: str, clock: TestClock
) -> None:
    rae = signed_in(house.rae)
    said, _, tag = code.partition(".")
    others = [
        *("", ".", "x.y", said, "." + tag, code[:-1], code + "0", "A" + code, code * 9)
    ]
    for wrong in others:
        assert send(rae, wrong)[0] == 422, wrong
        assert "over or incomplete" in rae.get(f"/account/link?code={wrong}").text
    clock.advance(LASTS_MS)
    assert send(rae, code)[0] == 422
    assert linked(store) == []


def test_a_code_links_once_and_never_again_even_after_it_was_taken_back(
    signed_in: SignedIn, house: House, store: Store, code: str
) -> None:
    rae = signed_in(house.rae)
    assert send(rae, code)[0] == 303
    with store.reading() as session:
        [identity] = session.scalars(select(ChatIdentity.id)).all()
    assert rae.send(f"/account/chat/{identity}/unlink").status_code == 303
    for again in (rae, signed_in(house.bo)):
        status, text = send(again, code)
        assert status == 422
        assert "over or incomplete" in text
    assert linked(store) == []


def test_a_code_of_another_org_links_nobody(
    signed_in: SignedIn, house: House, store: Store, code: str
) -> None:
    status, text = send(signed_in(house.zoe), code)
    assert status == 422
    assert "another organization" in text
    assert linked(store) == []


def test_whoever_is_signed_in_for_long_proves_first_who_they_are(
    signed_in: SignedIn, house: House, store: Store, source_id: str, clock: TestClock
) -> None:
    rae = signed_in(house.rae)
    clock.advance(901_000)
    code = code_for(store.keyring, Claim(source_id, "T1", "U1"), store.now())
    answer = rae.send("/account/link", code=code)
    assert answer.headers["Location"].startswith("/account/confirm?next=/account/link")
    assert linked(store) == []


def test_a_chat_user_who_is_somebody_else_here_is_not_taken_over(
    signed_in: SignedIn, house: House, store: Store, source_id: str, code: str
) -> None:
    assert send(signed_in(house.rae), code)[0] == 303
    other = code_for(store.keyring, Claim(source_id, "T1", "U1"), store.now() + 1)
    status, text = send(signed_in(house.bo), other)
    assert status == 409
    assert "linked to another account" in text
    assert linked(store) == [("T1", "U1", house.rae.id)]


def test_who_manages_members_unlinks_others_and_nobody_else_does(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    who = {"kind": "slack", "team": "T1", "external_id": "U1"}
    store.write(lambda tx: chat_identities.link(tx, house.org_id, house.rae.id, **who))
    with store.reading() as session:
        [identity] = session.scalars(select(ChatIdentity.id)).all()
    path = f"/people/chat/{identity}/unlink"
    assert "Unlink Slack" not in signed_in(house.bo).get("/people").text
    assert signed_in(house.bo).send(path).status_code == 403
    assert signed_in(house.zoe).send(path).status_code == 404
    assert linked(store)
    ana = signed_in(house.ana)
    assert "Unlink Slack" in ana.get("/people").text
    assert ana.send(path).status_code == 303
    assert linked(store) == []
