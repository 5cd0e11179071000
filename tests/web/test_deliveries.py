"""The list of deliveries is narrowed by its address, and pages go on where the last one ended."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.plugins.desk import Browser, House, SignedIn
from webui.approvals.senders import endpoints
from webui.store.models import Delivery
from webui.store.queries import walks
from webui.store.store import Store

OURS, THEIRS = "https://ours.example.net/in", "https://theirs.example.net/in"
SENT = (
    # id, to, event, status, what was wrong last
    ("dlv_1", OURS, "approval.created", "delivered", None),
    ("dlv_2", OURS, "approval.decided", "dead", "The receiver answered 500."),
    ("dlv_3", OURS, "approval.decided", "waiting", None),
    ("dlv_4", OURS, "approval.decided", "waiting", "The receiver answered 503."),
    ("dlv_5", THEIRS, "approval.decided", "delivered", None),
    ("dlv_6", THEIRS, "approval.created", "dead", "The receiver answered 410."),
    ("dlv_7", THEIRS, "approval.created", "sending", "The receiver answered 502."),
    ("dlv_8", None, "approval.decided", "dead", "Nobody answered."),
)


@pytest.fixture
def ends(store: Store, house: House) -> dict[str, str]:
    """Two endpoints, and one delivery of each sort to them and to a callback."""
    found: dict[str, str] = {}

    def send(tx: Any) -> None:
        for url in (OURS, THEIRS):
            found[url] = endpoints.create_endpoint(tx, house.org_id, url).endpoint_id
        for delivery_id, to, event, status, wrong in SENT:
            letter(tx, house, delivery_id, to and found[to], event, status, wrong)

    store.write(send)
    return found


def letter(
    tx: Any,
    house: House,
    delivery_id: str,
    endpoint_id: str | None,
    event: str,
    status: str,
    wrong: str | None = None,
) -> None:
    tx.session.add(
        Delivery(
            id=delivery_id,
            org_id=house.org_id,
            endpoint_id=endpoint_id,
            url="https://called.example.net/back",
            seq=1,
            event=event,
            body="{}",
            status=status,
            attempts=1,
            last_error=wrong,
            next_at=tx.now,
            created_at=tx.now,
        )
    )
    tx.session.flush()


@pytest.fixture
def ana(signed_in: SignedIn, house: House) -> Browser:
    return signed_in(house.ana)


def listed(browser: Browser, path: str) -> list[str]:
    """Return the numbers of the deliveries that a page lists, in its order."""
    text = browser.get(path).get_data(as_text=True)
    return re.findall(r'href="/deliveries/dlv_(\w+)"', text)


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("", "87654321"),
        ("state=waiting", "743"),
        ("state=failing", "74"),
        ("state=delivered", "51"),
        ("state=dead", "862"),
        ("event=approval.created", "761"),
        ("state=dead&event=approval.decided", "82"),
        ("to={ours}", "4321"),
        ("to={ours}&state=waiting", "43"),
        ("to={ours}&state=failing&event=approval.decided", "4"),
        ("to={theirs}&state=dead", "6"),
        ("to=callbacks", "8"),
        ("to=callbacks&state=delivered", ""),
        ("to=end_of_nobody", ""),
        ("event=no.such", ""),
        ("state=no-such", "87654321"),
    ],
)
def test_it_is_narrowed_by_state_endpoint_and_event(
    ana: Browser, ends: dict[str, str], asked: str, fits: str
) -> None:
    path = f"/deliveries?{asked.format(ours=ends[OURS], theirs=ends[THEIRS])}"
    assert "".join(listed(ana, path)) == fits
    if not fits:
        text = ana.get(path).get_data(as_text=True)
        assert 'No delivery fits. <a href="/deliveries">Show all</a>' in text


def test_the_page_of_an_endpoint_is_narrowed_too_and_its_numbers_lead_there(
    ana: Browser, ends: dict[str, str]
) -> None:
    page = f"/deliveries/endpoints/{ends[OURS]}"
    assert "".join(listed(ana, f"{page}?state=dead")) == "2"
    # whose it is, is said by the path
    assert "".join(listed(ana, f"{page}?to={ends[THEIRS]}")) == "4321"
    for path in ("/deliveries", page):
        text = ana.get(path).get_data(as_text=True)
        links = re.findall(rf'href="({re.escape(page)}\?state=\w+)"', text)
        assert links == [
            f"{page}?state={each}" for each in ("delivered", "waiting", "dead")
        ]
    assert 'name="to"' not in ana.get(page).get_data(as_text=True)


def test_its_form_and_its_live_parts_keep_what_was_chosen(
    ana: Browser, ends: dict[str, str]
) -> None:
    path = f"/deliveries?state=dead&to={ends[OURS]}&event=approval.decided"
    text = ana.get(path).get_data(as_text=True)
    chosen = re.findall(r'<option value="([^"]*)" selected>', text)
    assert chosen == ["dead", ends[OURS], "approval.decided"]
    parts = [html.unescape(each) for each in re.findall(r'data-part-url="([^"]+)"', text)]
    assert parts == ["/deliveries?part=ends", path]
    for part, name in zip(parts, ("ends", "deliveries"), strict=True):
        again = ana.get(part, headers={"HX-Request": "true"}).get_data(as_text=True)
        assert again.lstrip().startswith(("<div", "\n")), again[:80]
        assert f'id="{name}"' in again
        assert "<form" not in again.replace('<form method="post"', "")


def test_older_pages_keep_the_filters_and_lead_back(
    ana: Browser, ends: dict[str, str], store: Store, house: House
) -> None:
    def more(tx: Any) -> None:
        for number in range(120):
            status = "dead" if number % 2 else "delivered"
            letter(tx, house, f"dlv_0{number:03}", ends[OURS], "grant.created", status)

    store.write(more)
    path, seen = f"/deliveries?state=dead&to={ends[OURS]}&event=grant.created", []
    while path:
        seen += listed(ana, path)
        text = ana.get(path).get_data(as_text=True)
        [older] = re.findall(r'href="([^"]+)" rel="next"', text) or [""]
        assert not older or "state=dead" in older
        path = html.unescape(older)
    assert seen == [f"0{number:03}" for number in range(119, 0, -2)]
    assert "Newest" in text


def test_it_says_how_far_it_looked_and_goes_on_from_there(
    ana: Browser,
    ends: dict[str, str],
    store: Store,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walks, "LOOKED", 60)

    def more(tx: Any) -> None:
        for number in range(200):
            letter(tx, house, f"dlv_9{number:03}", ends[OURS], "grant.created", "delivered")

    store.write(more)
    text = ana.get("/deliveries?state=dead").get_data(as_text=True)
    assert "Nothing that fits was found yet." in text
    path, seen, pages = "/deliveries?state=dead", "", 0
    while path and pages < 9:
        seen, pages = seen + "".join(listed(ana, path)), pages + 1
        text = ana.get(path).get_data(as_text=True)
        [older] = re.findall(r'href="([^"]+)" rel="next"', text) or [""]
        path = html.unescape(older)
    assert seen == "862"
    # of one endpoint, its index leads to it at once
    assert listed(ana, f"/deliveries?state=dead&to={ends[OURS]}") == ["2"]


def test_what_an_address_says_becomes_no_markup(ana: Browser, ends: dict[str, str]) -> None:
    evil = '"><script>alert(1)</script>\u202e'
    answer = ana.get(
        "/deliveries",
        query_string=dict.fromkeys(("state", "to", "event", "before"), evil),
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "<script>alert" not in text
    shown = re.sub(r'="[^"]*"', "", text)  # what stands in an attribute was typed there
    assert "\u202e" not in shown


def test_another_org_sees_none_of_it(
    signed_in: SignedIn, house: House, ends: dict[str, str]
) -> None:
    zoe = signed_in(house.zoe)
    assert listed(zoe, "/deliveries?state=dead") == []
    assert listed(zoe, f"/deliveries?to={ends[OURS]}&state=dead") == []
    assert zoe.get(f"/deliveries/endpoints/{ends[OURS]}?state=dead").status_code == 404
