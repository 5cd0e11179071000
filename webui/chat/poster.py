"""Posting and editing: each channel on a thread of its own, so that a dead one delays nobody.

Under gevent the threads are greenlets. A message is noted before it is posted, and what it shows
is compared with its approval: whoever settles that, wherever, makes it due.
"""

from dataclasses import dataclass
from threading import Lock, Thread
from typing import Final

import structlog
from sqlalchemy.orm import Session

from webui.approvals.errors import DeskError
from webui.approvals.states import OPEN
from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.chat import Card, Request, Told
from webui.channels.http import Sender
from webui.chat import serving
from webui.chat.cards import card_of, digest_of
from webui.chat.platforms import PLATFORMS
from webui.inbox.opening import OpenSource, open_source
from webui.receivers.chat_config import CHAT_KINDS, ChatConfig, chat_config
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.store.models import ChatChannel, PostedMessage, Source
from webui.store.queries.chat import Due, channels_to_serve, due_messages
from webui.store.transaction import Transaction

log = structlog.get_logger()
IN_A_TURN: Final = 10
"""Calls in one turn: 5 s each at most, which is less than the lease."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as one turn needs it."""

    source: OpenSource
    config: ChatConfig


class Poster:
    """One process's messages in chats."""

    def __init__(self, runtime: Runtime, sender: Sender | None = None) -> None:
        self._runtime = runtime
        allowed = AllowList.of(runtime.settings.callback_allow)
        self._sender = sender or Sender(allowed)
        self._lock = Lock()
        self._threads: dict[str, Thread] = {}

    def turn(self) -> int:
        """Serve every channel that has something to do; return how many, without waiting."""
        store = self._runtime.store
        with store.reading() as session:
            found = channels_to_serve(session, store.now(), sorted(CHAT_KINDS))
        with self._lock:
            found = [source_id for source_id in found if source_id not in self._threads]
            for source_id in found:
                thread = Thread(target=self._run, args=(source_id,), daemon=True)
                self._threads[source_id] = thread
        for source_id in found:
            self._threads[source_id].start()
        return len(found)

    def wait(self) -> None:
        """Wait until every turn has come to an end."""
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join()

    def _run(self, source_id: str) -> None:
        store = self._runtime.store
        try:
            if store.write(lambda tx: serving.take_turn(tx, source_id)):
                try:
                    self.serve(source_id)
                finally:
                    store.write(lambda tx: serving.end_turn(tx, source_id))
        except StoreUnavailableError:
            log.warning("a chat channel could not be served", source=source_id)
        except Exception:
            log.exception("a chat channel could not be served", source=source_id)
        finally:
            with self._lock:
                self._threads.pop(source_id, None)

    def serve(self, source_id: str) -> None:
        """Note what is new, then post and edit what is due."""
        runtime = self._runtime
        channel = self._opened(source_id)
        if channel is None:
            return
        runtime.store.write(lambda tx: self._note_new(tx, source_id, channel.config))
        for _ in range(IN_A_TURN):
            with runtime.store.reading() as session:
                due = due_messages(session, source_id, runtime.store.now(), 1)
                card = self._card(session, channel, due[0]) if due else None
            if card is None or not self._show(channel, due[0], card):
                return

    def _opened(self, source_id: str) -> Channel | None:
        runtime = self._runtime
        now = runtime.store.now()
        with runtime.store.reading() as session:
            source = open_source(session, runtime.keyring, source_id, now)
        if source is None or not source.active:
            return None
        try:
            config = chat_config(source.kind.name, source.secrets.config)
        except DeskError:
            return (
                None  # settings of another time: the page of the source says what is wrong
            )
        return Channel(source, config)

    def _note_new(self, tx: Transaction, source_id: str, config: ChatConfig) -> int:
        return serving.note_new(tx, tx.session.get_one(Source, source_id), config)

    def _card(self, session: Session, channel: Channel, due: Due) -> Card:
        runtime = self._runtime
        return card_of(
            session,
            runtime.keyring,
            due.approval,
            runtime.store.now(),
            runtime.public_url,
            show_arguments=channel.config.show_arguments,
        )

    def _show(self, channel: Channel, due: Due, card: Card) -> bool:
        """Make one message show a card; return whether the channel may go on."""
        store, (message, approval) = self._runtime.store, due
        if message.message_id is None and approval.status not in OPEN:
            store.write(lambda tx: serving.drop(tx, message.id))
            return True
        digest = digest_of(card)
        told = None
        if digest != message.digest:
            told = self._send(channel, message, card)
            if not told.good:
                failed = told
                store.write(lambda tx: serving.note_failed(tx, message.id, failed))
                return self._may_go_on(channel.source.id)
        done = told
        store.write(lambda tx: serving.note_shown(tx, message.id, approval, digest, done))
        return True

    def _may_go_on(self, source_id: str) -> bool:
        store = self._runtime.store
        with store.reading() as session:
            channel = session.get_one(ChatChannel, source_id)
            return channel.open_until is None or channel.open_until <= store.now()

    def _send(self, channel: Channel, message: PostedMessage, card: Card) -> Told:
        platform = PLATFORMS[channel.source.kind.name]
        if not channel.source.secrets.token:
            return Told(why=sentence("The source has no bot token: give it one."))
        place = platform.place(self._runtime.settings, channel.source, message.channel)
        if message.message_id is None:
            request = platform.wire.post(place, card, message.id)
        else:
            request = platform.wire.edit(place, message.message_id, card)
        return say(self._sender, channel.source.kind.name, request)


def say(sender: Sender, kind: str, request: Request) -> Told:
    """Make one call of a platform and return what it said."""
    try:
        answer = sender.send(request.method, request.url, request.headers, request.body)
    except Undeliverable as undeliverable:
        return Told(why=undeliverable.why)
    return PLATFORMS[kind].wire.told(answer)
