"""The ways in which a verdict can go back, where the upstream knows several."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.errors import Fault, InvalidError
from webui.approvals.states import Verdict
from webui.receivers.registry import WAYS_BACK
from webui.receivers.way_back import Option
from webui.sentences import sentence
from webui.store.models import Approval, Source


def options_of(session: Session, approval: Approval) -> Mapping[str, Sequence[Option]]:
    """Return by verdict how it can go back; the first is usual. None where there is no choice."""
    if approval.reply_state is None:
        return {}
    kind = session.scalar(select(Source.kind).where(Source.id == approval.source_id))
    way_back = WAYS_BACK.get(kind or "")
    return {} if way_back is None else way_back.options


def chosen(
    session: Session, approval: Approval, verdict: Verdict, option: str | None
) -> str | None:
    """Return how a verdict goes back: as chosen, or as usual; none where there is no choice.

    Raises:
        InvalidError: it cannot go back so.

    """
    offered = [each.name for each in options_of(session, approval).get(verdict, ())]
    if option is None:
        return offered[0] if offered else None
    if option not in offered:
        known = (
            sentence("it takes %(ways)s", ways=", ".join(offered))
            if offered
            else sentence("it takes none")
        )
        raise InvalidError(
            sentence("This verdict cannot go back so: %(known)s.", known=known),
            [Fault("/option", sentence("must be one of those that the approval names"))],
            code="option_not_offered",
        )
    return option
