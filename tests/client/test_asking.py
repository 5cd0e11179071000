"""Ask, wait, consume: what is a yes, and everything that is not."""

import json
import threading
from typing import Any

import pytest
from countersign_client import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Cancelled,
    Client,
    Denied,
    Expired,
    FingerprintMismatch,
    NeedsRevision,
    NotApproved,
    PolicyChanged,
    Refused,
    Revoked,
    Status,
    StillPending,
    Superseded,
)

CALL: dict[str, Any] = {"command": "rm -rf build"}


def test_the_first_approval_takes_three_lines(server: Any) -> None:
    server.reviewer = server.approve
    desk = Client(server.url, server.key)
    ask = desk.ask("shell.run", CALL, summary="Clean the build folder")
    assert ask.wait().consume().arguments == CALL


def test_an_ask_shows_where_a_person_decides(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL, risk="high", session="s1")
    assert ask.status is Status.PENDING
    assert ask.review_url == f"{server.url}/approvals/{ask.id}"
    assert (server.only()["risk"], server.only()["session"]) == ("high", "s1")


def test_a_waiting_agent_gets_a_decision_that_comes_later(
    server: Any, desk: Client
) -> None:
    ask = desk.ask("shell.run", CALL)
    threading.Timer(0.05, server.approve, [server.only()]).start()
    assert ask.wait(timeout=60).approval.status is Status.APPROVED


def test_a_denial_raises_with_the_reviewers_reason(server: Any, desk: Client) -> None:
    server.reviewer = server.deny
    with pytest.raises(Denied) as denied:
        desk.ask("shell.run", CALL).wait()
    assert denied.value.reason == "too risky today"
    assert denied.value.approval is not None
    assert str(denied.value) == "denied: too risky today"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("expired", Expired),
        ("cancelled", Cancelled),
        ("superseded", Superseded),
        ("revoked", Revoked),
        ("executing", AlreadyConsumed),
        ("consumed", AlreadyConsumed),
        ("failed", AlreadyConsumed),
        ("unknown", AlreadyConsumed),
    ],
)
def test_no_other_end_is_a_yes(
    server: Any, desk: Client, status: str, error: type[Exception]
) -> None:
    ask = desk.ask("shell.run", CALL)
    server.settle(server.only(), status, resolution="deadline")
    with pytest.raises(error):
        ask.wait()


def test_an_answer_in_the_tools_place_is_not_a_yes(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    server.settle(server.only(), "answered", answer="It is clean already")
    with pytest.raises(Answered) as answered:
        ask.wait()
    assert answered.value.answer == "It is clean already"


def test_a_request_for_changes_wakes_the_agent(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    message = {"from": "Ana", "text": "Only build/tmp, please", "at": server.at()}
    server.settle(server.only(), "needs_revision", messages=[message])
    with pytest.raises(NeedsRevision, match="Only build/tmp, please"):
        ask.wait()
    desk.say(ask.id, "Then only that")
    assert server.only()["messages"][0]["text"] == "Then only that"
    server.approve(server.only())  # what the ask last saw is old by now
    assert ask.wait().approval.status is Status.APPROVED


def test_whoever_answers_a_request_for_changes_waits_on(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    message = {"from": "Ana", "text": "Which host?", "at": server.at()}
    server.settle(server.only(), "needs_revision", messages=[message])
    with pytest.raises(NeedsRevision) as asked:
        ask.wait()
    assert [each.text for each in asked.value.approval.messages] == ["Which host?"]
    with pytest.raises(NeedsRevision):  # nobody has answered
        ask.wait(timeout=0)
    ask.say("The staging one")
    assert ask.status is Status.PENDING
    server.approve(server.only())
    assert ask.wait().approval.status is Status.APPROVED


def test_what_an_edit_changed_is_told(server: Any, desk: Client) -> None:
    server.reviewer = lambda approval: server.edit(approval, {"command": "ls"})
    [change] = desk.ask("shell.run", CALL).wait().approval.changes
    assert (change.path, change.change) == ("/command", "changed")


def test_waiting_ends_when_the_time_is_over(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    with pytest.raises(StillPending, match="review it at"):
        ask.wait(timeout=0)
    with pytest.raises(StillPending):
        ask.wait(timeout=0.2)
    assert "wait=0" in server.asked[-1].path


def test_a_set_stop_event_ends_the_wait_without_asking(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StillPending):
        ask.wait(stop=stop)
    assert len(server.asked) == 1


def test_later_polls_ask_only_for_news(server: Any, desk: Client, http: Any) -> None:
    ask = desk.ask("shell.run", CALL)
    still_pending = http(200, json.dumps(ask.approval.body).encode(), ETag='"1"')
    server.faults = [still_pending, http(304, b"", ETag='"1"')]
    threading.Timer(0.1, server.approve, [server.only()]).start()
    ask.wait(timeout=60)
    first, second, third = server.asked[1:]
    assert "If-None-Match" not in first.headers
    assert second.headers["If-None-Match"] == third.headers["If-None-Match"] == '"1"'


def test_not_modified_where_nothing_was_known_is_no_answer(
    server: Any, desk: Client, http: Any
) -> None:
    server.faults = [http(304, b"")]
    with pytest.raises(BadAnswer, match="304"):
        desk.ask("shell.run", CALL)


def test_a_yes_whose_lease_is_not_as_agreed_runs_nothing(
    server: Any, desk: Client, http: Any
) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    lease = {"consumption": "con_1", "lease_token": "t", "arguments": CALL}
    for broken in ({}, lease, {**lease, "lease_expires_at": "soon"}):
        server.faults = [http(200, json.dumps(broken).encode())]
        with pytest.raises(BadAnswer):
            approved.consume()


def test_asking_the_same_again_finds_the_same_approval(server: Any, desk: Client) -> None:
    first, second = desk.ask("shell.run", CALL), desk.ask("shell.run", CALL)
    assert first.id == second.id
    assert second.approval.reused
    assert second.approval.seen_count == 2


def test_a_yes_is_used_once(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    approved.consume().ok()
    with pytest.raises(AlreadyConsumed) as used:
        approved.consume()
    assert used.value.status == 409
    assert server.only()["status"] == "consumed"


def test_two_consumers_race_and_one_wins(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    outcomes: list[str] = []

    def use() -> None:
        try:
            approved.consume()
        except AlreadyConsumed:
            outcomes.append("lost")
        else:
            outcomes.append("won")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]


def test_consuming_other_arguments_than_approved_is_refused(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    ask = desk.ask("shell.run", CALL)
    with pytest.raises(FingerprintMismatch):
        desk.consume(ask.id, "shell.run", {"command": "rm -rf /"})
    assert desk.consume(ask.id, "shell.run", CALL).arguments == CALL


def test_what_binds_the_yes_is_sent_again_when_it_is_used(
    server: Any, desk: Client
) -> None:
    server.reviewer = server.approve
    binding: Any = {"scope": "C1", "ctx": {"cwd": "/srv"}, "tool_def": {"name": "x"}}
    desk.ask("shell.run", CALL, reason="tidy", **binding).wait().consume()
    [consume] = server.calls("/consume")
    assert consume.body == {"tool": "shell.run", "arguments": CALL, **binding}


def test_an_unapproved_call_cannot_be_consumed(server: Any, desk: Client) -> None:
    ask = desk.ask("shell.run", CALL)
    with pytest.raises(NotApproved):
        desk.consume(ask.id, "shell.run", CALL)


@pytest.mark.parametrize(("status", "error"), [("expired", Expired), ("revoked", Revoked)])
def test_a_yes_that_ended_before_its_use_is_refused(
    server: Any, desk: Client, status: str, error: type[Exception]
) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    server.settle(server.only(), status)
    with pytest.raises(error):
        approved.consume()


def test_a_changed_policy_and_a_rate_rule_refuse_the_use(
    server: Any, desk: Client, http: Any
) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    problem = "application/problem+json"
    server.faults = [http(409, b'{"code":"policy_changed"}', problem)]
    with pytest.raises(PolicyChanged):
        approved.consume()
    server.faults = [http(403, b'{"code":"rate_limited","detail":"5 an hour"}', problem)]
    with pytest.raises(Refused, match="rate_limited: 5 an hour"):
        approved.consume()


def test_an_edit_is_what_runs(server: Any, desk: Client) -> None:
    server.reviewer = lambda approval: server.edit(
        approval, {"command": "rm -rf build/tmp"}
    )
    approved = desk.ask("shell.run", CALL).wait()
    assert approved.approval.arguments == CALL
    assert approved.approval.effective_arguments == {"command": "rm -rf build/tmp"}
    assert approved.consume().arguments == {"command": "rm -rf build/tmp"}


def test_an_answer_about_another_call_is_no_answer(
    server: Any, desk: Client, http: Any
) -> None:
    ask = desk.ask("shell.run", CALL)
    other = desk.ask("mail.send", {})
    server.approve(server.approvals[other.id])
    approved = server.show(server.approvals[other.id], 0, None)[1]
    server.faults = [http(200, json.dumps(approved).encode())]
    with pytest.raises(BadAnswer, match="answered about"):
        ask.wait()
    server.faults = [http(201, json.dumps(approved).encode())]
    with pytest.raises(BadAnswer, match="answered about"):
        desk.ask("shell.run", CALL)


def test_an_agent_can_look_withdraw_and_end_its_session_or_run(
    server: Any, desk: Client
) -> None:
    ask = desk.ask("shell.run", CALL, session="s 1", run="r/1")
    other = desk.ask("shell.run", {"command": "ls"}, session="s2", run="r/2")
    third = desk.ask("shell.run", {"command": "pwd"}, session="s2", run="r/3")
    assert desk.approval(ask.id).status is Status.PENDING
    assert desk.end_session("s 1") == [ask.id]
    assert desk.end_run("r/2") == [other.id]
    assert desk.cancel(third.id, "not needed").status is Status.CANCELLED
    assert server.calls("/cancel")[0].body == {"reason": "not needed"}
    assert desk.me()["id"] == "agt_1"


def test_ids_cannot_reach_other_paths(desk: Client) -> None:
    with pytest.raises(Refused) as refused:
        desk.approval("../me")
    assert refused.value.status == 404


def test_a_misspelt_field_fails_before_anything_is_asked(server: Any, desk: Client) -> None:
    with pytest.raises(TypeError, match="unknown field rsik"):
        desk.ask("shell.run", CALL, rsik="high")  # type: ignore[call-arg]
    assert server.asked == []
