"""A call is filed while another process changes what its org says of all calls that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.plugins.desk import NO_LIMITS, House, TestClock, ask_for
from tests.plugins.rules import ARGUMENTS, Desk
from webui.approvals.asking import intake
from webui.approvals.people import accounts, members, organizations
from webui.audit.journal import flush
from webui.store.models import Approval
from webui.store.store import Store
from webui.store.transaction import Transaction

Unit = Callable[[Transaction], object]
_BLOCKED = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
def elsewhere(store: Store) -> Iterator[Store]:
    """The same rows, as another process holds them."""
    opened = Store(store.url, store.keyring, flush, clock=TestClock())
    yield opened
    opened.close()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def filing(house: House) -> Callable[[Transaction], str]:
    ask = ask_for(house.ci, "mail.send", ARGUMENTS)
    return lambda tx: intake.submit(tx, house.ci.filer, ask, NO_LIMITS).approval.id


def name_domains(tx: Transaction, house: House) -> None:
    organizations.set_domains(tx, house.org_id, ["acme.example"], actor="test")


def allow_undoing(tx: Transaction, house: House) -> None:
    organizations.set_undo(tx, house.org_id, 20, actor="test")


def let_somebody_join(tx: Transaction, house: House) -> None:
    members.join(tx, house.org_id, house.zoe.id, "viewer", actor="test")


def make_somebody(tx: Transaction, house: House) -> None:
    accounts.create_user(
        tx, house.org_id, email="new@example.org", role="viewer", password_hash=""
    )


CHANGES = [
    pytest.param(name_domains, ("acme.example", 0, True), id="domains"),
    pytest.param(allow_undoing, ("", 20_000, True), id="undoing"),
    pytest.param(let_somebody_join, ("", 0, False), id="joining"),
    pytest.param(make_somebody, ("", 0, False), id="making"),
]


def stands_before_a_lock(store: Store, begun: Future[object]) -> None:
    """Look until it does, or has come to an end. SQLite has one writer: it waits for that."""
    end = time.monotonic() + 60
    while not (store.on_sqlite or begun.done()) and time.monotonic() < end:
        with store.reading() as session:
            if session.scalar(_BLOCKED):
                return


def carried(approval: Approval) -> tuple[str, int, bool]:
    return approval.own_domains, approval.undo_window, approval.solo


@pytest.mark.parametrize(("change", "expected"), CHANGES)
@pytest.mark.parametrize("first", ["the change", "the filing"])
def test_a_call_filed_while_its_org_changes_carries_what_is_committed(
    desk: Desk,
    house: House,
    elsewhere: Store,
    beside: ThreadPoolExecutor,
    first: str,
    change: Callable[[Transaction, House], None],
    expected: tuple[str, int, bool],
) -> None:
    desk.set_org(solo_operator=True)
    units: list[Unit] = [lambda tx: change(tx, house), filing(house)]
    if first == "the filing":
        units.reverse()
    began: list[Future[object]] = []

    def unit(tx: Transaction) -> object:
        done = units[0](tx)
        if not began:
            began.append(beside.submit(elsewhere.write, units[1]))
            stands_before_a_lock(desk.store, began[0])
        return done

    answers = [desk.store.write(unit), began[0].result(60)]
    approval_id = next(each for each in answers if isinstance(each, str))
    assert carried(desk.row(approval_id)) == expected
