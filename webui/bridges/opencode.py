"""Listening to a running OpenCode: what it asks is filed, what it was answered is settled.

Subscribed first, then the lists of what waits are read, and again every so often and after each
return: what was asked or answered in between is neither missed nor filed twice. Its words count;
what it says nothing of is looked up in the session's own record, and never guessed.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from webui.approvals.errors import DeskError, TooManyError
from webui.approvals.upstream.settled import reconcile, settled_upstream
from webui.bridges.link import Link
from webui.bridges.opencode_folder import folder_fault
from webui.bridges.waiting import any_missing, missing, untold
from webui.channels.addresses import Undeliverable
from webui.channels.sse import Event
from webui.inbox.kept import seen
from webui.inbox.taking import take_verified
from webui.receivers.kind import Inbound, Refused, Verified
from webui.receivers.opencode import server_of, what_became
from webui.receivers.opencode_wire import (
    REJECT,
    Asked,
    Replied,
    Server,
    Unknown,
    read_call,
    read_event,
    read_pending,
)
from webui.receivers.way_back import End, Heard, Outgoing
from webui.sentences import sentence

LIST_EVERY = 30.0
"""Seconds between two readings of the lists: OpenCode tells of no request that was dropped."""
SOON = 5.0
"""Seconds after which a list that could not be read is asked for again."""
VERSIONS = (1, 2)
KEPT = 10_000
"""Names that one connection keeps."""


def listen(link: Link) -> None:
    """Hold one connection to the server of a source until it ends."""
    server = server_of(link.open_source().secrets)
    try:
        with link.stream(server.events()) as stream:
            session = Session(link, server)
            for event in stream.events():
                session.hear(event)
    except Undeliverable:
        why = folder_fault(link.ask, server)
        if why is None:
            raise
        raise Undeliverable(why, permanent=False) from None


@dataclass
class Session:
    """What one connection has heard."""

    link: Link
    server: Server
    known: set[str] = field(default_factory=set)
    """Requests that were filed, or refused, as they stand: nothing more is to be done."""
    asked_at: dict[str, int] = field(default_factory=dict)
    rejected_at: dict[str, int] = field(default_factory=dict)
    """By session: what waited then fell with it. Both count events."""
    heard: int = 0
    list_at: float = 0.0
    """When the lists are read next; at first with the first sign of life."""
    right_folder: bool = False
    """OpenCode works in the folder of the settings, as far as can be told."""

    def hear(self, event: Event) -> None:
        """Do what an event says, and read the lists if it is time."""
        self.heard += 1
        if not event.whole:
            self.list_at = 0.0  # whatever it was, the list says it too
        else:
            try:
                self._hear(read_event(event.data))
            except Unknown as unknown:
                self.link.limping(str(unknown))
                self.list_at = min(self.list_at, time.monotonic() + SOON)
        if time.monotonic() >= self.list_at:
            self.read_lists()

    def _hear(self, said: Asked | Replied | None) -> None:
        if isinstance(said, Asked):
            self._asked(said)
        elif said is not None:
            self._replied(said)

    def _asked(self, asked: Asked) -> None:
        request = asked.request
        self.asked_at.setdefault(request.id, self.heard)
        digest = _digest(asked)
        if digest not in self.known and self._file(asked, digest):
            self.known.add(digest)

    def _replied(self, said: Replied) -> None:
        """Settle what was answered, by whomever: us, its terminal, or together with another."""
        rejected = said.reply == REJECT
        fell_at = self.rejected_at.get(said.sessionID, -1)
        cascade = rejected and fell_at > self.asked_at.get(said.requestID, self.heard)
        if rejected and not cascade:
            self.rejected_at[said.sessionID] = self.heard
        self.asked_at.pop(said.requestID, None)
        of, store = self.link.source_id, self.link.runtime.store
        store.write(
            lambda tx: settled_upstream(
                tx, of, said.requestID, approved=not rejected, cascade=cascade
            )
        )

    def _file(self, asked: Asked, name: str) -> bool:
        """File a request; False: it could not be now, so that the list brings it again."""
        source = self.link.open_source()
        with self.link.runtime.store.reading() as session:
            if seen(session, source.id, (name,)) is not None:
                return True
        call = self._call_of(asked)
        body = json.dumps({"version": asked.version, "request": asked.said, "call": call})
        headers = {"content-type": "application/json"}
        inbound = Inbound(headers, body.encode(), self.server.url)
        try:
            take_verified(self.link.runtime, source, inbound, Verified((name,), None))
        except TooManyError as error:
            self.link.limping(
                sentence("A request waits to be filed: %(why)s", why=error.detail)
            )
            return False
        except (Refused, DeskError) as error:
            self._turn_down(asked, error.detail)
        return True

    def _call_of(self, asked: Asked) -> dict[str, object] | None:
        """Return what the tool was given besides what is asked for, as far as can be told."""
        place = asked.request.tool
        if place is None or asked.version > 1:
            return None
        heard = self._ask(self.server.message(asked.request.sessionID, place.messageID))
        try:
            call = read_call(heard.body, place.callID)
        except Unknown:
            return None
        return None if call is None else {"tool": call.tool, "input": call.input}

    def _turn_down(self, asked: Asked, why: str) -> None:
        """Answer no to what no reviewer can be shown: nobody else would, and a tool waits."""
        message = sentence("No reviewer could be shown this. %(why)s", why=why)
        of = (asked.version, asked.request.sessionID, asked.request.id)
        self._ask(self.server.reply(*of, REJECT, message))

    def read_lists(self) -> None:
        """File what waits and is not known here; settle what is known and waits no more."""
        listed_at = self.link.runtime.store.now()
        self.list_at = time.monotonic() + LIST_EVERY
        try:
            waiting = [each for version in VERSIONS for each in self._list(version)]
        except Unknown as unknown:
            self.list_at = time.monotonic() + SOON
            self.link.limping(self._folder_fault() or str(unknown))
            return
        refs = [each.request.id for each in waiting]
        with self.link.runtime.store.reading() as session:
            anew = untold(session, self.link.source_id, refs)
        filed = [self._waits(each, anew=each.request.id in anew) for each in waiting]
        self._settle_missing(refs, listed_at)
        self._forget(refs)
        fault = self._folder_fault()
        if all(filed) and fault is None:
            self.link.well()
        else:
            self.list_at = time.monotonic() + SOON
        if fault is not None:
            self.link.limping(fault)

    def _folder_fault(self) -> str | None:
        """Return what is wrong with the folder; it is asked until nothing is known to be."""
        fault = None if self.right_folder else folder_fault(self._ask, self.server)
        self.right_folder = fault is None
        return fault

    def _waits(self, asked: Asked, *, anew: bool) -> bool:
        """File what a list names, unless it is known; what could not be told then is told now."""
        self.asked_at.setdefault(asked.request.id, self.heard)
        digest = _digest(asked)
        if digest in self.known and not anew:
            return True
        again = f" {self.link.runtime.store.now()}" if anew else ""
        filed = self._file(asked, digest + again)
        if filed:
            self.known.add(digest)
        return filed

    def _list(self, version: int) -> list[Asked]:
        """Return what waits in one generation's list; raises Unknown."""
        heard = self._ask(self.server.pending(version))
        if version > 1 and heard.status == HTTPStatus.NOT_FOUND:
            return []  # an older server, or a page in its place
        if heard.status != HTTPStatus.OK:
            raise Unknown(
                sentence(
                    "OpenCode does not list what waits (it answers %(status)s); what it "
                    "asked while we were not listening is not seen until it does.",
                    status=heard.status,
                )
            )
        return read_pending(heard.body, version)

    def _settle_missing(self, refs: Sequence[str], listed_at: int) -> None:
        of, store = self.link.source_id, self.link.runtime.store
        with store.reading() as session:
            if not any_missing(session, of, refs, listed_at):
                return
        unclear: list[str] = []
        for one in store.write(lambda tx: missing(tx, of, refs, listed_at)):
            outcome = None
            if one.message is not None:
                heard = self._ask(self.server.message(one.session, one.message))
                outcome = what_became(heard, one.call or "")
            if outcome is not None and outcome.approved is not None:
                self._settle(one.ref, approved=outcome.approved, cascade=one.fell)
            elif outcome is not None and outcome.end is End.TRANSIENT and one.sending:
                unclear.append(one.ref)
        store.write(lambda tx: reconcile(tx, of, [*refs, *unclear], listed_at=listed_at))

    def _forget(self, refs: Sequence[str]) -> None:
        """Keep what was heard within bounds: a connection may last for months."""
        if len(self.known) + len(self.asked_at) + len(self.rejected_at) > KEPT:
            self.known.clear()  # the database knows them too
            self.rejected_at.clear()
            self.asked_at = {ref: self.asked_at[ref] for ref in refs}

    def _settle(self, ref: str, *, approved: bool, cascade: bool) -> None:
        of, store = self.link.source_id, self.link.runtime.store
        store.write(
            lambda tx: settled_upstream(
                tx, of, ref, approved=approved, cascade=cascade and not approved
            )
        )

    def _ask(self, request: Outgoing) -> Heard:
        heard = self.link.ask(request)
        if heard.status == HTTPStatus.UNAUTHORIZED:
            raise Undeliverable(
                sentence("OpenCode does not take our password (401)."), permanent=False
            )
        return heard


def _digest(asked: Asked) -> str:
    """Name a request as it stands: the same id with other content is another question."""
    text = json.dumps(asked.said, sort_keys=True).encode()
    return f"{asked.request.id} {hashlib.sha256(text).hexdigest()[:32]}"
