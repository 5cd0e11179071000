"""The admin API for permission grants and protection policies, and "may X do Y?"."""

from typing import Any

from flask import Response

from webui.api.admin_documents import grant_document, protected_document
from webui.api.admin_schemas import GrantPut, ProtectionPut
from webui.api.answers import answer_json
from webui.api.keys import runtime
from webui.api.operations import operation
from webui.api.question_schemas import QuestionBody
from webui.api.questions import asked_by, preview_document
from webui.api.reading import read_body
from webui.api.schemas import EmptyBody
from webui.api.syncing import (
    PAGES,
    answer_put,
    deleted,
    found_id,
    listed,
    manager,
    require_carried,
)
from webui.approvals.agents import questions
from webui.approvals.agents.outside import Put, id_of
from webui.approvals.agents.protections import BEARERS, protect
from webui.approvals.authorization import AGENTS, MEMBERS
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.asks import to_ms
from webui.store.models import PermissionGrant
from webui.store.queries import grants, work
from webui.store.transaction import Transaction


@operation(
    "GET",
    "/api/v1/admin/permission-grants",
    "List the permission grants that hold",
    queries=PAGES,
    answers={200: "GrantList"},
)
def list_admin_grants() -> Response:
    """Return the grants that hold now, oldest first."""
    org_id, _ = manager(MEMBERS)
    now = runtime().store.now()
    return listed(
        lambda session, after, most: grants.standing_grants(
            session, org_id, now, after=after, most=most
        ),
        grant_document,
    )


@operation(
    "POST",
    "/api/v1/admin/permission-grants",
    "Give a permission, or change what the orchestrator's id names",
    body=GrantPut,
    answers={200: "GrantPutAnswer"},
)
def put_admin_grant() -> Response:
    """Give a permission; with `external_id` a repeat changes nothing."""
    org_id, by = manager(MEMBERS)
    body = read_body(GrantPut)
    require_carried(body.permission)
    wanted = Wanted(
        body.principal.type,
        body.principal.id,
        body.permission,
        body.scope,
        None if body.expires_at is None else to_ms(body.expires_at),
    )

    def unit(tx: Transaction) -> Put:
        if body.external_id is None:
            return Put(permission_grants.give(tx, org_id, by, wanted), changed=True)
        return permission_grants.put(tx, org_id, by, body.external_id, wanted)

    put = runtime().store.write(unit)
    with runtime().store.reading() as session:
        document = grant_document(session, session.get_one(PermissionGrant, put.id))
    return answer_put(put, document)


@operation(
    "POST",
    "/api/v1/admin/permission-grants/<item_id>/revoke",
    "Revoke a permission grant at once",
    body=EmptyBody,
    body_optional=True,
    answers={200: "Deleted"},
)
def revoke_admin_grant(item_id: str) -> Response:
    """Revoke a grant, by our id or the orchestrator's. Asking twice is fine."""
    org_id, by = manager(MEMBERS)
    read_body(EmptyBody, optional=True)

    def unit(tx: Transaction) -> tuple[str, bool]:
        grant_id = found_id(tx, PermissionGrant, org_id, item_id, "grant")
        return grant_id, permission_grants.revoke(tx, org_id, by, grant_id)

    return deleted(unit)


@operation(
    "GET",
    "/api/v1/admin/protection-policies",
    "List what bears a protection policy",
    queries=PAGES,
    answers={200: "ProtectionList"},
)
def list_admin_protections() -> Response:
    """Return agents, projects and issues with a policy, by id."""
    org_id, _ = manager(AGENTS)
    return listed(
        lambda session, after, most: work.protected(
            session, org_id, after=after, most=most
        ),
        protected_document,
    )


@operation(
    "POST",
    "/api/v1/admin/protection-policies",
    "Put a protection policy on an agent, a project or an issue",
    body=ProtectionPut,
    answers={200: "ProtectionPutAnswer"},
)
def put_admin_protection() -> Response:
    """Save a policy as given, if it is understood; `{}` takes it away."""
    org_id, by = manager(AGENTS)
    body = read_body(ProtectionPut)
    kind = body.on.type

    def unit(tx: Transaction) -> Put:
        bearer_id = id_of(tx.session, BEARERS[kind], org_id, body.on.id)
        if bearer_id is None:
            raise InvalidError(
                f"There is no such {kind} in this organization.",
                [Fault("/on/id", "is not in this organization")],
            )
        changed = protect(tx, org_id, by, kind, bearer_id, body.policy)
        return Put(bearer_id, changed=changed)

    put = runtime().store.write(unit)
    return answer_put(put, _protection(kind, put.id))


def _protection(kind: str, bearer_id: str) -> dict[str, Any]:
    with runtime().store.reading() as session:
        bearer = session.get_one(BEARERS[kind], bearer_id)
        name = bearer.title if kind == "issue" else bearer.name
        row = work.Protected(kind, bearer.id, name, bearer.external_id, bearer.protection)
        return protected_document(session, row)


@operation(
    "POST",
    "/api/v1/admin/preview",
    "May X do Y? With the protection policy in the way",
    body=QuestionBody,
    answers={200: "Preview"},
)
def preview_question() -> Response:
    """Answer as `authorize` would; nothing is filed and no grant is spent."""
    org_id, _ = manager(MEMBERS, AGENTS)
    asked = asked_by(read_body(QuestionBody))
    store = runtime().store
    with store.reading() as session:
        found = questions.answer(session, org_id, asked, store.now())
    return answer_json(preview_document(found))
