"""One verdict on several calls: the page that lists them all once more, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from webui.approvals.answering.reviewing import seal_of
from webui.approvals.errors import DeskError, InvalidError
from webui.approvals.states import OPEN, Status, Verdict
from webui.gating import Shown, shown_of
from webui.preview import PREVIEW_VERSION
from webui.problems import status_of
from webui.sentences import sentence
from webui.store.queries import calls
from webui.store.queries.calls import Row
from webui.together import Result, Sealed, decide_each
from webui.web.access import may_view, me
from webui.web.context import house
from webui.web.picking import barred
from webui.web.render import page as whole_page
from webui.web.rows import RowView, row_view

blueprint = Blueprint("bulk", __name__, url_prefix="/bulk")
MOST = calls.LONGEST_PAGE
_NOUNS = {
    "decided": sentence("Decided"),
    "repeated": sentence("Decided before"),
    "skipped": sentence("Skipped"),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """One selected call as the confirmation shows it."""

    row: RowView
    seal: str
    why_not: str | None
    """Why it is left out whatever the verdict is; none if it is not."""
    why_no_yes: str | None
    """Why it cannot be approved together with others; none if it can."""
    card: Shown | None
    """All that its seal stands for, if it can be approved here: no yes to what was not shown."""
    dangers: tuple[str, ...]
    """What this desk warns of in it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call."""

    row: RowView | None
    id: str
    word: str
    detail: str
    done: bool


@blueprint.get("")
def page() -> str:
    """List the selected calls, and ask."""
    return _confirmation(request.args.getlist("id"))


def _confirmation(ids: Sequence[str], error: str | None = None, reason: str = "") -> str:
    with house().store.reading() as session:
        chosen = _chosen(session, ids)
    decidable = [each for each in chosen if each.why_not is None]
    return whole_page(
        "bulk/page.html",
        chosen=chosen,
        deniable=decidable,
        approvable=[each for each in decidable if each.why_no_yes is None],
        reason_required=any(each.row.reason_required for each in decidable),
        error=error,
        reason_typed=reason,
    )


def _chosen(session: Session, ids: Sequence[str]) -> list[Chosen]:
    rows = _rows(session, ids)
    why = barred(session, rows)
    now = house().store.now()
    return [_choice(session, row, now, why[row.approval.id]) for row in rows]


def _rows(session: Session, ids: Sequence[str]) -> list[Row]:
    """Return the calls that the person may see, each once, in the order they were named."""
    wanted = list(dict.fromkeys(ids))[:MOST]
    found = (calls.one(session, me().org_id, each) for each in wanted)
    return [row for row in found if row is not None and may_view(row.approval)]


def _choice(session: Session, row: Row, now: int, why_not: str | None) -> Chosen:
    view = row_view(row, now, url_for("approval.page", approval_id=row.approval.id))
    shown = shown_of(session, house().keyring, row.approval) if why_not is None else None
    if shown is not None:
        view = replace(view, risk=str(shown.risk), dangers=len(shown.dangers))
    why_no_yes = None if shown is None else _why_no_yes(row, view, shown)
    return Chosen(
        view,
        seal_of(row.approval, PREVIEW_VERSION),
        why_not,
        why_no_yes,
        shown if why_no_yes is None else None,
        () if shown is None else shown.dangers,
    )


def _why_no_yes(row: Row, view: RowView, shown: Shown) -> str | None:
    if view.status == Status.NEEDS_REVISION:
        return sentence("Changes were requested; it waits for the agent.")
    if str(Verdict.APPROVE) not in row.approval.allowed_decisions.split():
        return sentence("It does not take a yes.")
    return shown.why_alone


@blueprint.post("")
def decide() -> str | tuple[str, int]:
    """Decide exactly the calls that the confirmation listed, a transaction each."""
    verdict = request.form.get("verdict", "")
    reason = request.form.get("reason", "").strip().replace("\r\n", "\n")
    shown = _sealed(request.form.getlist("call"))
    if verdict == Verdict.DENY:
        shown += _sealed(request.form.getlist("deny_only"))
    try:
        if verdict not in {Verdict.APPROVE, Verdict.DENY} or not shown:
            raise InvalidError(
                sentence("The form says nothing that can be decided; select anew.")
            )
        results = decide_each(
            house().store,
            me().reviewer(),
            me().org_id,
            shown[:MOST],
            Verdict(verdict),
            reason,
            may_view,
        )
    except DeskError as error:
        ids = [each.id for each in shown]
        return _confirmation(ids, error.detail, reason), status_of(error)
    return whole_page("bulk/done.html", outcomes=_outcomes(results))


def _sealed(sent: Sequence[str]) -> list[Sealed]:
    return [Sealed(*each.split(" ", 1)) for each in sent if " " in each]


def _outcomes(results: Sequence[Result]) -> list[Outcome]:
    with house().store.reading() as session:
        rows = {row.approval.id: row for row in _rows(session, [r.id for r in results])}
    now = house().store.now()
    return [_outcome(each, rows.get(each.id), now) for each in results]


def _outcome(result: Result, row: Row | None, now: int) -> Outcome:
    view = row and row_view(row, now, url_for("approval.page", approval_id=row.approval.id))
    word = _NOUNS.get(result.result, sentence("Refused"))
    detail = result.detail or ""
    if result.detail is None and view is not None:
        counted = view.status in OPEN
        waits = sentence("Your vote counts; it waits for others.")
        detail = waits if counted else view.settled_words
        if view.settles_at is not None:
            detail = sentence(
                "It settles in a moment; until then you can undo it on its page."
            )
    return Outcome(view, result.id, word, detail, result.detail is None)
