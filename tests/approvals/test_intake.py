"""Filing: one row for many retries, denial memory, back-pressure, deadlines, who and why."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.plugins.desk import NO_LIMITS, House, TestClock, ask_for
from tests.plugins.rules import ARGUMENTS, Desk
from webui.approvals.answering.reviewing import seal_of
from webui.approvals.asking import ask, intake, throttling
from webui.approvals.call.arguments import open_arguments
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    TooManyError,
)
from webui.approvals.states import Verdict
from webui.audit.agreement import findings
from webui.store.keyring import Keyring, KeyringError
from webui.store.models import Approval, Event, Throttle

MINUTE = 60_000


def rows(desk: Desk, model: type[Any] = Approval) -> int:
    with desk.store.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_source_asks_for_while_it_runs_is_refused(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    desk.use(approval_id)
    asked = ask_for(house.ci, "shell.run", ARGUMENTS)
    with pytest.raises(ConflictError) as caught:
        desk.store.write(
            lambda tx: intake.submit(tx, house.ci.filer, asked, NO_LIMITS).approval.id
        )
    assert (caught.value.code, desk.status(approval_id)) == ("in_progress", "executing")


def test_117_retries_make_one_row_and_leave_the_version_and_the_seal(desk: Desk) -> None:
    first = desk.submit()
    before = desk.row(first.approval.id)
    for _ in range(116):
        again = desk.submit()
        assert (again.approval.id, again.reused) == (first.approval.id, True)
    after = desk.row(first.approval.id)
    assert rows(desk) == 1
    assert (after.seen_count, after.version, after.status) == (117, 1, "pending")
    assert seal_of(after, 1) == seal_of(before, 1)
    told = desk.actions(first.approval.id)
    assert told[:2] == ["tool_call", "approval.created"]
    assert told.count("approval.created") == 1
    assert told.count("approval.reused") == 116


def test_a_call_is_kept_as_it_came_and_encrypted(desk: Desk, house: House) -> None:
    arguments = {"b": 1.0, "a": "Grüße"}
    filed = desk.submit(
        arguments=arguments,
        context={"why": ["x"]},
        trace=[{"label": "one"}],
        ctx={"cwd": "/srv"},
        scope="room",
        summary="Say it",
        reason="Asked to",
        session="s",
        run="r",
        arguments_schema={"type": "object"},
        callback_url="https://example.org/",
        allowed_decisions=("approve", "deny", "respond"),
    )
    row = desk.row(filed.approval.id)
    with desk.store.reading() as session:
        opened = open_arguments(session, desk.store.keyring, row)
        assert opened.value == {"a": "Grüße", "b": 1}
        assert opened.canonical == '{"a":"Grüße","b":1}'.encode()
        assert opened.received == json.dumps(arguments).encode()
        with pytest.raises(KeyringError):
            open_arguments(session, Keyring(bytes(32)), row)
    assert "Grüße".encode() not in row.sealed
    assert (row.org_id, row.agent_id, row.agent_owner) == (house.org_id, house.ci.id, None)
    assert (row.context, row.trace) == ('{"why": ["x"]}', '[{"label": "one"}]')
    assert (row.ctx, row.scope, row.session, row.run) == (
        '{"cwd": "/srv"}',
        "room",
        "s",
        "r",
    )
    assert row.allowed_decisions == "approve deny respond"
    assert not any(b"Gr" in (event.payload or b"") for event in desk.events(row.id))


def test_another_agent_context_or_argument_is_another_call(
    desk: Desk, house: House
) -> None:
    ids = {
        desk.submit().approval.id,
        desk.submit(house.helper).approval.id,
        desk.submit(arguments={"command": "echo other"}).approval.id,
        desk.submit(tool="shell.other").approval.id,
    }
    assert len(ids) == 4


def test_a_pending_twin_older_than_the_window_is_superseded_in_one_step(
    desk: Desk, clock: TestClock
) -> None:
    desk.set_org(dedupe_window=10_000)
    old = desk.submit().approval.id
    clock.advance(9_000)
    assert desk.submit().approval.id == old
    clock.advance(2_000)
    new = desk.submit()
    row = desk.row(old)
    assert not new.reused
    assert (row.status, row.resolution) == ("superseded", "superseded")
    assert row.superseded_by == new.approval.id
    assert desk.actions(old)[-1] == "approval.superseded"


def test_the_window_never_keeps_a_yes_from_being_found(
    desk: Desk, clock: TestClock
) -> None:
    desk.set_org(dedupe_window=1_000)
    approval_id = desk.approved()
    clock.advance(100_000)
    again = desk.submit()
    assert (again.approval.id, again.reused, again.approval.status) == (
        approval_id,
        True,
        "approved",
    )


def test_a_denial_is_remembered_for_ten_minutes_and_then_asked_anew(
    desk: Desk, house: House, clock: TestClock
) -> None:
    denied = desk.submit().approval.id
    desk.decide(house.rae, denied, Verdict.DENY, "no")
    clock.advance(10 * MINUTE - 1_000)
    again = desk.submit()
    assert (again.approval.id, again.reused, again.approval.status) == (
        denied,
        True,
        "denied",
    )
    assert desk.actions(denied)[-1] == "tool_call"
    assert desk.told(denied)["result"] == "denied"
    clock.advance(2_000)
    anew = desk.submit()
    assert not anew.reused
    assert anew.approval.status == "pending"
    assert desk.status(denied) == "denied"


def test_a_running_twin_is_in_progress_until_its_lease_is_over(
    desk: Desk, clock: TestClock
) -> None:
    approval_id = desk.approved()
    desk.use(approval_id)
    clock.advance(60_000)
    with pytest.raises(ConflictError) as caught:
        desk.submit()
    assert caught.value.code == "in_progress"
    assert caught.value.retry_after is not None
    assert 58 <= caught.value.retry_after <= 60
    assert rows(desk) == 1
    clock.advance(60_000)
    anew = desk.submit()
    assert not anew.reused
    assert (anew.approval.status, desk.status(approval_id)) == ("pending", "unknown")
    assert desk.actions(approval_id)[-1] == "approval.lease_over"


@pytest.mark.parametrize("approved", [False, True])
def test_an_overdue_twin_is_written_off_and_replaced_without_a_sweep(
    desk: Desk, clock: TestClock, approved: bool
) -> None:
    old = desk.approved() if approved else desk.submit().approval.id
    clock.advance(900_000)
    assert not desk.submit().reused
    row = desk.row(old)
    assert row.status == "expired"
    assert row.resolution == ("reviewer" if approved else "deadline")
    assert desk.actions(old).count("approval.expired") == 1


def test_asking_again_under_a_source_ref_takes_the_place_of_the_old_call(
    desk: Desk, house: House, clock: TestClock
) -> None:
    old = desk.submit(source_ref="T1").approval.id
    others = [
        desk.submit(house.helper, source_ref="T1").approval.id,
        desk.submit(arguments={"n": 1}, source_ref="T2").approval.id,
        desk.submit(house.stranger, source_ref="T1").approval.id,
    ]
    new = desk.submit(arguments={"n": 2}, source_ref="T1").approval.id
    assert (desk.status(old), desk.row(old).superseded_by) == ("superseded", new)
    assert [desk.status(other) for other in others] == ["pending"] * 3
    assert desk.submit(arguments={"n": 2}, source_ref="T1").approval.id == new
    clock.advance(900_000)
    desk.submit(arguments={"n": 3}, source_ref="T1")
    assert desk.status(new) == "expired"
    assert desk.row(new).superseded_by is None


def test_a_yes_is_not_taken_away_by_asking_something_else(desk: Desk) -> None:
    approval_id = desk.approved(source_ref="T1")
    desk.submit(arguments={"n": 2}, source_ref="T1")
    assert desk.status(approval_id) == "approved"


@pytest.mark.parametrize(
    ("left", "margin"),
    [(500_000, 50_000), (700_000, 60_000), (100_000, 10_000), (20_000, 5_000)],
)
def test_a_refusal_reaches_the_run_before_it_dies(
    desk: Desk, left: int, margin: int
) -> None:
    deadline = desk.store.now() + left
    row = desk.submit(run_deadline=deadline).approval
    assert abs(deadline - margin - row.expires_at) <= 200
    assert row.expires_at < deadline


def test_no_approval_outlives_its_run_however_short(desk: Desk, clock: TestClock) -> None:
    deadline = desk.store.now() + 5_500
    assert desk.submit(run_deadline=deadline).approval.expires_at < deadline
    deadline = desk.store.now() + 900
    row = desk.submit(arguments={"n": 2}, run_deadline=deadline).approval
    assert row.created_at < row.expires_at <= deadline
    with pytest.raises(InvalidError) as caught:
        desk.submit(arguments={"n": 3}, run_deadline=desk.store.now() - 1)
    assert [fault.pointer for fault in caught.value.faults] == ["/run_deadline"]


def test_a_far_run_deadline_moves_nothing_and_no_one_waits_longer_than_allowed(
    desk: Desk,
) -> None:
    plain = desk.submit(run_deadline=desk.store.now() + 10**10).approval
    assert plain.expires_at - plain.created_at == 900_000
    short = desk.submit(arguments={"n": 1}, expires_in=5_000).approval
    assert short.expires_at - short.created_at == 5_000
    long = desk.submit(arguments={"n": 2}, expires_in=10**12).approval
    assert long.expires_at - long.created_at == 86_400_000


@pytest.mark.parametrize(
    ("hint", "risk"),
    [
        (None, "medium"),
        ("low", "medium"),
        ("medium", "medium"),
        ("high", "high"),
        ("critical", "critical"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_agents_hint_only_raises_the_risk(
    desk: Desk, hint: str | None, risk: str
) -> None:
    assert desk.submit(risk=hint).approval.risk == risk


def test_the_agent_acts_for_members_of_its_own_org_alone(desk: Desk, house: House) -> None:
    by_mail = desk.submit(on_behalf_of=house.vi.email.upper()).approval
    by_id = desk.submit(arguments={"n": 1}, on_behalf_of=house.vi.id).approval
    assert (by_mail.on_behalf_of, by_id.on_behalf_of) == (house.vi.id, house.vi.id)
    for unknown in (house.zoe.email, house.zoe.id, "nobody@example.org", ""):
        with pytest.raises(InvalidError) as caught:
            desk.submit(arguments={"n": 2}, on_behalf_of=unknown)
        assert [fault.pointer for fault in caught.value.faults] == ["/on_behalf_of"]
    assert rows(desk) == 2


def test_calls_beyond_the_cap_are_refused_and_leave_nothing(
    desk: Desk, house: House, clock: TestClock
) -> None:
    limits = ask.Limits(max_pending=2, rate=60)
    for n in range(2):
        desk.submit(arguments={"n": n}, limits=limits)
    before = (rows(desk), rows(desk, Event), bucket(desk, house.ci.id))
    with pytest.raises(TooManyError) as caught:
        desk.submit(arguments={"n": 3}, limits=limits)
    assert (caught.value.code, caught.value.retry_after) == ("too_many_pending", 30)
    assert (rows(desk), rows(desk, Event), bucket(desk, house.ci.id)) == before
    assert desk.submit(arguments={"n": 1}, limits=limits).reused  # a retry waits with it
    assert not desk.submit(house.helper, limits=limits).reused  # others are not affected
    clock.advance(900_000)  # what is over takes no room, swept or not
    assert not desk.submit(arguments={"n": 3}, limits=limits).reused


def bucket(desk: Desk, agent_id: str) -> int | None:
    with desk.store.reading() as session:
        return session.scalar(
            select(Throttle.empty_at).where(Throttle.name == f"filed:{agent_id}")
        )


def test_a_bucket_holds_twice_its_rate_and_fills_again(
    desk: Desk, house: House, clock: TestClock
) -> None:
    limits = ask.Limits(rate=6, max_pending=0)
    for n in range(12):
        desk.submit(arguments={"n": n}, limits=limits)
    before = (rows(desk), rows(desk, Event), bucket(desk, house.ci.id))
    with pytest.raises(TooManyError) as caught:
        desk.submit(arguments={"n": 12}, limits=limits)
    assert (caught.value.code, caught.value.retry_after) == ("rate_limited", 10)
    assert (rows(desk), rows(desk, Event), bucket(desk, house.ci.id)) == before
    assert desk.submit(arguments={"n": 3}, limits=limits).reused  # a bucket of its own
    assert not desk.submit(house.helper, limits=limits).reused
    clock.advance(10_000)
    assert not desk.submit(arguments={"n": 12}, limits=limits).reused


def test_answers_that_wait_for_nobody_have_a_bucket_of_their_own(
    desk: Desk, house: House
) -> None:
    limits = ask.Limits(rate=60, settled_rate=1)
    for _ in range(3):  # filed, and two reuses
        approval_id = desk.submit(limits=limits).approval.id
    with pytest.raises(TooManyError):
        desk.submit(limits=limits)
    assert desk.row(approval_id).seen_count == 3
    desk.decide(house.rae, approval_id, Verdict.DENY)
    with pytest.raises(TooManyError):
        desk.submit(limits=limits)


def test_full_buckets_are_forgotten_and_half_empty_ones_kept(
    desk: Desk, clock: TestClock
) -> None:
    desk.submit(limits=ask.Limits(rate=1))
    desk.store.write(throttling.forget_full)
    assert rows(desk, Throttle) == 1
    clock.advance(MINUTE)
    desk.store.write(throttling.forget_full)
    assert rows(desk, Throttle) == 0


def test_a_bucket_may_have_any_burst(desk: Desk) -> None:
    def spend() -> None:
        desk.store.write(
            lambda tx: throttling.spend(tx, "b", per_minute=1, detail="Slow.", burst=1)
        )

    spend()
    with pytest.raises(TooManyError, match="Slow") as caught:
        spend()
    assert caught.value.retry_after == 60


@pytest.mark.parametrize("verb", ["submit", "gate"])
def test_a_call_for_another_person_never_waits_in_the_place_of_the_first(
    desk: Desk, house: House, verb: str
) -> None:
    old = desk.submit().approval.id
    for principal in (house.rae, house.bo):
        filed = getattr(desk, verb)(on_behalf_of=principal.email)
        assert (filed.reused, filed.approval.on_behalf_of) == (False, principal.id)
        row = desk.row(old)
        assert (row.status, row.superseded_by) == ("superseded", filed.approval.id)
        assert getattr(desk, verb)(on_behalf_of=principal.id).reused
        old = filed.approval.id
    assert desk.decide(house.rae, old).applied  # it acts for Bo now, and Rae may decide


@pytest.mark.parametrize("verb", ["submit", "gate"])
def test_a_yes_is_never_used_for_another_person(
    desk: Desk, house: House, verb: str
) -> None:
    old = desk.approved()
    filed = getattr(desk, verb)(on_behalf_of=house.rae.id)
    assert (filed.reused, filed.approval.status) == (False, "pending")
    row = desk.row(old)
    assert (row.status, row.resolution) == ("revoked", "revoked")
    assert row.superseded_by == filed.approval.id
    assert desk.actions(old)[-1] == "approval.revoked"
    refusal = desk.consume(old)
    assert isinstance(refusal, ConflictError)
    assert refusal.code == "revoked"
    with desk.store.reading() as session:
        assert findings(session.connection(), house.org_id, pruned=False) == []


def test_a_higher_hint_raises_the_risk_of_what_waits_and_a_lower_one_does_not(
    desk: Desk,
) -> None:
    approval_id = desk.submit().approval.id
    for hint, risk, version in [
        ("low", "medium", 1),
        ("critical", "critical", 2),
        ("high", "critical", 2),
        (None, "critical", 2),
    ]:
        again = desk.submit(risk=hint)
        assert (again.reused, again.approval.id) == (True, approval_id)
        for row in (again.approval, desk.row(approval_id)):
            assert (row.risk, row.version) == (risk, version)
    assert desk.actions(approval_id).count("approval.risk_raised") == 1


@pytest.mark.parametrize(
    "narrower", [{"allowed_decisions": ("deny",)}, {"expires_in": 60_000}]
)
def test_an_ask_that_allows_less_takes_the_place_of_what_waits(
    desk: Desk, narrower: dict[str, Any]
) -> None:
    old = desk.submit().approval.id
    new = desk.submit(**narrower)
    assert not new.reused
    assert (desk.status(old), desk.row(old).superseded_by) == (
        "superseded",
        new.approval.id,
    )
    assert desk.submit(**narrower).reused
    wider = desk.submit(expires_in=900_000)
    assert wider.approval.id == new.approval.id  # and what waits is not widened


def test_no_is_always_offered(desk: Desk) -> None:
    filed = desk.submit(allowed_decisions=("approve",)).approval
    assert filed.allowed_decisions == "approve deny"
    filed = desk.submit(arguments={"n": 1}, allowed_decisions=("edit", "respond")).approval
    assert filed.allowed_decisions == "edit respond deny"


def test_a_revision_that_names_its_own_old_twin_takes_its_place_once(
    desk: Desk, clock: TestClock
) -> None:
    desk.set_org(dedupe_window=1_000)
    old = desk.submit().approval.id
    clock.advance(2_000)
    new = desk.submit(revision_of=old).approval
    assert (new.revision_of, desk.row(old).superseded_by) == (old, new.id)
    assert desk.actions(old).count("approval.superseded") == 1


def test_a_revision_takes_the_place_of_what_it_revises(desk: Desk, house: House) -> None:
    old, decided = desk.submit().approval.id, desk.approved(arguments={"n": 0})
    new = desk.submit(arguments={"n": 1}, revision_of=old).approval
    assert (new.revision_of, desk.row(old).superseded_by) == (old, new.id)
    assert desk.status(old) == "superseded"
    desk.submit(arguments={"n": 2}, revision_of=decided)
    assert desk.status(decided) == "approved"  # a yes is not taken away by it
    before = rows(desk)
    for agent in (house.helper, house.stranger):
        theirs = desk.submit(agent, arguments={"n": 3}).approval.id
        before += 1
        for unknown in (theirs, "apr_none"):
            with pytest.raises(InvalidError) as caught:
                desk.submit(arguments={"n": 4}, revision_of=unknown)
            assert [fault.pointer for fault in caught.value.faults] == ["/revision_of"]
        assert desk.status(theirs) == "pending"
    assert rows(desk) == before


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_a_twin_filed_between_the_look_and_the_insert_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = desk.submit(arguments={"n": 1}, source_ref="T1").approval.id
    twin = desk.submit().approval.id
    look, looks = intake.live_twin, iter([lambda *_: None])

    def late_look(*args: Any) -> Approval | None:
        return next(looks, look)(*args)

    monkeypatch.setattr(intake, "live_twin", late_look)
    again = desk.submit(source_ref="T1")
    assert (again.approval.id, again.reused) == (twin, True)
    assert (desk.status(old), desk.row(old).superseded_by) == ("pending", None)


def test_agents_of_two_orgs_with_equal_calls_know_nothing_of_each_other(
    desk: Desk, house: House
) -> None:
    ours, theirs = desk.submit().approval, desk.submit(house.stranger).approval
    assert not desk.submit(arguments={"x": ARGUMENTS}).reused
    assert (ours.org_id, theirs.org_id) == (house.org_id, house.other_org_id)
    desk.cancel(theirs.id, house.stranger)
    assert desk.status(ours.id) == "pending"


def test_what_is_asked_anew_too_late_stays_expired(desk: Desk, clock: TestClock) -> None:
    old = desk.submit(source_ref="T1", expires_in=30_000).approval.id
    clock.advance(30_000)
    desk.submit(arguments={"n": 2}, source_ref="T1")
    assert desk.status(old) == "expired"
    assert desk.row(old).superseded_by is None


def test_who_started_the_run_is_kept_and_never_decides(desk: Desk, house: House) -> None:
    approval_id = desk.submit(triggered_by=house.rae.email.upper()).approval.id
    assert desk.row(approval_id).triggered_by == house.rae.id
    with pytest.raises(NotAllowedError) as caught:
        desk.decide(house.rae, approval_id)
    assert caught.value.code == "self_approval"
    assert desk.decide(house.bo, approval_id).applied


def test_nobody_of_another_org_started_the_run(desk: Desk, house: House) -> None:
    with pytest.raises(InvalidError) as caught:
        desk.submit(triggered_by=house.zoe.email)
    assert [fault.pointer for fault in caught.value.faults] == ["/triggered_by"]


def test_a_run_that_somebody_else_started_never_uses_an_older_yes(
    desk: Desk, house: House
) -> None:
    """Else whoever started this one could have approved the one before."""
    old = desk.submit(triggered_by=house.bo.id).approval.id
    desk.decide(house.rae, old)
    answer = desk.gate(triggered_by=house.rae.id)
    assert isinstance(answer, ask.Filed)
    assert (answer.approval.status, answer.approval.id == old) == ("pending", False)
    assert desk.status(old) == "revoked"


def test_the_agents_project_is_kept_with_the_call(desk: Desk, house: House) -> None:
    filer = replace(house.ci.filer, project_id="prj_1")
    asked = ask_for(house.ci, "shell.run", {"n": 1})
    filed = desk.store.write(lambda tx: intake.submit(tx, filer, asked, NO_LIMITS))
    assert desk.row(filed.approval.id).project_id == "prj_1"
