"""What people's tokens are shown of an approval: as on its page, with secrets masked."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webui.api.documents import (
    approval_document,
    edit_document,
    in_list,
    time_or_none,
)
from webui.api.keys import access, runtime, standing
from webui.approvals.answering.barring import (
    others_voices,
    verdicts_open_to,
    voted,
    why_not,
)
from webui.approvals.answering.claiming import holder_of
from webui.approvals.answering.reviewing import owner_now, resource_of, seal_of
from webui.approvals.answering.settlement import UnreadableError, settlement_of
from webui.approvals.answering.settling import is_due
from webui.approvals.authorization import DECIDE, EDIT, VIEW, Resource
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.ending import bring_up_to_date, current_status
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.ruling.terms import ruling_shown
from webui.approvals.states import ReplyState, Status
from webui.approvals.upstream.options import options_of
from webui.approvals.words import settled_by
from webui.audit.chain import rfc3339
from webui.gating import Shown, proof_of, shown_of
from webui.preview import PREVIEW_VERSION, Profile, masked_arguments
from webui.store.models import Approval
from webui.store.queries import calls, conversations, people
from webui.store.queries.calls import Row, Vote
from webui.store.queries.delegations import lent_by
from webui.store.queries.identity import TokenHolder


def visible(holder: TokenHolder, row: Row | None) -> Row:
    """Return the row if this token may show it; else it is as if it did not exist.

    Raises:
        NotFoundError: unknown, of another org, or not theirs to see: all the same.

    """
    if row is None or not access(holder, VIEW, resource_of(row.approval)).allowed:
        raise NotFoundError("approval")
    return row


def one_now(session: Session, holder: TokenHolder, approval_id: str) -> Row:
    """Return an approval that this token may show, with what is due written down.

    Raises:
        NotFoundError: as `visible` does.

    """
    org_id = holder.person.org_id
    row = visible(holder, calls.one(session, org_id, approval_id))
    if not is_due(row.approval, runtime().store.now()):
        return row
    runtime().store.write(lambda tx: bring_up_to_date(tx, org_id, approval_id))
    session.rollback()  # to see what was written
    return visible(holder, calls.one(session, org_id, approval_id))


def check_carries(holder: TokenHolder, row: Row | None = None, verb: str = DECIDE) -> None:
    """Refuse a token that its person did not make for deciding, or for editing.

    Raises:
        NotAllowedError: `scope_missing`.

    """
    if not holder.carries(verb):
        about = Resource(holder.person.org_id) if row is None else resource_of(row.approval)
        raise NotAllowedError("scope_missing", access(holder, verb, about).explanation)


def plain(approval: Approval, votes: Sequence[Vote]) -> dict[str, Any]:
    """Return an approval without what may hold secrets: for lists."""
    house = runtime()
    document = approval_document(
        approval, votes, (), public_url=house.public_url, now=house.store.now()
    )
    del document["ctx"]  # as long as arguments may be: the line has to do
    return in_list(document)


def listed(session: Session, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows as a list shows them."""
    votes = calls.votes(session, [row.approval.id for row in rows])
    return [
        plain(row.approval, votes.get(row.approval.id, []))
        | {"line": row.approval.line, "agent_name": row.agent_name}
        | {"handled_as": row.approval.handled_as, "dangers": row.approval.dangers}
        | claim_on(row)
        | {"settles_at": time_or_none(row.approval.settles_at)}
        for row in rows
    ]


def claim_on(row: Row) -> dict[str, Any]:
    """Return who looks into it, if anybody does now."""
    holder = holder_of(row.approval, runtime().store.now())
    until = row.approval.claim_expires_at if holder else None
    who = {"type": "user", "id": holder, "display": row.claimer}
    return {"claimed_by": who if holder else None, "claim_expires_at": time_or_none(until)}


def alone(session: Session, holder: TokenHolder, row: Row) -> dict[str, Any]:
    """Return all of an approval that its page shows to the person of a token."""
    approval, house = row.approval, runtime()
    votes = calls.votes(session, [approval.id]).get(approval.id, [])
    owner = owner_now(session, approval)
    shown = shown_of(session, house.keyring, approval)
    profile = house.profile_for(approval)
    asked = open_arguments(session, house.keyring, approval).value
    edited = _told_of_edit(session, approval, asked, profile)
    barred = bar(holder, row, owner, votes)
    document = approval_document(
        approval,
        votes,
        conversations.messages(session, approval),
        public_url=house.public_url,
        now=house.store.now(),
    )
    return (
        document
        | {"decisions": _named(session, approval.org_id, document["decisions"])}
        | masked_arguments({"ctx": document["ctx"]}, profile)
        | {"line": approval.line, "agent_name": row.agent_name}
        | claim_on(row)
        | _settling(session, approval)
        | {
            "seal": seal_of(approval, PREVIEW_VERSION),
            "may_decide": barred is None,
            "why_not": barred,
            "deciding_for": None
            if barred
            else _instead(session, holder, row, owner, votes),
            "verdicts": _verdicts(holder, row, owner, votes),
            "options": {
                verdict: [each._asdict() for each in ways]
                for verdict, ways in options_of(session, approval).items()
            },
            "full_view": _full_view(shown),
            "cautions": list(shown.cautions),
            "seen": proof_of(house.keyring, approval, shown, holder.person.user_id),
            "handled_as": str(shown.risk),
            "dangers": len(shown.dangers),
            "arguments": masked_arguments(asked, profile),
            "ruling": ruling_shown(approval, masked_arguments(asked, profile)),
        }
        | edited
    )


def _named(
    session: Session, org_id: str, decisions: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return decisions with the names of those in whose place they were given."""
    lenders = {f"user:{given['delegated_by']}" for given in decisions}
    names = people.names(session, org_id, lenders - {"user:None"})
    return [
        given | {"delegated_by_display": names.get(f"user:{given['delegated_by']}")}
        for given in decisions
    ]


def _settling(session: Session, approval: Approval) -> dict[str, Any]:
    """Return the verdict that can still be undone, and when it settles the call."""
    if approval.settles_at is None:
        return {"settles_at": None, "settling": None}
    try:
        verdict = settlement_of(session, runtime().keyring, approval)
    except UnreadableError:
        return {"settles_at": rfc3339(approval.settles_at), "settling": None}
    given = {
        "verdict": verdict.note["verdict"],
        "actor": {
            "type": "user",
            "id": verdict.user_id,
            "display": verdict.note["who"],
        },
        "reason": verdict.note["reason"],
        "at": rfc3339(verdict.at),
        "channel": verdict.note["channel"],
    }
    return {"settles_at": rfc3339(approval.settles_at), "settling": given}


def _told_of_edit(
    session: Session, approval: Approval, asked: Mapping[str, Any], profile: Profile
) -> dict[str, Any]:
    """Return what an edit changed, secrets masked; nothing where there was none."""
    if approval.edited_hash is None:
        return {}
    effective = effective_arguments(session, runtime().keyring, approval).value
    return edit_document(
        approval, masked_arguments(asked, profile), masked_arguments(effective, profile)
    )


def bar(
    holder: TokenHolder, row: Row, owner: str | None, votes: Sequence[Vote]
) -> str | None:
    """Return why the person of a token cannot decide an approval; none if they can."""
    actor = standing(holder)
    voted = others_voices(actor, votes)
    answer = access(holder, DECIDE, resource_of(row.approval, owner, voted))
    status = Status(current_status(row.approval, runtime().store.now()))
    settled = settled_by(status, row.decider, row.approval.resolution)
    sending = row.approval.reply_state == ReplyState.SENDING
    settles_at = row.approval.settles_at
    return why_not(actor, answer, status, settled, votes, settles_at, sending=sending)


def _instead(
    session: Session,
    holder: TokenHolder,
    row: Row,
    owner: str | None,
    votes: Sequence[Vote],
) -> dict[str, Any] | None:
    """Return in whose place the person of a token decides; none if in their own right."""
    approval, person = row.approval, holder.person
    voices = others_voices(standing(holder), votes)
    answer = access(holder, DECIDE, resource_of(approval, owner, voices))
    lent = lent_by(
        session, approval.org_id, person.user_id, answer.delegator, runtime().store.now()
    )
    if lent is None:
        return None
    who = {"type": "user", "id": lent.user_id, "display": lent.user_name}
    return who | {"until": rfc3339(lent.until)}


def _verdicts(
    holder: TokenHolder, row: Row, owner: str | None, votes: Sequence[Vote]
) -> list[str]:
    """Return the verdicts that would be taken of the person of a token now."""
    approval, actor = row.approval, standing(holder)
    voices = others_voices(actor, votes)
    if not access(holder, DECIDE, resource_of(approval, owner, voices)).allowed:
        return []
    approves = access(holder, DECIDE, resource_of(approval, owner, voices, yes=True))
    edits = access(holder, EDIT, resource_of(approval, owner))
    status = Status(current_status(approval, runtime().store.now()))
    mine = voted(actor, votes)
    found = verdicts_open_to(
        approval, mine, status, approve=approves.allowed, edit=edits.allowed
    )
    return sorted(found)


def _full_view(shown: Shown) -> dict[str, Any]:
    """Return what a yes asks for first; where anything is asked for, only the page will do."""
    return {
        "required": shown.needs_full_view,
        "sign_in": shown.is_severe,
        "risk": str(shown.risk),
        "truncated": shown.truncated,
        "warnings": list(shown.warnings),
    }
