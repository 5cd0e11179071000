"""Recording what a person was shown, once a session, version and view."""

from flask import request

from webui.approvals.answering import looking
from webui.store.models import Approval
from webui.web.access import me
from webui.web.context import desk, house


def note_viewed(approval: Approval, seal: str) -> None:
    """Record that this person was shown the card."""
    if _is_first(approval, "card"):
        name, session = me().name, me().session_hash
        house().store.write(
            lambda tx: looking.note_viewed(tx, approval, name, session, seal)
        )


def note_opened_full(approval: Approval, seal: str) -> None:
    """Record that this person was shown the full arguments."""
    if _is_first(approval, "full"):
        name, session = me().name, me().session_hash
        house().store.write(
            lambda tx: looking.note_opened_full(tx, approval, name, session, seal)
        )


def _is_first(approval: Approval, view: str) -> bool:
    """HEAD shows nothing to anybody."""
    return request.method != "HEAD" and desk().looks.is_first(
        me().session_hash, approval.id, approval.version, view
    )
