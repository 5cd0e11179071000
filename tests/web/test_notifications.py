"""The page of one's notifications, who was told on the call's page, and what open pages tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from webui.approvals.answering import claiming
from webui.approvals.answering.reviewing import Reviewer
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.states import Risk
from webui.notices import destinations
from webui.notices.destinations import Owner
from webui.notices.wishes import Wish
from webui.settings import Settings
from webui.store.models import Destination, Notice, User, WebSession, table_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.desk import Browser, FileCall, House, Member, SignedIn
    from webui.store.store import Store

PLACE = "/account/notifications"
FIELDS = {
    "about": "decide",
    "risk_from": "high",
    "tools": "github.* shell.run",
    "pace": "hours",
    "hours": "17, 9",
    "quiet": "on",
    "quiet_from": "22:00",
    "quiet_to": "07:00",
    "remind": "5",
}


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: the verbs run on both databases in tests/notices."""
    return sqlite_database


@pytest.fixture
def settings(instance: Path) -> Settings:
    """A desk with mail and a service."""
    return Settings.model_validate(
        {
            "instance": instance,
            "notify_mail": "mailto://127.0.0.1:9?from=desk@example.org",
            "notify_services": ("ntfys", "json"),
        }
    )


def places(store: Store) -> list[Destination]:
    with store.reading() as session:
        return list(session.scalars(select(Destination).order_by(Destination.id)).all())


def add(store: Store, house: House, member: Member, kind: str, **wish: Any) -> str:
    owner = Owner(house.org_id, member.id)

    def unit(tx: Any) -> str:
        made = destinations.add(tx, owner, kind)
        destinations.change(tx, owner, made, Wish(**wish), sound=True)
        return made

    return store.write(unit)


def test_a_person_is_told_nothing_until_they_add_a_place(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    assert "You are told nothing yet" in browser.get(PLACE).get_data(as_text=True)
    assert browser.send(PLACE, kind="mail").status_code == 303
    page = browser.get(PLACE).get_data(as_text=True)
    assert "E-mail to rae@example.org" in page
    assert "All you may decide; at once." in page
    browser.send(PLACE, kind="mail")
    assert len(places(store)) == 1, "one's own address is there once"


def test_wishes_are_kept_and_shown_as_a_sentence(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, place = signed_in(house.rae), add(store, house, house.rae, "mail")
    assert browser.send(f"{PLACE}/{place}", **FIELDS).status_code == 303
    page = browser.get(PLACE).get_data(as_text=True)
    assert (
        "All you may decide, from high risk on, of github.* shell.run; gathered at 9:00, "
        "17:00; quiet from 22:00 to 07:00; reminded 5 min before the deadline."
    ) in page
    [kept] = places(store)
    assert (kept.hours, kept.quiet_from, kept.quiet_to) == ("9 17", 1320, 420)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("about", "everybody"),
        ("risk_from", "none"),
        ("pace", "7"),
        ("hours", "25"),
        ("hours", ""),
        ("hours", "nine"),
        ("hours", "٩"),
        ("quiet_from", "24:00"),
        ("quiet_to", "7"),
        ("remind", "3"),
        ("tools", "x " * 2_000 + " ".join(map(str, range(30)))),
        ("tools", "x" * 201),
    ],
)
def test_what_the_form_does_not_offer_is_refused_and_given_back(
    signed_in: SignedIn, house: House, store: Store, field: str, wrong: str
) -> None:
    browser, place = signed_in(house.rae), add(store, house, house.rae, "mail")
    answer = browser.send(f"{PLACE}/{place}", **FIELDS | {field: wrong})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert 'role="alert"' in page
    assert "<details open>" in page
    if field != "tools":
        assert 'value="github.* shell.run"' in page, "the rest survives"
    assert places(store)[0].risk_from == "low"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "this desk offers: json, ntfys"),
        ("exec://rm", "this desk offers"),
        ("syslog://", "this desk offers"),
        ("dbus://", "this desk offers"),
        ("mailto://me@example.org", "this desk offers"),
        ("tgram://1:a/2", "this desk offers"),
        ("https://example.org/hook", "this desk offers"),
        ("ntfys://host/topic?template=/etc/passwd", "of parameters after ?"),
        ("ntfys://host/topic?attach=file:///etc/passwd", "of parameters after ?"),
        ("ntfys://host/topic?verify=no", "of parameters after ?"),
        ("ntfys://host/topic?retry=9", "of parameters after ?"),
        ("ntfys://host/a b", "visible ASCII"),
        ("ntfys://[bad/topic", "cannot be read"),
        ("", "visible ASCII"),
        ("ntfys://" + "x" * 3_000, "visible ASCII"),
    ],
)
def test_only_services_that_the_operator_offers_are_taken(
    signed_in: SignedIn, house: House, store: Store, url: str, said: str
) -> None:
    answer = signed_in(house.rae).send(PLACE, kind="service", url=url)
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert places(store) == []


def test_a_service_is_shown_masked_and_needs_a_fresh_proof(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    secret = "ntfys://ntfy.example.org/my-topic-9f2"
    browser.send(PLACE, kind="service", url=secret)
    page = browser.get(PLACE).get_data(as_text=True)
    assert "ntfy (ntfys://ntfy.example.org/…)" in page
    assert "my-topic" not in page
    sessions = table_of(WebSession)
    store.write(lambda tx: (tx.execute(update(sessions).values(authenticated_at=0)), 0)[1])
    answer = browser.send(PLACE, kind="service", url=secret)
    assert answer.headers["Location"].startswith("/account/confirm")
    assert len(places(store)) == 1


def test_ways_that_the_desk_has_not_are_refused(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    assert signed_in(house.rae).send(PLACE, kind="pigeon").status_code == 422
    assert places(store) == []


def test_trying_a_place_says_what_really_came_of_it(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, place = signed_in(house.rae), add(store, house, house.rae, "mail")
    answer = browser.send(f"{PLACE}/{place}/try")
    assert "did not arrive. The mail server cannot be reached." in answer.get_data(
        as_text=True
    )
    browser.send(PLACE, kind="service", url="json://127.0.0.1:9000/x")
    other = places(store)[1].id
    answer = browser.send(f"{PLACE}/{other}/try")
    # private networks are closed unless the operator opens them
    assert "leads to this host" in answer.get_data(as_text=True)


def test_trying_again_and_again_is_slowed_down(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, place = signed_in(house.rae), add(store, house, house.rae, "mail")
    answers = [browser.send(f"{PLACE}/{place}/try").status_code for _ in range(20)]
    assert 429 in answers


def test_another_persons_place_is_unknown(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    place = add(store, house, house.bo, "mail")
    browser = signed_in(house.rae)
    for path in ("", "/try", "/pause", "/resume", "/remove"):
        assert browser.send(f"{PLACE}/{place}{path}", **FIELDS).status_code == 404, path
    assert places(store)[0].status == "active"
    assert place not in browser.get(PLACE).get_data(as_text=True)


def test_a_place_is_paused_resumed_and_removed(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser, place = signed_in(house.rae), add(store, house, house.rae, "mail")
    browser.send(f"{PLACE}/{place}/pause")
    assert "<strong>Paused.</strong>" in browser.get(PLACE).get_data(as_text=True)
    browser.send(f"{PLACE}/{place}/resume")
    assert places(store)[0].status == "active"
    browser.send(f"{PLACE}/{place}/remove")
    assert "You are told nothing yet" in browser.get(PLACE).get_data(as_text=True)
    assert browser.send(f"{PLACE}/{place}/resume").status_code == 404


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "UTC"])
def test_a_time_zone_is_kept(
    signed_in: SignedIn, house: House, store: Store, name: str
) -> None:
    browser = signed_in(house.rae)
    assert browser.send(f"{PLACE}/zone", zone=name).status_code == 303
    with store.reading() as session:
        assert session.get_one(User, house.rae.id).time_zone == name
    assert f'value="{name}"' in browser.get(PLACE).get_data(as_text=True)


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "", "localtime"])
def test_an_unknown_time_zone_is_refused(
    signed_in: SignedIn, house: House, name: str
) -> None:
    assert signed_in(house.rae).send(f"{PLACE}/zone", zone=name).status_code == 422


def test_the_calls_page_says_who_was_told_and_how_it_stands(
    signed_in: SignedIn, house: House, store: Store, file_call: FileCall
) -> None:
    approval_id = file_call()
    ana, bo, rae = (
        add(store, house, who, "mail") for who in (house.ana, house.bo, house.rae)
    )

    def put(tx: Any, place: str, member: Member, status: str, **more: Any) -> None:
        about = {
            "org_id": house.org_id,
            "destination_id": place,
            "approval_id": approval_id,
        }
        made = {"id": f"ntc_{member.name}", "user_id": member.id, "seq": 1, "why": "decide"}
        times = {"next_at": tx.now + 60_000, "created_at": tx.now, "ended_at": tx.now}
        tx.session.add(Notice(**about, **made, **times, status=status, **more))
        tx.session.flush()

    store.write(lambda tx: put(tx, ana, house.ana, "delivered"))
    store.write(lambda tx: put(tx, bo, house.bo, "waiting", digest=True))
    store.write(
        lambda tx: put(tx, rae, house.rae, "dead", last_error="550 <no> such user.")
    )
    page = signed_in(house.vi).get(f"/approvals/{approval_id}").get_data(as_text=True)
    assert "<bdi>Ana</bdi> by e-mail: delivered" in page
    assert "<bdi>Bo</bdi> by e-mail: waits for the digest" in page
    assert "<bdi>Rae</bdi> by e-mail: did not arrive: 550 &lt;no&gt; such user." in page


Rung = Callable[..., Any]


@pytest.fixture
def rung(signed_in: SignedIn) -> Rung:
    """Ask what a person's open page tells of what happened since a point of the log."""

    def ask(member: Member, since: int = 0) -> Any:
        browser: Browser = signed_in(member)
        return browser.get(f"/queue/ring?since={since}").get_json()

    return ask


def tags(told: Any) -> list[str]:
    return [each["tag"] for each in told["notices"]]


def test_an_open_page_tells_by_the_persons_wishes_and_rights(
    rung: Rung, house: House, store: Store, file_call: FileCall
) -> None:
    high = file_call(risk=Risk.HIGH)
    file_call()
    file_call(house.deploy_bot, risk=Risk.HIGH)
    file_call(house.stranger, risk=Risk.HIGH)
    told = rung(house.bo)
    assert (told["notices"], told["sound"]) == ([], False), "nobody asked for it"
    for member in (house.bo, house.vi):
        add(store, house, member, "browser", risk_from=Risk.HIGH)
    told = rung(house.bo)
    assert told["notices"] == [
        {
            "tag": high,
            "title": "Waits for you: shell.run, high risk",
            "url": f"/approvals/{high}",
        }
    ]
    assert told["sound"] is True
    assert rung(house.vi)["notices"] == []


def test_an_open_page_is_told_nothing_twice(
    rung: Rung, house: House, store: Store, file_call: FileCall
) -> None:
    add(store, house, house.bo, "browser")
    first = file_call()
    told = rung(house.bo)
    assert tags(told) == [first]
    assert tags(rung(house.bo, told["seq"])) == []
    second = file_call(arguments={"n": 2})
    assert tags(rung(house.bo, told["seq"])) == [second]
    assert tags(rung(house.bo, 10**15)) == [], (
        "a log that was put back is no reason to fail"
    )


def test_an_open_page_tells_only_the_person_whose_write_it_is(
    rung: Rung, house: House, store: Store
) -> None:
    add(store, house, house.bo, "browser", risk_from=Risk.CRITICAL)
    add(store, house, house.ana, "browser")
    by = write_grants.Service(house.org_id, house.ci.id, "key")
    write = write_of("PUT", "/secret-plan", ["files:write"], None)
    limits = write_grants.GateLimits()
    held = store.write(
        lambda tx: write_grants.ask(tx, by, house.bo.id, write, ["files:write"], limits)
    )
    assert isinstance(held, write_grants.Held)
    [told] = rung(house.bo)["notices"]
    assert told["title"] == "Waits for you: a write in your name, PUT"
    assert told["url"].endswith(f"/write-gate/{held.nonce}")
    assert rung(house.ana)["notices"] == []


def test_an_open_page_is_quiet_in_quiet_hours_and_for_what_others_hold(
    rung: Rung, house: House, store: Store, file_call: FileCall
) -> None:
    always = (0, 24 * 60 - 1)
    critical, high = file_call(risk=Risk.CRITICAL), file_call(risk=Risk.HIGH)
    add(store, house, house.bo, "browser", quiet=always, critical_at_once=True)
    assert tags(rung(house.bo)) == [critical]
    add(store, house, house.ana, "browser")
    held = Reviewer(house.rae.id, "Rae", "page")
    store.write(lambda tx: claiming.claim(tx, held, house.org_id, critical, lease=300_000))
    assert tags(rung(house.bo)) == []
    assert tags(rung(house.ana)) == [high]


def test_many_calls_at_once_ring_once(
    rung: Rung, house: House, store: Store, file_call: FileCall
) -> None:
    add(store, house, house.bo, "browser")
    for _ in range(5):
        file_call()
    [told] = rung(house.bo)["notices"]
    assert told["title"] == "5 approvals to look at, highest risk medium"
    assert told["url"] == "/"


def test_pages_ring_only_for_who_wants_it(
    signed_in: SignedIn, house: House, store: Store, file_call: FileCall
) -> None:
    approval_id = file_call()
    browser = signed_in(house.bo)
    pages = ("/", f"/approvals/{approval_id}", f"/approvals/{approval_id}/full")
    for path in pages:
        assert "data-ring-url" not in browser.get(path).get_data(as_text=True)
    add(store, house, house.bo, "browser")
    for path in pages:
        assert 'data-ring-url="/queue/ring"' in browser.get(path).get_data(as_text=True)
