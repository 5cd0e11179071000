"""Filing a kept delivery that had failed, once its source is mended."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from webui.approvals.asking import intake
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.senders.sources import subject
from webui.inbox.kept import ACCEPTED, REFUSED, about, remember, seen
from webui.inbox.opening import OpenSource, open_source, read_asks
from webui.receivers.kind import Ignored, Inbound, Refused
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.models import Org, SourceDelivery
from webui.store.queries import traffic
from webui.store.transaction import Transaction

_REPLAYED = sentence("Filed by a replay after it had been refused.")


class Replayed(NamedTuple):
    """What became of several failures."""

    filed: int
    left: int
    """Those that still could not be filed."""


def replay(runtime: Runtime, org_id: str, delivery_id: str, *, actor: str) -> str:
    """Translate a refused delivery anew and file it; return the (first) approval's id.

    Its signature was good when it came, and only then can it be replayed: who sent the
    others is not known, so a person's click must not stand in for a signature.

    Raises:
        NotFoundError: no such delivery in this org.
        ConflictError: it cannot be replayed, or was filed since.
        InvalidError: it still cannot be translated; says why.
        TooManyError: back-pressure of its agent.

    """
    return runtime.store.write(lambda tx: _replay(tx, runtime, org_id, delivery_id, actor))


def replay_alike(
    runtime: Runtime, org_id: str, source_id: str, delivery_id: str, *, actor: str
) -> Replayed:
    """File every failure of a source that failed as this one did, the oldest first.

    Each is filed by itself: what still cannot be is left as it is and counted. Back-pressure
    ends it, and so does the number that one page shows.

    Raises:
        NotFoundError: no such delivery of this source in this org.

    """
    with runtime.store.reading() as session:
        failed = traffic.failures(session, org_id, source_id)
    whys = {(one.status_code, one.why) for one in failed if one.id == delivery_id}
    if not whys:
        raise NotFoundError("delivery")
    filed = left = 0
    alike = [
        one.id for one in failed if (one.status_code, one.why) in whys and one.message_id
    ]
    for one in reversed(alike):
        try:
            replay(runtime, org_id, one, actor=actor)
        except TooManyError:
            break
        except DeskError:
            left += 1
        else:
            filed += 1
    return Replayed(filed, left)


def _replay(
    tx: Transaction, runtime: Runtime, org_id: str, delivery_id: str, actor: str
) -> str:
    kept, ids = _replayable(tx, org_id, delivery_id)
    source = open_source(tx.session, tx.keyring, kept.source_id, tx.now)
    if source is None:
        raise NotFoundError("source")
    if seen(tx.session, source.id, ids) is not None:
        raise ConflictError(
            "known", sentence("Its sender sent it again, and it was filed then.")
        )
    inbound = _opened(tx, kept)
    try:
        asks = read_asks(source, inbound)
    except Refused as refused:
        raise InvalidError(refused.detail, code=refused.code) from None
    except Ignored as ignored:
        raise InvalidError(ignored.why, code="ignored") from None
    filed = [
        intake.submit(tx, source.filer, ask, runtime.limits).approval.id for ask in asks
    ]
    # no sign of whether its time was signed is left, so the ids stay for good
    remember(tx, source.id, ids, filed, signed_at=None)
    _mark(tx, source, kept, filed, actor)
    return filed[0]


def _replayable(
    tx: Transaction, org_id: str, delivery_id: str
) -> tuple[SourceDelivery, list[str]]:
    kept = tx.session.get(SourceDelivery, delivery_id, with_for_update=True)
    if kept is None or kept.org_id != org_id:
        raise NotFoundError("delivery")
    if kept.verdict != REFUSED or not kept.message_id:
        raise ConflictError(
            "not_replayable",
            sentence(
                "Only a delivery that was well signed and then refused can be replayed."
            ),
        )
    return kept, kept.message_id.split("\n")


def _opened(tx: Transaction, kept: SourceDelivery) -> Inbound:
    data_key = tx.session.scalars(select(Org.data_key).where(Org.id == kept.org_id)).one()
    place = about(kept.org_id, kept.id)
    body = tx.keyring.open(data_key, kept.org_id, place, kept.body)
    return Inbound(json.loads(kept.headers), body, kept.address)


def _mark(
    tx: Transaction,
    source: OpenSource,
    kept: SourceDelivery,
    filed: Sequence[str],
    actor: str,
) -> None:
    kept.verdict, kept.status_code = ACCEPTED, 202
    kept.why, kept.approval_id = _REPLAYED, filed[0]
    tx.session.flush()
    facts = {"replayed": kept.id, "approvals": list(filed)}
    tx.record(kept.org_id, actor, "source.changed", subject(source.id), facts)
