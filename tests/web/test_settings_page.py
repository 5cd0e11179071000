"""What an org decides about itself, above all that everybody needs a second factor."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from tests.plugins.desk import Browser, FileCall, House, Member, SignedIn
from tests.plugins.factors import App, is_in, secret_on
from tests.plugins.rules import Desk
from webui.factors import totp
from webui.runtime import Runtime
from webui.store.models import Org, WebSession
from webui.store.queries import identity
from webui.store.queries.factors import held
from webui.store.store import Store
from webui.web.live import PeopleFeed, viewer_of
from webui.web.sessions import actor_behind

OPEN_WHILE_HELD_UP = {
    "factors",
    "passkeys",
    "confirm",
    "second",
    "session",
    "hooks",
    "health",
    "joining",
    "orgs",
    "sso",
}
OPEN_VIEWS = {"static", "speaking.texts", "linking.confirm"}


@pytest.fixture
def required(store: Store, house: House) -> None:
    """The org asks for a second factor."""
    asks = update(Org).where(Org.id == house.org_id).values(require_second_factor=True)
    store.write(lambda tx: tx.execute(asks) and None)


def test_who_manages_people_sets_the_switches(
    signed_in: SignedIn,
    house: House,
    app_of: Callable[[Member], App],
    told_of: Callable[[str], list[dict[str, Any]]],
) -> None:
    app_of(house.ana)
    browser = signed_in(house.ana)
    assert browser.send("/settings", require_second_factor="1").status_code == 303
    page = browser.get("/settings").get_data(as_text=True)
    assert "holds from now on" in page
    assert re.search(r'name="require_second_factor"[^>]*checked', page)
    assert told_of("settings.changed") == [{"require_second_factor": True}]
    assert browser.send("/settings", require_second_factor="1").status_code == 303
    assert len(told_of("settings.changed")) == 1, "nothing changed, nothing is told"


def test_others_neither_see_nor_set_them(signed_in: SignedIn, house: House) -> None:
    for member in (house.rae, house.ed, house.vi, house.max):
        browser = signed_in(member)
        assert browser.get("/settings").status_code == 403
        assert browser.send("/settings", write_gate="1").status_code == 403
        assert "/settings" not in browser.get("/help").get_data(as_text=True)


def test_who_asks_for_a_second_factor_has_one(signed_in: SignedIn, house: House) -> None:
    answer = signed_in(house.ana).send("/settings", require_second_factor="1")
    assert answer.status_code == 409
    assert "of your own first" in answer.get_data(as_text=True)


def test_only_an_org_of_one_works_alone(signed_in: SignedIn, house: House) -> None:
    assert signed_in(house.ana).send("/settings", solo_operator="1").status_code == 409
    assert signed_in(house.zoe).send("/settings", solo_operator="1").status_code == 303


def test_without_a_second_factor_nothing_else_opens(
    dashboard: Flask, signed_in: SignedIn, house: House, required: None
) -> None:
    browser = signed_in(house.ana)
    token = {"X-CSRFToken": browser.csrf_token()}
    tried = 0
    for rule in dashboard.url_map.iter_rules():
        noun = rule.endpoint.split(".")[0]
        if noun in OPEN_WHILE_HELD_UP or rule.endpoint in OPEN_VIEWS or rule.websocket:
            continue
        path = re.sub(r"<[^>]+>", "any", rule.rule)
        for method in {"GET", "POST"} & (rule.methods or set()):
            tried += 1
            answer = browser.open(path, method=method, headers=token)
            led = answer.headers.get("Location") == "/account/factors"
            assert led or answer.status_code == 403, (method, path, answer.status_code)
    assert tried >= 40
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Origin": "http://localhost:8080",
    }
    assert browser.get("/ws", headers=handshake).status_code == 403
    script = browser.get("/queue/new", headers={"HX-Request": "true"})
    assert (script.status_code, b"second_factor_required" in script.data) == (403, True)


def test_the_set_up_page_opens_and_ends_it(
    signed_in: SignedIn, house: House, required: None, store: Store
) -> None:
    browser = signed_in(house.rae)
    page = browser.get("/", follow_redirects=True).get_data(as_text=True)
    assert "asks everybody for a second factor" in page
    browser.send("/account/factors/app")
    secret = secret_on(browser.get("/account/factors").get_data(as_text=True))
    code = totp.code_at(secret, store.now() // totp.STEP)
    browser.send("/account/factors/app/confirm", code=code)
    assert is_in(browser)


def test_the_last_factor_stays_while_the_org_asks_for_one(
    signed_in: SignedIn,
    house: House,
    required: None,
    store: Store,
    app_of: Callable[[Member], App],
    passkey_of: Callable[..., Any],
) -> None:
    app_of(house.rae)
    device = passkey_of(house.rae)
    browser = signed_in(house.rae)
    assert browser.send("/account/factors/app/remove").status_code == 303
    last = browser.send(f"/account/factors/passkeys/{device.id}/remove")
    assert last.status_code == 409
    with store.reading() as session:
        assert held(session, house.rae.id).count == 1


def test_another_orgs_wish_holds_nobody_up(
    signed_in: SignedIn, house: House, required: None
) -> None:
    assert is_in(signed_in(house.zoe))


def test_live_sockets_of_who_is_held_up_end(
    signed_in: SignedIn, house: House, runtime: Runtime, store: Store
) -> None:
    signed_in(house.rae)
    feed = PeopleFeed(runtime)
    with store.reading() as session:
        session_hash = session.query(WebSession.id).scalar()
        found = identity.signed_session(session, str(session_hash))
        assert found is not None
        actor = actor_behind(session, found, store.now())
    viewer = viewer_of(str(session_hash), actor)
    assert feed.recheck(viewer) == viewer
    asks = update(Org).where(Org.id == house.org_id).values(require_second_factor=True)
    store.write(lambda tx: tx.execute(asks) and None)
    assert feed.recheck(viewer) is None


def test_switching_it_on_needs_the_form(browser: Browser, house: House) -> None:
    assert browser.post("/settings", data={"write_gate": "1"}).status_code in {303, 400}


def test_reasons_can_be_chosen_instead_of_typed(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    ana, rae = signed_in(house.ana), signed_in(house.rae)
    lines = "  Not in the  change window \n\nAs agreed\nAs agreed\n"
    assert ana.send("/settings", reasons=lines).status_code == 303
    first, second = file_call(arguments={"n": 1}), file_call(arguments={"n": 2})
    page = rae.get(f"/approvals/{first}").get_data(as_text=True)
    assert "<option>Not in the change window</option><option>As agreed</option>" in page
    seal = re.search(r'name="seal" value="(\w+)"', page)
    assert seal is not None
    answer = rae.send(
        f"/approvals/{first}/decide",
        verdict="deny",
        seal=seal[1],
        version="1",
        reason=" ",
        chosen="Not today",
    )
    assert answer.status_code in {200, 303}
    settled = rae.get(f"/approvals/{first}").get_data(as_text=True)
    assert "Not today" in settled
    again = rae.get(f"/approvals/{second}").get_data(as_text=True)
    assert '<optgroup label="Yours of late"><option>Not today</option>' in again
    assert "Yours of late" not in signed_in(house.bo).get(f"/approvals/{second}").get_data(
        as_text=True
    )


def test_too_many_reasons_are_refused_and_stay_in_the_field(
    signed_in: SignedIn, house: House
) -> None:
    lines = "\n".join(f"reason {n}" for n in range(13))
    answer = signed_in(house.ana).send("/settings", reasons=lines)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "There are at most 12 reasons to choose from" in text
    assert "reason 12" in text


def test_mail_to_others_is_pointed_out_once_the_domains_are_named(
    signed_in: SignedIn, house: House, file_call: FileCall, desk: Desk
) -> None:
    ana, rae = signed_in(house.ana), signed_in(house.rae)
    mail = {"to": "cy@partner.example", "subject": "S", "body": "B"}
    waiting = file_call(tool="send_email", arguments=mail)
    before = rae.get(f"/approvals/{waiting}").get_data(as_text=True)
    assert "outside the organization" not in before
    seal = re.search(r'name="seal" value="(\w+)"', before)
    assert seal is not None

    typed = " @Northwind.example, shop.example\nshop.example. "
    assert ana.send("/settings", own_domains=typed).status_code == 303
    assert "northwind.example\nshop.example</textarea>" in ana.get("/settings").get_data(
        as_text=True
    )
    later = file_call(tool="send_email", arguments={**mail, "body": "C"})
    for each in (waiting, later):
        page = rae.get(f"/approvals/{each}").get_data(as_text=True)
        assert "It goes outside the organization: partner.example (1)." in page

    stale = rae.send(
        f"/approvals/{waiting}/decide", verdict="approve", seal=seal[1], version="1"
    )
    assert stale.status_code == 409
    assert desk.row(waiting).status == "pending", "the form showed no such warning"

    assert ana.send("/settings", own_domains="").status_code == 303
    page = rae.get(f"/approvals/{waiting}").get_data(as_text=True)
    assert "outside the organization" not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("northwind", "“northwind” is no domain"),
        ("m\u00fcller.example", "is no domain"),
        ("-a.example", "is no domain"),
        ("a..example", "is no domain"),
        ("\n".join(f"d{n}.example" for n in range(41)), "There are at most 40 domains"),
    ],
)
def test_what_is_no_domain_is_refused_and_stays_in_the_field(
    signed_in: SignedIn, house: House, typed: str, words: str
) -> None:
    answer = signed_in(house.ana).send("/settings", own_domains=typed)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert words in text
    assert typed.rsplit("\n", maxsplit=1)[-1] in text
