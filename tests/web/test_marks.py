"""What rows say of a call before it is opened: the risk that decides, and how much to beware of."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import event

from tests.plugins.desk import Browser, House, SignedIn
from tests.plugins.prepared import Ask
from tests.plugins.rules import Desk
from webui.approvals.people.organizations import set_domains
from webui.approvals.states import Risk, Verdict
from webui.marking import read_what_waits
from webui.notices import destinations
from webui.notices.destinations import Owner
from webui.notices.wishes import Wish
from webui.store.keyring import Keyring
from webui.store.store import Store

PART = {"HX-Request": "true"}
RLO = "\u202e"
CALM = ("shell.run", {"command": "uptime"})
DANGER = ("shell.run", {"command": "rm -rf /srv/old"})
DANGERS = ("postgres.query", {"sql": "UPDATE a SET b = 1; DELETE FROM c"})
ODD = ("files.read", {"path": f"a{RLO}gpj.exe"})
_ROW = re.compile(r'<li class="row.*?</li>', re.DOTALL)


def rows(browser: Browser, path: str, **headers: str) -> dict[str, str]:
    """Return what stands on each row of a list, by the approval's id."""
    page = browser.get(path, headers=PART | headers).get_data(as_text=True)
    return {re.findall(r'data-id="(\w+)"', row)[0]: row for row in _ROW.findall(page)}


def words(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_a_row_says_how_many_dangers_there_are_and_for_whom_it_is_described(
    signed_in: SignedIn, house: House, ask_desk: Ask
) -> None:
    calm, danger, dangers = ask_desk(*CALM), ask_desk(*DANGER), ask_desk(*DANGERS)
    found = rows(signed_in(house.vi), "/queue/rows")
    assert "danger" not in found[calm]
    assert "1 danger " in words(found[danger])
    assert "3 dangers " in words(found[dangers])
    assert f'aria-describedby="dangers-{danger} line-{danger}"' in found[danger]
    assert f'id="dangers-{danger}"' in found[danger]
    assert '#warning"' in found[danger], "no information by colour alone"


def test_a_row_and_its_page_say_the_risk_that_decides(
    signed_in: SignedIn, house: House, ask_desk: Ask
) -> None:
    odd = ask_desk(*ODD)
    browser = signed_in(house.rae)
    assert "High risk" in words(rows(browser, "/queue/rows")[odd])
    for path in (f"/approvals/{odd}", f"/approvals/{odd}/full"):
        page = words(browser.get(path).get_data(as_text=True))
        assert "High risk" in page
        assert "Medium risk" not in page
    page = browser.get(f"/approvals/{odd}").get_data(as_text=True)
    assert "For that it is handled as a call of high risk." in page


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", ["odd", "danger", "calm"]),
        ("sort:risk", ["odd", "danger", "calm"]),
        ("sort:deadline", ["calm", "danger", "odd"]),
        ("risk:>=high", ["odd"]),
        ("risk:medium sort:age", ["calm", "danger"]),
        ("is:dangerous", ["danger"]),
        ("-is:dangerous sort:age", ["calm", "odd"]),
        ("is:dangerous,claimed", ["danger"]),
    ],
)
def test_the_line_goes_by_what_the_rows_say(
    signed_in: SignedIn, house: House, ask_desk: Ask, line: str, found: list[str]
) -> None:
    made = {
        "calm": ask_desk(*CALM, expires_in=450),
        "danger": ask_desk(*DANGER, expires_in=500),
        "odd": ask_desk(*ODD, expires_in=700),
    }
    shown = rows(signed_in(house.vi), f"/queue/rows?q={line.replace(' ', '+')}")
    assert list(shown) == [made[name] for name in found]


def test_the_counts_above_the_queue_go_by_it_too(
    signed_in: SignedIn, house: House, ask_desk: Ask
) -> None:
    ask_desk(*CALM)
    ask_desk(*ODD)
    page = words(signed_in(house.vi).get("/").get_data(as_text=True))
    assert "2 waiting · 1 high or critical" in page


def test_the_line_offers_the_dangerous_ones(signed_in: SignedIn, house: House) -> None:
    offered = signed_in(house.vi).get("/queue/offers?q=is:d").get_data(as_text=True)
    assert "is:dangerous" in offered


def test_a_row_is_marked_in_the_readers_language(
    signed_in: SignedIn, house: House, ask_desk: Ask
) -> None:
    one, two = ask_desk(*DANGER), ask_desk(*DANGERS)
    found = rows(signed_in(house.vi), "/queue/rows", **{"Accept-Language": "de"})
    assert "1 Gefahr " in words(found[one])
    assert "3 Gefahren " in words(found[two])


def test_a_row_that_is_still_to_be_read_says_so_until_the_worker_has(
    signed_in: SignedIn, house: House, ask_desk: Ask, store: Store
) -> None:
    danger, browser = ask_desk(*DANGER), signed_in(house.vi)
    assert "data-unread" not in rows(browser, "/queue/rows")[danger]
    named = ["ours.example"]
    store.write(lambda tx: set_domains(tx, house.org_id, named, actor="local"))
    assert "data-unread" in rows(browser, "/queue/rows")[danger]
    assert read_what_waits(store) == 1
    assert "data-unread" not in rows(browser, "/queue/rows")[danger]


def test_settled_calls_keep_their_marks(
    signed_in: SignedIn, house: House, ask_desk: Ask, desk: Desk
) -> None:
    danger, odd = ask_desk(*DANGER), ask_desk(*ODD)
    for each in (danger, odd):
        desk.decide(house.ana, each, Verdict.DENY)
    browser = signed_in(house.vi)
    [row] = rows(browser, f"/queue/rows/{danger}").values()
    assert "1 danger" in words(row)
    [row] = rows(browser, f"/queue/rows/{odd}").values()
    assert "High risk" in words(row)
    history = words(browser.get("/history").get_data(as_text=True))
    assert "Medium risk 1 danger command" in history
    assert "High risk path" in history


def test_calls_that_are_decided_together_are_marked_as_their_rows(
    signed_in: SignedIn, house: House, ask_desk: Ask, desk: Desk
) -> None:
    danger, odd = ask_desk(*DANGER), ask_desk(*ODD)
    path = f"/bulk?id={danger}&id={odd}"
    page = words(signed_in(house.rae).get(path).get_data(as_text=True))
    assert "removes files and folders" in page
    assert "High risk" in page
    assert "1 danger" not in page, "it is said in full already"
    desk.decide(house.ana, danger, Verdict.DENY)
    page = words(signed_in(house.rae).get(path).get_data(as_text=True))
    assert "Medium risk 1 danger" in page


def test_people_are_told_by_the_risk_that_decides(
    signed_in: SignedIn, house: House, ask_desk: Ask, store: Store
) -> None:
    owner = Owner(house.org_id, house.bo.id)

    def ring_for_high(tx: Any) -> None:
        place = destinations.add(tx, owner, "browser")
        destinations.change(tx, owner, place, Wish(risk_from=Risk.HIGH), sound=False)

    store.write(ring_for_high)
    ask_desk(*CALM)
    ask_desk(*ODD)
    [told] = signed_in(house.bo).get("/queue/ring?since=0").get_json()["notices"]
    assert told["title"] == "Waits for you: files.read, high risk"


def test_a_list_costs_the_same_however_much_waits_and_opens_no_arguments(
    signed_in: SignedIn,
    house: House,
    ask_desk: Ask,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = signed_in(house.ana)
    with store.reading() as session:
        engine = session.get_bind().engine
    asked: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append(str(given[2]))
    )

    def cost() -> int:
        asked.clear()
        assert browser.get("/").status_code == 200
        return len(asked)

    ask_desk(*DANGER)
    cost()
    few = cost()
    for n in range(30):
        ask_desk("shell.run", {"command": f"rm -rf /srv/{n}"})
    monkeypatch.setattr(Keyring, "open", lambda *_: pytest.fail("arguments were opened"))
    assert cost() == few
    assert len(rows(browser, "/queue/rows")) == 31
