"""Write grants, for the service that asked and for the one person who may answer."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from webui.approvals.gate.write_gate import UNSETTLED, GrantStatus, Write
from webui.store.models import Agent, Event, Membership, Org, User, WebSession, WriteGrant
from webui.store.queries.factors import HAS_FACTOR
from webui.store.queries.identity import SSO_STRONG


def is_gated(session: Session, org_id: str) -> bool:
    """Say whether the org switched its write gate on."""
    return bool(session.scalar(select(Org.write_gate).where(Org.id == org_id)))


def person(org_id: str, id_or_email: str) -> Select[str]:
    """Return the select of an active member's id."""
    return (
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == org_id,
            Membership.status == "active",
            User.status == "active",
            (User.id == id_or_email) | (User.email == id_or_email.strip().lower()),
        )
    )


def requested_of(session: Session, org_id: str, seq: int) -> str | None:
    """Return of which person an event of the log asks a write."""
    subject = session.scalar(
        select(Event.subject).where(Event.org_id == org_id, Event.seq == seq)
    )
    if subject is None:
        return None
    grant_id = subject.removeprefix("write_grant:")
    return session.scalar(
        select(WriteGrant.user_id).where(
            WriteGrant.id == grant_id, WriteGrant.org_id == org_id
        )
    )


def of_write(
    org_id: str, agent_id: str, user_id: str, write: Write, now: int
) -> Select[WriteGrant]:
    """Return the select of the grants that stand for exactly this request, newest first.

    The service is part of it: the person said yes to a request that this one made.
    """
    return (
        select(WriteGrant)
        .where(
            WriteGrant.org_id == org_id,
            WriteGrant.agent_id == agent_id,
            WriteGrant.user_id == user_id,
            WriteGrant.method == write.method,
            WriteGrant.path == write.path,
            WriteGrant.scopes == write.scopes,
            WriteGrant.payload_hash.is_not_distinct_from(write.payload_hash),
            WriteGrant.expires_at > now,
        )
        .order_by(WriteGrant.created_at.desc(), WriteGrant.id.desc())
        .limit(1)
    )


def count_pending(session: Session, org_id: str, user_id: str, now: int) -> int:
    """Return how many requests wait for a person in an org."""
    counted = select(func.count()).where(
        WriteGrant.org_id == org_id,
        WriteGrant.user_id == user_id,
        WriteGrant.status == GrantStatus.PENDING,
        WriteGrant.expires_at > now,
    )
    return session.scalar(counted) or 0


class Asked(NamedTuple):
    """A write grant as its person sees it."""

    grant: WriteGrant
    org_name: str
    org_slug: str
    service: str
    """Name of the agent whose key asked."""


def _own() -> Select[WriteGrant, str, str, str]:
    """Return the select of what the person of a browser session may answer.

    Every condition stands here, for pages and verbs alike: their own session, alive and without
    agent context, an active membership in the grant's own org, and the second factor that this
    org asks for, whichever one the browser looks at. No role widens it.
    """
    return (
        select(WriteGrant, Org.name, Org.slug, Agent.name)
        .join(Org, Org.id == WriteGrant.org_id)
        .join(Agent, Agent.id == WriteGrant.agent_id)
        .join(User, User.id == WriteGrant.user_id)
        .join(
            Membership,
            (Membership.user_id == User.id) & (Membership.org_id == WriteGrant.org_id),
        )
        .join(WebSession, WebSession.user_id == User.id)
        .where(
            User.status == "active",
            Membership.status == "active",
            WebSession.id == bindparam("session"),
            WebSession.ended_at.is_(None),
            WebSession.epoch == User.session_epoch,
            WebSession.agent_context.is_(False),
            or_(
                Org.require_second_factor.is_(False),
                HAS_FACTOR,
                # several factors at a provider count in the org of that provider alone
                (WebSession.method == SSO_STRONG) & (WebSession.org_id == Org.id),
            ),
        )
    )


# Built once: every queue looks for what waits.
_owned = _own()
_waiting = _owned.where(
    WriteGrant.status == GrantStatus.PENDING, WriteGrant.expires_at > bindparam("now")
).order_by(WriteGrant.expires_at, WriteGrant.id)


def for_person(session: Session, session_hash: str, org: str, nonce: str) -> Asked | None:
    """Return a grant by org (id or slug) and nonce, if this browser's person may answer it."""
    row = session.execute(
        _owned.where((Org.id == org) | (Org.slug == org), WriteGrant.nonce == nonce),
        {"session": session_hash},
        execution_options={"populate_existing": True},
    ).one_or_none()
    return None if row is None else Asked._make(row)


def waiting(session: Session, session_hash: str, now: int) -> Sequence[Asked]:
    """Return what waits for the person of a browser session, the most urgent first."""
    rows = session.execute(_waiting, {"session": session_hash, "now": now})
    return [Asked._make(row) for row in rows]


def due(now: int, limit: int) -> Select[WriteGrant]:
    """Return the select of grants whose time ran out unanswered or unused."""
    return (
        select(WriteGrant)
        .where(WriteGrant.status.in_(UNSETTLED), WriteGrant.expires_at <= now)
        .order_by(WriteGrant.id)
        .limit(limit)
    )
