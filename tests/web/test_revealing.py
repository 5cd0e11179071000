"""Revealing: one masked value, on the full page, for whoever holds the permission, on the record."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from tests.plugins.rules import Desk
from webui.approvals.grants import permission_grants
from webui.approvals.people.standing import By
from webui.store.models import Approval, Event

SECRET = "hunter2 horse <b>"
CALL = {"env": [{"name": "DB_PASSWORD", "value": SECRET}], "token": "t0ken-two", "a": 1}
ReadForm = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: what is recorded is one event as all others."""
    return sqlite_database


def full_page(browser: Browser, approval_id: str) -> str:
    return browser.get(f"/approvals/{approval_id}/full").get_data(as_text=True)


def places(page: str) -> list[str]:
    return re.findall(r'name="at" value="([^"]+)"', page)


def seal_in(page: str) -> str:
    found = re.search(r'name="seal" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def reveal(browser: Browser, approval_id: str, at: str = "", **more: str) -> Any:
    page = full_page(browser, approval_id)
    form = {"at": at or places(page)[0], "seal": seal_in(page)} | more
    return browser.send(f"/approvals/{approval_id}/reveal", **form)


def test_who_may_sees_one_value_in_its_place_without_javascript(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Any
) -> None:
    approval_id, ana = file_call(arguments=CALL), signed_in(house.ana)
    page = full_page(ana, approval_id)
    assert places(page) == ["arguments:1.0.1", "arguments:2"]
    assert "hunter2" not in page
    answer = reveal(ana, approval_id, "arguments:1.0.1")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert shown.count(html.escape(SECRET)) == 1
    assert "t0ken-two" not in shown
    assert 'id="revealed"' in shown
    assert "/env/0/value" in shown
    assert places(shown) == ["arguments:2"]
    assert "hunter2" not in full_page(ana, approval_id), "and the next page masks it again"


def test_it_is_recorded_by_path_before_it_is_shown_and_the_value_is_nowhere(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Any, caplog: Any
) -> None:
    approval_id, ana = file_call(arguments=CALL), signed_in(house.ana)
    assert reveal(ana, approval_id, "arguments:2").status_code == 200
    with store.reading() as session:
        events = session.query(Event).filter(Event.action == "approval.revealed").all()
        everything = [event.payload for event in session.query(Event).all()]
        row = session.get(Approval, approval_id)
    [event] = events
    note = json.loads(event.payload)
    assert (note["path"], note["part"], note["channel"]) == ("/token", "arguments", "page")
    assert event.actor == f"user:{house.ana.id}"
    for text in (*map(str, everything), row.line, caplog.text):
        assert "t0ken-two" not in text
    for path in (
        "/",
        f"/approvals/{approval_id}",
        "/history",
        "/audit?format=json",
        "/?q=t0ken",
    ):
        assert "t0ken-two" not in ana.get(path).get_data(as_text=True)
    page = ana.get(f"/approvals/{approval_id}").get_data(as_text=True)
    assert "A masked value was shown: /token" in page


def test_nobody_else_is_offered_it_or_shown_it_and_the_try_is_recorded(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Any
) -> None:
    approval_id = file_call(arguments=CALL)
    page = full_page(signed_in(house.ana), approval_id)
    for who in (house.rae, house.vi, house.ed):
        browser = signed_in(who)
        assert places(full_page(browser, approval_id)) == []
        answer = browser.send(
            f"/approvals/{approval_id}/reveal", at=places(page)[0], seal=seal_in(page)
        )
        assert answer.status_code == 403
        text = answer.get_data(as_text=True)
        assert "Missing permission: approvals:reveal_secrets." in text
        assert "hunter2" not in text
    for who in (house.max, house.zoe):
        answer = signed_in(who).send(f"/approvals/{approval_id}/reveal", at=places(page)[0])
        assert answer.status_code == 404
    with store.reading() as session:
        actions = [event.action for event in session.query(Event).all()]
    assert actions.count("access.refused") == 3
    assert "approval.revealed" not in actions


def test_an_explicit_grant_within_its_scope_is_enough(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Any
) -> None:
    wanted = permission_grants.Wanted(
        "user", house.rae.id, "approvals:reveal_secrets", {"tool": "shell.*"}
    )
    by = By(house.ana.id, "page")
    store.write(lambda tx: permission_grants.give(tx, house.org_id, by, wanted) and None)
    rae = signed_in(house.rae)
    covered, other = file_call(arguments=CALL), file_call(tool="mail.send", arguments=CALL)
    assert SECRET in html.unescape(reveal(rae, covered).get_data(as_text=True))
    assert places(full_page(rae, other)) == []


def test_high_risk_asks_to_confirm_first_and_shows_nothing_before(
    signed_in: SignedIn, house: House, file_call: FileCall, clock: TestClock, store: Any
) -> None:
    approval_id, ana = file_call(arguments=CALL, risk="high"), signed_in(house.ana)
    clock.advance(16 * 60_000)
    answer = reveal(ana, approval_id)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/account/confirm?next=")
    assert approval_id in answer.headers["Location"]
    low = file_call(arguments=CALL | {"a": 2}, risk="low")
    assert reveal(ana, low).status_code == 200


def test_revealing_opens_the_gate_as_the_full_view_does(
    signed_in: SignedIn, house: House, file_call: FileCall, desk: Desk
) -> None:
    approval_id, ana = file_call(arguments=CALL, risk="high"), signed_in(house.ana)
    card = ana.get(f"/approvals/{approval_id}?decide=approve").get_data(as_text=True)
    assert 'id="confirm-approve"' not in card
    page = reveal(ana, approval_id).get_data(as_text=True)
    form = page[page.index('id="confirm-approve"') :]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    answer = ana.post(f"/approvals/{approval_id}/decide", data=fields)
    assert answer.status_code == 303
    assert str(desk.row(approval_id).status) == "approved"


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"at": "arguments:0"}, 422),  # not masked
        ({"at": "arguments:9.9"}, 422),
        ({"at": "arguments:"}, 422),
        ({"at": "nowhere:0"}, 422),
        ({"at": "place:0"}, 422),
        ({"at": "arguments:-1"}, 422),
        ({"seal": "0" * 64}, 409),
        ({"seal": ""}, 409),
    ],
)
def test_a_form_that_names_nothing_masked_or_an_old_call_shows_nothing(
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    form: dict[str, str],
    status: int,
) -> None:
    approval_id, ana = file_call(arguments=CALL), signed_in(house.ana)
    answer = reveal(ana, approval_id, **form)
    assert answer.status_code == status
    assert "hunter2" not in answer.get_data(as_text=True)
    assert "t0ken-two" not in answer.get_data(as_text=True)


def test_what_runs_around_the_call_is_revealed_too(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call(arguments={"a": 1}, ctx={"env": {"API_TOKEN": "t0ken-two"}})
    ana = signed_in(house.ana)
    [at] = places(full_page(ana, approval_id))
    assert at.startswith("place:")
    assert "t0ken-two" in reveal(ana, approval_id, at).get_data(as_text=True)


def test_there_is_no_address_that_shows_it_by_get(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id, ana = file_call(arguments=CALL), signed_in(house.ana)
    answer = ana.get(f"/approvals/{approval_id}/reveal?at=arguments:2")
    assert answer.status_code == 405
    for view in ("", "/full", "/panel"):
        page = ana.get(f"/approvals/{approval_id}{view}?at=arguments:2&reveal=arguments:2")
        assert "t0ken-two" not in page.get_data(as_text=True)


def test_without_the_forms_token_nothing_is_shown(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id, ana = file_call(arguments=CALL), signed_in(house.ana)
    page = full_page(ana, approval_id)
    answer = ana.post(
        f"/approvals/{approval_id}/reveal",
        data={"at": "arguments:2", "seal": seal_in(page)},
    )
    assert answer.status_code in {400, 403}
    assert "t0ken-two" not in answer.get_data(as_text=True)
