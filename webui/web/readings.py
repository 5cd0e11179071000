"""A call read once for all that one answer shows of it: card, full view, canonical text, what may differ.

Reading it is what costs; it is kept no longer than the answer takes.
"""

from typing import Literal

from flask import g
from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_hash
from webui.gating import Reveal, Shown, call_of, shown_of
from webui.masking import fitted, profile_of
from webui.preview import Call, Profile, arguments_told, line_of
from webui.store.models import Approval
from webui.web.context import house

Key = tuple[str, str, Profile]


def masking_of(session: Session, approval: Approval) -> Profile:
    """Return how a call is masked; what its org masks is asked once for each answer."""
    kept: dict[tuple[str, str | None], Profile] = g.setdefault("masking", {})
    key = (approval.org_id, approval.policy_revision)
    if key not in kept:
        kept[key] = profile_of(session.connection(), house().keyring, *key)
    return fitted(kept[key], approval)


def read_call(session: Session, approval: Approval) -> Call:
    """Return what would run; read anew if it was edited meanwhile."""
    kept: dict[Key, Call] = g.setdefault("read_calls", {})
    profile = masking_of(session, approval)
    key = (approval.id, effective_hash(approval), profile)
    found = kept.get(key)
    if found is None:
        found = kept[key] = call_of(session, house().keyring, approval, profile)
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
