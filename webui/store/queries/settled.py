"""Settled approvals for screens: keyset pages over the index of settling, never a count."""

from collections.abc import Sequence

from sqlalchemy import and_, or_, text
from sqlalchemy.orm import Session

from webui.store.models import Approval
from webui.store.queries.calls import EVERYTHING, LONGEST_PAGE, Filters, Row, narrowed, rows


def history(
    session: Session,
    org_id: str,
    filters: Filters = EVERYTHING,
    before: tuple[int, str] | None = None,
    limit: int = 50,
) -> Sequence[Row]:
    """Return settled approvals, newest first.

    Args:
        session: to read with.
        org_id: whose.
        filters: what to narrow to; `words` are looked up in the word index.
        before: (settled_at, id) of the last row of the page before.
        limit: rows.

    """
    statement = rows().where(
        Approval.org_id == org_id, Approval.settled_at.is_not(None), *narrowed(filters)
    )
    if filters.words:
        ids = _found(session, org_id, filters.words)
        statement = statement.where(Approval.id.in_(ids))
    if before is not None:
        at, last = before
        statement = statement.where(
            or_(
                Approval.settled_at < at,
                and_(Approval.settled_at == at, Approval.id < last),
            )
        ).where(Approval.settled_at <= at)
    ordered = statement.order_by(Approval.settled_at.desc(), Approval.id.desc())
    return [
        Row._make(row) for row in session.execute(ordered.limit(min(limit, LONGEST_PAGE)))
    ]


def _found(session: Session, org_id: str, words: str, most: int = 500) -> list[str]:
    """Return the newest approvals whose masked words hold all of `words`."""
    if session.connection().dialect.name == "sqlite":
        quoted = " ".join('"' + word.replace('"', '""') + '"*' for word in words.split())
        statement = text(
            "SELECT approval_id FROM approval_search WHERE words MATCH :words"
            " AND org_id = :org ORDER BY rowid DESC LIMIT :most"
        )
    else:
        quoted = words
        statement = text(
            "SELECT approval_id FROM approval_search"
            " WHERE words @@ plainto_tsquery('simple', :words)"
            " AND org_id = :org ORDER BY id DESC LIMIT :most"
        )
    if not quoted.strip():
        return []
    found = session.execute(statement, {"words": quoted, "org": org_id, "most": most})
    return list(found.scalars())


def earlier(session: Session, approval: Approval, limit: int = 5) -> Sequence[Row]:
    """Return earlier settled approvals of exactly the same call, newest first."""
    return [
        Row._make(row)
        for row in session.execute(
            rows()
            .where(
                Approval.org_id == approval.org_id,
                Approval.fingerprint == approval.fingerprint,
                Approval.id < approval.id,
                Approval.decided_at.is_not(None),
            )
            .order_by(Approval.id.desc())
            .limit(limit)
        )
    ]
