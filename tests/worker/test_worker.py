"""The loop beside the requests: sweep, index, checkpoints; one failing chore stops no other."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from socket import gethostname
from typing import Any

from sqlalchemy import func, select

from webui.audit import checkpoints
from webui.commands.doctor import examine
from webui.outbox.replier import Replier
from webui.store.models import Approval, AuditHead, Checkpoint, Node
from webui.worker import Chore, Worker, chores_of, forget, index, sender_of, sweep


def _status(store: Any, approval_id: str) -> str:
    with store.reading() as session:
        return str(session.get_one(Approval, approval_id).status)


def test_a_sweep_settles_what_is_overdue_and_writes_nothing_else(
    runtime: Any, file_call: Callable[..., str], clock: Any, store: Any, house: Any
) -> None:
    approval = file_call()
    with store.reading() as session:
        before = session.get_one(AuditHead, house.org_id).seq
    assert sweep(runtime) == 0
    clock.advance(900_000)
    assert sweep(runtime) == 1
    assert sweep(runtime) == 0
    assert _status(store, approval) == "expired"
    with store.reading() as session:
        assert session.get_one(AuditHead, house.org_id).seq == before + 1


def test_what_is_settled_is_indexed_once(
    runtime: Any, file_call: Callable[..., str], clock: Any, store: Any
) -> None:
    approval = file_call()
    assert index(runtime) == 0
    clock.advance(900_000)
    sweep(runtime)
    assert index(runtime) == 1
    assert index(runtime) == 0
    with store.reading() as session:
        assert session.get_one(Approval, approval).indexed


def test_a_log_is_signed_each_256_events_and_each_minute_with_something_new(
    runtime: Any, file_call: Callable[..., str], clock: Any, store: Any, house: Any
) -> None:
    folder = runtime.settings.instance / "checkpoints"

    def signed() -> int:
        checkpoints.sign_due(store, folder)
        with store.reading() as session:
            return int(
                session.scalar(
                    select(func.count()).where(Checkpoint.org_id == house.org_id)
                )
                or 0
            )

    assert signed() == 1
    clock.advance(3_600_000)
    assert signed() == 1  # nothing but the checkpoint's own event is new
    file_call()
    assert signed() == 2  # the last one is an hour old
    file_call()
    assert signed() == 2
    clock.advance(60_000)
    assert signed() == 3
    for _ in range(127):
        file_call()  # two events each, and one of the checkpoint before
    assert signed() == 3
    file_call()
    assert signed() == 4
    notes = (folder / f"{house.org_id}.jsonl").read_text().splitlines()
    assert len(notes) == 4


def test_before_its_end_a_process_signs_whatever_is_new(
    runtime: Any, file_call: Callable[..., str], store: Any, house: Any
) -> None:
    checkpoints.sign_due(store, None)
    file_call()
    checkpoints.sign_due(store, None, every_ms=0)
    with store.reading() as session:
        newest = checkpoints.newest(session, house.org_id).checkpoint
        head = session.get_one(AuditHead, house.org_id).seq
    assert newest is not None
    assert newest.size == head - 1  # all but the event of the checkpoint itself


def test_a_node_says_that_it_lives_only_where_others_may_be(
    runtime: Any, store: Any
) -> None:
    Worker(runtime, chores_of(runtime)).turn()
    with store.reading() as session:
        rows = session.execute(select(Node.id, Node.host)).all()
    told = [each.words for each in examine(runtime.settings) if each.check == "nodes"]
    if store.on_sqlite:
        assert (rows, told) == ([], [])
    else:
        assert rows == [(runtime.node, gethostname())]
        assert told == [f"Serving this database now: {gethostname()}."]


def test_what_is_kept_for_a_while_is_forgotten(runtime: Any) -> None:
    assert forget(runtime) == 0


def test_a_failing_chore_is_logged_and_stops_no_other(runtime: Any) -> None:
    ran: list[int] = []

    def runs() -> int:
        ran.append(1)
        return 0

    def fails() -> int:
        raise OSError("no such disk")

    chores = [
        Chore("fails", 0.0, fails),
        Chore("runs", 0.0, runs),
    ]
    worker = Worker(runtime, chores)
    worker.turn()
    worker.turn()
    assert len(ran) == 2


def test_a_chore_with_more_to_do_runs_again_at_once_and_an_idle_one_rests(
    runtime: Any,
) -> None:
    left, rested = [2, 1, 0, 9], [0, 9]
    worker = Worker(
        runtime,
        [
            Chore("busy", 3600, lambda: left.pop(0)),
            Chore("idle", 3600, lambda: rested.pop(0)),
        ],
    )
    for _ in range(6):
        worker.turn()
    assert (left, rested) == ([9], [9])


def test_a_worker_works_until_it_is_stopped(
    runtime: Any, file_call: Callable[..., str], clock: Any, store: Any
) -> None:
    approval = file_call()
    clock.advance(900_000)
    worker = Worker(runtime, chores_of(runtime))
    before = worker.swept_at
    with runtime.bus.watch(approval) as watch:
        worker.start()
        watch.wait(20)
    worker.stop()
    assert _status(store, approval) == "expired"
    assert worker.swept_at >= before


def test_a_commit_that_somebody_is_told_of_wakes_the_sender_and_another_does_not(
    runtime: Any, file_call: Callable[..., str], store: Any, house: Any
) -> None:
    sender = sender_of(runtime, Replier(runtime))
    for chore in sender.chores:
        chore.due = float("inf")
    store.listen(sender.hear)
    store.write(
        lambda tx: tx.record(house.org_id, "system", "user.signed_in", "user:x", {})
    )
    sender.turn()
    with store.reading() as session:
        passed = session.get_one(AuditHead, house.org_id).fanned_out
    file_call()
    sender.turn()
    with store.reading() as session:
        head = session.get_one(AuditHead, house.org_id)
    assert passed < head.fanned_out == head.seq
    assert not any(chore.woken for chore in sender.chores)


def test_a_worker_that_is_woken_runs_at_once_what_is_due_in_years(runtime: Any) -> None:
    ran: SimpleQueue[int] = SimpleQueue()

    def runs() -> int:
        ran.put(1)
        return 0

    worker = Worker(runtime, [Chore("rests", 1e9, runs)])
    worker.start()
    try:
        for _ in range(3):
            ran.get(timeout=60)
            worker.wake()
    finally:
        worker.stop()
