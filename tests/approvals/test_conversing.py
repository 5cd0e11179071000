"""Answers in place of a run, requests for changes, and what is said meanwhile."""

from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import func, select

from tests.plugins.desk import NO_LIMITS, House, TestClock
from tests.plugins.rules import Desk
from webui.approvals.answering import conversation
from webui.approvals.answering.reviewing import Look, seal_of
from webui.approvals.asking.ask import Limits
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.states import Verdict
from webui.store.models import Message

DENY, RESPOND, CHANGES = Verdict.DENY, Verdict.RESPOND, Verdict.REQUEST_CHANGES


def said(desk: Desk, approval_id: str) -> list[tuple[str, str]]:
    """The conversation: who, and what."""
    with desk.store.reading() as session:
        lines = session.scalars(
            select(Message).where(Message.approval_id == approval_id).order_by(Message.id)
        ).all()
    assert desk.row(approval_id).message_count == len(lines)
    return [(line.sender.partition(":")[0], line.text) for line in lines]


def handed_back(desk: Desk, house: House, text: str = "Which host?") -> str:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, CHANGES, text)
    return approval_id


# ---- Answering


def test_an_answer_ends_a_call_and_nothing_runs(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, RESPOND, "known", answer="Use the copy.")
    row = desk.row(approval_id)
    assert (row.status, row.resolution, row.usable_until) == ("answered", "reviewer", None)
    assert desk.told(approval_id)["answer"] == "Use the copy."
    refused = desk.consume(approval_id)
    assert isinstance(refused, ConflictError)
    assert refused.code == "not_approved"


@pytest.mark.parametrize("answer", [None, "", " \n", "x" * 4_001])
def test_an_answer_says_something(desk: Desk, house: House, answer: str | None) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(InvalidError):
        desk.decide(house.rae, approval_id, RESPOND, answer=answer)
    assert desk.status(approval_id) == "pending"


@pytest.mark.parametrize(
    ("first", "last", "status"),
    [
        (DENY, RESPOND, "answered"),
        (RESPOND, DENY, "denied"),
        (RESPOND, RESPOND, "answered"),
    ],
)
def test_an_answer_counts_with_the_denials_and_the_last_one_says_which_it_is(
    desk: Desk, house: House, first: Verdict, last: Verdict, status: str
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2, denials_required=2)
    for who, verdict in ((house.rae, first), (house.ana, last)):
        text = f"{who.name} says" if verdict is RESPOND else None
        desk.decide(who, approval_id, verdict, answer=text)
    assert desk.status(approval_id) == status


def test_an_answer_is_remembered_like_a_denial(
    desk: Desk, house: House, clock: TestClock
) -> None:
    memory = Limits(rate=0, max_pending=0, denial_memory=600_000)
    approval_id = desk.submit(limits=memory).approval.id
    desk.decide(house.rae, approval_id, RESPOND, answer="no")
    again = desk.submit(limits=memory)
    assert (again.approval.id, again.reused) == (approval_id, True)
    clock.advance(600_000)
    assert desk.submit(limits=memory).approval.id != approval_id


def test_the_repeat_of_an_answer_is_a_success_and_anything_else_is_late(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.decide(house.rae, approval_id, RESPOND, answer="no")
    assert desk.decide(house.rae, approval_id, RESPOND, answer="no").refusal is None
    for who, verdict in ((house.rae, DENY), (house.ana, RESPOND), (house.ana, CHANGES)):
        text = "no" if verdict is RESPOND else None
        assert desk.decide(who, approval_id, verdict, "why", answer=text).late


@pytest.mark.parametrize("verdict", [DENY, RESPOND])
def test_the_repeat_of_a_no_that_did_not_win_is_late(
    desk: Desk, house: House, verdict: Verdict
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, denials_required=2)
    answer = "no" if verdict is RESPOND else None
    desk.decide(house.rae, approval_id, verdict, answer=answer)
    desk.decide(house.ana, approval_id)
    assert desk.status(approval_id) == "approved"
    assert desk.decide(house.rae, approval_id, verdict, answer=answer).late


# ---- Asking for changes


def test_a_request_for_changes_hands_the_call_back_with_its_message(
    desk: Desk, house: House
) -> None:
    approval_id = handed_back(desk, house)
    row = desk.row(approval_id)
    assert (row.status, row.version, row.change_requests) == ("needs_revision", 2, 1)
    assert row.decided_at is None
    assert said(desk, approval_id) == [("user", "Which host?")]
    assert desk.actions(approval_id)[-2:] == [
        "approval.changes_requested",
        "approval.message",
    ]


def test_the_agents_message_brings_it_back_and_then_it_is_approved(
    desk: Desk, house: House
) -> None:
    approval_id = handed_back(desk, house)
    desk.say(house.ana, approval_id, "Hurry.")
    assert desk.status(approval_id) == "needs_revision"
    assert desk.reply(approval_id, "Staging.").status == "pending"
    assert desk.actions(approval_id)[-1] == "approval.resumed"
    texts = [text for _, text in said(desk, approval_id)]
    assert texts == ["Which host?", "Hurry.", "Staging."]
    version = desk.row(approval_id).version
    desk.reply(approval_id, "And quickly.")
    assert desk.row(approval_id).version == version
    assert desk.decide(house.rae, approval_id).approval.status == "approved"


def test_votes_given_before_a_request_for_changes_still_count(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    desk.decide(house.bo, approval_id, CHANGES, "Which host?")
    desk.reply(approval_id)
    assert desk.decide(house.bo, approval_id).approval.status == "approved"


@pytest.mark.parametrize("message", ["", "  ", "x" * 4_001])
def test_a_request_for_changes_says_what_to_change(
    desk: Desk, house: House, message: str
) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(InvalidError):
        desk.decide(house.rae, approval_id, CHANGES, message)
    assert (desk.status(approval_id), said(desk, approval_id)) == ("pending", [])


def test_no_yes_is_taken_until_the_agent_has_answered(desk: Desk, house: House) -> None:
    approval_id = handed_back(desk, house)
    edit = desk.prepared(approval_id, {"command": "ls"})
    for verdict, brought in (
        (Verdict.APPROVE, None),
        (Verdict.EDIT, edit),
        (CHANGES, None),
    ):
        with pytest.raises(ConflictError) as caught:
            desk.decide(house.ana, approval_id, verdict, "why", edit=brought)
        assert caught.value.code == "needs_revision"
        assert "has not answered yet" in caught.value.detail
    assert desk.status(approval_id) == "needs_revision"


@pytest.mark.parametrize(("verdict", "status"), [(DENY, "denied"), (RESPOND, "answered")])
def test_a_no_is_taken_at_any_time(
    desk: Desk, house: House, verdict: Verdict, status: str
) -> None:
    approval_id = handed_back(desk, house)
    answer = "no" if verdict is RESPOND else None
    desk.decide(house.ana, approval_id, verdict, answer=answer)
    assert desk.status(approval_id) == status


def test_it_expires_is_withdrawn_and_superseded_like_one_that_waits(
    desk: Desk, house: House, clock: TestClock
) -> None:
    withdrawn = handed_back(desk, house)
    desk.cancel(withdrawn)
    assert desk.status(withdrawn) == "cancelled"
    revised = handed_back(desk, house)
    new = desk.submit(arguments={"command": "ls"}, revision_of=revised).approval
    assert (desk.status(revised), desk.row(revised).superseded_by) == (
        "superseded",
        new.id,
    )
    over = handed_back(desk, house)
    clock.advance(900_000)
    with pytest.raises(ConflictError) as caught:
        desk.reply(over)
    assert caught.value.code == "already_settled"
    assert desk.sweep() >= 1
    assert desk.status(over) == "expired"


def test_asking_the_same_again_finds_the_call_that_was_handed_back(
    desk: Desk, house: House
) -> None:
    approval_id = handed_back(desk, house)
    again = desk.gate()
    assert (again.approval.id, again.approval.status) == (approval_id, "needs_revision")


def test_a_request_for_changes_breaks_the_seals_before_it_and_a_message_does_not(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    look = Look(seal_of(desk.row(approval_id), 1), 1)
    desk.say(house.ana, approval_id, "Hello?")
    desk.reply(approval_id, "Yes?")
    assert Look(seal_of(desk.row(approval_id), 1), 1) == look
    desk.decide(house.rae, approval_id, CHANGES, "Which host?", look=look)
    desk.reply(approval_id)
    with pytest.raises(ConflictError) as caught:
        desk.decide(house.rae, approval_id, look=look)
    assert caught.value.code == "stale_seal"


# ---- Who may write, and how much


def test_only_who_may_decide_writes_to_the_agent(desk: Desk, house: House) -> None:
    owned = desk.submit(house.deploy_bot).approval.id
    for who in (house.vi, house.bo):
        with pytest.raises(NotAllowedError):
            desk.say(who, owned, "hello")
    assert desk.actions(owned)[-1] == "access.refused"
    assert said(desk, owned) == []


def test_an_approval_of_another_agent_or_org_is_one_that_does_not_exist(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    theirs = desk.submit(house.stranger).approval.id
    for agent in (house.helper, house.stranger):
        with pytest.raises(NotFoundError):
            desk.reply(approval_id, agent=agent)
    for each in (theirs, "apr_none"):
        with pytest.raises(NotFoundError):
            desk.say(house.rae, each, "hello")
        with pytest.raises(NotFoundError):
            desk.decide(house.rae, each, CHANGES, "why")
        with pytest.raises(NotFoundError):
            desk.reply(each)
    assert said(desk, approval_id) == said(desk, theirs) == []


def test_nothing_is_said_about_what_is_settled(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    write = (partial(desk.say, house.ana), desk.reply)
    for each in write:
        with pytest.raises(ConflictError) as caught:
            each(approval_id, "x")
        assert caught.value.code == "already_settled"
    assert said(desk, approval_id) == []


@pytest.mark.parametrize("text", ["", "\n", "x" * 4_001])
def test_a_message_says_something(desk: Desk, house: House, text: str) -> None:
    approval_id = desk.submit().approval.id
    with pytest.raises(InvalidError):
        desk.reply(approval_id, text)
    with pytest.raises(InvalidError):
        desk.say(house.rae, approval_id, text)
    assert said(desk, approval_id) == []


def test_an_agent_that_floods_is_slowed_over_all_its_approvals_and_no_other_is(
    desk: Desk, house: House, clock: TestClock
) -> None:
    one = desk.submit(limits=NO_LIMITS).approval.id
    two = desk.submit(arguments={"n": 2}).approval.id
    clock.stand_still()
    for n in range(60):
        desk.reply(two if n % 2 else one, str(n))
    with pytest.raises(TooManyError) as caught:
        desk.reply(one, "more")
    assert caught.value.retry_after >= 1
    helpers = desk.submit(house.helper).approval.id
    desk.reply(helpers, "hello", house.helper)
    clock.advance(60_000)
    desk.reply(one, "more")
    assert len(said(desk, one)) == 31


def test_an_agent_that_talks_without_end_silences_no_reviewer(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "MOST_BEFORE_AGENT", 2)
    monkeypatch.setattr(conversation, "MOST", 3)
    approval_id = desk.submit().approval.id
    desk.reply(approval_id, "one")
    desk.reply(approval_id, "two")

    def refused(write: Callable[[], object]) -> None:
        with pytest.raises(DeskError) as caught:
            write()
        assert caught.value.code == "conversation_full"

    refused(lambda: desk.reply(approval_id, "x"))
    desk.say(house.rae, approval_id, "three")
    refused(lambda: desk.say(house.rae, approval_id, "x"))
    with desk.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 3
    assert desk.decide(house.rae, approval_id, CHANGES, "Say less.").applied
    desk.reply(approval_id, "Yes.")  # what was asked for is heard
    assert desk.status(approval_id) == "pending"


def test_a_full_conversation_is_decided_like_any_other(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "MOST_BEFORE_AGENT", 1)
    approval_id = desk.submit().approval.id
    desk.reply(approval_id, "one")
    assert desk.decide(house.rae, approval_id).applied
