"""`/cancel`, `/sessions/{session}/end` and `/runs/{run}/end`."""

from __future__ import annotations

from typing import Any


def _status(ci: Any, approval: Any) -> str:
    return str(ci.get(f"/api/v1/approvals/{approval['id']}").json["status"])


def test_an_agent_withdraws_its_call(ci: Any) -> None:
    filed = ci.file()
    answer = ci.post(f"/api/v1/approvals/{filed['id']}/cancel", {"reason": "not needed"})
    assert (answer.json["status"], answer.json["resolution"]) == ("cancelled", "cancelled")
    assert ci.post(f"/api/v1/approvals/{filed['id']}/cancel").status_code == 200


def test_a_settled_call_cannot_be_withdrawn(ci: Any, settle: Any) -> None:
    filed = ci.file()
    settle(filed["id"])
    answer = ci.post(f"/api/v1/approvals/{filed['id']}/cancel")
    assert (answer.status_code, answer.json["code"]) == (409, "not_pending")
    assert _status(ci, filed) == "approved"


def test_nobody_withdraws_another_agents_call(ci: Any, house: Any) -> None:
    filed = ci.file()
    for other in (house.helper, house.stranger):
        answer = ci.using(other.key).post(f"/api/v1/approvals/{filed['id']}/cancel")
        assert answer.status_code == 404
    assert _status(ci, filed) == "pending"


def test_ending_a_session_cancels_its_own_open_calls_and_no_others(
    ci: Any, settle: Any, house: Any
) -> None:
    name = "chat/7 ü"
    mine = ci.file(arguments={"n": 1}, session=name)
    decided = ci.file(arguments={"n": 2}, session=name)
    settle(decided["id"])
    elsewhere = ci.file(arguments={"n": 3}, session="chat")
    theirs = ci.using(house.helper.key).file(arguments={"n": 4}, session=name)
    answer = ci.post("/api/v1/sessions/chat%2F7%20%C3%BC/end")
    assert [item["id"] for item in answer.json["items"]] == [mine["id"]]
    assert answer.json["items"][0]["resolution"] == "session_ended"
    assert answer.json["next_cursor"] is None
    assert _status(ci, decided) == "approved"
    assert _status(ci, elsewhere) == "pending"
    assert _status(ci.using(house.helper.key), theirs) == "pending"
    assert ci.post("/api/v1/sessions/chat%2F7%20%C3%BC/end").json["items"] == []


def test_ending_a_run_leaves_other_runs_of_its_session(ci: Any) -> None:
    ends = ci.file(arguments={"n": 1}, session="s", run="one")
    goes_on = ci.file(arguments={"n": 2}, session="s", run="two")
    answer = ci.post("/api/v1/runs/one/end", {})
    assert [item["id"] for item in answer.json["items"]] == [ends["id"]]
    assert answer.json["items"][0]["resolution"] == "run_ended"
    assert _status(ci, goes_on) == "pending"


def test_an_end_takes_no_members(ci: Any) -> None:
    answer = ci.post("/api/v1/runs/one/end", {"force": True})
    assert answer.json["errors"][0]["pointer"] == "/force"


def test_a_name_with_a_nul_is_nothing(ci: Any) -> None:
    assert ci.post("/api/v1/sessions/a%00b/end").status_code == 404
