"""The one use: consume, gate, heartbeat, roll back, report (details.md, C)."""

import pytest
from sqlalchemy import func, select

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk
from webui.approvals import telling
from webui.approvals.asking.ask import Filed
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.states import Verdict
from webui.approvals.use.leases import Lease, hash_of_lease
from webui.approvals.use.using import Used
from webui.store.models import Consumption
from webui.store.queries import calls


def uses(desk: Desk, approval_id: str) -> list[tuple[str | None, str | None]]:
    with desk.store.reading() as session:
        return [(use.result, use.detail) for use in calls.uses(session, approval_id)]


def refusal(answer: object) -> str:
    assert isinstance(answer, ConflictError), answer
    return answer.code


def test_the_first_use_is_the_only_one(desk: Desk) -> None:
    approval_id = desk.approved()
    used = desk.use(approval_id)
    row = desk.row(approval_id)
    assert (row.status, row.attempts, row.version) == ("executing", 1, 3)
    assert (row.consumption_id, row.lease_hash) == (
        used.consumption_id,
        hash_of_lease(used.lease_token),
    )
    assert used.lease_expires_at == row.lease_expires_at
    assert used.lease_token.removeprefix("lse_") != used.lease_token
    assert desk.actions(approval_id)[-1] == "approval.consumed"
    assert desk.told(approval_id)["consumption"] == used.consumption_id
    assert refusal(desk.consume(approval_id)) == "already_consumed"
    assert used.lease_token.encode() not in b"".join(
        event.payload or b"" for event in desk.events(approval_id)
    )


def test_only_exactly_what_was_approved_can_be_used(desk: Desk) -> None:
    approval_id = desk.approved()
    other = desk.submit(arguments={"command": "rm -rf /"}).approval.fingerprint
    assert refusal(desk.consume(approval_id, fingerprint=other)) == "fingerprint_mismatch"
    assert desk.status(approval_id) == "approved"
    desk.use(approval_id)


def test_a_refused_use_stays_in_the_log(desk: Desk) -> None:
    pending = desk.submit(arguments={"n": 1}).approval.id
    approval_id = desk.approved()
    other = desk.row(pending).fingerprint
    desk.consume(pending)
    told = [desk.told(pending)]
    desk.consume(approval_id, fingerprint=other)
    told.append(desk.told(approval_id))
    desk.use(approval_id)
    desk.consume(approval_id)
    told.append(desk.told(approval_id))
    assert [each["code"] for each in told] == [
        "not_approved",
        "fingerprint_mismatch",
        "already_consumed",
    ]
    assert desk.actions(approval_id).count("approval.use_refused") == 2


@pytest.mark.parametrize("verb", ["submit", "gate"])
def test_asking_for_what_is_running_stays_in_the_log_up_to_a_flood(
    desk: Desk, clock: TestClock, verb: str
) -> None:
    approval_id = desk.approved()
    desk.use(approval_id)
    clock.stand_still()
    for _ in range(2 * telling.REFUSALS + 5):
        with pytest.raises(ConflictError):
            getattr(desk, verb)()
        assert desk.told(approval_id)["result"] == "in_progress"
    told = desk.actions(approval_id).count("tool_call")
    assert told - 1 == 2 * telling.REFUSALS


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refused_uses_stay_in_the_log_up_to_a_flood(desk: Desk, clock: TestClock) -> None:
    approval_id = desk.submit().approval.id
    clock.stand_still()
    for _ in range(2 * telling.REFUSALS + 5):
        assert refusal(desk.consume(approval_id)) == "not_approved"
    told = desk.actions(approval_id).count("approval.use_refused")
    assert told == 2 * telling.REFUSALS


def test_a_use_belongs_to_the_agent_that_asked(desk: Desk, house: House) -> None:
    approval_id = desk.approved()
    for agent in (house.helper, house.stranger):
        with pytest.raises(NotFoundError):
            desk.consume(approval_id, agent)
    token = desk.use(approval_id).lease_token
    for agent in (house.helper, house.stranger):
        with pytest.raises(NotFoundError):
            desk.report(approval_id, token, "ok", agent)
        with pytest.raises(NotFoundError):
            desk.roll_back(approval_id, token, agent)
        with pytest.raises(NotFoundError):
            desk.cancel(approval_id, agent)
    assert desk.status(approval_id) == "executing"


def test_each_status_refuses_in_its_own_words(
    desk: Desk, house: House, clock: TestClock
) -> None:
    pending = desk.submit(arguments={"n": 1}).approval.id
    denied = desk.submit(arguments={"n": 2}).approval.id
    desk.decide(house.rae, denied, Verdict.DENY)
    withdrawn = desk.submit(arguments={"n": 3}).approval.id
    desk.cancel(withdrawn)
    revoked = desk.approved(arguments={"n": 4})
    desk.demand(revoked, status="revoked")
    assert refusal(desk.consume(pending)) == "not_approved"
    assert refusal(desk.consume(denied)) == "not_approved"
    assert refusal(desk.consume(withdrawn)) == "not_approved"
    assert refusal(desk.consume(revoked)) == "revoked"
    clock.advance(900_000)
    assert refusal(desk.consume(pending)) == "expired"
    assert desk.status(pending) == "expired"  # found on the way, and written down


def test_a_yes_past_its_window_is_never_used_swept_or_not(
    desk: Desk, clock: TestClock
) -> None:
    first, second = desk.approved(), desk.approved(arguments={"n": 1})
    clock.advance(900_000)
    assert refusal(desk.consume(first)) == "expired"
    assert desk.sweep() == 1
    for approval_id in (first, second):
        row = desk.row(approval_id)
        assert (row.status, row.resolution) == ("expired", "reviewer")
        assert row.settled_at == row.decided_at
        assert desk.actions(approval_id).count("approval.expired") == 1
        assert refusal(desk.consume(approval_id)) == "expired"


OUTCOMES = [("ok", "consumed"), ("error", "failed"), ("unknown", "unknown")]


@pytest.mark.parametrize(("result", "status"), OUTCOMES)
def test_an_outcome_uses_it_up(desk: Desk, result: str, status: str) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    desk.report(approval_id, token, result)
    assert (desk.status(approval_id), uses(desk, approval_id)) == (
        status,
        [(result, "as told")],
    )
    assert desk.actions(approval_id)[-1] == "approval.outcome"
    version = desk.row(approval_id).version
    desk.report(approval_id, token, result)  # the same again is fine and changes nothing
    assert desk.row(approval_id).version == version
    assert refusal(desk.consume(approval_id)) == "already_consumed"
    for other, _ in OUTCOMES:
        if other != result and (result, other) != ("unknown", "ok"):
            with pytest.raises(ConflictError) as caught:
                desk.report(approval_id, token, other)
            assert caught.value.code == "already_ended"
    with pytest.raises(ConflictError):
        desk.roll_back(approval_id, token)
    assert desk.status(approval_id) == status
    assert not desk.submit().reused  # a used-up yes is no answer: asked anew


def test_a_result_is_one_of_three_words_and_its_detail_is_cut(desk: Desk) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    with pytest.raises(InvalidError):
        desk.report(approval_id, token, "fine")
    assert desk.status(approval_id) == "executing"


@pytest.mark.parametrize("swept", [False, True])
def test_a_late_ok_with_the_token_still_counts(
    desk: Desk, clock: TestClock, swept: bool
) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    clock.advance(120_000)
    if swept:
        assert desk.sweep() == 1
        assert uses(desk, approval_id) == [("lease_over", None)]
    desk.report(approval_id, token, "ok")
    assert (desk.status(approval_id), uses(desk, approval_id)) == (
        "consumed",
        [("ok", "as told")],
    )


def test_a_late_error_does_not_make_an_unknown_known(desk: Desk, clock: TestClock) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    clock.advance(120_000)
    desk.sweep()
    with pytest.raises(ConflictError):
        desk.report(approval_id, token, "error")
    assert desk.status(approval_id) == "unknown"


def test_a_wrong_token_opens_nothing(desk: Desk) -> None:
    approval_id = desk.approved()
    for verb in (
        lambda: desk.report(approval_id, "lse_guess", "ok"),
        lambda: desk.roll_back(approval_id, "lse_guess"),
        lambda: desk.heartbeat(approval_id, "lse_guess"),
    ):
        for _ in range(2):  # before the use, and during it
            with pytest.raises(ConflictError) as caught:
                verb()
            assert caught.value.code == "wrong_lease"
            if desk.status(approval_id) == "approved":
                desk.use(approval_id)
    assert desk.status(approval_id) == "executing"


def test_a_use_that_had_no_effect_is_given_back_until_the_attempts_are_used_up(
    desk: Desk,
) -> None:
    approval_id = desk.approved()
    tokens = []
    for attempt in (1, 2, 3):
        tokens.append(desk.use(approval_id).lease_token)
        given_back = desk.roll_back(approval_id, tokens[-1])
        assert given_back.status == ("approved" if attempt < 3 else "failed")
    assert len(set(tokens)) == 3
    assert desk.roll_back(approval_id, tokens[-1]).status == "failed"  # repeated: the same
    assert desk.actions(approval_id).count("approval.rolled_back") == 3
    assert uses(desk, approval_id) == [("rolled_back", "refused")] * 3
    assert refusal(desk.consume(approval_id)) == "already_consumed"
    with pytest.raises(ConflictError) as caught:
        desk.roll_back(approval_id, tokens[0])
    assert caught.value.code == "wrong_lease"


def test_the_consuming_statement_itself_counts_the_attempts(desk: Desk) -> None:
    approval_id = desk.approved()
    desk.demand(approval_id, attempts=3)
    with pytest.raises(ConflictError) as caught:
        desk.consume(approval_id)
    assert (caught.value.code, desk.status(approval_id)) == ("wrong_status", "approved")


def test_a_rollback_that_is_repeated_after_more_happened_changes_nothing(
    desk: Desk, clock: TestClock
) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    desk.roll_back(approval_id, token)
    assert desk.roll_back(approval_id, token).status == "approved"
    with pytest.raises(ConflictError) as caught:
        desk.report(approval_id, token, "ok")  # it had no effect, and said so
    assert caught.value.code == "already_ended"
    with pytest.raises(ConflictError):
        desk.heartbeat(approval_id, token)
    clock.advance(900_000)
    desk.sweep()
    assert desk.roll_back(approval_id, token).status == "expired"
    assert desk.actions(approval_id).count("approval.rolled_back") == 1


@pytest.mark.parametrize("swept", [False, True])
def test_nothing_is_given_back_after_its_lease(
    desk: Desk, clock: TestClock, swept: bool
) -> None:
    approval_id = desk.approved()
    token = desk.use(approval_id).lease_token
    clock.advance(120_000)
    if swept:
        desk.sweep()
    with pytest.raises(ConflictError) as caught:
        desk.roll_back(approval_id, token)
    assert caught.value.code == "lease_over"
    assert refusal(desk.consume(approval_id)) == "already_consumed"
    assert desk.status(approval_id) == "unknown"


def test_nothing_is_given_back_into_a_window_that_closed(
    desk: Desk, clock: TestClock
) -> None:
    approval_id = desk.approved()
    clock.advance(890_000)
    token = desk.use(approval_id).lease_token
    clock.advance(20_000)
    assert desk.roll_back(approval_id, token).status == "failed"


def test_a_lease_is_renewed_up_to_its_longest(desk: Desk, clock: TestClock) -> None:
    approval_id = desk.approved()
    lease = Lease(length=100_000, longest=250_000)
    used = desk.use(approval_id, lease=lease)
    clock.advance(90_000)
    until = desk.heartbeat(approval_id, used.lease_token, lease)
    assert 89_000 < until - used.lease_expires_at <= 91_500
    version = desk.row(approval_id).version
    assert desk.actions(approval_id)[-1] == "approval.lease_renewed"
    assert desk.told(approval_id) == {
        "consumption": used.consumption_id,
        "lease_expires_at": until,
    }
    clock.advance(90_000)
    until = desk.heartbeat(approval_id, used.lease_token, lease)
    assert until - used.lease_expires_at == 150_000
    assert desk.heartbeat(approval_id, used.lease_token, Lease(10, 20)) == until
    assert desk.row(approval_id).version == version
    clock.advance(60_000)
    assert desk.sweep() == 0  # 240 s after the start, renewed twice
    clock.advance(10_000)
    with pytest.raises(ConflictError) as caught:
        desk.heartbeat(approval_id, used.lease_token, lease)
    assert caught.value.code == "lease_over"
    assert desk.sweep() == 1
    with pytest.raises(ConflictError):
        desk.heartbeat(approval_id, used.lease_token, lease)


def test_the_gate_cycle(desk: Desk, house: House) -> None:
    """R15: pending, one row for many retries, approved, used once, another context anew."""
    waiting = desk.gate()
    assert isinstance(waiting, Filed)
    approval_id = waiting.approval.id
    for _ in range(5):
        again = desk.gate()
        assert isinstance(again, Filed)
        assert (again.approval.id, again.reused) == (approval_id, True)
    desk.decide(house.rae, approval_id)
    used = desk.gate()
    assert isinstance(used, Used)
    assert used.approval.id == approval_id
    assert desk.actions(approval_id)[-2:] == ["approval.consumed", "tool_call"]
    with pytest.raises(ConflictError) as caught:
        desk.gate()
    assert (caught.value.code, caught.value.retry_after) == ("in_progress", 120)
    desk.report(approval_id, used.lease_token, "ok")
    anew = desk.gate()
    assert isinstance(anew, Filed)
    assert anew.approval.id != approval_id
    other = desk.gate(arguments={"command": "echo elsewhere"})
    assert isinstance(other, Filed)
    assert not other.reused
    with desk.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Consumption)) == 1


def test_a_gate_without_an_outcome_to_come_is_done_at_once(desk: Desk) -> None:
    approval_id = desk.approved()
    used = desk.gate(report=False)
    assert isinstance(used, Used)
    assert desk.status(approval_id) == "consumed"
    assert uses(desk, approval_id) == [("no_report", None)]
    assert isinstance(desk.gate(report=False), Filed)


def test_a_gate_finds_a_lost_lease_and_asks_anew(desk: Desk, clock: TestClock) -> None:
    approval_id = desk.approved()
    desk.gate()
    clock.advance(120_000)
    assert isinstance(desk.gate(), Filed)
    assert desk.status(approval_id) == "unknown"


def test_a_yes_for_one_agent_opens_no_gate_of_another(desk: Desk, house: House) -> None:
    desk.approved()
    assert isinstance(desk.gate(house.helper), Filed)
    assert isinstance(desk.gate(house.stranger), Filed)
