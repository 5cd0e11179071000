"""Idempotency-Key: the same request is answered once, whatever comes between."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk, granted
from webui.approvals.asking import idempotency
from webui.approvals.asking.ask import Filed
from webui.approvals.asking.idempotency import Key, key_for
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.store.models import Approval, Consumption, IdempotencyKey


def a_key(name: str = "k", body: bytes = b"{}") -> Key:
    key = key_for(name, "POST", "/api/v1/gate", body)
    assert key is not None
    return key


def count(desk: Desk, model: type[Approval | Consumption | IdempotencyKey]) -> int:
    with desk.store.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def used(answer: Used | Filed) -> Used:
    assert isinstance(answer, Used)
    return answer


def filed(answer: Used | Filed) -> Filed:
    assert isinstance(answer, Filed)
    return answer


def refused(ask: Callable[[], Used | Filed]) -> str:
    with pytest.raises(ConflictError) as caught:
        ask()
    return caught.value.code


@pytest.mark.parametrize("name", ["", "a" * 256, "tab\t", "é", "\n"])
def test_a_key_is_short_printable_ascii(name: str) -> None:
    with pytest.raises(InvalidError) as caught:
        key_for(name, "POST", "/", b"")
    assert caught.value.code == "idempotency_key_invalid"


def test_a_key_stands_for_method_path_and_body() -> None:
    assert key_for(None, "POST", "/", b"") is None
    hashes = [
        key_for("a" * 255, method, path, body)
        for method, path, body in (
            ("POST", "/a", b"x"),
            ("PUT", "/a", b"x"),
            ("POST", "/b", b"x"),
            ("POST", "/a", b"y"),
        )
    ]
    assert len({key.body_hash for key in hashes if key}) == 4


def test_a_repeat_returns_the_same_approval_as_it_is_now(
    desk: Desk, house: House, clock: TestClock
) -> None:
    first = desk.submit(key=a_key())
    again = desk.submit(key=a_key())
    assert (again.approval.id, again.reused) == (first.approval.id, True)
    assert desk.row(first.approval.id).seen_count == 1
    desk.decide(house.rae, first.approval.id, Verdict.DENY)
    clock.advance(3_600_000)
    assert desk.submit(key=a_key()).approval.status == "denied"
    assert count(desk, Approval) == 1


def test_a_repeat_sees_a_deadline_that_no_sweep_has_met(
    desk: Desk, clock: TestClock
) -> None:
    first = desk.submit(key=a_key())
    clock.advance(900_000)
    assert desk.submit(key=a_key()).approval.status == "expired"
    assert desk.status(first.approval.id) == "expired"


@pytest.mark.parametrize("verb", ["submit", "gate"])
def test_the_same_key_with_another_body_is_refused(desk: Desk, verb: str) -> None:
    ask = getattr(desk, verb)
    ask(key=a_key())
    with pytest.raises(InvalidError) as caught:
        ask(arguments={"n": 2}, key=a_key(body=b"other"))
    assert caught.value.code == "idempotency_key_reused"
    assert count(desk, Approval) == 1


def test_keys_belong_to_an_agent(desk: Desk, house: House) -> None:
    ours = desk.submit(key=a_key()).approval.id
    assert desk.submit(house.helper, key=a_key(body=b"other")).approval.id != ours


def test_a_refused_request_keeps_no_key(desk: Desk) -> None:
    with pytest.raises(InvalidError):
        desk.submit(on_behalf_of="nobody", key=a_key())
    assert count(desk, IdempotencyKey) == 0
    assert not desk.submit(key=a_key(body=b"mended")).reused


def test_one_key_sent_by_many_at_once_files_one_call(desk: Desk) -> None:
    ready, answers = threading.Barrier(6), list[str]()

    def send() -> None:
        ready.wait()
        answers.append(desk.submit(key=a_key()).approval.id)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(answers), len(set(answers))) == (6, 1)
    assert (count(desk, Approval), count(desk, IdempotencyKey)) == (1, 1)
    assert desk.row(answers[0]).seen_count == 1


def test_a_gate_that_had_to_wait_is_looked_at_anew(desk: Desk, house: House) -> None:
    waiting = filed(desk.gate(key=a_key()))
    assert filed(desk.gate(key=a_key())).approval.id == waiting.approval.id
    desk.decide(house.rae, waiting.approval.id)
    first = used(desk.gate(key=a_key()))
    again = used(desk.gate(key=a_key()))
    assert (again.lease_token, again.consumption_id) == (
        first.lease_token,
        first.consumption_id,
    )
    assert again.lease_expires_at == first.lease_expires_at
    assert count(desk, Consumption) == 1
    desk.report(waiting.approval.id, first.lease_token, "ok")
    assert refused(lambda: desk.gate(key=a_key())) == "already_consumed"
    assert count(desk, Consumption) == 1


def test_a_gate_with_a_new_key_that_finds_a_yes_gets_it_again(desk: Desk) -> None:
    approval_id = desk.approved()
    first = used(desk.gate(key=a_key()))
    assert used(desk.gate(key=a_key())).lease_token == first.lease_token
    assert desk.row(approval_id).attempts == 1


def test_a_gates_final_no_is_replayed_and_never_filed_anew(
    desk: Desk, house: House, clock: TestClock
) -> None:
    denied = filed(desk.gate(key=a_key("d"))).approval.id
    over = filed(desk.gate(arguments={"n": 1}, key=a_key("e"))).approval.id
    gone = filed(desk.gate(arguments={"n": 2}, key=a_key("c"))).approval.id
    desk.decide(house.rae, denied, Verdict.DENY)
    desk.cancel(gone)
    clock.advance(3_600_000)
    assert filed(desk.gate(key=a_key("d"))).approval.id == denied
    assert filed(desk.gate(arguments={"n": 1}, key=a_key("e"))).approval.id == over
    assert filed(desk.gate(arguments={"n": 2}, key=a_key("c"))).approval.id == gone
    assert [desk.status(each) for each in (denied, over, gone)] == [
        "denied",
        "expired",
        "cancelled",
    ]
    assert count(desk, Approval) == 3


def test_a_waiting_gate_follows_the_twin_that_took_its_place(
    desk: Desk, clock: TestClock
) -> None:
    desk.set_org(dedupe_window=1_000)
    old = filed(desk.gate(key=a_key())).approval.id
    clock.advance(2_000)
    new = filed(desk.gate(key=a_key())).approval.id
    assert new != old
    desk.set_org(dedupe_window=None)
    assert filed(desk.gate(key=a_key())).approval.id == new
    assert count(desk, Approval) == 2


def test_a_key_whose_yes_somebody_else_used_up_gets_no_use(
    desk: Desk, house: House, clock: TestClock
) -> None:
    waiting = filed(desk.gate(key=a_key())).approval.id
    desk.decide(house.rae, waiting)
    desk.use(waiting)
    clock.advance(120_000)
    answer = filed(desk.gate(key=a_key()))
    assert (answer.approval.id, answer.approval.status) == (waiting, "unknown")


def test_consuming_again_with_the_key_gets_the_same_use(desk: Desk) -> None:
    approval_id = desk.approved()
    first = desk.use(approval_id, key=a_key())
    again = desk.use(approval_id, key=a_key())
    assert (again.lease_token, again.consumption_id) == (
        first.lease_token,
        first.consumption_id,
    )
    assert count(desk, Consumption) == 1
    assert not isinstance(desk.consume(approval_id, key=a_key("other")), Used)


@pytest.mark.parametrize("result", ["ok", "error", "unknown"])
@pytest.mark.parametrize("verb", ["gate", "consume"])
def test_a_key_never_gets_its_use_again_once_that_has_ended(
    desk: Desk, verb: str, result: str
) -> None:
    approval_id = desk.approved()

    def ask() -> Used | Filed:
        if verb == "gate":
            return desk.gate(key=a_key())
        return granted(desk.consume(approval_id, key=a_key()))

    token = used(ask()).lease_token
    desk.report(approval_id, token, result)
    assert refused(ask) == "already_consumed"
    assert count(desk, Consumption) == 1


def test_a_key_never_gets_its_use_again_once_its_lease_is_over(
    desk: Desk, clock: TestClock
) -> None:
    approval_id = desk.approved()
    used(desk.gate(key=a_key()))
    clock.advance(120_000)
    assert refused(lambda: desk.gate(key=a_key())) == "already_consumed"
    assert desk.status(approval_id) == "unknown"  # found on the way, and written down


def test_a_gate_whose_use_was_given_back_is_looked_at_anew(desk: Desk) -> None:
    approval_id = desk.approved()
    first = used(desk.gate(key=a_key()))
    desk.roll_back(approval_id, first.lease_token)
    second = used(desk.gate(key=a_key()))
    assert second.consumption_id != first.consumption_id
    assert used(desk.gate(key=a_key())).consumption_id == second.consumption_id
    assert desk.row(approval_id).attempts == 2
    desk.roll_back(approval_id, second.lease_token)
    other = used(desk.gate(key=a_key("other")))
    assert refused(lambda: desk.gate(key=a_key())) == "in_progress"  # by the other one
    desk.roll_back(approval_id, other.lease_token)  # the last attempt: it failed
    waiting = filed(desk.gate(key=a_key())).approval
    assert (waiting.status, waiting.id == approval_id) == ("pending", False)
    assert filed(desk.gate(key=a_key())).approval.id == waiting.id


def test_consuming_with_the_key_of_a_use_that_was_given_back_is_refused(desk: Desk) -> None:
    approval_id = desk.approved()
    desk.roll_back(approval_id, desk.use(approval_id, key=a_key()).lease_token)
    assert refused(lambda: granted(desk.consume(approval_id, key=a_key()))) == "rolled_back"
    desk.use(approval_id, key=a_key("other"))
    assert (
        refused(lambda: granted(desk.consume(approval_id, key=a_key())))
        == "already_consumed"
    )


def test_a_gate_that_reports_nothing_is_repeated_for_as_long_as_a_lease(
    desk: Desk, clock: TestClock
) -> None:
    desk.approved()
    first = used(desk.gate(report=False, key=a_key()))
    clock.advance(60_000)
    again = used(desk.gate(report=False, key=a_key()))
    assert (again.consumption_id, again.lease_expires_at) == (
        first.consumption_id,
        first.lease_expires_at,
    )
    clock.advance(60_000)
    assert refused(lambda: desk.gate(report=False, key=a_key())) == "already_consumed"
    assert count(desk, Consumption) == 1


def test_old_keys_are_forgotten_after_thirty_days(desk: Desk, clock: TestClock) -> None:
    desk.submit(key=a_key())
    clock.advance(idempotency.KEPT - 1_000)
    desk.store.write(idempotency.forget_old)
    assert count(desk, IdempotencyKey) == 1
    clock.advance(2_000)
    desk.store.write(idempotency.forget_old)
    assert count(desk, IdempotencyKey) == 0
