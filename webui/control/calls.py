"""Verbs on approvals and the log."""

from collections.abc import Mapping
from typing import Any

from webui.approvals import ending
from webui.approvals.arguments import effective_arguments
from webui.approvals.authorization import DECIDE
from webui.approvals.deciding import decide
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.keys import AGENT, PERSONAL, PresentedKey, read_key
from webui.approvals.reviewing import Look, Reviewer, seal_of
from webui.approvals.states import Verdict
from webui.audit.chain import rfc3339
from webui.audit.checkpoints import sign_now
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.gating import place_of, profile_of, refuse_unseen
from webui.preview import PREVIEW_VERSION, Profile, canonical_pieces
from webui.store.models import Approval
from webui.store.queries import calls as queries
from webui.store.queries.identity import Signed, key_holder, member, token_holder


@verb("approvals.list")
def list_approvals(
    office: Office, *, org: str | None = None, limit: int = 50
) -> list[Plain]:
    """Return what waits for a decision, the most urgent first."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        rows = queries.queue(session, org_id, office.store.now(), limit=limit)
    return [_listed(row) for row in rows]


def _listed(row: queries.Row) -> Plain:
    approval = row.approval
    return {
        "id": approval.id,
        "risk": str(approval.risk),
        "agent": row.agent_name,
        "line": approval.line,
        "expires_at": rfc3339(approval.expires_at),
        "seen_count": approval.seen_count,
    }


@verb("approvals.decide")
def decide_approval(
    office: Office,
    *,
    approval: str,
    verdict: str,
    reason: str = "",
    seal: str | None = None,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Approve or deny as a member: by their token, or by `actor` in local root mode.

    A `seal`, which `approvals.show` gives, binds the verdict to what was shown; none is
    made up here, since the record would claim that somebody looked.
    """
    who, agent_context = _decider(office, actor, token, org)
    with office.store.reading() as session:
        row = queries.one(session, who.org_id, approval)
        if row is None:
            raise NotFoundError("approval")
        if verdict == Verdict.APPROVE:
            refuse_unseen(session, office.store.keyring, row.approval)
    reviewer = Reviewer(
        who.user_id,
        who.display_name,
        "cli",
        session_id="token" if token else LOCAL,
        agent_context=agent_context,
        method="token" if token else LOCAL,
    )
    look = Look(seal, PREVIEW_VERSION)
    decided = office.store.write(
        lambda tx: decide(
            tx, reviewer, who.org_id, approval, Verdict(verdict), reason, look
        )
    )
    if decided.refusal is not None:
        raise decided.refusal
    return {"id": approval, "status": str(decided.approval.status), "by": who.email}


def _decider(
    office: Office, actor: str | None, token: str | None, org: str | None
) -> tuple[Signed, bool]:
    """Return who decides, and whether an agent acts in their name."""
    if token is not None:
        return _by_token(office, token)
    if actor is None:
        raise InvalidError(
            "Deciding needs a person: --token csp_..., or --actor EMAIL on the desk's machine."
        )
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = member(session, org_id, actor)
    if found is None:
        raise NotFoundError("member")
    return found, False


def _by_token(office: Office, token: str) -> tuple[Signed, bool]:
    presented = read_key(token)
    if presented is not None and presented.prefix == AGENT:
        _refuse_agent(office, presented)
    if presented is not None and presented.prefix == PERSONAL:
        with office.store.reading() as session:
            holder = token_holder(session, presented.id)
        if (
            holder is not None
            and holder.secret_hash == presented.secret_hash
            and holder.works(office.store.now())
        ):
            if not holder.carries(DECIDE):
                raise NotAllowedError(
                    "scope_missing",
                    f"This token does not carry {DECIDE}; make one that does.",
                )
            return holder.person, holder.agent_context
    raise NotAllowedError("bad_token", "This token is mistyped, expired or revoked.")


def _refuse_agent(office: Office, presented: PresentedKey) -> None:
    """Refuse an agent that tries to decide with its own key, and write it down."""
    with office.store.reading() as session:
        holder = key_holder(session, presented.id)
    if holder is None or holder.secret_hash != presented.secret_hash:
        return
    agent = f"agent:{holder.agent_id}"
    note = {"path": "cli", "key": holder.key_id}
    office.store.write(
        lambda tx: tx.record(holder.org_id, agent, "agent_cannot_decide", agent, note)
    )
    raise NotAllowedError(
        "agent_cannot_decide", "An agent never decides; only a person's own token may."
    )


@verb("approvals.expire")
def expire_stale(office: Office) -> Plain:
    """Settle everything that is overdue."""
    total = 0
    while moved := office.store.write(ending.sweep):
        total += moved
    return {"expired": total}


@verb("approvals.show")
def show_approval(office: Office, *, approval: str, org: str | None = None) -> Plain:
    """Return one approval with its masked arguments, for a terminal."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        row = queries.one(session, org_id, approval)
        if row is None:
            raise NotFoundError("approval")
        arguments = effective_arguments(session, office.store.keyring, row.approval).value
    found: Approval = row.approval
    profile = profile_of(office.store.keyring, org_id)
    return _listed(row) | {
        "status": str(found.status),
        "tool": found.tool,
        "summary": found.summary,
        "reason": found.reason,
        "fingerprint": found.fingerprint,
        "arguments_hash": found.arguments_hash,
        "arguments": _laid_out(arguments, profile),
        "runs": _laid_out(place_of(found), profile),
        "seal": seal_of(found, PREVIEW_VERSION),
    }


def _laid_out(members: Mapping[str, Any], profile: Profile) -> str:
    return "".join(piece.text for piece in canonical_pieces(members, profile, indent=2))


@verb("audit.checkpoint")
def checkpoint(office: Office, *, org: str | None = None) -> Plain:
    """Sign the log as it stands."""
    org_id = org_id_of(office, org)
    note = sign_now(office.store, org_id, office.settings.instance / "checkpoints")
    return {"org": org_id, "note": note}
