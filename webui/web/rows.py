"""One approval in a list: what the queue's and the history's rows show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.answering.claiming import holder_of
from webui.approvals.ending import current_status
from webui.approvals.states import OPEN, Status
from webui.approvals.words import STATUS, delivery_words, settled_by
from webui.preview import PREVIEW_VERSION, arguments_told, inline, line_told, visible
from webui.sentences import kept
from webui.store.queries import calls
from webui.store.queries.calls import Row, Vote
from webui.web.granted import NO_TIES, Ties
from webui.web.links import link
from webui.web.progress import given_so_far


@dataclass(frozen=True, slots=True)
class RowView:
    """What a row shows. All texts of agents are visible text already."""

    id: str
    status: str
    status_word: str
    settled: bool
    settled_words: str
    risk: str
    """That decides: one higher than it was filed as if something in it could mislead."""
    tool: str
    line: str
    arguments: str
    """The line without its tool, which stands beside it in lists; empty if it has none."""
    agent_name: str
    on_behalf_of: str | None
    session: str | None
    created_at: int
    expires_at: int
    settled_at: int | None
    seen_count: int
    url: str
    who: str | None
    reason: str
    settles_at: int | None = None
    """When the verdict that was given settles it, while that can be undone."""
    source: str | None = None
    """The name of the source that filed it, if one did."""
    delivery: str | None = None
    """How far the verdict is on its way to that source (`ReplyState`); none: it settles here."""
    delivery_words: str | None = None
    delivery_error: str | None = None
    claimed_by: str | None = None
    solo: bool = False
    """The org worked alone when this was asked."""
    break_glass: bool = False
    dangers: int = 0
    """How much the reading of it warns of."""
    unread: bool = False
    """The worker still has to read it for the lists; the page looks again."""
    edited: bool = False
    """A reviewer changed what will run."""
    reason_required: bool = False
    progress: str | None = None
    """How many of several approvals are given; only where the queue tells."""
    ties: Ties = NO_TIES
    """What it has to do with standing grants; only where lists and pages tell."""
    why_no_pick: str | None = ""
    """Why it cannot be selected; none if it can, empty in lists where nothing is."""


def row_view(
    row: Row,
    now: int,
    url: str,
    votes: Sequence[Vote] = (),
    ties: Ties = NO_TIES,
    why_no_pick: str | None = "",
    progress: str | None = None,
) -> RowView:
    """Return a row as it stands at `now` (ms), leading to `url`."""
    approval = row.approval
    status = Status(current_status(approval, now))
    return RowView(
        id=approval.id,
        status=str(status),
        status_word=STATUS[status],
        settled=status not in OPEN,
        settled_words=settled_by(status, shown(row.decider), approval.resolution),
        risk=approval.handled_as,
        tool=inline(approval.tool),
        line=line_told(approval.tool, approval.line),
        arguments=arguments_told(approval.tool, approval.line),
        agent_name=visible(row.agent_name),
        on_behalf_of=shown(row.principal),
        session=shown(approval.session),
        created_at=approval.created_at,
        expires_at=approval.expires_at,
        settled_at=approval.settled_at,
        seen_count=approval.seen_count,
        url=url,
        who=shown(row.decider),
        reason=visible(votes[-1].decision.reason) if votes else "",
        settles_at=approval.settles_at,
        source=shown(row.source),
        **_delivery(row, status),
        claimed_by=shown(row.claimer) if holder_of(approval, now) else None,
        solo=approval.solo,
        break_glass=approval.break_glass,
        dangers=approval.dangers or 0,
        unread=status in OPEN and approval.read_by != PREVIEW_VERSION,
        edited=approval.edits > 0,
        reason_required=approval.require_reason,
        ties=ties,
        why_no_pick=why_no_pick,
        progress=progress,
    )


def _delivery(row: Row, status: Status) -> dict[str, Any]:
    """Return how far a verdict is on its way to the source, and what went wrong."""
    told = row.approval
    error = None if told.reply_error is None else kept(told.reply_error)
    words = delivery_words(told.reply_state, status, row.source, error, told.reply_attempts)
    return {
        "delivery": told.reply_state,
        "delivery_words": shown(words),
        "delivery_error": shown(error),
    }


def queue_rows(
    session: Session,
    rows: Sequence[Row],
    now: int,
    filters: Mapping[str, str],
    barred: Mapping[str, str | None],
) -> list[RowView]:
    """Return rows that open beside the list, which keeps its filters.

    Args:
        session: to read with.
        rows: which.
        now: ms.
        filters: of the list.
        barred: by the approval's id why this person cannot decide it; none if they can.

    """
    several = [row.approval.id for row in rows if row.approval.approvals_required > 1]
    votes = calls.votes(session, several)
    return [
        row_view(
            row,
            now,
            link("queue.page", filters, selected=row.approval.id),
            why_no_pick=barred[row.approval.id],
            progress=given_so_far(row.approval, votes.get(row.approval.id, [])),
        )
        for row in rows
    ]


def shown(text: str | None) -> str | None:
    """Return a text that nobody can hide anything in; none stays none."""
    return None if text is None else visible(text)
