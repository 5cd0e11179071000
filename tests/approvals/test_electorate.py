"""Warnings of a policy whose questions too few people could answer."""

import pytest

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.grants import permission_grants
from webui.approvals.people import accounts, groups
from webui.approvals.people.standing import By
from webui.approvals.ruling.drafts import check_draft
from webui.store.transaction import Transaction

RULE = """version: "1"
default: deny
tools:
  pay:
    rules:
      - {name: ask, action: require_approval, %s}
"""


def warned(desk: Desk, terms: str) -> list[str]:
    accepted = desk.set_policy(RULE % terms)
    return [str(each) for each in accepted.warnings]


def make(desk: Desk, name: str, *members: str) -> None:
    def unit(tx: Transaction) -> None:
        made = groups.create_group(tx, desk.house.org_id, By(), name)
        for email in members:
            groups.add_to_group(tx, desk.house.org_id, By(), made, email)

    desk.store.write(unit)


@pytest.fixture
def peopled(desk: Desk, house: House) -> Desk:
    """In `lookers` nobody may decide; in `both` and `one` is Rae, in `both` Bo as well."""
    make(desk, "lookers", house.vi.email, house.ed.email)
    make(desk, "both", house.rae.email, house.bo.email)
    make(desk, "one", house.rae.email)
    return desk


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("approvals_required: 3", ""),  # Ana, Bo and Rae
        ("approvals_required: 4", "it takes 4 approvals, and 3 people could give one"),
        ("approvers: [lookers]", "nobody who may decide here could approve it"),
        ("approvers: [both], approvals_required: 2", ""),
        ("approvers: [one], approvals_required: 2", "and 1 person could give one"),
        (
            "approvers: [one, lookers], distinct_groups: true, approvals_required: 2",
            "and 1",
        ),
        ("approvers: [one, both], distinct_groups: true, approvals_required: 2", ""),
        (
            "approvers: [one], approvals_required: 2, escalate_after: 1m, escalate_to: both",
            "",
        ),
        ("veto_group: lookers", ""),
    ],
)
def test_a_quorum_is_held_against_who_may_decide_now(
    peopled: Desk, terms: str, said: str
) -> None:
    found = warned(peopled, terms)
    assert [said in each for each in found] == [True] if said else found == []


def test_a_permission_beside_the_role_makes_a_decider_and_a_suspension_unmakes_one(
    peopled: Desk, house: House
) -> None:
    def give(tx: Transaction) -> None:
        wanted = permission_grants.Wanted("user", house.vi.id, "approvals:decide")
        permission_grants.give(tx, house.org_id, By(), wanted)

    peopled.store.write(give)
    assert warned(peopled, "approvers: [lookers]") == []
    peopled.store.write(
        lambda tx: accounts.suspend_user(tx, house.org_id, house.rae.email, actor="x")
    )
    assert "nobody" in warned(peopled, "approvers: [one]")[0]


def test_a_group_that_is_not_here_is_a_fault_and_no_warning_besides(
    desk: Desk, house: House
) -> None:
    with desk.store.reading() as session:
        text = RULE % "approvers: [nowhere]"
        checked = check_draft(session, house.org_id, text, desk.store.now())
    assert (len(checked.faults), checked.warnings) == (1, ())


def test_a_file_that_says_so_itself_is_warned_of_once(peopled: Desk, house: House) -> None:
    listed = (
        f"approvers: [one], approvals_required: 2}}\ngroups: {{one: [{house.rae.email}]"
    )
    assert len(warned(peopled, listed)) == 1
