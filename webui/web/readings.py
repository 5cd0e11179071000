"""A call read once for all that one answer shows of it: card, full view, canonical text, what may differ.

Reading it is what costs; it is kept no longer than the answer takes.
"""

from typing import Literal

from flask import g
from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_hash
from webui.gating import Reveal, Shown, call_of, shown_of
from webui.preview import Call, Profile, arguments_told, line_of
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


def shown_here(
    session: Session,
    approval: Approval,
    view: Literal["card", "full"] = "card",
    reveal: Reveal | None = None,
) -> Shown:
    """Return what stands on an approval's page; see `gating.shown_of`."""
    call = read_call(session, approval)
    return shown_of(session, house().keyring, approval, view, reveal, call)


def in_short(session: Session, approval: Approval, shown: Shown) -> str:
    """Return what would run on one line, without its tool, as it is masked now.

    Its row keeps the line that it was filed with.
    """
    call, rendering = read_call(session, approval), shown.call.rendering
    return arguments_told(approval.tool, line_of(approval.tool, call, rendering))
