"""What the page of a new source says to paste, run as it stands there."""

from __future__ import annotations

import json
import re

import pytest
import requests
import yaml

from tests.docs.reader import TIMEOUT, Reader
from tests.docs.world import (
    ASKS,
    DISCORD,
    SLACK,
    World,
    discord_signed,
    post,
    slack_click,
    ticket,
)
from tests.plugins import chats as platforms
from tests.plugins.upstream import APP_KEY


def quiet(channel: str) -> str:
    """Settings of a chat in which nothing is posted: it is another test that looks there."""
    return json.dumps({"channel": channel, "tools": ["none.of.these"]})


@pytest.mark.parametrize("kind", ["standard", "cloudevents", "hmac"])
def test_what_a_senders_page_says_files_a_call(reader: Reader, kind: str) -> None:
    *_, snippet = reader.made(kind)
    said = yaml.safe_load(
        reader.shell(snippet) if kind == "hmac" else reader.python(snippet)
    )
    assert reader.status(said["id"]) == said["status"] == "pending"


GRAPH = """
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
def pay(state):
    asked = {"action_request": {"action": "pay_once", "args": state}, "config": {"allow_accept": True}}
    return {"said": interrupt([asked])[0]["type"]}
made = StateGraph(dict).add_node(pay).add_edge(START, "pay").compile(InMemorySaver())
print(invoke(made, {"to": "ana"}, {"configurable": {"thread_id": "t"}})["said"])
"""
"""A graph of the reader's own."""


@pytest.mark.sure  # LangGraph takes seconds to import; the page of the docs runs in make test
def test_what_langgraphs_page_says_resumes_a_graph(reader: Reader) -> None:
    [snippet] = reader.made("langgraph")
    program = reader.start(snippet + GRAPH)
    reader.decide("approve", reader.waiting("pay_once", program))
    assert reader.end(program) == "accept\n"


@pytest.mark.sure  # likewise
def test_what_ctrlruns_page_says_asks(reader: Reader) -> None:
    [snippet] = reader.made("ctrlrun")
    reader.python(snippet + ASKS.replace('"refund"', '"refund_again"'))
    assert reader.waiting("refund_again")


def test_what_the_pages_of_services_say_is_where_and_how_they_send(
    reader: Reader, world: World
) -> None:
    [told] = reader.made("helio", token="api-secret")
    [channel] = yaml.safe_load(told)["approval"]["channels"]
    asked = post(channel["url"], ticket("t-2"), "X-Helio-Signature", channel["secret"])
    assert asked["status"] == "pending"
    [told] = reader.made("github", token=APP_KEY)
    form = dict(re.findall(r"(?m)^(\S.*?) {2,}(.*)$", told))
    event = {"X-GitHub-Event": "ping"}
    url, secret = form["Webhook URL"], form["Webhook secret"]
    assert post(url, {}, "X-Hub-Signature-256", secret, **event)["status"] == "ignored"
    own = {"secret": world.key.verify_key.encode().hex(), "token": "MTk4.Cl2FMQ.ZnCj"}
    [url] = reader.made("discord", config=quiet(DISCORD), **own)
    body, headers = discord_signed(world, {"type": 1, "id": "2"})
    assert requests.post(url, body, headers=headers, timeout=TIMEOUT).json() == {"type": 1}
    own = {"secret": platforms.SLACK_SECRET, "token": platforms.SLACK_TOKEN}
    [url] = reader.made("slack", config=quiet(SLACK), **own)
    body, headers = slack_click(world, "1.2", "no button of ours")
    assert requests.post(url, body, headers=headers, timeout=TIMEOUT).status_code == 200
