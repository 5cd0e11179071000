"""The reviewers' API, deciding: one call or several, holding and taking back."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Response

from webui.api.answers import answer_json
from webui.api.documents import time_or_none
from webui.api.keys import access, person, reviewer, runtime
from webui.api.operations import operation
from webui.api.people import alone, check_carries, visible
from webui.api.reading import read_body
from webui.api.schemas import BulkBody, VerdictBody
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.quorum import YESES
from webui.approvals.answering.reviewing import Decided, Look, owner_now, resource_of
from webui.approvals.authorization import DECIDE, EDIT, GRANT, VIEW
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.errors import InvalidError, NotAllowedError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.states import Verdict
from webui.edits import prepare_edit
from webui.gating import refuse_unseen
from webui.grants import check_wish
from webui.preview import PREVIEW_VERSION
from webui.store.queries import calls
from webui.store.queries.calls import Row
from webui.store.queries.identity import TokenHolder
from webui.together import Result, Sealed, cascade, decide_each

_ONE = "/api/v1/review/approvals/<approval_id>"


@operation(
    "POST",
    f"{_ONE}/decide",
    "Approve, deny, edit, answer or ask for changes",
    body=VerdictBody,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def decide_review(approval_id: str) -> Response:
    """Give a verdict; an identical repeat is fine, anything else after settlement is 409."""
    holder = person()
    body = read_body(VerdictBody)
    verdict = Verdict(body.verdict)
    _look_first(holder, approval_id, body, verdict)
    by, org_id = reviewer(holder), holder.person.org_id
    look = Look(body.seal, PREVIEW_VERSION)
    edit = _edit_of(holder, approval_id, body)
    wish = _wish_of(org_id, approval_id, body, edit)
    decided = runtime().store.write(
        lambda tx: decide(
            tx,
            by,
            org_id,
            approval_id,
            verdict,
            body.reason,
            look,
            answer=body.answer,
            edit=edit,
            grant=wish,
            option=body.option,
        )
    )
    if decided.refusal is not None:
        raise decided.refusal
    more: dict[str, Any] = {}
    if body.cascade:
        more["cascade"] = _along(holder, verdict, decided, body.reason)
    return _answer(holder, approval_id, **more)


def _look_first(
    holder: TokenHolder, approval_id: str, body: VerdictBody, verdict: Verdict
) -> None:
    """Refuse a yes that comes without having seen what is approved."""
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
        check_carries(holder, row)
        if verdict is Verdict.EDIT:
            check_carries(holder, row, EDIT)
        if body.grant is not None:
            check_carries(holder, row, GRANT)
        if body.break_glass:
            raise NotAllowedError(
                "confirm_first",
                "Break-glass asks that you proved who you are within the last 15 minutes, which "
                "a token cannot; use the page of this call.",
            )
        if verdict not in YESES or not _may_prepare(holder, row, verdict):
            return  # where they may not edit, the desk refuses it and writes that down
        if body.seal is None:
            raise NotAllowedError(
                "full_view_required",
                "Approving needs the seal of what was shown: read the approval, then send "
                "its `seal`.",
            )
        user_id = holder.person.user_id
        refuse_unseen(session, runtime().keyring, row.approval, user_id, body.seen)


def _may_prepare(holder: TokenHolder, row: Row, verdict: Verdict) -> bool:
    """Say whether an edit is looked at: what is said of it is for those alone who may give it."""
    if verdict is not Verdict.EDIT:
        return True
    with runtime().store.reading() as session:
        about = resource_of(row.approval, owner_now(session, row.approval))
    return all(access(holder, verb, about).allowed for verb in (DECIDE, EDIT))


def _edit_of(holder: TokenHolder, approval_id: str, body: VerdictBody) -> Edit | None:
    """Return the edited arguments of a verdict, checked; none if it brings none."""
    if body.arguments is None:
        return None
    with runtime().store.reading() as session:
        row = calls.one(session, holder.person.org_id, approval_id)
        assert row is not None  # looked at a moment ago; approvals are never deleted
        if Verdict(body.verdict) is not Verdict.EDIT:
            raise InvalidError(
                "Edited arguments belong to the verdict edit, and only there."
            )
        if not _may_prepare(holder, row, Verdict.EDIT):
            return None
        return prepare_edit(session, runtime().keyring, row.approval, body.arguments)


def _wish_of(
    org_id: str, approval_id: str, body: VerdictBody, edit: Edit | None
) -> GrantWish | None:
    """Return what is to be allowed beyond this call, if it measures nothing that is masked."""
    if body.grant is None:
        return None
    wish = body.grant.wish()
    with runtime().store.reading() as session:
        row = calls.one(session, org_id, approval_id)
        assert row is not None  # looked at a moment ago; approvals are never deleted
        approval, keyring = row.approval, runtime().keyring
        arguments = effective_arguments(session, keyring, approval).value
    if edit is not None:
        arguments = json.loads(edit.canonical)
    check_wish(wish, arguments, runtime().profile_for(approval))
    return wish


def _along(
    holder: TokenHolder, verdict: Verdict, decided: Decided, reason: str
) -> list[dict[str, Any]]:
    """Deny the rest of the session, once the first is denied."""
    if verdict is not Verdict.DENY or not decided.denies:
        return []
    return _told(cascade(runtime().store, reviewer(holder), decided.approval, reason))


def _told(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        result._asdict() | {"settles_at": time_or_none(result.settles_at)}
        for result in results
    ]


@operation(
    "POST",
    "/api/v1/review/bulk",
    "One verdict on several calls, a transaction each",
    body=BulkBody,
    reviewer=True,
    answers={200: "Results"},
)
def decide_several() -> Response:
    """Decide exactly these; the answer says what became of each."""
    holder = person()
    body = read_body(BulkBody)
    check_carries(holder)
    results = decide_each(
        runtime().store,
        reviewer(holder),
        holder.person.org_id,
        [Sealed(item.id, item.seal) for item in body.items],
        Verdict(body.verdict),
        body.reason,
        lambda approval: access(holder, VIEW, resource_of(approval)).allowed,
    )
    return answer_json({"results": _told(results)})


def _answer(holder: TokenHolder, approval_id: str, **more: Any) -> Response:
    """Answer with the approval as it stands now."""
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
        document = alone(session, holder, row)
    return answer_json(document | more)
