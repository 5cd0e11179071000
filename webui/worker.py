"""The loops beside the requests: expire, index, checkpoint, take in, count, forget; and deliver.

Each chore is short, may run on several nodes at once, and is safe to lose: what it did not do
now it does the next time. A chore that fails is logged and does not stop the others. What is
sent has a loop of its own, woken by the commits it follows from: no chore stands before it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from socket import gethostname
from threading import Event, Thread

import structlog
from sqlalchemy import select

from webui.approvals import ending, jobs, nodes, searching
from webui.approvals.agents import agents
from webui.approvals.answering import escalating
from webui.approvals.asking import idempotency, throttling
from webui.approvals.gate import write_grants
from webui.approvals.ruling import counting
from webui.approvals.senders.outbound import EVENT_OF
from webui.audit.checkpoints import sign_due
from webui.chat.poster import Poster
from webui.factors import ceremonies
from webui.inbox import kept
from webui.insights import keeping
from webui.marking import read_what_waits
from webui.masking import profile_for
from webui.notices import planning
from webui.notices.crier import Crier
from webui.outbox import forgetting
from webui.outbox.courier import Courier
from webui.outbox.fanning import fan_out
from webui.outbox.replier import Replier
from webui.policyfile import Watch
from webui.preview import Profile
from webui.replays.following import follow
from webui.runtime import Runtime
from webui.store.models import Approval
from webui.store.models.approval import UNINDEXED
from webui.store.queries.write_grants import due
from webui.store.transaction import Transaction, Wake

log = structlog.get_logger()
EACH_HOUR = 3_600.0
TICK = 0.25
"""Seconds between two looks of a worker whom nobody wakes."""
REST = 0.02
"""Seconds between two turns at least: a busy desk's commits share a turn."""
INDEXED_IN_A_TURN = 100
TOLD = frozenset({*EVENT_OF, *planning.TOLD})
"""Actions in the log that something is sent for."""


@dataclass
class Chore:
    """One thing to do every so often."""

    name: str
    every: float
    """Seconds."""
    run: Callable[[], int]
    """Returns how much it did; as long as that is not 0 it runs again at once."""
    due: float = 0.0
    woken: bool = False
    """To be run in the next turn, due or not."""


@dataclass
class Worker:
    """Runs the chores of one process until it is stopped."""

    runtime: Runtime
    chores: list[Chore]
    swept_at: float = field(default_factory=time.monotonic)
    """When the sweep last went through; readiness looks at it."""
    _stop: Event = field(default_factory=Event)
    _bell: Event = field(default_factory=Event)
    _thread: Thread | None = None

    def start(self) -> None:
        """Begin, on a thread (a greenlet, under gevent) of its own."""
        self._thread = Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the chore at hand and end."""
        self._stop.set()
        self._bell.set()
        if self._thread is not None:
            self._thread.join(5)

    def wake(self) -> None:
        """Have every chore run now instead of when it is due; returns at once."""
        for chore in self.chores:
            chore.woken = True
        self._bell.set()

    def hear(self, wakes: Sequence[Wake]) -> None:
        """Wake up for a commit of something that programs or people are told of."""
        if any(wake.action in TOLD for wake in wakes):
            self.wake()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(REST)
            self._bell.wait(TICK - REST)
            self._bell.clear()

    def turn(self) -> None:
        """Run every chore that is due."""
        for chore in self.chores:
            now = time.monotonic()
            if now < chore.due and not chore.woken:
                continue
            chore.woken = False
            try:
                did = chore.run()
            except Exception:
                log.exception("a chore failed", chore=chore.name)
                did = 0
            else:
                if chore.name == "sweep":
                    self.swept_at = now
            chore.due = now + (0 if did else chore.every)


def chores_of(runtime: Runtime) -> list[Chore]:
    """Return what a process of this runtime has to do beside sending."""
    return [
        Chore("node", 5.0, lambda: note_node(runtime)),
        Chore("sweep", 0.5, lambda: sweep(runtime)),
        Chore("write grants", 1.0, lambda: expire_write_grants(runtime)),
        Chore("escalate", 1.0, lambda: escalate(runtime)),
        Chore("index", 1.0, lambda: index(runtime)),
        Chore("marks", 1.0, lambda: read_what_waits(runtime.store)),
        Chore(
            "checkpoint",
            2.0,
            lambda: sign_due(runtime.store, runtime.settings.instance / "checkpoints"),
        ),
        Chore("follow drafts", 1.0, lambda: follow(runtime.store)),
        Chore("keys", 15.0, lambda: note_keys(runtime)),
        Chore("policy file", 2.0, Watch(runtime).look),
        Chore("chat", 0.5, Poster(runtime).turn),
        Chore("count", 5.0, lambda: keeping.count(runtime.store)),
        Chore("forget", EACH_HOUR, lambda: forget(runtime)),
    ]


def sender_of(runtime: Runtime, replier: Replier) -> Worker:
    """Return who sends what follows from commits; `Worker.hear` is to be told of these.

    Its chores only hand over to threads of their own: a slow receiver stops none of them.
    """
    sender = Worker(runtime, [])
    # what has arrived makes room for what waits behind it
    courier, crier = Courier(runtime, arrived=sender.wake), Crier(runtime)
    sender.chores += [
        Chore("fan out", TICK, lambda: fan_out(runtime)),
        Chore("deliver", TICK, courier.deliver),
        Chore("tell upstreams", TICK, replier.tell),
        Chore("tell people", 0.5, crier.tell),
    ]
    return sender


def note_node(runtime: Runtime) -> int:
    """Tell other nodes that this one lives; on SQLite there is no other, and nothing is written."""
    store, node = runtime.store, runtime.node
    if not store.on_sqlite:
        store.write(lambda tx: nodes.seen(tx, node, gethostname()))
    return 0


def sweep(runtime: Runtime) -> int:
    """Settle what is overdue; looks first, so that an idle desk writes nothing."""
    store = runtime.store
    with store.reading() as session:
        if not ending.anything_due(session, store.now()):
            return 0
    return store.write(ending.sweep)


def expire_write_grants(runtime: Runtime) -> int:
    """Write down which write grants ran out; looks first, as the sweep does."""
    store = runtime.store
    with store.reading() as session:
        if session.scalar(due(store.now(), 1)) is None:
            return 0
    return store.write(write_grants.sweep)


def escalate(runtime: Runtime) -> int:
    """Ask others about what waits for too long; looks first, as the sweep does."""
    store = runtime.store
    with store.reading() as session:
        if not escalating.anything_due(session, store.now()):
            return 0
    return store.write(escalating.escalate_due)


def index(runtime: Runtime) -> int:
    """Make newly settled approvals findable."""
    store = runtime.store
    with store.reading() as session:
        if session.scalar(select(Approval.id).where(UNINDEXED).limit(1)) is None:
            return 0
    done = 0
    while done < INDEXED_IN_A_TURN:
        did = store.write(lambda tx: searching.index_settled(tx, _profile))
        done += did
        if did < searching.BATCH:
            break
    return done


def _profile(tx: Transaction, approval: Approval) -> Profile:
    return profile_for(tx.session, tx.keyring, approval)


def note_keys(runtime: Runtime) -> int:
    """Write down which keys were used lately, together instead of one by one."""
    used, runtime.keys_used = runtime.keys_used, {}
    if used:
        runtime.store.write(lambda tx: agents.note_use(tx, used))
    return 0


def forget(runtime: Runtime) -> int:
    """Drop what is only kept for a while."""
    runtime.store.write(idempotency.forget_old)
    runtime.store.write(throttling.forget_full)
    runtime.store.write(counting.forget_old)
    runtime.store.write(ceremonies.forget_over)
    runtime.store.write(jobs.forget_old)
    dropped = runtime.store.write(kept.forget_old)
    dropped += runtime.store.write(keeping.forget_old)
    dropped += runtime.store.write(forgetting.forget_notices)
    dropped += runtime.store.write(forgetting.forget_posts)
    return dropped + runtime.store.write(forgetting.forget_old)
