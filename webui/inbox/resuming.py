"""What an interrupted graph is resumed with, once all that it asked for is answered.

The first complete answer uses every yes in it, in one transaction; later ones repeat it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from webui.approvals.asking.ask import Filer
from webui.approvals.desk import load
from webui.approvals.ending import end_if_over
from webui.approvals.errors import NotFoundError
from webui.approvals.states import OPEN
from webui.approvals.use.leases import Lease
from webui.inbox.kept import ACCEPTED, about, seen
from webui.inbox.opening import open_source
from webui.inbox.telling import answer_now
from webui.receivers import langgraph
from webui.receivers.kind import Inbound
from webui.receivers.langgraph_forms import Interrupt, resume_value
from webui.receivers.reading import read_body
from webui.runtime import Runtime
from webui.store.models import Approval, Org, SourceDelivery
from webui.store.transaction import Transaction

_INTERRUPT_ID = re.compile(r"[0-9a-f]{32}")
"""What LangGraph takes for an interrupt's id, when it is resumed by ids (xxh3, 128 bits)."""


@dataclass(frozen=True, slots=True)
class Resume:
    """How the answers to one interrupt stand."""

    approvals: tuple[tuple[str, str], ...]
    """Ids and statuses, in the interrupt's order."""
    complete: bool
    value: Any = None
    """What to resume with, when it is complete."""
    place: Mapping[str, str] = field(default_factory=dict)
    """The interrupt's own id, its thread and run, as far as they were told."""


def resume(runtime: Runtime, org_id: str, agent_id: str, approval_id: str) -> Resume:
    """Return how an interrupt stands, by the id that its delivery was answered with.

    Raises:
        NotFoundError: no interrupt of this agent was answered with this id, or it is too old.

    """
    with runtime.store.reading() as session:
        approval = session.get(Approval, approval_id)
        mine = approval is not None and (approval.org_id, approval.agent_id) == (
            org_id,
            agent_id,
        )
        if approval is None or not mine or approval.source_id is None:
            raise NotFoundError("interrupt")
        source = open_source(
            session, runtime.keyring, approval.source_id, runtime.store.now()
        )
        kept = session.scalars(
            select(SourceDelivery)
            .where(
                SourceDelivery.source_id == approval.source_id,
                SourceDelivery.approval_id == approval_id,
                SourceDelivery.verdict == ACCEPTED,
            )
            .order_by(SourceDelivery.id)
            .limit(1)
        ).first()
        if source is None or source.kind.name != langgraph.name or kept is None:
            raise NotFoundError("interrupt")
        data_key = session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
        body = runtime.keyring.open(data_key, org_id, about(org_id, kept.id), kept.body)
        found = seen(session, source.id, (kept.message_id or "").split("\n"))
    message = read_body(Inbound(json.loads(kept.headers), body, ""))
    interrupt = langgraph.interrupt_of(message)
    ids = () if found is None else found.approval_ids
    standing = runtime.store.write(
        lambda tx: _settle(tx, source.filer, interrupt, ids, runtime.lease)
    )
    return replace(standing, place=langgraph.place_of(message))


def command_of(resumed: Resume) -> dict[str, Any]:
    """Return what LangGraph's `Command` is made of.

    By the interrupt's id where that is known, so that several interrupts are each answered with
    their own, and one that comes late answers no later interrupt.
    """
    interrupt_id = resumed.place.get("id", "")
    by_id = _INTERRUPT_ID.fullmatch(interrupt_id) is not None
    return {"resume": {interrupt_id: resumed.value} if by_id else resumed.value}


def _settle(
    tx: Transaction, filer: Filer, interrupt: Interrupt, ids: Sequence[str], lease: Lease
) -> Resume:
    rows = [end_if_over(tx, load(tx, filer.org_id, each)) for each in ids]
    if len(rows) != len(interrupt.actions):
        raise NotFoundError("interrupt")
    if any(row.status in OPEN or row.settles_at is not None for row in rows):
        return Resume(tuple((row.id, row.status) for row in rows), complete=False)
    answers = [answer_now(tx, filer, row, lease) for row in rows]
    standing = [load(tx, filer.org_id, row.id) for row in rows]
    return Resume(
        tuple((row.id, row.status) for row in standing),
        complete=True,
        value=resume_value(interrupt, answers),
    )
