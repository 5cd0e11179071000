"""The second step of signing in: codes, recovery codes, passkeys, and every way around them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.plugins.authenticator import Authenticator
from tests.plugins.desk import PASSWORD, Browser, House, SignedIn, TestClock
from tests.plugins.factors import App, give_password, is_in, options, post
from webui.approvals.people import accounts
from webui.factors import ceremonies, changing
from webui.store.models import Ceremony, Passkey, WebSession
from webui.store.store import Store

AppOf = Callable[..., App]
PasskeyOf = Callable[..., Authenticator]
ToldOf = Callable[[str], list[dict[str, Any]]]
SECOND = "/sign-in/second"
ALONE = "/sign-in/passkey"


def code(browser: Browser, typed: str, **more: str) -> int:
    return post(browser, SECOND, code=typed, **more).status_code


def methods(store: Store) -> list[str]:
    with store.reading() as session:
        return list(session.scalars(select(WebSession.method)))


def test_the_password_alone_opens_nothing_for_who_has_a_second_factor(
    browser: Browser, house: House, app_of: AppOf, store: Store
) -> None:
    app_of(house.ana)
    answer = give_password(browser, house.ana, next="/history")
    assert answer.headers["Location"] == "/sign-in/second?next=/history"
    assert not is_in(browser)
    assert browser.post("/ws/ticket").status_code == 401
    assert methods(store) == []


def test_the_apps_code_lets_one_in_and_leads_on(
    browser: Browser, house: House, app_of: AppOf, store: Store
) -> None:
    app = app_of(house.ana)
    give_password(browser, house.ana)
    answer = post(browser, SECOND, code=app.next_code(), next="/history")
    assert answer.headers["Location"] == "/history"
    assert is_in(browser)
    assert methods(store) == ["password+totp"]


def test_a_code_never_counts_twice(
    browser: Browser, house: House, app_of: AppOf, told_of: ToldOf
) -> None:
    app = app_of(house.ana)
    used = app.next_code()
    give_password(browser, house.ana)
    assert code(browser, used) == 303
    give_password(browser, house.ana)
    assert code(browser, used) == 403
    assert not is_in(browser)
    assert told_of("user.factor_refused")[-1]["cause"] == "wrong_code"


def test_another_persons_code_is_worth_nothing(
    browser: Browser, house: House, app_of: AppOf
) -> None:
    app_of(house.ana)
    other = app_of(house.rae)
    give_password(browser, house.ana)
    assert code(browser, other.next_code()) == 403
    assert code(browser, other.recovery[0]) == 403


def test_a_sign_in_ends_after_five_wrong_codes(
    browser: Browser, house: House, app_of: AppOf
) -> None:
    app = app_of(house.ana)
    give_password(browser, house.ana)
    answers = [post(browser, SECOND, code="abc-def") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert "begin again" not in answers[3].get_data(as_text=True).split("</h1>")[0]
    right = post(browser, SECOND, code=app.next_code())
    assert "Begin again" not in right.get_data(as_text=True)
    assert not is_in(browser)


def test_a_flood_of_codes_is_throttled_for_the_account(
    browser: Browser, house: House, app_of: AppOf
) -> None:
    app = app_of(house.ana)
    statuses = []
    for _ in range(3):
        give_password(browser, house.ana)
        statuses += [code(browser, "abc-def") for _ in range(4)]
    assert statuses == [403] * 10 + [429] * 2
    give_password(browser, house.ana)
    assert code(browser, app.code(1)) == 429, "the right one has to wait too"


def test_the_second_step_takes_five_minutes_at_most(
    browser: Browser, house: House, app_of: AppOf, clock: TestClock, store: Store
) -> None:
    app = app_of(house.ana)
    give_password(browser, house.ana)
    clock.advance(ceremonies.LIFETIME)
    assert browser.get(SECOND).headers["Location"] == "/sign-in"
    assert code(browser, app.code()) == 403
    assert not is_in(browser)
    assert store.write(ceremonies.forget_over) == 1


def test_a_new_password_ends_a_sign_in_under_way(
    browser: Browser, house: House, app_of: AppOf, store: Store
) -> None:
    app = app_of(house.ana)
    give_password(browser, house.ana)
    store.write(
        lambda tx: accounts.set_password(tx, house.org_id, house.ana.email, "x", actor="s")
    )
    assert code(browser, app.next_code()) == 403
    assert not is_in(browser)


def test_a_suspension_ends_a_sign_in_under_way(
    browser: Browser, house: House, app_of: AppOf, store: Store
) -> None:
    app = app_of(house.rae)
    give_password(browser, house.rae)
    store.write(
        lambda tx: accounts.suspend_user(tx, house.org_id, house.rae.email, actor="s")
    )
    assert code(browser, app.next_code()) == 403


def test_the_session_before_is_over_when_the_second_step_begins(
    signed_in: SignedIn, house: House, app_of: AppOf, store: Store
) -> None:
    browser = signed_in(house.rae)
    app_of(house.ana)
    give_password(browser, house.ana)
    assert not is_in(browser)
    with store.reading() as session:
        assert session.scalars(select(WebSession.ended_at)).one() is not None


def test_a_recovery_code_signs_in_once_and_says_so(
    browser: Browser, house: House, app_of: AppOf, told_of: ToldOf
) -> None:
    spare = app_of(house.ana).recovery[3]
    give_password(browser, house.ana)
    answer = post(browser, SECOND, code=spare.upper(), next="/history")
    assert answer.headers["Location"] == "/account/factors"
    page = browser.get("/account/factors").get_data(as_text=True)
    assert "You used a recovery code" in page
    assert 'href="/history"' in page
    assert "9 of 10 are left" in page
    assert len(told_of("user.recovery_code_used")) == 1
    give_password(browser, house.ana)
    assert code(browser, spare) == 403


def test_the_page_of_the_second_step_needs_the_first(
    browser: Browser, house: House
) -> None:
    assert browser.get(SECOND).headers["Location"] == "/sign-in"
    assert code(browser, "123456") == 403
    token = {"X-CSRFToken": browser.csrf_token(), "HX-Request": "true"}
    assert browser.post(f"{SECOND}/passkey-options", headers=token).status_code == 409


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil"])
def test_no_step_leads_elsewhere(
    browser: Browser, house: House, app_of: AppOf, target: str
) -> None:
    app = app_of(house.ana)
    assert give_password(browser, house.ana, next=target).headers["Location"] == SECOND
    answer = post(browser, SECOND, code=app.next_code(), next=target)
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_says_nothing_of_a_second_factor(
    browser: Browser, house: House, app_of: AppOf
) -> None:
    app_of(house.ana)
    pages = set()
    for email in (house.ana.email, house.rae.email, "nobody@example.org"):
        answer = browser.send("/sign-in", email=email, password="wrong")
        assert answer.status_code == 403
        text = answer.get_data(as_text=True).replace(email, "EMAIL")
        pages.add(text[text.index("<main") : text.index("csrf_token")])
    assert len(pages) == 1


def test_a_passkey_alone_lets_one_in(
    browser: Browser, house: House, passkey_of: PasskeyOf, store: Store
) -> None:
    device = passkey_of(house.ana)
    asked = options(browser, "/sign-in/passkey-options")
    assert asked["rpId"] == "localhost"
    assert asked["allowCredentials"] == []
    assert asked["userVerification"] == "required"
    answer = browser.send(ALONE, credential=device.get(asked), next="/history")
    assert answer.headers["Location"] == "/history"
    assert is_in(browser)
    assert methods(store) == ["passkey"]
    with store.reading() as session:
        assert session.scalars(select(Passkey.sign_count)).one() == 1


def test_a_passkey_is_a_second_step_too(
    browser: Browser, house: House, passkey_of: PasskeyOf, store: Store
) -> None:
    device = passkey_of(house.ana)
    give_password(browser, house.ana)
    asked = options(browser, f"{SECOND}/passkey-options")
    assert [known["id"] for known in asked["allowCredentials"]] == [device.id]
    assert (
        post(browser, f"{SECOND}/passkey", credential=device.get(asked)).status_code == 303
    )
    assert methods(store) == ["password+passkey"]


def test_another_persons_passkey_is_no_second_step(
    browser: Browser, house: House, passkey_of: PasskeyOf
) -> None:
    passkey_of(house.ana)
    other = passkey_of(house.rae)
    give_password(browser, house.ana)
    asked = options(browser, f"{SECOND}/passkey-options")
    answer = post(browser, f"{SECOND}/passkey", credential=other.get(asked))
    assert answer.status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://localhost:8081"},
        {"origin": "https://localhost:8080"},
        {"origin": "http://127.0.0.1:8080"},
        {"rp_id": "evil.example"},
        {"verified": False},
        {"user_handle": b"usr_somebody_else"},
        {"user_handle": b""},
    ],
)
def test_an_answer_made_elsewhere_or_unverified_is_refused(
    browser: Browser, house: House, passkey_of: PasskeyOf, wrong: dict[str, Any]
) -> None:
    device = passkey_of(house.ana)
    for name, value in wrong.items():
        setattr(device, name, value)
    answer = device.get(options(browser, "/sign-in/passkey-options"))
    assert browser.send(ALONE, credential=answer).status_code == 403
    assert not is_in(browser)


def test_an_answer_counts_once(
    browser: Browser, dashboard: Any, house: House, passkey_of: PasskeyOf
) -> None:
    device = passkey_of(house.ana)
    answer = device.get(options(browser, "/sign-in/passkey-options"))
    assert browser.send(ALONE, credential=answer).status_code == 303
    again = Browser(dashboard, dashboard.response_class)
    assert again.send(ALONE, credential=answer).status_code == 403
    options(again, "/sign-in/passkey-options")
    assert again.send(ALONE, credential=answer).status_code == 403
    assert not is_in(again)


def test_a_challenge_is_answered_once_right_or_wrong(
    browser: Browser, house: House, passkey_of: PasskeyOf
) -> None:
    device = passkey_of(house.ana)
    asked = options(browser, "/sign-in/passkey-options")
    assert browser.send(ALONE, credential="{}").status_code == 403
    assert browser.send(ALONE, credential=device.get(asked)).status_code == 403
    give_password(browser, house.ana)
    asked = options(browser, f"{SECOND}/passkey-options")
    assert post(browser, f"{SECOND}/passkey", credential="{}").status_code == 403
    late = post(browser, f"{SECOND}/passkey", credential=device.get(asked))
    assert late.status_code == 403


def test_a_challenge_is_over_after_five_minutes(
    browser: Browser, house: House, passkey_of: PasskeyOf, clock: TestClock
) -> None:
    device = passkey_of(house.ana)
    asked = options(browser, "/sign-in/passkey-options")
    clock.advance(ceremonies.LIFETIME)
    assert browser.send(ALONE, credential=device.get(asked)).status_code == 403


def test_a_challenge_for_one_thing_is_no_good_for_another(
    browser: Browser, house: House, passkey_of: PasskeyOf
) -> None:
    device = passkey_of(house.ana)
    asked = options(browser, "/sign-in/passkey-options")
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        cookie["ceremony:second_step"] = cookie.pop("ceremony:passkey_alone")
    answer = post(browser, f"{SECOND}/passkey", credential=device.get(asked))
    assert answer.status_code == 403


def test_a_copied_passkey_is_refused_and_written_down(
    browser: Browser, house: House, passkey_of: PasskeyOf, told_of: ToldOf
) -> None:
    device = passkey_of(house.ana)
    for _ in range(2):
        asked = options(browser, "/sign-in/passkey-options")
        assert browser.send(ALONE, credential=device.get(asked)).status_code == 303
        browser.send("/sign-out")
    device.count = 1
    asked = options(browser, "/sign-in/passkey-options")
    refused = browser.send(ALONE, credential=device.get(asked))
    assert refused.status_code == 403
    assert "counted backwards" in refused.get_data(as_text=True)
    assert told_of("user.factor_refused")[-1]["cause"] == "copied_passkey"
    assert not is_in(browser)


def test_a_passkey_that_does_not_count_stays_good(
    browser: Browser, house: House, passkey_of: PasskeyOf
) -> None:
    device = passkey_of(house.ana)
    for _ in range(2):
        device.count = -1
        asked = options(browser, "/sign-in/passkey-options")
        assert browser.send(ALONE, credential=device.get(asked)).status_code == 303
        browser.send("/sign-out")


def test_a_removed_passkey_and_a_suspended_person_stay_outside(
    browser: Browser, house: House, passkey_of: PasskeyOf, store: Store
) -> None:
    gone, device = passkey_of(house.ana), passkey_of(house.rae)
    store.write(lambda tx: changing.remove_passkey(tx, house.org_id, house.ana.id, gone.id))
    store.write(
        lambda tx: accounts.suspend_user(tx, house.org_id, house.rae.email, actor="s")
    )
    for each in (gone, device):
        asked = options(browser, "/sign-in/passkey-options")
        assert browser.send(ALONE, credential=each.get(asked)).status_code == 403
    assert not is_in(browser)


@pytest.mark.parametrize(
    "hostile",
    ["", "{", "[]", "null", '{"id": 7}', "x" * 30_000, json.dumps({"id": "a" * 9_000})],
)
def test_an_answer_that_is_none_is_refused_plainly(
    browser: Browser, house: House, hostile: str
) -> None:
    options(browser, "/sign-in/passkey-options")
    assert browser.send(ALONE, credential=hostile).status_code == 403


def test_asking_for_passkeys_again_and_again_is_throttled(
    browser: Browser, house: House, store: Store, clock: TestClock
) -> None:
    token = {"X-CSRFToken": browser.csrf_token(), "HX-Request": "true"}
    clock.stand_still()
    statuses = [
        browser.post("/sign-in/passkey-options", headers=token).status_code
        for _ in range(62)
    ]
    assert statuses[:60] == [200] * 60
    assert 429 in statuses[60:]
    with store.reading() as session:
        assert (session.scalar(select(func.count()).select_from(Ceremony)) or 0) <= 61


def test_the_cookie_does_not_hold_what_the_ceremony_is_kept_under(
    browser: Browser, house: House, app_of: AppOf, store: Store
) -> None:
    app_of(house.ana)
    browser.send("/sign-in", email=house.ana.email, password=PASSWORD)
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        raw = cookie["ceremony:second_step"]
    with store.reading() as session:
        assert session.scalars(select(Ceremony.id)).one() != raw
