"""The row of a newly filed call: deadline, risk, principal, sealed arguments."""

import json
from typing import Any

from sqlalchemy import bindparam, select

from webui.approvals.asking.ask import Ask, Filer, Limits
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.ruling.terms import terms_of
from webui.approvals.states import Risk, Status, Verdict
from webui.store.ids import new_id
from webui.store.models import (
    Identity,
    IdentityProvider,
    Membership,
    Org,
    User,
)
from webui.store.prepared import Prepared
from webui.store.transaction import Transaction

# Shared, as the row that points to it holds it anyway: whoever changes these waits until this
# call is there to be changed with the others, or is over before they are read.
_org_of = Prepared(
    select(Org.data_key, Org.solo_operator, Org.undo_seconds, Org.own_domains)
    .where(Org.id == bindparam("org"))
    .with_for_update(read=True, key_share=True)
)


def row_of(tx: Transaction, filer: Filer, ask: Ask, limits: Limits) -> dict[str, Any]:
    approval_id = new_id("apr", tx.now)
    org = tx.first(_org_of, {"org": filer.org_id})
    assert org is not None  # an agent's org outlives it
    data_key, solo, undo_seconds, own_domains = org
    about = f"{filer.org_id}/{approval_id}"
    plain = ask.canonical + b"\0" + ask.received
    about_call = {
        "tool": ask.tool,
        "tool_def": ask.tool_def,
        "ctx": json.dumps(ask.ctx) if ask.ctx else "{}",
        "arguments_hash": ask.arguments_hash,
        "fingerprint": ask.fingerprint,
        "sealed": tx.keyring.seal(data_key, filer.org_id, about, plain),
        "size": len(ask.canonical),
        "arguments_schema": _json_or_none(ask.arguments_schema),
        "risk": risk_of(ask),
        "solo": bool(solo),
        "undo_window": undo_seconds * 1_000,
        "own_domains": own_domains,
    }
    expires_at = deadline_of(tx.now, ask, limits)
    return {
        "id": approval_id,
        "created_at": tx.now,
        "expires_at": expires_at,
        "max_attempts": limits.max_attempts,
        **_who_and_why(tx, filer, ask),
        **about_call,
        **_UNDECIDED,
        **terms_of(tx, filer, ask, expires_at),
    }


_UNDECIDED = {
    "status": Status.PENDING,
    "version": 1,
    "approvals_required": 1,
    "denials_required": 1,
    "require_reason": False,
    "distinct_groups": False,
    "approvers": "",
    "veto_groups": "",
    "irreversible": False,
    "idempotent": False,
    "by_person": True,
    "break_glass": False,
    "edits": 0,
    "change_requests": 0,
    "message_count": 0,
    "seen_count": 1,
    "attempts": 0,
    "indexed": False,
}
"""How a call begins that waits for a person, where the policy says nothing else."""


def _who_and_why(tx: Transaction, filer: Filer, ask: Ask) -> dict[str, Any]:
    return {
        "org_id": filer.org_id,
        "agent_id": filer.agent_id,
        "agent_owner": filer.owner_id,
        "source_id": filer.source_id,
        "project_id": filer.project_id,
        "on_behalf_of": principal_of(tx, filer, ask),
        "triggered_by": starter_of(tx, filer, ask),
        "source_ref": ask.source_ref,
        "session": ask.session,
        "run": ask.run,
        "scope": ask.scope,
        "summary": ask.summary,
        "reason": ask.reason,
        "context": _json_or_none(ask.context),
        "trace": _json_or_none(ask.trace),
        "allowed_decisions": " ".join(offered(ask)),
        "revision_of": ask.revision_of,
        "callback_url": ask.callback_url,
        "report": ask.report,
    }


def _json_or_none(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def offered(ask: Ask) -> tuple[str, ...]:
    """Return the verdicts a reviewer may give; "no" is always among them."""
    return tuple(dict.fromkeys((*ask.allowed_decisions, str(Verdict.DENY))))


def risk_of(ask: Ask) -> Risk:
    """Return the risk: the rule's, or medium; the agent's hint can only raise it."""
    least = Risk.MEDIUM if ask.ruling is None else ask.ruling.risk
    return max(least, Risk(ask.risk or least), key=lambda risk: risk.level)


def deadline_of(now: int, ask: Ask, limits: Limits) -> int:
    """Return when it expires: before the run dies, so that a refusal still reaches it.

    Raises:
        InvalidError: the run is over already.

    """
    asking = None if ask.ruling is None else ask.ruling.asking
    longest = None if asking is None else asking.timeout
    wanted = min(ask.expires_in or longest or limits.ttl, longest or limits.ttl_max)
    expires_at = now + min(wanted, limits.ttl_max)
    if ask.run_deadline is not None:
        left = ask.run_deadline - now
        if left <= 0:
            raise InvalidError(
                "The run's deadline has passed.",
                [Fault("/run_deadline", "must lie in the future")],
            )
        margin = min(max(left // 10, 5_000), 60_000)
        soonest = min(now + 1_000, ask.run_deadline)
        expires_at = min(expires_at, max(soonest, ask.run_deadline - margin))
    return expires_at


def principal_of(tx: Transaction, filer: Filer, ask: Ask) -> str | None:
    """Return the user id of the person the agent acts for; only a member of the org will do.

    Every name of theirs counts, so that nobody decides their own calls under another: id,
    address, and what a provider of single sign-on knows them by.

    Raises:
        InvalidError: nobody of this org is called so, or several people are.

    """
    unknown = "The person the agent acts for is not known here."
    return _member_called(tx, filer, ask.on_behalf_of, "/on_behalf_of", unknown)


def starter_of(tx: Transaction, filer: Filer, ask: Ask) -> str | None:
    """Return the user id of the person who started the run; only a member of the org will do.

    Raises:
        InvalidError: nobody of this org is called so.

    """
    unknown = "The person who started the run is not known here."
    return _member_called(tx, filer, ask.triggered_by, "/triggered_by", unknown)


def _member_called(
    tx: Transaction, filer: Filer, name: str | None, pointer: str, unknown: str
) -> str | None:
    if name is None:
        return None
    address = name.lower()
    known = (
        select(Identity.user_id)
        .join(IdentityProvider, IdentityProvider.id == Identity.provider_id)
        .where(
            IdentityProvider.org_id == filer.org_id,
            (Identity.subject == name) | (Identity.email == (address or None)),
        )
    )
    found = tx.session.scalars(
        select(User.id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.org_id == filer.org_id,
            (User.id == name) | (User.email == address) | User.id.in_(known),
        )
        .limit(2)
    ).all()
    if len(found) == 1:
        return found[0]
    several = "Several people are known by this name; give the id of the one that is meant."
    where = Fault(pointer, "must be the id or e-mail of a user of this organization")
    raise InvalidError(several if found else unknown, [where])
