"""Claude Code's hooks: asked, held until people answer, and answered in the hook's own form.

Once it is known who asks, every answer is a hook's: whatever goes wrong is a denial with its
sentence, because a hook that fails lets the tool run unless it is set up to block.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from webui.approvals.answering.said import reason_of, why_not
from webui.approvals.asking import idempotency, throttling
from webui.approvals.asking.ask import Ask, Filed
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.states import OPEN, Status
from webui.approvals.use import using
from webui.approvals.use.using import Used
from webui.inbox.holding import hold
from webui.inbox.kept import ACCEPTED, Verdict, keep
from webui.inbox.opening import OpenSource, open_source, read_asks
from webui.inbox.taking import PER_MINUTE, STORM, keep_refused, still_active
from webui.receivers import claude_code
from webui.receivers.kind import Inbound, Refused
from webui.receivers.reading import read_body
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.store.models import Approval
from webui.store.queries import calls
from webui.store.transaction import Transaction

log = structlog.get_logger()
ASK_AGAIN = "The desk is being restarted and nobody decided yet; ask again in a moment."
TOO_LATE = "Nobody decided in time, so it was not allowed."
FULL = "Too many hooks of this source wait already, so this one was not allowed."
MOST_HELD = 250
"""Hooks of one source that a process holds: each keeps a connection and up to 1 MiB."""
_FOR_A_KEY = frozenset({Status.APPROVED, Status.CONSUMED})
AWAY = "The desk cannot decide now, so nothing may run; ask again later."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the hook is told."""

    allowed: bool
    why: str
    changed: Mapping[str, Any] | None = None
    """With a yes, the input that a reviewer made of what was asked."""


@dataclass(frozen=True, slots=True)
class _Hook:
    """One held request."""

    source: OpenSource
    inbound: Inbound
    ask: Ask
    key: idempotency.Key | None


def answer_hook(
    runtime: Runtime, source: OpenSource, inbound: Inbound
) -> tuple[int, bytes]:
    """Return status and body for a hook.

    Raises:
        Refused: nobody knows who asks, or it is no hook that asks for permission.

    """
    try:
        source.kind.verify(inbound, source.secrets, runtime.store.now())
        event = claude_code.form_of(inbound)
        if event is None:
            read_body(inbound)  # says what is wrong with it, if it is no JSON
            raise claude_code.not_a_gate()
    except Refused as refused:
        keep_refused(runtime, source, inbound, refused, None)
        raise
    with _place(runtime, source) as free:
        full = Outcome(allowed=False, why=FULL)
        outcome = _outcome(runtime, source, inbound) if free else full
    if outcome.allowed:
        return 200, claude_code.allowed(event, outcome.why, outcome.changed)
    return 200, claude_code.denied(event, outcome.why)


@contextmanager
def _place(runtime: Runtime, source: OpenSource) -> Iterator[bool]:
    """Hold a place for a hook; False: its source has taken all of its own."""
    held = runtime.held_hooks
    free = held[source.id] < MOST_HELD
    held[source.id] += free
    try:
        yield free
    finally:
        held[source.id] -= free
        if not held[source.id]:
            held.pop(source.id, None)


def _outcome(runtime: Runtime, source: OpenSource, inbound: Inbound) -> Outcome:
    try:
        [ask] = read_asks(source, inbound)
        ask = replace(ask, report=False)  # no hook says how the run ended
        return _wait(runtime, _Hook(source, inbound, ask, _key(source, ask)))
    except (Refused, DeskError) as refused:
        with suppress(DeskError, StoreUnavailableError):  # it is denied in any case
            keep_refused(runtime, source, inbound, refused, None)
        return Outcome(allowed=False, why=refused.detail)
    except StoreUnavailableError:
        return Outcome(allowed=False, why=AWAY)
    except Exception:
        log.exception("a hook could not be answered", source=source.id)
        return Outcome(allowed=False, why=AWAY)


def _key(source: OpenSource, ask: Ask) -> idempotency.Key | None:
    """Name one use of a tool, so that asking again after a lost answer is the same question."""
    if ask.source_ref is None:
        return None  # nothing tells a repeat from a second use
    name = hashlib.sha256(f"{source.id}\0{ask.source_ref}\0{ask.fingerprint}".encode())
    return idempotency.Key(f"hook:{name.hexdigest()}", bytes.fromhex(name.hexdigest()))


def _wait(runtime: Runtime, hook: _Hook) -> Outcome:
    seconds = claude_code.wait_seconds(hook.source.secrets.config)
    until = time.monotonic() + seconds
    answer = runtime.store.write(lambda tx: _gate(tx, runtime, hook, first=True))
    while isinstance(answer, Filed) and answer.approval.status in OPEN:
        approval_id = answer.approval.id
        if not hold(runtime, hook.source.filer.org_id, approval_id, until):
            why = ASK_AGAIN if runtime.bus.stopping else TOO_LATE
            return Outcome(allowed=False, why=why)
        with runtime.store.reading() as session:
            approval = session.get_one(Approval, approval_id)
        # the same use, asked again, may have had the yes meanwhile; its key tells
        usable = {Status.APPROVED} if hook.key is None else _FOR_A_KEY
        if approval.status not in usable:
            return _no(runtime, approval)
        answer = runtime.store.write(lambda tx: _gate(tx, runtime, hook, first=False))
    if isinstance(answer, DeskError):
        return Outcome(allowed=False, why=answer.detail)
    if isinstance(answer, Used):
        return _yes(runtime, answer)
    return _no(runtime, answer.approval)


def _gate(
    tx: Transaction, runtime: Runtime, hook: _Hook, *, first: bool
) -> Used | Filed | DeskError:
    """Use a yes for this call, or file the call; who asks is looked at again before a yes."""
    source = hook.source
    still_active(tx, source)
    if first:
        throttling.spend(
            tx,
            f"hook:{source.id}",
            per_minute=PER_MINUTE if runtime.limits.rate else 0,
            detail=STORM,
        )
    else:
        fresh = open_source(tx.session, tx.keyring, source.id, tx.now)
        if fresh is None or not fresh.active:
            raise NotFoundError("source")
        fresh.kind.verify(hook.inbound, fresh.secrets, tx.now)
    limits, lease = runtime.limits, runtime.lease
    answer = using.gate(tx, source.filer, hook.ask, limits, lease, hook.key)
    if first and not isinstance(answer, DeskError):
        why = sentence("Asked, and held until it is answered.")
        kept = Verdict(ACCEPTED, 200, why, (), answer.approval.id)
        keep(tx, source, hook.inbound, kept)
    return answer


def _yes(runtime: Runtime, used: Used) -> Outcome:
    reason = reason_of(used.votes, "approve") or reason_of(used.votes, "edit")
    why = f"Approved: {reason}" if reason else "Approved."
    if used.approval.edited_hash is None:
        return Outcome(allowed=True, why=why)
    with runtime.store.reading() as session:
        changed = effective_arguments(session, runtime.keyring, used.approval).value
    return Outcome(
        allowed=True, why=f"{why} A reviewer changed the input.", changed=changed
    )


def _no(runtime: Runtime, approval: Approval) -> Outcome:
    with runtime.store.reading() as session:
        votes = calls.votes(session, [approval.id]).get(approval.id, [])
    return Outcome(allowed=False, why=why_not(approval, votes, runtime.store.now()))
