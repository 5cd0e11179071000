"""An OpenCode, the real one or its stand-in, and a desk in this process that listens to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from tests.bridges.program import PASSWORD, Program, until
from tests.bridges.standin import StandIn
from webui.approvals.answering import deciding
from webui.approvals.answering.reviewing import Look
from webui.approvals.senders import sources
from webui.approvals.states import Verdict
from webui.bridges.lease import bridge_of
from webui.bridges.supervisor import Supervisor
from webui.channels.addresses import AllowList
from webui.channels.http import Sender
from webui.outbox.replier import Replier
from webui.store.models import Approval, Bridge, SourceDelivery
from webui.worker import note_node

if TYPE_CHECKING:
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime

LOCAL = AllowList.of(["127.0.0.1"])
ON_BOTH = ("its_yes_runs_the_tool", "two_nodes")
"""What is run on PostgreSQL in `make test` too; the others there are for `make sure`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the everyday set short."""
    for item in items:
        here = item.path.parent == Path(__file__).parent
        often = any(name in item.name for name in ON_BOTH)
        if here and not often and item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.sure)


def running(folders: pytest.TempPathFactory) -> Iterator[Program]:
    """Run the real one until the end of a fixture."""
    program = Program(folders.mktemp("opencode"))
    program.start()
    yield program
    program.close()


@pytest.fixture(scope="module")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    yield from running(tmp_path_factory)


@pytest.fixture(params=["stand-in", pytest.param("real", marks=pytest.mark.sure)], ids=str)
def opencode(request: pytest.FixtureRequest) -> Iterator[Program]:
    """An OpenCode with nothing waiting."""
    if request.param == "real":
        program: Program = request.getfixturevalue("_program")
        for made in program.work.iterdir():  # the same test on the other database
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        yield program
        for waiting in program.pending():
            program.reply(waiting["id"], "reject")
        return
    standin = StandIn(request.getfixturevalue("tmp_path"))
    standin.start()
    yield standin
    standin.close()


@dataclass
class Listening:
    """A desk whose chores run when the test says so, and its bridges on their own."""

    desk: Desk
    runtime: Runtime
    program: Program
    source_id: str
    supervisors: list[Supervisor] = field(default_factory=list)

    def start(self, runtime: Runtime | None = None) -> Supervisor:
        """Start one node's bridges: this process's, or another's."""
        sender = Sender(LOCAL, timeout_ms=10_000, max_answer=1 << 23)
        supervisor = Supervisor(runtime or self.runtime, sender, first_pause=0.02)
        self.supervisors.append(supervisor)
        supervisor.start()
        return supervisor

    def another_node(self) -> Runtime:
        """Return another process on the same database; both have said that they live."""
        other = replace(self.runtime, node="another")
        for each in (self.runtime, other):
            note_node(each)
        return other

    def stop(self) -> None:
        while self.supervisors:
            self.supervisors.pop().stop()

    @property
    def bridge(self) -> Bridge | None:
        with self.desk.store.reading() as session:
            return bridge_of(session, self.source_id)

    def connected(self) -> None:
        """Wait until it listens and knows what waits."""
        until(lambda: (b := self.bridge) and b.connected_at and not b.error, "a connection")

    def cards(self) -> list[Approval]:
        """Return what was filed, the oldest first."""
        with self.desk.store.reading() as session:
            of = Approval.source_id == self.source_id
            return list(session.scalars(select(Approval).where(of).order_by(Approval.id)))

    def deliveries(self) -> list[SourceDelivery]:
        with self.desk.store.reading() as session:
            return list(session.scalars(select(SourceDelivery)))

    def card(self, part: str) -> Approval:
        """Wait for the card of a call and return it."""
        return until(  # type: ignore[no-any-return]
            lambda: next((c for c in self.cards() if part in (c.line or "")), None), part
        )

    def decide(
        self, card: Approval, verdict: Verdict, reason: str = "", option: str | None = None
    ) -> None:
        """Give a verdict as a person, and have it told."""
        by, desk = deciding_reviewer(self.desk), self.desk
        look = Look(None, card.version)
        desk.store.write(
            lambda tx: deciding.decide(
                tx, by, desk.house.org_id, card.id, verdict, reason, look, option=option
            )
        )
        self.tell()

    def tell(self) -> None:
        replier = Replier(self.runtime, Sender(LOCAL))
        replier.tell()
        replier.wait()

    def settled(self, card: Approval, status: str) -> Approval:
        """Wait until a card stands so."""
        until(lambda: self.desk.status(card.id) == status, f"{status} of {card.line}")
        return self.desk.row(card.id)


def deciding_reviewer(desk: Desk) -> Any:
    from tests.plugins.rules import reviewer_of  # noqa: PLC0415

    return reviewer_of(desk.house.rae)


@pytest.fixture
def listening(desk: Desk, runtime: Runtime, opencode: Program) -> Iterator[Listening]:
    """A desk with a source of this OpenCode; it listens once it is started."""
    made = desk.store.write(
        lambda tx: sources.create_source(
            tx,
            desk.house.org_id,
            kind="opencode",
            name="opencode",
            config={"url": opencode.url},
            token=PASSWORD,
        )
    )
    listening = Listening(desk, runtime, opencode, made.source_id)
    yield listening
    listening.stop()
