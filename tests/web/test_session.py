"""Signing in and out (spec: authorization.md)."""

import pytest
from sqlalchemy import select

from tests.plugins.desk import PASSWORD, Browser, House, Member, SignedIn, TestClock
from webui.approvals.people import accounts
from webui.store.models import INSTANCE, WebSession
from webui.store.queries import events
from webui.store.queries.events import EventFilters, Logged
from webui.store.store import Store

MINUTE = 60_000


def sign_in(browser: Browser, member: Member, password: str = PASSWORD, **more: str) -> int:
    return browser.send(
        "/sign-in", email=member.email, password=password, **more
    ).status_code


def failures(store: Store) -> list[Logged]:
    with store.reading() as session:
        filters = EventFilters(action="user.sign_in_failed")
        return list(events.page(session, INSTANCE, filters).rows)


def test_a_person_signs_in_with_address_and_password(
    browser: Browser, house: House
) -> None:
    assert sign_in(browser, house.ana) == 303
    assert "Ana" in browser.get("/account").get_data(as_text=True)


def test_the_address_is_read_without_regard_to_case(browser: Browser, house: House) -> None:
    answer = browser.send("/sign-in", email=" ANA@Example.org ", password=PASSWORD)
    assert answer.status_code == 303


def test_nobody_gets_anywhere_without_signing_in(browser: Browser, house: House) -> None:
    answer = browser.get("/history?q=x")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/history?q%3Dx"


def test_a_script_is_told_plainly_that_nobody_is_signed_in(
    browser: Browser, house: House
) -> None:
    answer = browser.get("/queue/new", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "signed_out"


def test_a_wrong_password_an_unknown_address_and_a_suspended_person_look_the_same(
    browser: Browser, house: House
) -> None:
    pages = set()
    for email in (house.ana.email, "nobody@example.org", house.cy.email):
        password = PASSWORD if email == house.cy.email else "wrong"
        answer = browser.send("/sign-in", email=email, password=password)
        assert answer.status_code == 403
        page = answer.get_data(as_text=True).replace(email, "EMAIL")
        pages.add(page[page.index("<main") : page.index("csrf_token")])
    assert len(pages) == 1


def test_unknown_addresses_cost_as_much_work_as_known_ones(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []

    def check(kept: str, password: str) -> bool:
        checked.append(kept)
        return False

    monkeypatch.setattr("webui.web.passwords.check_password", check)
    browser.send("/sign-in", email="nobody@example.org", password="x")
    browser.send("/sign-in", email=house.ana.email, password="x")
    parameters = {kept.rsplit("$", 2)[0] for kept in checked}
    assert len(checked) == 2
    assert len(parameters) == 1


def test_attempts_at_one_account_are_throttled_and_say_so(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.web.passwords.check_password", lambda *_: False)
    statuses = [sign_in(browser, house.ana, "wrong") for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    assert sign_in(browser, house.rae, "wrong") == 403


def test_throttling_treats_unknown_accounts_alike(
    browser: Browser, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.web.passwords.check_password", lambda *_: False)
    statuses = [
        browser.send("/sign-in", email="no@example.org", password="x").status_code
        for _ in range(11)
    ]
    assert statuses == [403] * 10 + [429]


def test_failures_are_one_event_a_minute_and_address_with_their_count(
    browser: Browser,
    house: House,
    store: Store,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.web.passwords.check_password", lambda *_: False)
    for _ in range(4):
        sign_in(browser, house.ana, "wrong")
    assert len(failures(store)) == 1
    clock.advance(MINUTE)
    sign_in(browser, house.ana, "wrong")
    payloads = [event.payload or b"" for event in failures(store)]
    assert len(payloads) == 2
    assert b'"count":4' in payloads[0]


def test_signing_in_changes_the_session_and_ends_the_one_before(
    browser: Browser, house: House, store: Store
) -> None:
    sign_in(browser, house.ana)
    sign_in(browser, house.ana)
    with store.reading() as session:
        kept = session.scalars(select(WebSession).order_by(WebSession.created_at)).all()
    assert [row.ended_at is not None for row in kept] == [True, False]


def test_a_form_from_before_signing_in_is_worth_nothing_after_it(
    browser: Browser, house: House
) -> None:
    planted = browser.csrf_token()
    assert sign_in(browser, house.ana) == 303
    answer = browser.post("/account/tokens", data={"csrf_token": planted, "name": "x"})
    assert answer.status_code == 400


def test_the_cookie_does_not_hold_what_the_database_keeps(
    browser: Browser, house: House, store: Store
) -> None:
    sign_in(browser, house.ana)
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        raw = cookie["_user_id"]
    with store.reading() as session:
        kept = session.scalars(select(WebSession.id)).one()
    assert raw != kept


def test_a_cookie_kept_from_before_signing_out_is_worth_nothing(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        kept = dict(cookie)
    assert browser.send("/sign-out").status_code == 303
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        cookie.update(kept)
    assert browser.get("/").status_code == 303


def test_signing_out_everywhere_ends_every_session(
    signed_in: SignedIn, house: House
) -> None:
    here, there, other = signed_in(house.ana), signed_in(house.ana), signed_in(house.rae)
    assert here.send("/account/sign-out-everywhere").status_code == 303
    assert there.get("/").status_code == 303
    assert other.get("/").status_code == 200


def test_suspending_a_person_ends_their_sessions(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    assert browser.get("/").status_code == 200
    store.write(
        lambda tx: accounts.suspend_user(
            tx, house.org_id, house.rae.email, actor=f"user:{house.ana.id}"
        )
    )
    assert browser.get("/").status_code == 303


def test_an_idle_session_ends(signed_in: SignedIn, house: House, clock: TestClock) -> None:
    browser = signed_in(house.ana)
    clock.advance(7 * 60 * MINUTE)
    assert browser.get("/").status_code == 200
    clock.advance(7 * 60 * MINUTE)
    assert browser.get("/").status_code == 200, "the visit before began the idle time anew"
    clock.advance(8 * 60 * MINUTE)
    assert browser.get("/").status_code == 303


def test_a_session_ends_however_busy_it_is(
    signed_in: SignedIn, house: House, clock: TestClock
) -> None:
    browser = signed_in(house.ana)
    for _ in range(7 * 24 // 6):
        clock.advance(6 * 60 * MINUTE)
        last = browser.get("/help").status_code
    assert last == 303


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil",
        "/\t/evil",
        "x",
    ],
)
def test_signing_in_leads_nowhere_else(browser: Browser, house: House, target: str) -> None:
    answer = browser.send("/sign-in", email=house.ana.email, password=PASSWORD, next=target)
    assert answer.headers["Location"] == "/"


def test_signing_in_leads_back_to_where_one_came_from(
    browser: Browser, house: House
) -> None:
    answer = browser.send(
        "/sign-in", email=house.ana.email, password=PASSWORD, next="/history?q=x"
    )
    assert answer.headers["Location"] == "/history?q=x"


def test_who_is_signed_in_needs_no_form(signed_in: SignedIn, house: House) -> None:
    browser = signed_in(house.ana)
    assert browser.get("/sign-in").status_code == 303
    assert browser.get("/sign-in?again=1").status_code == 200
