"""Telling people what is due, outside of any transaction and each place on its own thread."""

from threading import Lock, Thread

import structlog

from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender
from webui.channels.messenger import Messenger
from webui.notices import wording
from webui.notices.claiming import Bundle, anything_due, claim
from webui.notices.settling import settle
from webui.runtime import Runtime
from webui.settings import Settings
from webui.store.errors import StoreUnavailableError

log = structlog.get_logger()
AT_ONCE = 32
"""Messages of one process on their way at most."""


def messenger_of(settings: Settings) -> Messenger:
    """Return what carries messages, as the operator set it."""
    mail = settings.notify_mail
    return Messenger(
        Sender(AllowList.of(settings.callback_allow)),
        None if mail is None else mail.get_secret_value(),
    )


class Crier:
    """One process's messages that are on their way."""

    def __init__(self, runtime: Runtime, messenger: Messenger | None = None) -> None:
        self._runtime = runtime
        self._messenger = messenger or messenger_of(runtime.settings)
        self._lock = Lock()
        self._threads: dict[str, Thread] = {}

    def tell(self) -> int:
        """Take what is due and send it off; returns how much was due, without waiting."""
        store = self._runtime.store
        with self._lock:
            room = AT_ONCE - len(self._threads)
        with store.reading() as session:
            if room <= 0 or not anything_due(session, store.now()):
                return 0
        claimed = store.write(lambda tx: claim(tx, room))
        for bundle in claimed.bundles:
            thread = Thread(target=self._run, args=(bundle,), daemon=True)
            with self._lock:
                self._threads[bundle.destination_id] = thread
            thread.start()
        return claimed.looked_at

    def wait(self, seconds: float | None = None) -> None:
        """Wait until everything on its way has come to an end."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(seconds)

    def _run(self, bundle: Bundle) -> None:
        try:
            failure = self._send(bundle)
            self._runtime.store.write(lambda tx: settle(tx, bundle, failure))
        except StoreUnavailableError:
            # the lease runs out, and then it is sent again: at least once
            log.warning("a notice could not be written down", place=bundle.destination_id)
        except Exception:
            log.exception("telling somebody failed", place=bundle.destination_id)
        finally:
            with self._lock:
                self._threads.pop(bundle.destination_id, None)

    def _send(self, bundle: Bundle) -> Undeliverable | None:
        told = wording.message(
            bundle.items, self._runtime.public_url, bundle.zone, bundle.language
        )
        try:
            if bundle.url is not None:
                self._messenger.send(bundle.url, told.title, told.body)
            else:
                self._messenger.mail(bundle.address or "", told.title, told.body)
        except Undeliverable as failure:
            return failure
        return None
