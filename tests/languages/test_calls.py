"""The queue, a call, its decision and the history, in German; programs hear English."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from webui.approvals import errors
from webui.approvals.states import Unreported
from webui.approvals.use import leases
from webui.approvals.words import UNREPORTED
from webui.languages import language
from webui.store.models import Approval

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
    from tests.plugins.rules import Desk
    from webui.store.store import Store

WEBUI = Path(__file__).parents[2] / "webui"
GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}


@pytest.fixture
def ana(signed_in: SignedIn, house: House) -> Browser:
    return signed_in(house.ana)


def told(browser: Browser, path: str) -> str:
    page = browser.get(path, headers=GERMAN).get_data(as_text=True)
    assert '<html lang="de">' in page
    return unescape(page)


def proof(browser: Browser, path: str) -> dict[str, str]:
    page = browser.get(path).get_data(as_text=True)
    found = [
        re.search(rf'name="{name}" value="([^"]+)"', page)
        for name in ("csrf_token", "seal", "version")
    ]
    return dict(
        zip(
            ("csrf_token", "seal", "version"),
            (each[1] for each in found if each),
            strict=True,
        )
    )


def decide(browser: Browser, path: str, form: dict[str, str]) -> str:
    answer = browser.post(f"{path}/decide", data=form, headers=GERMAN)
    return unescape(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("path", "german", "english"),
    [
        ("/", "Nichts wartet", "Nothing is waiting"),
        ("/?q=risk:none", "risk: nimmt eines von low", "takes one of"),
        ("/history", "Nichts Erledigtes passt", "Nothing settled fits"),
        ("/views/new?q=x", "Die Ansicht speichern", "Save the view"),
        ("/bulk", "Nichts ist ausgewählt", "Nothing is selected"),
        ("/approvals/apr_0", "keine solche Freigabe", "There is no such approval"),
        ("/nowhere", "Unter dieser Adresse gibt es nichts.", "There is nothing at"),
    ],
)
def test_a_page_speaks_the_browsers_language(
    ana: Browser, path: str, german: str, english: str
) -> None:
    page = told(ana, path)
    assert german in page
    assert english not in page
    page = unescape(ana.get(path).get_data(as_text=True))
    assert english in page


def test_a_call_is_told_in_german(
    ana: Browser, file_call: FileCall, signed_in: SignedIn, house: House
) -> None:
    path = f"/approvals/{file_call(risk='high')}"
    page = told(ana, path)
    for words in ("Wartet auf eine Entscheidung", "gefragt von", "Freigeben …"):
        assert words in page
    assert "asked by" not in page
    assert "Fehlende Berechtigung: approvals:decide." in told(signed_in(house.vi), path)


def test_what_is_wrong_with_an_edit_or_a_grant_is_told_beside_it(
    ana: Browser, file_call: FileCall
) -> None:
    path = f"/approvals/{file_call(arguments={'n': 5})}"
    form = proof(ana, path)
    page = decide(ana, path, form | {"verdict": "edit", "argument-0": "many"})
    assert "ist keine Zahl" in page or "ist kein JSON" in page
    wish = {"verdict": "approve", "grant": "1", "grant-uses": "0"}
    page = decide(ana, path, form | wish)
    assert "Nutzungen: muss eine Zahl von 1 bis 1.000 sein." in page


def test_a_verdict_and_who_comes_too_late_are_told_in_german(
    ana: Browser, file_call: FileCall
) -> None:
    path = f"/approvals/{file_call()}"
    form = proof(ana, path)
    decide(ana, path, form | {"verdict": "deny", "reason": "nein"})
    page = told(ana, path)
    assert "Entschieden: abgelehnt" in page
    assert "An diesem Aufruf ist nichts mehr zu entscheiden. Ana hat ihn abgelehnt." in page
    late = decide(ana, path, form | {"verdict": "approve"})
    assert "Zu spät, nichts wurde geändert. Ana hat ihn abgelehnt." in late


@pytest.mark.parametrize("said_by", ["the agent", "the desk"])
def test_what_an_agent_says_of_the_end_is_its_own_words_even_if_they_are_the_desks(
    ana: Browser, desk: Desk, clock: TestClock, said_by: str
) -> None:
    approval_id = desk.approved()
    token, words = desk.use(approval_id).lease_token, UNREPORTED[Unreported.LEASE_OVER]
    if said_by == "the agent":
        agent = desk.house.ci.filer
        desk.store.write(
            lambda tx: (
                leases.report(tx, agent, approval_id, token, "unknown", str(words)) and None
            )
        )
    else:
        clock.advance(120_000)
        assert desk.sweep() == 1
    page = told(ana, f"/approvals/{approval_id}")
    own, quoted = words.told(language("de")), f"Er sagte dazu: {words}"
    assert (own in page, quoted in page) == (said_by == "the desk", said_by == "the agent")


def test_a_refusal_is_english_for_programs(ana: Browser) -> None:
    told_by = ana.get("/hooks/none", headers=GERMAN)
    assert "This address takes another method." in told_by.get_data(as_text=True)


def test_every_thing_that_may_be_missing_has_a_sentence() -> None:
    named = {
        noun
        for source in WEBUI.rglob("*.py")
        for noun in re.findall(r'NotFoundError\("([^"]+)"\)', source.read_text())
    }
    assert "approval" in named
    assert named <= errors.NOT_FOUND.keys()


def test_the_line_of_a_call_is_told_but_for_what_its_agent_wrote(
    ana: Browser, file_call: FileCall, store: Store
) -> None:
    arguments = {
        "command": "ls" + " " * 30 + "; rm",
        "env": {"A": 1, "B": 2},
        "note": "[2 items]",
        "password": "hunter2",
        "to": ["x", "y"],
        "zone": 1,
    }
    approval_id = file_call(arguments=arguments)
    with store.reading() as session:
        kept = session.get_one(Approval, approval_id).line
    assert kept.removeprefix("shell.run(").removesuffix(")") in unescape(
        ana.get("/").get_data(as_text=True)
    )
    page = told(ana, f"/?selected={approval_id}")
    tag = kept.split("redacted 7 chars tag ")[1][:8]
    for words in (
        "⟦30 Leerzeichen⟧; rm",
        "{2 Schlüssel}",
        "[2 Elemente]",
        'note: "[2 items]"',
        f"⟦verdeckt, 7 Zeichen, Kennzeichen {tag}⟧",
        "⟦+1 weiterer Schlüssel⟧",
    ):
        assert words in page
    assert "redacted" not in page
    # in the boxes of the editor a mask stays as it has to come back
    editor = told(ana, f"/approvals/{approval_id}/full?decide=edit")
    boxes = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", editor)
    mask = re.compile(r"\n⟦redacted 7 chars tag ([0-9a-f]{8})⟧")
    (box,) = filter(None, map(mask.fullmatch, boxes))
    assert f"⟦verdeckt, 7 Zeichen, Kennzeichen {box[1]}⟧" in editor


def test_a_call_without_arguments_says_so_in_its_line(
    ana: Browser, file_call: FileCall
) -> None:
    file_call(arguments={})
    assert "keine Argumente" in told(ana, "/")
    assert "no arguments" in ana.get("/").get_data(as_text=True)
