"""One message for each interrupt of a LangGraph source, once all that it asked for is answered.

It is made with the message about the answer that was the last. What to resume with is put into it
as it is sent: until then no argument lies in the open, and the first to read a yes uses it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webui.approvals.desk import approval_of, subject
from webui.approvals.errors import NotFoundError
from webui.approvals.senders.outbound import INTERRUPT_ANSWERED
from webui.approvals.states import OPEN
from webui.audit.chain import rfc3339
from webui.channels.addresses import Undeliverable
from webui.inbox.kept import filed_together
from webui.inbox.resuming import command_of, resume
from webui.receivers import langgraph
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.models import Approval, Delivery, Event, Source

_MAY_END: Final = frozenset(
    {
        "approval.created",  # a rule may settle it at once
        "approval.decided",
        "approval.break_glass",
        "approval.revoked",
        "approval.expired",
        "approval.cancelled",
        "approval.superseded",
    }
)
"""Events after which a card may wait no more."""


def answered(
    session: Session,
    found: Sequence[Event],
    about: Mapping[str, tuple[Approval, str]],
) -> Iterable[dict[str, Any]]:
    """Return a delivery for each interrupt that is answered by now and was not told of."""
    cards = [
        (event, about[approval_id][0])
        for event in found
        if event.action in _MAY_END and (approval_id := approval_of(event.subject)) in about
    ]
    graphs = _graphs(session, {card.source_id for _, card in cards if card.callback_url})
    told: set[str] = set()
    for event, card in cards:
        if card.callback_url is None or card.source_id not in graphs:
            continue
        together = filed_together(session, card)
        if not together or together[0] in told or not _is_due(session, together):
            continue
        told.add(together[0])
        yield {
            "org_id": event.org_id,
            "endpoint_id": None,
            "url": card.callback_url,
            "approval_id": together[0],
            "seq": event.seq,
            "event": INTERRUPT_ANSWERED,
            "body": _body(event, together[0]),
            "status": "waiting",
            "attempts": 0,
        }


def _graphs(session: Session, source_ids: set[str | None]) -> set[str]:
    if not source_ids - {None}:
        return set()
    kind = Source.kind == langgraph.name
    return set(session.scalars(select(Source.id).where(kind, Source.id.in_(source_ids))))


def _is_due(session: Session, together: Sequence[str]) -> bool:
    """Say whether nothing of it waits any more, and nobody was told so."""
    waits = exists().where(
        Approval.id.in_(together),
        Approval.status.in_(OPEN) | Approval.settles_at.is_not(None),
    )
    told = exists().where(
        Delivery.approval_id == together[0], Delivery.event == INTERRUPT_ANSWERED
    )
    return bool(session.scalar(select(~waits & ~told)))


def _body(event: Event, first: str) -> str:
    data = {"org": event.org_id, "seq": event.seq, "subject": subject(first)}
    message = {"type": INTERRUPT_ANSWERED, "timestamp": rfc3339(event.at), "data": data}
    return json.dumps(message, separators=(",", ":"))


def with_resume(runtime: Runtime, approval_id: str, body: bytes) -> bytes:
    """Return a message with what to resume with, which is the same however often it is sent.

    Raises:
        Undeliverable: what it would be read from is kept no more, or something waits again.

    """
    message = json.loads(body)
    with runtime.store.reading() as session:
        agent_id = session.scalar(
            select(Approval.agent_id).where(Approval.id == approval_id)
        )
    try:
        resumed = resume(runtime, message["data"]["org"], agent_id or "", approval_id)
    except NotFoundError:
        why = sentence("What the graph would be resumed with is kept no more.")
        raise Undeliverable(why, permanent=True) from None
    if not resumed.complete:
        raise Undeliverable(
            sentence("Something of the interrupt still waits."), permanent=False
        )
    message["data"] |= {
        "interrupt": dict(resumed.place),
        "approvals": [{"id": each, "status": now} for each, now in resumed.approvals],
        "resume": resumed.value,
        "command": command_of(resumed),
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
