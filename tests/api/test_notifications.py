"""One's own notifications over the reviewers' API: listed, added, changed, tried, removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from webui.approvals.authorization import ALL
from webui.notices import destinations
from webui.notices.destinations import Owner
from webui.settings import Settings
from webui.store.models import Event

ALL_OF = "/api/v1/review/notifications"
SERVICE = "jsons://bob:s3cr3t-word@127.0.0.1/abcdef"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A desk that sends mail to nowhere, and offers a service."""
    mail = SecretStr("mailto://127.0.0.1:9?from=desk@example.org")
    return settings.model_copy(update={"notify_mail": mail, "notify_services": ("jsons",)})


@pytest.fixture
def of(ci: Any, token: Any) -> Callable[..., Any]:
    return lambda member, scopes=ALL: ci.using(token(member, scopes=scopes))


def add(caller: Any, kind: str = "mail", **more: Any) -> Any:
    answer = caller.post(ALL_OF, {"kind": kind} | more)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_person_says_over_the_api_where_and_what_they_hear(of: Any, house: Any) -> None:
    rae = of(house.rae)
    assert rae.get(ALL_OF).json == {
        "items": [], "zone": "UTC", "mail": True, "services": ["jsons"],
    }  # fmt: skip
    made = add(rae)
    assert (made["kind"], made["about"], made["quiet"]) == ("mail", "decide", None)
    assert add(rae)["id"] == made["id"], "the own address is there once"
    path = f"{ALL_OF}/{made['id']}"
    wish = {
        "risk_from": "high", "tools": ["github.*"], "hours": [17, 9], "quiet": ["22:00", "07:00"],
        "critical_at_once": True, "remind_before": 5,
    }  # fmt: skip
    assert rae.post(path, wish).json == made | wish | {"hours": [9, 17]}
    kept = rae.post(path, {"every": 60, "quiet": None}).json
    assert (kept["every"], kept["hours"], kept["quiet"]) == (60, [], None)
    assert (kept["risk_from"], kept["tools"]) == ("high", ["github.*"]), "as it was"
    assert (
        rae.post(f"{ALL_OF}/zone", {"zone": "Europe/Berlin"}).json["zone"]
        == "Europe/Berlin"
    )
    assert rae.post(f"{path}/pause").json["status"] == "paused"
    assert rae.post(f"{path}/resume").json["status"] == "active"
    assert rae.post(f"{path}/remove").json["status"] == "removed"
    assert rae.get(ALL_OF).json["items"] == []
    assert rae.post(f"{path}/resume").status_code == 404


def test_no_token_adds_a_service_which_the_page_adds_after_a_fresh_sign_in_alone(
    of: Any, house: Any, store: Any
) -> None:
    rae = of(house.rae)
    answer = rae.post(ALL_OF, {"kind": "service", "url": SERVICE})
    assert (answer.status_code, answer.json["code"]) == (403, "confirm_first")
    assert "Account, Notifications" in answer.json["detail"]
    assert rae.get(ALL_OF).json["items"] == []
    with store.reading() as session:
        added = select(Event.seq).where(Event.action == "destination.created")
        assert session.scalars(added).all() == []


def test_a_services_secret_is_never_shown_and_a_try_tells_the_truth(
    of: Any, house: Any, store: Any
) -> None:
    rae, owner = of(house.rae), Owner(house.org_id, house.rae.id)
    made = store.write(
        lambda tx: destinations.add(tx, owner, "service", url=SERVICE, offered=("jsons",))
    )
    tried = rae.post(f"{ALL_OF}/{made}/test")
    listed = rae.get(ALL_OF)
    [shown] = listed.json["items"]
    assert (shown["id"], shown["kind"]) == (made, "service")
    assert tried.json["taken"] is False
    assert tried.json["why"]
    for answer in (listed, tried):
        assert "s3cr3t" not in answer.text
        assert "abcdef" not in answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"about": "everything"}, "/about"),
        ({"every": 7}, "/every"),
        ({"hours": [24]}, "/hours/0"),
        ({"quiet": ["22:00"]}, "/quiet"),
        ({"quiet": ["25:00", "07:00"]}, "/quiet/0"),
        ({"tools": ["a b"] * 21}, "/tools"),
        ({"remind_before": 3}, "/remind_before"),
        ({"every": 15, "hours": [9]}, "/hours"),
        ({"loud": True}, "/loud"),
    ],
)
def test_what_is_not_offered_is_refused_with_its_place(
    of: Any, house: Any, body: dict[str, Any], pointer: str
) -> None:
    rae = of(house.rae)
    made = add(rae)
    answer = rae.post(f"{ALL_OF}/{made['id']}", body)
    assert answer.status_code == 422
    assert any(each["pointer"].startswith(pointer) for each in answer.json["errors"])
    assert rae.get(ALL_OF).json["items"] == [made]


@pytest.mark.parametrize(
    "body", [{"kind": "fax"}, {"kind": "mail", "at": "x"}, {"kind": "alarm"}, {}]
)
def test_a_way_that_this_desk_does_not_have_is_refused(
    of: Any, house: Any, body: dict[str, Any]
) -> None:
    assert of(house.rae).post(ALL_OF, body).status_code == 422


def test_nobody_else_finds_a_place_and_no_token_for_an_agent_changes_one(
    of: Any, house: Any, token: Any, ci: Any, store: Any
) -> None:
    made = add(of(house.rae))
    for path in ("", "/test", "/pause", "/resume", "/remove"):
        answer = of(house.ana).post(
            f"{ALL_OF}/{made['id']}{path}", {} if path == "" else None
        )
        assert answer.status_code == 404, path
    narrow = of(house.rae, ["policy:read"])
    assert narrow.get(ALL_OF).json["code"] == "scope_missing"
    assert narrow.post(ALL_OF, {"kind": "mail"}).json["code"] == "scope_missing"
    assert narrow.post(f"{ALL_OF}/{made['id']}/remove").status_code == 404
