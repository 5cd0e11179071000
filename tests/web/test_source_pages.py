"""Sources and endpoints as a person changes them from the pages."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from webui.store.models import Approval, Delivery, Endpoint, Source, SourceDelivery

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, SignedIn
    from webui.store.store import Store

WRONG = {
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
    page = browser.get(path).get_data(as_text=True)
    found = re.search(r'<p class="secret"><code>([^<]+)</code>', page)
    assert found is not None, page
    assert found[1] not in browser.get(path).get_data(as_text=True)
    return found[1]


def test_a_source_is_made_mended_and_its_failed_delivery_filed_from_the_page(
    ana: Browser, store: Store
) -> None:
    made = ana.send("/sources", name="Gate", kind="hmac", config=json.dumps(WRONG))
    assert made.status_code == 303, made.get_data(as_text=True)
    secret = shown_secret(ana, "/sources")
    source = only(store, Source)
    body = b'{"tool":"db.drop","args":{"table":"users"}}'
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-signature": digest}
    refused = ana.post(f"/hooks/{source.id}", data=body, headers=headers)
    assert refused.status_code == 422
    page = ana.get(f"/sources/{source.id}").get_data(as_text=True)
    assert "File it now" in page
    replay = f"/sources/deliveries/{only(store, SourceDelivery).id}/replay"
    assert ana.send(replay).status_code == 422
    mended = ana.send(f"/sources/{source.id}/config", config=json.dumps(RIGHT))
    assert mended.status_code == 303
    filed = ana.send(replay)
    approval = only(store, Approval)
    assert filed.location.endswith(f"/approvals/{approval.id}")
    assert approval.tool == "db.drop"


def test_settings_that_are_no_json_are_told_with_what_was_typed(
    ana: Browser, store: Store
) -> None:
    answer = ana.send("/sources", name="Gate", kind="hmac", config="{signature")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "{signature" in page
    assert "JSON" in page


def test_a_source_is_paused_resumed_and_gets_a_new_secret(
    ana: Browser, store: Store
) -> None:
    ana.send("/sources", name="In", kind="standard")
    old = shown_secret(ana, "/sources")
    source = only(store, Source)
    ana.send(f"/sources/{source.id}/pause")
    assert only(store, Source).status == "paused"
    ana.send(f"/sources/{source.id}/resume")
    assert only(store, Source).status == "active"
    ana.send(f"/sources/{source.id}/rotate")
    assert shown_secret(ana, "/sources") != old


def test_an_endpoint_is_made_paused_resumed_and_removed_from_the_page(
    ana: Browser, store: Store
) -> None:
    url = "https://desk.example.net/in"
    made = ana.send("/deliveries/endpoints", url=url, events="approval.decided")
    assert made.status_code == 303
    assert shown_secret(ana, "/deliveries").startswith("whsec_")
    endpoint = only(store, Endpoint)
    assert (endpoint.url, endpoint.events) == (url, "approval.decided")
    for verb, status in (("pause", "paused"), ("resume", "active")):
        ana.send(f"/deliveries/endpoints/{endpoint.id}/{verb}")
        assert only(store, Endpoint).status == status
    ana.send(f"/deliveries/endpoints/{endpoint.id}/remove")
    assert url not in ana.get("/deliveries").get_data(as_text=True)


def test_an_endpoint_that_could_not_work_is_refused_with_the_reason(ana: Browser) -> None:
    answer = ana.send("/deliveries/endpoints", url="ftp://example.com/")
    assert answer.status_code == 422
    assert "https://" in answer.get_data(as_text=True)


def test_a_dead_letter_has_a_button_that_resends_it(
    ana: Browser, store: Store, house: House
) -> None:
    def die(tx: Any) -> None:
        about = {"org_id": house.org_id, "url": "https://example.com/", "seq": 1}
        times = {"next_at": tx.now, "created_at": tx.now, "ended_at": tx.now}
        said = {"event": "approval.decided", "body": "{}", "status": "dead"}
        tx.session.add(Delivery(id="dlv_1", approval_id=None, **about, **times, **said))
        tx.session.flush()

    store.write(die)
    assert "Send again" in ana.get("/deliveries").get_data(as_text=True)
    assert ana.send("/deliveries/dlv_1/resend").status_code == 303
    assert only(store, Delivery).status == "waiting"


def test_who_may_not_change_sources_changes_none(
    ana: Browser, signed_in: SignedIn, house: House, store: Store
) -> None:
    ana.send("/sources", name="In", kind="standard")
    source = only(store, Source)
    reviewer = signed_in(house.rae)
    for path in (f"/sources/{source.id}/pause", f"/sources/{source.id}/rotate"):
        assert reviewer.send(path).status_code == 403
    zoe = signed_in(house.zoe)
    assert zoe.send(f"/sources/{source.id}/pause").status_code == 404
    assert only(store, Source).status == "active"
