"""The time to undo a verdict, as agents and reviewers' tokens see it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk
from webui.approvals.people import organizations
from webui.runtime import Runtime

LIST = "/api/v1/review/approvals"


@pytest.fixture
def rae(ci: Any, token: Any, house: House, desk: Desk) -> Any:
    desk.store.write(lambda tx: organizations.set_undo(tx, house.org_id, 20, actor="test"))
    return ci.using(token(house.rae))


def give(caller: Any, approval_id: str, verdict: str = "approve", **more: Any) -> Any:
    seal = caller.get(f"{LIST}/{approval_id}").json["seal"]
    body = {"verdict": verdict, "seal": seal} | more
    return caller.post(f"{LIST}/{approval_id}/decide", body)


def test_reviewers_see_who_decided_and_when_it_settles_and_undo_it(
    ci: Any, rae: Any, token: Any, house: House
) -> None:
    approval_id = ci.file()["id"]
    answer = give(rae, approval_id, reason="fine")
    assert (answer.status_code, answer.json["status"]) == (200, "pending")
    settles_at = answer.json["settles_at"]
    given = answer.json["settling"]
    assert (given["verdict"], given["reason"]) == ("approve", "fine")
    assert given["actor"] == {"type": "user", "id": house.rae.id, "display": "Rae"}
    assert (answer.json["may_decide"], answer.json["decisions"]) == (False, [])
    assert settles_at[11:19] in answer.json["why_not"]
    assert rae.get(LIST).json["items"][0]["settles_at"] == settles_at
    ana = ci.using(token(house.ana))
    refused = give(ana, approval_id, "deny")
    assert (refused.status_code, refused.json["code"]) == (409, "settling")
    assert "Rae has approved this call" in refused.json["detail"]
    assert ana.post(f"{LIST}/{approval_id}/undo").json["code"] == "not_yours"
    undone = rae.post(f"{LIST}/{approval_id}/undo")
    assert undone.status_code == 200
    assert (undone.json["settles_at"], undone.json["settling"]) == (None, None)
    assert undone.json["may_decide"]
    again = rae.post(f"{LIST}/{approval_id}/undo")
    assert (again.status_code, again.json["code"]) == (409, "nothing_to_undo")


def test_several_decided_together_wait_each_and_a_cascade_goes_along(
    ci: Any, rae: Any
) -> None:
    ids = [ci.file(arguments={"n": n}, session="s")["id"] for n in range(2)]
    told = give(rae, ids[0], "deny", cascade=True).json["cascade"]
    assert [(each["id"], each["result"], each["status"]) for each in told] == [
        (ids[1], "decided", "pending")
    ]
    assert told[0]["settles_at"] is not None
    rae.post(f"{LIST}/{ids[0]}/undo")
    assert [rae.get(f"{LIST}/{each}").json["settles_at"] for each in ids] == [None, None]
    items = [{"id": each, "seal": rae.get(f"{LIST}/{each}").json["seal"]} for each in ids]
    body = {"verdict": "approve", "items": items}
    results = rae.post("/api/v1/review/bulk", body).json["results"]
    assert all(each["settles_at"] for each in results)


def test_the_agent_sees_nothing_of_it_until_it_settles(
    ci: Any, rae: Any, clock: TestClock
) -> None:
    approval_id = ci.file()["id"]
    before = ci.get(f"/api/v1/approvals/{approval_id}")
    give(rae, approval_id, reason="fine")
    after = ci.get(f"/api/v1/approvals/{approval_id}")
    assert after.json == before.json
    assert after.headers["ETag"] == before.headers["ETag"]
    clock.advance(20_000)
    settled = ci.get(f"/api/v1/approvals/{approval_id}").json
    assert (settled["status"], len(settled["decisions"])) == ("approved", 1)


def test_a_held_poll_settles_it_itself_and_wakes_at_once(
    ci: Any, rae: Any, clock: TestClock, runtime: Runtime, desk: Desk
) -> None:
    approval_id = ci.file()["id"]
    give(rae, approval_id)
    answers: list[Any] = []
    path = f"/api/v1/approvals/{approval_id}?wait=50"
    poll = threading.Thread(target=lambda: answers.append(ci.get(path)))
    clock.advance(19_900)
    poll.start()
    poll.join(60)
    assert answers, "no sweeper runs here: the poll waited for its own clock alone"
    assert answers[0].json["status"] == "approved"
    assert desk.status(approval_id) == "approved"
