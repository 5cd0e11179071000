"""Telling upstreams what became of what they asked: each attempt on a thread of its own.

Outside of any transaction, as for all that is sent: a slow upstream holds up nobody.
"""

import time
from dataclasses import replace
from threading import Lock, Thread

import structlog

from webui.approvals.upstream.attempts import (
    Claimed,
    anything_due,
    claim,
    finish,
    take_up,
)
from webui.approvals.upstream.shutdown import leave
from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender
from webui.inbox.opening import open_source
from webui.receivers.registry import WAYS_BACK
from webui.receivers.way_back import Conversation, End, Heard, Outcome
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError

log = structlog.get_logger()
AT_ONCE = 64
"""Attempts of one process under way at most."""
LAST_WORDS = 2.0
"""Seconds for the last attempts."""
MOST_STEPS = 5
"""Requests in one attempt; more is no conversation but a loop."""


class Replier:
    """One process's attempts under way."""

    def __init__(self, runtime: Runtime, sender: Sender | None = None) -> None:
        self._runtime = runtime
        self._sender = sender or Sender(AllowList.of(runtime.settings.callback_allow))
        self._lock = Lock()
        self._threads: dict[str, Thread] = {}
        # on PostgreSQL other nodes may be sending: there what a crash left waits for its lease
        self._begins = runtime.store.on_sqlite

    def tell(self) -> int:
        """Take what is due and send it off; returns how many, without waiting for them."""
        store = self._runtime.store
        with self._lock:
            room = AT_ONCE - len(self._threads)
        if self._begins:
            store.write(take_up)
            self._begins = False
        with store.reading() as session:
            if room <= 0 or not anything_due(session, store.now()):
                return 0
        claimed = store.write(lambda tx: claim(tx, room))
        for one in claimed:
            name = f"{one.approval_id}/{one.round}/{one.attempts}"
            thread = Thread(target=self._run, args=(one, name), name=name, daemon=True)
            with self._lock:
                self._threads[name] = thread
            thread.start()
        return len(claimed)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until everything under way has come to an end, so many seconds at most."""
        with self._lock:
            threads = list(self._threads.values())
        end = None if seconds is None else time.monotonic() + seconds
        for thread in threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))

    def close(self) -> None:
        """Leave the other nodes to it; the last one tells sources that reject at a shutdown.

        What does not arrive while there is time is told at the next start.
        """
        node = self._runtime.node
        try:
            if self._runtime.store.write(lambda tx: leave(tx, node)):
                self.tell()
        except StoreUnavailableError:
            log.exception("what is open of some sources was not ended")
        self.wait(LAST_WORDS)

    def _run(self, claimed: Claimed, name: str) -> None:
        try:
            outcome = self._attempt(claimed)
            self._runtime.store.write(lambda tx: finish(tx, claimed, outcome))
        except StoreUnavailableError:
            # the lease runs out, and then it is sent again: at least once
            log.warning(
                "an attempt could not be written down", approval=claimed.approval_id
            )
        except Exception:
            log.exception("an upstream was not told", approval=claimed.approval_id)
        finally:
            with self._lock:
                self._threads.pop(name, None)

    def _attempt(self, claimed: Claimed) -> Outcome:
        store = self._runtime.store
        now = store.now()
        with store.reading() as session:
            source = open_source(session, store.keyring, claimed.source_id, now)
        way_back = None if source is None else WAYS_BACK.get(source.kind.name)
        if source is None or way_back is None:
            return Outcome(End.PERMANENT, sentence("Its source is not here any more."))
        try:
            return self._converse(
                way_back.tell(claimed.told, claimed.reply_to, source.secrets, now)
            )
        except Undeliverable as undeliverable:
            end = End.PERMANENT if undeliverable.permanent else End.TRANSIENT
            return Outcome(end, str(undeliverable))
        except (LookupError, ValueError):
            return Outcome(
                End.PERMANENT,
                sentence("What the source sent or its settings do not say where to."),
            )

    def _converse(self, conversation: Conversation) -> Outcome:
        try:
            request = next(conversation)
            for _ in range(MOST_STEPS):
                sender = replace(self._sender, max_answer=request.max_answer)
                answer = sender.send(
                    request.method, request.url, request.headers, request.body
                )
                request = conversation.send(Heard(answer.status, answer.body_excerpt))
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]
        return Outcome(End.PERMANENT, sentence("The source did not come to an end."))
