"""A draft beside the policy: asked about every new call, deciding none."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import Desk
from webui.approvals.errors import ConflictError, InvalidError, NotAllowedError
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies, shadows
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.replays import following
from webui.replays.following import figures_of, follow
from webui.store.models import PolicyShadow

LIVE = """version: "1"
default: require_approval
tools:
  free: {rules: [{name: free, action: allow}]}
  never: {rules: [{name: never, action: deny}]}
"""
DRAFT = """version: "1"
default: require_approval
tools:
  free: {rules: [{name: two a day, rate_limit: 2/day}, {name: free, action: allow}]}
  never: {rules: [{name: now, action: allow}]}
  "*": {rules: [{name: any secret, conditions: [{path: args.password, op: neq, value: x}]}]}
"""
PLAIN = DRAFT.partition('  "*"')[0]


def start(desk: Desk, text: str = PLAIN, by: By | None = None) -> None:
    who = by or By()
    desk.store.write(
        lambda tx: shadows.start_shadow(tx, desk.house.org_id, text, who) and None
    )


def figures(desk: Desk) -> dict[str, Any]:
    desk.clock.advance(following.LATE + 1_000)
    while follow(desk.store):
        pass
    with desk.store.reading() as session:
        shadow = session.get_one(PolicyShadow, desk.house.org_id)
        return figures_of(shadow) | {"error": shadow.error}


def kinds(told: dict[str, Any]) -> dict[str, int]:
    return {f"{each['live']}>{each['draft']}": each["calls"] for each in told["kinds"]}


def test_each_new_call_is_counted_once_and_none_is_changed(desk: Desk) -> None:
    desk.set_policy(LIVE)
    desk.submit(tool="never", arguments={"n": "before"})
    desk.clock.advance(1_000)
    start(desk)
    ids = [desk.submit(tool="free", arguments={"n": at}).approval.id for at in range(3)]
    never = desk.submit(tool="never").approval.id
    asked = desk.submit(tool="other").approval.id
    told = figures(desk)
    assert kinds(told) == {
        "allow>allow": 2,
        "allow>deny": 1,
        "deny>allow": 1,
        "require_approval>require_approval": 1,
    }
    assert (told["calls"], told["agreed"], told["disagreed"]) == (5, 3, 2)
    assert [each["approval"] for each in told["newest"]] == [never, ids[2]]
    assert {each["rule"] for each in told["rules"]} == {"now", "two a day"}
    assert [desk.row(each).status for each in (ids[2], never, asked)] == [
        "approved",
        "denied",
        "pending",
    ]
    assert figures(desk) == told
    desk.submit(tool="free", arguments={"n": 9})
    assert kinds(figures(desk))["allow>deny"] == 2  # its counter went on


def test_of_two_nodes_one_counts(desk: Desk) -> None:
    start(desk)
    desk.submit()
    with desk.store.reading() as session:
        seen = session.get_one(PolicyShadow, desk.house.org_id)
    assert figures(desk)["calls"] == 1
    late = desk.store.write(lambda tx: shadows.keep_progress(tx, seen, "apr_x", "{}"))
    assert (late, figures(desk)["calls"]) == (False, 1)


def test_what_is_masked_is_not_told_to_it_either(desk: Desk) -> None:
    start(desk, DRAFT)
    desk.submit(arguments={"password": "hunter2"})
    told = figures(desk)
    assert told["masked"] == 1
    assert kinds(told) == {"require_approval>deny": 1}  # doubt is strict


def test_a_draft_that_cannot_be_followed_stands_still_and_files_go_on(desk: Desk) -> None:
    start(desk)
    broken = update(PolicyShadow).values(text="not: [a policy")
    desk.store.write(lambda tx: tx.session.execute(broken) and None)
    filed = desk.submit().approval
    assert "could not rule" in str(figures(desk)["error"])
    assert desk.row(filed.id).status == "pending"
    assert follow(desk.store) == 0


def test_the_list_of_disagreements_is_bounded(
    desk: Desk, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "NEWEST", 2)
    start(desk)
    for at in range(4):
        clock.advance(1)  # of two in one millisecond neither is the newer one
        last = desk.submit(tool="never", arguments={"n": at}).approval.id
    told = figures(desk)
    assert (told["disagreed"], len(told["newest"])) == (4, 2)
    assert told["newest"][0]["approval"] == last


def test_one_draft_runs_until_it_is_stopped(desk: Desk) -> None:
    start(desk)
    with pytest.raises(ConflictError):
        start(desk)

    def stop() -> None:
        desk.store.write(lambda tx: shadows.stop_shadow(tx, desk.house.org_id, By()))

    stop()
    with pytest.raises(ConflictError):
        stop()
    with pytest.raises(PolicyRefusedError):
        start(desk, 'version: "3"\n')


def test_a_draft_beside_the_policy_brings_no_secret_of_a_webhook(desk: Desk) -> None:
    webhook = "{url: https://hooks.example.com/x, secret: hunter2hunter2hunter2}"
    with pytest.raises(InvalidError, match="keeps no secret"):
        start(desk, f"{PLAIN}approvals: {{notify: {{webhook: {webhook}}}}}\n")
    with desk.store.reading() as session:
        assert session.get(PolicyShadow, desk.house.org_id) is None


def test_it_takes_over_only_from_the_version_that_was_seen(desk: Desk) -> None:
    desk.set_policy(LIVE)
    start(desk)

    def over(expected: int) -> int:
        return desk.store.write(
            lambda tx: (
                shadows.take_over(
                    tx, desk.house.org_id, By(), expected=expected
                ).version.number
            )
        )

    desk.set_policy(LIVE + "\n")
    with pytest.raises(ConflictError):
        over(1)
    assert over(2) == 3
    with desk.store.reading() as session:
        live = policies.in_force(session, desk.house.org_id)
        assert live is not None
        assert live.text == PLAIN
        assert session.get(PolicyShadow, desk.house.org_id) is None


@pytest.mark.parametrize("who", ["bo", "vi", "ed", "max", "cy", "zoe"])
def test_only_who_writes_the_policy_starts_stops_and_puts_in_force(
    desk: Desk, house: House, who: str
) -> None:
    member: Member = getattr(house, who)
    by, org = By(member.id), house.org_id
    with pytest.raises(NotAllowedError):
        start(desk, by=by)
    start(desk, by=By(house.ana.id))
    with pytest.raises(NotAllowedError):
        desk.store.write(lambda tx: shadows.stop_shadow(tx, org, by))
    with pytest.raises(NotAllowedError):
        desk.store.write(lambda tx: shadows.take_over(tx, org, by, expected=0))
