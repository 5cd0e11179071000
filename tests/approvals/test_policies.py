"""Versions of a policy: accepted whole or not at all, by whom it may be."""

import pytest

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk, at_once
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.drafts import check_draft
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.store.queries import events

FIRST = 'version: "1"\ndefault: deny\n'
SECOND = 'version: "1"\ndefault: allow\n'


def live(desk: Desk) -> tuple[int, str] | None:
    with desk.store.reading() as session:
        found = policies.in_force(session, desk.house.org_id)
        return None if found is None else (found.number, found.text)


def wrong(desk: Desk, text: str) -> list[str]:
    before = live(desk)
    with pytest.raises(PolicyRefusedError) as refused:
        desk.set_policy(text)
    assert live(desk) == before
    return [str(fault) for fault in refused.value.wrong]


def by(desk: Desk, who: Member, text: str = FIRST) -> policies.Accepted:
    return desk.store.write(
        lambda tx: policies.accept(tx, desk.house.org_id, text, By(who.id))
    )


def test_each_text_is_a_version_and_the_same_text_is_none(desk: Desk) -> None:
    first = desk.set_policy(FIRST, note=" begin ")
    assert (first.version.number, first.version.note, first.changed) == (1, "begin", True)
    again = desk.set_policy(FIRST)
    assert (again.version.number, again.changed) == (1, False)
    desk.set_policy(SECOND)
    assert live(desk) == (2, SECOND)
    desk.store.write(lambda tx: policies.revert(tx, desk.house.org_id, 1, By()))
    assert live(desk) == (3, FIRST)
    with desk.store.reading() as session:
        listed = policies.versions(session, desk.house.org_id)
        assert [each.number for each in listed] == [3, 2, 1]
        older = policies.versions(session, desk.house.org_id, before=3, limit=1)
        assert [each.number for each in older] == [2]
    with pytest.raises(NotFoundError):
        desk.store.write(lambda tx: policies.revert(tx, desk.house.org_id, 9, By()))


def test_a_change_is_told(desk: Desk, house: House) -> None:
    by(desk, house.ana)
    with desk.store.reading() as session:
        told = events.about(session, house.org_id, f"org:{house.org_id}", 100)[-1]
    assert (told.action, told.actor) == ("policy.changed", f"user:{house.ana.id}")
    assert b'"number":1' in (told.payload or b"")


def test_everything_that_is_wrong_is_told_at_once_and_nothing_changes(desk: Desk) -> None:
    desk.set_policy(FIRST)
    assert len(wrong(desk, 'version: "2"\nhide: 5\ntols: {}\n')) == 3
    failing = wrong(desk, SECOND + "tests:\n  - {tool: a, expect: deny}\n")
    assert failing[0].startswith("line 4, column 1: tests[0]:")
    assert "expected deny" in failing[0]


RULE = """version: "1"
tools:
  pay:
    rules:
      - {name: ask, action: require_approval, approvers: [finance], veto_group: legal}
"""


def test_a_policy_names_only_groups_that_are_there(desk: Desk, house: House) -> None:
    faults = wrong(desk, RULE)
    assert [fault.partition(":")[0] for fault in faults] == ["line 5, column 1"] * 2
    assert 'there is no group "finance" here' in faults[0]

    def make(name: str) -> None:
        desk.store.write(lambda tx: groups.create_group(tx, house.org_id, By(), name))

    make("finance")
    make("legal")
    desk.set_policy(RULE)
    listed = "groups:\n  finance: [rae@example.org]\n"
    assert "holds other people" in wrong(desk, RULE + listed)[0]

    def join() -> None:
        desk.store.write(
            lambda tx: groups.add_to_group(
                tx,
                house.org_id,
                By(),
                groups.find_group(tx, house.org_id, "finance"),
                house.rae.email,
            )
        )

    join()
    desk.set_policy(RULE + listed)
    assert "no such group" in wrong(desk, RULE + "groups: {ops: []}\n")[0]


@pytest.mark.parametrize("who", ["bo", "rae", "vi", "ed", "max", "cy", "zoe"])
def test_t10_who_may_not_write_the_policy_cannot_change_who_approves(
    desk: Desk, house: House, who: str
) -> None:
    with pytest.raises(NotAllowedError):
        by(desk, getattr(house, who))
    assert live(desk) is None


def test_the_author_says_what_the_change_was_made_from(desk: Desk) -> None:
    desk.set_policy(FIRST, expected=0)
    with pytest.raises(ConflictError, match="Version 1 is in force by now, not 0"):
        desk.set_policy(SECOND, expected=0)
    desk.set_policy(SECOND, expected=1)
    with pytest.raises(InvalidError, match="note"):
        desk.set_policy(FIRST, note="x" * 501)


def test_of_two_authors_at_once_one_is_told_of_the_other(desk: Desk) -> None:
    answers = at_once(
        lambda: desk.set_policy(FIRST, expected=0),
        lambda: desk.set_policy(SECOND, expected=0),
    )
    codes = {each.code for each in answers if isinstance(each, ConflictError)}
    assert codes == {"policy_moved"}
    found = live(desk)
    assert found is not None
    assert found[0] == 1


def test_tests_that_would_hold_up_the_desk_are_not_run(desk: Desk, house: House) -> None:
    rule = "{{name: r{0}, action: allow, conditions: [{{path: args.a, op: eq, value: b}}]}}"
    rules = "".join(f"      - {rule.format(n)}\n" for n in range(200))
    tests = "  - {name: t, tool: x, args: {a: b}, expect: allow}\n" * 80
    text = f'version: "1"\ntools:\n  x:\n    rules:\n{rules}tests:\n{tests}'
    with desk.store.reading() as session:
        checked = check_draft(session, house.org_id, text, desk.store.now())
    assert (checked.tests, checked.acceptable) == ((), False)
    assert "so none was run" in checked.faults[0].sentence
    with pytest.raises(PolicyRefusedError):
        desk.set_policy(text)
    desk.set_policy(text.replace(tests, tests[: len(tests) // 2]))
