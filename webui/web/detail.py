"""The whole call on its page: one builder for the page, its panel and its answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from webui.approvals.answering.reviewing import seal_of
from webui.approvals.call.arguments import effective_hash
from webui.approvals.ruling.terms import why_asked
from webui.approvals.states import OPEN, Resolution, Status
from webui.approvals.words import RESOLUTION, WHY_ASKED
from webui.gating import Shown
from webui.preview import PREVIEW_VERSION, Node, other_sums, visible
from webui.preview.renderers import Rendering
from webui.sentences import joined, sentence
from webui.store.models import Approval, Event
from webui.store.queries import calls, events, people, reasons
from webui.store.queries.calls import Row, Vote
from webui.web.access import me
from webui.web.changes import Changes
from webui.web.context import house
from webui.web.given import Given, given, name_of, settling
from webui.web.granted import ties_of, told_in
from webui.web.in_brief import InBrief, in_brief
from webui.web.outcome import outcome
from webui.web.past import (
    Alike,
    Earlier,
    Edited,
    Followed,
    alike,
    earlier,
    edited,
    followed,
    newer_url,
)
from webui.web.powers import NO_POWERS, Powers, powers_over
from webui.web.progress import progress_words
from webui.web.readings import in_short, shown_here
from webui.web.rows import RowView, row_view
from webui.web.rows import shown as visible_or_none
from webui.web.said import Said, said_about
from webui.web.timeline import ON_THE_PAGE, Moment, facts_of, timeline
from webui.web.told import ToldView, told_about
from webui.web.told_chats import ToldChat, told_chats


@dataclass(frozen=True, slots=True)
class Detail(RowView):
    """Everything an approval's page shows."""

    version: int = 0
    seal: str = ""
    fingerprint: str = ""
    arguments_hash: str = ""
    total_bytes: int = 0
    key_count: int = 0
    run: str | None = None
    preview: tuple[Node, ...] = ()
    hidden_keys: int = 0
    rendering: Rendering | None = None
    place: tuple[Node, ...] = ()
    """Where and how it runs: what is bound to the yes besides the arguments."""
    is_raised: bool = False
    """Whether something in the call makes its risk one higher than it was filed as."""
    warnings: tuple[str, ...] = ()
    truncated: bool = False
    in_brief: InBrief | None = None
    in_short: str = ""
    """The call on one line without its tool, as it is masked now; its row keeps the one it was filed with."""
    requires_full_view: bool = False
    requires_confirming: bool = False
    """Too long ago did this person prove who they are, for approving a call of this risk."""
    progress_words: str | None = None
    summary: str | None = None
    context_text: str | None = None
    trace_text: str | None = None
    decisions: tuple[Given, ...] = ()
    timeline: tuple[Moment, ...] = ()
    earlier_events: int = 0
    can: Powers = NO_POWERS
    triggered_by: str | None = None
    taken_back: str = ""
    """Why somebody took the yes back, in their words."""
    why_asked: str = WHY_ASKED
    resolution_words: str | None = None
    outcome_words: str | None = None
    usable_until: int | None = None
    similar: tuple[Earlier, ...] = ()
    edit: Edited | None = None
    followed: Followed | None = None
    newer_url: str | None = None
    """Of the call that took its place."""
    said: tuple[Said, ...] = ()
    told: tuple[ToldView, ...] = ()
    """Which people, where, and whether it arrived."""
    changes_asked: Moment | None = None
    """By whom and when, while the agent has not answered."""
    has_schema: bool = False
    reasons: tuple[str, ...] = ()
    """That the org lets reviewers choose from."""
    own_reasons: tuple[str, ...] = ()
    """That this person gave last."""
    alike: tuple[Alike, ...] = ()
    """How calls of the same tool by the same agent ended lately."""
    alike_changes: Changes | None = None
    """How this call differs from the last of them that was approved."""
    chats: tuple[ToldChat, ...] = ()
    settling: Given | None = None
    """The verdict that can still be undone."""

    @property
    def why_not(self) -> str | None:
        """Return why this person cannot decide it; none if they can."""
        return self.can.why_not


def detail_of(session: Session, row: Row) -> Detail:
    """Return the whole of an approval as the person of this request sees it now."""
    approval, now = row.approval, house().store.now()
    votes = calls.votes(session, [approval.id]).get(approval.id, [])
    url = url_for("approval.page", approval_id=approval.id)
    view = row_view(row, now, url, votes, ties := ties_of(session, [approval])[approval.id])
    shown = shown_here(session, approval)
    happened, before = events.told_about(
        session, approval.org_id, f"approval:{approval.id}", ON_THE_PAGE
    )
    names = people.names(session, approval.org_id, _named(approval, happened, votes))
    can = powers_over(session, approval, Status(view.status), view.settled_words, votes)
    return Detail(
        **_as_row(view, shown),
        version=approval.version,
        seal=seal_of(approval, PREVIEW_VERSION),
        fingerprint=approval.edited_fingerprint or approval.fingerprint,
        arguments_hash=effective_hash(approval),
        total_bytes=shown.call.total_bytes,
        key_count=shown.call.key_count,
        preview=shown.call.nodes,
        hidden_keys=shown.call.hidden_keys,
        rendering=shown.call.rendering,
        place=shown.place.nodes,
        is_raised=str(shown.risk) != approval.risk,
        warnings=(
            *shown.warnings,
            *other_sums(shown.call.rendering, approval.summary, approval.reason),
        ),
        truncated=shown.truncated,
        in_brief=in_brief(shown.call.rendering),
        in_short=in_short(session, approval, shown),
        requires_full_view=shown.needs_full_view,
        requires_confirming=needs_confirming(shown),
        **_words_of(approval),
        decisions=tuple(given(vote, names) for vote in votes),
        timeline=told_in(timeline(happened, names), ties, view.who),
        earlier_events=before,
        can=can,
        triggered_by=name_of(approval.triggered_by, names),
        taken_back=_taken_back(happened),
        why_asked=_why_asked(approval),
        resolution_words=_resolution(approval, view),
        **_around(session, row, votes),
        **_conversation(session, approval, view, happened, names),
    )


def _words_of(approval: Approval) -> dict[str, Any]:
    """Return the fields that its agent wrote about it."""
    return {
        "summary": visible_or_none(approval.summary),
        "reason": visible_or_none(approval.reason) or "",
        "run": visible_or_none(approval.run),
        "context_text": _laid_out(approval.context),
        "trace_text": _laid_out(approval.trace),
    }


def _around(session: Session, row: Row, votes: Sequence[Vote]) -> dict[str, Any]:
    """Return the fields about what came before this call, was changed in it, or followed it."""
    approval, now = row.approval, house().store.now()
    return {
        "progress_words": progress_words(session, approval, votes),
        "outcome_words": outcome(calls.uses(session, approval.id)),
        "usable_until": approval.usable_until,
        "similar": tuple(earlier(session, approval, now)),
        "edit": edited(session, approval, votes),
        "followed": followed(session, approval),
        "newer_url": newer_url(session, approval),
        "chats": told_chats(session, approval),
        "settling": settling(session, approval),
        **_at_hand(session, approval),
        "has_schema": approval.arguments_schema is not None,
    }


def _at_hand(session: Session, approval: Approval) -> dict[str, Any]:
    """Return what helps to decide while it can be decided."""
    if Status(approval.status) not in OPEN:
        return {}
    preset, own = reasons.offered(session, approval.org_id, me().signed.user_id)
    found, changes = alike(session, approval, house().store.now())
    return {
        "reasons": tuple(map(visible, preset)),
        "own_reasons": tuple(map(visible, own)),
        "alike": tuple(found),
        "alike_changes": changes,
    }


def _conversation(
    session: Session,
    approval: Approval,
    view: RowView,
    happened: Sequence[Event],
    names: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "said": said_about(session, approval),
        "told": told_about(session, approval.id),
        "changes_asked": _changes_asked(view, happened, names),
    }


def _as_row(view: RowView, shown: Shown) -> dict[str, Any]:
    """Return what a row shows, as the call was read just now; all reasons stand elsewhere."""
    names = (field.name for field in fields(RowView) if field.name != "reason")
    read = {"risk": str(shown.risk), "dangers": len(shown.dangers)}
    return {name: getattr(view, name) for name in names} | read


def needs_confirming(shown: Shown) -> bool:
    """Say whether approving asks this person to prove first who they are."""
    return shown.is_severe and not me().is_fresh(house().store.now())


def _why_asked(approval: Approval) -> str:
    why = visible(why_asked(approval))
    if not approval.solo:
        return why
    alone = sentence(
        "This organization works alone: people may decide calls of their own agents, and "
        "the record says so."
    )
    return joined(" ", [why, alone])


def _resolution(approval: Approval, view: RowView) -> str | None:
    if approval.resolution is None:
        deadline = RESOLUTION[Resolution.DEADLINE]
        return deadline if view.status == Status.EXPIRED else None
    if view.status == Status.EXPIRED and approval.decided_at is not None:
        return sentence("It was approved, but not used in time.")
    if approval.resolution == Resolution.GRANT and view.ties.cover is not None:
        return None  # said with the grant's name
    return RESOLUTION[Resolution(approval.resolution)]


def _named(
    approval: Approval, happened: Sequence[Event], votes: Sequence[Vote]
) -> set[str]:
    """Return whose display names the page needs, as the log names them."""
    ids = {approval.triggered_by, *(vote.decision.delegated_by for vote in votes)}
    return {event.actor for event in happened} | {f"user:{each}" for each in ids if each}


def _changes_asked(
    view: RowView, happened: Sequence[Event], names: Mapping[str, str]
) -> Moment | None:
    if view.status != Status.NEEDS_REVISION:
        return None
    asked = [event for event in happened if event.action == "approval.changes_requested"]
    return timeline(asked, names)[-1] if asked else None


def _taken_back(happened: Sequence[Event]) -> str:
    last = [event for event in happened if event.action == "approval.revoked"][-1:]
    return visible(facts_of(last[0]).get("reason") or "") if last else ""


def _laid_out(written: str | None) -> str | None:
    laid_out = written and json.dumps(json.loads(written), indent=2, ensure_ascii=False)
    return visible(laid_out) if laid_out else None
