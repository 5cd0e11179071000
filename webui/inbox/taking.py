"""Taking one delivery: verified, told from a replay, read strictly, filed, kept. In that order.

What it files, the ids that make a replay known and the kept delivery are one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from webui.approvals.asking import intake, throttling
from webui.approvals.asking.ask import Ask, Limits
from webui.approvals.desk import SYSTEM
from webui.approvals.ending import current_status
from webui.approvals.errors import DeskError, NotFoundError, TooManyError
from webui.approvals.senders.sources import subject
from webui.inbox.kept import (
    ACCEPTED,
    IGNORED,
    KNOWN,
    REFUSED,
    Verdict,
    keep,
    may_keep,
    once,
    remember,
    seen,
)
from webui.inbox.opening import OpenSource, open_source, read_asks
from webui.problems import status_of
from webui.receivers.kind import Ignored, Inbound, Refused, Verified
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.models import Approval, Source
from webui.store.transaction import Transaction

PER_MINUTE = 600
"""Deliveries of one source that are taken in a minute; a burst may be twice that."""
STORM = sentence(
    "This source sends more than %(most)s deliveries a minute.", most=PER_MINUTE
)


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a delivery that was taken, now or before."""

    status_code: int
    """202 now, 200 before or ignored."""
    approvals: tuple[tuple[str, str], ...] = ()
    """Ids and statuses of what it asked for, in its order; none if it asks for nothing."""

    @property
    def ids(self) -> list[str]:
        """Return the ids alone."""
        return [approval_id for approval_id, _ in self.approvals]


def take(runtime: Runtime, source_id: str, inbound: Inbound) -> Taken:
    """Take one delivery.

    Raises:
        NotFoundError: the source is unknown or switched off.
        Refused, DeskError: not taken; kept with the reason, if not too many are.
        StoreUnavailableError: nothing was changed; the sender may try again.

    """
    now = runtime.store.now()
    with runtime.store.reading() as session:
        source = open_source(session, runtime.keyring, source_id, now)
    if source is None or not source.active:
        raise NotFoundError("source")
    try:
        verified = source.kind.verify(inbound, source.secrets, now)
    except Refused as refused:
        keep_refused(runtime, source, inbound, refused, None)
        raise
    return take_verified(runtime, source, inbound, verified)


def take_verified(
    runtime: Runtime, source: OpenSource, inbound: Inbound, verified: Verified
) -> Taken:
    """Take a delivery whose sender is known; raises as `take` does."""
    try:
        return _take(runtime, source, inbound, verified)
    except NotFoundError:
        raise
    except (Refused, DeskError) as refused:
        keep_refused(runtime, source, inbound, refused, verified)
        raise


def _take(
    runtime: Runtime, source: OpenSource, inbound: Inbound, verified: Verified
) -> Taken:
    """Look for a replay before reading: a known message stays known, whatever was changed."""
    with runtime.store.reading() as session:
        before = seen(session, source.id, verified.message_ids)
    asks: list[Ask] | Ignored | None = None
    if before is None:
        try:
            asks = read_asks(source, inbound)
        except Ignored as ignored:
            asks = ignored
    return runtime.store.write(
        lambda tx: _settle(tx, source, inbound, verified, asks, runtime.limits)
    )


def _settle(
    tx: Transaction,
    source: OpenSource,
    inbound: Inbound,
    verified: Verified,
    asks: list[Ask] | Ignored | None,
    limits: Limits,
) -> Taken:
    still_active(tx, source)
    before = seen(tx.session, source.id, verified.message_ids)
    if before is not None or asks is None:
        return _known(tx, source, inbound, verified, before.approval_ids if before else ())
    throttling.spend(
        tx, f"hook:{source.id}", per_minute=PER_MINUTE if limits.rate else 0, detail=STORM
    )
    if isinstance(asks, Ignored):
        taken, verdict, why = Taken(200), IGNORED, asks.why
    else:
        filed = [intake.submit(tx, source.filer, ask, limits).approval for ask in asks]
        taken = Taken(202, tuple((one.id, one.status) for one in filed))
        verdict, why = ACCEPTED, sentence("Filed.")
    remember(tx, source.id, verified.message_ids, taken.ids, signed_at=verified.signed_at)
    first = taken.ids[0] if taken.ids else None
    kept = Verdict(verdict, taken.status_code, why, verified.message_ids, first)
    keep(tx, source, inbound, kept)
    return taken


def still_active(tx: Transaction, source: OpenSource) -> None:
    """See a source that was switched off since; whoever switches it off waits for us."""
    standing = tx.session.get(Source, source.id, with_for_update={"read": True})
    if standing is None or standing.status != "active":
        raise NotFoundError("source")


def _known(
    tx: Transaction,
    source: OpenSource,
    inbound: Inbound,
    verified: Verified,
    approval_ids: Sequence[str],
) -> Taken:
    found = [tx.session.get(Approval, approval_id) for approval_id in approval_ids]
    standing = [(one.id, current_status(one, tx.now)) for one in found if one is not None]
    if may_keep(tx, source, proven=True):
        why = sentence("This message had arrived before; nothing was filed again.")
        first = approval_ids[0] if approval_ids else None
        keep(tx, source, inbound, Verdict(KNOWN, 200, why, verified.message_ids, first))
    return Taken(200, tuple(standing))


def keep_refused(
    runtime: Runtime,
    source: OpenSource,
    inbound: Inbound,
    refused: Refused | DeskError,
    verified: Verified | None,
) -> None:
    """Keep what was not taken, in a transaction of its own.

    Raises:
        TooManyError: more of them come in a minute than are kept; their sender may as well
            wait. Who signs well is not held up by those who cannot.

    """
    status = refused.status if isinstance(refused, Refused) else status_of(refused)
    ids = verified.message_ids if verified is not None else ()
    verdict = Verdict(REFUSED, status, refused.detail, ids)
    kept = runtime.store.write(
        lambda tx: _write_refusal(tx, source, inbound, verdict, refused.code)
    )
    if not kept and not isinstance(refused, TooManyError):
        raise TooManyError(
            sentence("Too many deliveries of this source fail."), retry_after=1
        )


def _write_refusal(
    tx: Transaction, source: OpenSource, inbound: Inbound, verdict: Verdict, code: str
) -> bool:
    proven = bool(verdict.message_ids)
    if not may_keep(tx, source, proven=proven):
        return False
    keep(tx, source, inbound, verdict)
    # one event a minute: a storm must not fill the log. What the source's own sender cannot
    # get in is lost unless somebody mends it, so that has a name of its own.
    action = "source.failing" if proven else "source.delivery_refused"
    if once(tx, f"{action}:{source.id}", 1):
        facts = {"code": code, "why": verdict.why, "address": inbound.address}
        tx.record(source.filer.org_id, SYSTEM, action, subject(source.id), facts)
    return True
