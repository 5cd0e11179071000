"""Agents and their keys."""

import re

from tests.plugins.desk import Browser, House, SignedIn
from tests.plugins.rules import Desk
from webui.approvals.agents.keys import read_key
from webui.approvals.states import Verdict
from webui.insights import keeping
from webui.insights.buckets import DAY
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
        page = browser.get(f"/agents?agent={house.ci.id}").get_data(as_text=True)
        return page.split(f"csk_{key_id}", 1)[1].split('data-label="State">', 1)[1][:60]

    assert said().startswith("Works<")
    assert browser.send(f"/agents/{house.ci.id}/change", status="paused").status_code == 303
    assert said().startswith("Stopped with its agent<")
    assert not works(store, house.ci.key)


def cells(browser: Browser, agent: str, path: str = "/agents") -> list[str]:
    """Return what the table says of an agent, without its marks."""
    text = browser.get(path).get_data(as_text=True)
    [row] = [each for each in text.split("<tr") if f"<bdi>{agent}</bdi></a>" in each]
    found = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", "", each).split()) for each in found]


def test_the_table_says_of_each_agent_what_it_did_of_late(
    signed_in: SignedIn, house: House, desk: Desk
) -> None:
    for number in range(3):
        asked = desk.submit(arguments={"n": number}).approval.id
        if number < 2:
            desk.decide(house.rae, asked, Verdict.DENY)
    keeping.count(desk.store)
    browser = signed_in(house.ana)
    assert cells(browser, "ci")[3:] == [
        "1 of 1 works",
        "never",
        "1 waiting, asked by ci",
        "3 asked by ci, in the history",
        "2 asked by ci and denied, in the history",
    ]
    assert cells(browser, "deploy-bot")[5:] == ["0", "0", "0"]
    # who may not read the insights learns no numbers from here
    assert cells(signed_in(house.rae), "ci")[5:] == ["1 waiting, asked by ci"]
    assert "sort=denied" not in signed_in(house.rae).get("/agents").get_data(as_text=True)
    desk.clock.advance(30 * DAY)
    assert cells(signed_in(house.ana), "ci")[6:] == ["0", "0"]


def test_the_table_is_put_in_order_by_its_address(
    signed_in: SignedIn, house: House, desk: Desk
) -> None:
    desk.submit(house.helper)
    browser = signed_in(house.ana)

    def names(path: str) -> list[str]:
        text = browser.get(path).get_data(as_text=True)
        return re.findall(r"<bdi>([\w-]+)</bdi></a>", text)

    by_name = names("/agents")
    assert by_name == sorted(by_name)
    assert names("/agents?sort=no-such") == by_name
    rest = [name for name in by_name if name != "helper"]
    assert names("/agents?sort=waiting") == ["helper", *rest]
    text = browser.get("/agents?sort=waiting").get_data(as_text=True)
    assert 'href="/agents?sort=waiting" aria-current="true"' in text
    assert f'href="/agents?agent={house.ci.id}&amp;sort=waiting#agent"' in text


def test_an_agent_is_opened_by_its_address_and_stays_open_after_a_change(
    signed_in: SignedIn, house: House
) -> None:
    browser, key_id = signed_in(house.ana), house.ci.key.split("_")[1]
    opened = f"/agents?agent={house.ci.id}"
    assert f"csk_{key_id}" not in browser.get("/agents").get_data(as_text=True)
    assert f"csk_{key_id}" in browser.get(opened).get_data(as_text=True)
    for verb in (f"keys/{key_id}/rotate", f"keys/{key_id}/revoke", f"{house.ci.id}/change"):
        answer = browser.send(f"/agents/{verb}")
        assert answer.headers["Location"] == f"{opened}#agent"
    assert cells(browser, "ci", opened)[3] == "1 of 2 works"
    nobody = browser.get("/agents?agent=agt_nobody").get_data(as_text=True)
    assert 'id="agent"' not in nobody
    assert house.ci.id not in signed_in(house.zoe).get(opened).get_data(as_text=True)


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
