"""Approving with changed arguments: what is kept, what still counts, what then runs."""

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk
from webui.approvals.answering.reviewing import Look, seal_of
from webui.approvals.authorization import DECIDE, ROLES, VIEW
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.canonical import arguments_hash
from webui.approvals.errors import ConflictError, InvalidError, NotAllowedError
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.audit.agreement import findings
from webui.masking import profile_of
from webui.preview import masked_arguments
from webui.store.keyring import KeyringError
from webui.store.models import Decision, Membership

ASKED = {"command": "rm -rf build", "n": 1}
EDITED = {"command": "rm -rf build/tmp", "n": 1}


def filed(desk: Desk, arguments: dict[str, Any] = ASKED, **more: Any) -> str:
    return desk.submit(arguments=arguments, **more).approval.id


def opened(desk: Desk, approval_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked, and what is to run."""
    with desk.store.reading() as session:
        row, keyring = desk.row(approval_id), desk.store.keyring
        asked = open_arguments(session, keyring, row).value
        return asked, effective_arguments(session, keyring, row).value


def refusal(desk: Desk, who: Member, approval_id: str, **options: Any) -> str:
    """The code with which an edit is refused."""
    with pytest.raises((ConflictError, InvalidError, NotAllowedError)) as caught:
        desk.edit(who, approval_id, EDITED, **options)
    return caught.value.code


def test_an_edit_keeps_what_was_asked_beside_what_is_to_run(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    before = desk.row(approval_id)
    desk.edit(house.rae, approval_id, EDITED, reason="only tmp")
    row = desk.row(approval_id)
    assert (row.status, row.edits, row.version) == ("approved", 1, 2)
    assert opened(desk, approval_id) == (ASKED, EDITED)
    assert (row.fingerprint, row.arguments_hash) == (
        before.fingerprint,
        before.arguments_hash,
    )
    assert row.edited_hash == arguments_hash(EDITED)
    told = desk.told(approval_id)
    assert (told["verdict"], told["edited_hash"]) == ("edit", row.edited_hash)
    assert told["changed"] == ["/command"]
    assert "build" not in json.dumps(told)  # the log keeps places, never values
    assert "build/tmp" in row.line
    assert b"build/tmp" not in (row.sealed_edit or b"")


@pytest.mark.parametrize("by", ["asked", "edited"])
def test_it_is_consumed_by_either_fingerprint_and_gives_what_was_edited(
    desk: Desk, house: House, by: str
) -> None:
    approval_id = filed(desk)
    desk.edit(house.rae, approval_id, EDITED)
    row = desk.row(approval_id)
    print_of = row.fingerprint if by == "asked" else row.edited_fingerprint
    used = desk.use(approval_id, fingerprint=print_of)
    assert used.approval.edited_hash == arguments_hash(EDITED)


def test_nothing_else_consumes_an_edited_call(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    desk.edit(house.rae, approval_id, EDITED)
    other = desk.prepared(filed(desk, {"command": "x", "n": 1}), {"command": "y", "n": 1})
    refused = desk.consume(approval_id, fingerprint=other.fingerprint)
    assert isinstance(refused, ConflictError)
    assert refused.code == "fingerprint_mismatch"


def test_an_edit_that_was_edited_again_is_not_consumed_by_what_it_was(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    desk.edit(house.rae, approval_id, EDITED)
    first = desk.row(approval_id).edited_fingerprint
    desk.edit(house.bo, approval_id, ASKED | {"n": 2})
    desk.decide(house.rae, approval_id)
    refused = desk.consume(approval_id, fingerprint=first)
    assert isinstance(refused, ConflictError)
    assert isinstance(desk.consume(approval_id), Used)


def test_the_gate_uses_an_edited_yes_for_what_was_asked_and_files_anything_else(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.edit(house.rae, approval_id, EDITED)
    anew = desk.gate(arguments=EDITED)
    assert anew.approval.id != approval_id
    used = desk.gate(arguments=ASKED)
    assert isinstance(used, Used)
    assert used.approval.id == approval_id


def test_an_edit_takes_back_the_yeses_before_it_and_no_denial(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2, denials_required=2)
    desk.decide(house.rae, approval_id)
    desk.decide(house.ana, approval_id, Verdict.DENY, "no")
    assert desk.edit(house.bo, approval_id, EDITED).approval.status == "pending"
    with desk.store.reading() as session:
        kept = session.scalars(select(Decision).order_by(Decision.id)).all()
    counting = [each.verdict for each in kept if each.reset_at is None]
    assert [each.verdict for each in kept] == ["approve", "deny", "edit"]
    assert counting == ["deny", "edit"]
    assert desk.decide(house.rae, approval_id).approval.status == "approved"


def test_who_approved_before_and_edits_counts_once(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    assert desk.edit(house.rae, approval_id, EDITED).approval.status == "pending"
    again = desk.edit(house.rae, approval_id, EDITED | {"n": 2})
    assert again.approval.status == "pending"
    assert desk.decide(house.rae, approval_id).late
    assert desk.decide(house.bo, approval_id).approval.status == "approved"
    with (
        desk.store.reading() as session
    ):  # two rows of one person, and both have their event
        found = findings(session.connection(), house.org_id, pruned=False)
    assert found == []


def test_who_denied_does_not_edit_and_who_edited_does_not_deny(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2, denials_required=2)
    desk.decide(house.rae, approval_id, Verdict.DENY)
    assert desk.edit(house.rae, approval_id, EDITED).late
    desk.edit(house.bo, approval_id, EDITED)
    assert desk.decide(house.bo, approval_id, Verdict.DENY).late
    assert (desk.status(approval_id), desk.row(approval_id).edits) == ("pending", 1)


def test_editing_needs_the_permission_to_decide_and_separation(
    desk: Desk, house: House
) -> None:
    assert refusal(desk, house.vi, filed(desk)) == "missing_grant"
    owned = filed(desk, agent=house.deploy_bot)
    assert refusal(desk, house.bo, owned) == "self_approval"
    acting = filed(desk, on_behalf_of=house.rae.email)
    assert refusal(desk, house.rae, acting) == "self_approval"


def test_editing_needs_its_own_permission(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = filed(desk)
    monkeypatch.setitem(ROLES, "reviewer", frozenset({VIEW, DECIDE}))
    assert refusal(desk, house.rae, approval_id) == "missing_grant"
    assert desk.actions(approval_id)[-1] == "access.refused"
    assert desk.decide(house.rae, approval_id).applied


def test_a_membership_that_ends_meanwhile_edits_nothing(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    edit = desk.prepared(approval_id, EDITED)
    gone = update(Membership).where(Membership.user_id == house.rae.id)
    desk.store.write(lambda tx: tx.execute(gone.values(status="suspended")) and None)
    with pytest.raises(NotAllowedError):
        desk.decide(house.rae, approval_id, Verdict.EDIT, edit=edit)
    assert desk.row(approval_id).edits == 0


def test_an_edit_of_what_has_changed_since_is_refused(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    late = desk.prepared(approval_id, ASKED | {"n": 2})
    desk.edit(house.bo, approval_id, EDITED)
    with pytest.raises(ConflictError) as caught:
        desk.decide(house.rae, approval_id, Verdict.EDIT, edit=late)
    assert caught.value.code == "stale_seal"
    assert opened(desk, approval_id)[1] == EDITED


def test_an_edit_breaks_the_seals_of_others_and_a_vote_does_not(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=3)
    look = Look(seal_of(desk.row(approval_id), 1), 1)
    desk.decide(house.ana, approval_id, look=look)
    desk.edit(house.bo, approval_id, EDITED, look=look)
    with pytest.raises(ConflictError) as caught:
        desk.decide(house.rae, approval_id, look=look)
    assert caught.value.code == "stale_seal"
    fresh = Look(seal_of(desk.row(approval_id), 1), 1)
    assert desk.decide(house.rae, approval_id, look=fresh).applied


def test_an_edit_back_to_what_was_asked_still_is_one(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    desk.edit(house.rae, approval_id, EDITED)
    seal = seal_of(desk.row(approval_id), 1)
    desk.edit(house.bo, approval_id, ASKED)
    assert seal_of(desk.row(approval_id), 1) != seal
    desk.decide(house.rae, approval_id)
    assert opened(desk, approval_id) == (ASKED, ASKED)
    assert desk.use(approval_id).approval.edits == 2


@pytest.mark.parametrize("edited_before", [False, True])
def test_an_edit_that_changes_nothing_is_refused(
    desk: Desk, house: House, *, edited_before: bool
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    if edited_before:
        desk.edit(house.rae, approval_id, EDITED)
    stands = EDITED if edited_before else ASKED
    with pytest.raises(InvalidError) as caught:
        desk.edit(house.bo, approval_id, stands)
    assert caught.value.code == "no_changes"
    assert desk.row(approval_id).edits == edited_before


def test_the_repeat_of_a_winning_edit_is_a_success_and_another_is_late(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.edit(house.rae, approval_id, EDITED)
    before = desk.actions(approval_id)
    again = desk.edit(house.rae, approval_id, EDITED)
    assert (again.applied, again.refusal) == (False, None)
    assert desk.actions(approval_id) == before
    for who, arguments in ((house.rae, ASKED), (house.ana, EDITED)):
        late = desk.edit(who, approval_id, arguments)
        assert late.late
        assert desk.actions(approval_id)[-1] == "approval.late"
    assert desk.decide(house.rae, approval_id).late  # a plain yes is not what they gave


def test_edited_arguments_belong_to_an_edit_alone(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    edit = desk.prepared(approval_id, EDITED)
    for verdict, brought in (
        (Verdict.APPROVE, {"edit": edit}),
        (Verdict.DENY, {"edit": edit}),
        (Verdict.EDIT, {}),
        (Verdict.EDIT, {"edit": edit, "answer": "x"}),
        (Verdict.APPROVE, {"answer": "x"}),
    ):
        with pytest.raises(InvalidError):
            desk.decide(house.rae, approval_id, verdict, **brought)
    assert desk.status(approval_id) == "pending"


def test_only_the_verdicts_that_are_offered_are_taken(desk: Desk, house: House) -> None:
    approval_id = filed(desk, allowed_decisions=("approve", "deny"))
    assert refusal(desk, house.rae, approval_id) == "verdict_not_offered"
    for verdict, answer in ((Verdict.RESPOND, "x"), (Verdict.REQUEST_CHANGES, None)):
        with pytest.raises(InvalidError) as caught:
            desk.decide(house.rae, approval_id, verdict, "why", answer=answer)
        assert caught.value.code == "verdict_not_offered"


def test_another_orgs_key_does_not_open_an_edit_and_no_other_row_does(
    desk: Desk, house: House
) -> None:
    one, two = filed(desk), filed(desk, ASKED | {"n": 9})
    desk.edit(house.rae, one, EDITED)
    swapped = desk.row(one).sealed_edit
    desk.demand(two, sealed_edit=swapped, edited_hash=arguments_hash(EDITED))
    with pytest.raises(KeyringError):
        opened(desk, two)


TYPES = [
    (1, "1"),
    (True, 1),
    (True, "true"),
    (1, True),
    ("1", 1),
    (None, "x"),
    ("x", None),
    (1, None),
    ([1], {"0": 1}),
    ({"a": 1}, [1]),
    ({"a": 1}, {"a": "1"}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ([1], ["1"]),
    ([{"a": 1}], [{"a": "1"}]),
    ([[1]], [["x"]]),
    ([], [1]),
]


@pytest.mark.parametrize(("before", "after"), TYPES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_types_are_kept_where_no_schema_says_more(
    desk: Desk, before: Any, after: Any
) -> None:
    approval_id = filed(desk, {"x": before})
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, {"x": after})
    assert caught.value.code == "edit_types"
    assert all(f.pointer.startswith("/arguments/x") for f in caught.value.faults)


SAME_TYPES = [
    (1, 2),
    (1, 2.5),
    (True, False),
    ("a", ""),
    ([1, 2], [2]),
    ([1], [3, 4, 5]),
    ([1, "a"], ["b", 7]),
    ([1], [None]),
    ({"a": 1, "b": 2}, {"a": 1}),
    ([{"a": 1}], [{"a": 1}, {"a": 5}]),
]


@pytest.mark.parametrize(("before", "after"), SAME_TYPES)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_values_change_within_their_types(desk: Desk, before: Any, after: Any) -> None:
    approval_id = filed(desk, {"x": before})
    edit = desk.prepared(approval_id, {"x": after})
    assert json.loads(edit.canonical) == {"x": after}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_schema_says_more_than_the_types_received(desk: Desk) -> None:
    schema = {"properties": {"x": {"type": ["string", "null"], "maxLength": 3}}}
    approval_id = filed(desk, {"x": "abc"}, arguments_schema=schema)
    assert desk.prepared(approval_id, {"x": None, "y": 1}).changed == ("/x", "/y")
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, {"x": "abcd"})
    assert [fault.pointer for fault in caught.value.faults] == ["/arguments/x"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_schema_nobody_can_trust_leaves_every_other_verdict(
    desk: Desk, house: House
) -> None:
    schema = {"$ref": "http://127.0.0.1:9/schema"}
    approval_id = filed(desk, arguments_schema=schema)
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, EDITED)
    assert caught.value.code == "schema_unusable"
    assert desk.decide(house.rae, approval_id).applied


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mask_keeps_what_it_hides_and_half_a_mask_is_refused(
    desk: Desk, house: House
) -> None:
    asked = {"password": "hunter2", "n": 1}
    approval_id = filed(desk, asked)
    with desk.store.reading() as session:
        profile = profile_of(session.connection(), desk.store.keyring, house.org_id)
    shown = masked_arguments(asked, profile)
    edit = desk.prepared(approval_id, shown | {"n": 2})
    assert json.loads(edit.canonical) == asked | {"n": 2}
    assert "hunter2" not in edit.told["line"]
    for part in (shown["password"][:-1], shown["password"][1:], "x" + shown["password"]):
        with pytest.raises(InvalidError) as caught:
            desk.prepared(approval_id, shown | {"password": part})
        assert caught.value.code == "still_masked"
        assert caught.value.faults[0].pointer == "/arguments/password"
        assert "hunter2" not in str(caught.value.faults)


TOKEN = "sk-" + "a1B2" * 10
NO_MASKS_LEFT = [
    ({"name": "API_TOKEN", "value": "hunter2"}, "name"),
    ({"env": {"name": "API_TOKEN", "value": "hunter2"}}, "env"),
    ({"env": [{"name": "API_TOKEN", "value": "hunter2"}]}, "env"),
]


@pytest.mark.parametrize("schema", [None, {"type": "object"}])
@pytest.mark.parametrize(("asked", "where"), NO_MASKS_LEFT)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mask_is_not_put_back_where_nothing_would_mask_it(
    desk: Desk, house: House, asked: dict[str, Any], where: str, schema: Any
) -> None:
    approval_id = filed(desk, asked, arguments_schema=schema)
    with desk.store.reading() as session:
        profile = profile_of(session.connection(), desk.store.keyring, house.org_id)
    shown = masked_arguments(asked, profile)
    typed = json.loads(json.dumps(shown).replace("API_TOKEN", "COLOUR"))
    assert "hunter2" not in json.dumps(shown)
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, typed)
    assert caught.value.code == "still_masked"
    pointers = [fault.pointer for fault in caught.value.faults]
    assert pointers[0].endswith("/value")
    anew = json.loads(json.dumps(asked).replace("API_TOKEN", "COLOUR"))
    assert json.loads(desk.prepared(approval_id, anew).canonical) == anew


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_names_that_are_secrets_are_masked_in_faults_and_in_the_log(
    desk: Desk, house: House
) -> None:
    asked = {TOKEN: {"x/y": 1}}
    approval_id = filed(desk, asked)
    with desk.store.reading() as session:
        profile = profile_of(session.connection(), desk.store.keyring, house.org_id)
    shown = masked_arguments(asked, profile)
    (name,) = shown
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, {name: {"x/y": "one"}})
    assert [f.pointer for f in caught.value.faults] == [f"/arguments/{name}/x~1y"]
    assert TOKEN not in caught.value.detail
    desk.edit(house.rae, approval_id, {name: {"x/y": 2}})
    told = desk.told(approval_id)
    assert (told["changed"], told["changes"]) == ([f"/{name}/x~1y"], 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_log_keeps_so_many_places_and_counts_them_all(desk: Desk) -> None:
    long = "k" * 300
    approval_id = filed(desk, {long: [0] * 80})
    edit = desk.prepared(approval_id, {long: [1] * 80})
    assert (len(edit.changed), edit.changes) == (50, 80)
    assert all(len(place) == 200 for place in edit.changed)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_added_rows_are_like_the_rows_that_were_received(desk: Desk) -> None:
    approval_id = filed(desk, {"rows": [[1, "a"]]})
    rows: list[list[Any]] = [[1, "a"], [2, "b"], [3, "c", "d"]]
    assert len(desk.prepared(approval_id, {"rows": rows}).changed) == 2
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, {"rows": [*rows, [True]]})
    assert [fault.pointer for fault in caught.value.faults] == ["/arguments/rows/3/0"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_list_of_wrong_items_is_told_in_twenty_faults(desk: Desk) -> None:
    approval_id = filed(desk, {"a": [1] * 8_000})
    with pytest.raises(InvalidError) as caught:
        desk.prepared(approval_id, {"a": ["s"] * 8_000})
    assert len(caught.value.faults) == 20
