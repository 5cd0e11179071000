"""Write grants: asked for by a service, answered by one person, used once, or run out."""

import secrets
from dataclasses import dataclass

from sqlalchemy import case, update

from webui.approvals.asking.throttling import spend
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import ConflictError, NotFoundError, TooManyError
from webui.approvals.gate.write_gate import GrantStatus, Write, status_at, unmasked
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Org, WriteGrant
from webui.store.queries import write_grants as queries
from webui.store.transaction import Transaction

SWEEP = 500
REASON_MAX = 2_000
WORDS = {
    GrantStatus.PENDING: sentence("It waits for an answer."),
    GrantStatus.APPROVED: sentence("It was approved and not used yet."),
    GrantStatus.REFUSED: sentence("It was refused, for good."),
    GrantStatus.SPENT: sentence("It was approved, and the agent used it."),
    GrantStatus.EXPIRED: sentence("It expired."),
}


@dataclass(frozen=True, slots=True)
class Service:
    """Whose key asks."""

    org_id: str
    agent_id: str
    key_id: str

    @property
    def actor(self) -> str:
        """Return the name in the log."""
        return f"agent:{self.agent_id}"


@dataclass(frozen=True, slots=True)
class GateLimits:
    """What the settings say about write grants. Time in ms."""

    ttl: int = 600_000
    uses: int = 1
    pending: int = 20
    """Requests that may wait for one person; 0 for any number."""
    rate: int = 60
    """New requests a minute and key; 0 for any number."""


@dataclass(frozen=True, slots=True)
class Passed:
    """The request may go on, with these scopes."""

    scopes: list[str]


@dataclass(frozen=True, slots=True)
class Held:
    """The request waits for its person, or was refused by them."""

    nonce: str
    scopes: list[str]
    expires_at: int
    refused: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer, from a page of their own session; never from a body."""

    user_id: str
    session_hash: str
    approve: bool
    reason: str
    address: str
    user_agent: str


def ask(
    tx: Transaction,
    service: Service,
    user: str,
    write: Write,
    held: list[str],
    limits: GateLimits,
) -> Passed | Held:
    """Use an approved grant for this very request, or hold it for the person.

    Args:
        tx: the transaction.
        service: whose key asks.
        user: id or e-mail address of the person whose identity the agent has.
        write: the request; its scopes are masked away.
        held: the person's scopes now.
        limits: of the settings.

    Raises:
        NotFoundError: no active member of this org.
        TooManyError: the key asks too fast, or too much waits for the person.

    """
    # The lock makes one person's requests queue, so that no twin slips in and the cap holds.
    user_id = tx.session.scalar(queries.person(service.org_id, user).with_for_update())
    if user_id is None:
        raise NotFoundError("person")
    tx.read_clock()
    if _use(tx, service, user_id, write):
        return Passed(unmasked(held, write.scopes.split()))
    standing = tx.session.scalar(
        queries.of_write(service.org_id, service.agent_id, user_id, write, tx.now).where(
            WriteGrant.status.in_((GrantStatus.PENDING, GrantStatus.REFUSED))
        )
    )
    grant = standing or _request(tx, service, user_id, write, limits)
    return Held(
        grant.nonce,
        write.scopes.split(),
        grant.expires_at,
        grant.status == GrantStatus.REFUSED,
        grant.reason,
    )


def _use(tx: Transaction, service: Service, user_id: str, write: Write) -> bool:
    """Count one use of an approved grant: a guarded UPDATE, so that a use has one taker."""
    usable = queries.of_write(
        service.org_id, service.agent_id, user_id, write, tx.now
    ).where(WriteGrant.status == GrantStatus.APPROVED)
    used = tx.session.execute(
        update(WriteGrant)
        .where(
            WriteGrant.id == usable.with_only_columns(WriteGrant.id).scalar_subquery(),
            WriteGrant.status == GrantStatus.APPROVED,
            WriteGrant.uses_left > 0,
            WriteGrant.expires_at > tx.now,
        )
        .values(
            uses_left=WriteGrant.uses_left - 1,
            status=case(
                (WriteGrant.uses_left > 1, GrantStatus.APPROVED.value),
                else_=GrantStatus.SPENT.value,
            ),
        )
        .returning(WriteGrant.id, WriteGrant.uses_left),
        execution_options={"synchronize_session": False},
    ).first()
    if used is None:
        return False
    note = {"user": user_id, "key": service.key_id, "uses_left": used.uses_left}
    tx.record(
        service.org_id, service.actor, "write_grant.spent", f"write_grant:{used.id}", note
    )
    return True


def _request(
    tx: Transaction, service: Service, user_id: str, write: Write, limits: GateLimits
) -> WriteGrant:
    spend(
        tx,
        f"write-gate:{service.key_id}",
        per_minute=limits.rate,
        detail="This key asks for too many writes; wait, then send the request again.",
    )
    waiting = queries.count_pending(tx.session, service.org_id, user_id, tx.now)
    if limits.pending and waiting >= limits.pending:
        raise TooManyError(
            sentence(
                "%(waiting)s writes wait for this person already; they have to answer "
                "some first.",
                waiting=waiting,
            ),
            retry_after=60,
            code="too_many_pending",
        )
    grant = WriteGrant(
        id=new_id("wgr", tx.now),
        org_id=service.org_id,
        nonce=secrets.token_urlsafe(32),
        agent_id=service.agent_id,
        user_id=user_id,
        method=write.method,
        path=write.path,
        scopes=write.scopes,
        payload_hash=write.payload_hash,
        status=GrantStatus.PENDING.value,
        uses_left=limits.uses,
        created_at=tx.now,
        expires_at=tx.now + limits.ttl,
    )
    tx.session.add(grant)
    tx.session.flush()
    _record_request(tx, service, grant)
    return grant


def _record_request(tx: Transaction, service: Service, grant: WriteGrant) -> None:
    note = {
        "user": grant.user_id,
        "key": service.key_id,
        "method": grant.method,
        "path": grant.path,
        "scopes": grant.scopes.split(),
        "payload_hash": grant.payload_hash,
        "uses": grant.uses_left,
        "expires_at": grant.expires_at,
    }
    subject = f"write_grant:{grant.id}"
    tx.record(service.org_id, service.actor, "write_grant.requested", subject, note)


def answer(tx: Transaction, org: str, nonce: str, given: Answer) -> None:
    """Write down what the person says. The same answer again changes nothing.

    Raises:
        NotFoundError: it is not theirs to answer in this session, whatever their role.
        ConflictError: it is settled; the detail says how.

    """
    found = queries.for_person(tx.session, given.session_hash, org, nonce)
    if found is None or found.grant.user_id != given.user_id:
        raise NotFoundError("write request")
    grant, wanted = found.grant, _wanted(given)
    tx.read_clock()
    moved = tx.session.execute(
        update(WriteGrant)
        .where(
            WriteGrant.id == grant.id,
            WriteGrant.status == GrantStatus.PENDING,
            WriteGrant.expires_at > tx.now,
        )
        .values(
            status=wanted.value, decided_at=tx.now, reason=given.reason[:REASON_MAX] or None
        )
        .returning(WriteGrant.id),
        execution_options={"synchronize_session": False},
    ).first()
    if moved is None:
        _refuse_unless_same(tx, grant, wanted)
        return
    note = {
        "reason": given.reason[:REASON_MAX],
        "address": given.address,
        "user_agent": given.user_agent,
    }
    action = "write_grant.approved" if given.approve else "write_grant.refused"
    actor = f"user:{given.user_id}"
    tx.record(grant.org_id, actor, action, f"write_grant:{grant.id}", note)


def _wanted(given: Answer) -> GrantStatus:
    return GrantStatus.APPROVED if given.approve else GrantStatus.REFUSED


def _refuse_unless_same(tx: Transaction, grant: WriteGrant, wanted: GrantStatus) -> None:
    tx.session.refresh(grant)
    now = status_at(grant.status, grant.expires_at, tx.now)
    if now is not wanted:
        raise ConflictError(
            "already_settled", sentence("Nothing was changed. %(words)s", words=WORDS[now])
        )


def sweep(tx: Transaction, limit: int = SWEEP) -> int:
    """Write down whose time ran out; return how many. Safe on several nodes at once."""
    over = tx.session.scalars(
        queries.due(tx.now, limit).with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    for grant in over:
        note = {"user": grant.user_id, "was": grant.status}
        grant.status = GrantStatus.EXPIRED.value
        tx.record(
            grant.org_id, SYSTEM, "write_grant.expired", f"write_grant:{grant.id}", note
        )
    tx.session.flush()
    return len(over)


def set_write_gate(tx: Transaction, org_id: str, *, on: bool, actor: str) -> None:
    """Switch an org's write gate on or off. Asking twice is fine.

    Raises:
        NotFoundError: no such org.

    """
    org = tx.session.get(Org, org_id, with_for_update=True)
    if org is None:
        raise NotFoundError("organization")
    if org.write_gate is not on:
        org.write_gate = on
        tx.session.flush()
        tx.record(org_id, actor, "org.changed", f"org:{org_id}", {"write_gate": on})
