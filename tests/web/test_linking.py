"""One's own account and a provider: linked and unlinked from one's own session, and nowhere else."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.desk import Browser, House, SignedIn, TestClock
from tests.plugins.factors import is_in
from tests.plugins.provider import Desk, IdentityServer, come_back, link, sentence
from webui.settings import Settings
from webui.store.models import Identity, User
from webui.store.store import Store

ToldOf = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sso_allow": ("localhost",)})


def begin(browser: Browser, desk: Desk) -> str:
    """Press the button on the account's page; return where the next page leads."""
    assert "Link your account with" in browser.get("/account").text
    page = browser.send(f"/account/providers/{desk.provider_id}/link").text
    found = re.search(rf'href="({desk.server.url}[^"]+)"', page)
    assert found is not None, page
    return unescape(found[1])


def linked(store: Store) -> list[tuple[str, str]]:
    with store.reading() as session:
        rows = session.execute(select(Identity.subject, Identity.user_id))
        return [(row[0], row[1]) for row in rows]


def test_an_account_is_linked_from_its_own_session(
    signed_in: SignedIn,
    browser: Browser,
    sso: Desk,
    provider: IdentityServer,
    house: House,
    store: Store,
    told_of: ToldOf,
) -> None:
    provider.add("rae", "rae@elsewhere.example")
    mine = signed_in(house.rae)
    done = come_back(mine, provider.answer(begin(mine, sso), "rae"))
    assert done.headers["Location"] == "/account"
    assert linked(store) == [("rae", house.rae.id)]
    assert told_of("identity.linked")[0]["email"] == "rae@elsewhere.example"
    assert "knows you as <bdi>rae@elsewhere.example</bdi>" in mine.get("/account").text
    sso.sign_in(browser, "rae")
    assert is_in(browser)


def test_linking_asks_for_a_fresh_proof(
    signed_in: SignedIn, sso: Desk, house: House, clock: TestClock
) -> None:
    browser = signed_in(house.rae)
    clock.advance(1_000_000)
    answer = browser.send(f"/account/providers/{sso.provider_id}/link")
    assert answer.headers["Location"].startswith("/account/confirm")


def test_an_answer_links_nothing_in_another_persons_session(
    signed_in: SignedIn,
    sso: Desk,
    provider: IdentityServer,
    house: House,
    store: Store,
) -> None:
    provider.add("mallory", "mallory@example.org")
    mallory, rae = signed_in(house.bo), signed_in(house.rae)
    answer = provider.answer(begin(mallory, sso), "mallory")
    assert come_back(rae, answer).status_code == 403
    begin(rae, sso)
    assert come_back(rae, answer).status_code == 403
    assert linked(store) == []


def test_an_identity_belongs_to_one_account(
    signed_in: SignedIn,
    sso: Desk,
    provider: IdentityServer,
    house: House,
    store: Store,
) -> None:
    provider.add("bo", house.bo.email)
    link(store, sso, house.bo, "bo")
    browser = signed_in(house.rae)
    answer = come_back(browser, provider.answer(begin(browser, sso), "bo"))
    assert "linked to another account" in sentence(answer)
    assert linked(store) == [("bo", house.bo.id)]


def test_an_identity_is_unlinked_by_its_person_alone(
    signed_in: SignedIn,
    sso: Desk,
    provider: IdentityServer,
    house: House,
    store: Store,
    told_of: ToldOf,
) -> None:
    link(store, sso, house.rae, "rae")
    path = f"/account/providers/{sso.provider_id}/unlink"
    assert signed_in(house.bo).send(path, subject="rae").status_code == 404
    assert signed_in(house.rae).send(path, subject="rae").status_code == 303
    assert linked(store) == []
    assert told_of("identity.unlinked")[0]["subject"] == "rae"


def test_nobody_locks_themselves_out(
    signed_in: SignedIn, sso: Desk, house: House, store: Store
) -> None:
    link(store, sso, house.rae, "rae")

    def forget_password(tx: Any) -> None:
        tx.session.get(User, house.rae.id).password_hash = ""
        tx.session.flush()

    store.write(forget_password)
    path = f"/account/providers/{sso.provider_id}/unlink"
    answer = signed_in(house.rae).send(path, subject="rae")
    assert answer.status_code == 409
    assert "only way in" in sentence(answer)
