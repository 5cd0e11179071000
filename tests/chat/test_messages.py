"""What is posted and how it is kept true, on both platforms, through the real HTTP of both sides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.models.blocks import Block
from sqlalchemy import select

from tests.chat.acts import PAY, change, on_the_page
from webui.approvals import ending
from webui.approvals.agents import agents
from webui.approvals.states import Verdict
from webui.store.models import (
    PostedMessage,
)

if TYPE_CHECKING:
    from tests.chat.conftest import ApprovalOf
    from tests.plugins.chats import Chat, OpenChannel, Service
    from tests.plugins.desk import FileCall, House, SignedIn, TestClock
    from webui.store.store import Store


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite; what is stored is tested on both in `test_storage.py`."""
    return sqlite_database


def test_a_waiting_call_is_announced_by_its_title_alone(
    chat: Chat, file_call: FileCall
) -> None:
    approval_id = file_call(**PAY, summary="Pay the plumber", source_ref="up-77")
    chat.turn()
    text, message = chat.text(), json.dumps(chat.service.messages[chat.last])
    for word in ("bank.transfer", "ci", "medium", "Waiting for a decision"):
        assert word in text
    assert list(chat.buttons()) == ["Deny", "Approve"]
    assert f"http://localhost:8080/approvals/{approval_id}" in message
    for hidden in ("DE89", "cents", "plumber", "up-77"):
        assert hidden not in message


def test_arguments_are_shown_masked_if_the_org_says_so(
    open_channel: OpenChannel, kind: str, file_call: FileCall
) -> None:
    chat = open_channel(kind, show_arguments=True)
    file_call(arguments={"name": "plumber", "password": "hunter2"})
    chat.turn()
    assert "plumber" in chat.text()
    assert "hunter2" not in json.dumps(chat.service.messages[chat.last])


def test_of_two_approvals_the_message_shows_how_many_are_given(
    chat: Chat, file_call: FileCall, house: House, store: Store
) -> None:
    chat.link(house.rae, "U1")
    chat.link(house.bo, "U2")
    approval_id = file_call(**PAY)
    change(store, approval_id, approvals_required=2)
    chat.turn()
    assert "0 of 2 approvals given." in chat.text()
    chat.press("Approve", "U1")
    chat.turn()
    assert "1 of 2 approvals given." in chat.text()
    chat.press("Approve", "U1")
    chat.press("Approve", "U2")
    chat.turn()
    assert "Bo approved it." in chat.text()
    assert chat.buttons() == {}


def later(clock: TestClock, store: Store) -> None:
    """Let a day pass, and the sweeper come by."""
    clock.advance(86_400_000)
    store.write(ending.sweep)


@pytest.mark.parametrize(
    "how", ["denied", "expired", "cancelled", "superseded", "undone", "sending"]
)
def test_a_message_is_edited_however_its_call_ends(
    chat: Chat,
    file_call: FileCall,
    house: House,
    store: Store,
    clock: TestClock,
    how: str,
) -> None:
    approval_id = file_call(**PAY)
    chat.turn()
    ends: dict[str, tuple[Callable[[], object], str]] = {
        "denied": (
            lambda: on_the_page(store, house.rae, approval_id, house.org_id, Verdict.DENY),
            "Rae denied it.",
        ),
        "expired": (
            lambda: later(clock, store),
            "Nobody decided in time, so it was not allowed.",
        ),
        "cancelled": (
            lambda: store.write(
                lambda tx: ending.cancel(tx, house.org_id, house.ci.id, approval_id)
            ),
            "The agent withdrew it.",
        ),
        "superseded": (
            lambda: file_call(
                tool="bank.transfer", arguments={"cents": 1}, revision_of=approval_id
            ),
            "The agent asked again; the newer call counts.",
        ),
        "undone": (
            lambda: change(store, approval_id, settles_at=store.now() + 10_000),
            "A verdict was given; it settles this call at",
        ),
        "sending": (
            lambda: change(
                store, approval_id, settles_at=store.now(), reply_state="sending"
            ),
            "A verdict was given, and its source is being told.",
        ),
    }
    first, (end, words) = chat.last, ends[how]
    end()
    chat.turn()
    assert words in chat.text(first)
    assert chat.buttons(first) == {}


HOSTILE = "<!channel> <@U1> @everyone <@&9> `` ```\n*b* [x](http://e.example) ⟦ a\u202eb"


def test_no_word_of_an_agent_is_a_mention_a_link_or_a_format(
    open_channel: OpenChannel, kind: str, file_call: FileCall, house: House, store: Store
) -> None:
    chat = open_channel(kind, show_arguments=True)
    named = store.write(
        lambda tx: agents.create_agent(tx, house.org_id, "@everyone <!here> ```a")
    )
    agent = replace(house.ci, id=named)
    approval_id = file_call(agent, arguments={"a": HOSTILE})
    # no door lets such names in; the message does not rest on that
    change(store, approval_id, tool=HOSTILE)
    chat.turn()
    message = chat.service.messages[chat.last]
    if kind == "slack":
        assert message["mrkdwn"] is False
        assert message["parse"] == "none"
        assert "mrkdwn" not in {
            text["type"] for text in _objects(message["blocks"]) if "type" in text
        }
        assert "<" not in json.dumps(message, ensure_ascii=False).replace("&lt;", "")
    else:
        fence = message["content"].split("```")
        assert len(fence) == 3, "one block, and nothing of theirs ends it"
        assert "`" not in fence[1]
        assert "@everyone" not in fence[0] + fence[2]
        assert message["allowed_mentions"] == {"parse": []}
    assert "\u202e" not in json.dumps(message, ensure_ascii=False)
    assert "⟦U+202E⟧" in chat.text()


def test_slacks_own_models_find_nothing_wrong_with_a_message(
    open_channel: OpenChannel, file_call: FileCall
) -> None:
    chat = open_channel("slack", show_arguments=True)
    file_call(tool="&" * 200, arguments={"a": "<" * 500}, risk="critical")
    file_call(tool="shell.run")
    chat.turn()
    for message in chat.service.messages.values():
        parsed = Block.parse_all(message["blocks"])
        assert [block.to_dict()["type"] for block in parsed] == [
            *("header", "section", "section", "actions")
        ]
        for block in parsed:
            block.validate_json()
        assert len(message["text"]) <= 4_000


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for each in value for found in _objects(each)]
    if isinstance(value, dict):
        return [value, *(found for each in value.values() for found in _objects(each))]
    return []


def test_a_platform_that_asks_for_less_is_left_alone_for_that_long(
    open_channel: OpenChannel,
    services: dict[str, Service],
    file_call: FileCall,
    clock: TestClock,
    store: Store,
) -> None:
    slow, other = open_channel("slack"), open_channel("discord")
    services["slack"].instead = [(429, {"Retry-After": "30"}, {"ok": False})]
    file_call()
    file_call()
    slow.turn()
    assert (len(slow.service.messages), len(other.service.messages)) == (0, 2)
    asked = len(slow.service.asked)
    assert asked == 1
    clock.advance(29_000)
    slow.turn()
    assert len(slow.service.asked) == asked
    clock.advance(2_000)
    slow.turn()
    assert len(slow.service.messages) == 2


FAILURES: dict[str, list[tuple[int, dict[str, str], dict[str, Any]]]] = {
    "slack": [(500, {}, {}), (200, {}, {"ok": False, "error": "fatal_error"})],
    "discord": [(500, {}, {}), (403, {}, {"code": 50013, "message": "Missing"})],
}


@pytest.mark.parametrize("number", [0, 1])
def test_a_failed_edit_is_tried_again_and_undoes_nothing(
    chat: Chat,
    file_call: FileCall,
    house: House,
    clock: TestClock,
    approval_of: ApprovalOf,
    number: int,
    signed_in: SignedIn,
) -> None:
    chat.link(house.rae)
    approval_id = file_call(**PAY)
    chat.turn()
    chat.service.instead = [FAILURES[chat.kind][number]] * 3
    chat.press("Approve")
    chat.turn()
    assert approval_of(approval_id).status == "approved"
    assert "Rae approved it." not in chat.text()
    page = signed_in(house.ana).get(f"/approvals/{approval_id}").text
    assert "not edited yet; it is tried again" in page
    for _ in range(3):
        clock.advance(60_000)
        chat.turn()
    assert "Rae approved it." in chat.text()


def test_what_is_settled_before_it_is_posted_is_not_posted(
    chat: Chat, file_call: FileCall, house: House, store: Store, clock: TestClock
) -> None:
    chat.service.instead = [(500, {}, {})]
    approval_id = file_call(**PAY)
    chat.turn()
    on_the_page(store, house.rae, approval_id, house.org_id, Verdict.DENY)
    clock.advance(60_000)
    chat.turn()
    assert chat.service.messages == {}
    with store.reading() as session:
        assert session.scalars(select(PostedMessage.status)).one() == "dropped"


def test_a_message_that_somebody_deleted_is_given_up(
    chat: Chat, file_call: FileCall, house: House, store: Store
) -> None:
    approval_id = file_call(**PAY)
    chat.turn()
    chat.service.messages.clear()
    on_the_page(store, house.rae, approval_id, house.org_id, Verdict.DENY)
    chat.turn()
    with store.reading() as session:
        assert session.scalars(select(PostedMessage.status)).one() == "dead"


def test_a_second_copy_of_a_message_shows_how_it_ended_once_it_is_clicked(
    chat: Chat, file_call: FileCall, house: House, store: Store
) -> None:
    chat.link(house.rae)
    approval_id = file_call(**PAY)
    chat.turn()
    chat.service.messages["17"] = dict(chat.service.messages[chat.last])
    on_the_page(store, house.bo, approval_id, house.org_id, Verdict.DENY)
    chat.press("Approve", message_id="17")
    assert "Bo denied it." in chat.text("17")
    assert chat.buttons("17") == {}


def test_what_came_before_a_channel_is_not_posted_in_it(
    open_channel: OpenChannel, kind: str, file_call: FileCall, clock: TestClock
) -> None:
    file_call(**PAY)
    clock.advance(1_000)
    chat = open_channel(kind, tools=["bank.*"], risks=["low", "medium"])
    file_call(tool="shell.run")
    file_call(**PAY, risk="high")
    file_call(tool="bank.read")
    chat.turn()
    assert [chat.text(each).count("bank.read") for each in chat.service.messages] == [1]


def test_without_a_token_the_page_says_what_is_missing(
    open_channel: OpenChannel,
    kind: str,
    file_call: FileCall,
    house: House,
    signed_in: SignedIn,
) -> None:
    chat = open_channel(kind, token=None)
    approval_id = file_call(**PAY)
    chat.turn()
    page = signed_in(house.ana).get(f"/approvals/{approval_id}").text
    assert "The source has no bot token" in page
