"""One person's verdict on several calls: a transaction each, and what became of each.

Pages and tokens ask here. What one call refuses does not touch the others.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Literal, NamedTuple

from webui.approvals.answering.cascading import deny_along, others_of_session
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import (
    Decided,
    Look,
    Reviewer,
    owner_now,
    resource_of,
    source_of,
)
from webui.approvals.authorization import DECIDE, VIEW, authorize
from webui.approvals.errors import DeskError, Fault, InvalidError, NotFoundError
from webui.approvals.states import Verdict
from webui.gating import refuse_among_others
from webui.preview import PREVIEW_VERSION
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.queries import calls
from webui.store.queries.seeing import seen_by
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.store import Store
from webui.store.transaction import Transaction

_CHANGED = frozenset(
    {"stale_seal", "already_settled", "settling", "wrong_status", "claimed_by_another"}
)


class Result(NamedTuple):
    """What became of one call."""

    id: str
    result: Literal["decided", "repeated", "skipped", "refused"]
    """Skipped: it changed in between, or is somebody else's."""
    status: str | None = None
    code: str | None = None
    detail: str | None = None
    settles_at: int | None = None
    """When it settles, if it can still be undone, ms."""


class Sealed(NamedTuple):
    """A call as it was shown."""

    id: str
    seal: str


def decide_each(
    store: Store,
    reviewer: Reviewer,
    org_id: str,
    shown: Sequence[Sealed],
    verdict: Verdict,
    reason: str,
    may_see: Callable[[Approval], bool],
) -> list[Result]:
    """Give one verdict on exactly these calls; high and critical risk are never approved here.

    Raises:
        InvalidError: a call stands there twice.

    """
    if len({each.id for each in shown}) < len(shown):
        raise InvalidError(
            sentence("A call stands there twice; name each once."),
            [Fault("/items", sentence("must name each approval once"))],
        )

    def one(each: Sealed) -> Decided:
        with store.reading() as session:
            approval = calls.about(session, org_id, each.id)
            if approval is None or not may_see(approval):
                raise NotFoundError("approval")
            if verdict is Verdict.APPROVE:
                refuse_among_others(session, store.keyring, approval)
        look = Look(each.seal, PREVIEW_VERSION)
        return store.write(
            lambda tx: decide(tx, reviewer, org_id, each.id, verdict, reason, look)
        )

    return [_result(each.id, partial(one, each)) for each in shown]


def cascade(store: Store, reviewer: Reviewer, first: Approval, reason: str) -> list[Result]:
    """Deny the other waiting calls of a denied one's session that this person may decide."""
    ids = [approval.id for approval in decidable_along(store, reviewer, first)]

    def along(approval_id: str) -> Callable[[Transaction], Decided]:
        return lambda tx: deny_along(tx, reviewer, first, approval_id, reason)

    return [_result(each, partial(store.write, along(each))) for each in ids]


def decidable_along(
    store: Store, reviewer: Reviewer, first: Approval
) -> Iterable[Approval]:
    """Return the calls that a cascade would deny: what this person may see and decide."""
    now = store.now()
    with store.reading() as session:
        actor = person_in(
            session,
            first.org_id,
            reviewer.user_id,
            now,
            source=source_of(reviewer),
            agent_context=reviewer.agent_context,
        )
        directory = OrgDirectory(store.reading, first.org_id, now)
        seen = seen_by(session, actor)
        return [
            approval
            for approval in others_of_session(session, first, now, seen)
            if all(
                authorize(
                    actor,
                    verb,
                    resource_of(approval, owner_now(session, approval)),
                    None,
                    directory,
                ).allowed
                for verb in (VIEW, DECIDE)
            )
        ]


def _result(approval_id: str, deciding: Callable[[], Decided]) -> Result:
    try:
        decided = deciding()
    except DeskError as error:
        return Result(approval_id, "refused", None, error.code, error.detail)
    status, refusal = str(decided.approval.status), decided.refusal
    if refusal is None:
        word: Literal["decided", "repeated"] = "decided" if decided.applied else "repeated"
        return Result(approval_id, word, status, settles_at=decided.approval.settles_at)
    kind: Literal["skipped", "refused"] = (
        "skipped" if refusal.code in _CHANGED else "refused"
    )
    return Result(approval_id, kind, status, refusal.code, refusal.detail)
