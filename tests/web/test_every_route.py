"""What holds for every address of the dashboard; the list is the application's own."""

import re
from itertools import cycle

import pytest
from flask import Flask

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from tests.plugins.places import routes, rows, things
from webui.runtime import Runtime
from webui.settings import Settings
from webui.store.store import Store
from webui.web.app import create_app

SPOKEN_TO_BY_MACHINES = {"hooks.receive"}
"""Not forms: a signature takes the place of the CSRF token."""
OPENED_BY_SECRET = {"joining.page", "joining.join"}
"""Whoever holds the link may open it, of whatever org they are."""
KEPT_BY_CACHES = {"speaking.texts"}
"""The same for everybody, like a static file."""
LEAVING = {"sso.start", "linking.confirm"}
"""They send the browser to a provider, which cannot be reached here."""


@pytest.fixture(autouse=True)
def _no_time_passes(clock: TestClock) -> None:
    """A session that is used a minute later says so in its row."""
    clock.stand_still()


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """Things of Ana's org."""
    return things(house.ci, file_call, store, house.org_id, house.ana.id)


@pytest.fixture
def foreign_ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """Things of Zoe's org."""
    return things(house.stranger, file_call, store, house.other_org_id, house.zoe.id)


def test_every_answer_carries_the_headers(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str]
) -> None:
    browser = signed_in(house.ana)
    found = list(routes(dashboard, "GET", **ids))
    may_be_kept = {route.path for route in found if route.endpoint in KEPT_BY_CACHES}
    paths = [route.path for route in found]
    for path in [*paths, "/nothing", "/approvals/apr_nothing"]:
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        kept = "no-cache" if path in may_be_kept else "no-store"
        assert headers["Cache-Control"] == kept, path
        assert "Access-Control-Allow-Origin" not in headers


def test_static_files_are_kept_for_ever_under_their_version(
    browser: Browser, house: House
) -> None:
    page = browser.get("/sign-in").get_data(as_text=True)
    path = re.search(r'href="(/static/\w+/app\.css)"', page)
    assert path is not None
    with browser.get(path[1]) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    with browser.get("/static/another/app.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    with browser.get("/static/x/../../pyproject.toml") as answer:
        assert answer.status_code == 404


def test_no_change_goes_through_without_the_forms_mark(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str], store: Store
) -> None:
    browser, other = signed_in(house.ana), signed_in(house.ana)
    stolen = other.csrf_token()
    wrong = cycle((None, "", "forged"))
    before = rows(store)
    for route in routes(dashboard, "POST", **ids):
        if route.endpoint in SPOKEN_TO_BY_MACHINES:
            continue
        for token in (next(wrong), stolen):
            data = {} if token is None else {"csrf_token": token}
            answer = browser.post(route.path, data=data)
            assert answer.status_code == 400, (route, token)
            assert b"bad_csrf_token" in answer.data
    assert rows(store) == before


def test_nobody_who_is_signed_out_gets_further_than_the_door(
    dashboard: Flask, browser: Browser, ids: dict[str, str]
) -> None:
    open_to_all = {
        "session.sign_in",
        "session.enter",
        "second.page",
        "second.by_code",
        "second.ask_for_passkey",
        "second.by_passkey",
        "second.ask_for_any_passkey",
        "second.by_passkey_alone",
        "sso.page",
        "sso.start",
        "sso.back",
        "health.healthz",
        "health.readyz",
        "health.well_known",
        "health.metrics",
        "joining.joined",
        *OPENED_BY_SECRET,
        *SPOKEN_TO_BY_MACHINES,
        *KEPT_BY_CACHES,
    }
    for method in ("GET", "POST"):
        for route in routes(dashboard, method, **ids):
            if route.endpoint in open_to_all:
                continue
            answer = browser.open(route.path, method=method)
            assert answer.status_code in {303, 401}, route
            if answer.status_code == 303:
                assert answer.headers["Location"].startswith("/sign-in"), route


def test_another_orgs_things_are_as_unknown_as_unknown_ones(
    dashboard: Flask,
    signed_in: SignedIn,
    house: House,
    foreign_ids: dict[str, str],
    store: Store,
) -> None:
    browser = signed_in(house.ana)
    unknown = {name: f"{value[:4]}nothing" for name, value in foreign_ids.items()}
    before = rows(store)
    seen = 0
    for method in ("GET", "POST"):
        pairs = zip(
            routes(dashboard, method, **foreign_ids),
            routes(dashboard, method, **unknown),
            strict=True,
        )
        for foreign, absent in pairs:
            exempt = SPOKEN_TO_BY_MACHINES | OPENED_BY_SECRET | KEPT_BY_CACHES
            if not foreign.has_id or foreign.endpoint in exempt:
                continue
            if foreign.endpoint == "sso.start":  # open to everybody, in every org
                continue
            seen += 1
            answers = []
            for path in (foreign.path, absent.path):
                answer = (
                    browser.get(path)
                    if method == "GET"
                    else browser.send(path, verdict="approve", seal="0" * 64)
                )
                assert answer.status_code == 404, path
                text = answer.get_data(as_text=True)
                answers.append(text[text.index('id="problem"') :].replace(path, "PATH"))
            assert answers[0] == answers[1]
    assert seen >= 8
    assert rows(store) == before
    page = browser.get(f"/?selected={foreign_ids['approval_id']}")
    assert page.status_code == 404


def test_looking_changes_nothing(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str], store: Store
) -> None:
    browser = signed_in(house.ana)
    before = rows(store)
    for route in routes(dashboard, "GET", **ids):
        for query in (
            "",
            "?decide=approve",
            "?decide=edit",
            "?verify=1&verdict=approve&again=1",
        ):
            answer = browser.get(route.path + query)
            assert answer.status_code < 500 or route.endpoint in LEAVING, route
            answer.close()
    assert rows(store) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(
    dashboard: Flask,
    signed_in: SignedIn,
    house: House,
    ids: dict[str, str],
    method: str,
) -> None:
    browser = signed_in(house.ana)
    token = {"X-CSRFToken": browser.csrf_token()}
    for route in routes(dashboard, "GET", **ids):
        answer = browser.open(route.path, method=method, headers=token)
        assert answer.status_code == 405, route


def test_a_method_cannot_be_put_over_another(
    signed_in: SignedIn, house: House, ids: dict[str, str]
) -> None:
    answer = signed_in(house.ana).get(
        f"/approvals/{ids['approval_id']}/decide",
        headers={"X-HTTP-Method-Override": "POST"},
    )
    assert answer.status_code == 405


class TestOverHttps:
    """Behind a proxy that ends TLS."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"public_url": "https://desk.example"})

    def test_the_cookie_is_bound_to_the_host_and_to_tls(
        self, runtime: Runtime, house: House
    ) -> None:
        app = create_app(runtime)
        browser = Browser(app, app.response_class)
        browser.base_url = "https://desk.example"
        answer = browser.get("/sign-in")
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-countersign-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "wss://desk.example" in answer.headers["Content-Security-Policy"]


def test_the_cookie_over_plain_http_is_named_after_the_install(
    browser: Browser, runtime: Runtime
) -> None:
    cookie = browser.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith(f"countersign-{runtime.keyring.id[:8]}=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_too_large_a_form_is_refused(signed_in: SignedIn, house: House) -> None:
    browser = signed_in(house.ana)
    answer = browser.send("/account/tokens", name="x" * 600_000)
    assert answer.status_code == 413
