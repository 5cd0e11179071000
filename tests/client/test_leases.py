"""How a run is reported: ok, error, unknown, or given back; and the lease kept alive meanwhile."""

import logging
import threading
from typing import Any

import pytest
from countersign_client import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Client,
    Denied,
    InProgress,
    Lease,
    NotSent,
    Refused,
    StillPending,
)

CALL = {"command": "ls"}


@pytest.fixture
def lease(server: Any, desk: Client) -> Lease:
    server.reviewer = server.approve
    return desk.ask("shell.run", CALL).wait().consume()


def test_leaving_the_block_reports_ok(server: Any, lease: Lease) -> None:
    with lease:
        assert lease.arguments == CALL
        assert lease.receipt == "e30.e30.sig"
    assert server.only()["status"] == "consumed"


def test_a_function_runs_once_with_the_approved_arguments_and_is_reported(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    assert approved.run(lambda arguments: arguments["command"]) == "ls"
    assert server.only()["status"] == "consumed"
    ran: list[Any] = []
    with pytest.raises(AlreadyConsumed):
        approved.run(ran.append)
    assert ran == []


def test_a_function_that_fails_is_reported_as_failed(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    with pytest.raises(KeyError):
        desk.ask("shell.run", CALL).wait().run(lambda arguments: arguments["no"])
    assert server.only()["status"] == "failed"


def test_an_exception_reports_error_with_its_name_and_no_more(
    server: Any, lease: Lease
) -> None:
    with pytest.raises(ValueError, match="password"), lease:
        raise ValueError("password is hunter2")
    [outcome] = server.calls("/outcome")
    assert outcome.body["result"] == "error"
    assert outcome.body["detail"] == "ValueError"


@pytest.mark.parametrize("error", [TimeoutError, ConnectionResetError, KeyboardInterrupt])
def test_what_may_have_happened_is_unknown(
    server: Any, lease: Lease, error: type[BaseException]
) -> None:
    with pytest.raises(error), lease:
        raise error
    assert server.only()["status"] == "unknown"


@pytest.mark.parametrize("error", [TimeoutError, ConnectionResetError])
def test_a_tool_the_policy_calls_idempotent_may_be_tried_again_after_it_broke_off(
    server: Any, desk: Client, error: type[BaseException]
) -> None:
    def approve(approval: Any) -> None:
        approval["idempotent"] = True
        server.approve(approval)

    server.reviewer = approve
    with pytest.raises(error), desk.ask("mail.list", {}).wait().consume():
        raise error
    assert server.only()["status"] == "approved"
    [given_back] = server.calls("/rollback")
    assert given_back.body["error"] == f"{error.__name__}, of an idempotent tool"
    with (
        pytest.raises(KeyboardInterrupt),
        desk.ask("mail.list", {}).wait().consume(),
    ):
        raise KeyboardInterrupt
    assert server.only()["status"] == "unknown"


def test_not_sent_gives_the_yes_back_and_it_can_be_used_again(
    server: Any, desk: Client, lease: Lease
) -> None:
    with pytest.raises(NotSent), lease:
        raise NotSent("connection refused")
    assert server.calls("/rollback")[0].body["error"] == "connection refused"
    with desk.consume(lease.approval_id, "shell.run", CALL):
        pass
    assert server.only()["status"] == "consumed"


def test_an_outcome_said_by_hand_is_not_said_again(server: Any, lease: Lease) -> None:
    with lease:
        lease.unknown("the machine went away")
    [outcome] = server.calls("/outcome")
    assert outcome.body["detail"] == "the machine went away"


def test_details_are_kept_short(server: Any, lease: Lease) -> None:
    lease.error("x" * 5000)
    assert len(server.calls("/outcome")[0].body["detail"]) == 200


def test_a_failed_report_never_replaces_the_result(
    server: Any, lease: Lease, http: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults = [http(500)]
    with caplog.at_level(logging.WARNING), lease:
        result = "done"
    assert result == "done"
    assert "unknown" in caplog.text


def test_a_report_by_hand_that_fails_raises(server: Any, lease: Lease, http: Any) -> None:
    server.faults = [http(500)]
    with pytest.raises(Refused):
        lease.ok()


def test_a_long_call_keeps_its_lease(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    server.lease_seconds = 0.3
    beaten = _beats(server, 2)
    lease = desk.ask("shell.run", CALL).wait().consume()
    began = lease.lease_expires_at
    with lease:
        assert beaten.wait(20)
    assert lease.lease_expires_at > began
    assert server.only()["status"] == "consumed"


def test_a_lost_lease_ends_the_heartbeats_and_a_desk_away_does_not(
    server: Any,
    desk: Client,
    http: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.reviewer = server.approve
    server.lease_seconds = 0.3
    lease = desk.ask("shell.run", CALL).wait().consume()
    server.answers_to_lose = 1
    over = http(409, b'{"code":"lease_over"}', "application/problem+json")
    server.faults = [lambda _: False, over]
    monkeypatch.setattr("countersign_client.lease.REPORT_PATIENCE", 0)
    with caplog.at_level(logging.WARNING):
        lease._beat()  # noqa: SLF001  # the loop itself, so that its end can be seen
    assert "was not renewed" in caplog.text
    assert "lease_over" in caplog.text
    assert len(server.calls("/heartbeat")) == 2


def _beats(server: Any, wanted: int) -> threading.Event:
    beaten, seen, report = threading.Event(), [0], server.report

    def counting(approval: Any, verb: str, body: Any) -> Any:
        seen[0] += verb == "heartbeat"
        if seen[0] >= wanted:
            beaten.set()
        return report(approval, verb, body)

    server.report = counting
    return beaten


def test_the_gate_lets_an_approved_call_through_once(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    with desk.gate("shell.run", CALL) as gate:
        assert gate.proceed
        assert gate.approval.arguments == CALL
        assert gate.arguments == CALL
        assert gate.lease_token
    assert server.only()["status"] == "consumed"


def test_the_gate_reports_errors_and_rolls_back(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    with pytest.raises(ValueError, match="no"), desk.gate("shell.run", CALL):
        raise ValueError("no")
    assert server.only()["status"] == "failed"
    with pytest.raises(NotSent), desk.gate("shell.run", {"command": "pwd"}):
        raise NotSent
    assert server.calls("/rollback")[0].body["error"] == "not sent"


def test_a_pending_gate_does_not_enter_its_block(server: Any, desk: Client) -> None:
    gate = desk.gate("shell.run", CALL)
    assert not gate.proceed
    assert gate.lease_token is None
    with pytest.raises(StillPending):
        _ = gate.arguments
    with pytest.raises(StillPending), gate:
        pytest.fail("entered without a yes")
    server.approve(server.only())
    assert desk.gate("shell.run", CALL).proceed


def test_a_gate_without_report_is_used_up_at_once(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    with desk.gate("shell.run", CALL, report=False) as gate:
        assert gate.lease is None
        assert gate.arguments == CALL
    assert server.only()["status"] == "consumed"
    assert server.calls("/outcome") == []


def test_a_denied_gate_raises_the_reason(server: Any, desk: Client) -> None:
    server.reviewer = server.deny
    with pytest.raises(Denied) as denied:
        desk.gate("shell.run", CALL)
    assert denied.value.reason == "too risky today"
    assert denied.value.approval is not None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"code":"denied","detail":"the rule says no"}', "the rule says no"),
        (b'{"code":"denied","reason":"never on Fridays"}', "never on Fridays"),
    ],
)
def test_a_denial_without_its_approval_is_still_one(
    server: Any, desk: Client, http: Any, body: bytes, reason: str
) -> None:
    server.faults = [http(403, body, "application/problem+json")]
    with pytest.raises(Denied) as denied:
        desk.gate("shell.run", CALL)
    assert denied.value.reason == reason


def test_an_answered_gate_raises_the_answer(server: Any, desk: Client) -> None:
    server.reviewer = lambda a: server.settle(a, "answered", answer="forty-two")
    with pytest.raises(Answered, match="forty-two"):
        desk.gate("shell.run", CALL)


def test_the_same_call_in_progress_says_when_to_ask_again(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    desk.gate("shell.run", CALL)
    with pytest.raises(InProgress) as running:
        desk.gate("shell.run", CALL)
    assert running.value.problem["retry_after"] == 120
    with pytest.raises(InProgress):
        desk.ask("shell.run", CALL)


def test_another_refusal_of_the_gate_is_told(server: Any, desk: Client, http: Any) -> None:
    server.faults = [http(403, b'{"code":"tool_not_allowed"}', "application/problem+json")]
    with pytest.raises(Refused, match="tool_not_allowed"):
        desk.gate("shell.run", CALL)


def test_a_gate_that_contradicts_itself_is_no_yes(
    server: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = server.gate
    server.reviewer = server.approve
    monkeypatch.setattr(server, "gate", lambda body: (202, gate(body)[1]))
    with pytest.raises(BadAnswer, match="202 with proceed True"):
        desk.gate("shell.run", CALL)
