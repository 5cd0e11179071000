"""What all calls of the admin API share: who gets in, lists, and answers of a sync."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, g, request
from sqlalchemy.orm import Session

from webui.api.answers import answer_json, answer_page
from webui.api.keys import access, runtime
from webui.api.operations import Query
from webui.api.paging import CURSOR, page_of
from webui.approvals.agents.outside import Put, id_of
from webui.approvals.authorization import ALL, Resource
from webui.approvals.errors import NotAllowedError, NotFoundError
from webui.approvals.people.standing import By
from webui.asks import Body
from webui.store.queries.identity import TokenHolder
from webui.store.transaction import Transaction

PAGES = (
    Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
    Query(
        "cursor",
        {"type": "string", "pattern": CURSOR},
        "`next_cursor` of the page before.",
    ),
)
_NOT_CARRIED = "This token does not carry the permission {}; make one that does."
Documents = Callable[[Session, Any], Mapping[str, Any]]


def manager(*permissions: str) -> tuple[str, By]:
    """Return the org and the person of a token who holds one of these permissions.

    Raises:
        NotAllowedError: it is an agent's key or token, or they hold none of them.

    """
    holder: TokenHolder | None = g.get("person")
    if holder is None:
        raise NotAllowedError(
            "personal_token_required", "This call takes a person's token (csp_...)."
        )
    if holder.agent_context:
        raise NotAllowedError(
            "agent_context", "This token was made for an agent, which only reads calls."
        )
    org_id = holder.person.org_id
    carried = [each for each in permissions if holder.carries(each)]
    if not carried:
        raise NotAllowedError("scope_missing", _NOT_CARRIED.format(permissions[0]))
    answers = [access(holder, each, Resource(org_id)) for each in carried]
    if not any(answer.allowed for answer in answers):
        refusal = answers[0]
        raise NotAllowedError(refusal.reason.removeprefix("deny_"), refusal.explanation)
    return org_id, By(holder.person.user_id)


def require_carried(permission: str) -> None:
    """Refuse to let a token give what it does not carry itself.

    Raises:
        NotAllowedError: `scope_missing`.

    """
    holder: TokenHolder = g.person
    if permission in ALL and not holder.carries(permission):
        raise NotAllowedError("scope_missing", _NOT_CARRIED.format(permission))


def listed(rows: Any, document: Documents) -> Response:
    """Answer with one page; `rows` is given the session, the place and how many."""
    page, store = page_of(request.args), runtime().store
    with store.reading() as session:
        found = rows(session, page.cursor, page.limit + 1)
        items = [document(session, row) for row in found[: page.limit]]
    more = len(found) > page.limit
    return answer_page(items, page, items[-1]["id"] if more else None)


def answer_put(put: Put, document: Mapping[str, Any]) -> Response:
    """Answer a sync with the thing as it is now, and whether anything was different."""
    return answer_json({"changed": put.changed, "item": document})


def changes_of(body: Body, **names: str) -> dict[str, Any]:
    """Return what a body says: what it left out is none, what it takes away an empty text."""
    return {
        ours: ("" if getattr(body, theirs) is None else getattr(body, theirs))
        for ours, theirs in names.items()
        if theirs in body.model_fields_set
    }


def found_id(tx: Transaction, model: Any, org_id: str, name: str, noun: str) -> str:
    """Return the id of what an address names, by our id or the orchestrator's name.

    Raises:
        NotFoundError: it is not in this org.

    """
    found = id_of(tx.session, model, org_id, name)
    if found is None:
        raise NotFoundError(noun)
    return found


def deleted(unit: Callable[[Transaction], tuple[str, bool]]) -> Response:
    """Have something deleted and say which and whether it was there until now."""
    item_id, changed = runtime().store.write(unit)
    return answer_json({"id": item_id, "changed": changed})
