"""Graphs of the official packages, interrupted and resumed from what their callback was told alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from langgraph.types import Command
from pydantic import ValidationError
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from tests.web.test_langgraph import HITL, THREAD, Poster, agent_that_pays
from webui.approvals.errors import DeskError
from webui.approvals.senders import letters, sources
from webui.approvals.states import Verdict
from webui.inbox.replaying import replay
from webui.outbox.secrets import callback_secret
from webui.store.models import Delivery, Source, SourceDelivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.outbox.conftest import Receiver, StartReceiver
    from tests.plugins.desk import Browser, House, TestClock
    from tests.plugins.rules import Desk
    from webui.outbox.courier import Courier
    from webui.store.store import Store

RULE = 'version: "1"\ntools:\n  pay:\n    rules: [{{name: pays, action: {}}}]\n'


@pytest.fixture
def poster(browser: Browser, store: Store, house: House) -> Poster:
    """A program that runs a graph, and has a source of its own."""
    made = store.write(
        lambda tx: sources.create_source(tx, house.org_id, kind="langgraph", name="Graph")
    )
    return Poster(browser, store, made.source_id, made.secret)


@pytest.fixture
def send(courier: Courier, turn: Callable[[Courier], int]) -> Callable[[], int]:
    """Send what is due."""
    return lambda: turn(courier)


def told(receiver: Receiver, store: Store) -> list[dict[str, Any]]:
    """Return what a callback was told to resume with, each verified as its agent verifies it."""
    with store.reading() as session:
        agent_id = session.scalars(select(Source.agent_id)).one()
    proof = Webhook(callback_secret(store.keyring, agent_id))
    found = []
    for (
        headers,
        body,
    ) in receiver.requests:  # signed by the desk's clock, which may be ahead
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signature = proof.sign(headers["webhook-id"], at, body.decode())
        assert signature in headers["webhook-signature"].split()
        message = json.loads(body)
        if message["type"] == "interrupt.answered":
            found.append(message["data"])
    return found


def test_a_graph_goes_on_by_what_its_callback_was_told(
    poster: Poster, desk: Desk, house: House, receive: StartReceiver, send: Any
) -> None:
    ran: list[Any] = []
    receiver, agent = receive(), agent_that_pays(ran)
    [found] = agent.invoke({"messages": [("user", "pay")]}, THREAD)["__interrupt__"]
    body = {"value": found.value, "id": found.id, "thread_id": "t1", "run_id": "r1"}
    first, second, third = poster.ids(poster.post(body | {"callback_url": receiver.url}))
    desk.decide(house.rae, third, Verdict.DENY, reason="who is eve")
    desk.edit(house.rae, second, {"to": "ana", "amount": 2})
    send()
    assert told(receiver, desk.store) == []
    assert desk.status(second) == "approved", "nothing is used before all is answered"
    desk.decide(house.rae, first)
    send()
    [data] = told(receiver, desk.store)
    assert data["interrupt"] == {"id": found.id, "thread_id": "t1", "run_id": "r1"}
    assert [one["id"] for one in data["approvals"]] == [first, second, third]
    assert [one["status"] for one in data["approvals"]] == [
        "consumed",
        "consumed",
        "denied",
    ]
    assert data["resume"]["decisions"][1]["edited_action"]["args"]["amount"] == 2
    assert data["command"] == {"resume": {found.id: data["resume"]}}
    thread = {"configurable": {"thread_id": data["interrupt"]["thread_id"]}}
    agent.invoke(Command(**data["command"]), thread)
    assert sorted(ran) == [("ana", 2), ("ana", 5)]
    assert poster.post(body).get_json()["resume"] == data["resume"]
    send()
    assert len(told(receiver, desk.store)) == 1


def test_each_interrupt_of_per_call_is_told_by_its_id_and_takes_what_its_tool_allows(
    poster: Poster, desk: Desk, house: House, receive: StartReceiver, send: Any
) -> None:
    ran: list[Any] = []
    receiver, agent = receive(), agent_that_pays(ran, "per_call")
    found = agent.invoke({"messages": [("user", "pay")]}, THREAD)["__interrupt__"]
    cards = []
    for one in found:
        body = {"value": one.value, "id": one.id, "response_schema": one.response_schema}
        sent = poster.post(body | {"callback_url": receiver.url}, one.id)
        cards += poster.ids(sent)
    assert {desk.row(card).allowed_decisions for card in cards} == {
        "approve deny edit respond"
    }
    with pytest.raises(DeskError):  # its tool takes a number: the schema says so
        desk.edit(house.rae, cards[0], {"to": "ana", "amount": "much"})
    desk.edit(house.rae, cards[0], {"to": "ana", "amount": 3})
    desk.decide(house.rae, cards[1], Verdict.RESPOND, answer="She was paid already.")
    desk.decide(house.rae, cards[2], Verdict.DENY, reason="who is eve")
    send()
    resume: dict[str, Any] = {}
    for data in told(receiver, desk.store):
        resume |= data["command"]["resume"]
    assert set(resume) == {one.id for one in found}
    ended = agent.invoke(Command(resume=resume), THREAD)
    assert ran == [("ana", 3)]
    said = [str(message.content) for message in ended["messages"]]
    assert "She was paid already." in said
    assert any("who is eve" in each for each in said)


@pytest.mark.parametrize(
    ("allowed", "offered"),
    [
        (["approve", "reject"], "approve deny"),
        (["approve", "respond"], "approve deny respond"),
        (["edit", "reject"], "deny edit"),
        (["approve"], "approve deny"),
    ],
    ids=str,
)
def test_what_a_tool_of_per_call_does_not_allow_is_not_taken(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    send: Any,
    allowed: list[str],
    offered: str,
) -> None:
    ran: list[Any] = []
    receiver, agent = receive(), agent_that_pays(ran, "per_call", allowed)
    one, *_ = agent.invoke({"messages": [("user", "pay")]}, THREAD)["__interrupt__"]
    body = {"value": one.value, "id": one.id, "response_schema": one.response_schema}
    [card] = poster.ids(poster.post(body | {"callback_url": receiver.url}))
    assert desk.row(card).allowed_decisions == offered
    if "edit" not in offered:
        with pytest.raises(DeskError):
            desk.edit(house.rae, card, {"to": "ana", "amount": 3})
    if "respond" not in offered:
        with pytest.raises(DeskError):
            desk.decide(house.rae, card, Verdict.RESPOND, answer="No need.")
    desk.decide(house.rae, card, Verdict.DENY, reason="no")
    send()
    [data] = told(receiver, desk.store)
    if {"reject", "respond"} & set(allowed):
        agent.invoke(Command(**data["command"]), THREAD)
    else:  # a no is always possible here, and there nothing runs
        with pytest.raises(ValidationError):
            agent.invoke(Command(**data["command"]), THREAD)
    assert ran == []


def test_cards_that_are_answered_together_are_told_once(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    send: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = receive()
    value: dict[str, Any] = {**HITL}
    value["action_requests"] = value["action_requests"] * 2
    cards = poster.ids(poster.post({"value": value, "callback_url": receiver.url}))
    for card in cards:
        desk.decide(house.rae, card)
    # one event at a time: the first answer is looked at when the second is there already
    monkeypatch.setattr("webui.outbox.fanning.STEP", 1)
    send()
    assert receiver.types.count("approval.decided") == 2
    [data] = told(receiver, desk.store)
    assert data["resume"] == {"decisions": [{"type": "approve"}] * 2}


def test_what_the_policy_settles_at_once_is_told_too(
    poster: Poster, desk: Desk, receive: StartReceiver, send: Any
) -> None:
    receiver = receive()
    desk.set_policy(RULE.format("allow"))
    answer = poster.post({"value": HITL, "callback_url": receiver.url})
    send()
    [data] = told(receiver, desk.store)
    assert data["resume"] == answer.get_json()["resume"] == data["command"]["resume"]
    assert data["interrupt"] == {}


def test_a_deadline_is_told_as_a_no(
    poster: Poster, desk: Desk, receive: StartReceiver, send: Any, clock: TestClock
) -> None:
    receiver = receive()
    poster.post({"value": HITL, "callback_url": receiver.url})
    clock.advance(901_000)
    desk.sweep()
    send()
    [data] = told(receiver, desk.store)
    assert data["resume"]["decisions"][0]["type"] == "reject"


def test_what_is_sent_again_says_the_same_and_is_known_by_its_id(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    answer: Any,
    send: Any,
    clock: TestClock,
) -> None:
    receiver = receive(answer("503 Service Unavailable"))
    [card] = poster.ids(poster.post({"value": HITL, "callback_url": receiver.url}))
    desk.decide(house.rae, card)
    send()
    clock.advance(3_600_000)
    receiver.behave = answer()
    send()
    found = [
        (headers["webhook-id"], body)
        for headers, body in receiver.requests
        if b"interrupt.answered" in body
    ]
    assert len(found) == 2
    assert found[0] == found[1]
    assert desk.actions(card).count("approval.consumed") == 1


def test_no_answer_lies_in_the_open_and_a_dead_letter_is_sent_whole(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    answer: Any,
    send: Any,
) -> None:
    receiver = receive(answer("400 Bad Request"))
    value = HITL | {
        "review_configs": [{"action_name": "pay", "allowed_decisions": ["edit"]}]
    }
    [card] = poster.ids(poster.post({"value": value, "callback_url": receiver.url}))
    desk.edit(house.rae, card, {"to": "bo-secretly"})
    send()
    with desk.store.reading() as session:
        kept = session.scalars(
            select(Delivery).where(Delivery.event == "interrupt.answered")
        ).one()
    assert kept.endpoint_id is None
    assert "bo-secretly" not in kept.body
    receiver.behave = answer()
    receiver.requests.clear()
    if kept.status == "dead":
        desk.store.write(lambda tx: letters.resend(tx, house.org_id, kept.id))
    else:
        desk.clock.advance(3_600_000)
    send()
    [data] = told(receiver, desk.store)
    assert data["resume"]["decisions"][0]["edited_action"]["args"] == {"to": "bo-secretly"}


def test_what_is_kept_no_more_is_given_up(
    poster: Poster, desk: Desk, house: House, receive: StartReceiver, send: Any
) -> None:
    receiver = receive()
    [card] = poster.ids(poster.post({"value": HITL, "callback_url": receiver.url}))

    def forget(tx: Any) -> None:
        for each in tx.session.scalars(select(SourceDelivery)):
            tx.session.delete(each)
        tx.session.flush()

    desk.store.write(forget)
    desk.decide(house.rae, card)
    send()
    assert told(receiver, desk.store) == []
    with desk.store.reading() as session:
        kept = session.scalars(
            select(Delivery).where(Delivery.event == "interrupt.answered")
        ).one()
    assert (kept.status, kept.last_error) == (
        "dead",
        "What the graph would be resumed with is kept no more.",
    )


def test_what_an_admin_filed_by_hand_is_told_too(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    send: Any,
    runtime: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = receive()
    with monkeypatch.context() as patched:  # as a source of an older version refused it
        patched.setattr("webui.receivers.langgraph._ENVELOPE", frozenset({"value"}))
        refused = poster.post({"value": HITL, "callback_url": receiver.url})
    assert refused.status_code == 422
    with desk.store.reading() as session:
        kept = session.scalars(select(SourceDelivery)).one()
    card = replay(runtime, house.org_id, kept.id, actor="user:x")
    desk.decide(house.rae, card)
    send()
    [data] = told(receiver, desk.store)
    assert data["resume"] == {"decisions": [{"type": "approve"}]}


def test_an_endpoint_of_everything_is_not_told_the_answers(
    poster: Poster,
    desk: Desk,
    house: House,
    receive: StartReceiver,
    send: Any,
    endpoint: Any,
) -> None:
    receiver, other = receive(), receive()
    endpoint(other.url)
    [card] = poster.ids(poster.post({"value": HITL, "callback_url": receiver.url}))
    desk.decide(house.rae, card)
    send()
    assert "approval.decided" in other.types
    assert "interrupt.answered" not in other.types
    assert receiver.types.count("interrupt.answered") == 1
