"""Events on their way out: whole, signed, in order, to living receivers and dead ones."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Callable
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from tests.channels.test_addresses import LOOPBACK
from webui.approvals import ending
from webui.approvals.answering import conversation, deciding
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.senders import endpoints, letters
from webui.approvals.senders.endpoints import Wishes
from webui.approvals.states import Verdict
from webui.channels import schedule
from webui.channels.addresses import AllowList
from webui.channels.http import Sender, look_up
from webui.edits import prepare_edit
from webui.outbox import claiming, fanning, forgetting
from webui.outbox.claiming import anything_due, claim
from webui.outbox.courier import Courier
from webui.outbox.fanning import fan_out
from webui.outbox.secrets import callback_secret
from webui.store.errors import StoreFullError
from webui.store.models import Approval, AuditHead, Delivery, Endpoint, Event, table_of

if TYPE_CHECKING:
    import socket

    from tests.plugins.desk import FileCall, House, TestClock
    from webui.runtime import Runtime
    from webui.store.store import Store
    from webui.store.transaction import Transaction

Receivers = Callable[..., Any]
Make = Callable[..., endpoints.Created]
Turn = Callable[[Courier], int]
Row = Callable[..., Any]
HOLD = Look(None, 1)


@pytest.fixture
def deny(store: Store, house: House) -> Callable[..., None]:
    def give(approval_id: str, reason: str = "not today") -> None:
        reviewer = Reviewer(house.rae.id, house.rae.name, "page")
        store.write(
            lambda tx: deciding.decide(
                tx, reviewer, house.org_id, approval_id, Verdict.DENY, reason, HOLD
            )
        )

    return give


@pytest.fixture
def cancel(store: Store, house: House) -> Callable[[str], None]:
    return lambda approval_id: store.write(
        lambda tx: (ending.cancel(tx, house.org_id, house.ci.id, approval_id), None)[1]
    )


def deliveries(store: Store, **wanted: Any) -> list[Delivery]:
    with store.reading() as session:
        statement = select(Delivery).filter_by(**wanted).order_by(Delivery.seq)
        return list(session.scalars(statement).all())


def actions(store: Store, action: str) -> list[Event]:
    with store.reading() as session:
        found = select(Event).where(Event.action == action).order_by(Event.seq)
        return list(session.scalars(found).all())


def test_an_event_arrives_signed_and_without_arguments(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    house: House,
) -> None:
    receiver = receive()
    secret = endpoint(receiver.url).secret
    approval_id = file_call(arguments={"password": "hunter2", "command": "ls"})
    turn(courier)
    [(headers, body)] = receiver.requests
    message = Webhook(secret).verify(body, headers)
    assert headers["content-type"] == "application/json"
    assert message["type"] == "approval.created"
    data = message["data"]
    assert (data["id"], data["tool"], data["status"]) == (
        approval_id,
        "shell.run",
        "pending",
    )
    assert data["agent"] == {"id": house.ci.id, "name": "ci"}
    assert data["review_url"].endswith(f"/approvals/{approval_id}")
    assert "hunter2" not in body.decode()
    assert "arguments" not in data


def test_a_callback_tells_the_agent_the_decision_by_its_own_secret(
    receive: Receivers,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
    house: House,
    runtime: Runtime,
) -> None:
    receiver = receive()
    approval_id = file_call(callback_url=receiver.url)
    deny(approval_id)
    turn(courier)
    [(headers, body)] = receiver.requests
    secret = callback_secret(runtime.keyring, house.ci.id)
    assert secret != callback_secret(runtime.keyring, house.helper.id)
    message = Webhook(secret).verify(body, headers)
    assert message["type"] == "approval.decided"
    assert message["data"]["id"] == approval_id
    assert message["data"]["status"] == "denied"
    assert message["data"]["decision"] == {
        "verdict": "deny",
        "reason": "not today",
        "who": "Rae",
        "channel": "page",
    }


def test_the_events_of_an_approval_arrive_in_order_though_the_first_fails_first(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
    clock: TestClock,
) -> None:
    receiver = receive(answer("500 Oops"))
    endpoint(receiver.url)
    deny(file_call())
    turn(courier)
    assert receiver.types == ["approval.created"]
    receiver.behave = answer("204 No Content")
    clock.advance(schedule.DELAYS_MS[1])
    turn(courier)
    assert receiver.types == ["approval.created", "approval.created", "approval.decided"]
    first, second = (headers["webhook-id"] for headers, _ in receiver.requests[:2])
    assert first == second  # so that a receiver knows the repeat


def test_attempts_follow_the_schedule_for_three_days_and_then_give_up(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    store: Store,
) -> None:
    receiver = receive(answer("500 Oops"))
    endpoint(receiver.url)
    started = clock.now()
    file_call()
    turn(courier)
    for number, delay in enumerate(schedule.DELAYS_MS[1:], 2):
        assert deliveries(store)[0].status == "waiting"
        clock.advance(int(delay * (1 - schedule.JITTER)) - 1_000)
        assert turn(courier) == 0
        clock.advance(int(delay * schedule.JITTER) + 1_000)
        clock.advance(max(0, _breaker_left(store)))
        assert turn(courier) == 1
        assert len(receiver.requests) == number
    [dead] = deliveries(store)
    assert (dead.status, dead.last_status) == ("dead", 500)
    assert dead.last_error == "The receiver answered 500."
    days = (clock.now() - started) / 86_400_000
    assert 2.9 < days < 3.1
    [event] = actions(store, "delivery.gave_up")
    assert json.loads(event.payload or b"")["why"] == dead.last_error


def _breaker_left(store: Store) -> int:
    with store.reading() as session:
        until = session.scalars(select(Endpoint.open_until)).one()
    return 0 if until is None else until - store.now()


def test_a_dead_letter_is_resent_by_a_click(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
) -> None:
    receiver = receive(answer("410 Gone"))
    made = endpoint(receiver.url)
    file_call()
    turn(courier)
    [dead] = deliveries(store)
    with pytest.raises(NotFoundError):
        store.write(lambda tx: letters.resend(tx, house.other_org_id, dead.id))
    with pytest.raises(ConflictError, match="resume"):
        store.write(lambda tx: letters.resend(tx, house.org_id, dead.id))
    with pytest.raises(ConflictError, match="resume"):
        store.write(lambda tx: letters.resend_all(tx, house.org_id, made.endpoint_id))
    store.write(lambda tx: endpoints.resume(tx, house.org_id, made.endpoint_id))
    store.write(lambda tx: letters.resend(tx, house.org_id, dead.id))
    receiver.behave = answer()
    turn(courier)
    assert deliveries(store)[0].status == "delivered"
    with pytest.raises(ConflictError, match="delivered"):
        store.write(lambda tx: letters.resend(tx, house.org_id, dead.id))


def test_410_switches_an_endpoint_off_and_is_audited(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    row: Row,
) -> None:
    receiver = receive(answer("410 Gone"))
    made = endpoint(receiver.url)
    file_call()
    turn(courier)
    file_call()
    turn(courier)
    assert len(receiver.requests) == 1
    gone = row(Endpoint, id=made.endpoint_id)
    assert (gone.status, "410" in gone.why) == ("disabled", True)
    assert len(actions(store, "endpoint.changed")) == 1


def test_a_redirect_is_a_failure_and_is_not_followed(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
) -> None:
    elsewhere = receive()
    receiver = receive(answer("302 Found", f"Location: {elsewhere.url}"))
    endpoint(receiver.url)
    file_call()
    turn(courier)
    assert not elsewhere.requests
    [waiting] = deliveries(store)
    assert (waiting.status, waiting.last_status) == ("waiting", 302)
    assert "redirects" in (waiting.last_error or "")


def test_retry_after_is_honoured(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
) -> None:
    receiver = receive(answer("429 Too Many Requests", "Retry-After: 3600"))
    endpoint(receiver.url)
    file_call()
    turn(courier)
    clock.advance(3_500_000)
    assert turn(courier) == 0
    clock.advance(200_000)
    assert turn(courier) == 1


def drip(sock: socket.socket, receiver: Any) -> None:
    """Promise an answer and send it a byte at a time, until the test lets go."""
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not receiver.let_go.wait(0.05):
        sock.sendall(b".")


def test_a_receiver_that_drips_delays_no_other(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    courier: Courier,
    store: Store,
) -> None:
    slow, healthy = receive(drip), receive()
    endpoint(slow.url)
    endpoint(healthy.url)
    for _ in range(30):
        file_call()
    fan_out(runtime)
    while len(healthy.requests) < 30:
        courier.deliver()
        assert healthy.arrived.acquire(timeout=60)
    # all of the healthy one's arrived while the first of the slow one's still drip
    assert len(slow.requests) <= schedule.MAX_IN_FLIGHT
    slow_ones = deliveries(store, url=slow.url)
    assert not [one for one in slow_ones if one.status == "delivered"]
    assert sum(one.status == "sending" for one in slow_ones) == schedule.MAX_IN_FLIGHT
    slow.let_go.set()
    courier.wait()


def test_an_answer_that_never_ends_is_cut_off_and_tried_again(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    impatient: Courier,
    store: Store,
) -> None:
    endpoint(receive(drip).url)
    file_call()
    turn(impatient)
    [waiting] = deliveries(store)
    assert waiting.status == "waiting"
    assert waiting.last_error == "No complete answer within 0.2 s."


def test_a_breaker_opens_after_failures_and_one_probe_closes_it(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    row: Row,
) -> None:
    receiver = receive(answer("503 Later"))
    endpoint(receiver.url)
    for _ in range(3 * schedule.MAX_IN_FLIGHT):
        file_call()
    turn(courier)
    assert len(receiver.requests) == schedule.MAX_IN_FLIGHT
    assert row(Endpoint).open_until > clock.now()
    receiver.behave = answer()
    clock.advance(row(Endpoint).open_until - clock.now())
    assert courier.deliver() == 1
    courier.wait()
    assert (row(Endpoint).failures, row(Endpoint).open_until) == (0, None)
    turn(courier)
    assert len(set(receiver.ids)) == 3 * schedule.MAX_IN_FLIGHT


def test_a_backlog_that_must_wait_is_nothing_to_write_for(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    store: Store,
) -> None:
    endpoint(receive(answer("503 Later")).url)
    for _ in range(2 * schedule.MAX_IN_FLIGHT):
        file_call()
    turn(courier)  # and its breaker opens
    assert len(deliveries(store, status="waiting")) == 2 * schedule.MAX_IN_FLIGHT
    with store.reading() as session:
        assert not anything_due(session, clock.now())
        later = max(
            found for found in session.scalars(select(Endpoint.open_until)) if found
        )
        assert anything_due(session, later)


def test_an_arrival_is_told_and_a_failure_is_not(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
) -> None:
    arrived: list[int] = []
    courier = Courier(runtime, arrived=lambda: arrived.append(1))
    for behaviour in (answer(), answer("500 X")):
        endpoint(receive(behaviour).url)
    file_call()
    fan_out(runtime)
    assert courier.deliver() == 2
    courier.wait()
    assert arrived == [1]


def test_a_dead_host_of_callbacks_delays_no_other(
    receive: Receivers,
    answer: Receivers,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
) -> None:
    dead, healthy = receive(answer("500 Oops")), receive()
    for number in range(2 * schedule.MAX_IN_FLIGHT):
        deny(file_call(callback_url=f"{dead.url}/{number}"))
    deny(file_call(callback_url=healthy.url))
    turn(courier)
    assert len(dead.requests) == schedule.MAX_IN_FLIGHT
    assert len(healthy.requests) == 1


def test_a_backlog_longer_than_one_look_does_not_hide_other_receivers(
    receive: Receivers,
    answer: Receivers,
    endpoint: Make,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claiming, "LOOKED_AT", 3)
    dead, dead_host = receive(answer("500 Oops")), receive(answer("500 Oops"))
    healthy, healthy_host = receive(), receive()
    endpoint(dead.url, "approval.created")
    for number in range(2 * schedule.MAX_IN_FLIGHT):
        deny(file_call(callback_url=f"{dead_host.url}/{number}"))
    endpoint(healthy.url, "approval.decided")
    deny(file_call(callback_url=healthy_host.url))
    turn(courier)
    assert len(dead.requests) < 2 * schedule.MAX_IN_FLIGHT
    assert len(dead_host.requests) < 2 * schedule.MAX_IN_FLIGHT
    assert len(healthy_host.requests) == 1
    assert healthy.requests


def test_nothing_is_lost_when_a_process_dies_between_claim_and_send(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    store: Store,
) -> None:
    receiver = receive()
    endpoint(receiver.url)
    file_call()
    fan_out(runtime)
    [lost] = store.write(lambda tx: claim(tx, 10))
    assert turn(courier) == 0  # it is somebody's
    clock.advance(claiming.LEASE_MS)
    assert turn(courier) == 1
    assert receiver.requests[0][0]["webhook-id"] == lost.id
    assert deliveries(store)[0].status == "delivered"


def test_a_result_that_comes_after_its_lease_was_lost_changes_nothing(
    endpoint: Make,
    receive: Receivers,
    file_call: FileCall,
    runtime: Runtime,
    clock: TestClock,
    store: Store,
) -> None:
    from webui.channels.http import Answer  # noqa: PLC0415
    from webui.outbox.settling import Attempt, settle  # noqa: PLC0415

    endpoint(receive().url)
    file_call()
    fan_out(runtime)
    [late] = store.write(lambda tx: claim(tx, 10))
    clock.advance(claiming.LEASE_MS)
    [again] = store.write(lambda tx: claim(tx, 10))
    store.write(lambda tx: settle(tx, late, Attempt(Answer(500, b"", None))))
    [sending] = deliveries(store)
    assert (sending.status, sending.attempts) == ("sending", again.attempts)


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254/latest", "http://[::1]/", "http://10.0.0.1/"],
)
def test_a_callback_into_a_closed_network_is_a_dead_letter_that_says_why(
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
    store: Store,
    url: str,
) -> None:
    deny(file_call(callback_url=url))
    assert turn(courier) == 1
    [dead] = deliveries(store)
    assert (dead.status, dead.attempts, dead.last_status) == ("dead", 1, None)
    assert "COUNTERSIGN_CALLBACK_ALLOW" in (dead.last_error or "")
    assert len(actions(store, "delivery.gave_up")) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_callback_url_however_it_is_spelt_or_resolved_reaches_this_host(
    receive: Receivers,
    file_call: FileCall,
    deny: Callable[..., None],
    runtime: Runtime,
    turn: Turn,
    store: Store,
    clock: TestClock,
) -> None:
    canary = receive()
    port = canary.host.rpartition(":")[2]
    names = {
        "half.example": ["93.184.215.14", "127.0.0.1"],
        "mapped.example": ["::ffff:127.0.0.1"],
        "rebinds.example": [],
    }
    hosts = [*dict.fromkeys(filter(str.isprintable, LOOPBACK)), *names]
    assert len(hosts) >= 60
    for host in hosts:
        deny(file_call(callback_url=f"http://{host}:{port}/hook"))

    def resolve(host: str, asked_port: int) -> list[str]:
        found = names.get(host)
        return look_up(host, asked_port) if found is None else list(found)

    courier = Courier(runtime, Sender(AllowList(), resolve, timeout_ms=1_000))
    turn(courier)
    names["rebinds.example"] = ["127.0.0.1"]  # nowhere before, and loopback from now on
    clock.advance(3_600_000)
    turn(courier)
    assert canary.requests == []
    told = {one.url: one.status for one in deliveries(store)}
    assert told[f"http://rebinds.example:{port}/hook"] == "dead"
    assert "delivered" not in told.values()


def test_an_endpoint_is_signed_for_by_both_secrets_and_plainly_if_it_asks(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
    clock: TestClock,
) -> None:
    receiver = receive()
    made = endpoint(receiver.url, plain=True)
    new = store.write(
        lambda tx: endpoints.rotate_secret(tx, house.org_id, made.endpoint_id)
    )
    file_call()
    turn(courier)
    [(headers, body)] = receiver.requests
    for secret in (made.secret, new):
        Webhook(secret).verify(body, headers)
    content = headers["x-countersign-timestamp"].encode() + b"." + body
    digest = hmac.new(new.encode(), content, hashlib.sha256).hexdigest()
    assert headers["x-countersign-signature"] == f"sha256={digest}"
    clock.advance(endpoints.OVERLAP)
    file_call()
    turn(courier)
    headers, body = receiver.requests[-1]
    assert len(headers["webhook-signature"].split()) == 1
    assert "x-countersign-signature" in headers


def test_arguments_go_only_to_who_asked_for_them_with_secrets_masked(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
    store: Store,
) -> None:
    asking, other = receive(), receive()
    endpoint(asking.url, with_arguments=True)
    endpoint(other.url)
    deny(file_call(arguments={"table": "users", "password": "hunter2-hunter2"}))
    turn(courier)
    created, decided = (json.loads(body)["data"] for _, body in asking.requests)
    assert created["arguments"]["table"] == "users"
    assert "redacted" in created["arguments"]["password"]
    assert "arguments" not in decided
    assert not any(
        b"users" in body and b'"arguments"' in body for _, body in other.requests
    )
    assert not any(b"hunter2" in body for _, body in asking.requests)
    # at rest they lie in the approval alone, encrypted
    assert not any('"arguments"' in one.body for one in deliveries(store))


def test_every_attempt_is_kept_with_how_it_ended(
    receive: Receivers,
    answer: Callable[..., Any],
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    clock: TestClock,
) -> None:
    receiver = receive(answer("503 Busy"))
    endpoint(receiver.url)
    file_call()
    turn(courier)
    receiver.behave = answer()
    clock.advance(600_000)
    turn(courier)
    [letter] = deliveries(store)
    assert [each[1:] for each in json.loads(letter.tries)] == [
        [503, "The receiver answered 503."],
        [200, None],
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_nobody_answers_does_not_hold_up_who_does(
    receive: Receivers,
    answer: Callable[..., Any],
    endpoint: Make,
    file_call: FileCall,
    courier: Courier,
    runtime: Runtime,
) -> None:
    def never(_sock: socket.socket, receiver: Any) -> None:
        receiver.let_go.wait(20)

    def endless(sock: socket.socket, _receiver: Any) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
        for _ in range(1_600):
            sock.sendall(bytes(65_536))

    bad = [receive(each) for each in (never, drip, endless)]
    bad += [receive(answer(text)) for text in ("302 X", "500 X", "410 X", "429 X")]
    bad.append(receive(lambda sock, _: _reset(sock)))
    healthy = receive()
    for each in (*bad, healthy):
        endpoint(each.url)
    for _ in range(20):
        file_call()
    fan_out(runtime)
    while len(healthy.requests) < 20:
        courier.deliver()
        assert healthy.arrived.acquire(timeout=60)
    assert sorted(healthy.types) == ["approval.created"] * 20
    for each in bad:
        each.let_go.set()
    courier.wait()


def _reset(sock: socket.socket) -> None:
    """Hang up with a reset instead of an answer."""
    sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_an_endpoint_gets_what_it_chose_and_older_names_if_it_asks(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    deny: Callable[..., None],
    turn: Turn,
    courier: Courier,
) -> None:
    everything, older, decided = receive(), receive(), receive()
    endpoint(everything.url)
    endpoint(older.url, "approval_requested", "approval_reused")
    endpoint(decided.url, "approval.decided")
    twice: dict[str, Any] = {"arguments": {"command": "ls"}}
    file_call(**twice)
    deny(file_call(**twice))
    turn(courier)
    assert everything.types == ["approval.created", "approval.decided"]
    assert older.types == ["approval_requested", "approval_reused"]
    assert decided.types == ["approval.decided"]


def test_another_orgs_endpoint_hears_nothing(
    receive: Receivers,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
) -> None:
    receiver = receive()
    store.write(lambda tx: endpoints.create_endpoint(tx, house.other_org_id, receiver.url))
    file_call()
    turn(courier)
    assert not receiver.requests
    file_call(house.stranger)
    turn(courier)
    assert receiver.types == ["approval.created"]


def test_the_cursor_moves_with_the_rows_or_not_at_all(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    store: Store,
) -> None:
    endpoint(receive().url)
    file_call()
    with store.reading() as session:
        heads = session.scalars(select(AuditHead).where(AuditHead.seq > 0)).all()
        plans = [
            fanning.plan(session, head.org_id, head.fanned_out, head.seq, "http://desk", 0)
            for head in heads
        ]
    assert fan_out(runtime) > 0
    for step in plans:  # another node planned the same
        with pytest.raises(fanning.Outrun):
            store.write(lambda tx, step=step: fanning.take(tx, step))  # type: ignore[misc]
    assert len(deliveries(store)) == 1
    assert fan_out(runtime) == 0


def test_a_node_that_was_outrun_leaves_the_rows_to_the_other(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint(receive().url)
    file_call()
    plan = fanning.plan

    def plan_late(*given: Any) -> Any:
        late = plan(*given)
        monkeypatch.setattr(fanning, "plan", plan)
        fan_out(runtime)
        return late

    monkeypatch.setattr(fanning, "plan", plan_late)
    fan_out(runtime)
    assert len(deliveries(store)) == 1


def test_an_attempt_that_cannot_be_written_down_is_repeated(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: Any) -> None:
        raise StoreFullError("The disk is full: nothing was changed.")

    receiver = receive()
    endpoint(receiver.url)
    file_call()
    with monkeypatch.context() as broken:
        broken.setattr("webui.outbox.courier.settle", fails)
        turn(courier)
    assert deliveries(store)[0].status == "sending"
    clock.advance(claiming.LEASE_MS)
    turn(courier)
    assert deliveries(store)[0].status == "delivered"
    assert len(receiver.requests) == 2


def test_what_is_about_no_approval_and_how_a_run_ended_are_told_too(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
) -> None:
    receiver = receive()
    endpoint(receiver.url, "source.failing", "approval.outcome")
    approval_id = file_call()
    about = f"approval:{approval_id}"

    def happen(tx: Transaction) -> None:
        facts = {"code": "schema", "why": "no tool", "address": "192.0.2.7"}
        tx.record(house.org_id, "system", "source.failing", "source:src_1", facts)
        ended = {"status": "consumed", "result": "ok", "detail": "done"}
        tx.record(house.org_id, "system", "approval.outcome", about, ended)
        tx.record(house.org_id, "system", "approval.lease_over", about, {})

    store.write(happen)
    turn(courier)
    told = {json.dumps(json.loads(body)["data"]) for _, body in receiver.requests}
    failing, *outcomes = sorted(
        (json.loads(text) for text in told), key=lambda data: data["seq"]
    )
    assert (failing["subject"], failing["why"]) == ("source:src_1", "no tool")
    assert "192.0.2.7" not in json.dumps(failing)
    assert [data["outcome"]["result"] for data in outcomes] == ["ok", "unknown"]


def test_a_desk_that_tells_nobody_passes_its_log_in_big_steps(
    file_call: FileCall, runtime: Runtime, store: Store, house: House
) -> None:
    for _ in range(20):
        file_call()
    assert fan_out(runtime) > 20
    assert fan_out(runtime) == 0
    with store.reading() as session:
        head = session.get_one(AuditHead, house.org_id)
        assert head.fanned_out == head.seq
    assert not deliveries(store)


def test_a_long_backlog_of_events_is_fanned_out_whole_and_once(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fanning, "_IN_STEP", 3)
    monkeypatch.setattr(fanning, "STEP", 10)
    endpoint(receive().url)
    filed = [file_call() for _ in range(11)]
    while fan_out(runtime):
        pass
    assert [one.approval_id for one in deliveries(store)] == filed


def test_a_removed_endpoint_gets_nothing_and_what_waited_is_a_dead_letter(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
) -> None:
    receiver = receive()
    made = endpoint(receiver.url)
    file_call()
    fan_out(runtime)
    store.write(lambda tx: endpoints.remove(tx, house.org_id, made.endpoint_id))
    turn(courier)
    assert not receiver.requests
    [dead] = deliveries(store)
    assert (dead.status, dead.last_error) == ("dead", "The endpoint was removed.")
    with pytest.raises(NotFoundError):
        store.write(lambda tx: endpoints.resume(tx, house.org_id, made.endpoint_id))


def test_a_paused_endpoint_gets_what_waited_when_it_is_resumed(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    turn: Turn,
    courier: Courier,
    store: Store,
    house: House,
) -> None:
    receiver = receive()
    made = endpoint(receiver.url)
    file_call()
    fan_out(runtime)
    for _ in range(2):
        store.write(lambda tx: endpoints.pause(tx, house.org_id, made.endpoint_id))
    store.write(lambda tx: endpoints.disable(tx, house.org_id, made.endpoint_id, "410"))
    assert turn(courier) == 0
    for _ in range(2):
        store.write(lambda tx: endpoints.resume(tx, house.org_id, made.endpoint_id))
    [waiting] = deliveries(store)
    store.write(lambda tx: letters.resend(tx, house.org_id, waiting.id))
    assert turn(courier) == 1
    assert len(actions(store, "endpoint.changed")) == 2
    assert receiver.types == ["approval.created"]


@pytest.mark.parametrize(
    ("url", "events"),
    [
        ("ftp://example.com/", ("*",)),
        ("https://user:pass@example.com/", ("*",)),
        ("https://example.com:25/", ("*",)),
        ("https://example.com/", ()),
        ("https://example.com/", ("approval.imagined",)),
    ],
)
def test_an_endpoint_that_could_not_work_is_not_made(
    endpoint: Make,
    store: Store,
    house: House,
    url: str,
    events: tuple[str, ...],
) -> None:
    with pytest.raises(InvalidError):
        store.write(
            lambda tx: endpoints.create_endpoint(tx, house.org_id, url, Wishes(events))
        )


def test_old_deliveries_go_and_dead_letters_stay_longer(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    turn: Turn,
    courier: Courier,
    clock: TestClock,
    store: Store,
) -> None:
    endpoint(receive().url)
    file_call(), file_call()
    turn(courier)
    table = table_of(Delivery)
    first = deliveries(store)[0].id
    store.write(
        lambda tx: (
            tx.execute(update(table).where(table.c.id == first).values(status="dead"))
            and None
        )
    )
    clock.advance(forgetting.KEPT_MS + 1)
    assert store.write(forgetting.forget_old) == 1
    assert [one.id for one in deliveries(store)] == [first]
    clock.advance(forgetting.DEAD_KEPT_MS)
    assert store.write(forgetting.forget_old) == 1


def test_many_couriers_send_each_delivery_once(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    runtime: Runtime,
    store: Store,
) -> None:
    receiver = receive()
    endpoint(receiver.url)
    filed = [file_call() for _ in range(25)]
    fan_out(runtime)
    couriers = [Courier(runtime) for _ in range(3)]
    while deliveries(store, status="waiting"):
        for courier in couriers:
            courier.deliver()
        for courier in couriers:
            courier.wait()
    assert sorted(receiver.ids) == sorted(filed)


@pytest.fixture
def answer_as_rae(store: Store, house: House) -> Callable[..., None]:
    """Have Rae give any verdict."""

    def give(approval_id: str, verdict: str, reason: str = "", **brought: Any) -> None:
        reviewer = Reviewer(house.rae.id, house.rae.name, "page")
        store.write(
            lambda tx: deciding.decide(
                tx,
                reviewer,
                house.org_id,
                approval_id,
                Verdict(verdict),
                reason,
                HOLD,
                **brought,
            )
        )

    return give


def test_a_callback_hears_what_reviewers_say_and_never_what_its_agent_said(
    receive: Receivers,
    file_call: FileCall,
    answer_as_rae: Callable[..., None],
    turn: Turn,
    courier: Courier,
    house: House,
    store: Store,
) -> None:
    receiver = receive()
    approval_id = file_call(callback_url=receiver.url)
    answer_as_rae(approval_id, "request_changes", "Which host?")
    reply = conversation.reply
    store.write(lambda tx: reply(tx, house.ci.filer, approval_id, "Staging.") and None)
    answer_as_rae(approval_id, "respond", answer="It is done already.")
    while turn(courier):
        pass
    assert receiver.types == [
        "approval.changes_requested",
        "approval.message",
        "approval.decided",
    ]
    told = [json.loads(body)["data"] for _, body in receiver.requests]
    assert (told[0]["status"], told[0]["reason"]) == ("needs_revision", "Which host?")
    sender = f"user:{house.rae.id}"
    assert told[1]["message"] == {"from": sender, "text": "Which host?"}
    assert told[2]["decision"]["answer"] == "It is done already."


def test_an_endpoint_hears_all_of_a_conversation_and_where_an_edit_differs(
    receive: Receivers,
    endpoint: Make,
    file_call: FileCall,
    answer_as_rae: Callable[..., None],
    turn: Turn,
    courier: Courier,
    house: House,
    store: Store,
) -> None:
    receiver = receive()
    endpoint(receiver.url)
    asked = {"password": "hunter2", "n": 1}
    approval_id = file_call(arguments=asked)
    answer_as_rae(approval_id, "request_changes", "Which host?")
    reply = conversation.reply
    store.write(lambda tx: reply(tx, house.ci.filer, approval_id, "Staging.") and None)
    with store.reading() as session:
        row = session.get_one(Approval, approval_id)
        edit = prepare_edit(session, store.keyring, row, asked | {"n": 2})
    answer_as_rae(approval_id, "edit", edit=edit)
    while turn(courier):
        pass
    assert receiver.types[1:] == [
        "approval.changes_requested",
        "approval.message",
        "approval.message",
        "approval.resumed",
        "approval.decided",
    ]
    decision = json.loads(receiver.requests[-1][1])["data"]["decision"]
    assert (decision["verdict"], decision["changed"]) == ("edit", ["/n"])
    assert decision["edited_hash"] == edit.arguments_hash
    assert b"hunter2" not in b"".join(body for _, body in receiver.requests)
