"""Whether a verdict that waited still holds: what it rests on is read again before it settles.

Between a verdict and its settling a delegation may end, an agent may get another owner, a grant may
go, and a quorum may rise. What is gone then is no basis: in doubt the verdict is taken back.
"""

from webui.approvals.answering.quorum import YESES, Ballot, resolve
from webui.approvals.answering.reviewing import Reviewer, access_of, actor_of
from webui.approvals.answering.settlement import Settlement
from webui.approvals.answering.votes import Vote, voices, votes_on
from webui.approvals.authorization import BREAK_GLASS, DECIDE, EDIT, GRANT, Access, Actor
from webui.approvals.errors import ConflictError, DeskError, NotAllowedError
from webui.approvals.ruling.terms import quorum_of
from webui.approvals.states import Status, Verdict
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction

_NOT_ALONE = ConflictError(
    "not_alone", sentence("It was given by who worked alone here, and does so no more.")
)
_NOT_IN_PLACE = NotAllowedError(
    "delegation_ended",
    sentence(
        "It was given in the place of somebody in whose place it cannot be given any more."
    ),
)
_NOT_ENOUGH = ConflictError(
    "quorum", sentence("It takes more than this verdict to settle the call by now.")
)


def why_gone(tx: Transaction, approval: Approval, verdict: Settlement) -> DeskError | None:
    """Return why a verdict that was given may settle its approval no more; none if it may."""
    note = verdict.note
    if note.get("solo") and not approval.solo:
        return _NOT_ALONE
    given = Verdict(note["verdict"])
    by = Reviewer(verdict.user_id, str(note["who"]), str(note["channel"]))
    actor = actor_of(tx, by, approval.org_id)
    before = votes_on(tx, approval.id)
    for verb in _verbs(verdict, given):
        access = _access(tx, actor, approval, verb, before, yes=given in YESES)
        if not access.allowed:
            return NotAllowedError(access.reason.removeprefix("deny_"), access.explanation)
        if access.delegator != (note.get("delegated_by") or ""):
            return _NOT_IN_PLACE
    return None if _is_enough(approval, verdict, given, before) else _NOT_ENOUGH


def _verbs(verdict: Settlement, given: Verdict) -> list[str]:
    verbs = [BREAK_GLASS if verdict.note.get("break_glass") else DECIDE]
    verbs += [EDIT] if given is Verdict.EDIT else []
    return verbs + ([GRANT] if verdict.wish is not None else [])


def _access(
    tx: Transaction,
    actor: Actor,
    approval: Approval,
    verb: str,
    before: list[Vote],
    *,
    yes: bool,
) -> Access:
    others = frozenset(name for name in voices(before) if not actor.is_one_of((name,)))
    return access_of(tx, actor, approval, verb, others, yes=yes)


def _is_enough(
    approval: Approval, verdict: Settlement, given: Verdict, before: list[Vote]
) -> bool:
    """Say whether the votes settle it as this verdict does, by what it takes now."""
    if verdict.note.get("break_glass") or given is Verdict.REQUEST_CHANGES:
        return True
    if verdict.vote is None:
        return False
    if verdict.resets:
        before = [vote for vote in before if vote.verdict not in YESES]
    own = Ballot(str(given), frozenset(str(verdict.vote["groups"]).split()))
    outcome = resolve([*(vote.ballot for vote in before), own], quorum_of(approval))
    return outcome == Status(verdict.to)
