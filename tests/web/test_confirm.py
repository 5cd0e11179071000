"""Proving once more who one is, and what asks for it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.plugins.authenticator import Authenticator
from tests.plugins.desk import (
    PASSWORD,
    Browser,
    FileCall,
    House,
    Member,
    SignedIn,
    TestClock,
)
from tests.plugins.factors import App, is_in, options
from webui.store.models import WebSession
from webui.store.store import Store

CONFIRM = "/account/confirm"
LATER = 16 * 60_000
Form = dict[str, str]


def fresh(browser: Browser) -> bool:
    """Say whether the browser may do what asks for a recent proof."""
    place = browser.send("/account/tokens", name="probe").headers.get("Location", "")
    return not place.startswith(CONFIRM)


def test_the_password_renews_the_session_under_another_id(
    signed_in: SignedIn, house: House, store: Store, clock: TestClock
) -> None:
    browser = signed_in(house.ana)
    with store.reading() as session:
        before = session.scalars(select(WebSession)).one()
    clock.advance(LATER)
    assert not fresh(browser)
    answer = browser.send(CONFIRM, password=PASSWORD, next="/agents")
    assert answer.headers["Location"] == "/agents"
    assert fresh(browser)
    with store.reading() as session:
        after = session.scalars(select(WebSession)).one()
    assert after.id != before.id
    assert after.created_at == before.created_at, "it lives no longer for it"
    assert after.authenticated_at > before.authenticated_at


def test_a_wrong_password_renews_nothing(
    signed_in: SignedIn, house: House, clock: TestClock
) -> None:
    browser = signed_in(house.ana)
    clock.advance(LATER)
    assert browser.send(CONFIRM, password="wrong").status_code == 403
    assert not fresh(browser)


def test_confirming_is_throttled_like_signing_in(
    signed_in: SignedIn, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.web.passwords.check_password", lambda *_: False)
    browser = signed_in(house.ana)
    statuses = [browser.send(CONFIRM, password="x").status_code for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2


def test_who_has_a_second_factor_confirms_with_it(
    signed_in: SignedIn, house: House, clock: TestClock, app_of: Callable[[Member], App]
) -> None:
    app = app_of(house.ana)
    browser = signed_in(house.ana)
    clock.advance(LATER)
    assert browser.send(CONFIRM, password=PASSWORD).status_code == 403
    assert browser.send(CONFIRM, password=PASSWORD, code="000000").status_code == 403
    assert not fresh(browser)
    right = app.next_code()
    assert browser.send(CONFIRM, password="wrong", code=right).status_code == 403
    assert browser.send(CONFIRM, password=PASSWORD, code=right).status_code == 303
    assert fresh(browser)


def test_a_passkey_confirms_alone(
    signed_in: SignedIn,
    house: House,
    clock: TestClock,
    passkey_of: Callable[..., Authenticator],
) -> None:
    device, other = passkey_of(house.ana), passkey_of(house.rae)
    browser = signed_in(house.ana)
    clock.advance(LATER)
    for each, status in ((other, 403), (device, 303)):
        asked = options(browser, f"{CONFIRM}/passkey-options")
        answer = browser.send(f"{CONFIRM}/passkey", credential=each.get(asked))
        assert answer.status_code == status
    assert fresh(browser)
    again = browser.send(f"{CONFIRM}/passkey", credential=device.get(asked))
    assert again.status_code == 403, "the challenge was answered"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil", "/\\evil", "evil"])
def test_confirming_leads_nowhere_else(
    signed_in: SignedIn, house: House, target: str
) -> None:
    browser = signed_in(house.ana)
    page = browser.get(CONFIRM, query_string={"next": target}).get_data(as_text=True)
    assert "evil" not in page
    answer = browser.send(CONFIRM, password=PASSWORD, next=target)
    assert answer.headers["Location"] == "/account"


def test_forms_of_other_tabs_stay_good(
    signed_in: SignedIn, house: House, clock: TestClock
) -> None:
    browser = signed_in(house.ana)
    token = browser.csrf_token()
    browser.send(CONFIRM, password=PASSWORD)
    answer = browser.post("/account/tokens", data={"csrf_token": token, "name": "x"})
    assert answer.status_code == 303


def test_an_ended_session_is_not_renewed(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.ana)
    other.send("/account/sign-out-everywhere")
    assert browser.get(CONFIRM).status_code == 303
    assert not is_in(browser)


@pytest.mark.parametrize("path", ["/agents", "/account/tokens", "/settings"])
def test_what_could_do_harm_asks_first(
    signed_in: SignedIn, house: House, clock: TestClock, path: str
) -> None:
    browser = signed_in(house.ana)
    clock.advance(LATER)
    answer = browser.send(path, name="x")
    assert answer.headers["Location"].startswith(f"{CONFIRM}?next=/")


def test_rotating_a_key_asks_first(
    signed_in: SignedIn, house: House, clock: TestClock
) -> None:
    browser = signed_in(house.ana)
    clock.advance(LATER)
    key_id = house.ci.key.split("_")[1]
    answer = browser.send(f"/agents/keys/{key_id}/rotate")
    assert answer.headers["Location"] == f"{CONFIRM}?next=/agents"


def test_a_call_of_high_risk_is_approved_after_confirming(
    signed_in: SignedIn,
    house: House,
    clock: TestClock,
    file_call: FileCall,
    decide_form: Callable[..., Form],
    told_of: Callable[[str], list[dict[str, Any]]],
) -> None:
    browser = signed_in(house.rae)
    clock.advance(LATER)
    path = f"/approvals/{file_call(risk='critical')}"
    page = browser.get(path).get_data(as_text=True)
    assert f'href="{CONFIRM}?next={path}"' in page
    assert 'id="confirm-approve"' not in page
    assert browser.send(CONFIRM, password=PASSWORD, next=path).headers["Location"] == path
    place = path if 'id="confirm-approve"' in browser.get(path).text else f"{path}/full"
    answer = browser.send(f"{path}/decide", **decide_form(browser, place, "approve"))
    assert answer.status_code == 303
    assert told_of("approval.decided")[-1]["method"] == "password"


def test_an_agents_session_is_never_fresh_and_never_decides(
    signed_in: SignedIn, house: House, store: Store, file_call: FileCall
) -> None:
    browser, path = signed_in(house.rae), f"/approvals/{file_call()}"
    store.write(
        lambda tx: tx.execute(update(WebSession).values(agent_context=True)) and None
    )
    assert "belongs to an agent acting for you" in browser.get(path).get_data(as_text=True)
    assert browser.send("/account/tokens", name="x").status_code == 403
    answer = browser.send(f"{path}/decide", verdict="approve", seal="0" * 64)
    assert answer.status_code == 403
    assert not re.search(r"Approved", browser.get(path).get_data(as_text=True))
