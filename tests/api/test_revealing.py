"""The reviewers' API shows one masked value to whoever may see it, and records that first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from webui.store.models import Event, PersonalToken

ONE = "/api/v1/review/approvals"
CALL = {
    "env": [{"name": "DB_PASSWORD", "value": "hunter2 horse"}],
    "a~/b": {"otp": 123},
    "n": 1,
}
SCOPES = ["approvals:view", "approvals:reveal_secrets"]


@pytest.fixture
def as_member(ci: Any, token: Any) -> Callable[..., Any]:
    return lambda member, scopes=SCOPES: ci.using(token(member, scopes=scopes))


def reveal(
    caller: Any, approval: dict[str, Any], path: str, seal: str | None = None
) -> Any:
    shown = caller.get(f"{ONE}/{approval['id']}").json
    body = {"path": path, "seal": seal or shown["seal"]}
    return caller.post(f"{ONE}/{approval['id']}/reveal", body)


def events(store: Any, action: str) -> list[dict[str, Any]]:
    with store.reading() as session:
        found = session.query(Event).filter(Event.action == action).all()
        return [json.loads(event.payload) for event in found]


def test_one_value_is_shown_and_recorded_by_its_path(
    ci: Any, as_member: Any, house: Any, store: Any
) -> None:
    approval, ana = ci.file(arguments=CALL), as_member(house.ana)
    answer = reveal(ana, approval, "/env/0/value")
    assert answer.status_code == 200
    assert answer.json == {
        "path": "/env/0/value",
        "name": "value",
        "value": "hunter2 horse",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert reveal(ana, approval, "/a~0~1b/otp").json["value"] == 123
    noted = events(store, "approval.revealed")
    assert [note["path"] for note in noted] == ["/env/0/value", "/a~0~1b/otp"]
    assert {note["channel"] for note in noted} == {"token"}
    assert "hunter2" not in json.dumps(noted)


def test_who_may_not_is_refused_and_that_is_recorded(
    ci: Any, as_member: Any, house: Any, store: Any
) -> None:
    approval = ci.file(arguments=CALL)
    for caller, code in (
        (as_member(house.rae), "missing_grant"),
        (as_member(house.ana, ["approvals:view"]), "scope_missing"),
        (ci, "agent_cannot_decide"),
    ):
        seal = "0" * 64
        answer = caller.post(f"{ONE}/{approval['id']}/reveal", {"path": "/n", "seal": seal})
        assert (answer.status_code, answer.json["code"]) == (403, code)
    assert [note["verdict"] for note in events(store, "access.refused")] == ["reveal"]
    assert events(store, "approval.revealed") == []
    zoe = as_member(house.zoe)
    seal = "0" * 64
    assert (
        zoe.post(f"{ONE}/{approval['id']}/reveal", {"path": "/n", "seal": seal}).status_code
        == 404
    )


def test_a_token_made_for_an_agent_is_shown_nothing(
    ci: Any, as_member: Any, house: Any, store: Any
) -> None:
    approval, ana = ci.file(arguments=CALL), as_member(house.ana)
    store.write(
        lambda tx: tx.execute(update(PersonalToken).values(agent_context=True)) and None
    )
    answer = reveal(ana, approval, "/env/0/value")
    assert (answer.status_code, answer.json["code"]) == (403, "agent_context")
    assert "hunter2" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    ["/n", "/env", "/env/0", "/a~0~1b", "/nothing", "/", "env/0/value", "/env/00/value"],
)
def test_only_what_is_masked_is_shown(
    ci: Any, as_member: Any, house: Any, path: str
) -> None:
    answer = reveal(as_member(house.ana), ci.file(arguments=CALL), path)
    assert answer.status_code == 422
    assert "hunter2" not in answer.get_data(as_text=True)


def test_what_changed_since_is_not_shown(ci: Any, as_member: Any, house: Any) -> None:
    answer = reveal(as_member(house.ana), ci.file(arguments=CALL), "/a~0~1b/otp", "0" * 64)
    assert (answer.status_code, answer.json["code"]) == (409, "stale_seal")


def test_a_call_of_high_risk_is_revealed_on_its_page_only(
    ci: Any, as_member: Any, house: Any, store: Any
) -> None:
    approval = ci.file(arguments=CALL, risk="high")
    answer = reveal(as_member(house.ana), approval, "/env/0/value")
    assert (answer.status_code, answer.json["code"]) == (403, "confirm_first")
    assert events(store, "approval.revealed") == []
