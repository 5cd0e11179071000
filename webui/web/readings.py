"""A call read once for all that one answer shows of it: card, full view, canonical text, what may differ.

Reading it is what costs; it is kept no longer than the answer takes.
"""

from flask import g
from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_hash
from webui.gating import call_of
from webui.preview import Call, Profile
from webui.store.models import Approval
from webui.web.context import house

Key = tuple[str, str, Profile]


def read_call(session: Session, approval: Approval) -> Call:
    """Return what would run; read anew if it was edited meanwhile, or is masked otherwise."""
    kept: dict[Key, Call] = g.setdefault("read_calls", {})
    key = (approval.id, effective_hash(approval), house().profile_for(approval))
    found = kept.get(key)
    if found is None:
        found = kept[key] = call_of(session, house().keyring, approval)
    return found
