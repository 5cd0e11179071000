"""From an upstream's bytes to its answer, over HTTP both ways; and what is lost on the way."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from sqlalchemy import select

from tests.outbox.standins import CtrlRun, GitHub, Helio, StandIn
from tests.plugins.upstream import APP_KEY
from webui.approvals import nodes
from webui.approvals.senders import sources
from webui.approvals.states import Verdict
from webui.approvals.upstream import attempts, shutdown
from webui.approvals.upstream.trouble import trouble_of
from webui.inbox.replaying import replay
from webui.outbox.replier import Replier
from webui.store.models import Approval, Event
from webui.store.queries import traffic

if TYPE_CHECKING:
    from tests.plugins.desk import Browser, House, TestClock
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime

Some = TypeVar("Some", bound=StandIn)
SECRET = "a secret of more than thirty-two bytes"


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Iterator[Callable[[Some], Some]]:
    """Start stand-ins; they end with the test."""
    running: list[Any] = []

    def begin(standin: Some) -> Some:
        block = standin.running()
        block.__enter__()
        running.append(block)
        return standin

    yield begin
    for block in running:
        block.__exit__(None, None, None)


@pytest.fixture
def source(desk: Desk) -> Callable[..., str]:
    """Make a source of a kind; return its id."""

    def make(kind: str, config: dict[str, Any], token: str | None = None) -> str:
        made = desk.store.write(
            lambda tx: sources.create_source(
                tx,
                desk.house.org_id,
                kind=kind,
                name=kind,
                config=config,
                secret=SECRET,
                token=token,
            )
        )
        return made.source_id

    return make


@pytest.fixture
def replier(runtime: Runtime) -> Replier:
    """The attempts of one process."""
    return Replier(runtime)


@pytest.fixture
def tell(replier: Replier) -> Callable[[], int]:
    """Tell what is due, and wait for the answers; return how many attempts that were."""

    def once() -> int:
        began = replier.tell()
        replier.wait()
        return began

    return once


def send(browser: Browser, source_id: str, body: bytes, headers: dict[str, str]) -> str:
    sent = {"content-type": "application/json", **headers}
    answer = browser.post(f"/hooks/{source_id}", data=body, headers=sent)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    approval_id: str = answer.get_json()["id"]
    return approval_id


def signed(document: Any) -> tuple[bytes, str]:
    body = json.dumps(document).encode()
    return body, "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def ask_helio(browser: Browser, helio: Helio, source_id: str, ticket: str = "t-1") -> str:
    helio.tickets[ticket] = "pending"
    body, signature = signed(
        {
            "event": "approval_requested",
            "ticket": {
                "id": ticket,
                "tool_name": "delete_record",
                "tool_input": {"id": "123"},
                "matched_rule": "deletes",
                "session_id": "s",
                "timeout_at": "2099-01-01T00:00:00.000Z",
                "status": "pending",
            },
        }
    )
    return send(browser, source_id, body, {"x-helio-signature": signature})


@pytest.mark.parametrize(
    ("verdict", "there", "here"),
    [("approve", "approved", "consumed"), ("deny", "denied", "denied")],
)
def test_helios_ticket_is_settled_as_a_person_said(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
    verdict: str,
    there: str,
    here: str,
) -> None:
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    approval_id = ask_helio(browser, helio, source_id)
    assert desk.row(approval_id).reply_state == "open"
    assert desk.decide(house.rae, approval_id, Verdict(verdict), "because").applied
    assert tell() == 1
    assert helio.tickets["t-1"] == there
    assert house.rae.name in helio.by["t-1"].values()
    assert (desk.status(approval_id), desk.row(approval_id).reply_state) == (
        here,
        "confirmed",
    )


def test_an_upstream_out_of_order_is_told_again(
    browser: Browser,
    desk: Desk,
    house: House,
    clock: TestClock,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    helio = start(Helio())
    helio.broken = 2
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    approval_id = ask_helio(browser, helio, source_id)
    desk.decide(house.rae, approval_id)
    for delay in (1_000, 2_000):
        assert tell() == 1
        assert tell() == 0
        assert desk.status(approval_id) == "pending"
        clock.advance(delay)
    assert tell() == 1
    assert desk.status(approval_id) == "consumed"
    assert len(helio.requests) == 3


def test_an_upstream_that_is_away_is_no_yes(
    browser: Browser,
    desk: Desk,
    house: House,
    clock: TestClock,
    source: Any,
    tell: Any,
) -> None:
    helio = Helio()
    with helio.running():
        away = helio.url  # nobody listens there once the block is over
    source_id = source("helio", {"api_url": away}, "api-secret")
    approval_id = ask_helio(browser, helio, source_id)
    desk.decide(house.rae, approval_id)
    assert tell() == 1
    assert "The connection failed" in str(desk.row(approval_id).reply_error)
    clock.advance(900_000)
    assert tell() == 1
    assert desk.status(approval_id) == "expired"
    with desk.store.reading() as session:
        found = trouble_of(session, house.org_id, source_id)
    assert found is not None
    assert found.approval_id == approval_id


def test_a_wrong_token_opens_it_again_and_the_right_one_settles_it(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "wrong")
    approval_id = ask_helio(browser, helio, source_id)
    desk.decide(house.rae, approval_id)
    tell()
    row = desk.row(approval_id)
    assert (row.status, row.reply_state) == ("pending", "open")
    assert row.reply_error == "The source refused it with 401."
    desk.store.write(
        lambda tx: sources.set_token(tx, house.org_id, source_id, "api-secret")
    )
    desk.decide(house.rae, approval_id)
    tell()
    assert desk.status(approval_id) == "consumed"


def test_a_process_tells_no_more_at_once_than_it_has_places_for(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    replier: Replier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.outbox.replier.AT_ONCE", 1)
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    cards = [ask_helio(browser, helio, source_id, name) for name in ("a", "b")]
    for card in cards:
        desk.decide(house.rae, card)
    helio.let_go.clear()
    assert replier.tell() == 1, "one place, so one of the two"
    assert replier.tell() == 0, "and none while it is taken"
    helio.let_go.set()
    replier.wait()
    assert replier.tell() == 1, "the place is free again"
    replier.wait()
    assert [desk.status(card) for card in cards] == ["consumed", "consumed"]


def page_of(signed_in: Any, who: Any, source_id: str) -> str:
    text: str = signed_in(who).get(f"/sources/{source_id}").text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_a_verdict_that_never_gets_there_is_said_of_its_source_until_one_does_again(
    browser: Browser,
    desk: Desk,
    house: House,
    clock: TestClock,
    start: Any,
    source: Any,
    tell: Any,
    signed_in: Any,
    endpoint: Any,
    receive: Any,
    turn: Any,
    courier: Any,
) -> None:
    helio, receiver = start(Helio()), receive()
    endpoint(receiver.url, "source.failing")
    source_id = source("helio", {"api_url": helio.url}, "wrong")
    cards = [ask_helio(browser, helio, source_id, f"t-{at}") for at in range(3)]
    for card in cards[:2]:
        desk.decide(house.rae, card)
        tell()
    turn(courier)
    [(_, body)] = receiver.requests  # once, however many fail alike
    data = json.loads(body)["data"]
    assert data["subject"] == f"source:{source_id}"
    assert (data["code"], data["why"]) == ("not_told", "The source refused it with 401.")
    said = "A verdict did not get there: The source refused it with 401."
    assert said in page_of(signed_in, house.ana, source_id)
    desk.store.write(
        lambda tx: sources.set_token(tx, house.org_id, source_id, "api-secret")
    )
    assert said in page_of(signed_in, house.ana, source_id), "nothing has got there yet"
    helio.broken = 1
    desk.decide(house.rae, cards[2])
    tell()
    assert said in page_of(signed_in, house.ana, source_id)
    clock.advance(1_000)
    tell()
    assert desk.status(cards[2]) == "consumed"
    assert "did not get there" not in page_of(signed_in, house.ana, source_id)
    with desk.store.reading() as session:
        of_it = select(Event).where(Event.subject == f"source:{source_id}")
        log = session.scalars(of_it.order_by(Event.seq))
        actions = [each.action for each in log.all()]
    assert actions == [
        "source.created",
        "source.failing",
        "source.changed",
        "source.mended",
    ]
    turn(courier)
    assert receiver.types == ["source.failing"]


def test_what_was_settled_in_helio_meanwhile_counts(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    denied, lost = (ask_helio(browser, helio, source_id, name) for name in ("a", "b"))
    helio.tickets["a"] = "denied"
    del helio.tickets["b"]
    desk.decide(house.rae, denied)
    desk.decide(house.rae, lost)
    assert tell() == 2
    assert desk.row(denied).resolution == "upstream_replied"
    assert [desk.status(one) for one in (denied, lost)] == ["denied", "cancelled"]


def test_a_message_left_by_a_crash_is_sent_again_at_the_next_start(
    browser: Browser,
    desk: Desk,
    house: House,
    clock: TestClock,
    runtime: Runtime,
    start: Any,
    source: Any,
) -> None:
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    approval_id = ask_helio(browser, helio, source_id)
    desk.decide(house.rae, approval_id)
    assert len(desk.store.write(lambda tx: attempts.claim(tx, 1))) == 1
    after = Replier(runtime)
    if not desk.store.on_sqlite:
        assert after.tell() == 0, "another node may be sending it"
        clock.advance(attempts.LEASE_MS)
    assert after.tell() == 1
    after.wait()
    assert desk.status(approval_id) == "consumed"


def test_a_private_address_that_is_not_listed_is_never_called(
    browser: Browser,
    desk: Desk,
    house: House,
    source: Any,
    tell: Any,
) -> None:
    source_id = source("helio", {"api_url": "http://10.1.2.3"}, "api-secret")
    approval_id = ask_helio(browser, Helio(), source_id)
    desk.decide(house.rae, approval_id)
    tell()
    row = desk.row(approval_id)
    assert (row.status, row.reply_state) == ("pending", "open")
    assert "leads to a private network" in str(row.reply_error)


def test_a_source_whose_settings_no_longer_suffice_opens_it_again(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    helio = start(Helio())
    source_id = source("helio", {"api_url": helio.url}, "api-secret")
    approval_id = ask_helio(browser, helio, source_id)

    def spoil(tx: Any) -> None:
        sources.load(tx, house.org_id, source_id).config = "{}"
        tx.session.flush()

    desk.store.write(spoil)
    desk.decide(house.rae, approval_id)
    tell()
    assert desk.row(approval_id).reply_error == (
        "What the source sent or its settings do not say where to."
    )


@pytest.mark.parametrize(
    ("verdict", "there", "here"),
    [("approve", "granted", "consumed"), ("deny", "denied", "denied")],
)
def test_ctrlruns_own_package_takes_what_a_person_said(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
    verdict: str,
    there: str,
    here: str,
) -> None:
    gateway = start(CtrlRun())
    gateway.secret = SECRET
    source_id = source("ctrlrun", {"public_url": gateway.url})
    request_id, body, headers = gateway.ask()
    approval_id = send(browser, source_id, body, headers)
    desk.decide(house.rae, approval_id, Verdict(verdict), "because")
    assert tell() == 1
    assert (gateway.status(request_id), desk.status(approval_id)) == (there, here)


def test_an_answer_wanted_elsewhere_is_refused_and_filed_once_the_settings_name_the_place(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    runtime: Runtime,
) -> None:
    gateway = start(CtrlRun())
    gateway.secret = SECRET
    source_id = source("ctrlrun", {"public_url": "https://agents.example.com"})
    _, body, headers = gateway.ask()
    sent = {"content-type": "application/json", **headers}
    answer = browser.post(f"/hooks/{source_id}", data=body, headers=sent)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "respond_to_elsewhere")
    with desk.store.reading() as session:
        assert session.scalars(select(Approval)).all() == []
        [failed] = traffic.failures(session, house.org_id, source_id)
        [told] = session.scalars(select(Event).where(Event.action == "source.failing"))
    assert f"at '{gateway.url}', and that does not lie below https://agents" in failed.why
    assert b"respond_to_elsewhere" in (told.payload or b"")
    settings = {"public_url": gateway.url}
    desk.store.write(
        lambda tx: sources.change_config(tx, house.org_id, source_id, settings)
    )
    filed = replay(runtime, house.org_id, failed.id, actor="user:x")
    assert desk.row(filed).reply_state == "open"


def test_what_runs_out_here_is_denied_in_ctrlrun(
    browser: Browser,
    desk: Desk,
    clock: TestClock,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    gateway = start(CtrlRun())
    gateway.secret = SECRET
    source_id = source("ctrlrun", {"public_url": gateway.url})
    request_id, body, headers = gateway.ask()
    approval_id = send(browser, source_id, body, headers)
    desk.demand(approval_id, expires_at=desk.row(approval_id).created_at + 1_000)
    clock.advance(2_000)
    desk.sweep()
    assert tell() == 1
    assert gateway.status(request_id) == "denied"
    assert desk.row(approval_id).reply_state == "confirmed"


def ask_github(browser: Browser, api: str, source_id: str, deployment: int = 42) -> str:
    runs = f"{api}/repos/acme/shop/actions/runs/99"
    body, signature = signed(
        {
            "action": "requested",
            "environment": "production",
            "event": "push",
            "deployment_callback_url": f"{runs}/deployment_protection_rule",
            "deployment": {"id": deployment, "sha": "d34db33f", "ref": "main"},
            "repository": {"full_name": "acme/shop"},
            "installation": {"id": 1234},
        }
    )
    headers = {
        "x-hub-signature-256": signature,
        "x-github-event": "deployment_protection_rule",
    }
    return send(browser, source_id, body, headers)


@pytest.mark.parametrize(
    ("verdict", "there", "here"),
    [("approve", "approved", "consumed"), ("deny", "rejected", "denied")],
)
def test_github_hears_of_the_app_what_a_person_said(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
    verdict: str,
    there: str,
    here: str,
) -> None:
    github = start(GitHub(APP_KEY))
    source_id = source("github", {"app_id": 7, "api_url": github.url}, APP_KEY)
    approval_id = ask_github(browser, github.url, source_id)
    desk.decide(house.rae, approval_id, Verdict(verdict), "because")
    tell()
    [review] = github.reviews
    assert review["state"] == there
    assert f"by {house.rae.name} in Countersign" in review["comment"]
    assert desk.status(approval_id) == here


def test_a_deployment_that_github_no_longer_lists_is_gone(
    browser: Browser,
    desk: Desk,
    house: House,
    start: Any,
    source: Any,
    tell: Any,
) -> None:
    github = start(GitHub(APP_KEY))
    source_id = source("github", {"app_id": 7, "api_url": github.url}, APP_KEY)
    approval_id = ask_github(browser, github.url, source_id)
    github.waiting.clear()
    desk.decide(house.rae, approval_id)
    tell()
    assert (desk.status(approval_id), desk.row(approval_id).reply_state) == (
        "cancelled",
        "gone",
    )


def test_the_last_node_to_stop_rejects_what_is_open_of_a_source_that_says_so(
    browser: Browser,
    desk: Desk,
    start: Any,
    source: Any,
    replier: Replier,
) -> None:
    helio = start(Helio())
    config = {"api_url": helio.url}
    kept = ask_helio(browser, helio, source("helio", config, "api-secret"), "kept")
    rejecting = source("helio", {**config, "on_shutdown": "reject"}, "api-secret")
    ended = ask_helio(browser, helio, rejecting, "ended")
    desk.store.write(lambda tx: nodes.seen(tx, "another", "other.example"))
    replier.close()
    assert helio.tickets == {"kept": "pending", "ended": "pending"}
    assert desk.status(ended) == "pending"
    desk.store.write(lambda tx: nodes.leave(tx, "another"))
    replier.close()
    assert desk.store.write(lambda tx: shutdown.leave(tx, "another")) == 0
    assert helio.tickets == {"kept": "pending", "ended": "denied"}
    with desk.store.reading() as session:
        found = session.scalars(select(Approval).order_by(Approval.id)).all()
        assert [(one.id, one.status) for one in found] == [
            (kept, "pending"),
            (ended, "cancelled"),
        ]
