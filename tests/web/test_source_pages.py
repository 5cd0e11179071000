"""Sources and endpoints as a person changes them from the pages."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from webui.approvals.senders import sources
from webui.approvals.senders.outbound import ALL_ON, CHOICES, OLDER_NAMES
from webui.receivers.registry import KINDS
from webui.receivers.samples import SAMPLES
from webui.store.models import (
    Approval,
    Delivery,
    Endpoint,
    Event,
    Source,
    SourceDelivery,
)
from webui.store.queries import traffic
from webui.web.endpoint_views import ABOUT

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn, TestClock
    from webui.store.store import Store

WRONG: dict[str, Any] = {
    "signature_header": "x-signature",
    "signed": "body",
    "fields": {"tool": "/nowhere", "arguments": "/args"},
}
RIGHT = WRONG | {"fields": {"tool": "/tool", "arguments": "/args"}}


@pytest.fixture
def ana(signed_in: SignedIn, house: House) -> Browser:
    return signed_in(house.ana)


def only(store: Store, model: Any) -> Any:
    with store.reading() as session:
        return session.scalars(select(model)).one()


def shown_secret(browser: Browser, path: str) -> str:
    """The secret that a page shows once, with a snippet that has it."""
    page = browser.get(path).get_data(as_text=True)
    found = re.search(r'<p class="secret"><code>([^<]+)</code>', page)
    assert found is not None, page
    assert page.count(found[1]) == 3  # to read, to copy, in the snippet
    assert found[1] not in browser.get(path).get_data(as_text=True)
    return found[1]


def made(answer: Any) -> tuple[str, str]:
    """Where a form led, and the id that stands there."""
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return answer.location, answer.location.rsplit("/", 1)[1]


def text_of(browser: Browser, path: str, **headers: str) -> str:
    answer = browser.get(path, headers=headers)
    assert answer.status_code == 200, path
    return html.unescape(answer.get_data(as_text=True))


def post_ticket(browser: Browser, source_id: str, secret: str, number: int) -> Any:
    body = b'{"tool":"db.drop","args":{"number":%d}}' % number
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-signature": digest}
    return browser.post(f"/hooks/{source_id}", data=body, headers=headers)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_that_begins_with_its_example_and_says_what_it_is_for(
    ana: Browser, kind: str
) -> None:
    choosing = text_of(ana, "/sources")
    assert KINDS[kind].about in choosing
    assert f"/sources/new?kind={kind}" in choosing
    form = text_of(ana, f"/sources/new?kind={kind}")
    assert KINDS[kind].about in form
    for setting in KINDS[kind].example:
        assert json.dumps(setting) in form
    assert ('id="token"' in form) == (KINDS[kind].token is not None)


def test_a_form_of_no_kind_leads_back(ana: Browser) -> None:
    assert ana.get("/sources/new?kind=carrier-pigeon").location == "/sources"
    assert ana.send("/sources", name="In", kind="carrier-pigeon").status_code == 422


def test_a_source_is_made_mended_and_its_failed_delivery_filed_from_the_page(
    ana: Browser, store: Store
) -> None:
    page, source_id = made(
        ana.send("/sources", name="Gate", kind="hmac", config=json.dumps(WRONG))
    )
    secret = shown_secret(ana, page)
    assert post_ticket(ana, source_id, secret, 1).status_code == 422
    shown = text_of(ana, page)
    assert "File it now" in shown
    assert "Its sender is proven. Mend the settings" in shown
    replay = f"/sources/deliveries/{only(store, SourceDelivery).id}/replay"
    assert ana.send(replay).status_code == 422
    mended = ana.send(f"/sources/{source_id}/config", config=json.dumps(RIGHT))
    assert mended.status_code == 303
    filed = ana.send(replay)
    approval = only(store, Approval)
    assert filed.location.endswith(f"/approvals/{approval.id}")
    assert approval.tool == "db.drop"


def test_failures_stand_together_by_reason_and_are_filed_together_once_mended(
    ana: Browser, store: Store, house: House
) -> None:
    page, source_id = made(
        ana.send("/sources", name="Gate", kind="hmac", config=json.dumps(WRONG))
    )
    secret = shown_secret(ana, page)
    for number in range(3):
        assert post_ticket(ana, source_id, secret, number).status_code == 422
    assert post_ticket(ana, source_id, secret[::-1], 9).status_code == 401
    ana.send("/sources", name="Idle", kind="standard")
    with store.reading() as session:
        counts = [row.refused for row in traffic.sources(session, house.org_id)]
    assert counts == [4, 0]  # each its own
    shown = text_of(ana, page)
    assert shown.index("The signature does not match") < shown.index("nothing at /nowhere")
    assert "File all 3" in shown
    assert "Nobody knows who sent it" in shown
    [replay] = re.findall(rf"/sources/{source_id}/deliveries/\w+/replay", shown)
    nothing = ana.send(replay)
    assert nothing.location.endswith("?filed=0&left=3")
    assert "3 still could not be" in text_of(ana, nothing.location)
    ana.send(f"/sources/{source_id}/config", config=json.dumps(RIGHT))
    assert ana.send(replay).location.endswith("?filed=3&left=0")
    with store.reading() as session:
        calls = session.scalars(select(Approval).order_by(Approval.id)).all()
    assert [re.sub(r"\D", "", call.line) for call in calls] == ["0", "1", "2"]
    # what is filed is no failure any more, so there is nothing left of its kind
    assert ana.send(replay).status_code == 404


@pytest.mark.parametrize(
    ("typed", "field", "told"),
    [
        ({"config": "{signature"}, "config", "JSON"),
        ({"config": '{"colour":"red"}'}, "config", "/colour is no setting of this kind"),
        ({"config": "{}"}, "config", "/signature_header is needed"),
        ({"name": " "}, "name", "1 to 80 printable characters"),
        ({"secret": "short"}, "secret", "at least 16 characters"),
    ],
)
def test_what_is_wrong_stands_at_its_field_with_what_was_typed(
    ana: Browser, typed: dict[str, str], field: str, told: str
) -> None:
    form = {"name": "Gate", "kind": "hmac", "config": json.dumps(RIGHT), "agent": "x-7"}
    answer = ana.send("/sources", **form | typed)
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    found = re.search(rf'id="{field}-faults">(.*?)</ul>', page, re.DOTALL)
    assert found is not None, page
    assert told in found[1]
    assert 'value="x-7"' in page
    if field == "config":
        assert typed["config"] in page
    assert "short" not in page  # a secret is never given back


def test_settings_that_cannot_work_are_told_with_what_was_typed(ana: Browser) -> None:
    page, source_id = made(
        ana.send("/sources", name="Gate", kind="hmac", config=json.dumps(RIGHT))
    )
    answer = ana.send(f"/sources/{source_id}/config", config='{"colour": "red"}')
    text = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert '{"colour": "red"}' in text
    assert "/colour is no setting of this kind" in text
    assert "/nowhere" not in text_of(ana, page)


def test_a_source_is_paused_resumed_and_gets_a_new_secret(
    ana: Browser, signed_in: SignedIn, house: House, store: Store, clock: TestClock
) -> None:
    page, _ = made(ana.send("/sources", name="In", kind="standard"))
    old = shown_secret(ana, page)
    ana.send(f"{page}/pause")
    assert only(store, Source).status == "paused"
    assert "Paused: it takes nothing" in text_of(ana, page)
    ana.send(f"{page}/resume")
    assert only(store, Source).status == "active"
    ana.send(f"{page}/rotate")
    assert shown_secret(ana, page) != old
    assert "The secret before works too until" in text_of(ana, page)
    clock.advance(sources.OVERLAP)
    assert "The secret before" not in text_of(signed_in(house.ana), page)


def test_a_kind_that_signs_in_nowhere_takes_no_token(ana: Browser, store: Store) -> None:
    page, _ = made(ana.send("/sources", name="In", kind="standard"))
    for token in ("", "tok_1"):
        assert ana.send(f"{page}/token", token=token).status_code == 422
    assert only(store, Source).token is None


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_test_event_goes_the_way_of_every_delivery_and_is_shown_as_it_arrives(
    ana: Browser, store: Store, kind: str
) -> None:
    example = json.dumps(dict(KINDS[kind].example))
    page, _ = made(ana.send("/sources", name="In", kind=kind, config=example))
    assert "Waiting for the first delivery" in text_of(ana, page)
    waiting = text_of(ana, page, HX_Request="true")
    assert ana.send(f"{page}/test").status_code == 303
    part = text_of(ana, page, HX_Request="true")
    assert "<html" not in part
    assert "Waiting for the first delivery" not in part
    state = re.compile(r'data-state="([^"]*)"')
    assert state.findall(part) != state.findall(waiting)
    assert only(store, SourceDelivery).verdict == "accepted"
    approval = only(store, Approval)
    assert approval.tool == "countersign.test"
    assert approval.id in part
    ana.send(f"{page}/test")
    with store.reading() as session:
        assert len(session.scalars(select(Approval)).all()) == 2
        changes = session.scalars(select(Event).where(Event.action == "source.changed"))
        assert [b"test_event" in (each.payload or b"") for each in changes] == [True, True]


def test_a_test_event_that_cannot_be_filed_shows_why(ana: Browser) -> None:
    odd = RIGHT | {"fields": RIGHT["fields"] | {"callback_url": "/back"}}
    page, _ = made(ana.send("/sources", name="In", kind="hmac", config=json.dumps(odd)))
    assert ana.send(f"{page}/test").status_code == 303
    assert "callback_url" in text_of(ana, page)
    ana.send(f"{page}/pause")
    assert ana.send(f"{page}/test").status_code == 409


def test_an_endpoint_is_made_changed_paused_resumed_and_removed_from_the_page(
    ana: Browser, store: Store
) -> None:
    url = "https://desk.example.net/in"
    page, endpoint_id = made(
        ana.send("/deliveries/endpoints", url=url, events="approval.decided", plain="on")
    )
    assert shown_secret(ana, page).startswith("whsec_")
    endpoint = only(store, Endpoint)
    assert (endpoint.id, endpoint.url, endpoint.events) == (
        endpoint_id,
        url,
        "approval.decided",
    )
    assert (endpoint.plain, endpoint.with_arguments) == (True, False)
    both = ana.post(
        f"{page}/wishes",
        data={
            "csrf_token": ana.csrf_token(),
            "events": ["*", "approval_consumed", "approval.reused"],
            "arguments": "on",
        },
    )
    assert both.status_code == 303
    endpoint = only(store, Endpoint)
    assert endpoint.events.split() == ["*", "approval_consumed", "approval.reused"]
    assert (endpoint.plain, endpoint.with_arguments) == (False, True)
    for verb, status in (("pause", "paused"), ("resume", "active")):
        ana.send(f"{page}/{verb}")
        assert only(store, Endpoint).status == status
    ana.send(f"{page}/remove")
    assert url not in text_of(ana, "/deliveries")
    assert ana.get(page).status_code == 404


def test_an_endpoints_new_secret_is_shown_and_both_sign_for_a_day(
    ana: Browser, store: Store
) -> None:
    url = "https://desk.example.net/in"
    page, _ = made(ana.send("/deliveries/endpoints", url=url, events="*"))
    old = shown_secret(ana, page)
    ana.send(f"{page}/rotate")
    assert shown_secret(ana, page) != old
    assert "the secret before signs too" in text_of(ana, page)
    assert only(store, Endpoint).old_secret is not None


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"url": "ftp://example.com/", "events": "*"}, "url"),
        ({"url": "https://example.com/"}, "events"),
        ({"url": "https://example.com/", "events": "approval.imagined"}, "events"),
    ],
)
def test_an_endpoint_that_could_not_work_is_refused_with_the_reason_at_its_field(
    ana: Browser, store: Store, typed: dict[str, str], field: str
) -> None:
    answer = ana.send("/deliveries/endpoints", arguments="on", **typed)
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert f'id="{field}-faults"' in page
    assert typed["url"] in page
    assert 'name="arguments" checked' in page
    with store.reading() as session:
        assert not session.scalars(select(Endpoint)).all()


def test_every_event_that_can_be_chosen_is_a_box_with_its_sentence(ana: Browser) -> None:
    assert set(ABOUT) | set(OLDER_NAMES) | {ALL_ON} == CHOICES
    form = text_of(ana, "/deliveries/new")
    assert set(re.findall(r'name="events" value="([^"]+)"', form)) == CHOICES
    for sentence in ABOUT.values():
        assert sentence in form


def test_a_test_is_on_its_way_at_once_and_shown_with_each_attempt(
    ana: Browser, store: Store
) -> None:
    page, _ = made(
        ana.send("/deliveries/endpoints", url="https://desk.example.net/in", events="*")
    )
    before = text_of(ana, page, HX_Request="true")
    assert ana.send(f"{page}/test").status_code == 303
    part = text_of(ana, page, HX_Request="true")
    assert "endpoint.test" in part
    assert part != before
    letter = only(store, Delivery)
    assert (letter.event, letter.status) == ("endpoint.test", "waiting")
    assert json.loads(letter.body)["type"] == "endpoint.test"
    tried = [[store.now(), 500, "The receiver answered 500."], [store.now(), 204, None]]
    store.write(lambda tx: _set(tx, letter.id, tries=json.dumps(tried)))
    shown = text_of(ana, f"/deliveries/{letter.id}")
    assert shown.index("Taken.") < shown.index("The receiver answered 500.")
    assert '"type": "endpoint.test"' in shown
    ana.send(f"{page}/pause")
    assert ana.send(f"{page}/test").status_code == 409


def _set(tx: Any, letter: str, **values: Any) -> None:
    for name, value in values.items():
        setattr(tx.session.get_one(Delivery, letter), name, value)
    tx.session.flush()


@pytest.mark.parametrize(
    ("failures", "opens_in", "said"),
    [
        (0, None, "Works"),
        (1, None, "Works, but the last attempt failed."),
        (3, None, "the last 3 attempts failed"),
        (5, 60_000, "it is left alone for a while"),
        (5, -1, "it is tried once now"),
    ],
)
def test_how_an_endpoint_fares_is_said_in_words(
    ana: Browser, store: Store, failures: int, opens_in: int | None, said: str
) -> None:
    page, endpoint_id = made(
        ana.send("/deliveries/endpoints", url="https://desk.example.net/in", events="*")
    )

    def fare(tx: Any) -> None:
        endpoint = tx.session.get_one(Endpoint, endpoint_id)
        endpoint.failures = failures
        endpoint.open_until = None if opens_in is None else tx.now + opens_in
        tx.session.flush()

    store.write(fare)
    for path in (page, "/deliveries"):
        assert said in text_of(ana, path)


def test_dead_letters_are_sent_again_one_by_one_and_all_of_an_endpoint(
    ana: Browser, store: Store, house: House
) -> None:
    page, endpoint_id = made(
        ana.send("/deliveries/endpoints", url="https://desk.example.net/in", events="*")
    )

    def die(tx: Any) -> None:
        about = {"org_id": house.org_id, "url": "https://example.com/", "seq": 1}
        times = {"next_at": tx.now, "created_at": tx.now, "ended_at": tx.now}
        said = {"event": "approval.decided", "body": "{}", "status": "dead"}
        for number in range(4):
            of = {"endpoint_id": endpoint_id if number else None}
            tx.session.add(Delivery(id=f"dlv_{number}", **of, **about, **times, **said))
        tx.session.flush()

    def states() -> list[str]:
        with store.reading() as session:
            return list(session.scalars(select(Delivery.status).order_by(Delivery.id)))

    store.write(die)
    ana.send("/deliveries/endpoints", url="https://other.example.net/in", events="*")
    with store.reading() as session:
        counts = [row.dead for row in traffic.endpoints(session, house.org_id)]
    assert counts == [3, 0]  # each its own
    assert "Send again" in text_of(ana, "/deliveries")
    assert ana.send("/deliveries/dlv_0/resend").status_code == 303
    assert states() == ["waiting", "dead", "dead", "dead"]
    assert "Send all again" in text_of(ana, page)
    assert ana.send(f"{page}/resend").status_code == 303
    assert states() == ["waiting"] * 4


def test_who_may_not_change_sources_changes_none(
    ana: Browser, signed_in: SignedIn, house: House, store: Store
) -> None:
    page, _ = made(ana.send("/sources", name="In", kind="standard"))
    reviewer, zoe = signed_in(house.rae), signed_in(house.zoe)
    for verb in ("pause", "rotate", "test", "token", "config"):
        assert reviewer.send(f"{page}/{verb}", token="t").status_code == 403
        assert zoe.send(f"{page}/{verb}", token="t").status_code == 404
    assert only(store, Source).status == "active"
