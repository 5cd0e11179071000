"""Setting up, naming and removing one's own second factors, and changing the password."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.plugins.authenticator import Authenticator
from tests.plugins.desk import PASSWORD, Browser, House, Member, SignedIn, TestClock
from tests.plugins.factors import HEADERS, App, is_in, options, secret_on
from webui.approvals.people.passwords import check_password
from webui.factors import totp
from webui.store.queries import identity
from webui.store.queries.factors import Held, held
from webui.store.store import Store

FACTORS = "/account/factors"
MINUTE = 60_000
ToldOf = Callable[[str], list[dict[str, Any]]]


def of(store: Store, member: Member) -> Held:
    with store.reading() as session:
        return held(session, member.id)


def text(browser: Browser, path: str = FACTORS) -> str:
    return browser.get(path).get_data(as_text=True)


def test_an_app_is_set_up_with_its_first_code_and_shown_no_more(
    signed_in: SignedIn, house: House, store: Store, told_of: ToldOf
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.ana)
    assert browser.send(f"{FACTORS}/app").status_code == 303
    page = text(browser)
    assert re.search(r'<svg class="qr"[^>]*><path d="M3 3h1', page)
    assert "style=" not in page
    secret = secret_on(page)
    assert not of(store, house.ana).has_app, "it counts only once a code was entered"
    assert browser.send(f"{FACTORS}/app/confirm", code="000000").status_code == 422
    code = totp.code_at(secret, store.now() // totp.STEP)
    assert browser.send(f"{FACTORS}/app/confirm", code=code).status_code == 303
    page = text(browser)
    assert len(re.findall(r"<li><code>[a-z2-9]{5}-[a-z2-9]{5}</code></li>", page)) == 10
    assert "app-secret" not in page
    assert "<li><code>" not in text(browser), "recovery codes are shown once"
    assert not is_in(other), "it signed in with less"
    assert is_in(browser)
    assert [note["factor"] for note in told_of("user.factor_added")] == ["app"]


def test_what_is_kept_of_an_app_is_sealed(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.ana)
    browser.send(f"{FACTORS}/app")
    secret, app = secret_on(text(browser)), of(store, house.ana).app
    assert app is not None
    assert secret not in app.sealed
    browser.send(f"{FACTORS}/app")
    assert secret_on(text(browser)) != secret, "begun anew, it is another"


def test_an_app_is_set_up_once(
    signed_in: SignedIn, house: House, app_of: Callable[[Member], App]
) -> None:
    app_of(house.ana)
    browser = signed_in(house.ana)
    assert browser.send(f"{FACTORS}/app").status_code == 409
    assert browser.send(f"{FACTORS}/app/confirm", code="1").status_code == 409
    assert browser.send(f"{FACTORS}/app/remove").status_code == 303
    assert browser.send(f"{FACTORS}/app/remove").status_code == 404


def test_a_passkey_is_added_named_and_removed(
    signed_in: SignedIn,
    house: House,
    store: Store,
    authenticator: Authenticator,
    told_of: ToldOf,
) -> None:
    browser = signed_in(house.ana)
    asked = options(browser, f"{FACTORS}/passkeys/options")
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    answer = browser.send(
        f"{FACTORS}/passkeys", credential=authenticator.create(asked), name="phone"
    )
    assert answer.status_code == 303
    assert "Your recovery codes" in text(browser)
    path = f"{FACTORS}/passkeys/{authenticator.id}"
    assert browser.send(f"{path}/rename", name="old phone").status_code == 303
    assert [key.name for key in of(store, house.ana).passkeys] == ["old phone"]
    assert browser.send(f"{path}/rename", name=" ").status_code == 422
    assert browser.send(f"{path}/remove").status_code == 303
    found = of(store, house.ana)
    assert (found.count, found.codes_left) == (0, 0)
    assert [note["name"] for note in told_of("user.factor_removed")] == ["old phone"]


def test_a_passkey_needs_a_name_and_is_kept_once(
    signed_in: SignedIn, house: House, store: Store, authenticator: Authenticator
) -> None:
    browser = signed_in(house.ana)
    for name, status in (("", 422), ("phone", 303), ("again", 409)):
        asked = options(browser, f"{FACTORS}/passkeys/options")
        answer = browser.send(
            f"{FACTORS}/passkeys", credential=authenticator.create(asked), name=name
        )
        assert answer.status_code == status, name
    assert len(of(store, house.ana).passkeys) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://evil.example"}, {"rp_id": "evil.example"}, {"verified": False}],
)
def test_a_passkey_made_elsewhere_or_unverified_is_not_kept(
    signed_in: SignedIn,
    house: House,
    store: Store,
    authenticator: Authenticator,
    wrong: dict[str, Any],
) -> None:
    browser = signed_in(house.ana)
    for name, value in wrong.items():
        setattr(authenticator, name, value)
    made = authenticator.create(options(browser, f"{FACTORS}/passkeys/options"))
    answer = browser.send(f"{FACTORS}/passkeys", credential=made, name="phone")
    assert answer.status_code == 403
    assert of(store, house.ana).count == 0


def test_a_passkeys_making_counts_once_and_for_who_asked(
    signed_in: SignedIn, house: House, store: Store, authenticator: Authenticator
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.rae)
    made = authenticator.create(options(browser, f"{FACTORS}/passkeys/options"))
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        stolen = cookie["ceremony:passkey_new"]
    with other.session_transaction(base_url=other.base_url) as cookie:
        cookie["ceremony:passkey_new"] = stolen
    for sender, status in ((other, 403), (browser, 303), (browser, 403)):
        answer = sender.send(f"{FACTORS}/passkeys", credential=made, name="phone")
        assert answer.status_code == status
    assert of(store, house.rae).count == 0


def test_nobody_touches_a_colleagues_passkey(
    signed_in: SignedIn, house: House, passkey_of: Callable[..., Authenticator]
) -> None:
    device = passkey_of(house.rae)
    browser = signed_in(house.ana)
    for verb in ("rename", "remove"):
        path = f"{FACTORS}/passkeys/{device.id}/{verb}"
        assert browser.send(path, name="mine").status_code == 404


def test_recovery_codes_are_renewed_and_need_a_factor(
    signed_in: SignedIn, house: House, store: Store, app_of: Callable[[Member], App]
) -> None:
    assert signed_in(house.ana).send(f"{FACTORS}/codes").status_code == 409
    before = app_of(house.ana).recovery
    browser = signed_in(house.ana)
    assert browser.send(f"{FACTORS}/codes").status_code == 303
    page = text(browser)
    assert all(code not in page for code in before)
    assert of(store, house.ana).codes_left == 10


def test_the_password_is_changed_by_who_knows_the_old_one(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.ana)
    new = "a new one of several words"
    path = f"{FACTORS}/password"
    assert browser.send(path, old="wrong", new=new).status_code == 403
    assert browser.send(path, old=PASSWORD, new="short").status_code == 422
    assert browser.send(path, old=PASSWORD, new="a" * 40).status_code == 422
    assert browser.send(path, old=PASSWORD, new="i am ana, the owner").status_code == 422
    assert is_in(other)
    assert browser.send(path, old=PASSWORD, new=new).status_code == 303
    assert "is changed" in text(browser)
    assert is_in(browser)
    assert not is_in(other)
    with store.reading() as session:
        found = identity.credentials(session, house.ana.email)
    assert found is not None
    assert check_password(found.password_hash, new)


@pytest.mark.parametrize(
    "path", ["/app", "/app/confirm", "/app/remove", "/codes", "/password", "/passkeys"]
)
def test_each_change_asks_for_a_recent_proof(
    signed_in: SignedIn, house: House, store: Store, clock: TestClock, path: str
) -> None:
    browser = signed_in(house.ana)
    clock.advance(16 * MINUTE)
    answer = browser.send(FACTORS + path, old=PASSWORD, new="a new one of several words")
    assert answer.headers["Location"] == "/account/confirm?next=/account/factors"
    assert of(store, house.ana).app is None
    token = HEADERS | {"X-CSRFToken": browser.csrf_token()}
    assert browser.post(f"{FACTORS}/passkeys/options", headers=token).status_code == 403


def test_without_a_name_for_the_desk_the_page_says_why_there_are_no_passkeys(
    signed_in: SignedIn, house: House
) -> None:
    browser = signed_in(house.ana)
    browser.base_url = "http://127.0.0.1:8080"
    with browser.session_transaction(base_url="http://localhost:8080") as cookie:
        kept = dict(cookie)
    with browser.session_transaction(base_url=browser.base_url) as cookie:
        cookie.update(kept)
    assert "Passkeys work at http://localhost:8080 only" in text(browser)
