"""Sending what is due, outside of any transaction and each on a thread of its own.

Under gevent the threads are greenlets, so that hundreds of slow receivers cost nothing.
"""

from collections.abc import Callable
from threading import Lock, Thread

import structlog

from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender
from webui.channels.schedule import Breaker
from webui.outbox.claiming import Claimed, anything_due, claim
from webui.outbox.settling import Attempt, breaker_after, settle
from webui.outbox.wording import signed, whole
from webui.runtime import Runtime
from webui.store.errors import StoreUnavailableError

log = structlog.get_logger()
AT_ONCE = 256
"""Requests of one process in flight at most."""
_HOSTS_KEPT = 10_000


class Courier:
    """One process's deliveries: what is in flight, and how callbacks' hosts fare.

    Args:
        runtime: of the process.
        sender: what sends, if not one as the settings allow it.
        arrived: called after each delivery that was taken: the next of its kind may go.

    """

    def __init__(
        self,
        runtime: Runtime,
        sender: Sender | None = None,
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        allowed = AllowList.of(runtime.settings.callback_allow)
        self._runtime = runtime
        self._sender = sender or Sender(allowed)
        self._arrived = arrived
        self._lock = Lock()
        self._threads: dict[str, Thread] = {}
        self._hosts: dict[str, Breaker] = {}

    def deliver(self) -> int:
        """Take what is due and send it off; returns how many, without waiting for them."""
        store = self._runtime.store
        with self._lock:
            room = AT_ONCE - len(self._threads)
            hosts = dict(self._hosts)
        with store.reading() as session:
            if room <= 0 or not anything_due(session, store.now(), hosts):
                return 0
        claimed = store.write(lambda tx: claim(tx, room, hosts))
        for one in claimed:
            thread = Thread(target=self._run, args=(one,), name=one.id, daemon=True)
            with self._lock:
                self._threads[f"{one.id}/{one.attempts}"] = thread
            thread.start()
        return len(claimed)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until everything in flight has come to an end."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(seconds)

    def _run(self, claimed: Claimed) -> None:
        try:
            attempt = self._send(claimed)
            self._finish(claimed, attempt)
            if attempt.good:
                self._arrived()
        except StoreUnavailableError:
            # the lease runs out, and then it is sent again: at least once
            log.warning("an attempt could not be written down", delivery=claimed.id)
        except Exception:
            log.exception("a delivery failed", delivery=claimed.id)
        finally:
            with self._lock:
                self._threads.pop(f"{claimed.id}/{claimed.attempts}", None)

    def _send(self, claimed: Claimed) -> Attempt:
        try:
            body = whole(self._runtime, claimed)
            headers = signed(claimed, body, self._runtime.store.now())
            return Attempt(self._sender.post(claimed.url, headers, body))
        except Undeliverable as undeliverable:
            return Attempt(undeliverable)

    def _finish(self, claimed: Claimed, attempt: Attempt) -> None:
        store = self._runtime.store
        if claimed.endpoint_id is None:
            self._note_host(claimed.group, attempt, store.now())
        store.write(lambda tx: settle(tx, claimed, attempt))

    def _note_host(self, host: str, attempt: Attempt, now: int) -> None:
        """Keep the breaker of a callbacks' host; only hosts in trouble are kept."""
        with self._lock:
            after = breaker_after(self._hosts.pop(host, Breaker()), attempt, now)
            if after.failures and len(self._hosts) < _HOSTS_KEPT:
                self._hosts[host] = after
