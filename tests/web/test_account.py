"""One's own account."""

import re

import pytest

from tests.plugins.desk import House, SignedIn
from webui.store.queries import people
from webui.store.store import Store
from webui.web.account import browser_words


def test_a_token_is_shown_once_and_can_be_revoked(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    assert browser.send("/account/tokens", name="laptop").status_code == 303
    first = browser.get("/account").get_data(as_text=True)
    assert re.search(r"<code>csp_\w+</code>", first)
    assert not re.search(
        r"<code>csp_\w+</code>", browser.get("/account").get_data(as_text=True)
    )
    with store.reading() as session:
        (token,) = people.tokens(session, house.org_id, house.rae.id)
    assert browser.send(f"/account/tokens/{token.id}/revoke").status_code == 303
    assert "Revoked" in browser.get("/account").get_data(as_text=True)


def test_a_token_needs_a_name(signed_in: SignedIn, house: House) -> None:
    answer = signed_in(house.rae).send("/account/tokens", name=" ")
    assert answer.status_code == 422
    assert "needs a name" in answer.get_data(as_text=True)


def test_nobody_revokes_a_colleagues_token(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    signed_in(house.rae).send("/account/tokens", name="laptop")
    with store.reading() as session:
        (token,) = people.tokens(session, house.org_id, house.rae.id)
    answer = signed_in(house.ana).send(f"/account/tokens/{token.id}/revoke")
    assert answer.status_code == 404


def test_it_lists_where_one_is_signed_in(signed_in: SignedIn, house: House) -> None:
    signed_in(house.rae)
    text = signed_in(house.rae).get("/account").get_data(as_text=True)
    assert text.count("127.0.0.1") == 2
    assert text.count("(this one)") == 1
    assert 'action="/account/sign-out-everywhere"' in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
            "Chrome on Linux",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10) Gecko/20100101 Firefox/141",
            "Firefox on Mac",
        ),
        ("Mozilla/5.0 (Windows NT 10) Chrome/140 Safari/537 Edg/140.0", "Edge on Windows"),
        ("a\u202eb", "a⟦U+202E⟧b"),
        ("", "unknown"),
    ],
)
def test_browsers_are_called_by_their_names(said: str, words: str) -> None:
    assert browser_words(said) == words


def test_one_session_is_ended_and_fails_from_then_on(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.ana)
    page = browser.get("/account").get_data(as_text=True)
    ids = re.findall(r'action="/account/sessions/(\w{12})/end"', page)
    assert len(ids) == 1, "the one at hand is ended by signing out"
    assert other.get("/").status_code == 200
    assert browser.send(f"/account/sessions/{ids[0]}/end").status_code == 303
    assert other.get("/").status_code == 303
    assert other.post("/account/tokens").status_code == 303
    assert browser.get("/").status_code == 200
    assert browser.send(f"/account/sessions/{ids[0]}/end").status_code == 404
