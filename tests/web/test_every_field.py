"""What every address does with fields that no form of ours sends (research: the scanner's list)."""

import re
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask

from tests.plugins.desk import Browser, FileCall, House, SignedIn
from tests.plugins.places import routes, things
from webui.store.store import Store

ELSEWHERE = [
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/x\r\nX-Evil: 1",
]
WRONG = [
    "\U0001f600" * 40,
    "' OR 1=1 --",
    "a\x00b",
    *(
        pytest.param(text, marks=pytest.mark.sure)
        for text in ("{{7*7}}", "../../etc/passwd", "-1")
    ),
]
"""Texts where a number, an id, a role, a date or JSON is expected."""
TOLD = re.compile(
    r"Traceback|sqlalchemy|sqlite3|psycopg|SELECT |INSERT INTO|/webui/|\.py\b"
)
"""What an answer would tell of the inside."""
FIELDS = [
    "name", "email", "role", "permission", "scope", "principal_type", "principal", "expires",
    "until", "policy", "status", "owner", "manager", "config", "kind", "url", "password",
    "code", "credential", "verdict", "seal", "reason", "title", "project", "issuer", "days",
    "scopes", "org", "subject", "grants", "effect", "answer", "text", "call", "deny_only",
    "argument-0", "arguments", "nonce", "seconds", "grant", "grant-uses", "grant-until",
    "grant-session", "base", "before", "note", "do", "shelf", "tool", "try", "which",
    "agent", "risk", "session", "expected", "grant-how-0", "grant-value-0", "grant_hours",
    "undo_seconds", "approvals", "people", "zone", "about", "risk_from", "tools", "pace",
    "at", "hours", "quiet", "q", "shared", "chosen", "reasons", "quiet_from", "quiet_to", "own_domains",
    "critical", "remind", "sound", "language",
]  # fmt: skip
ENDING = {"session.sign_out", "account.sign_out_everywhere"}


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: what is sent is judged before it reaches a database."""
    return sqlite_database


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """Things of Ana's org."""
    return things(house.ci, file_call, store, house.org_id, house.ana.id)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_address_leads_elsewhere_or_takes_a_line_into_its_headers(
    dashboard: Flask,
    signed_in: SignedIn,
    browser: Browser,
    house: House,
    ids: dict[str, str],
    target: str,
) -> None:
    for someone in (signed_in(house.ana), browser):
        for route in routes(dashboard, "GET", **ids):
            with someone.get(
                f"{route.path}?next={quote(target)}&back={quote(target)}"
            ) as answer:
                place = urlsplit(answer.headers.get("Location", ""))
                assert place.netloc in {"", "localhost:8080"}, route
                assert "X-Evil" not in answer.headers, route
                kept = re.findall(
                    r'name="next" value="([^"]*)"', answer.get_data(as_text=True)
                )
                assert not any("evil" in each.lower() for each in kept), route


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_text_in_every_field_tells_nothing_of_the_inside(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str], wrong: str
) -> None:
    browser = signed_in(house.ana)
    form = dict.fromkeys(FIELDS, wrong) | {"csrf_token": browser.csrf_token()}
    for route in routes(dashboard, "POST", **ids):
        if route.endpoint in ENDING:
            continue
        answer = browser.post(route.path, data=form)
        text = answer.get_data(as_text=True)
        assert answer.status_code < 500 or route.endpoint == "linking.link", route
        assert TOLD.search(text) is None, route


def test_nothing_of_a_sign_in_step_is_kept_by_caches(
    dashboard: Flask, browser: Browser, house: House, ids: dict[str, str]
) -> None:
    for route in routes(dashboard, "POST", **ids):
        if not route.endpoint.startswith(("session.", "second.", "sso.")):
            continue
        answer = browser.send(
            route.path, email="nobody@example.org", password="x", code="1"
        )
        assert answer.headers["Cache-Control"] == "no-store", route
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; ")), route
