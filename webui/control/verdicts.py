"""Verbs by which a member decides: by their token, or by name in local root mode."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.answering import claiming, revoking, undoing
from webui.approvals.answering.conversation import say
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import (
    Decided,
    Look,
    owner_now,
    resource_of,
    source_of,
)
from webui.approvals.authorization import DECIDE, EDIT, VIEW, authorize
from webui.approvals.call.json_faults import Unreadable
from webui.approvals.call.strict_json import read_arguments
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.states import Verdict
from webui.audit.chain import rfc3339
from webui.control.deciders import Decider, decider
from webui.control.verbs import Office, Plain, verb
from webui.edits import prepare_edit
from webui.gating import UntoldError, refuse_unseen
from webui.preview import PREVIEW_VERSION, visible
from webui.store.models import Approval
from webui.store.queries import calls as queries
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction


@verb("approvals.decide")
def decide_approval(
    office: Office,
    *,
    approval: str,
    verdict: str,
    reason: str = "",
    seal: str | None = None,
    answer: str | None = None,
    arguments: str | None = None,
    option: str | None = None,
    seen: str | None = None,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Give a verdict as a member: by their token, or by `actor` in local root mode.

    A `seal`, which `approvals.show` gives, binds the verdict to what was shown; none is
    made up here, since the record would claim that somebody looked. `arguments` is the
    JSON text of an edit, `option` how it goes back where the source knows several ways, `seen`
    what the refusal of a yes gave that told the dangers of the call.
    """
    given = Verdict(verdict)
    needed = (DECIDE, EDIT) if given is Verdict.EDIT else (DECIDE,)
    by = decider(office, actor, token, org, needed)
    edit = checked = None
    with office.store.reading() as session:
        row = queries.one(session, by.who.org_id, approval)
        if row is None or not _allowed(office, session, by, row.approval, (VIEW,)):
            raise NotFoundError("approval")
        # What is said of an edit or of a missing view is for those alone who may decide;
        # others are refused by the desk, which writes it down.
        if _allowed(office, session, by, row.approval, needed):
            if given in YESES:
                checked = _refuse_unseen(session, office, row.approval, by, seen)
            if arguments is not None:
                edit = _prepared(session, office, row.approval, _typed(arguments))
    about = (by.reviewer, by.who.org_id, approval, given, reason)
    look = Look(seal, PREVIEW_VERSION, checked=checked)

    def give(tx: Transaction) -> Decided:
        return decide(tx, *about, look, answer=answer, edit=edit, option=option)

    return _done(office, by, give)


def _refuse_unseen(
    session: Session, office: Office, approval: Approval, by: Decider, seen: str | None
) -> str:
    """Refuse a yes as everywhere without a page; here the sentence says what to type."""
    try:
        return refuse_unseen(session, office.store.keyring, approval, by.who.user_id, seen)
    except UntoldError as error:
        raise NotAllowedError(
            error.code,
            f"This desk warns of this call: {error.told} If you approve it knowing that, say "
            f"so: repeat the command with --seen {error.seen}",
        ) from None


def _allowed(
    office: Office,
    session: Session,
    by: Decider,
    approval: Approval,
    verbs: tuple[str, ...],
) -> bool:
    """Say whether this member may do all of this with an approval now."""
    now, who = office.store.now(), by.who
    actor = person_in(
        session,
        who.org_id,
        who.user_id,
        now,
        source=source_of(by.reviewer),
        agent_context=by.agent_context,
    )
    directory = OrgDirectory(office.store.reading, who.org_id, now)
    about = resource_of(approval, owner_now(session, approval))
    return all(authorize(actor, each, about, None, directory).allowed for each in verbs)


def _prepared(
    session: Session, office: Office, approval: Approval, typed: dict[str, Any]
) -> Edit:
    """Prepare an edit; here the sentence says where, since there are no fields to say it at."""
    try:
        return prepare_edit(session, office.store.keyring, approval, typed)
    except InvalidError as error:
        places = ", ".join(visible(fault.pointer) for fault in error.faults[:5])
        more = f" See {places}." if places else ""
        raise InvalidError(error.detail + more, error.faults, code=error.code) from None


def _typed(text: str) -> dict[str, Any]:
    try:
        return read_arguments(text)
    except Unreadable as error:
        raise InvalidError(f"The edited arguments cannot be read: {error}") from error


@verb("approvals.say")
def write_message(
    office: Office,
    *,
    approval: str,
    text: str,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Write to the agent about an open approval."""
    by = decider(office, actor, token, org)
    reviewer, org_id = by.reviewer, by.who.org_id
    return _done(office, by, lambda tx: say(tx, reviewer, org_id, approval, text))


@verb("approvals.claim")
def claim_approval(
    office: Office,
    *,
    approval: str,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Say that this member looks into it, or take it over."""
    by = decider(office, actor, token, org)
    reviewer, org_id = by.reviewer, by.who.org_id
    lease = office.settings.claim * 1000
    return _done(
        office,
        by,
        lambda tx: claiming.claim(tx, reviewer, org_id, approval, lease=lease),
    )


@verb("approvals.release")
def release_approval(
    office: Office,
    *,
    approval: str,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Let go of this member's own claim."""
    by = decider(office, actor, token, org)
    reviewer, org_id = by.reviewer, by.who.org_id
    return _done(office, by, lambda tx: claiming.release(tx, reviewer, org_id, approval))


@verb("approvals.revoke")
def revoke_approval(
    office: Office,
    *,
    approval: str,
    reason: str = "",
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Take a yes back before it is used."""
    by = decider(office, actor, token, org)
    reviewer, org_id = by.reviewer, by.who.org_id
    return _done(
        office, by, lambda tx: revoking.revoke(tx, reviewer, org_id, approval, reason)
    )


@verb("approvals.undo")
def undo_verdict(
    office: Office,
    *,
    approval: str,
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Undo this member's own verdict while it has not settled the approval."""
    by = decider(office, actor, token, org)
    reviewer, org_id = by.reviewer, by.who.org_id
    return _done(office, by, lambda tx: undoing.undo(tx, reviewer, org_id, approval))


def _done(office: Office, by: Decider, act: Callable[[Transaction], Decided]) -> Plain:
    done = office.store.write(act)
    if done.refusal is not None:
        raise done.refusal
    approval = done.approval
    told: Plain = {"id": approval.id, "status": str(approval.status), "by": by.who.email}
    if approval.reply_state is not None:
        told["delivery"] = approval.reply_state
    elif approval.settles_at is not None:
        told["settles_at"] = rfc3339(approval.settles_at)
    return told
