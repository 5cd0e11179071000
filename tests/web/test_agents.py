"""Agents and their keys."""

import re

from tests.plugins.desk import Browser, House, SignedIn
from webui.approvals.agents.keys import read_key
from webui.store.queries import identity
from webui.store.store import Store

SECRET = re.compile(r'<p class="secret"><code>(csk_\w+)</code>')


def key_shown(browser: Browser) -> str | None:
    found = SECRET.search(browser.get("/agents").get_data(as_text=True))
    return None if found is None else found[1]


def works(store: Store, text: str) -> bool:
    presented = read_key(text)
    assert presented is not None
    with store.reading() as session:
        holder = identity.key_holder(session, presented.id)
    assert holder is not None
    assert holder.secret_hash == presented.secret_hash
    return holder.works(store.now())


def test_a_new_agents_key_is_shown_once(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    answer = browser.send("/agents", name="new-bot")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/agents")
    key = key_shown(browser)
    assert key is not None
    assert works(store, key)
    assert key_shown(browser) is None


def test_the_key_is_shown_to_nobody_else(signed_in: SignedIn, house: House) -> None:
    maker, other = signed_in(house.ana), signed_in(house.ana)
    maker.send("/agents", name="new-bot")
    assert key_shown(other) is None
    assert key_shown(maker) is not None


def test_a_name_that_is_taken_is_told_and_kept(signed_in: SignedIn, house: House) -> None:
    answer = signed_in(house.ana).send("/agents", name="ci")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "name is in use" in text
    assert 'value="ci"' in text


def test_a_rotated_key_works_on_beside_its_successor(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    key_id = house.ci.key.split("_")[1]
    assert browser.send(f"/agents/keys/{key_id}/rotate").status_code == 303
    successor = key_shown(browser)
    assert successor is not None
    assert works(store, successor)
    assert works(store, house.ci.key)


def test_a_revoked_key_is_refused_at_once(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    key_id = house.ci.key.split("_")[1]
    assert browser.send(f"/agents/keys/{key_id}/revoke").status_code == 303
    assert not works(store, house.ci.key)
    assert browser.send(f"/agents/keys/{key_id}/rotate").status_code == 422


def test_who_may_not_manage_agents_sees_no_forms_and_gets_no_further(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    assert "<form" not in browser.get("/agents").get_data(as_text=True).split("<main")[1]
    key_id = house.ci.key.split("_")[1]
    assert browser.send("/agents", name="x").status_code == 403
    assert browser.send(f"/agents/keys/{key_id}/revoke").status_code == 403
    assert works(store, house.ci.key)


def test_a_key_says_whether_it_works_now(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    key_id = house.ci.key.split("_")[1]

    def said() -> str:
        page = browser.get("/agents").get_data(as_text=True)
        return page.split(f"csk_{key_id}", 1)[1].split('data-label="State">', 1)[1][:60]

    assert said().startswith("Works<")
    assert browser.send(f"/agents/{house.ci.id}/change", status="paused").status_code == 303
    assert said().startswith("Stopped with its agent<")
    assert not works(store, house.ci.key)


def test_a_refused_change_keeps_what_was_typed(signed_in: SignedIn, house: House) -> None:
    answer = signed_in(house.ana).send(
        f"/agents/{house.ci.id}/change",
        owner="nobody@example.org",
        role="carrier",
        status="paused",
        has_flag="1",
        can_create_agents="1",
    )
    text = answer.get_data(as_text=True)
    form = text[text.index(f'id="owner-{house.ci.id}"') :]
    form = form[: form.index("</form>")]
    assert answer.status_code == 422
    assert 'value="nobody@example.org"' in form
    assert 'value="carrier"' in form
    assert '<option value="paused" selected>' in form
    assert 'value="1" checked' in form
    assert text.count('<details class="more" open>') == 1
