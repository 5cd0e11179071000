"""The desk in the other two engines: Firefox, and WebKit, which is Safari's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from countersign_client import Refused
from countersign_client.ask import Ask

from scripts.test_programs import find_firefox, find_webkit
from tests.engines.driven import Engine, Window
from tests.engines.firefox import Firefox
from tests.engines.webkit import WebKit
from tests.hostile.attacks import ATTACKS, END, Attack
from tests.hostile.judge import LOOK, UNPROVED, WITHOUT_LIMITS, forbidden
from tests.plugins.served import Background, Reviewer, ServedDesk, StartDesk
from tests.plugins.stocked import OPEN_SOME, OUTSIDE, OWNER, PAGES, Stocked

pytestmark = pytest.mark.proof
EVERY = 6
"""Of the hand-made attacks, each so many-th is looked at: some four dozen."""
LIVE = "return document.querySelector('#connection')?.dataset.state === 'live'"
SHOWS = "return document.querySelector('#detail')?.dataset.id === given[0]"
WIDTHS = (
    "const root = document.documentElement; return [root.scrollWidth, root.clientWidth]"
)


def start_firefox(folder: Path) -> Engine:
    found = find_firefox()
    if found is None:
        pytest.skip(
            "NOT TRIED IN FIREFOX: there is none. `make proof` as root installs Debian's firefox-esr; FIREFOX_PATH names one elsewhere"
        )
    return Firefox(found, folder)


def start_webkit(folder: Path) -> Engine:
    found = find_webkit()
    if found is None:
        pytest.skip(
            "NOT TRIED IN WEBKIT: there is none. `make proof` as root installs Debian's webkit2gtk-driver, gir1.2-webkit2-4.1, python3-gi and xvfb"
        )
    return WebKit(*found, folder)


@pytest.fixture(
    scope="module", params=[start_firefox, start_webkit], ids=["Firefox", "WebKit"]
)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A browser for all tests here."""
    start: Callable[[Path], Engine] = request.param
    made = start(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk(engine: Engine, start_desk: StartDesk) -> ServedDesk:
    """A fresh desk for each engine, as its first start makes it."""
    return start_desk(**WITHOUT_LIMITS)


@pytest.fixture
def window(engine: Engine, desk: ServedDesk) -> Iterator[Window]:
    """A window in which the first administrator is signed in; it must end without a complaint."""
    engine.resize(1280, 900)
    made = Window(engine, desk.dashboard)
    sign_in(made, desk.admin)
    yield made
    for approval_id in desk.waiting():
        desk.client.cancel(approval_id, "the test is over")
    assert made.complaints() == []


def sign_in(window: Window, person: Reviewer) -> None:
    window.open("/sign-in")
    if window.run("return location.pathname") != "/sign-in":
        return  # signed in by the test before
    window.click("#email")
    window.type(person.email)
    window.click("#password")
    window.type(person.password)
    window.press("Enter")
    window.until("return document.querySelector('.rail .nav') !== null")


def watch(window: Window, path: str) -> None:
    window.open(path)
    window.until(LIVE)


def settled(window: Window, words: str) -> None:
    window.reads("#detail .call__head .badge--status", words)


def press_when_armed(window: Window, form: str) -> None:
    """Send a confirmation by key, once it stood still long enough."""
    assert window.run(
        "return document.querySelector(given[0]).disabled", f"{form} [data-arms]"
    )
    window.until("return !document.querySelector(given[0]).disabled", f"{form} [data-arms]")
    window.press("Control+Enter")


def test_a_call_comes_in_is_read_decided_by_keys_and_answered(
    window: Window, desk: ServedDesk, beside: type[Background]
) -> None:
    watch(window, "/")
    window.run("window.kept = 1")
    asked = desk.client.ask("mail.send", {"to": "the first of the day"})
    answer = beside(lambda: asked.wait(100))
    window.until("return document.getElementById(given[0])", f"row-{asked.id}")
    second = desk.client.ask("mail.send", {"to": "the second"})
    window.reads("#new", "1 new approval")
    window.click("#new a")
    window.until("return document.getElementById(given[0])", f"row-{second.id}")
    assert window.run("return window.kept") == 1, "the page was loaded again"

    window.press("j")
    window.press("Enter")
    window.until(SHOWS, asked.id)
    window.press("a")
    window.until("return document.activeElement.id === 'reason-approve'")
    window.type("Ordered, so fine (jk).")
    press_when_armed(window, "#confirm-approve")
    settled(window, "Approved")
    answer.result()
    decided = desk.client.approval(asked.id)
    assert decided.status == "approved"
    assert [each.reason for each in decided.decisions] == ["Ordered, so fine (jk)."]
    assert str(desk.client.approval(second.id).status) == "pending"


def test_the_row_under_the_keys_is_outlined_and_told_from_the_open_call_after_a_click(
    window: Window, desk: ServedDesk
) -> None:
    asked = [desk.client.ask("mail.send", {"to": f"reader {n}"}) for n in range(2)]
    watch(window, "/")
    window.click(f"#row-{asked[0].id} .row__open")
    window.until(SHOWS, asked[0].id)
    window.press("j")
    window.until(
        "return document.activeElement.closest('.row')?.id === given[0]",
        f"row-{asked[1].id}",
    )
    assert window.run("return document.activeElement.matches(':focus-visible')")
    assert window.run("return !document.querySelector('#decide-which').hidden")
    window.run("document.getElementById(given[0]).kept = true", f"row-{asked[1].id}")
    desk.client.say(asked[1].id, "May I?")
    window.until(
        "return document.getElementById(given[0]).kept !== true", f"row-{asked[1].id}"
    )
    assert window.run("return document.activeElement.matches(':focus-visible')")


def test_what_was_cut_is_approved_from_its_full_view_alone(
    window: Window, desk: ServedDesk
) -> None:
    asked = desk.client.ask("shell.run", {"command": "ls" + " " * 3_000 + "; " + END})
    watch(window, f"/approvals/{asked.id}")
    assert not window.run("return document.querySelector('[data-opens=confirm-approve]')")
    assert send_unproved(window, asked) == 403
    window.press("f")
    window.until("return location.pathname.endsWith('/full')")
    window.until(LIVE)
    window.reads("#preview", END)
    window.press("a")
    window.until("return document.querySelector('#confirm-approve:not([hidden])')")
    press_when_armed(window, "#confirm-approve")
    settled(window, "Approved")
    window.forgive("403")


def send_unproved(window: Window, asked: Ask) -> int:
    """Send a yes as a form made by hand would: with the seal, without the proof."""
    seal = "document.querySelector('#detail input[name=seal]').value"
    window.run(
        f"window.answered = 0; ({UNPROVED})([given[0], {seal}]).then((status) => {{ window.answered = status; }})",
        asked.id,
    )
    return int(window.until("return window.answered || null"))


def test_the_queue_is_asked_for_where_no_live_connection_can_be(
    window: Window, desk: ServedDesk
) -> None:
    watch(window, "/")
    window.run("window.WebSocket = class { constructor() { throw new Error('blocked'); } }")
    desk.stop()
    desk.start()
    asked = desk.client.ask("mail.send", {"to": "whoever polls"})
    window.until("return document.getElementById(given[0])", f"row-{asked.id}")
    window.until("return document.querySelector('#connection').dataset.state === 'polling'")
    window.forgive("/ws|NetworkError|Could not connect|Network")


def test_nothing_of_a_hostile_call_runs_or_hides(window: Window, desk: ServedDesk) -> None:
    faults: list[str] = []
    for attack in ATTACKS[::EVERY]:
        try:
            asked = desk.client.ask("tool.any", attack.arguments, risk="low")
        except Refused:
            continue  # nobody is asked for it
        faults += judge(window, attack, f"/?selected={asked.id}", "#arguments")
        faults += judge(window, attack, f"/approvals/{asked.id}/full", "#preview")
        desk.client.cancel(asked.id, "looked at")
    assert faults == []


def judge(window: Window, attack: Attack, path: str, place: str) -> list[str]:
    """Return what is wrong with how a page shows an attack."""
    window.open(path)
    found = window.run(f"return ({LOOK})(given)", forbidden(), [])
    faults = [*found["hidden"], *found["foreign"]]
    if found["owned"] or "owned" in found["title"]:
        faults.append("it ran")
    if found["wide"] > 0:
        faults.append(f"{found['wide']} px too wide")
    shown = window.run("return document.querySelector(given[0]).innerText", place)
    if END not in shown and not attack.masks and found["approvable"]:
        faults.append("can be approved without its end")
    return [f"{attack.name}: {each}" for each in faults]


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_fits_and_complains_of_nothing(
    engine: Engine, stocked: Stocked, width: int
) -> None:
    engine.resize(width, 900)
    window = Window(engine, stocked.desk.dashboard)
    wide = [look_at(window, stocked.address(each)) for each in sum(OUTSIDE.values(), ())]
    sign_in(window, OWNER)
    wide += [look_at(window, stocked.address(each)) for each in sum(PAGES.values(), ())]
    window.open("/sign-out")
    assert [each for each in wide if each] == []
    window.forgive("404|403|405")
    assert window.complaints() == []


def look_at(window: Window, path: str) -> str:
    """Return what is wrong with the width of a page."""
    window.open(path)
    window.run(OPEN_SOME)
    scrolls, has = window.run(WIDTHS)
    address = re.sub(r"[a-z]+_[0-9A-Z]{26}", "…", path)
    return f"{address}: {scrolls} px in {has} px" if scrolls > has else ""
