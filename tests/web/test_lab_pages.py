"""The pages of backtests, suggestions and the draft beside the policy: begun, left, come back to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.desk import FileCall, House, SignedIn
from webui.background import Runner
from webui.replays.following import follow
from webui.replays.kinds import KINDS
from webui.store.store import Store

ALLOW = 'version: "1"\ndefault: allow\n'


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: what is replayed is tested on both databases elsewhere."""
    return sqlite_database


def test_a_backtest_is_begun_left_and_come_back_to(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    browser = signed_in(house.rae)
    denied = file_call(arguments={"command": "<b>rm</b>", "password": "hunter2"})
    browser.send(f"/approvals/{denied}/claim")
    answer = browser.send("/policy/backtests", text=ALLOW, days="all")
    assert answer.status_code == 303
    place = answer.headers["Location"]
    waiting = browser.get(place).get_data(as_text=True)
    assert 'hx-trigger="every 1s"' in waiting
    assert "Waits for its turn" in waiting
    assert Runner(store, KINDS).turn()
    part = browser.get(place, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.lstrip().startswith("<div id=")
    assert "hx-trigger" not in part
    page = browser.get(place).get_data(as_text=True)
    assert "Was denied, and would pass: 0" in page
    assert denied in page
    assert "&lt;b&gt;rm" in page
    assert "hunter2" not in page
    assert place in browser.get("/policy/backtests").get_data(as_text=True)


def test_a_backtest_is_cancelled(signed_in: SignedIn, house: House, store: Store) -> None:
    browser = signed_in(house.vi)
    place = browser.send("/policy/backtests", text=ALLOW, days="30").headers["Location"]
    assert browser.send(f"{place}/cancel").status_code == 303
    assert "Cancelled" in browser.get(place).get_data(as_text=True)
    assert not Runner(store, KINDS).turn()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"text": "version: 2\n<i>: 1", "days": "30"}, "line 1"),
        ({"text": ALLOW, "days": "x"}, "1 to 3650 days"),
        ({"text": "", "days": "30"}, "cannot be the policy"),
    ],
)
def test_a_refusal_gives_back_what_was_typed(
    signed_in: SignedIn, house: House, form: dict[str, str], said: str
) -> None:
    answer = signed_in(house.rae).send("/policy/backtests", **form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert (
        form["text"].replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;") in page
    )


def test_a_draft_runs_beside_the_policy_until_it_takes_over(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store, clock: Any
) -> None:
    browser = signed_in(house.ana)
    assert browser.send("/policy/shadow", text=ALLOW).status_code == 303
    clock.advance(10)
    filed = file_call()
    assert follow(store) == 1
    page = browser.get("/policy/shadow").get_data(as_text=True)
    assert filed in page
    assert "require approval, the draft allow" in page
    wrong = browser.send("/policy/shadow/take-over", expected="7")
    assert (wrong.status_code, "is in force by now" in wrong.get_data(as_text=True)) == (
        409,
        True,
    )
    assert browser.send("/policy/shadow/take-over", expected="0").status_code == 303
    assert "Start one" in browser.get("/policy/shadow").get_data(as_text=True)
    assert signed_in(house.rae).send("/policy/shadow", text=ALLOW).status_code == 403


def test_suggestions_are_looked_for_and_none_is_made_up(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    sent = {"approvals": "10", "people": "2", "days": "30"}
    place = browser.send("/policy/suggestions", **sent).headers["Location"]
    Runner(store, KINDS).turn()
    assert "Nothing to suggest" in browser.get(place).get_data(as_text=True)
    assert browser.send("/policy/suggestions", **sent | {"people": "no"}).status_code == 422
