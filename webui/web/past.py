"""What came before a call: the same one settled, and the one that it revises or follows."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from webui.approvals.states import Status, Verdict
from webui.approvals.words import VERDICT
from webui.preview import visible
from webui.sentences import joined, sentence
from webui.store.models import Approval
from webui.store.queries import calls, lineage, settled
from webui.web.access import may_view
from webui.web.changes import Changes, edited_from_asked, from_another
from webui.web.rows import row_view

APPROVED = frozenset(
    {
        Status.APPROVED,
        Status.EXECUTING,
        Status.CONSUMED,
        Status.FAILED,
        Status.UNKNOWN,
    }
)
"""What somebody, or something, said yes to, and nobody took back."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same call, settled before."""

    status: str
    status_word: str
    at: int | None
    who: str | None
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A call of the same tool by the same agent, settled before."""

    status: str
    status_word: str
    at: int | None
    who: str | None
    line: str
    url: str
    is_compared: bool = False
    """The page shows how this call differs from it."""


@dataclass(frozen=True, slots=True)
class Edited:
    """A reviewer's edit of the call."""

    who: str | None
    at: int | None
    changes: Changes
    no_more: str
    """Who had said yes before it, to other arguments."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The call that this one revises, or in whose place it was asked."""

    id: str
    url: str
    is_revision: bool
    changes: Changes


def earlier(session: Session, approval: Approval, now: int) -> list[Earlier]:
    """Return how the same call ended before."""
    before = settled.earlier(session, approval)
    votes = calls.votes(session, [row.approval.id for row in before])
    views = [
        row_view(row, now, url_of(row.approval.id), votes.get(row.approval.id, []))
        for row in before
    ]
    return [
        Earlier(
            view.status, view.status_word, view.settled_at, view.who, view.reason, view.url
        )
        for view in views
    ]


def alike(
    session: Session, approval: Approval, now: int
) -> tuple[list[Alike], Changes | None]:
    """Return how calls alike ended, and how this one differs from the last that was approved."""
    rows = [
        row
        for row in settled.alike(session, approval)
        if row.approval.fingerprint != approval.fingerprint and may_view(row.approval)
    ]
    compared = next((row for row in rows if row.approval.status in APPROVED), None)
    found = []
    for row in rows:
        view = row_view(row, now, url_of(row.approval.id))
        found.append(
            Alike(
                view.status,
                view.status_word,
                view.settled_at,
                view.who,
                view.line,
                view.url,
                row is compared,
            )
        )
    if compared is None:
        return found, None
    return found, from_another(session, compared.approval, approval)


def edited(
    session: Session, approval: Approval, votes: Sequence[calls.Vote]
) -> Edited | None:
    """Return the last edit of a call; none before the first."""
    if not approval.edits:
        return None
    by = next((vote for vote in votes if vote.decision.verdict == Verdict.EDIT), None)
    return Edited(
        None if by is None else visible(by.display),
        None if by is None else by.decision.at,
        edited_from_asked(session, approval),
        joined(
            ", ",
            [
                sentence(
                    "%(who)s (%(verdict)s)",
                    who=visible(each.display),
                    verdict=VERDICT[Verdict(each.verdict)],
                )
                for each in lineage.taken_back(session, approval)
            ],
        ),
    )


def followed(session: Session, approval: Approval) -> Followed | None:
    """Return what this call revises or was asked in the place of, if the person may see it."""
    row = lineage.before(session, approval)
    if row is None or not may_view(row.approval):
        return None
    before = row.approval
    return Followed(
        before.id,
        url_of(before.id),
        approval.revision_of is not None,
        from_another(session, before, approval),
    )


def newer_url(session: Session, approval: Approval) -> str | None:
    """Return the address of the call that took this one's place, if the person may see it."""
    if approval.superseded_by is None:
        return None
    row = calls.one(session, approval.org_id, approval.superseded_by)
    return None if row is None or not may_view(row.approval) else url_of(row.approval.id)


def url_of(approval_id: str) -> str:
    """Return the address of an approval's page."""
    return url_for("approval.page", approval_id=approval_id)
