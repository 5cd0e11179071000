"""Interrupts of real LangChain and LangGraph graphs, posted, decided, and the graphs resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypedDict

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, ToolCall
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from webui.approvals.agents import agents
from webui.approvals.senders import sources
from webui.approvals.states import Verdict
from webui.inbox.resuming import resume
from webui.receivers.answers import Answer
from webui.receivers.kind import Refused
from webui.receivers.langgraph_forms import read_value, resume_value
from webui.store.models import Approval

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.plugins.desk import Browser, House, TestClock
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime
    from webui.store.store import Store

THREAD: Any = {"configurable": {"thread_id": "t1"}}


@dataclass
class Poster:
    """The program that runs the graph."""

    browser: Browser
    store: Store
    source_id: str
    secret: str

    def post(self, body: Any, message_id: str = "msg_1") -> TestResponse:
        text = json.dumps(body)
        at = datetime.fromtimestamp(self.store.now() // 1000, UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, at, text),
        }
        return self.browser.post(f"/hooks/{self.source_id}", data=text, headers=headers)

    def ids(self, answer: TestResponse) -> list[str]:
        assert answer.status_code == 202, answer.get_data(as_text=True)
        return [one["id"] for one in answer.get_json()["approvals"]]


@pytest.fixture
def poster(browser: Browser, store: Store, house: House) -> Poster:
    made = store.write(
        lambda tx: sources.create_source(tx, house.org_id, kind="langgraph", name="Graph")
    )
    return Poster(browser, store, made.source_id, made.secret)


class Model(GenericFakeChatModel):
    def bind_tools(self, *_args: Any, **_more: Any) -> Model:
        return self


def agent_that_pays(
    ran: list[Any], mode: str = "batched", allowed: Sequence[str] = ()
) -> Any:
    def pay(to: str, amount: int = 1) -> str:
        """Pay somebody."""
        ran.append((to, amount))
        return "paid"

    def says() -> Iterator[AIMessage]:
        calls = [
            ToolCall(name="pay", args={"to": "ana", "amount": 5}, id="c1"),
            ToolCall(name="pay", args={"to": "ana", "amount": 5}, id="c2"),
            ToolCall(name="pay", args={"to": "eve"}, id="c3"),
        ]
        yield AIMessage("", tool_calls=calls)
        yield AIMessage("done")

    pays: Any = {"allowed_decisions": list(allowed)} if allowed else True
    gate = HumanInTheLoopMiddleware(interrupt_on={"pay": pays}, interrupt_mode=mode)  # type: ignore[arg-type]
    return create_agent(
        Model(messages=says()), [pay], middleware=[gate], checkpointer=InMemorySaver()
    )


def test_the_actions_of_a_batch_are_cards_and_the_graph_resumes_with_all_answers(
    poster: Poster, desk: Desk, house: House
) -> None:
    ran: list[Any] = []
    agent = agent_that_pays(ran)
    [found] = agent.invoke({"messages": [("user", "pay")]}, THREAD)["__interrupt__"]
    body = {"value": found.value, "id": found.id, "thread_id": "t1"}
    first, second, third = poster.ids(poster.post(body))
    assert len({first, second, third}) == 3
    desk.decide(house.rae, third, Verdict.DENY, reason="who is eve")
    desk.edit(house.rae, second, {"to": "ana", "amount": 2})
    waits = poster.post(body)
    assert (waits.status_code, waits.get_json()["complete"]) == (200, False)
    assert waits.get_json()["resume"] is None
    desk.decide(house.rae, first)
    told = poster.post(body).get_json()
    assert told["complete"] is True
    assert told["resume"] == {
        "decisions": [
            {"type": "approve"},
            {
                "type": "edit",
                "edited_action": {"name": "pay", "args": {"to": "ana", "amount": 2}},
            },
            {"type": "reject", "message": "A reviewer denied this call: who is eve"},
        ]
    }
    agent.invoke(Command(resume=told["resume"]), THREAD)
    assert sorted(ran) == [("ana", 2), ("ana", 5)]
    assert poster.post(body).get_json()["resume"] == told["resume"]
    for each in (first, second):
        assert desk.status(each) == "consumed"
        assert desk.actions(each).count("approval.consumed") == 1


def test_each_call_of_per_call_mode_is_an_interrupt_of_its_own(
    poster: Poster, desk: Desk, house: House
) -> None:
    ran: list[Any] = []
    agent = agent_that_pays(ran, "per_call")
    found = agent.invoke({"messages": [("user", "pay")]}, THREAD)["__interrupt__"]
    answers = {}
    for at, one in enumerate(found):
        body = {"value": one.value, "id": one.id}
        [card] = poster.ids(poster.post(body, f"msg_{at}"))
        verdict = Verdict.DENY if one.value["args"]["to"] == "eve" else Verdict.APPROVE
        desk.decide(house.rae, card, verdict, reason="so")
        answers[one.id] = poster.post(body, f"msg_{at}").get_json()["resume"]
    agent.invoke(Command(resume=answers), THREAD)
    assert ran == [("ana", 5), ("ana", 5)]


@pytest.mark.parametrize("listed", [True, False])
def test_a_human_interrupt_of_agent_inbox_resumes_with_a_list(
    poster: Poster, desk: Desk, house: House, listed: bool
) -> None:
    class State(TypedDict, total=False):
        said: Any

    asked = {
        "action_request": {"action": "send_email", "args": {"to": "ana"}},
        "config": {
            "allow_ignore": True,
            "allow_respond": True,
            "allow_edit": True,
            "allow_accept": True,
        },
        "description": "An e-mail",
    }
    graph = StateGraph(State)
    graph.add_node("ask", lambda _: {"said": interrupt([asked] if listed else asked)})
    graph.add_edge(START, "ask")
    compiled = graph.compile(checkpointer=InMemorySaver())
    [found] = compiled.invoke({}, THREAD)["__interrupt__"]
    body = {"value": found.value, "id": found.id}
    [card] = poster.ids(poster.post(body))
    assert desk.row(card).reason == "An e-mail"
    desk.edit(house.rae, card, {"to": "bo"})
    value = poster.post(body).get_json()["resume"]
    said = compiled.invoke(Command(resume=value), THREAD)["said"]
    assert said == [
        {"type": "edit", "args": {"action": "send_email", "args": {"to": "bo"}}}
    ]


HITL = {
    "action_requests": [{"name": "pay", "args": {"to": "ana"}}],
    "review_configs": [{"action_name": "pay", "allowed_decisions": ["approve", "reject"]}],
}


def test_its_agent_reads_the_same_by_the_api(
    poster: Poster, runtime: Runtime, desk: Desk, house: House, store: Store
) -> None:
    from webui.api.app import create_app  # noqa: PLC0415

    [card] = poster.ids(poster.post(HITL))
    row = desk.row(card)
    assert row.allowed_decisions == "approve deny"
    key = store.write(lambda tx: agents.create_key(tx, row.org_id, row.agent_id))
    api = create_app(runtime).test_client()

    def read(text: str) -> TestResponse:
        return api.get(
            f"/api/v1/interrupts/{card}",
            headers={"Authorization": f"Bearer {text}"},
            base_url="http://127.0.0.1:9111",
        )

    assert read(key).status_code == 202
    assert read(house.ci.key).status_code == 404
    desk.decide(house.rae, card)
    told = read(key)
    assert (told.status_code, told.get_json()["resume"]) == (
        200,
        {"decisions": [{"type": "approve"}]},
    )


def test_a_deadline_rejects_and_what_was_used_elsewhere_is_not_told_to_run(
    poster: Poster, desk: Desk, house: House, clock: TestClock, runtime: Runtime
) -> None:
    [late] = poster.ids(poster.post(HITL))
    clock.advance(901_000)
    row = desk.row(late)
    found = resume(runtime, row.org_id, row.agent_id, late)
    assert found.value["decisions"][0]["type"] == "reject"
    [used] = poster.ids(poster.post(HITL, "msg_2"))
    desk.decide(house.rae, used)
    from webui.approvals.asking.ask import Filer  # noqa: PLC0415
    from webui.approvals.use import leases, using  # noqa: PLC0415

    filer = Filer(row.agent_id, row.org_id)
    print_of = desk.row(used).fingerprint
    lease = leases.Lease()
    taken = runtime.store.write(lambda tx: using.consume(tx, filer, used, print_of, lease))
    assert isinstance(taken, using.Used)
    token = taken.lease_token
    runtime.store.write(lambda tx: leases.report(tx, filer, used, token, "ok", "ran"))
    found = resume(runtime, row.org_id, row.agent_id, used)
    assert found.value["decisions"][0]["type"] == "reject"


def test_a_yes_that_the_policy_refused_once_stays_a_no(
    poster: Poster, desk: Desk, house: House
) -> None:
    rule = 'version: "1"\ntools:\n  pay:\n    rules: [{{name: pays, action: {}}}]\n'
    desk.set_policy(rule.format("require_approval"))
    [card] = poster.ids(poster.post(HITL))
    desk.decide(house.rae, card)
    desk.set_policy(rule.format("deny"))
    first = poster.post(HITL).get_json()
    assert first["resume"]["decisions"][0]["type"] == "reject"
    assert "may not run now" in first["resume"]["decisions"][0]["message"]
    desk.set_policy(rule.format("require_approval"))
    again = poster.post(HITL).get_json()
    assert again["resume"]["decisions"][0]["type"] == "reject"
    assert (again["approvals"][0]["status"], desk.status(card)) == ("revoked", "revoked")
    assert desk.actions(card).count("approval.consumed") == 0


ARGS = {"a": 1}
OLD = {
    "action_requests": [{"name": "t", "arguments": ARGS}],
    "review_configs": [
        {"action_name": "t", "allowed_decisions": ["approve", "edit", "reject"]}
    ],
}
CAMEL = {
    "actionRequests": [{"name": "t", "args": ARGS}],
    "reviewConfigs": [{"actionName": "t", "allowedDecisions": ["edit", "respond"]}],
}


def inbox(**allowed: bool) -> dict[str, Any]:
    return {"action_request": {"action": "t", "args": ARGS}, "config": allowed}


@pytest.mark.parametrize(
    ("value", "answer", "resumed"),
    [
        (
            OLD,
            Answer("edit", arguments={"a": 2}),
            {
                "decisions": [
                    {"type": "edit", "edited_action": {"name": "t", "arguments": {"a": 2}}}
                ]
            },
        ),
        (
            CAMEL,
            Answer("edit", arguments={"a": 2}),
            {
                "decisions": [
                    {"type": "edit", "editedAction": {"name": "t", "args": {"a": 2}}}
                ]
            },
        ),
        (
            CAMEL,
            Answer("deny", "no"),
            {"decisions": [{"type": "respond", "message": "no"}]},
        ),
        (
            CAMEL,
            Answer("respond", "yes"),
            {"decisions": [{"type": "respond", "message": "yes"}]},
        ),
        (OLD, Answer("deny", "no"), {"decisions": [{"type": "reject", "message": "no"}]}),
        (
            inbox(allow_accept=True),
            Answer("approve"),
            [{"type": "accept", "args": {"action": "t", "args": ARGS}}],
        ),
        (
            inbox(allow_accept=True),
            Answer("deny", "no"),
            [{"type": "ignore", "args": None}],
        ),
        (
            inbox(allow_respond=True),
            Answer("deny", "no"),
            [{"type": "response", "args": "no"}],
        ),
    ],
)
def test_every_form_is_answered_in_its_own_words(
    value: Any, answer: Answer, resumed: Any
) -> None:
    assert resume_value(read_value(value, json.dumps(value)), [answer]) == resumed


def _but(value: Any, change: Callable[[Any], object]) -> Any:
    copied = json.loads(json.dumps(value))
    change(copied)
    return copied


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        [1],
        {"type": "tool_approval"},
        {"type": "tool_approval", "name": "t", "args": []},
        {"action_requests": [], "review_configs": []},
        {"action_requests": {}, "review_configs": []},
        {"action_requests": [1], "review_configs": []},
        _but(OLD, lambda v: v.pop("review_configs")),
        _but(OLD, lambda v: v["review_configs"][0].update(action_name="other")),
        _but(OLD, lambda v: v["review_configs"][0].update(allowed_decisions=["run"])),
        _but(OLD, lambda v: v["review_configs"][0].update(allowed_decisions=[])),
        _but(OLD, lambda v: v["review_configs"][0].update(allowed_decisions=[[]])),
        _but(OLD, lambda v: v["action_requests"][0].update(arguments=None)),
        _but(OLD, lambda v: v["action_requests"][0].update(name="")),
        _but(OLD, lambda v: v["action_requests"].extend(v["action_requests"] * 50)),
        {"action_request": {"action": "t", "args": {}}},
        {"action_request": {"action": "t", "args": {}}, "config": {"allow_edit": "yes"}},
        {"action_request": {"args": {}}, "config": {}},
    ],
    ids=range(19),
)
def test_an_interrupt_of_another_form_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        read_value(value, json.dumps(value))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"oneOf": []},
        {"oneOf": [{"$ref": "#/$defs/x"}]},
        {"properties": {"type": {"enum": ["approve"]}}},
        {"properties": {"type": {"const": "run"}}},
        {"properties": {"type": {"const": "edit"}}},
        {"$defs": [], "$ref": "#/$defs/x"},
    ],
    ids=str,
)
def test_a_response_schema_of_something_else_is_refused(schema: Any) -> None:
    value = {"type": "tool_approval", "name": "t", "args": ARGS}
    with pytest.raises(Refused):
        read_value(value, json.dumps(value), schema)


@pytest.mark.parametrize(
    "change",
    [
        {"who": 1},
        {"response_schema": []},
        {"id": 1},
        {"thread_id": []},
        {"callback_url": "ftp://x"},
        {"expires_in": 0},
    ],
    ids=str,
)
def test_what_stands_beside_an_interrupt_is_checked(
    poster: Poster, store: Store, change: dict[str, Any]
) -> None:
    assert poster.post({"value": HITL, **change}).status_code == 422
    with store.reading() as session:
        assert session.scalars(select(Approval)).all() == []
