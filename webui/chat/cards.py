"""What a message says of an approval, and which buttons it has: titles, never ids or inputs."""

import hashlib
import json
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import seal_of
from webui.approvals.ending import current_status
from webui.approvals.states import OPEN, ReplyState, Resolution, Status
from webui.approvals.words import RESOLUTION, STATUS, settled_by
from webui.audit.chain import rfc3339
from webui.channels.chat import APPROVE, DENY, Card, Press, clipped
from webui.gating import Shown, shown_of
from webui.preview import PREVIEW_VERSION, inline
from webui.store.keyring import Keyring
from webui.store.models import Agent, Approval, Decision, User

_TITLE_MAX = 200


def card_of(
    session: Session,
    keyring: Keyring,
    approval: Approval,
    now: int,
    public_url: str,
    *,
    show_arguments: bool,
) -> Card:
    """Return the message about an approval as it stands at `now` (ms)."""
    status = current_status(approval, now)
    agent = session.scalar(select(Agent.name).where(Agent.id == approval.agent_id)) or ""
    facts = [("Tool", inline(approval.tool)), ("Agent", inline(agent))]
    facts.append(("Risk", approval.handled_as))
    if show_arguments:
        facts.append(("Call", approval.line))  # visible text already
    presses: tuple[Press, ...] = ()
    if status in OPEN and approval.settles_at is None:
        facts.append(("Waits until", _time(approval.expires_at)))
        why_not = page_only(shown_of(session, keyring, approval))
        presses, note = (
            _presses(approval, approvable=not why_not),
            _open_note(session, approval, why_not),
        )
    else:
        note = _settled_note(session, approval, status)
    return Card(
        STATUS[status],
        tuple((name, clipped(value, _TITLE_MAX)) for name, value in facts),
        inline(note),
        f"{public_url}/approvals/{approval.id}",
        presses,
    )


def page_only(shown: Shown) -> str:
    """Return why a yes is given on the page alone, where all is shown; empty if it is not.

    A message shows a title. So whatever asks for a look before a yes has none in a chat.
    """
    if shown.is_severe:
        return f"A call of {shown.risk} risk is approved on its page only."
    if shown.is_raised:
        return "Something in this call could mislead; it is approved on its page only."
    if shown.needs_full_view or shown.truncated:
        return "This call is too long to be seen at once; it is approved on its page only."
    if "redacted" in shown.call.flags | shown.place.flags:
        return "Something in this call is masked; it is approved on its page only."
    if shown.dangers:
        return "This desk sees a danger in this call; it is approved on its page only."
    return ""


def digest_of(card: Card) -> str:
    """Return what two cards have in common that look the same."""
    return hashlib.sha256(json.dumps(asdict(card), sort_keys=True).encode()).hexdigest()


def _presses(approval: Approval, *, approvable: bool) -> tuple[Press, ...]:
    offered = approval.allowed_decisions.split()
    seal, asks = seal_of(approval, PREVIEW_VERSION), approval.require_reason
    yes = approvable and approval.status == Status.PENDING and APPROVE in offered
    deny = [Press(approval.id, "deny", seal, asks)] if DENY in offered else []
    return (*deny, *([Press(approval.id, "approve", seal, asks)] if yes else []))


def _open_note(session: Session, approval: Approval, why_not: str) -> str:
    said = why_not or "This is its title only: open it to read the arguments."
    required = approval.approvals_required
    if required > 1:
        given = session.scalars(
            select(Decision.verdict).where(
                Decision.approval_id == approval.id, Decision.reset_at.is_(None)
            )
        ).all()
        yeses = sum(verdict in YESES for verdict in given)
        said = f"{yeses} of {required} approvals given. {said}"
    return said


def _settled_note(session: Session, approval: Approval, status: Status) -> str:
    if approval.reply_state == ReplyState.SENDING:
        return "A verdict was given, and its source is being told."
    if approval.settles_at is not None:
        return f"A verdict was given; it settles this call at {_time(approval.settles_at)}."
    who = session.scalar(select(User.display_name).where(User.id == approval.decided_by))
    if who is None and approval.resolution is not None:
        return RESOLUTION[Resolution(approval.resolution)]
    if status is Status.REVOKED:
        return RESOLUTION[Resolution.REVOKED]
    if status in {Status.FAILED, Status.UNKNOWN, Status.EXPIRED} and who is not None:
        status = Status.APPROVED
    return settled_by(status, who, approval.resolution)


def _time(ms: int) -> str:
    return f"{rfc3339(ms)[11:16]} UTC"
