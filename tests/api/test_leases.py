"""`/rollback`, `/outcome` and `/heartbeat`: what the holder of a use may say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest


def _tell(ci: Any, used: Any, what: str, **body: Any) -> Any:
    path = f"/api/v1/approvals/{used['approval']['id']}/{what}"
    return ci.post(path, {"lease_token": used["lease_token"]} | body)


@pytest.mark.parametrize(
    ("result", "status"), [("ok", "consumed"), ("error", "failed"), ("unknown", "unknown")]
)
def test_an_outcome_ends_the_run(ci: Any, used: Any, result: str, status: str) -> None:
    answer = _tell(ci, used, "outcome", result=result, detail="exit 0")
    assert (answer.status_code, answer.json["status"]) == (200, status)
    assert _tell(ci, used, "outcome", result=result).json["status"] == status  # a repeat


def test_another_outcome_than_the_first_is_refused(ci: Any, used: Any) -> None:
    _tell(ci, used, "outcome", result="error")
    answer = _tell(ci, used, "outcome", result="ok")
    assert (answer.status_code, answer.json["code"]) == (409, "already_ended")


def test_a_late_ok_still_counts(ci: Any, used: Any, clock: Any, store: Any) -> None:
    from webui.approvals import ending  # noqa: PLC0415

    clock.advance(120_000)
    store.write(ending.sweep)
    assert _tell(ci, used, "outcome", result="ok").json["status"] == "consumed"


def test_a_rollback_gives_the_use_back(ci: Any, used: Any) -> None:
    answer = _tell(ci, used, "rollback", error="connection refused")
    assert (answer.status_code, answer.json["status"]) == (200, "approved")
    assert _tell(ci, used, "rollback", error="connection refused").status_code == 200
    again = ci.post("/api/v1/gate", {"tool": "shell.run", "arguments": {"command": "ls"}})
    assert again.status_code == 200
    assert again.json["consumption"] != used["consumption"]


def test_a_rollback_after_the_lease_comes_too_late(ci: Any, used: Any, clock: Any) -> None:
    clock.advance(120_000)
    answer = _tell(ci, used, "rollback")
    assert (answer.status_code, answer.json["code"]) == (409, "lease_over")


def test_after_an_outcome_nothing_is_given_back(ci: Any, used: Any) -> None:
    _tell(ci, used, "outcome", result="ok")
    assert _tell(ci, used, "rollback").json["code"] == "lease_over"


def test_a_heartbeat_renews_the_lease_up_to_its_longest(
    ci: Any, used: Any, clock: Any
) -> None:
    began = datetime.fromisoformat(used["lease_expires_at"])
    for _ in range(12):
        clock.advance(80_000)
        answer = _tell(ci, used, "heartbeat")
        if answer.status_code != 200:
            break
        until = datetime.fromisoformat(answer.json["lease_expires_at"])
    assert answer.json["code"] == "lease_over"
    assert (until - began).total_seconds() == 900 - 120


@pytest.mark.parametrize("what", ["rollback", "outcome", "heartbeat"])
def test_only_the_holder_of_the_lease_is_heard(
    ci: Any, used: Any, what: str, house: Any
) -> None:
    more = {"result": "ok"} if what == "outcome" else {}
    wrong = _tell(ci, used | {"lease_token": "lse_guessed"}, what, **more)
    assert (wrong.status_code, wrong.json["code"]) == (409, "wrong_lease")
    assert "lse_guessed" not in wrong.get_data(as_text=True)
    stranger = _tell(ci.using(house.stranger.key), used, what, **more)
    assert (stranger.status_code, stranger.json["code"]) == (404, "not_found")
    assert (
        ci.get(f"/api/v1/approvals/{used['approval']['id']}").json["status"] == "executing"
    )


@pytest.mark.parametrize("what", ["rollback", "outcome", "heartbeat"])
def test_a_body_without_the_token_is_refused(ci: Any, used: Any, what: str) -> None:
    answer = ci.post(f"/api/v1/approvals/{used['approval']['id']}/{what}", {})
    assert answer.status_code == 422
    assert {"pointer": "/lease_token", "detail": "is required"} in answer.json["errors"]


def test_an_outcome_of_another_word_is_refused(ci: Any, used: Any) -> None:
    answer = _tell(ci, used, "outcome", result="fine")
    assert answer.json["errors"][0]["pointer"] == "/result"
