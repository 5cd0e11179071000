"""Approvals that an upstream settles: told, confirmed, overruled, lost; who wins each race."""

from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, TestClock
from tests.plugins.meeting import Meet
from tests.plugins.rules import UNSEEN, Desk, at_once, reviewer_of
from tests.plugins.upstream import CONFIRMED, GONE, PERMANENT, TRANSIENT, Upstream
from webui.approvals import ending
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.answering import deciding, holding, settling, undoing
from webui.approvals.answering.cascading import deny_along
from webui.approvals.errors import DeskError, InvalidError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people.standing import By
from webui.approvals.senders import sources
from webui.approvals.states import Status, Verdict
from webui.approvals.upstream import attempts, settled
from webui.approvals.words import delivery_words
from webui.receivers.kind import Refused
from webui.receivers.way_back import End, Outcome
from webui.store.models import Membership, StandingGrant
from webui.store.transaction import Transaction

MINUTE = 60_000
TTL = 900_000


def take_back(desk: Desk, who: object, approval_id: str) -> object:
    by = reviewer_of(who)  # type: ignore[arg-type]
    return desk.store.write(lambda tx: undoing.undo(tx, by, desk.house.org_id, approval_id))


def test_a_yes_settles_nothing_until_the_upstream_confirms_it(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert desk.decide(house.rae, approval_id, reason="fine").applied
    assert upstream.stands(approval_id) == ("pending", "sending", None)
    told = upstream.take()
    assert (told.told.verdict, told.told.reason, told.told.by) == (
        "approve",
        "fine",
        house.rae.name,
    )
    assert dict(told.reply_to) == {"ticket": "t-1"}
    upstream.finish(told)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")
    assert desk.row(approval_id).decided_by == house.rae.id
    assert upstream.claim() == []
    assert desk.actions(approval_id)[-5:] == [
        "approval.reply_started",
        "approval.decided",
        "approval.reply_confirmed",
        "approval.consumed",
        "approval.outcome",
    ]


def test_of_two_nodes_that_would_tell_it_at_the_same_moment_one_does(
    desk: Desk, house: House, upstream: Upstream, meet: Meet
) -> None:
    upstream.ask()
    approval_id = upstream.ask("t-2", "echo two")
    desk.decide(house.rae, approval_id)
    first, second = meet(lambda tx: attempts.claim(tx, 9), lambda tx: attempts.claim(tx, 9))
    assert ([each.approval_id for each in first], second) == ([approval_id], [])


def test_a_kept_yes_that_cannot_be_read_is_not_told(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    desk.demand(approval_id, settling=b"cut short")
    assert upstream.claim() == []
    assert upstream.stands(approval_id) == ("pending", "open", None)


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        (None, None, None),
        ("open", None, "CI waits for the verdict."),
        ("open", "It is off.", "Not delivered. It is off."),
        ("sending", None, "Sending to CI."),
        ("sending", "503.", "Sending to CI. Attempt 2; the last one failed: 503."),
        ("confirmed", None, "CI has confirmed it."),
        ("gone", None, "CI waits for it no more."),
        ("gone", "CI has asked anew since.", "CI has asked anew since."),
        ("failed", None, "CI could not be told."),
        ("failed", "403.", "CI could not be told. 403."),
    ],
)
def test_how_far_a_verdict_is_on_its_way_is_said_in_one_sentence(
    state: str | None, error: str | None, said: str | None
) -> None:
    assert delivery_words(state, Status.PENDING, "CI", error, 2) == said


def test_the_token_of_a_source_is_printable(desk: Desk, house: House) -> None:
    with pytest.raises(InvalidError, match="printable ASCII"):
        desk.store.write(
            lambda tx: (
                sources.create_source(
                    tx, house.org_id, kind="helio", name="H", token="schlüssel"
                ).source_id
            )
        )


def test_the_statement_that_sends_a_verdict_looks_at_the_membership_itself(
    desk: Desk,
    house: House,
    upstream: Upstream,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.set_org(undo_seconds=10)
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    looked = holding.why_gone

    def look_and_lose(tx: Transaction, *more: Any) -> object:
        why = looked(tx, *more)
        gone = update(Membership).where(Membership.user_id == house.rae.id)
        tx.execute(gone.values(status="suspended"))
        return why

    monkeypatch.setattr(settling, "why_gone", look_and_lose)
    clock.advance(10_000)
    assert desk.sweep() == 1
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert upstream.claim() == []


def test_a_no_is_told_with_its_reason(desk: Desk, house: House, upstream: Upstream) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, Verdict.DENY, "not on Fridays")
    told = upstream.take()
    assert (told.told.verdict, told.told.reason) == ("deny", "not on Fridays")
    upstream.finish(told)
    assert upstream.stands(approval_id) == ("denied", "confirmed", "reviewer")


def test_no_other_verdict_is_taken_while_one_is_on_its_way(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    assert not desk.decide(house.rae, approval_id).applied
    late = desk.decide(house.ana, approval_id, Verdict.DENY, "no")
    assert late.refusal is not None
    assert late.refusal.code == "settling"
    upstream.finish(upstream.take())
    assert desk.status(approval_id) == "consumed"


def test_of_two_reviewers_at_once_one_verdict_is_told(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    at_once(
        partial(desk.decide, house.rae, approval_id),
        partial(desk.decide, house.ana, approval_id, Verdict.DENY, "no"),
    )
    told = upstream.take()
    upstream.finish(told)
    wanted = {"approve": "consumed", "deny": "denied"}[told.told.verdict]
    assert desk.status(approval_id) == wanted
    assert desk.actions(approval_id).count("approval.reply_started") == 1


def test_the_window_to_undo_comes_first_and_then_it_is_told(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    desk.set_org(undo_seconds=10)
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    assert upstream.stands(approval_id)[1] == "open"
    assert upstream.claim() == []
    clock.advance(10_000)
    assert desk.sweep() == 1
    assert desk.sweep() == 0
    assert upstream.stands(approval_id) == ("pending", "sending", None)
    upstream.finish(upstream.take())
    assert desk.status(approval_id) == "consumed"


def test_a_transient_failure_is_told_again_and_the_same(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, Verdict.DENY, "no")
    first = upstream.take()
    upstream.finish(first, TRANSIENT)
    assert upstream.stands(approval_id) == ("pending", "sending", None)
    assert desk.row(approval_id).reply_error == TRANSIENT.error
    assert upstream.claim() == []
    clock.advance(1_000)
    second = upstream.take()
    assert (second.told, second.attempts) == (first.told, 2)
    upstream.finish(second)
    assert desk.status(approval_id) == "denied"


def test_a_deadline_does_not_overrule_what_is_on_its_way(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    clock.advance(TTL + MINUTE)
    assert desk.sweep() == 0
    assert desk.status(approval_id) == "pending"
    upstream.finish(told)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")


@pytest.mark.parametrize("how", [TRANSIENT, PERMANENT], ids=["transient", "permanent"])
def test_what_fails_past_the_deadline_expires_at_once(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock, how: Outcome
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    clock.advance(TTL + MINUTE)
    upstream.finish(told, how)
    assert upstream.stands(approval_id) == ("expired", "sending", "deadline")
    reject = upstream.take()
    assert (reject.told.verdict, reject.told.ended) == ("deny", True)
    assert reject.told.reason == "Nobody decided in time, so it was not allowed."
    upstream.finish(reject)
    assert upstream.stands(approval_id) == ("expired", "confirmed", "deadline")


def test_a_permanent_failure_opens_it_again_and_says_why(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    upstream.finish(upstream.take(), PERMANENT)
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert desk.row(approval_id).reply_error == PERMANENT.error
    assert desk.told(approval_id)["cause"] == "not_delivered"
    assert desk.decide(house.ana, approval_id, Verdict.DENY, "then no").applied
    upstream.finish(upstream.take())
    assert desk.status(approval_id) == "denied"


def test_whoever_may_decide_takes_back_what_is_on_its_way(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    take_back(desk, house.ana, approval_id)
    assert upstream.stands(approval_id) == ("pending", "open", None)
    upstream.finish(told, TRANSIENT)
    upstream.finish(told, PERMANENT)
    upstream.finish(told, GONE)
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert upstream.claim() == []


def test_what_got_there_before_it_was_taken_back_counts(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    take_back(desk, house.rae, approval_id)
    upstream.finish(told)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "upstream_replied")


def test_the_end_of_an_attempt_for_the_verdict_before_is_none_for_this_one(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    old = upstream.take()
    take_back(desk, house.rae, approval_id)
    desk.decide(house.rae, approval_id, Verdict.DENY, "no")
    new = upstream.take()
    upstream.finish(old, PERMANENT)
    assert upstream.stands(approval_id)[1] == "sending"
    upstream.finish(new)
    assert upstream.stands(approval_id) == ("denied", "confirmed", "reviewer")
    upstream.finish(old)
    assert upstream.stands(approval_id) == ("denied", "gone", "reviewer")
    assert desk.actions(approval_id)[-1] == "approval.reply_overruled"


def test_a_message_left_by_a_crash_is_taken_up_again(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    lost = upstream.take()
    assert upstream.claim() == []
    clock.advance(MINUTE)
    again = upstream.take()
    assert (again.told, again.round, again.attempts) == (lost.told, lost.round, 2)
    upstream.finish(again)
    upstream.finish(lost)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")


def test_two_nodes_take_a_message_once(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    taken = at_once(upstream.claim, upstream.claim)
    assert sorted(len(one) for one in taken) == [0, 1]  # type: ignore[arg-type]


@pytest.mark.parametrize("approved", [True, False])
def test_an_upstream_that_settles_by_itself_settles_ours(
    desk: Desk, upstream: Upstream, approved: bool
) -> None:
    approval_id = upstream.ask()
    assert upstream.says(approved=approved, by="the terminal") is not None
    status = "consumed" if approved else "denied"
    assert upstream.stands(approval_id) == (status, "confirmed", "upstream_replied")
    upstream.says(approved=approved)
    upstream.says(approved=not approved)
    assert desk.status(approval_id) == status
    assert upstream.claim() == []


def test_a_cascade_of_the_upstream_says_so(upstream: Upstream) -> None:
    approval_id = upstream.ask()
    upstream.says(approved=False, cascade=True)
    assert upstream.stands(approval_id) == ("denied", "confirmed", "cascade")


def test_a_reply_event_confirms_what_is_on_its_way(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    upstream.says(approved=True)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")
    upstream.finish(told)
    upstream.finish(told, GONE)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")


@pytest.mark.parametrize("approved", [True, False])
@pytest.mark.parametrize("by_event", [True, False], ids=["event", "answer"])
def test_a_verdict_that_cannot_be_read_when_it_is_confirmed_is_the_upstreams_alone(
    desk: Desk, house: House, upstream: Upstream, *, by_event: bool, approved: bool
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, Verdict.APPROVE if approved else Verdict.DENY, "so")
    told = upstream.take()
    desk.demand(approval_id, settling=b"cut short")
    if by_event:
        upstream.says(approved=approved)
    else:
        upstream.finish(told, CONFIRMED)
    status = "consumed" if approved else "denied"
    assert upstream.stands(approval_id) == (status, "confirmed", "upstream_replied")
    row = desk.row(approval_id)
    assert (row.settles_at, row.settling) == (None, None)
    assert str(row.decided_by).startswith("source:"), "nobody's name is put to it"
    undone = next(e for e in desk.events(approval_id) if e.action == "approval.undone")
    assert b"cannot be read any more" in (undone.payload or b"")


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [(GONE, ("cancelled", "gone", "disposed")), (PERMANENT, ("pending", "open", None))],
    ids=["gone", "refused"],
)
def test_a_verdict_that_cannot_be_read_and_never_got_there_is_none(
    desk: Desk,
    house: House,
    upstream: Upstream,
    outcome: Outcome,
    stands: tuple[str | None, ...],
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    told = upstream.take()
    desk.demand(approval_id, settling=b"cut short")
    upstream.finish(told, outcome)
    assert upstream.stands(approval_id) == stands
    assert desk.row(approval_id).settling is None


def test_a_confirmation_of_the_other_verdict_wins_and_the_log_says_so(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    upstream.take()
    upstream.says(approved=False, by="the terminal")
    assert upstream.stands(approval_id) == ("denied", "confirmed", "upstream_replied")
    undone = next(e for e in desk.events(approval_id) if e.action == "approval.undone")
    assert undone.payload is not None
    assert b"upstream_replied" in undone.payload
    assert desk.row(approval_id).reserved is None


@pytest.mark.parametrize("approved", [True, False])
def test_the_upstreams_word_counts_past_the_deadline_of_what_is_on_its_way(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock, approved: bool
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, Verdict.DENY if approved else Verdict.APPROVE)
    upstream.take()
    clock.advance(TTL + MINUTE)
    upstream.says(approved=approved)
    status = "consumed" if approved else "denied"
    assert upstream.stands(approval_id) == (status, "confirmed", "upstream_replied")


@pytest.mark.parametrize("approved", [True, False])
def test_an_attempt_that_finds_it_settled_otherwise_settles_ours_so(
    desk: Desk, house: House, upstream: Upstream, approved: bool
) -> None:
    approval_id = upstream.ask()
    verdict = Verdict.DENY if approved else Verdict.APPROVE
    desk.decide(house.rae, approval_id, verdict, "as I said")
    upstream.finish(upstream.take(), Outcome(End.GONE, "settled", approved))
    status = "consumed" if approved else "denied"
    assert upstream.stands(approval_id) == (status, "confirmed", "upstream_replied")


def test_what_is_gone_without_a_word_is_never_our_verdict(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    upstream.finish(upstream.take(), GONE)
    assert upstream.stands(approval_id) == ("cancelled", "gone", "disposed")
    assert upstream.claim() == []


def test_a_verdict_and_the_upstreams_reply_at_once_end_as_the_upstream_says(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    for number in range(4):
        ref = f"t-{number}"
        approval_id = upstream.ask(ref)
        at_once(
            partial(desk.decide, house.rae, approval_id),
            partial(upstream.says, ref, approved=False),
        )
        assert desk.status(approval_id) == "denied"
        assert upstream.claim() == []


def test_an_answer_and_a_reply_event_at_once_count_once(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    for number in range(4):
        ref = f"t-{number}"
        approval_id = upstream.ask(ref)
        desk.decide(house.rae, approval_id)
        told = upstream.take()
        at_once(partial(upstream.finish, told), partial(upstream.says, ref, approved=True))
        assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")
        assert desk.actions(approval_id).count("approval.consumed") == 1


def test_a_list_settles_what_it_names_no_more(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    lost, kept, sent, fresh = (upstream.ask(ref) for ref in ("a", "b", "c", "d"))
    desk.decide(house.rae, sent)
    upstream.take()
    listed_at = desk.row(fresh).created_at
    desk.demand(lost, created_at=listed_at - 1)
    assert upstream.lists("b", listed_at=listed_at) == [lost]
    assert upstream.stands(lost) == ("cancelled", "gone", "disposed")
    assert upstream.stands(kept) == ("pending", "open", None)
    assert upstream.stands(sent) == ("pending", "sending", None)
    clock.advance(MINUTE)  # whoever was sending is gone, and so is what it sent
    assert upstream.lists("b", "d") == [sent]
    assert upstream.stands(sent) == ("cancelled", "gone", "disposed")
    assert upstream.lists("b", "d") == []


ENDINGS = [
    pytest.param("expired", "deadline", "Nobody decided in time", id="deadline"),
    pytest.param("cancelled", "cancelled", "The agent withdrew it", id="withdrawn"),
    pytest.param("cancelled", "run_ended", "The agent's run ended", id="run"),
    pytest.param("cancelled", "session_ended", "The agent's session", id="session"),
    pytest.param("cancelled", "disposed", "The source was shut down", id="shutdown"),
]


def end(
    desk: Desk, upstream: Upstream, clock: TestClock, approval_id: str, how: str
) -> None:
    org, agent = desk.house.org_id, desk.house.ci.id
    if how == "deadline":
        clock.advance(TTL)
        desk.sweep()
    elif how == "cancelled":
        desk.cancel(approval_id)
    elif how == "run_ended":
        desk.store.write(lambda tx: ending.end_run(tx, org, agent, "r"))
    elif how == "session_ended":
        desk.store.write(lambda tx: ending.end_session(tx, org, agent, "s"))
    else:
        assert upstream.dispose() == [approval_id]


@pytest.mark.parametrize(("status", "how", "words"), ENDINGS)
def test_however_it_ends_without_a_yes_the_upstream_is_told(
    desk: Desk,
    upstream: Upstream,
    clock: TestClock,
    status: str,
    how: str,
    words: str,
) -> None:
    approval_id = upstream.ask(session="s", run="r")
    end(desk, upstream, clock, approval_id, how)
    assert upstream.stands(approval_id) == (status, "sending", how)
    told = upstream.take()
    assert (told.told.verdict, told.told.ended) == ("deny", True)
    assert told.told.reason.startswith(words)
    upstream.finish(told, TRANSIENT)
    clock.advance(1_000)
    upstream.finish(upstream.take())
    assert upstream.stands(approval_id) == (status, "confirmed", how)


def test_an_end_that_cannot_be_told_is_given_up_after_an_hour(
    desk: Desk, upstream: Upstream, clock: TestClock
) -> None:
    approval_id = upstream.ask()
    desk.cancel(approval_id)
    upstream.finish(upstream.take(), TRANSIENT)
    clock.advance(60 * MINUTE)
    upstream.finish(upstream.take(), TRANSIENT)
    assert upstream.stands(approval_id) == ("cancelled", "failed", "cancelled")
    assert upstream.ask() == approval_id  # it asks again: told again, filed once
    assert upstream.stands(approval_id)[1] == "sending"


def test_an_upstream_that_ran_what_had_ended_here_is_written_down(
    desk: Desk, upstream: Upstream, clock: TestClock
) -> None:
    approval_id = upstream.ask()
    clock.advance(TTL)
    upstream.says(approved=True)
    assert upstream.stands(approval_id) == ("expired", "gone", "deadline")
    assert desk.actions(approval_id)[-1] == "approval.reply_overruled"
    assert upstream.claim() == []


def test_each_question_of_an_upstream_is_one_of_its_own(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    first, second = upstream.ask("a"), upstream.ask("b")
    assert first != second
    assert upstream.ask("a") == first
    desk.decide(house.rae, first, Verdict.DENY, "no")
    upstream.finish(upstream.take())
    assert upstream.ask("a") == first
    assert upstream.ask("c") not in {first, second}
    assert desk.status(second) == "pending"


def test_asked_again_with_other_arguments_the_old_one_is_not_answered(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    old = upstream.ask("a", "echo one")
    new = upstream.ask("a", "echo two")
    assert desk.status(old) == "superseded"
    assert upstream.claim() == []
    assert upstream.stands(old)[1] == "gone"
    desk.decide(house.rae, new)
    upstream.finish(upstream.take())
    assert desk.status(new) == "consumed"


def test_asked_again_while_a_verdict_is_on_its_way_that_verdict_is_for_the_old_one(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    old = upstream.ask("a", "echo one")
    desk.decide(house.rae, old)
    told = upstream.take()
    new = upstream.ask("a", "echo two")
    assert desk.status(old) == "superseded"
    upstream.finish(told)
    assert desk.status(old) == "superseded"
    assert desk.actions(old)[-1] == "approval.reply_overruled"
    assert upstream.stands(new) == ("pending", "open", None)
    assert upstream.claim() == []


RULE = """
version: "1"
tools:
  shell.run:
    rules:
      - {{name: no shell, action: {effect}}}
"""


@pytest.mark.parametrize(("effect", "status"), [("deny", "denied"), ("allow", "consumed")])
def test_what_a_rule_settles_is_told_at_once(
    desk: Desk, upstream: Upstream, effect: str, status: str
) -> None:
    desk.set_policy(RULE.format(effect=effect))
    approval_id = upstream.ask()
    told = upstream.take()
    assert told.told.verdict == {"deny": "deny", "allow": "approve"}[effect]
    assert upstream.ask() == approval_id
    upstream.finish(told)
    assert upstream.stands(approval_id) == (status, "confirmed", "policy")


def test_a_yes_under_a_rule_that_changed_is_not_told(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.set_policy(RULE.format(effect="deny"))
    with pytest.raises(DeskError) as refused:
        desk.decide(house.rae, approval_id)
    assert refused.value.code == "policy_changed"
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert desk.decide(house.rae, approval_id, Verdict.DENY, "no").applied


def test_a_yes_of_a_rule_that_is_confirmed_late_ran_all_the_same(
    desk: Desk, upstream: Upstream, clock: TestClock
) -> None:
    desk.set_policy(RULE.format(effect="allow"))
    approval_id = upstream.ask()
    told = upstream.take()
    clock.advance(TTL + MINUTE)
    upstream.finish(told)
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "policy")


@pytest.mark.parametrize("how", [TRANSIENT, PERMANENT], ids=["transient", "permanent"])
def test_a_yes_of_a_rule_that_cannot_be_told_in_time_is_none(
    desk: Desk, upstream: Upstream, clock: TestClock, how: Outcome
) -> None:
    desk.set_policy(RULE.format(effect="allow"))
    approval_id = upstream.ask()
    told = upstream.take()
    clock.advance(TTL + MINUTE)
    upstream.finish(told, how)
    desk.sweep()
    assert upstream.stands(approval_id) == ("expired", "failed", "policy")


def test_a_yes_of_a_rule_whose_time_is_over_before_it_is_told_is_a_no(
    desk: Desk, upstream: Upstream, clock: TestClock
) -> None:
    desk.set_policy(RULE.format(effect="allow"))
    approval_id = upstream.ask()
    clock.advance(TTL + MINUTE)
    assert upstream.take().told.verdict == "deny"
    assert desk.status(approval_id) == "expired"


@pytest.mark.parametrize("known", [True, False])
def test_a_yes_of_a_rule_that_the_upstream_did_not_wait_for_is_left_to_nobody(
    desk: Desk, upstream: Upstream, known: bool
) -> None:
    desk.set_policy(RULE.format(effect="allow"))
    approval_id = upstream.ask()
    upstream.says(approved=False) if known else upstream.loses()
    assert upstream.stands(approval_id) == ("revoked", "gone", "upstream_replied")
    assert upstream.claim() == []


def test_nobody_is_offered_what_an_upstream_cannot_be_told(upstream: Upstream) -> None:
    every = [str(verdict) for verdict in Verdict]
    approval_id = upstream.ask(allowed_decisions=every)
    assert upstream.desk.row(approval_id).allowed_decisions == "approve deny"


def test_a_standing_grant_answers_the_next_question(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    first = upstream.ask("a")
    desk.decide(house.rae, first, grant=GrantWish(uses=2))
    upstream.finish(upstream.take())
    second = upstream.ask("b")
    told = upstream.take()
    assert (told.approval_id, told.told.verdict) == (second, "approve")
    assert told.told.reason == "A standing grant covered it."
    upstream.finish(told)
    assert upstream.stands(second) == ("consumed", "confirmed", "grant")


def test_a_grant_that_cannot_be_given_any_more_keeps_no_confirmed_yes_back(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, grant=GrantWish(uses=2))
    desk.set_org(grant_hours=0)
    upstream.finish(upstream.take())
    assert desk.status(approval_id) == "consumed"
    with desk.store.reading() as session:
        assert session.query(StandingGrant).all() == []


def test_break_glass_is_told_too_and_waits_for_no_window(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    desk.set_org(undo_seconds=10)
    approval_id = upstream.ask()
    desk.demand(approval_id, approvals_required=2)
    by = reviewer_of(house.ana)
    decided = desk.store.write(
        lambda tx: deciding.decide(
            tx,
            by,
            house.org_id,
            approval_id,
            Verdict.APPROVE,
            "the shop is down",
            UNSEEN,
            break_glass=True,
        )
    )
    assert decided.applied
    upstream.finish(upstream.take())
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "break_glass")


def test_a_quorum_is_told_once_it_is_complete(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    assert upstream.claim() == []
    desk.decide(house.ana, approval_id)
    upstream.finish(upstream.take(), PERMANENT)
    assert desk.decide(house.ana, approval_id).applied, "the first voice still counts"
    upstream.finish(upstream.take())
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "quorum")


def test_a_denial_takes_the_session_along_and_each_is_told(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    first, second = (upstream.ask(ref, session="s") for ref in ("a", "b"))
    desk.decide(house.rae, first, Verdict.DENY, "no")
    by = reviewer_of(house.rae)
    row = desk.row(first)
    desk.store.write(lambda tx: deny_along(tx, by, row, second, "no"))
    for told in upstream.claim():
        upstream.finish(told)
    assert [upstream.stands(one)[2] for one in (first, second)] == ["reviewer", "cascade"]


def test_an_agent_that_is_terminated_takes_what_it_asked_with_it(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    waiting, sending = upstream.ask("a"), upstream.ask("b")
    desk.decide(house.rae, sending)
    clock.advance(TTL + MINUTE)
    by = By(house.ana.id)
    change = AgentChange(status="terminated")
    desk.store.write(lambda tx: change_agent(tx, house.org_id, by, house.ci.id, change))
    assert desk.status(waiting) in {"expired", "pending"}
    assert upstream.stands(sending) == ("cancelled", "sending", "agent_terminated")


def test_a_reviewer_who_is_one_no_more_when_it_is_to_be_told_decides_nothing(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    desk.set_org(undo_seconds=10)
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)

    def leave(tx: Transaction) -> None:
        row = tx.session.get_one(Membership, (house.org_id, house.rae.id))
        row.status = "suspended"
        tx.session.flush()

    desk.store.write(leave)
    clock.advance(10_000)
    desk.sweep()
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert upstream.claim() == []


def leaves(desk: Desk, house: House) -> None:
    """Take the reviewer's place in the org away."""

    def leave(tx: Transaction) -> None:
        tx.session.get_one(Membership, (house.org_id, house.rae.id)).status = "suspended"
        tx.session.flush()

    desk.store.write(leave)


def pauses(desk: Desk, house: House) -> None:
    """Switch the agent off for a while."""
    by, change = By(house.ana.id), AgentChange(status="paused")
    desk.store.write(lambda tx: change_agent(tx, house.org_id, by, house.ci.id, change))


def forbids(desk: Desk, house: House) -> None:
    """Put another policy into force."""
    assert house
    desk.set_policy(RULE.format(effect="deny"))


@pytest.mark.parametrize("gone", [leaves, pauses, forbids])
def test_a_yes_that_rests_on_nothing_any_more_is_not_told_again(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock, gone: Any
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    upstream.finish(upstream.take(), TRANSIENT)
    gone(desk, house)
    clock.advance(MINUTE)
    assert upstream.claim() == []
    assert upstream.stands(approval_id) == ("pending", "open", None)
    assert desk.row(approval_id).reply_error
    assert desk.actions(approval_id)[-1] == "approval.undone"


@pytest.mark.parametrize("gone", [leaves, pauses, forbids])
def test_a_no_is_told_whatever_has_changed_since(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock, gone: Any
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id, Verdict.DENY, "no")
    upstream.finish(upstream.take(), TRANSIENT)
    gone(desk, house)
    clock.advance(MINUTE)
    assert upstream.take().told.verdict == "deny"
    assert upstream.stands(approval_id)[1] == "sending"


def test_a_yes_of_a_rule_that_is_in_force_no_more_is_told_as_a_no(
    desk: Desk, upstream: Upstream, clock: TestClock
) -> None:
    desk.set_policy(RULE.format(effect="allow"))
    approval_id = upstream.ask()
    upstream.finish(upstream.take(), TRANSIENT)
    desk.set_policy(RULE.format(effect="deny"))
    clock.advance(MINUTE)
    assert upstream.claim() == []
    assert upstream.stands(approval_id) == ("revoked", "sending", "revoked")
    reject = upstream.take()
    assert (reject.told.verdict, reject.told.ended) == ("deny", True)


def test_a_source_that_does_not_answer_delays_no_other(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    made = desk.store.write(
        lambda tx: sources.create_source(
            tx,
            house.org_id,
            kind="helio",
            name="another",
            agent=house.ci.name,
            config={"api_url": "http://127.0.0.1:9"},
            token="a token of some length",
        )
    )
    for number in range(attempts.EACH_SOURCE + 2):
        upstream.ask(f"t-{number}", f"echo {number}")
    clock.advance(1)
    other = Upstream(desk, made.source_id).ask("o-1", "echo other")
    desk.store.write(lambda tx: settled.dispose(tx, upstream.source_id))
    desk.decide(house.rae, other)
    (*dead, last) = desk.store.write(lambda tx: attempts.claim(tx, 100))
    assert [each.source_id for each in dead] == [upstream.source_id] * attempts.EACH_SOURCE
    assert last.approval_id == other
    assert upstream.claim() == []
    upstream.finish(dead[0])
    assert len(upstream.claim()) == 1


def test_a_source_that_names_no_question_is_refused(upstream: Upstream) -> None:
    with pytest.raises(Refused) as caught:
        upstream.ask(source_ref=None)
    assert caught.value.code == "source_ref_missing"


def test_a_reply_event_may_be_how_we_hear_that_an_end_was_told(
    desk: Desk, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.cancel(approval_id)
    told = upstream.take()
    upstream.says(approved=False)
    assert upstream.stands(approval_id) == ("cancelled", "confirmed", "cancelled")
    upstream.finish(told, TRANSIENT)
    upstream.loses()
    assert upstream.stands(approval_id) == ("cancelled", "confirmed", "cancelled")


def test_what_has_ended_here_may_be_gone_there(desk: Desk, upstream: Upstream) -> None:
    approval_id = upstream.ask()
    desk.cancel(approval_id)
    upstream.loses()
    assert upstream.stands(approval_id) == ("cancelled", "gone", "cancelled")
    upstream.says(approved=True)
    assert desk.actions(approval_id)[-1] == "approval.reply_gone"
    assert upstream.claim() == []


def test_an_attempt_that_found_it_so_already_is_a_confirmation(
    desk: Desk, house: House, upstream: Upstream
) -> None:
    approval_id = upstream.ask()
    desk.decide(house.rae, approval_id)
    upstream.finish(upstream.take(), Outcome(End.CONFIRMED, "already", approved=True))
    assert upstream.stands(approval_id) == ("consumed", "confirmed", "reviewer")


def test_a_shutdown_leaves_alone_what_is_on_its_way_or_over(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    over = upstream.ask("a")
    clock.advance(TTL)
    sending = upstream.ask("b")
    desk.decide(house.rae, sending)
    assert upstream.dispose() == []
    assert [desk.status(one) for one in (over, sending)] == ["expired", "pending"]


def test_a_kind_without_a_way_back_is_settled_here(desk: Desk, house: House) -> None:
    made = desk.store.write(
        lambda tx: sources.create_source(
            tx, house.org_id, kind="standard", name="plain", agent=house.ci.name
        )
    )
    approval_id = Upstream(desk, made.source_id).ask()
    assert desk.row(approval_id).reply_state is None
    assert desk.decide(house.rae, approval_id).applied
    assert desk.status(approval_id) == "approved"


def test_an_answer_alone_is_confirmed(upstream: Upstream) -> None:
    assert upstream.says("never asked", approved=True) is None
    assert upstream.loses("never asked") is None


def test_all_of_it_agrees_with_the_log(
    desk: Desk, house: House, upstream: Upstream, clock: TestClock
) -> None:
    from webui.audit.agreement import findings  # noqa: PLC0415 - one test needs it

    told, replied, lost = (upstream.ask(ref) for ref in ("a", "b", "c"))
    desk.decide(house.rae, told)
    upstream.finish(upstream.take())
    upstream.says("b", approved=True)
    upstream.loses("c")
    upstream.says("c", approved=False)
    with desk.store.reading() as session:
        assert findings(session.connection(), house.org_id, pruned=False) == []
    assert [desk.status(one) for one in (told, replied, lost)] == [
        "consumed",
        "consumed",
        "cancelled",
    ]
    assert CONFIRMED.end is End.CONFIRMED
