"""A draft over recorded calls: what it counts is what a naive recount of the same rows counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk
from webui.approvals import jobs
from webui.approvals.call.arguments import open_arguments
from webui.approvals.errors import ConflictError, InvalidError, NotAllowedError
from webui.approvals.people.standing import By
from webui.approvals.policy import (
    Call,
    Facts,
    History,
    Verdict,
    evaluate,
    read_policy,
    window_at,
)
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.approvals.states import Verdict as Answer
from webui.background import Runner
from webui.replays.backtest import KIND, ask_for_backtest
from webui.replays.kinds import KINDS
from webui.store.models import Approval, Job
from webui.store.queries import jobs as queries

DRAFT = """version: "1"
default: require_approval
hide: [secret_*]
tools:
  look_*:
    rules: [{name: looking, action: allow}]
  pay:
    rules:
      - name: limit
        conditions: [{path: args.amount, op: lte, value: 900}]
      - {name: few an hour, rate_limit: 3/hour}
      - name: much
        action: require_approval
        conditions: [{path: args.amount, op: gt, value: 500}]
      - {name: little, action: allow}
  again:
    rules:
      - name: known
        action: allow
        conditions: [{path: history.approved_same, op: gte, value: 2}]
"""
LIVE = """version: "1"
default: require_approval
tools:
  look_b: {rules: [{name: never, action: deny}]}
  free: {rules: [{name: free, action: allow}]}
"""


def backtest(
    desk: Desk, text: str = DRAFT, days: int | None = 30, by: By | None = None
) -> Any:
    """Replay a draft and return the result."""
    who = by or By()
    job_id = desk.store.write(
        lambda tx: ask_for_backtest(tx, desk.house.org_id, text, days, who)
    )
    assert Runner(desk.store, KINDS).turn()
    with desk.store.reading() as session:
        job = queries.one(session, desk.house.org_id, KIND, job_id)
        assert job is not None
        assert (job.state, job.done) == ("done", job.total)
        return json.loads(job.result or "null")


def live_a_little(desk: Desk) -> dict[str, str]:
    """File and decide calls of all kinds; return the ids by a word of what became of them."""
    house, ids = desk.house, {}

    def asked(word: str, tool: str, verdict: Answer | None, **arguments: Any) -> None:
        approval = desk.submit(tool=tool, arguments=arguments or {"n": word}).approval
        ids[word] = approval.id
        if verdict is not None:
            desk.decide(house.rae, approval.id, verdict, "said")
        desk.clock.advance(1_000)

    desk.set_policy(LIVE)
    for at in range(2):
        asked(f"same {at}", "again", Answer.APPROVE, n=1)
        desk.consume(ids[f"same {at}"])
        used = desk.row(ids[f"same {at}"])
        assert used.attempts == 1
        desk.clock.advance(900_000)
    asked("same denied", "again", Answer.DENY, n=1)
    asked("look denied", "look_a", Answer.DENY)
    asked("look refused", "look_b", None)
    asked("free", "free", None)
    asked("hidden", "secret_x", Answer.APPROVE)
    for at, amount in enumerate((100, 600, 950, 100, 100, 100)):
        asked(f"pay {at}", "pay", Answer.APPROVE, amount=amount, at=at)
    asked("pay text", "pay", Answer.DENY, amount="100")
    asked("waits", "other", None)
    desk.submit(desk.house.stranger, "look_a", {"n": 1})  # another org's
    return ids


def recount(desk: Desk, text: str) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Rule on every row with `evaluate`, counters by hand; return verdicts and what passes."""
    policy, counts = read_policy(text), Counter[tuple[str, int]]()
    verdicts, passing = Counter[tuple[str, str]](), list[str]()
    with desk.store.reading() as session:
        mine = select(Approval).where(Approval.org_id == desk.house.org_id)
        rows = session.scalars(mine.order_by(Approval.created_at, Approval.id)).all()
        for row in rows:
            before = [
                other
                for other in rows
                if (other.tool, other.arguments_hash) == (row.tool, row.arguments_hash)
                and other.by_person
                and other.decided_at is not None
                and other.decided_at < row.created_at
            ]
            denied = sum(other.status == "denied" for other in before)
            known = History(len(before) - denied, denied)
            arguments = open_arguments(session, desk.store.keyring, row).value
            call = Call(row.tool, arguments, agent=row.agent_id, risk="medium")
            values = {
                name: counts[name, window_at(counter.window, row.created_at)[0]]
                for name, counter in {
                    rule.counter.name: rule.counter for rule in policy.rules if rule.counter
                }.items()
            }
            ruling = evaluate(policy, Facts(call, row.created_at, values, known))
            ran = ruling.verdict is Verdict.ALLOW or (
                ruling.verdict is Verdict.REQUIRE_APPROVAL and row.attempts > 0
            )
            for each in ruling.reservations if ran else ():
                start, _ = window_at(each.window, row.created_at)
                counts[each.counter, start] += each.amount
            verdicts[str(ruling.verdict), ruling.rule.name] += 1
            if row.status == "denied" and ruling.verdict is Verdict.ALLOW:
                passing.append(row.id)
    return verdicts, passing


def test_a_backtest_counts_what_a_naive_recount_counts(desk: Desk) -> None:
    ids = live_a_little(desk)
    result = backtest(desk)
    verdicts, passing = recount(desk, DRAFT)
    counted = {(each["verdict"], each["rule"]): each["calls"] for each in result["rules"]}
    assert counted == dict(verdicts)
    assert result["calls"] == sum(verdicts.values()) == len(ids)
    listed = [each["approval"] for each in result["lists"]["let_through"]["newest"]]
    assert listed == passing[::-1]
    assert {ids["look denied"], ids["look refused"], ids["same denied"]} == set(listed)
    assert result["lists"]["let_through"]["count"] == 3
    assert next(iter(result["lists"])) == "let_through"
    assert result["matrix"]["passed"] == {"allow": 0, "deny": 0, "require_approval": 1}
    assert result["lists"]["newly_asked"]["newest"][0]["approval"] == ids["free"]
    refused = [each["approval"] for each in result["lists"]["newly_refused"]["newest"]]
    assert ids["hidden"] in refused
    assert result["asked_before"] == len(ids) - 2


def test_interruptions_are_divided_among_those_who_may_decide(desk: Desk) -> None:
    live_a_little(desk)
    result = backtest(desk)
    assert result["people"] == 3  # Ana, Bo and Rae; Cy is suspended
    before = result["asked_before"] / result["days"] / 3
    assert result["daily_before"] == pytest.approx(before, rel=0.05)


def test_the_period_begins_with_a_day_and_leaves_out_what_is_older(desk: Desk) -> None:
    desk.submit(tool="old")
    desk.clock.advance(3 * 86_400_000)
    desk.submit(tool="new")
    result = backtest(desk, days=1)
    assert (result["calls"], result["since"] % 86_400_000) == (1, 0)
    assert backtest(desk, days=None)["calls"] == 2
    assert backtest(desk, days=30)["calls"] == 2


def test_lists_are_bounded_and_counts_are_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.replays.tally.LISTED", 2)
    monkeypatch.setattr("webui.replays.reading.SLICE", 2)
    for at in range(5):
        one = desk.submit(tool="look_a", arguments={"n": at}).approval
        desk.decide(desk.house.rae, one.id, Answer.DENY, "no")
    result = backtest(desk)["lists"]["let_through"]
    assert (result["count"], len(result["newest"])) == (5, 2)
    assert result["newest"][0]["approval"] == one.id


BISECTING = [
    ("args.password", 'regex, value: "^h"'),
    ("args.note", "contains, value: ghp_a"),
    ("args.env.0.value", "eq, value: hunter2"),
    ("args.env", "any, value: {path: value, op: starts_with, value: h}"),
    ("args.card", "gt, value: 4000000000000000"),
    ("args.auth.user", 'starts_with, value: "b"'),
    ("args.note", "neq, value: x"),
    ("args.api_key", "exists, value: false"),
]
SECRETS = {
    "password": "hunter2",
    "api_key": "k" * 24,
    "note": "use ghp_" + "a1B2" * 9,
    "env": [{"name": "DB_PASSWORD", "value": "hunter2"}],
    "card": 4111111111111111,
    "auth": {"user": "bo"},
    "amount": 5,
}


@pytest.mark.parametrize(("path", "asks"), BISECTING)
def test_a_draft_cannot_read_what_is_masked_bit_by_bit(
    desk: Desk, path: str, asks: str
) -> None:
    for change in ({}, {"password": "other", "note": "ghp_" + "z9Y8" * 9}):
        desk.submit(tool="deploy", arguments=SECRETS | change)
    text = (
        'version: "1"\ntools:\n  deploy:\n    rules:\n'
        f"      - {{name: bit, action: allow, conditions: [{{path: {path}, op: {asks}}}]}}\n"
    )
    result = backtest(desk, text)
    assert [each["verdict"] for each in result["rules"]] == ["require_approval"]
    assert result["masked"] == 2 or path == "args.api_key"


@pytest.mark.parametrize("masks", ["then", "now", "never"])
def test_what_the_policy_masked_then_or_masks_now_is_no_answer_to_a_draft(
    desk: Desk, masks: str
) -> None:
    plain, masking = 'version: "1"\n', 'version: "1"\nredact: [nickname]\n'
    desk.set_policy(masking if masks == "then" else plain)
    desk.submit(tool="greet", arguments={"nickname": "Bo"})
    desk.set_policy(masking if masks == "now" else f"# later\n{plain}")
    guess = "conditions: [{path: args.nickname, op: eq, value: Bo}]"
    asks = f"{{name: guess, action: allow, {guess}}}"
    result = backtest(desk, f'version: "1"\ntools: {{greet: {{rules: [{asks}]}}}}\n')
    told = result["matrix"]["undecided"]
    assert (told["allow"], result["masked"]) == ((1, 0) if masks == "never" else (0, 1))


def test_what_is_not_masked_beside_a_secret_is_told(desk: Desk) -> None:
    desk.submit(tool="deploy", arguments=SECRETS)
    told = "conditions: [{path: args.amount, op: eq, value: 5}, {path: args.password, op: exists, value: true}]"
    text = f'version: "1"\ntools: {{deploy: {{rules: [{{name: five, action: allow, {told}}}]}}}}\n'
    assert backtest(desk, text)["rules"][0]["verdict"] == "allow"


@pytest.mark.parametrize("who", ["max", "cy", "zoe"])
def test_who_does_not_see_all_calls_replays_none(desk: Desk, who: str) -> None:
    member: Member = getattr(desk.house, who)
    with pytest.raises(NotAllowedError):
        backtest(desk, by=By(member.id))
    with desk.store.reading() as session:
        assert session.scalar(select(Job.id)) is None


def test_a_viewer_may_replay(desk: Desk) -> None:
    assert backtest(desk, by=By(desk.house.vi.id))["calls"] == 0


@pytest.mark.parametrize(
    ("text", "days", "kind"),
    [
        ('version: "2"\n', 30, PolicyRefusedError),
        (DRAFT, 0, InvalidError),
        (DRAFT, 3_651, InvalidError),
        (DRAFT + "#" * 131_072, 30, InvalidError),
    ],
)
def test_what_cannot_be_replayed_is_refused(
    desk: Desk, text: str, days: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        backtest(desk, text, days)


def test_a_few_jobs_of_an_org_wait_and_no_more(desk: Desk, house: House) -> None:
    def ask(org: str) -> Callable[..., str]:
        return lambda tx: jobs.ask_for(tx, org, KIND, {}, By())

    for _ in range(jobs.OPEN_MAX):
        desk.store.write(ask(house.org_id))
    with pytest.raises(ConflictError):
        desk.store.write(ask(house.org_id))
    desk.store.write(ask(house.other_org_id))
