"""What the person of this request can do with a call now, besides looking at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy.orm import Session

from webui.approvals.answering.barring import (
    others_voices,
    verdicts_open_to,
    voted,
    why_not,
)
from webui.approvals.answering.cascading import others_of_session
from webui.approvals.answering.claiming import holder_of
from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import owner_now
from webui.approvals.answering.settlement import UnreadableError, settlement_of
from webui.approvals.states import OPEN, ReplyState, Status, Verdict
from webui.approvals.upstream.options import options_of
from webui.preview import visible
from webui.receivers.way_back import Option
from webui.store.models import Approval
from webui.store.queries.calls import Vote
from webui.store.queries.delegations import lent_by
from webui.web.access import (
    may_approve,
    may_break_glass,
    may_decide,
    may_edit,
    may_grant,
    may_reveal,
    me,
    seen,
)
from webui.web.context import house
from webui.web.mending import mend_of


class Instead(NamedTuple):
    """Somebody whose delegate the person is, and until when (ms)."""

    name: str
    until: int


@dataclass(frozen=True, slots=True)
class Powers:
    """The buttons of a call's page."""

    why_not: str | None
    """Why this person cannot decide it; none if they can."""
    mend: str | None = None
    """What they can do about that."""
    offers: frozenset[str] = frozenset()
    """The verdicts that something can come of."""
    only_no: bool = False
    """They are only asked for a veto: they may deny it, and nobody counts a yes of theirs."""
    talk: bool = False
    """They may write to the agent."""
    claim: bool = False
    release: bool = False
    revoke: bool = False
    instead: Instead | None = None
    """In whose place they would decide, if not in their own right."""
    undo: bool = False
    """Theirs is the verdict that can still be undone."""
    break_glass: bool = False
    grant: bool = False
    """Their yes may allow calls like this one too, if the call is one of those."""
    reveal: bool = False
    """They may be shown what is masked, value by value."""
    options: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    """By verdict how it can go back to a source that knows several ways."""
    fresh: bool = False
    """They proved who they are within the last 15 minutes."""
    along: int = 0
    """Other waiting calls of the session, which a denial may take along."""


NO_POWERS = Powers(None)


def powers_over(
    session: Session,
    approval: Approval,
    status: Status,
    settled: str,
    votes: Sequence[Vote],
) -> Powers:
    """Return what the person may do with an approval that stands at `status` now."""
    person, now = me(), house().store.now()
    owner = owner_now(session, approval)
    voices = others_voices(person.actor, votes)
    access = may_decide(approval, owner, voices)
    settles, sending = approval.settles_at, approval.reply_state == ReplyState.SENDING
    barred = why_not(person.actor, access, status, settled, votes, settles, sending=sending)
    holder = holder_of(approval, now)
    mine = holder == person.signed.user_id
    approves = access.allowed and may_approve(approval, owner, voices).allowed
    offers = frozenset[str]()
    if access.allowed:
        mine_given = voted(person.actor, votes)
        edits = may_edit(approval, owner).allowed
        offers = verdicts_open_to(
            approval, mine_given, status, approve=approves, edit=edits
        )
    yes = {str(verdict) for verdict in YESES} & offers
    return Powers(
        why_not=None if barred is None else visible(barred),
        mend=mend_of(access.reason) if barred == access.explanation else None,
        offers=offers,
        only_no=bool(offers) and not approves,
        instead=_instead(session, access.delegator, now) if barred is None else None,
        undo=access.allowed and _may_undo(session, approval),
        talk=status in OPEN and access.allowed,
        claim=barred is None and not mine,
        release=mine,
        revoke=status is Status.APPROVED and may_decide(approval, owner).allowed,
        break_glass=_glass_helps(approval, status, barred)
        and may_break_glass(approval, owner).allowed,
        grant=bool(yes) and may_grant(approval, owner).allowed,
        reveal=not person.agent_context and may_reveal(approval, owner).allowed,
        options=options_of(session, approval),
        fresh=person.is_fresh(now),
        along=0 if barred is not None else _along(session, approval, owner, now),
    )


def _instead(session: Session, delegator: str, now: int) -> Instead | None:
    """Return in whose place the person decides; none if in their own right."""
    if not delegator:
        return None
    person = me()
    lent = lent_by(session, person.org_id, person.signed.user_id, delegator, now)
    return None if lent is None else Instead(visible(lent.user_name), lent.until)


def _may_undo(session: Session, approval: Approval) -> bool:
    """Say whether theirs is the verdict that can still be undone, or it may never get there."""
    if approval.settles_at is None:
        return False
    if approval.reply_state == ReplyState.SENDING:
        return True
    try:
        given = settlement_of(session, house().keyring, approval)
    except UnreadableError:
        return False
    return me().actor.is_one_of((given.user_id,))


def _glass_helps(approval: Approval, status: Status, barred: str | None) -> bool:
    """Say whether there is anything to break: an ordinary yes would not do it alone."""
    if str(Verdict.APPROVE) not in approval.allowed_decisions.split():
        return False
    if approval.settles_at is not None:
        return False
    return status is Status.PENDING and (
        barred is not None or approval.approvals_required > 1
    )


def _along(session: Session, approval: Approval, owner: str | None, now: int) -> int:
    others = others_of_session(session, approval, now, seen())
    # of one agent, so of one owner
    return sum(may_decide(other, owner).allowed for other in others)
