"""`GET /api/v1/approvals`: the agent's own, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest


def test_every_page_is_linked_to_the_next_until_there_is_none(ci: Any) -> None:
    ids = [ci.file(arguments={"n": n})["id"] for n in range(5)]
    path, found = "/api/v1/approvals?limit=2&tool=shell.run", []
    while path:
        answer = ci.get(path)
        found += [item["id"] for item in answer.json["items"]]
        link = re.fullmatch(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        assert (link is None) == (answer.json["next_cursor"] is None)
        path = link[1] if link else ""
    assert found == ids[::-1]


def test_arguments_and_conversations_are_left_out_of_lists(
    ci: Any, token: Any, house: Any
) -> None:
    filed = ci.file()
    said = ci.post(f"/api/v1/approvals/{filed['id']}/messages", {"text": "Hello"})
    assert [each["text"] for each in said.json["messages"]] == ["Hello"]
    rae = ci.using(token(house.rae))
    for caller, path in ((ci, "/api/v1/approvals"), (rae, "/api/v1/review/approvals")):
        (item,) = caller.get(path).json["items"]
        assert item.keys().isdisjoint({"arguments", "messages"})
        assert item["message_count"] == 1


def test_a_list_can_be_narrowed(ci: Any, settle: Any) -> None:
    ci.file("a.b", arguments={"n": 1}, session="s1")
    yes = ci.file("a.c", arguments={"n": 2}, session="s2")
    settle(yes["id"])

    def tools(query: str) -> list[str]:
        items = ci.get(f"/api/v1/approvals?{query}").json["items"]
        return [item["tool"] for item in items]

    assert tools("status=approved") == ["a.c"]
    assert tools("status=pending") == ["a.b"]
    assert tools("session=s1") == ["a.b"]
    assert tools("tool=a.c&session=s2") == ["a.c"]
    assert tools("tool=a.c&session=s1") == []


def test_nobody_elses_approvals_are_listed(
    ci: Any, house: Any, file_call: Callable[..., str]
) -> None:
    file_call(house.helper)
    file_call(house.stranger)
    assert ci.get("/api/v1/approvals").json == {"items": [], "next_cursor": None}


def test_decisions_are_shown_in_lists(ci: Any, settle: Any) -> None:
    settle(ci.file()["id"], "deny", "No")
    (item,) = ci.get("/api/v1/approvals").json["items"]
    assert item["decisions"][0]["reason"] == "No"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=00019999", "/limit"),
        ("limit=x", "/limit"),
        ("cursor=%20", "/cursor"),
        ("status=open", "/status"),
        ("session=a%00b", "/session"),
    ],
)
def test_a_query_that_will_not_do_is_named(ci: Any, query: str, pointer: str) -> None:
    answer = ci.get(f"/api/v1/approvals?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
