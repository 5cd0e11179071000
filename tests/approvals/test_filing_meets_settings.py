"""A call is filed while another process changes what its org says of all calls that wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.plugins.desk import NO_LIMITS, House, ask_for
from tests.plugins.meeting import Meet
from tests.plugins.rules import ARGUMENTS, Desk
from webui.approvals.asking import intake
from webui.approvals.people import accounts, members, organizations
from webui.store.models import Approval
from webui.store.transaction import Transaction


def filing(house: House) -> Callable[[Transaction], str]:
    ask = ask_for(house.ci, "mail.send", ARGUMENTS)
    return lambda tx: intake.submit(tx, house.ci.filer, ask, NO_LIMITS).approval.id


def name_domains(tx: Transaction, house: House) -> None:
    organizations.set_domains(tx, house.org_id, ["acme.example"], actor="test")


def allow_undoing(tx: Transaction, house: House) -> None:
    organizations.set_undo(tx, house.org_id, 20, actor="test")


def save_the_settings(tx: Transaction, house: House) -> None:
    flags = organizations.Flags(
        require_second_factor=False,
        solo_operator=True,
        write_gate=False,
        undo_seconds=20,
        own_domains="acme.example",
    )
    organizations.change_flags(tx, house.org_id, flags, user_id=house.ana.id)


def let_somebody_join(tx: Transaction, house: House) -> None:
    members.join(tx, house.org_id, house.zoe.id, "viewer", actor="test")


def make_somebody(tx: Transaction, house: House) -> None:
    accounts.create_user(
        tx, house.org_id, email="new@example.org", role="viewer", password_hash=""
    )


CHANGES = [
    pytest.param(name_domains, ("acme.example", 0, True), id="domains"),
    pytest.param(allow_undoing, ("", 20_000, True), id="undoing"),
    pytest.param(save_the_settings, ("acme.example", 20_000, True), id="page"),
    pytest.param(let_somebody_join, ("", 0, False), id="joining"),
    pytest.param(make_somebody, ("", 0, False), id="making"),
]


def carried(approval: Approval) -> tuple[str, int, bool]:
    return approval.own_domains, approval.undo_window, approval.solo


@pytest.mark.parametrize(("change", "expected"), CHANGES)
@pytest.mark.parametrize("first", ["the change", "the filing"])
def test_a_call_filed_while_its_org_changes_carries_what_is_committed(
    desk: Desk,
    house: House,
    meet: Meet,
    first: str,
    change: Callable[[Transaction, House], None],
    expected: tuple[str, int, bool],
) -> None:
    desk.set_org(solo_operator=True)
    if first == "the change":
        _, approval_id = meet(lambda tx: change(tx, house), filing(house))
    else:
        approval_id, _ = meet(filing(house), lambda tx: change(tx, house))
    assert carried(desk.row(approval_id)) == expected


def test_a_call_that_is_filed_twice_at_the_same_moment_is_one(
    desk: Desk, house: House, meet: Meet
) -> None:
    first, second = meet(filing(house), filing(house))
    assert first == second
    assert desk.row(first).seen_count == 2
