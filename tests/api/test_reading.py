"""`GET /api/v1/approvals/{id}`: reading, and waiting for the decision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from webui.approvals import ending
from webui.approvals.agents import agents


@pytest.fixture
def held(ci: Any, runtime: Any) -> Any:
    """Hold a poll in another thread; returns once it is held."""
    with ThreadPoolExecutor(4) as pool:

        def hold(path: str, caller: Any = ci, **headers: str) -> Future[Any]:
            before = runtime.bus.waiting()
            future = pool.submit(caller.get, path, **headers)
            until = time.monotonic() + 60
            while runtime.bus.waiting() == before and not future.done():
                assert time.monotonic() < until
            return future

        yield hold


def test_a_pending_approval_is_shown_at_once_without_a_wait(ci: Any) -> None:
    filed = ci.file()
    answer = ci.get(f"/api/v1/approvals/{filed['id']}")
    assert answer.status_code == 200
    assert answer.json["status"] == "pending"
    assert answer.headers["ETag"] == '"1-pending-0"'
    assert answer.headers["Retry-After"] == "5"


def test_a_held_poll_answers_when_a_person_decides(ci: Any, held: Any, settle: Any) -> None:
    filed = ci.file()
    poll = held(f"/api/v1/approvals/{filed['id']}?wait=60")
    settle(filed["id"], "deny", "No")
    answer = poll.result(60).json
    assert answer["status"] == "denied"
    (decision,) = answer["decisions"]
    assert (decision["verdict"], decision["reason"]) == ("deny", "No")
    assert decision["actor"]["display"] == "Rae"


def test_a_held_poll_answers_when_the_agent_withdraws(ci: Any, held: Any) -> None:
    filed = ci.file()
    poll = held(f"/api/v1/approvals/{filed['id']}?wait=60")
    ci.post(f"/api/v1/approvals/{filed['id']}/cancel")
    assert poll.result(60).json["status"] == "cancelled"


def test_a_held_poll_answers_when_the_sweep_expires_it(
    ci: Any, held: Any, store: Any, clock: Any
) -> None:
    filed = ci.file()
    poll = held(f"/api/v1/approvals/{filed['id']}?wait=60")
    clock.advance(900_000)
    store.write(ending.sweep)
    assert poll.result(60).json["status"] == "expired"


def test_a_held_poll_answers_at_the_deadline_without_any_sweep(ci: Any) -> None:
    filed = ci.file(expires_in=1)
    answer = ci.get(f"/api/v1/approvals/{filed['id']}?wait=60").json
    assert (answer["status"], answer["resolution"]) == ("expired", "deadline")


def test_a_wait_that_ends_shows_the_present_state(ci: Any) -> None:
    filed = ci.file()
    answer = ci.get(f"/api/v1/approvals/{filed['id']}?wait=1")
    assert (answer.status_code, answer.json["status"]) == (200, "pending")


def test_a_settled_approval_is_never_held(ci: Any, settle: Any) -> None:
    filed = ci.file()
    settle(filed["id"])
    assert ci.get(f"/api/v1/approvals/{filed['id']}?wait=60").json["status"] == "approved"


def test_revoking_the_key_ends_its_held_polls_at_once_and_no_others(
    ci: Any, held: Any, new_key: Any, revoke: Any, settle: Any
) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}?wait=60"
    doomed = new_key()
    mine, other = held(path, ci.using(doomed)), held(path)
    revoke(doomed)
    answer = mine.result(60)
    assert (answer.status_code, answer.json["code"]) == (403, "key_revoked")
    assert not other.done()
    settle(filed["id"])
    assert other.result(60).status_code == 200


def test_a_key_that_expires_ends_its_held_poll(ci: Any, new_key: Any, store: Any) -> None:
    filed = ci.file()
    short = new_key(expires_at=store.now() + 1_000)
    answer = ci.using(short).get(f"/api/v1/approvals/{filed['id']}?wait=60")
    assert (answer.status_code, answer.json["code"]) == (403, "key_revoked")


def test_a_key_of_another_org_that_is_revoked_disturbs_nobody(
    ci: Any, held: Any, store: Any, house: Any, settle: Any
) -> None:
    filed = ci.file()
    poll = held(f"/api/v1/approvals/{filed['id']}?wait=60")
    key = store.write(
        lambda tx: agents.create_key(tx, house.other_org_id, house.stranger.id)
    )
    assert key
    assert not poll.done()
    settle(filed["id"])
    assert poll.result(60).status_code == 200


def test_a_server_that_stops_lets_the_poll_go_still_pending(
    ci: Any, held: Any, runtime: Any
) -> None:
    filed = ci.file()
    poll = held(f"/api/v1/approvals/{filed['id']}?wait=60")
    runtime.bus.stop()
    assert poll.result(60).json["status"] == "pending"


def test_what_the_caller_has_already_is_not_sent_again(ci: Any) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}"
    tag = ci.get(path).headers["ETag"]
    for spelling in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = ci.get(path, If_None_Match=spelling)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
    assert ci.get(path, If_None_Match='"1-approved"').status_code == 200


def test_a_wait_with_a_tag_holds_until_the_state_differs_from_it(
    ci: Any, held: Any, settle: Any
) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}?wait=60"
    settle(filed["id"])
    approved = ci.get(path).headers["ETag"]
    poll = held(path, If_None_Match=approved)
    body = {"fingerprint": filed["fingerprint"]}
    ci.post(f"/api/v1/approvals/{filed['id']}/consume", body)
    assert poll.result(60).json["status"] == "executing"


def test_a_wait_with_the_present_tag_that_ends_answers_304(ci: Any) -> None:
    filed = ci.file()
    answer = ci.get(
        f"/api/v1/approvals/{filed['id']}?wait=1", If_None_Match='"1-pending-0"'
    )
    assert answer.status_code == 304


def test_the_jsonrpc_form_is_there_while_it_is_open(ci: Any, settle: Any) -> None:
    filed = ci.file()
    path = f"/api/v1/approvals/{filed['id']}?format=jsonrpc"
    assert ci.get(path).json["jsonrpc_error"]["code"] == -32003
    settle(filed["id"])
    assert "jsonrpc_error" not in ci.get(path).json


@pytest.mark.parametrize(
    "wait", ["-1", "61", "1.5", "", "x", "٣", "0000999999", "9" * 5000]
)
def test_a_wait_that_is_none_is_refused(ci: Any, wait: str) -> None:
    filed = ci.file()
    answer = ci.get(f"/api/v1/approvals/{filed['id']}?wait={wait}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/wait"


def test_another_agents_and_another_orgs_approvals_are_as_unknown_as_none(
    ci: Any, house: Any, file_call: Callable[..., str]
) -> None:
    paths = [
        file_call(house.helper),
        file_call(house.stranger),
        "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "x",
        "%00",
    ]
    answers = [ci.get(f"/api/v1/approvals/{path}?wait=30") for path in paths[:4]]
    said = {(a.status_code, a.json["code"], a.json["detail"]) for a in answers}
    assert said == {(404, "not_found", "There is no such approval in this organization.")}
    assert ci.get(f"/api/v1/approvals/{paths[4]}").status_code == 404


def test_polls_are_forgotten_when_they_end(
    ci: Any, held: Any, runtime: Any, settle: Any
) -> None:
    filed = ci.file()
    polls = [held(f"/api/v1/approvals/{filed['id']}?wait=60") for _ in range(3)]
    settle(filed["id"])
    assert {poll.result(60).status_code for poll in polls} == {200}
    assert runtime.bus.waiting() == 0
    assert threading.active_count() < 20
