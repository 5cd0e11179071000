"""On its way to its source, as agents and reviewers' tokens see it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins.desk import House
from tests.plugins.upstream import TRANSIENT, Upstream
from webui.receivers import helio
from webui.receivers.way_back import Option

LIST = "/api/v1/review/approvals"


@pytest.fixture
def rae(ci: Any, token: Any, house: House) -> Any:
    return ci.using(token(house.rae))


def test_both_apis_say_how_far_a_verdict_is_on_its_way(
    ci: Any, rae: Any, upstream: Upstream
) -> None:
    assert ci.file()["delivery"] is None
    approval_id = upstream.ask()
    seen = rae.get(f"{LIST}/{approval_id}").json
    assert seen["delivery"] == {"state": "open", "error": None, "attempts": 0}
    body = {"verdict": "approve", "seal": seen["seal"], "reason": "fine"}
    given = rae.post(f"{LIST}/{approval_id}/decide", body).json
    assert (given["status"], given["delivery"]["state"]) == ("pending", "sending")
    assert "the source of this call is being told" in given["why_not"]
    upstream.finish(upstream.take(), TRANSIENT)
    told = {"state": "sending", "error": TRANSIENT.error, "attempts": 1}
    assert ci.get(f"/api/v1/approvals/{approval_id}").json["delivery"] == told
    listed = {each["id"]: each for each in rae.get(LIST).json["items"]}
    assert listed[approval_id]["delivery"] == told


def test_an_agent_waits_on_while_a_verdict_is_on_its_way(
    ci: Any, rae: Any, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    seal = rae.get(f"{LIST}/{approval_id}").json["seal"]
    rae.post(f"{LIST}/{approval_id}/decide", {"verdict": "approve", "seal": seal})
    waited = ci.get(f"/api/v1/approvals/{approval_id}?wait=1").json
    assert (waited["status"], waited["delivery"]["state"]) == ("pending", "sending")


def test_a_token_says_how_a_verdict_goes_back(
    ci: Any, rae: Any, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = upstream.ask()
    assert rae.get(f"{LIST}/{approval_id}").json["options"] == {}
    ways = {"deny": (Option("tell", "Tell the agent"), Option("stop", "Stop it"))}
    monkeypatch.setattr(helio, "options", ways)
    seen = rae.get(f"{LIST}/{approval_id}").json
    assert seen["options"]["deny"][1] == {"name": "stop", "label": "Stop it"}
    body = {"verdict": "deny", "reason": "no", "seal": seen["seal"], "option": "never"}
    wrong = rae.post(f"{LIST}/{approval_id}/decide", body)
    assert (wrong.status_code, wrong.json["code"]) == (422, "option_not_offered")
    body["option"] = "stop"
    assert rae.post(f"{LIST}/{approval_id}/decide", body).status_code == 200
    again = rae.post(f"{LIST}/{approval_id}/decide", body)
    assert again.status_code == 200
    other = rae.post(f"{LIST}/{approval_id}/decide", body | {"option": "tell"})
    assert (other.status_code, other.json["code"]) == (409, "settling")
    upstream.finish(upstream.take())
    decided = rae.get(f"{LIST}/{approval_id}").json
    assert decided["decisions"][0]["option"] == "stop"
