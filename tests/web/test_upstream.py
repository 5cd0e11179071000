"""On its way to its source: what the pages say, take and offer meanwhile."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest

from tests.plugins.desk import Browser, House, SignedIn, TestClock
from tests.plugins.rules import Desk
from tests.plugins.upstream import PERMANENT, TRANSIENT, Upstream
from webui.receivers import helio
from webui.receivers.way_back import Option

Forms = Callable[..., dict[str, str]]
WAYS = {
    "deny": (Option("tell", "Tell the agent"), Option("stop", "Stop the session")),
    "approve": (Option("once", "Once"), Option("always", "Always")),
}


def page_of(browser: Browser, approval_id: str) -> str:
    return html.unescape(browser.get(f"/approvals/{approval_id}").get_data(as_text=True))


def row_of(browser: Browser) -> str:
    return html.unescape(browser.get("/queue/rows").get_data(as_text=True))


def test_everybody_sees_that_it_is_being_sent_and_how_that_went(
    signed_in: SignedIn,
    house: House,
    desk: Desk,
    upstream: Upstream,
    decide_form: Forms,
    clock: TestClock,
) -> None:
    approval_id = upstream.ask()
    rae, ana = signed_in(house.rae), signed_in(house.ana)
    assert "upstream_ref" not in page_of(ana, approval_id), "it stands there as source_ref"
    assert "proxy waits for the verdict. Its own answer settles" in page_of(
        ana, approval_id
    )
    form = decide_form(rae, f"/approvals/{approval_id}")
    answer = rae.post(f"/approvals/{approval_id}/decide", data=form)
    assert answer.status_code == 303
    shown = page_of(ana, approval_id)
    assert "sending to proxy." in shown
    assert "Take it back" in shown
    assert 'id="decide-bar"' not in shown
    assert "sending to <bdi>proxy</bdi>" in row_of(ana)
    upstream.finish(upstream.take(), TRANSIENT)
    assert "Attempt 1; the last one failed: The source answered 503." in page_of(
        ana, approval_id
    )
    clock.advance(900_000)
    assert "sending to <bdi>proxy</bdi>" in row_of(ana), "past its deadline too"
    upstream.finish(upstream.take())
    done = page_of(ana, approval_id)
    assert "proxy has confirmed it." in done
    assert "The source runs it and reports no outcome." in done
    assert "Confirmed by its source" in done


def test_what_was_not_delivered_says_why_and_takes_a_verdict_again(
    signed_in: SignedIn, house: House, desk: Desk, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    rae = signed_in(house.rae)
    desk.decide(house.rae, approval_id)
    upstream.finish(upstream.take(), PERMANENT)
    shown = page_of(rae, approval_id)
    assert "Not delivered." in shown
    assert "The source refused it with 403. Decide again." in shown
    assert 'id="decide-bar"' in shown
    assert "not delivered" in row_of(rae)


def test_another_reviewer_takes_it_back_without_javascript(
    signed_in: SignedIn, house: House, desk: Desk, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    ana = signed_in(house.ana)
    assert ana.send(f"/approvals/{approval_id}/undo").status_code == 303
    assert desk.row(approval_id).reply_state == "open"


def test_a_verdict_goes_back_as_the_reviewer_chose(
    signed_in: SignedIn,
    house: House,
    desk: Desk,
    upstream: Upstream,
    decide_form: Forms,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approval_id = upstream.ask()
    rae = signed_in(house.rae)
    assert "How it goes back" not in page_of(rae, approval_id)
    monkeypatch.setattr(helio, "options", WAYS)
    shown = page_of(rae, approval_id)
    assert 'name="option" value="tell" checked>' in shown
    assert 'name="option" value="stop" >' in shown
    form = decide_form(rae, f"/approvals/{approval_id}", "deny")
    path = f"/approvals/{approval_id}/decide"
    wrong = rae.post(path, data=form | {"option": "always"})
    assert wrong.status_code == 422
    assert "it takes tell, stop" in wrong.get_data(as_text=True)
    assert rae.post(path, data=form | {"option": "stop"}).status_code == 303
    assert upstream.take().told.option == "stop"


def test_with_no_word_of_the_reviewer_it_goes_back_as_usual(
    house: House, desk: Desk, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helio, "options", WAYS)
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    assert upstream.take().told.option == "once"
