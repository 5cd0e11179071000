"""A click in a chat: proven, acknowledged at once, and only then looked at.

The platforms wait three seconds for an answer, and a check may take longer. So what is answered
depends on nothing but the delivery itself; what becomes of the click is done after it on a
thread (a greenlet, under gevent), and said by editing the message or to the clicker alone.
"""

import json
from dataclasses import dataclass, replace
from threading import BoundedSemaphore, Thread, current_thread
from typing import Final

import structlog

from webui.approvals.answering.reviewing import Decided
from webui.approvals.asking import throttling
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import DeskError, TooManyError
from webui.approvals.senders.sources import subject
from webui.channels.addresses import AllowList
from webui.channels.chat import (
    LINK,
    LINKING,
    Click,
    Press,
    read_press,
    reason_dialog,
)
from webui.channels.http import Sender
from webui.chat import deciding, serving
from webui.chat.answering_back import Back
from webui.chat.codes import TYPED, Claim, type_in
from webui.chat.platforms import NOT_OURS, PLATFORMS
from webui.inbox.kept import (
    ACCEPTED,
    IGNORED,
    KNOWN,
    Verdict,
    keep,
    may_keep,
    once,
    remember,
    seen,
)
from webui.inbox.opening import OpenSource
from webui.inbox.taking import PER_MINUTE, keep_refused
from webui.receivers.kind import Inbound, Refused, Verified
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.store.queries.chat import message_of
from webui.store.transaction import Transaction

log = structlog.get_logger()
AT_ONCE: Final = 64
"""Clicks of one process that are looked at at once; more are asked to come again."""
LINK_FIRST = (
    "The desk does not know who you are here. Sign in there, open {url} and get a code; then "
    "type it here, confirm it there, and click again. Give the code to nobody."
)
_room = BoundedSemaphore(AT_ONCE)
_threads: set[Thread] = set()
EMPTY = b""


@dataclass(frozen=True, slots=True)
class Received:
    """A click that is proven, with all that is needed to look at it."""

    runtime: Runtime
    source: OpenSource
    inbound: Inbound
    verified: Verified
    click: Click


def acknowledge(runtime: Runtime, source: OpenSource, inbound: Inbound) -> bytes:
    """Prove a click and return what is answered at once; the rest is done after it.

    Raises:
        Refused: it is not the platform's, or cannot be read.
        TooManyError: so many are being looked at that it has to come again.

    """
    platform, verified = PLATFORMS[source.kind.name], None
    try:
        now = runtime.store.now()
        verified = source.kind.verify(inbound, source.secrets, now)
        click = platform.read(inbound)
    except Refused as refused:
        keep_refused(runtime, source, _without_secrets(inbound), refused, verified)
        raise
    if click.act in {"press", "submit"}:
        _start(Received(runtime, source, inbound, verified, click))
    return platform.acknowledge(click)


def wait() -> None:
    """Wait until all that was acknowledged is done."""
    for thread in list(_threads):
        thread.join()


def _start(received: Received) -> None:
    if not _room.acquire(blocking=False):
        raise TooManyError("Too many clicks at once; click again.", retry_after=1)
    thread = Thread(target=_run, args=(received,), name="click", daemon=True)
    _threads.add(thread)
    thread.start()


def _run(received: Received) -> None:
    try:
        (_link if received.click.value == LINK else look_at)(received)
    except TooManyError as error:
        _back(received).tell(error.detail)
    except StoreUnavailableError:
        log.warning("a click could not be looked at", source=received.source.id)
        _back(received).tell("The desk cannot answer now; click again in a moment.")
    except Exception:
        log.exception("a click failed", source=received.source.id)
        _back(received).tell("That failed by a fault of the desk; open the call to decide.")
    finally:
        _room.release()
        _threads.discard(current_thread())


def look_at(received: Received) -> None:
    """Do what a click asks for, and say what became of it."""
    click, back = received.click, _back(received)
    press = read_press(click.value)
    if press is None:
        _ended(received, None, sentence("A button that is not ours."))
        back.tell(NOT_OURS)
        return
    if click.act == "press" and press.asks_first:
        # no check comes before the dialog: what it sends is checked in full
        back.open_dialog(reason_dialog(press))
        return
    runtime, source = received.runtime, received.source
    try:
        with runtime.store.reading() as session:
            ready = deciding.prepared(runtime, session, source, click, press)
        decided = runtime.store.write(lambda tx: _decide_once(tx, received, ready))
    except deciding.Unlinked:
        if _ended(received, press, sentence("Whoever clicked is linked to nobody here.")):
            url = f"{runtime.public_url}/account/link"
            back.tell(LINK_FIRST.format(url=url), asks_code=True)
        return
    except DeskError as error:
        if _ended(received, press, error.detail):
            back.tell(deciding.words_for(error))
        _show_anew(received, press, back)
        return
    if decided is None:
        return  # a replay: whoever sent it is told nothing
    if decided.refusal is not None:
        back.tell(decided.refusal.detail)
        _show_anew(received, press, back)
    elif click.act == "submit":
        back.done("Done.")


def _link(received: Received) -> None:
    """Ask for the code of somebody who is linked to nobody yet, or take it; that links nobody."""
    click, source, back = received.click, received.source, _back(received)
    if click.act == "press":
        back.open_dialog(LINKING)
        return
    who = (source.id, source.kind.name, click.team, click.user)
    claim = Claim(*who, click.name[:80], click.team_name[:80])
    bare = replace(received, click=replace(click, reason=""))

    def unit(tx: Transaction) -> str | None:
        if _known(tx, received):
            return None
        try:
            type_in(tx, source.filer.org_id, click.reason, claim)
        except DeskError as error:
            words = error.detail
        else:
            words = TYPED
        _remember(tx, bare, None, IGNORED, sentence("A code was typed."))
        return words

    words = received.runtime.store.write(unit)
    if words is not None:
        back.tell(words, asks_code=words != TYPED)


def _decide_once(
    tx: Transaction, received: Received, ready: deciding.Ready
) -> Decided | None:
    """Give the verdict, remember the click and keep it, in one transaction; None: a replay."""
    source, press = received.source, ready.press
    if _known(tx, received):
        return None
    decided = deciding.given(tx, source.filer.org_id, ready)
    verdict, why = ACCEPTED, "Decided."
    if decided.refusal is not None:
        verdict, why = IGNORED, decided.refusal.detail
    _remember(tx, received, press, verdict, why)
    return decided


def _ended(received: Received, press: Press | None, why: str) -> bool:
    """Remember and keep a click that decides nothing; return whether it is heard the first time."""

    def unit(tx: Transaction) -> bool:
        if _known(tx, received):
            return False
        _remember(tx, received, press, IGNORED, why)
        source, click = received.source, received.click
        if once(tx, f"click.refused:{source.id}:{click.user}"[:200], 1):
            note = {"code": "click_refused", "why": why, "who": click.user}
            tx.record(
                source.filer.org_id, SYSTEM, "access.refused", subject(source.id), note
            )
        return True

    return received.runtime.store.write(unit)


def _known(tx: Transaction, received: Received) -> bool:
    """Say whether a click was taken before; else let it count against its source's rate.

    Raises:
        TooManyError: more come in a minute than are looked at.

    """
    source, ids = received.source, received.verified.message_ids
    if seen(tx.session, source.id, ids) is not None:
        if may_keep(tx, source, proven=True):
            why = sentence("This click had arrived before; nothing was done again.")
            keep(
                tx,
                source,
                _without_secrets(received.inbound),
                Verdict(KNOWN, 200, why, ids),
            )
        return True
    rate = PER_MINUTE if received.runtime.limits.rate else 0
    detail = f"More than {PER_MINUTE} clicks a minute come from this chat; wait a little."
    throttling.spend(tx, f"hook:{source.id}", per_minute=rate, detail=detail)
    return False


def _remember(
    tx: Transaction, received: Received, press: Press | None, verdict: str, why: str
) -> None:
    source, verified = received.source, received.verified
    about = None if press is None or verdict != ACCEPTED else press.approval_id
    remember(
        tx,
        source.id,
        verified.message_ids,
        [] if about is None else [about],
        signed_at=verified.signed_at,
    )
    kept = Verdict(verdict, 200, why, verified.message_ids, about)
    if verdict == ACCEPTED or may_keep(tx, source, proven=True):
        keep(tx, source, _as_kept(received), kept)


def _as_kept(received: Received) -> Inbound:
    """Return a click as it is kept: what was done and by whom, without what opens anything."""
    click = received.click
    kept = {
        "act": click.act,
        "user": click.user,
        "team": click.team,
        "channel": click.channel,
        "message": click.message_id,
        "value": click.value,
        "reason": click.reason,
    }
    return replace(_without_secrets(received.inbound), body=json.dumps(kept).encode())


def _without_secrets(inbound: Inbound) -> Inbound:
    """Return a delivery without its body: tokens stand in it with which one could answer."""
    return replace(inbound, body=EMPTY)


def _show_anew(received: Received, press: Press, back: Back) -> None:
    """Let a message show how its call stands: its buttons should have been gone, or others."""
    click, source = received.click, received.source
    with received.runtime.store.reading() as session:
        message = message_of(session, source.id, press.approval_id)
    if message is None or click.channel != message.channel:
        return
    received.runtime.store.write(lambda tx: serving.show_anew(tx, message.id))
    if message.message_id not in {None, click.message_id}:
        back.edit_copy(press.approval_id)


def _back(received: Received) -> Back:
    allowed = AllowList.of(received.runtime.settings.callback_allow)
    return Back(received.runtime, received.source, received.click, Sender(allowed))
