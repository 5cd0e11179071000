"""A click as a verdict: who clicked and from where, then the same function as for everybody."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import (
    Decided,
    Look,
    Reviewer,
    owner_now,
    resource_of,
    source_of,
)
from webui.approvals.authorization import DECIDE, VIEW, authorize
from webui.approvals.errors import DeskError, NotAllowedError, NotFoundError
from webui.approvals.states import OPEN, Verdict
from webui.approvals.words import HELD_UP
from webui.channels.chat import APPROVE, Click, Press
from webui.chat.cards import page_only
from webui.gating import shown_of
from webui.inbox.opening import OpenSource
from webui.preview import PREVIEW_VERSION
from webui.receivers.chat_config import chat_config
from webui.runtime import Runtime
from webui.store.models import Approval
from webui.store.queries.chat import linked, message_of
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction

ELSEWHERE = "This call is not decided in this channel; open it to decide."
UNKNOWN = "This desk knows no such call; nothing was done."


class Unlinked(Exception):
    """Whoever clicked is nobody here yet."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A click that may be decided by."""

    reviewer: Reviewer
    press: Press
    reason: str


def prepared(
    runtime: Runtime, session: Session, source: OpenSource, click: Click, press: Press
) -> Ready:
    """Return who decides, once the click comes from where it must and saw what it must.

    Raises:
        Unlinked: nobody here is known by that name of the platform's.
        DeskError: why it is not decided by this click.

    """
    who = linked(session, source.filer.org_id, source.kind.name, click.team, click.user)
    if who is None:
        raise Unlinked
    approval = _approval(session, source, click, press)
    if who.held_up:
        raise NotAllowedError("second_factor_required", HELD_UP)
    reviewer = Reviewer(
        who.user_id,
        who.display_name,
        source.kind.name,
        session_id=who.identity_id,
        user_agent=source.kind.label,
        method=source.kind.name,
    )
    _look(runtime, session, approval, reviewer, press)
    return Ready(reviewer, press, click.reason.strip())


def _approval(session: Session, source: OpenSource, click: Click, press: Press) -> Approval:
    """Return the approval if it was posted where the click comes from, and still belongs there."""
    approval = session.get(Approval, press.approval_id)
    if approval is None or approval.org_id != source.filer.org_id:
        raise NotFoundError("approval")
    message = message_of(session, source.id, approval.id)
    channel = chat_config(source.kind.name, source.secrets.config).channel
    if message is None or not click.channel == message.channel == channel:
        raise NotAllowedError("wrong_channel", ELSEWHERE)
    return approval


def _look(
    runtime: Runtime, session: Session, approval: Approval, by: Reviewer, press: Press
) -> None:
    """Refuse whoever may not see the call, and a yes to what a message cannot show.

    Whoever may not decide is refused by the desk, which writes it down.
    """
    now = runtime.store.now()
    actor = person_in(session, approval.org_id, by.user_id, now, source=source_of(by))
    directory = OrgDirectory(runtime.store.reading, approval.org_id, now)
    about = resource_of(approval, owner_now(session, approval), yes=True)
    if not authorize(actor, VIEW, about, None, directory).allowed:
        raise NotFoundError("approval")
    if press.verdict != APPROVE or approval.status not in OPEN:
        return
    if not authorize(actor, DECIDE, about, None, directory).allowed:
        return
    why = page_only(shown_of(session, runtime.keyring, approval))
    if why:
        raise NotAllowedError("full_view_required", why)


def given(tx: Transaction, org_id: str, ready: Ready) -> Decided:
    """Give the verdict of a click; raises DeskError."""
    press = ready.press
    return decide(
        tx,
        ready.reviewer,
        org_id,
        press.approval_id,
        Verdict(press.verdict),
        ready.reason,
        Look(press.seal, PREVIEW_VERSION),
    )


def words_for(error: DeskError) -> str:
    """Return what a clicker is told of a refusal."""
    return UNKNOWN if isinstance(error, NotFoundError) else error.detail
