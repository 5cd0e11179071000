"""The reviewers' API on standing grants: what stands, what it covered, and taking it back."""

from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from webui.api.answers import answer_json, answer_page
from webui.api.documents import time_or_none
from webui.api.keys import access, person, reviewer, runtime
from webui.api.operations import Query, operation
from webui.api.paging import CURSOR, page_of
from webui.api.people import check_carries
from webui.api.reading import read_body
from webui.api.schemas import RevokeBody
from webui.approvals.answering.reviewing import resource_of
from webui.approvals.authorization import GRANT, VIEW
from webui.approvals.errors import NotFoundError
from webui.approvals.grants.covering import opened, revoke_grant
from webui.grants import pinned_masked
from webui.preview import masked_arguments
from webui.store.models import Approval
from webui.store.queries import standing_grants
from webui.store.queries.identity import TokenHolder
from webui.store.queries.standing_grants import GrantRow

_ALL = "/api/v1/review/grants"


@operation(
    "GET",
    _ALL,
    "List standing grants, newest first; a page may be short while `next_cursor` is there",
    reviewer=True,
    queries=(
        Query("live", {"enum": ["1"]}, "Only those that still cover calls."),
        Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
        Query(
            "cursor",
            {"type": "string", "pattern": CURSOR},
            "`next_cursor` of the page before.",
        ),
    ),
    answers={200: "StandingGrantList"},
)
def list_standing_grants() -> Response:
    """Return a page of the grants whose calls this person may see."""
    holder = person()
    page = page_of(request.args)
    with runtime().store.reading() as session:
        found = standing_grants.grants(
            session,
            holder.person.org_id,
            runtime().store.now(),
            live="live" in request.args,
            before=page.cursor,
            limit=page.limit,
        )
        items = [_document(session, row) for row in found if _shown(holder, row)]
    full = len(found) == page.limit
    return answer_page(items, page, found[-1].grant.id if full else None)


@operation(
    "GET",
    f"{_ALL}/<standing_id>",
    "One standing grant, with what it covered",
    reviewer=True,
    answers={200: "StandingGrant"},
)
def read_standing_grant(standing_id: str) -> Response:
    """Return a grant and the newest calls that it covered."""
    return _answer(person(), standing_id)


@operation(
    "POST",
    f"{_ALL}/<standing_id>/revoke",
    "End a standing grant, and take back what it covered and nobody used",
    body=RevokeBody,
    body_optional=True,
    reviewer=True,
    answers={200: "StandingGrant"},
)
def revoke_standing_grant(standing_id: str) -> Response:
    """End it at once; a repeat is fine."""
    holder = person()
    body = read_body(RevokeBody, optional=True)
    with runtime().store.reading() as session:
        row = _visible(session, holder, standing_id)
    check_carries(holder, verb=GRANT)
    by, org_id = reviewer(holder), row.grant.org_id
    refusal = runtime().store.write(
        lambda tx: revoke_grant(tx, by, org_id, standing_id, body.reason)
    )
    if refusal is not None:
        raise refusal
    return _answer(holder, standing_id)


def _answer(holder: TokenHolder, grant_id: str) -> Response:
    with runtime().store.reading() as session:
        row = _visible(session, holder, grant_id)
        covered = [
            approval
            for approval in standing_grants.matched(session, grant_id)
            if access(holder, VIEW, resource_of(approval)).allowed
        ]
        document = _document(session, row) | {
            "covered": [
                {
                    "approval": approval.id,
                    "status": str(approval.status),
                    "line": approval.line,
                    "at": time_or_none(approval.created_at),
                }
                for approval in covered
            ]
        }
    return answer_json(document)


def _visible(session: Session, holder: TokenHolder, grant_id: str) -> GrantRow:
    row = standing_grants.one(session, holder.person.org_id, grant_id)
    if row is None or not _shown(holder, row):
        raise NotFoundError("standing grant")
    return row


def _shown(holder: TokenHolder, row: GrantRow) -> bool:
    return access(holder, VIEW, resource_of(row.made_from)).allowed


def _document(session: Session, row: GrantRow) -> dict[str, Any]:
    house, grant = runtime(), row.grant
    _, conditions = opened(session, house.keyring, grant)
    live = grant.ended_at is None and grant.expires_at > house.store.now()
    return {
        "id": grant.id,
        "live": live,
        "agent": grant.agent_id,
        "agent_name": row.agent_name,
        "tool": grant.tool,
        "line": grant.line,
        "arguments": pinned_masked(session, house.keyring, grant, row.made_from),
        "conditions": [_masked(condition, row.made_from) for condition in conditions],
        "risk": grant.risk,
        "session": grant.session,
        "uses": grant.uses,
        "used": grant.used,
        "approval": grant.approval_id,
        "created_by": {"type": "user", "id": grant.created_by, "display": row.maker},
        "created_at": time_or_none(grant.created_at),
        "expires_at": time_or_none(grant.expires_at),
        "ended_at": time_or_none(grant.ended_at),
        "revoked_by": row.revoker,
    }


def _masked(condition: dict[str, Any], made_from: Approval) -> dict[str, Any]:
    """Return a condition whose value is masked where the argument's would be."""
    name = str(condition["path"]).rpartition(".")[2]
    profile = runtime().profile_for(made_from)
    shown = masked_arguments({name: condition["value"]}, profile)
    return condition | {"value": next(iter(shown.values()))}
