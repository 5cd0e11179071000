"""Every address of the dashboard x every kind of person: who gets in, who changes anything.

The table is written by hand from what the specification gives each role and what each page is
for (authorization.md, dashboard.md); `authorize()` is not asked. An address that is missing from
it fails, so that whoever adds one has to say whom it is for.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import UpdateBase, delete, update

from tests.plugins.desk import Browser, FileCall, House, Member, SignedIn, TestClock
from tests.plugins.places import Route, routes, rows, things
from webui.approvals.people import accounts
from webui.store.models import Membership, User, WebSession
from webui.store.store import Store

IN_THE_ORG = frozenset({"owner", "admin", "operator", "reviewer", "auditor", "viewer"})
"""They see all calls of the org; a member sees those of agents they own, and no list of others."""
MAY_LOOK = IN_THE_ORG | {"instance admin", "agent's session"}
"""The agent's session is the owner's: it reads what the owner reads."""
MANAGERS = frozenset({"owner", "admin", "instance admin"})
OPERATORS = MANAGERS | {"operator"}
AUDITORS = MANAGERS | {"auditor"}
DECIDERS = frozenset({"owner", "admin", "reviewer"})
"""Running the desk makes nobody a decider: it needs a membership and its role."""
SIGNED_IN = MAY_LOOK | {"member", "foreigner"}
PEOPLE = SIGNED_IN - {"agent's session"}
NOBODY_IN = frozenset({"anonymous", "suspended account", "suspended membership"})
ANYBODY = SIGNED_IN | NOBODY_IN
ACTORS = sorted(ANYBODY)
READING_MANAGERS, READING_OPERATORS, READING_AUDITORS = (
    those | {"agent's session"} for those in (MANAGERS, OPERATORS, AUDITORS)
)

WHO_MAY = {
    ANYBODY: """
        session.sign_in session.enter second.page second.by_code second.ask_for_passkey
        second.by_passkey second.ask_for_any_passkey second.by_passkey_alone sso.page sso.start
        sso.back health.healthz health.readyz health.well_known joining.joined
        joining.page hooks.receive speaking.texts
    """,
    ANYBODY - {"agent's session"}: "joining.join",
    SIGNED_IN: """
        queue.page queue.rows queue.new queue.writes queue.offered views.new bulk.page history.page grants.page help.page help.api account.page
        factors.page confirm.page delegations.page linking.confirm notifications.page
        ringing.ring chat_links.page live.ticket session.sign_out
    """,
    PEOPLE: """
        account.create_token account.end_session account.revoke_token
        account.sign_out_everywhere
        confirm.by_password confirm.ask_for_passkey confirm.by_passkey delegations.create
        delegations.end factors.start_app factors.confirm_app factors.remove_app
        factors.renew_codes factors.change_password passkeys.ask passkeys.add passkeys.rename
        passkeys.remove linking.link linking.unlink bulk.decide notifications.add
        notifications.set_zone notifications.change notifications.try_it notifications.pause
        notifications.resume notifications.remove
        chat_links.begin chat_links.confirm chat_links.stop chat_links.unlink views.remove
        speaking.choose
    """,
    SIGNED_IN - {"instance admin"}: "orgs.switch",
    PEOPLE - {"instance admin"}: "views.save",
    PEOPLE - {"instance admin", "foreigner"}: "write_gate.page write_gate.decide",
    MAY_LOOK: """
        approval.page approval.panel approval.full queue.row agents.page people.page
        groups.page groups.one grants.one policy.page policy_versions.page
        policy_versions.one policy_lab.page backtests.page backtests.one shadow.page
        suggestions.page suggestions.one
    """,
    frozenset({"instance admin"}): "health.metrics",
    frozenset({"owner", "instance admin"}): "revealing.reveal_it",
    DECIDERS: """
        approval.decide holding.claim_it holding.undo_it holding.revoke_it talk.write
        grants.revoke
    """,
    MAY_LOOK - {"agent's session"}: """
        holding.release_it policy.draft policy.findings policy_lab.try_it backtests.start
        backtests.cancel suggestions.start suggestions.cancel
    """,
    READING_AUDITORS: "audit.page audit.export insights.page insights.export",
    READING_OPERATORS: """
        sources.page sources.new sources.deliveries endpoints.page endpoints.new endpoints.one
        endpoints.delivery permissions.page work.page
        reporting.page questions.page
    """,
    OPERATORS: """
        agents.create agents.rotate_key agents.revoke_key agent_changes.change
        sources.create source_changes.change_config source_changes.rotate source_changes.pause
        source_changes.resume source_changes.replay source_changes.replay_alike
        source_changes.send_test source_changes.set_token endpoint_changes.create
        endpoint_changes.pause endpoint_changes.resume endpoint_changes.resend
        endpoint_changes.resend_all endpoint_changes.change endpoint_changes.rotate
        endpoint_changes.send_test endpoint_changes.remove work.create_project work.rename_project work.delete_project
        work.create_issue work.change_issue work.put_protection
    """,
    READING_MANAGERS: "settings.page providers.page",
    MANAGERS: """
        settings.change providers.add providers.change providers.switch_off
        providers.switch_on groups.create groups.rename groups.add groups.remove groups.delete
        people_changes.role people_changes.suspend people_changes.restore people_changes.same
        people_changes.apart people_changes.invite people_changes.revoke people_changes.remove
        permissions.give permissions.revoke chat_links.unlink_for policy_saving.review policy_saving.save
        policy_versions.revert
        shadow.start shadow.stop shadow.take_over
    """,
}
ALLOWED = {name: those for those, names in WHO_MAY.items() for name in names.split()}
HIDDEN = {
    name
    for name in ALLOWED
    if name.startswith(("approval.", "holding.", "talk.", "grants.", "revealing."))
    or name == "queue.row"
}
"""To who may not see them these are as unknown as any other: 404."""
PERSONAL = {"write_gate.page", "write_gate.decide", "orgs.switch"}
"""As unknown to everybody but whose they are, whatever their role."""
OPEN_BY_ORG_OR_LINK = {
    "sso.start",
    "joining.page",
    "joining.join",
    "hooks.receive",
    "speaking.texts",
}
EACH_BY_SOMEBODY = {"anonymous", "owner", "instance admin"}
"""Between them they are let in everywhere; who else is, too, is tried by `make sure`."""
LAST = [
    "notifications.remove",
    "people_changes.revoke",
    "people_changes.remove",
    "groups.delete",
    "work.delete_project",
    "endpoint_changes.remove",
    "account.sign_out_everywhere",
    "session.sign_out",
]
"""What these end, others need."""
SENT = {
    "email": "bo@example.org",
    "verdict": "deny",
    "reason": "Not today.",
    "text": "Why?",
    "seal": "0" * 64,
}
STEPS = ("by_code", "ask_for_passkey", "by_passkey", "by_passkey_alone")
AWAY = {"sso.start", "linking.confirm", "linking.link"}
"""They need a provider to answer, which cannot be reached here."""
PROVING = {
    "session.enter",
    "sso.back",
    "hooks.receive",
    "joining.join",
    "confirm.by_password",
    "confirm.by_passkey",
    "passkeys.add",
    *(f"second.{step}" for step in STEPS),
}
"""What is sent to them proves nothing: 401 and 403 are said of the proof, not of the person."""
ANOTHERS = {"delegations.end", "linking.unlink", "chat_links.unlink", "views.remove"}
"""Open to everybody for what is their own, and what is tried here is another's: 404."""
REFUSED_FORM = {409, 413, 422}
"""Said of what was sent, not of who sent it."""


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: who may is decided in Python; the verbs run on both databases elsewhere."""
    return sqlite_database


@pytest.fixture(autouse=True)
def _no_time_passes(clock: TestClock) -> None:
    """A session that is used a minute later says so in its row."""
    clock.stand_still()


Enter = Callable[[str], tuple[Browser, str]]


@pytest.fixture
def enter(
    house: House, store: Store, signed_in: SignedIn, browser: Browser, password_hash: str
) -> Enter:
    """Open a browser as one kind of actor; returns it and whose own things to try."""
    known = {
        "owner": house.ana,
        "agent's session": house.ana,
        "reviewer": house.rae,
        "auditor": house.ed,
        "viewer": house.vi,
        "member": house.max,
        "foreigner": house.zoe,
    }

    def make(actor: str) -> Member:
        role = actor if actor in {"admin", "operator"} else "reviewer"
        email = f"{actor.replace(' ', '-')}@example.org"
        made = store.write(
            lambda tx: accounts.create_user(
                tx, house.org_id, email=email, role=role, password_hash=password_hash
            )
        )
        return Member(made.id, email, actor, role)

    def open_as(actor: str) -> tuple[Browser, str]:
        if actor == "anonymous":
            return browser, house.ana.id
        who = known[actor] if actor in known else make(actor)
        opened = signed_in(who)
        assert opened.get("/help").status_code == 200
        return opened, house.ana.id if actor == "foreigner" else who.id

    return open_as


def _made_so(actor: str, user_id: str) -> Iterator[UpdateBase]:
    mine = Membership.user_id == user_id
    if actor == "suspended account":
        yield update(User).where(User.id == user_id).values(status="suspended")
    elif actor == "suspended membership":
        yield update(Membership).where(mine).values(status="suspended")
    elif actor == "instance admin":
        yield update(User).where(User.id == user_id).values(instance_admin=True)
        yield delete(Membership).where(mine)
    elif actor == "agent's session":
        session = WebSession.user_id == user_id
        yield update(WebSession).where(session).values(agent_context=True)


def _walk(dashboard: Flask, ids: dict[str, str]) -> list[Route]:
    found = [route for way in ("GET", "POST") for route in routes(dashboard, way, **ids)]
    return sorted(
        found, key=lambda each: LAST.index(each.endpoint) if each.endpoint in LAST else -1
    )


def test_the_table_names_every_address_and_no_other(
    dashboard: Flask, house: House, file_call: FileCall, store: Store
) -> None:
    ids = things(house.ci, file_call, store, house.org_id, house.ana.id)
    assert {route.endpoint for route in _walk(dashboard, ids)} == set(ALLOWED)
    listed = [name for names in WHO_MAY.values() for name in names.split()]
    assert len(listed) == len(set(listed))


@dataclass(frozen=True)
class Walk:
    """One kind of actor before every address."""

    browser: Browser
    form: dict[str, str]
    routes: list[Route]


Begin = Callable[[str], Walk]


@pytest.fixture
def begin(
    dashboard: Flask, house: House, file_call: FileCall, store: Store, enter: Enter
) -> Begin:
    """Send somebody on the walk."""

    def set_out(actor: str) -> Walk:
        browser, user_id = enter(actor)
        ids = things(house.ci, file_call, store, house.org_id, user_id)
        made_so = [*_made_so(actor, user_id)]
        store.write(lambda tx: [tx.execute(each) for each in made_so] and None)
        form = SENT | {"csrf_token": browser.csrf_token(), "org": house.org_id}
        return Walk(browser, form, _walk(dashboard, ids))

    return set_out


@pytest.mark.parametrize("actor", ACTORS)
def test_every_address_keeps_out_whom_it_is_not_for(
    actor: str, begin: Begin, store: Store
) -> None:
    walk = begin(actor)
    before, wrong = rows(store), []
    for route in walk.routes:
        if _lets_in(route, actor):
            continue
        status, text = _try(walk.browser, route, walk.form)
        if not _is_refusal(route, actor, status, text):
            wrong.append(f"{route.method} {route.endpoint}: {status} {_said(text)}")
    after = rows(store)
    changed = [name for name, kept in after.items() if kept != before[name]]
    assert ("\n".join(wrong), changed) == ("", [])


@pytest.mark.parametrize(
    "actor",
    [
        pytest.param(each, marks=() if each in EACH_BY_SOMEBODY else pytest.mark.sure)
        for each in ACTORS
    ],
)
def test_every_address_lets_in_whom_it_is_for(actor: str, begin: Begin) -> None:
    walk, wrong = begin(actor), []
    for route in walk.routes:
        if not _lets_in(route, actor):
            continue
        if ALLOWED[route.endpoint] == ANYBODY and actor not in {"anonymous", "owner"}:
            continue  # it does not look at who asks, and some of these hash passwords
        status, text = _try(walk.browser, route, walk.form)
        if not _is_welcome(route, actor, status):
            wrong.append(f"{route.method} {route.endpoint}: {status} {_said(text)}")
    assert "\n".join(wrong) == ""


def test_those_who_walk_each_time_are_let_in_everywhere() -> None:
    assert {
        name for name, those in ALLOWED.items() if not those & EACH_BY_SOMEBODY
    } == set()


def _lets_in(route: Route, actor: str) -> bool:
    if actor == "foreigner" and route.endpoint not in OPEN_BY_ORG_OR_LINK:
        at_home = not route.has_id and route.endpoint != "orgs.switch"
        return at_home and "owner" in ALLOWED[route.endpoint]
    return actor in ALLOWED[route.endpoint]


def _try(browser: Browser, route: Route, form: dict[str, str]) -> tuple[int, str]:
    data = form if route.method == "POST" else None
    with browser.open(route.path, method=route.method, data=data) as answer:
        where = answer.headers.get("Location", "")
        return answer.status_code, where or answer.get_data(as_text=True)


def _is_refusal(route: Route, actor: str, status: int, text: str) -> bool:
    if actor in NOBODY_IN:
        return status == 401 or (status == 303 and text.startswith("/sign-in"))
    if actor == "foreigner":
        return status == (403 if route.endpoint == "health.metrics" else 404)
    if actor == "agent's session" and route.method == "POST":
        return status == 403 and re.search("agent act(s|ing)", text) is not None
    if route.endpoint in (PERSONAL if actor in MAY_LOOK else PERSONAL | HIDDEN):
        return status == 404
    return status == 403 and any(sentence in text for sentence in SENTENCES)


SENTENCES = ("Missing permission: ", "not an active member", "whoever runs this desk")


def _is_welcome(route: Route, actor: str, status: int) -> bool:
    if route.endpoint in {401: PROVING, 403: PROVING, 404: ANOTHERS, 503: AWAY}.get(
        status, ()
    ):
        return True
    if route.method == "GET":
        return status in {200, 302, 303}
    return status in {200, 204, 303} | REFUSED_FORM


def _said(text: str) -> str:
    found = re.search(
        r'<[^>]*(?:id="problem"|class="error"|role="alert")[^>]*>(.*)', text, re.DOTALL
    )
    return " ".join(re.sub(r"<[^>]*>", " ", found[1] if found else text).split())[:200]
