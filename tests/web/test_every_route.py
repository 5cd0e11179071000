"""What holds for every address of the dashboard; the list is the application's own."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.plugins.desk import Browser, FileCall, House, Program, SignedIn
from webui.approvals import (
    accounts,
    agents,
    delegations,
    endpoints,
    groups,
    invitations,
    issues,
    permission_grants,
    projects,
    sessions,
    sources,
    write_grants,
)
from webui.approvals.standing import By
from webui.approvals.write_gate import write_of
from webui.channels.addresses import AllowList
from webui.oidc import providers
from webui.oidc.providers import Wanted
from webui.runtime import Runtime
from webui.settings import Settings
from webui.store.ids import new_id
from webui.store.models import Delivery, Event, Model, Org, Passkey, SourceDelivery
from webui.store.store import Store
from webui.store.transaction import Transaction
from webui.web.app import create_app

SPOKEN_TO_BY_MACHINES = {"hooks.receive"}
"""Not forms: a signature takes the place of the CSRF token."""
OPENED_BY_SECRET = {"joining.page", "joining.join"}
"""Whoever holds the link may open it, of whatever org they are."""
LEAVING = {"sso.start", "linking.confirm"}
"""They send the browser to a provider, which cannot be reached here."""
MAY_BE_RECORDED = {"approval.viewed", "approval.opened_full", "audit.exported"}
"""What was shown is recorded; it changes nothing else."""


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    path: str
    has_id: bool


def routes(app: Flask, method: str, **ids: str) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or set()) and rule.endpoint not in {"static", "live"}:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: ids[match[1]], rule.rule)
            yield Route(rule.endpoint, method, path, bool(rule.arguments))


@pytest.fixture
def ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """Things of Ana's org."""
    return _things(house.ci, file_call, store, house.org_id, house.ana.id)


@pytest.fixture
def foreign_ids(house: House, file_call: FileCall, store: Store) -> dict[str, str]:
    """Things of Zoe's org."""
    return _things(house.stranger, file_call, store, house.other_org_id, house.zoe.id)


def _things(
    agent: Program, file_call: FileCall, store: Store, org_id: str, user_id: str
) -> dict[str, str]:
    token = store.write(lambda tx: agents.create_token(tx, org_id, user_id, label="t"))
    with store.reading() as session:
        slug = session.get_one(Org, org_id).slug
    source = store.write(
        lambda tx: sources.create_source(tx, org_id, kind="standard", name="In")
    )
    return {
        "session_id": store.write(lambda tx: _session(tx, user_id)),
        "passkey_id": store.write(lambda tx: _passkey(tx, user_id)),
        "approval_id": file_call(agent),
        "key_id": agent.key.split("_")[1],
        "token_id": token.split("_")[1],
        "source_id": source.source_id,
        "agent_id": agent.id,
        "org_slug": slug,
        "provider_id": store.write(lambda tx: _provider(tx, org_id)),
        **store.write(lambda tx: _deliveries(tx, org_id, source.source_id)),
        **store.write(lambda tx: _people(tx, org_id)),
        **store.write(lambda tx: _work(tx, org_id, agent.id)),
        "org": org_id,
        "nonce": store.write(lambda tx: _write_in_the_name_of(tx, agent, user_id)),
    }


def _people(tx: Transaction, org_id: str) -> dict[str, str]:
    """Make a group with two people in it, a delegation between them, and an invitation."""
    giver, delegate = (
        accounts.create_user(
            tx,
            org_id,
            email=f"{new_id('usr', tx.now).lower()}@example.org",
            role="reviewer",
            password_hash="",
        )
        for _ in range(2)
    )
    by = By()
    group_id = groups.create_group(tx, org_id, by, "On call")
    groups.add_to_group(tx, org_id, by, group_id, giver.email)
    until = tx.now + 86_400_000
    given = delegations.delegate(tx, org_id, giver.id, delegate.email, until=until)
    invited = invitations.invite(tx, org_id, by, "new@example.org", "viewer")
    return {
        "user_id": giver.id,
        "group_id": group_id,
        "delegation_id": given,
        "invitation_id": invited.id,
        "token": invited.token,
    }


def _work(tx: Transaction, org_id: str, agent_id: str) -> dict[str, str]:
    """Make a project, an issue, and a grant to an agent."""
    by = By()
    wanted = permission_grants.Wanted("agent", agent_id, "tasks:assign")
    return {
        "project_id": projects.create_project(tx, org_id, by, "Site"),
        "issue_id": issues.create_issue(tx, org_id, by, issues.IssueChange("Mend it")),
        "grant_id": permission_grants.give(tx, org_id, by, wanted),
        "kind": "agent",
        "bearer_id": agent_id,
    }


def _write_in_the_name_of(tx: Transaction, agent: Program, user_id: str) -> str:
    """Hold an agent's write for a person."""
    service = write_grants.Service(agent.org_id, agent.id, "key")
    write = write_of("PUT", "/a", ["files:write"], None)
    limits = write_grants.GateLimits()
    held = write_grants.ask(tx, service, user_id, write, ["files:write"], limits)
    assert isinstance(held, write_grants.Held)
    return held.nonce


def _provider(tx: Transaction, org_id: str) -> str:
    wanted = Wanted("Corp", "https://127.0.0.1", "desk", "a secret")
    return providers.add(tx, org_id, By(), wanted, AllowList())


def _session(tx: Transaction, user_id: str) -> str:
    session_hash = secrets.token_hex(32)
    sessions.sign_in(tx, user_id, session_hash, address="192.0.2.1", user_agent="")
    return session_hash[:12]


def _passkey(tx: Transaction, user_id: str) -> str:
    passkey_id = secrets.token_urlsafe(16)
    key = Passkey(id=passkey_id, user_id=user_id, public_key=b"", name="k")
    key.created_at = tx.now
    tx.session.add(key)
    tx.session.flush()
    return passkey_id


def _deliveries(tx: Transaction, org_id: str, source_id: str) -> dict[str, str]:
    """Make an endpoint with a dead letter, and a source's delivery that was refused."""
    made = endpoints.create_endpoint(tx, org_id, "https://hooks.example.com/")
    letter, arrival = new_id("dlv", tx.now), new_id("sdl", tx.now)
    about = {"org_id": org_id, "url": "https://hooks.example.com/", "seq": 1}
    times = {"next_at": tx.now, "created_at": tx.now}
    dead = {"event": "approval.created", "body": "{}", "status": "dead"}
    tx.session.add(
        Delivery(id=letter, endpoint_id=made.endpoint_id, **about, **times, **dead)
    )
    tx.session.add(
        SourceDelivery(
            id=arrival,
            org_id=org_id,
            source_id=source_id,
            received_at=tx.now,
            address="192.0.2.1",
            headers="{}",
            body=b"",
            status_code=401,
            verdict="refused",
            why="The signature does not match this message.",
        )
    )
    tx.session.flush()
    return {
        "endpoint_id": made.endpoint_id,
        "delivery_id": letter,
        "arrival_id": arrival,
    }


def test_every_answer_carries_the_headers(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str]
) -> None:
    browser = signed_in(house.ana)
    paths = [route.path for route in routes(dashboard, "GET", **ids)]
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
        assert headers["Cache-Control"] == "no-store", path
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
    before = _rows(store)
    for route in routes(dashboard, "POST", **ids):
        if route.endpoint in SPOKEN_TO_BY_MACHINES:
            continue
        for token in (None, "", "forged", stolen):
            data = {} if token is None else {"csrf_token": token}
            answer = browser.post(route.path, data=data)
            assert answer.status_code == 400, (route, token)
            assert b"bad_csrf_token" in answer.data
    assert _rows(store) == before


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
    before = _rows(store)
    seen = 0
    for method in ("GET", "POST"):
        pairs = zip(
            routes(dashboard, method, **foreign_ids),
            routes(dashboard, method, **unknown),
            strict=True,
        )
        for foreign, absent in pairs:
            exempt = SPOKEN_TO_BY_MACHINES | OPENED_BY_SECRET
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
    assert _rows(store) == before
    page = browser.get(f"/?selected={foreign_ids['approval_id']}")
    assert page.status_code == 404


def test_looking_changes_nothing(
    dashboard: Flask, signed_in: SignedIn, house: House, ids: dict[str, str], store: Store
) -> None:
    browser = signed_in(house.ana)
    before = _rows(store)
    for route in routes(dashboard, "GET", **ids):
        for query in ("", "?decide=approve", "?verify=1&verdict=approve&again=1"):
            answer = browser.get(route.path + query)
            assert answer.status_code < 500 or route.endpoint in LEAVING, route
            answer.close()
    assert _rows(store) == before


def _rows(store: Store) -> dict[str, list[str]]:
    """Every row of every table, but for what was merely recorded as shown."""
    kept: dict[str, list[str]] = {}
    with store.reading() as session:
        for table in Model.metadata.sorted_tables:
            if table.name in {"events", "audit_heads", "throttles"}:
                continue
            kept[table.name] = sorted(str(row) for row in session.execute(select(table)))
        changes = select(func.count()).where(Event.action.not_in(MAY_BE_RECORDED))
        kept["events"] = [str(session.scalar(changes))]
    return kept


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
