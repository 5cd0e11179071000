"""Policy and its lab, grants, insights, the log, delegations and the write gate, in German."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.rules import Desk, reviewer_of
from tests.plugins.sentences import sentences
from webui.approvals.answering import deciding
from webui.approvals.answering.reviewing import Look
from webui.approvals.errors import InvalidError
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.gate.write_grants import GateLimits, Held, Service
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.terms import why_asked
from webui.approvals.states import Verdict
from webui.background import Runner
from webui.insights import keeping
from webui.replays.backtest import ask_for_backtest
from webui.replays.following import follow
from webui.replays.kinds import KINDS
from webui.store.models import Approval

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.plugins.desk import Browser, House, SignedIn

GERMAN = {"Accept-Language": "de-DE,de;q=0.9,en;q=0.5"}
ALLOW = 'version: "1"\ndefault: allow\n'
ASKS = """version: "1"
default: allow
tools:
  shell.run:
    rules:
      - name: large
        action: require_approval
        max_grant: 8h
        conditions: [{path: args.size, op: gt, value: 100}]
      - {name: hourly, rate_limit: 50/hour}
      - {name: hourly, action: allow, conditions: [{path: args.command, op: regex, value: rm}]}
  mail.send: {rules: [{name: mail, action: require_approval}]}
tests:
  - {name: small, tool: shell.run, args: {size: 1}, expect: allow}
"""
WRONG = """version: "2"
tols: {}
tools:
  pay:
    rules:
      - {nam: x, conditions: [{path: arg.x, op: gte, value: "7"}]}
      - {name: z, action: allow, rate_limit: 5/hours, approvers: [a, a]}
"""


def text_of(answer: TestResponse) -> str:
    """Return what a page says, without its marks."""
    text = re.sub(r"<[^>]+>", "", answer.get_data(as_text=True))
    return " ".join(html.unescape(text).split())


def send(browser: Browser, path: str, **fields: str) -> TestResponse:
    """Send a form as somebody who reads German."""
    form = {"csrf_token": browser.csrf_token(), **fields}
    return browser.post(path, data=form, headers=GERMAN)


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: these are words."""
    return sqlite_database


@pytest.fixture
def lived(desk: Desk, house: House) -> Desk:
    """Versions of a policy, and calls: approved, one with a grant; denied; expired."""
    for text in (ALLOW, ASKS):
        _set(desk, house, text)
    for number in (1, 2):
        _revert(desk, house, number)
    mail: tuple[str, dict[str, Any], Verdict] = ("mail.send", {"to": "a"}, Verdict.APPROVE)
    calls = [*[mail] * 3, ("shell.run", {"size": 900}, Verdict.DENY)]
    for tool, arguments, verdict in calls:
        asked = desk.submit(tool=tool, arguments=arguments).approval.id
        desk.clock.advance(200_000)
        desk.decide(house.rae, asked, verdict, look=Look(None, 1, seconds=1))
        if verdict is Verdict.APPROVE:
            desk.report(asked, desk.use(asked).lease_token, "ok")
    wish = GrantWish(
        uses=3, conditions=({"path": "args.size", "op": "lte", "value": 1000},)
    )
    asked = desk.submit(tool="shell.run", arguments={"size": 500}).approval.id
    desk.store.write(
        lambda tx: deciding.decide(
            tx,
            reviewer_of(house.rae),
            house.org_id,
            asked,
            Verdict.APPROVE,
            "",
            Look(None, 1),
            grant=wish,
        )
    )
    lost = desk.submit(tool="shell.run", arguments={"size": 9000}).approval
    desk.clock.advance(lost.expires_at - lost.created_at + 60_000)
    desk.sweep()
    keeping.count(desk.store)
    return desk


def _set(desk: Desk, house: House, text: str) -> None:
    by = By(house.ana.id)
    desk.store.write(lambda tx: policies.accept(tx, house.org_id, text, by))


def _revert(desk: Desk, house: House, number: int) -> None:
    desk.store.write(lambda tx: policies.revert(tx, house.org_id, number, By()))


@pytest.fixture
def places(lived: Desk, house: House, signed_in: SignedIn) -> dict[str, str]:
    """Addresses of what there is one of."""
    ana, store = signed_in(house.ana), lived.store
    places = {
        "backtest": ana.send("/policy/backtests", text=ALLOW, days="all"),
        "search": ana.send("/policy/suggestions", approvals="3", people="1", days="30"),
    }
    assert Runner(store, KINDS).turn()
    assert Runner(store, KINDS).turn()
    assert ana.send("/policy/shadow", text=ALLOW).status_code == 303
    lived.clock.advance(10)
    lived.submit(tool="shell.run", arguments={"size": 5000})
    assert follow(store)
    service = Service(house.org_id, house.ci.id, "key")
    write = write_of("put", "/a", ["files:write"], "sha256:abc")
    scopes = ["files:read", "files:write"]
    held = store.write(
        lambda tx: write_grants.ask(tx, service, house.ana.id, write, scopes, GateLimits())
    )
    assert isinstance(held, Held)
    grant = re.search(r"/grants/grt_\w+", text_of_links(ana.get("/grants")))
    assert grant is not None
    found = {name: answer.headers["Location"] for name, answer in places.items()}
    return found | {"grant": grant[0], "write": f"/orgs/acme/write-gate/{held.nonce}"}


def text_of_links(answer: TestResponse) -> str:
    return " ".join(re.findall(r'href="([^"]*)"', answer.get_data(as_text=True)))


PAGES = {
    "/policy": "Regel „hourly“: args.command regex passt irgendwo im Text.",
    "/policy/lab": "Was würde die Richtlinie zu einem Aufruf sagen?",
    "/policy/versions": "dem Betrieb dieses Dienstes Wie Version 2 war.",
    "/policy/versions/4": "Diese Version ist in Kraft.",
    "/policy/versions/1": "Gegen Version 4, die in Kraft ist: 0 Zeilen hinzugefügt, 12 entfernt.",
    "/policy/backtests": "Frühere Rückrechnungen",
    "{backtest}": "War abgelehnt und ginge durch: 1",
    "/policy/suggestions": "Nie vorgeschlagen: was in dieser Zeit jemand abgelehnt",
    "{search}": "3 Mal freigegeben von 1 Person (Rae) für ci, und nie abgelehnt, von",
    "/policy/shadow": "Richtlinie: Freigabe verlangen, Entwurf: zulassen",
    "/grants": "size ist höchstens 1000",
    "{grant}": "Eine Dauerfreigabe für ci.",
    "/audit?verify=1": "Ereignisse sind lückenlos verkettet, bis Nummer",
    "/audit?actor=nobody": "Kein Ereignis passt",
    "/insights": "Am meisten warteten zwischen",
    "/insights?agent=nobody": "Nichts zu zählen in diesen 30 Tagen",
    "/delegations": "Während Sie weg sind, entscheidet jemand anderes an Ihrer Stelle.",
    "/access/question?type=agent&actor=ci&action=audit:read&kind=org": "Nein: ci darf nicht",
    "{write}": "Ein Agent will in Ihrem Namen schreiben",
}


def test_every_room_is_german_for_who_asks_for_it(
    signed_in: SignedIn, house: House, places: dict[str, str]
) -> None:
    ana = signed_in(house.ana)
    for path, words in PAGES.items():
        address = path.format(**places)
        page = ana.get(address, headers=GERMAN)
        assert page.headers["Content-Language"] == "de"
        assert words in text_of(page), path
        said = [each.get_data(as_text=True) for each in (page, ana.get(address))]
        assert sentences(said[0]) & sentences(said[1]) == set(), path


def test_what_is_wrong_with_a_policy_is_told_in_german_and_in_english_to_programs(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    ana = signed_in(house.ana)
    said = text_of(send(ana, "/policy/findings", text=WRONG))
    for words in (
        "9 Stellen müssen berichtigt werden.",
        "Version muss „1“ sein, nicht „2“.",
        "Die Datei hat kein „tols“; meinen Sie „tools“?",
        "Die Regel muss einen Namen haben.",
        "Der Wert von gte muss eine Zahl sein, nicht Text. Schreiben Sie sie ohne",
        "Rate_limit muss mit minute, hour oder day enden, nicht mit „hours“; meinen Sie „hour“?",
    ):
        assert words in said, words
    refused = text_of(send(ana, "/policy/backtests", text='version: "2"', days="30"))
    mend = "Das kann nicht die Richtlinie sein: 1 Stelle muss berichtigt werden. Die erste:"
    assert (
        f"{mend} Zeile 1, Spalte 1: version: version muss „1“ sein, nicht „2“." in refused
    )
    with pytest.raises(InvalidError) as error:
        lived.store.write(
            lambda tx: ask_for_backtest(
                tx, house.org_id, 'version: "2"', 30, By(house.ana.id)
            )
        )
    assert str(error.value) == (
        "This cannot be the policy: 1 place must be mended. The first: line 1, column 1: "
        'version: version must be "1", not "2".'
    )


def test_a_call_that_is_tried_out_and_one_that_was_asked_are_told_in_german(
    signed_in: SignedIn, house: House, lived: Desk
) -> None:
    ana, why = signed_in(house.ana), "Die Regel „large“ (Zeile 6) verlangt eine Freigabe:"
    call = {"tool": "shell.run", "arguments": '{"size": 500}', "try": "1"}
    tried = text_of(send(ana, "/policy/lab", **call))
    for words in (
        f"{why} args.size gt 100 trifft zu.",
        "fragt eine Person, und regelt den Aufruf",
        "in dieser Stunde bei 0 von 50.",
        "lässt sich nicht beantworten, gesehen wurde nichts",
    ):
        assert words in tried, words
    asked = lived.submit(tool="shell.run", arguments={"size": 7000}).approval.id
    assert f"{why} args.size gt 100 trifft zu." in text_of(
        ana.get(f"/approvals/{asked}", headers=GERMAN)
    )
    with lived.store.reading() as session:
        assert why_asked(session.get_one(Approval, asked)) == (
            'The rule "large" (line 6) asks for an approval: args.size gt 100 holds.'
        )


def test_a_refusal_of_a_page_is_told_in_german(signed_in: SignedIn, house: House) -> None:
    ana = signed_in(house.ana)
    for path, fields, words in (
        ("/delegations", {"email": "x", "until": "soon"}, "wie 2026-12-24 geschrieben."),
        ("/policy/lab", {"try": "1"}, "Nennen Sie ein Werkzeug, etwa github.merge"),
        ("/policy/shadow/stop", {}, "Neben der Richtlinie läuft kein Entwurf"),
        ("/policy/suggestions", {}, "Vorschläge suchen nach 3 bis 1000 Freigaben"),
        ("/policy/draft", {"do": "shelf"}, "Eine solche fertige Richtlinie gibt es nicht"),
    ):
        assert words in text_of(send(ana, path, **fields)), path
