"""`countersign approvals grants`, `grant-show` and `grant-revoke`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

ACTOR = ("--actor", "admin@localhost")


@pytest.fixture
def granted(instance: Path, filed: Any) -> str:
    """A standing grant that frees a secret's beginning and pins the rest."""
    from webui.approvals.grants.granting import (  # noqa: PLC0415
        GrantWish,
        keep_standing_grant,
        standing_grant_of,
    )
    from webui.runtime import open_store  # noqa: PLC0415
    from webui.settings import Settings  # noqa: PLC0415
    from webui.store.models import Approval, User  # noqa: PLC0415
    from webui.store.transaction import Transaction  # noqa: PLC0415

    approval_id = filed({"command": "ls\x1b[2J", "password": "hunter2"})
    begins = {"path": "args.password", "op": "starts_with", "value": "hunter"}

    def make(tx: Transaction) -> str:
        approval = tx.session.get_one(Approval, approval_id)
        approval.misleads = None  # as in a grant from before calls were read when filed
        maker = tx.session.query(User.id).limit(1).scalar()
        wish = GrantWish(uses=3, conditions=(begins,))
        grant = standing_grant_of(tx, approval, wish, str(maker))
        keep_standing_grant(tx, grant, wish)
        return grant.id

    store = open_store(Settings(instance=instance))
    try:
        return store.write(make)
    finally:
        store.close()


def test_grants_are_listed_shown_and_revoked(told: Any, run: Any, granted: str) -> None:
    (listed,) = told("approvals", "grants")
    assert (listed["id"], listed["live"], listed["uses"]) == (granted, True, 3)
    shown = told("approvals", "grant-show", granted)
    assert shown["covered"] == []
    assert "starts_with" in shown["may_differ"][0]
    output = run("approvals", "grant-show", granted).output
    assert "hunter" not in output + str(shown)
    assert "\x1b" not in output
    ended = told("approvals", "grant-revoke", granted, *ACTOR, "--reason", "Over.")
    assert ended == {"id": granted, "revoked": True, "by": "admin@localhost"}
    assert told("approvals", "grants") == []
    (over,) = told("approvals", "grants", "--over")
    assert over["live"] is False
    assert told("approvals", "grant-show", granted)["revoked_by"] is not None


def test_revoking_needs_a_person_and_a_token_made_for_it(
    run: Any, told: Any, first: Any, granted: str
) -> None:
    refused = run("approvals", "grant-revoke", granted)
    assert "needs a person" in refused.output
    token = first["admin"]["token"]
    refused = run("approvals", "grant-revoke", granted, "--token", token)
    assert "does not carry grants:create" in refused.output
    assert told("approvals", "grant-show", granted)["live"] is True
    unknown = run("approvals", "grant-revoke", "grt_unknown", *ACTOR)
    assert unknown.exit_code == 1
