"""History: settled approvals, searched and paged."""

import html
import re

import pytest

from tests.plugins.desk import Browser, FileCall, House, SignedIn
from webui.approvals import searching
from webui.approvals.answering import deciding, reviewing
from webui.approvals.states import Verdict
from webui.preview import Profile
from webui.store.queries import walks
from webui.store.store import Store


def settle(store: Store, house: House, approval_id: str, reason: str = "") -> None:
    who = reviewing.Reviewer(house.ana.id, "Ana", "page")
    look = reviewing.Look(None, 1)
    store.write(
        lambda tx: deciding.decide(
            tx, who, house.org_id, approval_id, Verdict.DENY, reason, look
        )
    )


def listed(browser: Browser, path: str) -> list[str]:
    text = browser.get(path).get_data(as_text=True)
    return re.findall(r'href="/approvals/(apr_\w+)"', text)


def test_it_lists_what_was_settled_with_who_and_why(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    settled, _ = file_call(), file_call()
    settle(store, house, settled, "Not on a Friday")
    browser = signed_in(house.vi)
    assert listed(browser, "/history") == [settled]
    assert "Not on a Friday" in browser.get("/history").get_data(as_text=True)


def test_it_is_paged_without_gap_or_repeat(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    made = [file_call() for _ in range(55)]
    for approval_id in made:
        settle(store, house, approval_id)
    browser = signed_in(house.vi)
    first = browser.get("/history").get_data(as_text=True)
    older = re.search(r'href="(/history\?before=[^"]+)" rel="next"', first)
    assert older is not None
    both = listed(browser, "/history") + listed(browser, older[1])
    assert len(both) == 55
    assert set(both) == set(made)


def test_filters_and_dates_narrow_it(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    mail, shell = file_call(tool="mail.send"), file_call(house.deploy_bot)
    for approval_id in (mail, shell):
        settle(store, house, approval_id)
    browser = signed_in(house.vi)
    assert listed(browser, "/history?tool=mail.*") == [mail]
    assert listed(browser, "/history?agent=deploy-bot") == [shell]
    assert listed(browser, "/history?status=expired") == []
    assert len(listed(browser, "/history?since=2020-01-01")) == 2
    assert listed(browser, "/history?until=2020-01-01") == []
    assert len(listed(browser, "/history?since=never&before=nonsense")) == 2


def test_a_page_that_stopped_looking_says_so_and_leads_on(
    signed_in: SignedIn,
    house: House,
    file_call: FileCall,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walks, "LOOKED", 52)
    mail = file_call(tool="mail.send")
    settle(store, house, mail)
    for _ in range(53):
        settle(store, house, file_call())
    browser = signed_in(house.vi)
    text = browser.get("/history?agent=ci&tool=mail.send").get_data(as_text=True)
    assert "Nothing that fits was found yet" in text
    assert "Looked through the calls that were settled since" in text
    further = re.search(r'href="([^"]+before=[^"]+)" rel="next">Look further back', text)
    assert further is not None
    on = html.unescape(further[1])
    assert listed(browser, on) == [mail]
    assert "Looked through" not in browser.get(on).get_data(as_text=True)


def test_words_of_settled_calls_are_found(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    mail = file_call(tool="mail.send", arguments={"subject": "Quarterly numbers"})
    for approval_id in (mail, file_call()):
        settle(store, house, approval_id)
    profile = Profile(mask_key=bytes(32))
    store.write(lambda tx: searching.index_settled(tx, lambda *_: profile))
    browser = signed_in(house.vi)
    assert listed(browser, "/history?q=quarterly") == [mail]
    assert listed(browser, "/history?q=quarterly+nothing") == []
    for query in ('q=quarterly"', "q=*", "q='; DROP TABLE approvals", "q=%22%22", "q=-+OR"):
        assert browser.get(f"/history?{query}").status_code == 200
    assert browser.get("/history?q=%00").status_code == 400


def test_another_orgs_history_stays_there(
    signed_in: SignedIn, house: House, file_call: FileCall, store: Store
) -> None:
    settle(store, house, file_call())
    assert listed(signed_in(house.zoe), "/history") == []
