"""`redact` in a policy: what it masks, and wherever a call is shown."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest

from tests.plugins.desk import House, SignedIn
from tests.plugins.rules import Desk
from webui.edits import prepare_edit
from webui.masking import profile_of
from webui.preview import masked_arguments
from webui.runtime import Runtime
from webui.store.models import Approval

PLAIN = (
    'version: "1"\ntools: {"mail.*": {rules: [{name: ask, action: require_approval}]}}\n'
)
POLICY = PLAIN + 'redact: [iban, "*_pin"]\n'
SECRETS = ("DE02120300000000202051", "pin-4711-of-ana")
ARGUMENTS = {
    "to": "ana@example.org",
    "iban": SECRETS[0],
    "deep": [{"card_pin": SECRETS[1]}],
}
EVERY = ("approve", "deny", "edit", "respond", "request_changes")


def filed(desk: Desk, **more: Any) -> str:
    return desk.submit(
        tool="mail.send", arguments=ARGUMENTS | more, allowed_decisions=EVERY
    ).approval.id


def seen(desk: Desk, signed_in: SignedIn, house: House, approval_id: str) -> str:
    """Return all that the pages of a call say."""
    rae = signed_in(house.rae)
    paths = ["", "/full", "/panel", "?decide=edit", "/full?decide=edit"]
    pages = [rae.get(f"/approvals/{approval_id}{path}") for path in paths]
    assert all(page.status_code == 200 for page in pages)
    return html.unescape("".join(page.get_data(as_text=True) for page in pages))


def test_named_values_are_masked_on_every_page_and_others_are_not(
    desk: Desk, house: House, signed_in: SignedIn
) -> None:
    desk.set_policy(PLAIN)
    plain = seen(desk, signed_in, house, filed(desk))
    assert all(secret in plain for secret in SECRETS), (
        "the desk's own list does not know them"
    )
    desk.set_policy(POLICY)
    masked = seen(desk, signed_in, house, filed(desk, to="bo@example.org"))
    assert not any(secret in masked for secret in SECRETS)
    assert "bo@example.org" in masked
    assert f"⟦redacted {len(SECRETS[0])} chars" in masked


@pytest.mark.parametrize("before", [True, False], ids=["filed before", "filed under it"])
def test_what_either_policy_masks_stays_masked(
    desk: Desk, house: House, signed_in: SignedIn, before: bool
) -> None:
    """A call is shown by the policy in force, and by the one it was filed under: both mask."""
    desk.set_policy(PLAIN if before else POLICY)
    approval_id = filed(desk)
    desk.set_policy(POLICY if before else PLAIN)
    rae = signed_in(house.rae)
    page = rae.get(f"/approvals/{approval_id}/full").get_data(as_text=True)
    assert not any(secret in page for secret in SECRETS)


def test_a_new_policy_is_heard_of_at_once(
    desk: Desk, house: House, runtime: Runtime
) -> None:
    desk.set_policy(PLAIN)
    row = desk.row(filed(desk))
    desk.set_policy(POLICY)
    assert runtime.profile_for(row).sensitive_names[-2:] == ("iban", "*_pin")
    desk.set_policy(PLAIN)
    assert "iban" not in runtime.profile_for(row).sensitive_names


def test_an_edit_keeps_what_the_mask_hides(desk: Desk, house: House) -> None:
    desk.set_policy(POLICY)
    approval_id = filed(desk)
    with desk.store.reading() as session:
        row = session.get_one(Approval, approval_id)
        profile = profile_of(
            session.connection(), desk.store.keyring, house.org_id, row.policy_revision
        )
        shown = masked_arguments(ARGUMENTS, profile)
        assert not any(secret in str(shown) for secret in SECRETS)
        edit = prepare_edit(
            session, desk.store.keyring, row, shown | {"to": "bo@example.org"}
        )
    assert edit.value == ARGUMENTS | {"to": "bo@example.org"}


def test_a_new_list_makes_no_open_form_stale(
    desk: Desk,
    house: House,
    signed_in: SignedIn,
    decide_form: Callable[..., dict[str, str]],
) -> None:
    desk.set_policy(PLAIN)
    approval_id = filed(desk)
    rae = signed_in(house.rae)
    form = decide_form(rae, f"/approvals/{approval_id}", "deny")
    desk.set_policy(POLICY)
    assert rae.post(f"/approvals/{approval_id}/decide", data=form).status_code == 303
