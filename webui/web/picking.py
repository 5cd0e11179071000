"""Which calls of a list this person can decide: those can be selected to be decided together."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from webui.approvals.answering.barring import others_voices, why_not
from webui.approvals.answering.reviewing import owners_now
from webui.approvals.ending import current_status
from webui.approvals.states import ReplyState, Status
from webui.approvals.words import settled_by
from webui.preview import visible
from webui.store.queries import calls
from webui.store.queries.calls import Row
from webui.web.access import may_decide, me
from webui.web.context import house


def barred(session: Session, rows: Sequence[Row]) -> Mapping[str, str | None]:
    """Return by the approval's id why this person cannot decide it; none if they can."""
    approvals = [row.approval for row in rows]
    owners = owners_now(session, approvals)
    votes = calls.votes(session, [approval.id for approval in approvals])
    actor, now = me().actor, house().store.now()
    found: dict[str, str | None] = {}
    for row in rows:
        approval = row.approval
        given = votes.get(approval.id, [])
        access = may_decide(
            approval, owners.get(approval.agent_id), others_voices(actor, given)
        )
        status = Status(current_status(approval, now))
        settled = settled_by(status, row.decider, row.approval.resolution)
        sending = approval.reply_state == ReplyState.SENDING
        settles = approval.settles_at
        why = why_not(actor, access, status, settled, given, settles, sending=sending)
        found[approval.id] = None if why is None else visible(why)
    return found
