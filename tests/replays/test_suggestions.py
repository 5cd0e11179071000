"""Rules for what people always approve: sound, bounded, and never taken by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.plugins.desk import Member
from tests.plugins.rules import Desk
from webui.approvals.errors import InvalidError, NotAllowedError
from webui.approvals.people.standing import By
from webui.approvals.policy import Call, Facts, Verdict, evaluate, read_policy
from webui.approvals.ruling import policies
from webui.approvals.states import Verdict as Answer
from webui.background import Runner
from webui.replays.kinds import KINDS
from webui.replays.suggestions import KIND, ask_for_suggestions
from webui.store.models import Approval, User
from webui.store.queries import jobs as queries

HEAD = 'version: "1"\ntools:\n'


def approve(
    desk: Desk, number: int, tool: str = "pay", *, by: Any = None, **given: Any
) -> str:
    """Have calls approved by two people in turn; return the last one's id."""
    people = by or (desk.house.rae, desk.house.ana)
    for at in range(number):
        arguments = {
            name: value(at) if callable(value) else value for name, value in given.items()
        }
        approval = desk.submit(tool=tool, arguments=arguments).approval
        desk.decide(people[at % len(people)], approval.id, Answer.APPROVE, "fine")
        desk.consume(approval.id)
        outcome = (
            update(Approval).where(Approval.id == approval.id).values(status="consumed")
        )
        desk.store.write(lambda tx, change=outcome: tx.session.execute(change) and None)  # type: ignore[misc]
        desk.clock.advance(1_000)
    return approval.id


def suggested(desk: Desk, approvals: int = 4, people: int = 2, by: By | None = None) -> Any:
    org, who = desk.house.org_id, by or By()
    job_id = desk.store.write(
        lambda tx: ask_for_suggestions(tx, org, approvals, people, 30, who)
    )
    Runner(desk.store, KINDS).turn()
    with desk.store.reading() as session:
        job = queries.one(session, org, KIND, job_id)
        assert job is not None
        assert job.state == "done", job.error
        return json.loads(job.result or "null")["suggestions"]


def allows(desk: Desk, text: str, arguments: Any, *, agent: str | None = None) -> bool:
    call = Call("pay", arguments, agent=agent or desk.house.ci.id)
    return evaluate(read_policy(HEAD + text), Facts(call, 0)).verdict is Verdict.ALLOW


def test_what_people_always_approve_is_a_rule_with_its_evidence(desk: Desk) -> None:
    last = approve(
        desk, 5, to="x", amount=lambda at: 100 + at, kind=lambda at: "ab"[at % 2]
    )
    (found,) = suggested(desk)
    assert (found["tool"], found["approvals"], found["people"], found["agents"]) == (
        "pay",
        5,
        2,
        1,
    )
    assert found["newest"][0] == last
    assert set(found["people_ids"]) == {desk.house.rae.id, desk.house.ana.id}
    assert not found["same"]
    with desk.store.reading() as session:
        assert policies.in_force(session, desk.house.org_id) is None


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        ({}, True),
        ({"amount": 104, "kind": "a"}, True),
        ({"to": "y"}, False),
        ({"amount": 99}, False),
        ({"amount": "100"}, True),
        ({"amount": 101.5}, False),
        ({"kind": "c"}, False),
        ({"force": True}, False),
        ({"to": None}, False),
    ],
)
def test_the_rule_lets_only_through_of_what_each_part_was_approved(
    desk: Desk, change: dict[str, Any], passes: bool
) -> None:
    approve(desk, 5, to="x", amount=lambda at: 100 + at, kind=lambda at: "ab"[at % 2])
    (found,) = suggested(desk)
    text = found["text"]
    asked = {"to": "x", "amount": 100, "kind": "b"} | change
    assert allows(desk, text, asked) is passes
    assert not allows(desk, text, {"to": "x"})
    assert not allows(desk, text, asked, agent="agt_other")


def test_many_numbers_become_the_span_between_them(desk: Desk) -> None:
    approve(desk, 25, to="x", amount=lambda at: 100 + 2 * at)
    (found,) = suggested(desk)
    assert allows(desk, found["text"], {"to": "x", "amount": 101})
    assert not allows(desk, found["text"], {"to": "x", "amount": 149})
    assert not allows(desk, found["text"], {"to": "x", "amount": "101"})


def test_after_a_denial_only_exactly_the_same_calls_are_suggested(desk: Desk) -> None:
    approve(desk, 4, to="x", amount=5)
    approve(desk, 3, to="x", amount=lambda at: 6 + at)
    denied = desk.submit(tool="pay", arguments={"to": "x", "amount": 600}).approval
    desk.decide(desk.house.rae, denied.id, Answer.DENY, "no")
    (found,) = suggested(desk)
    assert (found["approvals"], found["same"]) == (4, True)
    assert not allows(desk, found["text"], {"to": "x", "amount": 6})
    again = desk.submit(tool="pay", arguments={"to": "x", "amount": 5}).approval
    desk.decide(desk.house.rae, again.id, Answer.DENY, "no more")
    assert suggested(desk) == []


@pytest.mark.parametrize("column", ["risk", "irreversible"])
def test_what_could_do_harm_is_never_suggested(desk: Desk, column: str) -> None:
    last = approve(desk, 6, to="x")
    assert len(suggested(desk)) == 1
    value = {"risk": "high", "irreversible": True}[column]
    change = update(Approval).where(Approval.id == last).values({column: value})
    desk.store.write(lambda tx: tx.session.execute(change) and None)
    assert suggested(desk) == []


@pytest.mark.parametrize(
    "given",
    [
        {"password": "hunter2"},
        {"items": [1, 2]},
        {"text": "x" * 300},
        {"text": "a\u202eb"},
        {"odd name": "x"},
        {"n": None},
    ],
)
def test_calls_of_which_a_rule_could_not_say_all_are_left_to_people(
    desk: Desk, given: dict[str, Any]
) -> None:
    approve(desk, 5, to="x", **given)
    assert suggested(desk) == []


def test_nothing_of_it_is_fixed_so_nothing_is_suggested(desk: Desk) -> None:
    approve(desk, 5, to=lambda at: f"x{at}")
    assert suggested(desk) == []


def test_so_often_and_by_so_many_people(desk: Desk) -> None:
    approve(desk, 5, to="x", by=(desk.house.rae,))
    assert suggested(desk) == []
    assert len(suggested(desk, people=1)) == 1
    assert suggested(desk, approvals=6, people=1) == []


def test_two_accounts_of_one_person_are_one_person(desk: Desk) -> None:
    approve(desk, 5, to="x")
    rae, ana = desk.house.rae.id, desk.house.ana.id
    one = update(User).where(User.id == rae).values(person_id=ana)
    desk.store.write(lambda tx: tx.session.execute(one) and None)
    assert suggested(desk) == []


def test_an_edit_counts_as_a_no(desk: Desk) -> None:
    approve(desk, 5, to="x")
    edited = desk.submit(tool="pay", arguments={"to": "x"}).approval
    desk.edit(desk.house.rae, edited.id, {"to": "y"})
    assert suggested(desk) == []


def test_what_policy_or_nobody_settled_is_no_approval(desk: Desk) -> None:
    for at in range(5):
        desk.submit(tool="pay", arguments={"to": "x", "n": at})
    desk.set_policy(HEAD + "  pay: {rules: [{name: free, action: allow}]}\n")
    for _ in range(5):
        desk.submit(tool="pay", arguments={"to": "x"})
    assert suggested(desk) == []


def test_who_may_not_see_all_calls_gets_none(desk: Desk) -> None:
    for who in (desk.house.max, desk.house.cy, desk.house.zoe):
        member: Member = who
        with pytest.raises(NotAllowedError):
            suggested(desk, by=By(member.id))


@pytest.mark.parametrize("numbers", [(2, 2, 30), (10, 0, 30), (10, 2, 91), (10, 2, 0)])
def test_numbers_have_bounds(desk: Desk, numbers: tuple[int, int, int]) -> None:
    org = desk.house.org_id
    with pytest.raises(InvalidError):
        desk.store.write(lambda tx: ask_for_suggestions(tx, org, *numbers, By()))


def test_a_search_that_has_no_room_suggests_nothing_it_is_not_sure_of(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.replays.suggesting.GROUPS_MAX", 3)
    for at in range(4):
        denied = desk.submit(tool="pay", arguments={"to": "z", "n": at}).approval
        desk.decide(desk.house.rae, denied.id, Answer.DENY, "no")
    approve(desk, 5, to="x")
    assert suggested(desk) == []
    with desk.store.reading() as session:
        assert session.scalars(select(Approval.id)).first()
