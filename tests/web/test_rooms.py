"""Sources, deliveries, people and help."""

import re

import pytest

from tests.plugins.desk import House, SignedIn
from webui.approvals.senders import sources
from webui.store.store import Store


def test_a_new_sources_secret_is_shown_once_with_its_address(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    made = browser.send("/sources", name="Alerts", kind="standard")
    assert made.status_code == 303
    first = browser.get(made.location).get_data(as_text=True)
    assert re.search(r'<p class="secret"><code>\S+</code>', first)
    assert re.search(r"http://localhost:8080/hooks/src_\w+", first)
    assert "the desk keeps it encrypted" in first
    assert "only its hash" not in first
    assert 'class="secret"' not in browser.get(made.location).get_data(as_text=True)


@pytest.mark.parametrize(("name", "kind"), [("", "standard"), ("Alerts", "nonsense")])
def test_a_source_that_cannot_be_made_says_why(
    signed_in: SignedIn, house: House, name: str, kind: str
) -> None:
    answer = signed_in(house.ana).send("/sources", name=name, kind=kind)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_a_source_shows_what_arrived(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    made = store.write(
        lambda tx: sources.create_source(tx, house.org_id, kind="standard", name="In")
    )
    browser = signed_in(house.ana)
    text = browser.get(f"/sources/{made.source_id}").get_data(as_text=True)
    assert "Waiting for the first delivery" in text
    assert f"/hooks/{made.source_id}" in text


@pytest.mark.parametrize("path", ["/sources", "/deliveries"])
def test_only_who_manages_sources_sees_them(
    signed_in: SignedIn, house: House, path: str
) -> None:
    assert signed_in(house.ana).get(path).status_code == 200
    assert signed_in(house.rae).get(path).status_code == 403
    assert f'href="{path}"' not in signed_in(house.rae).get("/").get_data(as_text=True)


def test_the_people_of_the_org_are_listed_and_no_others(
    signed_in: SignedIn, house: House
) -> None:
    text = signed_in(house.vi).get("/people").get_data(as_text=True)
    assert "rae@example.org" in text
    assert "zoe@example.org" not in text
    assert text.count("(you)") == 1
    assert text.count("Switched off") == 1


def test_help_says_how_an_agent_asks(signed_in: SignedIn, house: House) -> None:
    browser = signed_in(house.max)
    assert "ctrl+enter" in browser.get("/help").get_data(as_text=True)
    assert "http://127.0.0.1:9111" in browser.get("/help/api").get_data(as_text=True)


def test_an_unknown_address_is_a_page_that_says_what_to_do(
    signed_in: SignedIn, house: House
) -> None:
    answer = signed_in(house.vi).get("/nothing")
    assert answer.status_code == 404
    assert "What to do:" in answer.get_data(as_text=True)
