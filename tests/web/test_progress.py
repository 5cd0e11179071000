"""What a member of a group may do with a call, and how far it is, on its page and over the API."""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import partial

import pytest

from tests.plugins.desk import House, Member, SignedIn
from tests.plugins.rules import Desk
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.approvals.states import Verdict

POLICY = """version: "1"
tools:
  ship:
    rules:
      - {name: two sides, action: require_approval, approvers: [finance, security],
         approvals_required: 2, distinct_groups: true, veto_group: legal}
  pay:
    rules:
      - {name: twice, action: require_approval, approvers: [finance, security],
         approvals_required: 2}
"""
VETO = "You are asked for a veto"


@pytest.fixture(autouse=True)
def _policy(desk: Desk, house: House) -> None:
    """Ana and Rae are finance, Bo is security and legal."""

    def join(name: str, who: Member) -> None:
        def unit(tx: object) -> None:
            group = groups.find_group(tx, house.org_id, name)  # type: ignore[arg-type]
            groups.add_to_group(tx, house.org_id, By(), group, who.email)  # type: ignore[arg-type]

        desk.store.write(unit)

    for name in ("finance", "security", "legal"):
        desk.store.write(
            partial(groups.create_group, org_id=house.org_id, by=By(), name=name)
        )
    join("finance", house.ana)
    join("finance", house.rae)
    join("legal", house.bo)
    desk.set_policy(POLICY)


@pytest.fixture
def shown(signed_in: SignedIn) -> Callable[[Member, str], str]:
    def page(who: Member, approval_id: str) -> str:
        answer = signed_in(who).get(f"/approvals/{approval_id}")
        return html.unescape(answer.get_data(as_text=True))

    return page


def test_progress_counts_what_counts_and_says_of_which_group(
    desk: Desk, house: House, shown: Callable[[Member, str], str]
) -> None:
    ship, pay = desk.submit(tool="ship").approval.id, desk.submit(tool="pay").approval.id
    nothing = "0 of 2 approvals given. By group: finance 0 of 1, security 0 of 1."
    assert nothing in shown(house.ana, ship)
    for approval_id in (ship, pay):
        desk.decide(house.rae, approval_id)
    one = "1 of 2 approvals given. By group: finance 1 of 1, security 0 of 1."
    assert one in shown(house.ana, ship)
    assert "1 of 2 approvals given. By group: finance 1, security 0." in shown(
        house.ana, pay
    )
    desk.decide(house.ana, ship)
    assert one in shown(house.rae, ship), "a second yes of the same group adds nothing"


def test_a_row_of_the_queue_says_how_many_of_several_approvals_are_given(
    desk: Desk, house: House, signed_in: SignedIn
) -> None:
    ship = desk.submit(tool="ship").approval.id
    single = desk.submit(tool="look").approval.id
    client = signed_in(house.ana)

    def told(path: str) -> str:
        return client.get(path).get_data(as_text=True)

    assert "0 of 2 approvals" in told("/")
    desk.decide(house.rae, ship)
    assert "1 of 2 approvals" in told("/")
    assert "1 of 2 approvals" in told(f"/queue/rows/{ship}"), "what a live change fetches"
    assert "0 of" not in told(f"/queue/rows/{single}"), "one is enough"
    desk.decide(house.bo, ship, Verdict.DENY)
    assert "of 2 approvals" not in told(f"/queue/rows/{ship}"), "it is settled"


def test_who_is_asked_for_a_veto_is_offered_no_yes(
    desk: Desk, house: House, shown: Callable[[Member, str], str]
) -> None:
    approval_id = desk.submit(
        tool="ship", allowed_decisions=("approve", "deny", "edit", "respond")
    ).approval.id
    veto = shown(house.bo, approval_id)
    assert VETO in veto
    assert 'id="confirm-deny"' in veto
    assert 'id="confirm-approve"' not in veto
    assert "decide=edit" not in veto
    full = shown(house.ana, approval_id)
    assert VETO not in full
    assert 'id="confirm-approve"' in full
