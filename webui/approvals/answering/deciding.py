"""A person's verdict: checked, counted once, and settled exactly once."""

from collections.abc import Mapping, Sequence
from typing import Any

from webui.approvals.answering.edited import columns_of, ruled_edit
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.late import answer_late
from webui.approvals.answering.mandate import given_to_guard, refused
from webui.approvals.answering.quorum import NOES, YESES, resolve
from webui.approvals.answering.reviewing import (
    Decided,
    Look,
    Reviewer,
    access_of,
    actor_of,
)
from webui.approvals.answering.settlement import Settlement
from webui.approvals.answering.settling import settle, settle_at_once
from webui.approvals.answering.votes import (
    Given,
    ballot_of,
    check_alone,
    check_offered,
    check_reason,
    count_vote,
    voices,
    vote_row,
    votes_on,
)
from webui.approvals.authorization import BREAK_GLASS, DECIDE, EDIT, GRANT, Access, Actor
from webui.approvals.call.arguments import effective_hash
from webui.approvals.desk import facts, load, subject
from webui.approvals.ending import expire_if_over
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.policy import Ruling
from webui.approvals.ruling.terms import quorum_of
from webui.approvals.states import OPEN, Resolution, Status, Verdict
from webui.approvals.upstream.options import chosen
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.transaction import Transaction

USE_WINDOW = 300_000
"""ms after a decision in which a yes can be used, if that is later than `expires_at`."""


def decide(
    tx: Transaction,
    reviewer: Reviewer,
    org_id: str,
    approval_id: str,
    verdict: Verdict,
    reason: str,
    look: Look,
    *,
    answer: str | None = None,
    edit: Edit | None = None,
    grant: GrantWish | None = None,
    break_glass: bool = False,
    because_of: str | None = None,
    option: str | None = None,
) -> Decided:
    """Give one person's verdict on an approval.

    Args:
        tx: the transaction.
        reviewer: who.
        org_id: the org they are in.
        approval_id: which.
        verdict: what they say; to ask for changes the reason is the message to the agent.
        reason: why.
        look: what they had in front of them.
        answer: with respond, what the agent gets in place of a run.
        edit: with edit, the arguments that are to run.
        grant: with a yes, what is to be allowed beyond this one call.
        break_glass: a yes settles it whatever quorum asks for: always with a reason, marked
            for ever, and its event alerts the org's admins.
        because_of: the denied approval that a denial follows from.
        option: how it goes back, where the upstream knows several ways; the usual one, if none.

    Returns:
        Decided: applied; or an identical repeat; or with the refusal to answer: it came
        late, this person may not decide it (the sentence says why), or what was shown is not
        what stands now (`stale_seal`). Refusals are returned so that their events are kept.

    Raises:
        NotFoundError: not in this org.
        InvalidError: the reason is missing or too long, or the verdict is not offered.

    """
    approval = expire_if_over(tx, load(tx, org_id, approval_id))
    actor = actor_of(tx, reviewer, org_id)
    verbs = [BREAK_GLASS if break_glass else DECIDE]
    verbs += [EDIT] if verdict is Verdict.EDIT else []
    verbs += [GRANT] if grant is not None else []
    access = _access_for(tx, actor, approval, verbs, yes=verdict in YESES)
    if not access.allowed:
        return refused(tx, reviewer, approval, verdict, access)
    check_reason(approval, reason, required=break_glass)
    if break_glass and (verdict != Verdict.APPROVE or grant is not None):
        raise InvalidError(sentence("Break-glass only approves, and only this one call."))
    way = chosen(tx.session, approval, verdict, option)
    more = (because_of, answer, edit, grant, break_glass, way)
    given = Given(reviewer, verdict, reason, look, access, approval.solo, *more)
    if approval.status not in OPEN or approval.settles_at is not None:
        return answer_late(tx, approval, given)
    ruling, why_not = _looked_at(tx, approval, given)
    if why_not is not None:
        return refused(tx, reviewer, approval, verdict, why_not)
    if break_glass:
        return _break_glass(tx, actor, approval, given)
    if verdict is Verdict.REQUEST_CHANGES:
        return _ask_for_changes(tx, approval, given)
    return _vote(tx, actor, approval, given, ruling)


def _looked_at(
    tx: Transaction, approval: Approval, given: Given
) -> tuple[Ruling | None, ConflictError | None]:
    """Return what the policy says of an edit, and why the verdict is not taken now, if it is not."""
    why_not = _not_now(approval, given)
    if why_not is not None:
        return None, why_not
    check_offered(approval, given)
    return (None, None) if given.edit is None else ruled_edit(tx, approval, given.edit)


def _access_for(
    tx: Transaction,
    actor: Actor,
    approval: Approval,
    verbs: Sequence[str],
    *,
    yes: bool,
) -> Access:
    """Return what a verdict rests on: the first verb's answer, or the first that refuses."""
    voices_of_others = _others_voices(tx, actor, approval)
    answers = [
        access_of(tx, actor, approval, verb, voices_of_others, yes=yes) for verb in verbs
    ]
    return next((answer for answer in answers if not answer.allowed), answers[0])


def _not_now(approval: Approval, given: Given) -> ConflictError | None:
    """Return why this verdict on an open approval comes at the wrong time; none if it does not."""
    look, edit = given.look, given.edit
    other = edit is not None and edit.base_hash != effective_hash(approval)
    if other or not look.is_of(approval):
        return ConflictError(
            "stale_seal",
            sentence("What you saw has changed since; look at it again and decide then."),
        )
    if approval.status == Status.NEEDS_REVISION and given.verdict not in NOES:
        return ConflictError(
            "needs_revision",
            sentence(
                "The agent was asked for changes and has not answered yet; wait for "
                "it, or deny."
            ),
        )
    return None


def _ask_for_changes(tx: Transaction, approval: Approval, given: Given) -> Decided:
    """Hand it back to the agent with a message; what was approved so far still counts."""
    settlement = Settlement(
        to=Status.NEEDS_REVISION,
        action="approval.changes_requested",
        values={"change_requests": approval.change_requests + 1},
        message=given.reason,
        **_resting_on(given, tx.now),
    )
    return Decided(settle(tx, approval, settlement), applied=True)


def _resting_on(given: Given, now: int) -> dict[str, Any]:
    """Return what every settlement by a verdict has."""
    return {
        "user_id": given.reviewer.user_id,
        "at": now,
        "note": given.note(),
        "by_role": given.access.grant is None,
        "mandate": given_to_guard(given.reviewer, given.access, now),
    }


def _others_voices(tx: Transaction, actor: Actor, approval: Approval) -> frozenset[str]:
    """Return whose voices a delegate cannot lend any more; one's own is looked at later."""
    if approval.status not in OPEN:
        return frozenset()
    voted = voices(votes_on(tx, approval.id))
    return frozenset(name for name in voted if not actor.is_one_of((name,)))


def _break_glass(
    tx: Transaction, actor: Actor, approval: Approval, given: Given
) -> Decided:
    """Settle it as approved, whatever is missing; alert whoever runs the org."""
    reviewer, vote = given.reviewer, None
    if not any(vote.user_id == reviewer.user_id for vote in votes_on(tx, approval.id)):
        vote = vote_row(approval, given, ballot_of(approval, actor, given), tx.now)
    settlement = _settlement(approval, Status.APPROVED, given, tx.now, vote=vote)
    # In an emergency nobody waits for an undo.
    settled = settle_at_once(tx, approval, settlement)
    tx.record(
        approval.org_id,
        reviewer.actor,
        "approval.break_glass",
        subject(approval.id),
        facts(approval) | {"reason": given.reason, "who": reviewer.display},
    )
    return Decided(settled, applied=True)


def _vote(
    tx: Transaction,
    actor: Actor,
    approval: Approval,
    given: Given,
    ruling: Ruling | None,
) -> Decided:
    before = votes_on(tx, approval.id)
    # One person counts once: by another account of theirs, or by a delegate, they have voted.
    lent = {given.access.delegator} - {""}
    mine = [v for v in before if actor.is_one_of(v.people) or lent & v.people]
    if given.edit is not None:
        # Whoever approved may still edit: it takes back every yes, their own among them.
        mine = [vote for vote in mine if vote.verdict not in YESES]
    if mine:
        refusal = ConflictError(
            "already_decided_by_you", sentence("You have already decided this call.")
        )
        same = mine[0].user_id == actor.id and mine[0].verdict == given.verdict
        return Decided(approval, applied=False, refusal=None if same else refusal)
    changes: dict[str, object] = {}
    if given.edit is not None:
        before = [vote for vote in before if vote.verdict not in YESES]
        changes = columns_of(tx, approval, given.edit, ruling, given.reason)
        check_alone(approval, given)
    ballot = ballot_of(approval, actor, given)
    vote = vote_row(approval, given, ballot, tx.now)
    outcome = resolve([*(vote.ballot for vote in before), ballot], quorum_of(approval))
    if outcome is None:
        return Decided(count_vote(tx, approval, given, vote, changes), applied=True)
    settlement = _settlement(approval, outcome, given, tx.now, vote=vote, changes=changes)
    return Decided(settle(tx, approval, settlement), applied=True)


def _settlement(
    approval: Approval,
    outcome: Status,
    given: Given,
    now: int,
    *,
    vote: Mapping[str, Any] | None,
    changes: Mapping[str, object] | None = None,
) -> Settlement:
    """Return what a verdict changes that settles it."""
    values: dict[str, object] = {
        "decided_by": given.reviewer.user_id,
        "decided_at": now,
        "settled_at": now,
        "resolution": Resolution.REVIEWER
        if approval.approvals_required <= 1
        else Resolution.QUORUM,
        **(changes or {}),
    }
    more: dict[str, object] = {}
    if given.because_of is not None:
        values["resolution"] = Resolution.CASCADE
    if given.break_glass:
        values |= {"resolution": Resolution.BREAK_GLASS, "break_glass": True}
        more["break_glass"] = True
    if outcome is Status.APPROVED:
        values["usable_until"] = max(approval.expires_at, now + USE_WINDOW)
    common = _resting_on(given, now)
    common["note"] |= more
    return Settlement(
        to=outcome,
        action="approval.decided",
        values=values,
        vote=vote,
        resets=given.edit is not None,
        wish=given.grant if outcome is Status.APPROVED else None,
        **common,
    )
