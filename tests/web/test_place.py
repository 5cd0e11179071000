"""What a yes is bound to besides the arguments stands on every page that asks for it."""

import re
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from webui.approvals.answering.reviewing import seal_of
from webui.store.models import Approval
from webui.store.queries import polled
from webui.store.store import Store

ReadForm = Callable[..., dict[str, str]]
PLACES = ("", "/panel", "/full")
DEFINITION = "sha256:" + "ab" * 32


def page_of(browser: Browser, approval_id: str, view: str = "") -> str:
    return browser.get(f"/approvals/{approval_id}{view}").get_data(as_text=True)


def place_on(page: str) -> str:
    start = page.index('id="place"')
    return page[start : page.index("</section>", start)]


@pytest.mark.parametrize("view", PLACES)
def test_where_and_how_it_runs_stands_under_the_call(
    signed_in: SignedIn, house: House, file_call: FileCall, view: str
) -> None:
    approval_id = file_call(
        scope="prod-eu",
        tool_def=DEFINITION,
        ctx={"cwd": "/srv/app", "host": "web-01"},
        callback_url="https://hooks.example.com/done",
        revision_of=None,
    )
    shown = place_on(page_of(signed_in(house.rae), approval_id, view))
    for word in ("prod-eu", DEFINITION, "/srv/app", "web-01", "hooks.example.com/done"):
        assert word in shown


@pytest.mark.parametrize("view", PLACES)
def test_a_call_bound_to_nothing_else_has_no_such_block(
    signed_in: SignedIn, house: House, file_call: FileCall, view: str
) -> None:
    assert 'id="place"' not in page_of(signed_in(house.rae), file_call(), view)


def test_what_hides_in_the_place_is_shown_and_warned_of(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    approval_id = file_call(ctx={"cwd": "/srv\u202e/ppa", "token": "hunter2-hunter2"})
    page = page_of(signed_in(house.rae), approval_id)
    assert "\u202e" not in page
    assert "hunter2" not in page
    assert "⟦U+202E⟧" in place_on(page)
    assert "Where and how it runs: 1 text changes the writing direction." in page


@pytest.mark.parametrize(
    ("ctx", "risk", "seen"),
    [
        ({"env": "A=1 " * 1000 + "PATH=/tmp/evil"}, "low", "PATH=/tmp/evil"),
        ({"token": "hunter2-hunter2"}, "high", "⟦redacted 15 chars tag "),
    ],
    ids=["cut", "masked"],
)
def test_a_place_of_which_the_card_hides_something_is_approved_after_its_full_view_only(
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    decide_form: ReadForm,
    store: Store,
    ctx: dict[str, str],
    risk: str,
    seen: str,
) -> None:
    browser = signed_in(house.rae)
    approval_id = file_call(ctx=ctx, risk=risk)
    path = f"/approvals/{approval_id}"
    assert 'id="confirm-approve"' not in page_of(browser, approval_id)
    unseen = decide_form(browser, path, "deny") | {"verdict": "approve"}
    assert browser.post(f"{path}/decide", data=unseen).status_code == 403
    assert seen in place_on(page_of(browser, approval_id, "/full"))
    form = decide_form(browser, f"{path}/full")
    assert browser.post(f"{path}/decide", data=form).status_code == 303
    with store.reading() as session:
        assert polled.standing(session, approval_id).status == "approved"  # type: ignore[union-attr]


def test_what_the_agent_says_it_did_stands_among_its_own_words(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    trace = [{"role": "assistant", "content": "I looked\u202e around"}]
    page = page_of(signed_in(house.rae), file_call(trace=trace))
    words = page[page.index('id="said-title"') :]
    assert "I looked⟦U+202E⟧ around" in words


def test_the_seal_covers_the_fingerprint(file_call: FileCall, store: Store) -> None:
    approval_id = file_call()
    with store.reading() as session:
        approval = session.scalars(select(Approval).filter_by(id=approval_id)).one()
        before = seal_of(approval, 1)
        approval.fingerprint = "sha256:" + "0" * 64
        assert seal_of(approval, 1) != before
        session.rollback()


def test_a_call_that_could_mislead_is_asked_for_one_class_higher(
    signed_in: SignedIn, house: House, file_call: FileCall, clock: TestClock
) -> None:
    browser = signed_in(house.rae)
    clock.advance(16 * 60_000)
    plain, odd = file_call(), file_call(arguments={"file": "a\u202egpj.exe"})
    assert 'id="confirm-approve"' in page_of(browser, plain)
    for each in (odd, file_call(scope="prod\u202euction")):
        page = page_of(browser, each)
        assert "handled as a call of high risk" in page
        assert 'id="confirm-approve"' not in page
        assert "Confirm that it is you" in page


LOOKALIKES: list[Any] = [
    1, "1", True, "true", False, "false", None, "null", "", " ", "{}", {}, "[]", [],
    [1], ["1"], {"0": 1}, {"0": "1"}, [None], ["null"], [[]], [{}], {"a": {}}, {"a": ""},
    {"": 1}, "⟦empty⟧", "⟦1 space⟧", 1.5, "1.5", 10**15, "1000000000000000",
]  # fmt: skip


def test_different_arguments_never_make_the_same_card(
    signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    browser = signed_in(house.rae)
    cards = []
    for value in LOOKALIKES:
        page = page_of(browser, file_call(arguments={"value": value}))
        start = page.index('id="preview"')
        cards.append(re.sub(r"\s+", " ", page[start : page.index("</section>", start)]))
    for (one, first), (two, second) in combinations(zip(LOOKALIKES, cards, strict=True), 2):
        assert first != second, (one, two)


@pytest.mark.parametrize("view", PLACES)
def test_a_number_that_was_spelt_otherwise_shows_both_spellings(
    signed_in: SignedIn, house: House, file_call: FileCall, view: str
) -> None:
    approval_id = file_call(arguments={"amount": 1e15})
    page = page_of(signed_in(house.rae), approval_id, view)
    assert "1000000000000000" in page
    assert "received as 1000000000000000.0" in page
