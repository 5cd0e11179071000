"""The time to undo a verdict, on pages."""

import html
from collections.abc import Callable

import pytest

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from tests.plugins.rules import Desk


@pytest.fixture(autouse=True)
def window(desk: Desk, house: House, signed_in: SignedIn) -> None:
    """Set on the page for it, for eight seconds."""
    owner = signed_in(house.ana)
    for wrong in ("31", "x", "-1"):
        answer = owner.send("/settings", undo_seconds=wrong)
        assert answer.status_code == 422
        assert f'name="undo_seconds" value="{wrong}"' in answer.get_data(as_text=True)
    assert owner.send("/settings", undo_seconds="8").status_code == 303
    assert 'name="undo_seconds" value="8"' in owner.get("/settings").get_data(as_text=True)
    assert owner.send("/settings", write_gate="1").status_code == 303, "and it stays"


def page_of(browser: Browser, approval_id: str) -> str:
    return html.unescape(browser.get(f"/approvals/{approval_id}").get_data(as_text=True))


def test_who_decided_sees_the_time_run_and_undoes_it_without_javascript(
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    desk: Desk,
    decide_form: Callable[..., dict[str, str]],
) -> None:
    approval_id = file_call()
    rae, ana = signed_in(house.rae), signed_in(house.ana)
    form = decide_form(rae, f"/approvals/{approval_id}")
    answer = rae.post(f"/approvals/{approval_id}/decide", data=form)
    assert answer.status_code == 303
    shown = page_of(rae, approval_id)
    assert f'action="/approvals/{approval_id}/undo"' in shown
    assert "Approved by" in shown
    assert f'data-settles="{desk.row(approval_id).settles_at}"' in shown
    assert "settles at " in shown, "the words without JavaScript"
    assert 'id="decide-bar"' not in shown
    others = page_of(ana, approval_id)
    assert f'action="/approvals/{approval_id}/undo"' not in others
    assert "no other verdict is taken" in others
    row = ana.get("/queue/rows").get_data(as_text=True)
    assert f'data-settles="{desk.row(approval_id).settles_at}"' in row
    assert rae.send(f"/approvals/{approval_id}/undo").status_code == 303
    assert "Undone" in page_of(rae, approval_id)
    assert 'id="decide-bar"' in page_of(rae, approval_id)
    assert desk.row(approval_id).settles_at is None
    again = rae.send(f"/approvals/{approval_id}/undo")
    assert again.status_code == 409
    assert "There is no verdict to undo." in again.get_data(as_text=True)


def test_reading_the_page_settles_what_is_due(
    signed_in: SignedIn, house: House, file_call: FileCall, desk: Desk, clock: TestClock
) -> None:
    approval_id = file_call()
    desk.decide(house.rae, approval_id)
    clock.advance(8_000)
    shown = page_of(signed_in(house.ana), approval_id)
    assert "Approved, not used yet" in shown
    assert desk.status(approval_id) == "approved"
    assert "Approved by" in shown, "with who did"
