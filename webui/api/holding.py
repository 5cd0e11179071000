"""The reviewers' API beside the verdict: talking, holding, undoing and taking back."""

from flask import Response

from webui.api.answers import answer_json
from webui.api.keys import person, reviewer, runtime
from webui.api.operations import operation
from webui.api.people import alone, check_carries, visible
from webui.api.reading import read_body
from webui.api.schemas import EmptyBody, MessageBody, RevokeBody
from webui.approvals.answering.claiming import claim, release
from webui.approvals.answering.conversation import say
from webui.approvals.answering.reviewing import Decided
from webui.approvals.answering.revoking import revoke
from webui.approvals.answering.undoing import undo
from webui.store.queries import calls
from webui.store.queries.identity import TokenHolder

_ONE = "/api/v1/review/approvals/<approval_id>"


@operation(
    "POST",
    f"{_ONE}/messages",
    "Say something to the agent",
    body=MessageBody,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def write_to_agent(approval_id: str) -> Response:
    """Add to the conversation about an open approval; it decides nothing."""
    holder = person()
    body = read_body(MessageBody)
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
    check_carries(holder, row)
    by, org_id = reviewer(holder), holder.person.org_id
    done = runtime().store.write(lambda tx: say(tx, by, org_id, approval_id, body.text))
    return _answer_done(holder, done)


@operation(
    "POST",
    f"{_ONE}/claim",
    "Say that you look into it, or take it over",
    body=EmptyBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def claim_review(approval_id: str) -> Response:
    """Claim for a few minutes; claiming again makes it last longer."""
    holder = _may_see(approval_id)
    by, org_id = reviewer(holder), holder.person.org_id
    lease = runtime().settings.claim * 1000
    done = runtime().store.write(lambda tx: claim(tx, by, org_id, approval_id, lease=lease))
    return _answer_done(holder, done)


@operation(
    "POST",
    f"{_ONE}/release",
    "Let go of your own claim",
    body=EmptyBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def release_review(approval_id: str) -> Response:
    """Let go; without a claim there is nothing to do, which is fine."""
    holder = _may_see(approval_id)
    by, org_id = reviewer(holder), holder.person.org_id
    done = runtime().store.write(lambda tx: release(tx, by, org_id, approval_id))
    return _answer_done(holder, done)


def _may_see(approval_id: str) -> TokenHolder:
    """Return who asks, if they may know of this approval and sent nothing else."""
    holder = person()
    read_body(EmptyBody, optional=True)
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
    check_carries(holder, row)
    return holder


@operation(
    "POST",
    f"{_ONE}/revoke",
    "Take a yes back before it is used",
    body=RevokeBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def revoke_review(approval_id: str) -> Response:
    """Take it back; a repeat is fine, after the use it is 409."""
    holder = person()
    body = read_body(RevokeBody, optional=True)
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, approval_id))
    check_carries(holder, row)
    by, org_id = reviewer(holder), holder.person.org_id
    done = runtime().store.write(
        lambda tx: revoke(tx, by, org_id, approval_id, body.reason)
    )
    return _answer_done(holder, done)


@operation(
    "POST",
    f"{_ONE}/undo",
    "Undo your own verdict while it has not settled the call",
    body=EmptyBody,
    body_optional=True,
    reviewer=True,
    answers={200: "ReviewApproval"},
)
def undo_review(approval_id: str) -> Response:
    """Undo it; once it has settled the call it is 409."""
    holder = _may_see(approval_id)
    by, org_id = reviewer(holder), holder.person.org_id
    done = runtime().store.write(lambda tx: undo(tx, by, org_id, approval_id))
    return _answer_done(holder, done)


def _answer_done(holder: TokenHolder, done: Decided) -> Response:
    if done.refusal is not None:
        raise done.refusal
    with runtime().store.reading() as session:
        row = visible(holder, calls.one(session, holder.person.org_id, done.approval.id))
        document = alone(session, holder, row)
    return answer_json(document)
