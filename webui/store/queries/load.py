"""How busy the whole instance is: counts for the metrics, from indexes."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webui.approvals import nodes
from webui.approvals.states import OPEN
from webui.store.models import Approval, AuditHead, Delivery, Node
from webui.store.rare import rare


class Load(NamedTuple):
    """Counts over all orgs."""

    waiting: int
    events: int
    deliveries: int
    dead: int
    nodes: int
    """Server processes; on SQLite, where there is one alone, it says nothing."""


def of_instance(session: Session, now: int) -> Load:
    """Count what there is at `now` (ms)."""
    waiting = select(func.count()).where(
        rare(Approval.status.in_(OPEN)), Approval.expires_at > now
    )
    events = select(func.coalesce(func.sum(AuditHead.seq), 0))
    deliveries = select(func.count()).where(Delivery.status.in_(("waiting", "sending")))
    dead = select(func.count()).where(Delivery.status == "dead")
    living = select(func.count()).where(nodes.living(now)).select_from(Node)
    each = (waiting, events, deliveries, dead, living)
    counts = (session.scalar(one) or 0 for one in each)
    return Load._make(int(count) for count in counts)
