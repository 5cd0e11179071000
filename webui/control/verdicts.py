"""Verbs by which a member decides: by their token, or by name in local root mode."""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from webui.approvals import claiming, revoking
from webui.approvals.authorization import DECIDE, EDIT, VIEW, authorize
from webui.approvals.conversation import say
from webui.approvals.deciding import decide
from webui.approvals.editing import Edit
from webui.approvals.errors import InvalidError, NotAllowedError, NotFoundError
from webui.approvals.json_faults import Unreadable
from webui.approvals.keys import AGENT, PERSONAL, PresentedKey, read_key
from webui.approvals.quorum import YESES
from webui.approvals.reviewing import (
    Decided,
    Look,
    Reviewer,
    owner_now,
    resource_of,
    source_of,
)
from webui.approvals.states import Verdict
from webui.approvals.strict_json import read_arguments
from webui.approvals.words import HELD_UP
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.edits import prepare_edit
from webui.gating import refuse_unseen
from webui.preview import PREVIEW_VERSION, visible
from webui.store.models import Approval
from webui.store.queries import calls as queries
from webui.store.queries.identity import Signed, key_holder, member, token_holder
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction


class Decider(NamedTuple):
    """A member at the command line."""

    who: Signed
    agent_context: bool
    method: str

    @property
    def reviewer(self) -> Reviewer:
        """Return them as the rules take them."""
        return Reviewer(
            self.who.user_id,
            self.who.display_name,
            "cli",
            session_id=self.method,
            agent_context=self.agent_context,
            method=self.method,
        )


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
    actor: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Give a verdict as a member: by their token, or by `actor` in local root mode.

    A `seal`, which `approvals.show` gives, binds the verdict to what was shown; none is
    made up here, since the record would claim that somebody looked. `arguments` is the
    JSON text of an edit.
    """
    given = Verdict(verdict)
    needed = (DECIDE, EDIT) if given is Verdict.EDIT else (DECIDE,)
    by = decider(office, actor, token, org, needed)
    edit = None
    with office.store.reading() as session:
        row = queries.one(session, by.who.org_id, approval)
        if row is None or not _allowed(office, session, by, row.approval, (VIEW,)):
            raise NotFoundError("approval")
        # What is said of an edit or of a missing view is for those alone who may decide;
        # others are refused by the desk, which writes it down.
        if _allowed(office, session, by, row.approval, needed):
            if given in YESES:
                refuse_unseen(session, office.store.keyring, row.approval)
            if arguments is not None:
                edit = _prepared(session, office, row.approval, _typed(arguments))
    look, reviewer, org_id = Look(seal, PREVIEW_VERSION), by.reviewer, by.who.org_id
    return _done(
        office,
        by,
        lambda tx: decide(
            tx, reviewer, org_id, approval, given, reason, look, answer=answer, edit=edit
        ),
    )


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


def _done(office: Office, by: Decider, act: Callable[[Transaction], Decided]) -> Plain:
    done = office.store.write(act)
    if done.refusal is not None:
        raise done.refusal
    approval = done.approval
    return {"id": approval.id, "status": str(approval.status), "by": by.who.email}


def decider(
    office: Office,
    actor: str | None,
    token: str | None,
    org: str | None,
    needed: tuple[str, ...] = (DECIDE,),
) -> Decider:
    """Return who decides; a token must carry what is `needed`."""
    if token is not None:
        return _by_token(office, token, needed)
    if actor is None:
        raise InvalidError(
            "Deciding needs a person: --token csp_..., or --actor EMAIL on the desk's machine."
        )
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = member(session, org_id, actor)
    if found is None:
        raise NotFoundError("member")
    return Decider(found, agent_context=False, method=LOCAL)


def _by_token(office: Office, token: str, needed: tuple[str, ...]) -> Decider:
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
            if holder.held_up:
                raise NotAllowedError("second_factor_required", HELD_UP)
            for permission in needed:
                if not holder.carries(permission):
                    raise NotAllowedError(
                        "scope_missing",
                        f"This token does not carry {permission}; make one that does.",
                    )
            return Decider(holder.person, holder.agent_context, "token")
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
