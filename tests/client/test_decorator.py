"""A gated function runs only what was approved, once, and says how it went."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import StrEnum
from typing import Any

import pytest
from countersign_client import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Client,
    CountersignError,
    Denied,
    DeskUnreachable,
    NeedsRevision,
    NotSent,
    requires_approval,
)


def test_an_approved_call_runs_and_reports(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    @requires_approval("mail.send", client=desk, summary=lambda a: f"Mail to {a['to']}")
    def send(to: str, *, copies: int = 1) -> str:
        return f"{copies} to {to}"

    assert send("ana") == "1 to ana"
    assert server.only()["tool"] == "mail.send"
    assert server.only()["arguments"] == {"to": "ana", "copies": 1}
    assert server.only()["summary"] == "Mail to ana"
    assert server.only()["status"] == "consumed"


def test_an_approved_coroutine_runs_and_reports(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    @requires_approval(client=desk, summary="Send a mail", risk="high")
    async def send(to: str) -> str:
        return f"to {to}"

    assert asyncio.run(send("ana")) == "to ana"
    assert (server.only()["tool"], server.only()["risk"]) == ("send", "high")
    assert server.only()["status"] == "consumed"


def test_a_denied_call_raises_and_does_not_run(server: Any, desk: Client) -> None:
    server.reviewer = server.deny
    ran: list[str] = []
    gated = requires_approval(client=desk)(_note(ran))
    with pytest.raises(Denied, match="too risky today"):
        gated("x")
    with pytest.raises(Denied, match="too risky today"):
        asyncio.run(requires_approval(client=desk)(_note_async(ran))("x"))
    assert ran == []


def _note(ran: list[str]) -> Callable[[str], None]:
    def note(text: str) -> None:
        ran.append(text)

    return note


def _note_async(ran: list[str]) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def note(text: str) -> None:
        ran.append(text)

    return note


def test_what_the_reviewer_made_of_it_is_what_runs(server: Any, desk: Client) -> None:
    server.reviewer = lambda approval: server.edit(approval, {"text": "mild"})
    ran: list[str] = []
    requires_approval(client=desk)(_note(ran))("wild")
    asyncio.run(_run(requires_approval(client=desk)(_note_async(ran))("wilder")))
    assert ran == ["mild", "mild"]


async def _run(call: Coroutine[Any, Any, None]) -> None:
    await call


@pytest.mark.parametrize("moment", ["asking", "waiting", "consuming"])
def test_every_failure_of_the_desk_refuses_the_call(
    server: Any, impatient: Client, http: Any, moment: str
) -> None:
    ran: list[str] = []
    before = {"asking": 0, "waiting": 1, "consuming": 1}[moment]
    server.reviewer = None if moment == "waiting" else server.approve
    for fault in (http(500), http(200), http(302), http(200, b"yes", "text/plain")):
        server.faults = [lambda _: False] * before + [fault]
        with pytest.raises(CountersignError):
            requires_approval(client=impatient)(_note(ran))("x")
        server.faults = [lambda _: False] * before + [fault]
        with pytest.raises(CountersignError):
            asyncio.run(_run(requires_approval(client=impatient)(_note_async(ran))("x")))
    assert ran == []


def test_no_desk_and_no_key_refuse_the_call(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []
    monkeypatch.delenv("COUNTERSIGN_KEY", raising=False)
    with pytest.raises(ValueError, match="COUNTERSIGN_KEY"):
        requires_approval()(_note(ran))("x")
    nobody = Client("http://127.0.0.1:1", server.key, timeout=1, patience=0)
    with pytest.raises(DeskUnreachable):
        requires_approval(client=nobody)(_note(ran))("x")
    assert ran == []


def test_not_sent_rolls_back_and_an_error_is_reported(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    failure: list[Exception] = [NotSent("refused"), ValueError("secret"), TimeoutError()]

    @requires_approval(client=desk)
    def pay(amount: int) -> None:
        raise failure[0]

    @requires_approval("pay", client=desk)
    async def pay_later(amount: int) -> None:
        raise failure[0]

    for expected in ("approved", "failed", "unknown"):
        with pytest.raises(type(failure[0])):
            pay(1)
        with pytest.raises(type(failure[0])):
            asyncio.run(pay_later(2))
        assert {a["status"] for a in server.approvals.values()} == {expected}
        failure.pop(0)
        server.approvals.clear()
    told = [seen.body["detail"] for seen in server.calls("/outcome")]
    assert told == ["ValueError", "ValueError", "TimeoutError", "TimeoutError"]


def test_one_yes_is_one_run(
    server: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reviewer = lambda approval: server.settle(approval, "consumed")
    ran: list[str] = []
    with pytest.raises(AlreadyConsumed):
        requires_approval(client=desk)(_note(ran))("x")
    assert ran == []


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({1, 2}, "'value' of .*take is a set"),
        ((1, 2), "'value' of .*take is a tuple"),
        (b"x", "is a bytes"),
        (Colour.RED, "is a Colour"),
        ({"a": [0, object()]}, r"take.a\[1\] is a object"),
        ({1: 2}, "has the key 1"),
        (float("nan"), "is nan"),
        (2**53, "2\\^53-1"),
        ("\ud800", "lone surrogate"),
        ({"\ud800": 1}, "lone surrogate"),
        (json.loads("[" * 40 + "]" * 40), "nested deeper than 32"),
    ],
)
def test_arguments_that_are_not_json_are_named(
    server: Any, desk: Client, value: object, place: str
) -> None:
    @requires_approval(client=desk)
    def take(value: object) -> None:
        pytest.fail("it ran")

    with pytest.raises(TypeError, match=place):
        take(value)
    assert server.asked == []


def test_every_kind_of_parameter_goes_there_and_back(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    @requires_approval(client=desk)
    def shape(a: int, /, b: int, *rest: int, c: int, d: int = 4, **more: int) -> list[Any]:
        return [a, b, rest, c, d, more]

    assert shape(1, 2, 3, 4, c=5, e=6) == [1, 2, (3, 4), 5, 4, {"e": 6}]
    assert server.only()["arguments"] == {
        "a": 1, "b": 2, "rest": [3, 4], "c": 5, "d": 4, "more": {"e": 6}
    }  # fmt: skip


def test_a_method_is_gated_without_its_self(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    class Bank:
        @requires_approval("bank.pay", client=desk)
        def pay(self, amount: int) -> int:
            return amount

    assert Bank().pay(7) == 7
    assert server.only()["arguments"] == {"amount": 7}


@pytest.mark.parametrize(
    "effective",
    [
        {},
        {"a": 1},
        {"a": 1, "more": {}, "extra": 1},
        {"a": 1, "c": 2, "more": []},
        {"a": 1, "c": 2, "more": {"c": 3}},
        {"a": 1, "c": 2, "more": {"a": 3}},
    ],
)
def test_effective_arguments_that_do_not_fit_run_nothing_and_go_back(
    server: Any, desk: Client, effective: dict[str, Any]
) -> None:
    server.reviewer = lambda approval: server.edit(approval, effective)

    @requires_approval(client=desk)
    def take(a: int, *, c: int = 1, **more: int) -> None:
        pytest.fail("it ran")

    with pytest.raises(BadAnswer):
        take(1)
    assert len(server.calls("/rollback")) == 1


def test_the_desk_never_sees_what_is_withheld_and_still_binds_it(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve

    @requires_approval(client=desk, redact=["password"])
    def sign_in(user: str, password: str) -> str:
        return f"{user}:{password}"

    assert sign_in("ana", "hunter2") == "ana:hunter2"
    assert sign_in("ana", "hunter3") == "ana:hunter3"
    assert "hunter" not in str(server.asked)
    first, second = server.approvals.values()
    assert first["arguments"]["password"].startswith("withheld:hmac-sha256:")
    assert first["arguments"]["password"] != second["arguments"]["password"]


def test_a_withheld_value_can_be_replaced_by_the_reviewer_only_where_it_stands(
    server: Any, desk: Client
) -> None:
    def swap(approval: Any) -> None:
        server.edit(
            approval, {"user": approval["arguments"]["password"], "password": "new"}
        )

    server.reviewer = swap

    @requires_approval(client=desk, redact=["password"])
    def sign_in(user: str, password: str) -> str:
        return f"{user}:{password}"

    result = sign_in("ana", "hunter2")
    assert result.startswith("withheld:")
    assert result.endswith(":new")


def test_mistakes_show_when_the_function_is_defined() -> None:
    def rows() -> Iterator[int]:
        yield 1

    async def pages() -> AsyncIterator[int]:
        yield 1

    for generator in (rows, pages):
        with pytest.raises(TypeError, match="generator"):
            requires_approval()(generator)
    with pytest.raises(TypeError, match="redact names b"):
        requires_approval(redact=["b"])(lambda a: a)
    with pytest.raises(TypeError, match="unknown field rsik"):
        requires_approval(rsik="low")  # type: ignore[call-arg]


def test_a_cancelled_wait_leaves_nothing_running(
    server: Any, desk: Client, http: Any
) -> None:
    ran: list[str] = []
    polled, go = threading.Event(), threading.Event()

    def still_pending(handler: Any) -> bool:
        polled.set()
        go.wait(20)
        return bool(http(200, json.dumps(server.only()).encode())(handler))

    server.faults = [lambda _: False, still_pending]

    async def cancel_while_waiting() -> None:
        task = asyncio.create_task(
            _run(requires_approval(client=desk)(_note_async(ran))("x"))
        )
        await asyncio.to_thread(polled.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_while_waiting())
    waiting = [t for t in threading.enumerate() if t.name == "countersign-call"]
    go.set()
    for thread in waiting:
        thread.join(60)
    assert not any(thread.is_alive() for thread in waiting)
    assert ran == []
    assert server.calls("/consume") == []


def test_a_yes_consumed_for_a_cancelled_task_goes_back(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    ran: list[str] = []
    go, back = threading.Event(), _called(server, "report")
    consume, consuming = server.consume, threading.Event()

    def slowly(approval: Any, body: Any) -> Any:
        consuming.set()
        go.wait(20)
        return consume(approval, body)

    server.consume = slowly

    async def cancel_while_consuming() -> None:
        task = asyncio.create_task(
            _run(requires_approval(client=desk)(_note_async(ran))("x"))
        )
        await asyncio.to_thread(consuming.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_while_consuming())
    go.set()
    assert back.wait(20)
    assert server.calls("/rollback")[0].body["error"] == "cancelled before it ran"
    assert ran == []


def test_a_call_cancelled_midway_is_unknown(server: Any, desk: Client) -> None:
    server.reviewer = server.approve

    async def cancel_midway() -> None:
        started = asyncio.Event()

        @requires_approval(client=desk)
        async def sleep(text: str) -> None:
            started.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(sleep("long"))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel_midway())
    assert server.only()["status"] == "unknown"


def test_a_failed_consume_of_a_cancelled_task_needs_no_giving_back(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    consuming, go = threading.Event(), threading.Event()

    def refusing(approval: Any, body: Any) -> Any:
        consuming.set()
        go.wait(20)
        return 409, {"code": "revoked", "detail": "taken back"}

    server.consume = refusing

    async def cancel_while_consuming() -> None:
        task = asyncio.create_task(
            _run(requires_approval(client=desk)(_note_async([]))("x"))
        )
        await asyncio.to_thread(consuming.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()

    asyncio.run(cancel_while_consuming())
    assert server.calls("/rollback") == []


def _called(server: Any, name: str) -> threading.Event:
    original, called = getattr(server, name), threading.Event()

    def noticing(*args: Any) -> Any:
        called.set()
        return original(*args)

    setattr(server, name, noticing)
    return called


def test_a_function_runs_what_an_edit_made_of_it_and_returns_no_answer(
    server: Any, desk: Client
) -> None:
    @requires_approval(client=desk)
    def add(a: int, b: int) -> int:
        return a + b

    server.reviewer = lambda approval: server.edit(approval, {"a": 1, "b": 5})
    assert add(1, 2) == 6
    server.reviewer = lambda approval: server.settle(approval, "answered", answer="7")
    with pytest.raises(Answered, match="7"):
        add(3, 4)


def test_nobody_is_offered_to_ask_a_function_for_changes_unless_it_says_so(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    requires_approval(client=desk)(_nothing)()
    offered = ["approve", "deny", "edit", "respond"]
    assert server.only()["allowed_decisions"] == offered
    server.approvals.clear()
    every = [*offered, "request_changes"]
    server.reviewer = lambda approval: server.settle(approval, "needs_revision")
    with pytest.raises(NeedsRevision):
        requires_approval(client=desk, allowed_decisions=every)(_nothing)()
    assert server.only()["allowed_decisions"] == every


def _nothing() -> None:
    """Do it."""
