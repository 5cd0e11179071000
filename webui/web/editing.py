"""The editor on a call's page, and the edit that comes back from it."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from webui.approvals.answering.editing import Edit
from webui.approvals.answering.reviewing import owner_now, seal_of
from webui.approvals.call.arguments import effective_arguments
from webui.edits import prepare_edit
from webui.preview import PREVIEW_VERSION
from webui.store.models import Approval
from webui.web.access import may_decide, may_edit
from webui.web.context import house
from webui.web.editor import Editor, editor_of, read
from webui.web.readings import masking_of
from webui.web.typed import Typed


def editor_for(session: Session, approval: Approval, typed: Typed) -> Editor:
    """Return the editor of what would run now, with what was typed into it before."""
    editor = _editor(session, approval)
    if typed.arguments is None:
        return editor
    again = editor.retyped(typed.arguments, typed.faults)
    stale = typed.arguments.get("seal") != seal_of(approval, PREVIEW_VERSION)
    return again.beside_the_newer() if stale else again


def edit_of(
    session: Session, approval: Approval, seal: str, form: Mapping[str, str]
) -> Edit | None:
    """Return the edit that a form asks for; none where the desk will refuse it anyway.

    That is: what was edited is not what would run now, or this person may not edit or decide it.

    Raises:
        InvalidError: with the place of each fault.

    """
    if seal != seal_of(approval, PREVIEW_VERSION):
        return None
    owner = owner_now(session, approval)
    if not (may_edit(approval, owner).allowed and may_decide(approval, owner).allowed):
        return None
    typed = read(_editor(session, approval), form)
    return prepare_edit(session, house().keyring, approval, typed)


def _editor(session: Session, approval: Approval) -> Editor:
    arguments = effective_arguments(session, house().keyring, approval).value
    return editor_of(arguments, masking_of(session, approval))
