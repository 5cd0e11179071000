"""Signing a log that stands in a database: only what continues what was signed, and once."""

from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.audit import checkpoint, checkpoints
from webui.audit.checkpoint import SignRefused
from webui.store.models import AuditHead, Checkpoint


def sizes(desk: Desk) -> list[int]:
    with desk.store.reading() as session:
        own = select(Checkpoint.size).where(Checkpoint.org_id == desk.house.org_id)
        return sorted(session.scalars(own))


def test_a_head_that_its_rows_do_not_give_is_never_signed(
    desk: Desk, house: House, tmp_path: Path
) -> None:
    checkpoints.sign_due(desk.store, tmp_path)
    desk.submit()
    head = update(AuditHead).where(AuditHead.org_id == house.org_id)
    with desk.store.reading() as session:
        forged = bytes(len(session.get_one(AuditHead, house.org_id).frontier))
    desk.store.write(lambda tx: tx.execute(head.values(frontier=forged)) and None)
    before = sizes(desk)
    with pytest.raises(SignRefused, match="audit verify"):
        checkpoints.sign_now(desk.store, house.org_id, tmp_path)
    # The loop says so and goes on with the other orgs.
    assert checkpoints.sign_due(desk.store, tmp_path, every_ms=0) == 0
    assert sizes(desk) == before
    assert len(checkpoints.kept_outside(tmp_path, house.org_id)) == 1


def test_a_log_that_grows_fast_is_signed_before_its_time(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints.sign_due(desk.store, tmp_path)
    desk.submit()
    signed = len(sizes(desk))
    checkpoints.sign_due(desk.store, tmp_path)
    assert len(sizes(desk)) == signed
    monkeypatch.setattr(checkpoints, "EVERY_EVENTS", 2)
    checkpoints.sign_due(desk.store, tmp_path)
    assert len(sizes(desk)) == signed + 1


def test_two_nodes_that_sign_the_same_end_keep_it_once(
    desk: Desk, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit()
    sign = checkpoint.sign

    def after_the_other(*args: object, **options: object) -> str:
        monkeypatch.setattr(checkpoints, "sign", sign)
        checkpoints.sign_now(desk.store, house.org_id, tmp_path / "other")
        return sign(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(checkpoints, "sign", after_the_other)
    checkpoints.sign_now(desk.store, house.org_id, tmp_path / "own")
    assert len(sizes(desk)) == 1
    assert len(checkpoints.kept_outside(tmp_path / "other", house.org_id)) == 1
    assert checkpoints.kept_outside(tmp_path / "own", house.org_id) == []


def test_a_node_that_learns_late_of_the_others_note_keeps_none(
    desk: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit()
    newest = checkpoints.newest

    def once_the_other_signed(_: Session, org_id: str) -> checkpoints.Last:
        monkeypatch.setattr(checkpoints, "newest", newest)
        checkpoints.sign_now(desk.store, org_id)
        with desk.store.reading() as session:
            return newest(session, org_id)

    monkeypatch.setattr(checkpoints, "newest", once_the_other_signed)
    checkpoints.sign_now(desk.store, house.org_id)
    assert len(sizes(desk)) == 1
