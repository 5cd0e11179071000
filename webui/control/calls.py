"""Verbs on approvals that decide nothing, and on the log."""

from collections.abc import Mapping
from typing import Any

from webui.approvals import ending
from webui.approvals.answering.reviewing import seal_of
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.differing import differences
from webui.approvals.ending import current_status
from webui.approvals.errors import NotFoundError
from webui.approvals.upstream.options import options_of
from webui.approvals.words import delivery_words
from webui.audit.chain import rfc3339
from webui.audit.checkpoints import sign_now
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.gating import place_of, shown_of
from webui.masking import profile_for
from webui.preview import PREVIEW_VERSION, Profile, canonical_pieces, masked_arguments
from webui.store.queries import calls as queries
from webui.store.queries import conversations


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
        "risk": approval.handled_as,
        "dangers": approval.dangers,
        "agent": row.agent_name,
        "line": approval.line,
        "expires_at": rfc3339(approval.expires_at),
        "seen_count": approval.seen_count,
    }


@verb("approvals.expire")
def expire_stale(office: Office) -> Plain:
    """Settle everything that is overdue."""
    total = 0
    while moved := office.store.write(ending.sweep):
        total += moved
    return {"expired": total}


@verb("approvals.show")
def show_approval(office: Office, *, approval: str, org: str | None = None) -> Plain:
    """Return one approval with its masked arguments, conversation and edit, for a terminal.

    `masked_arguments` are what an edit starts from: nothing in them is made visible.
    """
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        row = queries.one(session, org_id, approval)
        if row is None:
            raise NotFoundError("approval")
        keyring, found = office.store.keyring, row.approval
        arguments = effective_arguments(session, keyring, found).value
        asked = open_arguments(session, keyring, found).value
        said = conversations.messages(session, found)
        profile = profile_for(session, keyring, found)
        cautions = shown_of(session, keyring, found).cautions
        ways = options_of(session, found)
    status = current_status(found, office.store.now())
    delivery = delivery_words(
        found.reply_state, status, row.source, found.reply_error, found.reply_attempts
    )
    return _listed(row) | {
        "status": str(found.status),
        "cautions": list(cautions),
        "tool": found.tool,
        "summary": found.summary,
        "reason": found.reason,
        "fingerprint": found.fingerprint,
        "arguments_hash": found.arguments_hash,
        "arguments": _laid_out(arguments, profile),
        "masked_arguments": masked_arguments(arguments, profile),
        "allowed_decisions": found.allowed_decisions.split(),
        "options": [
            f"{verdict} {each.name}: {each.label}"
            for verdict, offered in ways.items()
            for each in offered
        ],
        "delivery": delivery,
        "changes": _changes(asked, arguments, profile),
        "messages": [
            {"from": line.sender, "text": line.text, "at": rfc3339(line.at)}
            for line in said
        ],
        "runs": _laid_out(place_of(found), profile),
        "seal": seal_of(found, PREVIEW_VERSION),
    }


def _changes(
    asked: Mapping[str, Any], effective: Mapping[str, Any], profile: Profile
) -> list[Plain]:
    """Return where an edit differs from what was asked, secrets masked."""
    masked = masked_arguments(asked, profile), masked_arguments(effective, profile)
    return [found._asdict() for found in differences(*masked)]


def _laid_out(members: Mapping[str, Any], profile: Profile) -> str:
    return "".join(piece.text for piece in canonical_pieces(members, profile, indent=2))


@verb("audit.checkpoint")
def checkpoint(office: Office, *, org: str | None = None) -> Plain:
    """Sign the log as it stands."""
    org_id = org_id_of(office, org)
    note = sign_now(office.store, org_id, office.settings.instance / "checkpoints")
    return {"org": org_id, "note": note}
