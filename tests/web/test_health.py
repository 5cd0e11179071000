"""What machines ask."""

import re
from functools import partial

from sqlalchemy import update

from tests.plugins.desk import Browser, FileCall, House, SignedIn, TestClock
from webui.approvals import nodes
from webui.approvals.agents import tokens
from webui.runtime import Runtime
from webui.store.models import User
from webui.store.queries import load
from webui.store.store import Store


def test_it_is_alive_and_ready(browser: Browser, house: House) -> None:
    assert browser.get("/healthz").get_data(as_text=True) == "ok\n"
    assert browser.get("/readyz").get_json() == {"failing": [], "ready": True}


def test_a_stopping_process_is_not_ready(
    browser: Browser, house: House, runtime: Runtime
) -> None:
    runtime.bus.stop()
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["failing"] == ["stopping"]


def test_the_public_keys_are_published(browser: Browser, house: House) -> None:
    told = browser.get("/.well-known/countersign.json").get_json()
    assert told["receipt_keys"]["keys"][0]["crv"] == "Ed25519"
    assert any(house.org_id in vkey for vkey in told["audit_vkeys"])


def test_the_metrics_count_the_nodes_that_live(
    runtime: Runtime, store: Store, clock: TestClock
) -> None:
    for node in "abc":
        store.write(partial(nodes.seen, node=node, host="h"))
    clock.advance(nodes.LEASE_MS)
    for node in "ab":
        store.write(partial(nodes.seen, node=node, host="h"))
    with store.reading() as session:
        assert load.of_instance(session, store.now()).nodes == 2


def test_the_metrics_are_for_instance_admins(
    browser: Browser,
    signed_in: SignedIn,
    house: House,
    store: Store,
    file_call: FileCall,
) -> None:
    file_call()
    assert browser.get("/metrics").status_code == 401
    assert signed_in(house.ana).get("/metrics").status_code == 403
    token = store.write(
        lambda tx: tokens.create_token(tx, house.org_id, house.ana.id, label="prometheus")
    )
    bearer = {"Authorization": f"Bearer {token}"}
    assert browser.get("/metrics", headers=bearer).status_code == 401
    admin = update(User).where(User.id == house.ana.id).values(instance_admin=True)
    store.write(lambda tx: tx.execute(admin) and None)
    answer = browser.get("/metrics", headers=bearer)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    text = answer.get_data(as_text=True)
    assert re.search(r"^countersign_approvals_waiting 1$", text, re.MULTILINE)
    assert re.search(r"^countersign_nodes 1$", text, re.MULTILINE)
    wrong = {"Authorization": f"Bearer {token[:-1]}x"}
    assert browser.get("/metrics", headers=wrong).status_code == 401
