"""The page on which an org's providers are made, changed and switched off."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.desk import House, SignedIn
from tests.plugins.provider import sentence
from webui.approvals.people import accounts
from webui.oidc.providers import registered
from webui.store.models import IdentityProvider
from webui.store.queries.providers import roles_of
from webui.store.store import Store

PATH = "/settings/providers"
FORM = {
    "name": "Corp",
    "issuer": "https://id.example",
    "client_id": "desk",
    "client_secret": "s3cret-of-the-desk",
    "scopes": "openid email groups",
    "groups_claim": "roles",
    "roles": "reviewers = reviewer\r\n\r\na = b = viewer",
}
ToldOf = Callable[[str], list[dict[str, Any]]]


def only(store: Store) -> IdentityProvider:
    with store.reading() as session:
        return session.scalars(select(IdentityProvider)).one()


def test_a_provider_is_made_and_its_secret_is_never_shown(
    signed_in: SignedIn, house: House, store: Store, told_of: ToldOf
) -> None:
    browser = signed_in(house.ana)
    assert browser.send(PATH, **FORM).status_code == 303
    page = browser.get(PATH).text
    assert "http://localhost:8080/sign-in/sso/callback" in page
    assert "http://localhost:8080/sign-in/sso?org=acme" in page
    assert "a = b = viewer" in page
    assert FORM["client_secret"] not in page
    row = only(store)
    assert FORM["client_secret"].encode() not in row.client_secret
    (note,) = told_of("provider.created")
    assert FORM["client_secret"] not in str(note)
    with store.reading() as session:
        kept = registered(session, store.keyring, row.id)
        assert roles_of(session, row.id) == {"reviewers": "reviewer", "a = b": "viewer"}
    assert kept is not None
    assert kept.secret == FORM["client_secret"]
    assert FORM["client_secret"] not in repr(kept)


def test_an_empty_secret_keeps_the_one_there_is(
    signed_in: SignedIn, house: House, store: Store, told_of: ToldOf
) -> None:
    browser = signed_in(house.ana)
    browser.send(PATH, **FORM)
    row = only(store)
    changed = FORM | {"name": "Company", "client_secret": "", "roles": ""}
    assert browser.send(f"{PATH}/{row.id}", **changed).status_code == 303
    with store.reading() as session:
        kept = registered(session, store.keyring, row.id)
    assert kept is not None
    assert (kept.name, kept.secret, kept.has_roles) == (
        "Company",
        FORM["client_secret"],
        False,
    )
    assert told_of("provider.changed")[0]["secret"] == "kept"


def test_the_issuer_of_a_provider_never_changes(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    browser.send(PATH, **FORM)
    browser.send(f"{PATH}/{only(store).id}", **FORM | {"issuer": "https://evil.example"})
    assert only(store).issuer == "https://id.example"


def test_a_provider_is_switched_off_and_on(
    signed_in: SignedIn, house: House, store: Store, told_of: ToldOf
) -> None:
    browser = signed_in(house.ana)
    browser.send(PATH, **FORM)
    row = only(store)
    for word, status in (("off", "off"), ("on", "active")):
        assert browser.send(f"{PATH}/{row.id}/{word}").status_code == 303
        assert only(store).status == status
    assert [note["status"] for note in told_of("provider.changed")] == ["off", "active"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "needs a name"),
        ({"issuer": "http://id.example"}, "over https"),
        ({"issuer": "id.example"}, "cannot be used"),
        ({"issuer": "https://a@id.example"}, "cannot be used"),
        ({"client_id": ""}, "client id"),
        ({"client_secret": ""}, "client secret"),
        ({"scopes": "email"}, "must hold openid"),
        ({"roles": "reviewers"}, "group = role"),
        ({"roles": "reviewers = king"}, "group = role"),
    ],
)
def test_what_will_not_do_is_refused_with_a_sentence(
    signed_in: SignedIn, house: House, store: Store, changes: dict[str, str], words: str
) -> None:
    answer = signed_in(house.ana).send(PATH, **FORM | changes)
    assert answer.status_code == 422
    assert words in sentence(answer)
    with store.reading() as session:
        assert session.scalars(select(IdentityProvider)).all() == []


def test_who_does_not_manage_members_has_no_business_here(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.rae)
    assert browser.get(PATH).status_code == 403
    assert browser.send(PATH, **FORM).status_code == 403


def test_nobody_maps_a_group_to_a_role_above_their_own(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    store.write(
        lambda tx: accounts.set_role(tx, house.org_id, house.bo.email, "admin", actor="s")
    )
    admin = signed_in(house.bo)
    answer = admin.send(PATH, **FORM | {"roles": "bosses = owner"})
    assert answer.status_code == 403
    assert "do not hold yourself" in sentence(answer)
    signed_in(house.ana).send(PATH, **FORM | {"roles": "bosses = owner"})
    changed = FORM | {"groups_claim": "email", "roles": ""}
    assert admin.send(f"{PATH}/{only(store).id}", **changed).status_code == 403
