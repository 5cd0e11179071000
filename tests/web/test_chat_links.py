"""Linking one's account to a chat user: begun and confirmed in one's own session, and nowhere else."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from webui.approvals.errors import DeskError, InvalidError, TooManyError
from webui.approvals.people import accounts, chat_identities, members
from webui.approvals.people.standing import By
from webui.approvals.senders import sources
from webui.chat import codes
from webui.chat.codes import Claim
from webui.factors.ceremonies import LIFETIME
from webui.store.models import ChatIdentity, Event
from webui.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugins.desk import Browser, House, SignedIn, TestClock
    from webui.store.transaction import Transaction

    Type = Callable[..., None]


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
def type_in(store: Store, house: House, source_id: str) -> Type:
    """Type a code in the chat."""

    def typed(code: str, user: str = "U1", org_id: str = "", name: str = "Rae") -> None:
        claim = Claim(source_id, "slack", "T1", user, name, "acme")
        org = org_id or house.org_id

        def unit(tx: Transaction) -> DeskError | None:
            try:
                codes.type_in(tx, org, code, claim)
            except DeskError as error:
                return error  # what it cost is kept, as when it is typed in a chat
            return None

        refusal = store.write(unit)
        if refusal is not None:
            raise refusal

    return typed


def begin(browser: Browser) -> str:
    assert browser.send("/account/link").status_code == 303
    [code] = re.findall(r"\b[0-9A-Z]{5}-[0-9A-Z]{5}\b", browser.get("/account/link").text)
    return str(code)


def confirm(browser: Browser, seen: str | None = None) -> int:
    if seen is None:
        page = browser.get("/account/link").text
        seen = "".join(re.findall(r'name="seen" value="([^"]+)"', page))
    return browser.send("/account/link/confirm", seen=html.unescape(seen)).status_code


def linked(store: Store) -> list[tuple[str, str, str]]:
    with store.reading() as session:
        rows = session.scalars(select(ChatIdentity))
        return [(row.team, row.external_id, row.user_id) for row in rows]


def test_a_person_links_themselves_and_sees_and_ends_it(
    signed_in: SignedIn, house: House, store: Store, type_in: Type
) -> None:
    rae = signed_in(house.rae)
    assert 'href="/account/link"' in rae.get("/account").text
    type_in(begin(rae))
    page = rae.get("/account/link").text
    for named in ("U1", "T1", "acme", "Ops", "Slack", "Is this you?"):
        assert named in page
    assert linked(store) == [], "typing it links nobody, nor does looking"
    assert confirm(rae) == 303
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


def test_where_no_chat_announces_calls_the_account_page_leads_to_no_linking(
    signed_in: SignedIn, house: House
) -> None:
    assert "/account/link" not in signed_in(house.rae).get("/account").text


def test_no_link_that_somebody_sends_links_anybody(
    signed_in: SignedIn, house: House, store: Store, type_in: Type
) -> None:
    mallory, rae = signed_in(house.bo), signed_in(house.rae)
    code = begin(mallory)
    type_in(code)
    for path in (
        "/account/link",
        f"/account/link?code={code}",
        f"/account/link?seen={code}",
    ):
        page = rae.get(path).text
        assert "Is this you?" not in page
        assert code not in page
    assert confirm(rae, Claim("", "slack", "T1", "U1").key) == 422
    assert linked(store) == []


def test_a_code_is_typed_once_in_time_in_its_org_and_confirmed_where_it_began(
    signed_in: SignedIn, house: House, store: Store, type_in: Type, clock: TestClock
) -> None:
    rae, elsewhere = signed_in(house.rae), signed_in(house.rae)
    code = begin(rae)
    with pytest.raises(InvalidError):
        type_in(code, org_id=house.other_org_id)
    for wrong in ("", "x" * 500, "00000-00000", code[:-1]):
        with pytest.raises((InvalidError, TooManyError)):
            type_in(wrong, "U2")
    type_in(code.lower())
    with pytest.raises(InvalidError):
        type_in(code, "U9")
    assert "Is this you?" not in elsewhere.get("/account/link").text, "another session"
    assert confirm(elsewhere, "") == 422
    clock.advance(LIFETIME)
    assert confirm(rae) == 422
    late = begin(rae)
    clock.advance(LIFETIME)
    with pytest.raises(InvalidError):
        type_in(late, "U3")
    assert linked(store) == []


def test_a_new_code_ends_the_old_one_and_a_page_that_showed_another_links_nobody(
    signed_in: SignedIn, house: House, store: Store, type_in: Type
) -> None:
    rae = signed_in(house.rae)
    type_in(old := begin(rae), "U1")
    [seen] = re.findall(r'name="seen" value="([^"]+)"', rae.get("/account/link").text)
    type_in(begin(rae), "U2")
    with pytest.raises(InvalidError):
        type_in(old, "U3")
    assert confirm(rae, seen) == 422
    assert linked(store) == []
    assert rae.send("/account/link/stop").status_code == 303
    assert "Is this you?" not in rae.get("/account/link").text


def test_who_left_or_ended_their_sessions_meanwhile_is_linked_to_nobody(
    signed_in: SignedIn, house: House, store: Store, type_in: Type
) -> None:
    code = begin(signed_in(house.rae))
    store.write(lambda tx: members.suspend(tx, house.org_id, By(), house.rae.id))
    with pytest.raises(InvalidError):
        type_in(code)
    code = begin(signed_in(house.bo))
    by = house.bo.email
    store.write(lambda tx: accounts.suspend_user(tx, house.org_id, by, actor="test"))
    with pytest.raises(InvalidError):
        type_in(code)


def test_a_flood_of_codes_is_refused_on_both_sides(
    signed_in: SignedIn, house: House, type_in: Type
) -> None:
    rae = signed_in(house.rae)
    answers = [rae.send("/account/link").status_code for _ in range(20)]
    assert answers[0] == 303
    assert answers[-1] == 429
    refusals: list[type[Exception]] = []
    for _ in range(20):
        with pytest.raises((InvalidError, TooManyError)) as caught:
            type_in("00000-00000")
        refusals.append(caught.type)
    assert (refusals[0], refusals[-1]) == (InvalidError, TooManyError)


def test_whoever_is_signed_in_for_long_proves_first_who_they_are(
    signed_in: SignedIn, house: House, store: Store, type_in: Type, clock: TestClock
) -> None:
    rae = signed_in(house.rae)
    clock.advance(840_000)
    type_in(begin(rae))
    clock.advance(61_000)
    for path in ("/account/link", "/account/link/confirm"):
        answer = rae.send(path)
        assert answer.headers["Location"].startswith("/account/confirm?next=/account/link")
    assert linked(store) == []


def test_a_chat_user_who_is_somebody_else_here_is_not_taken_over(
    signed_in: SignedIn, house: House, store: Store, type_in: Type
) -> None:
    rae, bo = signed_in(house.rae), signed_in(house.bo)
    type_in(begin(rae))
    assert confirm(rae) == 303
    type_in(begin(bo))
    assert confirm(bo) == 409
    assert linked(store) == [("T1", "U1", house.rae.id)]


def test_a_name_of_the_chat_is_shown_as_text_and_nothing_else(
    signed_in: SignedIn, house: House, type_in: Type
) -> None:
    rae = signed_in(house.rae)
    type_in(begin(rae), name="<b>Rae</b>\u202e")
    page = rae.get("/account/link").text
    assert "&lt;b&gt;Rae&lt;/b&gt;⟦U+202E⟧" in page


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
