"""Changes: acknowledged when they are durable, whole or not at all, and never hanging."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.call.json_faults import Unreadable
from webui.audit.journal import flush
from webui.audit.verify import verify_org
from webui.store import engines, writer
from webui.store.errors import (
    StoreBrokenError,
    StoreBusyError,
    StoreFullError,
    StoreUnavailableError,
)
from webui.store.models import Approval, AuditHead, Event, Throttle, table_of
from webui.store.store import RETRIES, Store
from webui.store.transaction import Transaction, Wake

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
_throttles = table_of(Throttle)


def add(name: str) -> Callable[[Transaction], str]:
    def unit(tx: Transaction) -> str:
        tx.execute(insert(_throttles), {"name": name, "empty_at": 1})
        return name

    return unit


def names(store: Store) -> set[str]:
    with store.reading() as session:
        return set(session.scalars(select(Throttle.name)))


def count(store: Store, model: type[Approval | Event]) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


class Held:
    """Runs the writer's batches when it is let go, so that units pile up behind the first."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()
        self.batches = 0

    def __call__(self, work: Callable[[], None]) -> None:
        self.batches += 1
        self.began.set()
        self.go.wait()
        work()


def together(
    store: Store, held: Held, units: Sequence[Callable[..., object]]
) -> list[object]:
    """Run units in one batch, behind one that holds the writer; return results and errors."""
    answers: list[object] = [None] * len(units)

    def write(at: int, unit: Callable[..., object]) -> None:
        try:
            answers[at] = store.write(unit)
        except BaseException as error:  # noqa: BLE001 - what is raised is the answer
            answers[at] = error

    first = threading.Thread(target=write, args=(0, units[0]))
    first.start()
    held.began.wait()
    rest = [
        threading.Thread(target=write, args=(at, unit))
        for at, unit in enumerate(units)
        if at > 0
    ]
    pump = store._writer  # noqa: SLF001 - how many wait is nobody else's business
    assert pump is not None
    for waiting, thread in enumerate(rest, start=1):
        thread.start()
        while pump._jobs.qsize() < waiting:  # noqa: SLF001
            threading.Event().wait(0.001)
    held.go.set()
    for thread in (first, *rest):
        thread.join()
    return answers


def test_a_change_is_there_for_everybody_when_write_returns(store: Store) -> None:
    def unit(tx: Transaction) -> set[str]:
        add("a")(tx)
        return names(store)

    assert store.write(unit) == set()
    assert names(store) == {"a"}


def test_a_commit_that_fails_is_never_acknowledged(store: Store) -> None:
    store.write(add("before"))
    engine = store._writing  # noqa: SLF001 - the commit itself is made to fail

    def fail(_connection: object) -> None:
        raise RuntimeError("the disk went away")

    event.listen(engine, "commit", fail)
    with pytest.raises(RuntimeError):
        store.write(add("lost"))
    event.remove(engine, "commit", fail)
    assert names(store) == {"before"}
    store.write(add("after"))
    assert names(store) == {"before", "after"}


@ON_SQLITE
def test_units_that_wait_share_a_commit_and_a_failing_one_harms_no_other(
    store: Store,
) -> None:
    held, commits = Held(), 0
    mine = Store(store.url, store.keyring, flush, native=held)

    def counted(_connection: object) -> None:
        nonlocal commits
        commits += 1

    def fails(tx: Transaction) -> None:
        add("half")(tx)
        raise ValueError("no")

    def twice(tx: Transaction) -> None:
        add("b")(tx)
        add("b")(tx)

    event.listen(mine._writing, "commit", counted)  # noqa: SLF001
    answers = together(mine, held, [add("a"), fails, add("c"), twice, add("d")])
    assert isinstance(answers[1], ValueError)
    assert isinstance(answers[3], IntegrityError)
    assert [answers[at] for at in (0, 2, 4)] == ["a", "c", "d"]
    assert names(store) == {"a", "c", "d"}
    assert (commits, held.batches) == (2, 2)
    mine.close()


def told(org_id: str, name: str, note: object = None) -> Callable[[Transaction], str]:
    def unit(tx: Transaction) -> str:
        tx.record(org_id, "system", "settings.changed", name, {"note": note})
        return add(name)(tx)

    return unit


def chain(store: Store, org_id: str) -> list[tuple[int, str]]:
    """The end of an org's log; whole and without a gap, as its head says."""
    with store.reading() as session:
        assert verify_org(session.connection(), org_id).verdict == "ok"
        rows = session.execute(
            select(Event.seq, Event.subject)
            .where(Event.org_id == org_id)
            .order_by(Event.seq)
        )
        return [(seq, subject) for seq, subject in rows]


@ON_SQLITE
def test_the_events_of_a_batch_leave_no_gap_for_a_unit_that_failed(
    store: Store, house: House
) -> None:
    held = Held()
    mine = Store(store.url, store.keyring, flush, native=held)
    before = len(chain(store, house.org_id))

    def fails(tx: Transaction) -> None:
        told(house.org_id, "half")(tx)
        raise ValueError("no")

    units = [told(house.org_id, name) for name in ("a", "b", "c")]
    answers = together(mine, held, [units[0], units[1], fails, units[2]])
    assert isinstance(answers[2], ValueError)
    assert held.batches == 2
    mine.close()
    assert names(store) == {"a", "b", "c"}
    assert chain(store, house.org_id)[before:] == [
        (before + 1, "a"),
        (before + 2, "b"),
        (before + 3, "c"),
    ]


@ON_SQLITE
def test_a_unit_whose_event_cannot_be_written_harms_no_other_of_its_batch(
    store: Store, house: House
) -> None:
    held = Held()
    mine = Store(store.url, store.keyring, flush, native=held)
    before = len(chain(store, house.org_id))
    bad = told(house.org_id, "bad", note=object())
    units = [told(house.org_id, name) for name in ("a", "b", "c")]
    answers = together(mine, held, [units[0], units[1], bad, units[2]])
    mine.close()
    assert isinstance(answers[2], Unreadable)
    assert [answers[at] for at in (0, 1, 3)] == ["a", "b", "c"]
    assert names(store) == {"a", "b", "c"}
    assert [subject for _, subject in chain(store, house.org_id)[before:]] == [
        "a",
        "b",
        "c",
    ]


@ON_SQLITE
def test_a_batch_on_a_full_disk_fails_as_a_whole(store: Store) -> None:
    held = Held()
    mine = Store(store.url, store.keyring, flush, native=held)

    def fill(tx: Transaction) -> None:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        tx.execute(text("INSERT INTO throttles VALUES(hex(zeroblob(900000)), 1)"))

    answers = together(mine, held, [add("a"), add("b"), fill, add("c")])
    assert answers[0] == "a"
    assert {type(answer) for answer in answers[1:]} == {StoreFullError}
    assert names(store) == {"a"}
    mine.close()


@ON_SQLITE
def test_a_full_disk_takes_nothing_and_goes_on_reading(desk: Desk, house: House) -> None:
    """R11."""
    store = desk.store
    pages = store.write(
        lambda tx: tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
    )
    assert pages is not None
    limit(store, pages + 4)

    def flood() -> None:
        for n in range(1_000):
            desk.submit(arguments={"n": n, "text": "x" * 2_000})

    with pytest.raises(StoreFullError) as caught:
        flood()
    assert caught.value.retry_after == 30
    approvals, events = count(store, Approval), count(store, Event)
    assert approvals > 0
    with store.reading() as session:
        heads = session.scalar(select(func.sum(AuditHead.seq)))
        created = select(func.count()).where(Event.action == "approval.created")
        assert session.scalar(created) == approvals
    assert heads == events
    limit(store, pages + 10_000)
    assert not desk.submit(arguments={"n": -1}).reused


def limit(store: Store, pages: int) -> None:
    store.write(
        lambda tx: tx.connection.exec_driver_sql(
            f"PRAGMA max_page_count = {pages}"
        ).scalar()
    )


@ON_SQLITE
def test_a_file_that_another_process_holds_is_busy_until_it_lets_go(
    store: Store, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R11."""
    monkeypatch.setitem(engines.PRAGMAS, "busy_timeout", "20")
    other = sqlite3.connect(instance / "countersign.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(StoreBusyError):
            store.write(add("a"))
    assert names(store) == set()  # reading goes on
    other.execute("COMMIT")
    other.close()
    store.write(add("a"))
    assert names(store) == {"a"}


@ON_SQLITE
def test_a_queue_that_is_full_says_so_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "WAITING", 1)
    held = Held()
    mine = Store(store.url, store.keyring, flush, native=held)
    threads = [threading.Thread(target=mine.write, args=(add(n),)) for n in ("a", "b")]
    threads[0].start()
    held.began.wait()
    threads[1].start()
    pump = mine._writer  # noqa: SLF001
    assert pump is not None
    while not pump._jobs.full():  # noqa: SLF001
        threading.Event().wait(0.001)
    with pytest.raises(StoreBusyError, match="Too many"):
        mine.write(add("c"))
    held.go.set()
    for thread in threads:
        thread.join()
    assert names(store) == {"a", "b"}
    mine.close()


@ON_SQLITE
def test_a_batch_takes_no_more_than_its_share(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BATCH", 2)
    held = Held()
    mine = Store(store.url, store.keyring, flush, native=held)
    together(mine, held, [add(str(n)) for n in range(6)])
    assert held.batches == 4
    assert len(names(store)) == 6
    mine.close()


class Stop(BaseException):
    """Such as a timeout of the event loop: no Exception."""


def stop(tx: Transaction) -> None:
    add("half")(tx)
    raise Stop


def test_a_unit_may_raise_anything_and_the_next_is_served(store: Store) -> None:
    with pytest.raises(Stop):
        store.write(stop)
    store.write(add("after"))
    assert names(store) == {"after"}


def test_a_listener_that_fails_does_not_make_a_change_undone(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Wake] = []

    def deaf(_wakes: Sequence[Wake]) -> None:
        raise RuntimeError("deaf")

    desk.store.listen(deaf)
    desk.store.listen(heard.extend)
    with caplog.at_level(logging.CRITICAL):
        approval_id = desk.submit().approval.id
        desk.cancel(approval_id)
    assert [wake.action for wake in heard] == [
        "tool_call",
        "approval.created",
        "approval.cancelled",
    ]


def test_what_happened_is_told_after_the_commit_and_never_for_a_failure(
    desk: Desk,
) -> None:
    seen: list[tuple[str, int]] = []

    def listen(wakes: Sequence[Wake]) -> None:
        seen.extend((wake.action, count(desk.store, Approval)) for wake in wakes)

    def fails(tx: Transaction) -> None:
        tx.record(desk.house.org_id, "system", "never", "s", {})
        raise ValueError

    desk.store.listen(listen)
    with pytest.raises(ValueError):  # noqa: PT011 - raised two lines above
        desk.store.write(fails)
    desk.submit()
    assert seen == [("tool_call", 1), ("approval.created", 1)]


@ON_SQLITE
def test_a_closed_store_refuses_and_never_hangs(store: Store) -> None:
    mine = Store(store.url, store.keyring, flush)
    mine.write(add("a"))
    mine.close()
    with pytest.raises(StoreUnavailableError):
        mine.write(add("b"))


@ON_SQLITE
def test_what_came_while_the_store_closed_is_answered(store: Store) -> None:
    mine = Store(store.url, store.keyring, flush)
    mine.close()
    pump = mine._writer  # noqa: SLF001 - a caller between its look and the queue
    assert pump is not None
    pump._closed = False  # noqa: SLF001
    with pytest.raises(StoreUnavailableError):
        mine.write(add("b"))


def test_a_change_without_its_event_does_not_happen(desk: Desk, house: House) -> None:
    """I12: the log's row is in the same transaction, written last."""

    def broken(_done: Sequence[Transaction]) -> None:
        raise RuntimeError("the log cannot be written")

    approval_id = desk.submit().approval.id
    before = count(desk.store, Event)
    mine = Store(desk.store.url, desk.store.keyring, broken)
    with pytest.raises(RuntimeError):
        Desk(mine, house, desk.clock).decide(house.rae, approval_id)
    with pytest.raises(RuntimeError):
        Desk(mine, house, desk.clock).submit(arguments={"n": 1})
    mine.close()
    assert (desk.status(approval_id), desk.row(approval_id).decided_by) == ("pending", None)
    assert (count(desk.store, Approval), count(desk.store, Event)) == (1, before)


@ON_SQLITE
def test_a_broken_file_is_called_broken(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreBrokenError) as caught:
        Store(engines.sqlite_url(path), store.keyring, flush)
    assert caught.value.retry_after == 60


@ON_SQLITE
def test_the_writers_file_may_break_too(store: Store, tmp_path: Path) -> None:
    mine = Store(store.url, store.keyring, flush)
    mine._writing = engines.writing_engine(  # noqa: SLF001
        engines.sqlite_url(tmp_path / "no" / "such.db")
    )
    pump = mine._writer  # noqa: SLF001
    assert pump is not None
    pump._connect = mine._writing.connect  # noqa: SLF001
    with pytest.raises(StoreBrokenError):
        mine.write(add("a"))
    pump.close()


def test_an_error_in_a_statement_of_ours_is_not_dressed_up(store: Store) -> None:
    with pytest.raises((DBAPIError, StoreUnavailableError)), store.reading() as session:
        session.execute(text("SELECT no_such_column FROM orgs"))
    with pytest.raises(RuntimeError), store.reading():
        raise RuntimeError


RAISE = "DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{}'; END $$"


class Fails:
    """A unit that fails with an error code of PostgreSQL so many times."""

    def __init__(self, code: str, times: int) -> None:
        self.code, self.times, self.runs = code, times, 0

    def __call__(self, tx: Transaction) -> str:
        self.runs += 1
        add("a")(tx)
        if self.runs <= self.times:
            tx.execute(text(RAISE.format(self.code)))
        return "done"


@ON_POSTGRESQL
def test_a_unit_that_met_another_is_run_again_from_the_start(store: Store) -> None:
    for code in ("40001", "40P01", "23505"):
        unit = Fails(code, 2)
        assert store.write(unit) == "done"
        assert unit.runs == 3
        assert names(store) == {"a"}
        store.write(lambda tx: tx.execute(text("DELETE FROM throttles")) and None)


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("code", "runs"),
    [("40001", RETRIES), ("55P03", 1), ("57014", 1), ("53300", 1), ("57P01", 1)],
)
def test_a_database_that_is_too_busy_is_unavailable(
    store: Store, code: str, runs: int
) -> None:
    unit = Fails(code, 99)
    with pytest.raises(StoreUnavailableError):
        store.write(unit)
    assert (unit.runs, names(store)) == (runs, set())


@ON_POSTGRESQL
def test_another_error_is_passed_on(store: Store) -> None:
    with pytest.raises(DBAPIError, match="made up"):
        store.write(Fails("22012", 99))
    assert names(store) == set()


@ON_POSTGRESQL
def test_a_connection_that_broke_is_unavailable_and_the_next_one_works(
    store: Store,
) -> None:
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")

    def unit(tx: Transaction) -> None:
        add("a")(tx)
        tx.execute(end)

    with pytest.raises(StoreUnavailableError):
        store.write(unit)
    with pytest.raises(StoreUnavailableError), store.reading() as session:
        session.execute(end)
    store.write(add("b"))
    assert names(store) == {"b"}


@ON_POSTGRESQL
def test_a_database_that_is_away_is_unavailable(store: Store) -> None:
    away = store.url.set(port=1)
    with pytest.raises(StoreUnavailableError):
        Store(away, store.keyring, flush)


def test_an_error_of_the_database_names_no_parameters(store: Store) -> None:
    statement = text("SELECT :value FROM nothing")

    def unit(tx: Transaction) -> None:
        tx.session.execute(statement, {"value": "s3cret"})

    with pytest.raises((DBAPIError, StoreUnavailableError)) as writing:
        store.write(unit)
    with store.reading() as session, pytest.raises(DBAPIError) as reading:
        session.execute(statement, {"value": "s3cret"})
    for error in (writing.value, writing.value.__cause__, reading.value):
        assert "s3cret" not in str(error)
